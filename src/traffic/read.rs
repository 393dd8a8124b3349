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

use super::counts::{Group, Kind, Known, Ticked};
use super::query::{self, Source};
use super::watched::{Stretch, TierCounts};
use crate::outcome::window::Window;
use crate::service::postgres::{Bounds, PgFault, Row, Session};
use crate::settings::Tier;

pub use super::query::explain;
pub use full::full;
pub use horizon::horizon;
pub use hour::{Hour, hour};
pub use look::{Look, look};

/// Bounds of what must not be waited for.
const BRIEF: Bounds =
    Bounds { statement: Duration::from_secs(5), lock: Duration::from_secs(1), one_snapshot: false };

/// Bounds of what a verdict waits for. The server compiles such statements if it thinks that it pays.
const PATIENT: Bounds =
    Bounds { statement: Duration::from_secs(60), lock: Duration::from_secs(5), one_snapshot: false };

/// One tick, in one round trip: the facts since [`Known::read_to`] and up to the database's clock, but not beyond
/// `to`, and whether before them there are still as many as are known. Where there are not, and on a standby, which
/// may be behind its own clock, all since the seal is read in a second round trip, and what is older than the
/// overlap is told apart. Of a window `(from, to]` in whole microseconds, the first seal is `from` and one
/// microsecond, and `to` is its end and one microsecond.
///
/// # Errors
/// When the database does not answer within five seconds, or refuses.
pub async fn tick(
    session: &Session,
    source: &Source,
    known: Known,
    to: Timestamp,
    overlap: Duration,
) -> Result<Ticked, PgFault> {
    let to = query::whole_micros(to);
    let (clock, fresh) = (source.clock(), source.fresh(known.read_to, to));
    let before = source.facts(known.seal, known.read_to);
    let asked = [source.short(), &[&clock, &fresh, &before]].concat();
    let answers = session.batch(&BRIEF, &asked).await?;
    let (now, replayed_to) = decode::clock(one(&answers, 0)?)?;
    let end = now.min(to);
    let upper = replayed_to.map_or(end, |replayed_to| replayed_to.min(end));
    let again = replayed_to.is_some() || decode::count(one(&answers, 2)?, "n")? != known.facts;
    let groups = match again {
        false => groups(rows(&answers, 1)?)?,
        true => {
            let sealed = upper.checked_sub(overlap).unwrap_or(Timestamp::MIN);
            let tail = source.tail(known.seal, end, sealed);
            groups(rows(&session.batch(&BRIEF, &[source.short(), &[&tail]].concat()).await?, 0)?)?
        }
    };
    Ok(Ticked { now, end, upper, again, groups })
}

fn groups(rows: &[Row]) -> Result<Vec<Group>, PgFault> {
    rows.iter().map(decode::group).collect()
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
