//! One tick: what it was asked, and what it read.

use jiff::Timestamp;

use super::group::Group;

/// What the ticks before have read and may still have to read again: the facts in `[seal, read_to)` were so many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    pub seal: Timestamp,
    /// Not before the seal.
    pub read_to: Timestamp,
    pub facts: u64,
}

impl Known {
    /// Nothing was read yet of a time that begins at `seal`.
    pub fn nothing(seal: Timestamp) -> Known {
        Known { seal, read_to: seal, facts: 0 }
    }
}

/// What one tick read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticked {
    /// The database's clock.
    pub now: Timestamp,
    /// What was read ends here, exclusive: the clock, but not beyond the end that was asked for.
    pub end: Timestamp,
    /// Up to here, exclusive, everything can have been seen: the end, but on a standby not beyond what it has
    /// replayed.
    pub upper: Timestamp,
    /// All since the seal was read, because it had changed or could not be trusted; otherwise what came after
    /// [`Known::read_to`].
    pub again: bool,
    pub groups: Vec<Group>,
}
