//! Reading facts: every question in a transaction of its own, on a session that the
//! caller opens and closes. Nothing is judged here, and an answer that cannot be
//! understood is a fault, never a zero.

mod decode;
mod full;
mod horizon;
mod hour;
mod look;

use std::time::Duration;

use jiff::Timestamp;

use super::counts::{Group, Kind};
use super::query::{self, Source};
use super::watched::{Stretch, TierCounts};
use super::window::Window;
use crate::service::postgres::{Bounds, PgFault, Row, Session};
use crate::settings::Tier;

pub use super::query::explain;
pub use full::full;
pub use horizon::horizon;
pub use hour::{Hour, hour};
pub use look::{Look, look};

/// What one tick read.
#[derive(Clone, Debug, PartialEq)]
pub struct TickRead {
    /// The database's clock.
    pub now: Timestamp,
    /// Up to here everything can have been seen: the clock, but not beyond the end that was asked for, and on a
    /// standby not beyond what has been replayed.
    pub upper: Timestamp,
    pub groups: Vec<Group>,
}

/// Bounds of what must not be waited for.
const BRIEF: Bounds =
    Bounds { statement: Duration::from_secs(5), lock: Duration::from_secs(1), one_snapshot: false };

/// Bounds of what a verdict waits for. The server compiles such statements if it thinks that it pays.
const PATIENT: Bounds =
    Bounds { statement: Duration::from_secs(60), lock: Duration::from_secs(5), one_snapshot: false };

/// The facts recorded in `[seal, upper)`, in one round trip, and on a standby in two. `upper` is the earlier of the
/// database's clock and `to`; on a standby nothing is sealed that may not have been replayed. Of a window
/// `(from, to]` in whole microseconds, `seal` begins as `from` and one microsecond, and `to` is its end and one
/// microsecond. The next seal is the later of this one and `upper` less the overlap.
///
/// # Errors
/// When the database does not answer within five seconds, or refuses.
pub async fn tick(
    session: &Session,
    source: &Source,
    seal: Timestamp,
    to: Timestamp,
    overlap: Duration,
) -> Result<TickRead, PgFault> {
    let to = query::whole_micros(to);
    let (clock, facts) = (source.clock(), source.tick(seal, to, overlap));
    let mut answers = session.batch(&BRIEF, &[source.short(), &[&clock, &facts]].concat()).await?;
    let (now, replayed_to) = decode::clock(one(&answers, 0)?)?;
    let upper = replayed_to.map_or(now, |replayed_to| replayed_to.min(now)).min(to);
    if replayed_to.is_some() {
        // Sealed by the clock was what it has not replayed, too.
        let sealed = upper.checked_sub(overlap).unwrap_or(Timestamp::MIN);
        let facts = source.tick_of_standby(seal, now.min(to), sealed);
        answers = session.batch(&BRIEF, &[source.short(), &[&clock, &facts]].concat()).await?;
    }
    let groups = rows(&answers, 1)?.iter().map(decode::group).collect::<Result<_, _>>()?;
    Ok(TickRead { now, upper, groups })
}

/// The deliveries of a stretch of time.
///
/// # Errors
/// When the database does not answer within a minute, or refuses.
pub async fn stretch(session: &Session, source: &Source, window: Window) -> Result<Stretch, PgFault> {
    let answers = session.batch(&PATIENT, &[&source.stretch(window)]).await?;
    let row = one(&answers, 0)?;
    Ok(Stretch { window, total: decode::count(row, "total")?, bad: decode::count(row, "bad")? })
}

/// What one tier asks of its own window.
///
/// # Errors
/// When the database does not answer within a minute, or refuses.
pub async fn tier(
    session: &Session,
    source: &Source,
    tier: &Tier,
    window: Window,
) -> Result<TierCounts, PgFault> {
    let answers = session.batch(&PATIENT, &[&source.tier(window)]).await?;
    let mut counts =
        TierCounts { tier: tier.clone(), window, total: 0, bad: 0, dead_letters: 0, attempts: (0, 0) };
    for row in rows(&answers, 0)? {
        let n = decode::count(row, "n")?;
        match decode::kind(row)? {
            Kind::DeadLetter => {
                counts.dead_letters += n;
                continue;
            }
            Kind::Bad => counts.bad += n,
            Kind::Ok => {}
        }
        counts.total += n;
        decode::add_attempts(&mut counts.attempts, row.get("attempts"), n);
    }
    Ok(counts)
}

/// Deliveries a minute over the time up to now; `None` when there was none, or no time to look at.
///
/// # Errors
/// When the database does not answer within five seconds, or refuses.
pub async fn recent_per_minute(
    session: &Session,
    source: &Source,
    over: Duration,
) -> Result<Option<f64>, PgFault> {
    let answers = session.batch(&BRIEF, &[source.short(), &[&source.recent(over)]].concat()).await?;
    let total = decode::count(one(&answers, 0)?, "total")?;
    let minutes = over.as_secs_f64() / 60.0;
    Ok((total > 0 && minutes > 0.0).then(|| total as f64 / minutes))
}

fn rows(answers: &[Vec<Row>], at: usize) -> Result<&[Row], PgFault> {
    answers.get(at).map(Vec::as_slice).ok_or_else(|| decode::odd("an answer is missing"))
}

fn one(answers: &[Vec<Row>], at: usize) -> Result<&Row, PgFault> {
    rows(answers, at)?.first().ok_or_else(|| decode::odd("a row is missing"))
}
