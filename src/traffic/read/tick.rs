//! One tick: what it was given, and what it read.

use jiff::Timestamp;

use super::group::Group;

/// What earlier ticks have read and may have to read again: the number of facts in `[seal, read_to)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TickCursor {
    pub seal: Timestamp,
    /// At or after the seal.
    pub read_to: Timestamp,
    pub facts: u64,
}

impl TickCursor {
    /// Nothing was read yet; the time begins at `seal`.
    pub fn nothing(seal: Timestamp) -> TickCursor {
        TickCursor { seal, read_to: seal, facts: 0 }
    }
}

/// What one tick read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TickResult {
    /// The database's clock.
    pub now: Timestamp,
    /// The end of what was read, exclusive: the clock, but not beyond the requested end.
    pub end: Timestamp,
    /// Everything before this was visible: the end, but on a standby not beyond what it has replayed.
    pub upper: Timestamp,
    /// Whether everything since the seal was read, because it had changed or may have; otherwise only what came after
    /// [`TickCursor::read_to`].
    pub again: bool,
    pub groups: Vec<Group>,
}
