//! Reading facts: every query in its own transaction, on a session that the caller opens and closes. Nothing is judged
//! here, and a result that cannot be parsed is an error, never a zero.

mod facts;
mod server;
mod tick_counter;
mod window;

use std::time::Duration;

use jiff::Timestamp;

use super::sql::{self, Source};
use super::window::{FactKind, Period, Tally, TierCounts};
use crate::outcome::window::Window;
use crate::service::postgres::{Bounds, PgError, Row, Session};
use crate::settings::Tier;

pub use super::sql::explain;
pub use facts::{Group, Ms};
pub use server::{TableInfo, open_transactions, table_info};
pub use tick_counter::{TickCounter, TickCounts, TickCursor, TickResult};
pub use window::{Hour, hour, window_data};

/// Limits of queries that must be quick.
const BRIEF: Bounds =
    Bounds { statement: Duration::from_secs(5), lock: Duration::from_secs(1), one_snapshot: false };

/// Limits of queries that a verdict needs. The server may compile such statements.
const PATIENT: Bounds =
    Bounds { statement: Duration::from_secs(60), lock: Duration::from_secs(5), one_snapshot: false };

/// One tick, in one round trip: the facts since [`TickCursor::read_to`] up to the database's clock, but not beyond `to`, and
/// whether the number of earlier facts is still the known one. If it is not, and on a standby, which may be behind its own
/// clock, everything since the seal is read in a second round trip, with facts older than the overlap marked as sealed.
/// For a window `(from, to]` in whole microseconds, the first seal is `from` plus one microsecond, and `to` is its end
/// plus one microsecond.
///
/// # Errors
/// When the database does not answer within five seconds, or rejects the query.
pub async fn tick(
    session: &Session,
    source: &Source,
    known: TickCursor,
    to: Timestamp,
    overlap: Duration,
) -> Result<TickResult, PgError> {
    let to = sql::whole_micros(to);
    let (fresh, before) = (source.fresh(known.read_to, to), source.facts(known.seal, known.read_to));
    let asked = [sql::SHORT, &[sql::CLOCK, &fresh, &before]].concat();
    let answers = session.batch(&BRIEF, &asked).await?;
    let (now, replayed_to) = facts::clock(one(&answers, 0)?)?;
    let end = now.min(to);
    let upper = replayed_to.map_or(end, |replayed_to| replayed_to.min(end));
    let again = replayed_to.is_some() || one(&answers, 2)?.count("n")? != known.facts;
    let groups = if again {
        let sealed = upper.checked_sub(overlap).unwrap_or(Timestamp::MIN);
        let tail = source.tail(known.seal, end, sealed);
        groups(rows(&session.batch(&BRIEF, &[sql::SHORT, &[&tail]].concat()).await?, 0)?)?
    } else {
        groups(rows(&answers, 1)?)?
    };
    Ok(TickResult { now, end, upper, again, groups })
}

fn groups(rows: &[Row]) -> Result<Vec<Group>, PgError> {
    rows.iter().map(facts::group).collect()
}

/// The deliveries of a period.
///
/// # Errors
/// When the database does not answer within a minute, or rejects the query.
pub async fn period(session: &Session, source: &Source, window: Window) -> Result<Period, PgError> {
    let answers = session.batch(&PATIENT, &[&source.period(window)]).await?;
    let row = one(&answers, 0)?;
    let tally = Tally::deliveries(row.count("bad")?, row.count("total")?);
    Ok(Period { window, tally })
}

/// The counts that one alert level needs from its own window.
///
/// # Errors
/// When the database does not answer within a minute, or rejects the query.
pub async fn tier(
    session: &Session,
    source: &Source,
    tier: &Tier,
    window: Window,
) -> Result<TierCounts, PgError> {
    let answers = session.batch(&PATIENT, &[&source.tier(window)]).await?;
    let mut counts = TierCounts { tier: tier.clone(), window, tally: Tally::default(), attempts: (0, 0) };
    for row in rows(&answers, 0)? {
        let (kind, n) = (facts::kind(row)?, row.count("n")?);
        counts.tally.add(kind, n);
        if kind != FactKind::DeadLetter {
            facts::add_attempts(&mut counts.attempts, row.get("attempts"), n);
        }
    }
    Ok(counts)
}

/// Deliveries per minute over the time up to now; `None` without a delivery, or if the time is empty.
///
/// # Errors
/// When the database does not answer within five seconds, or rejects the query.
pub async fn recent_per_minute(
    session: &Session,
    source: &Source,
    over: Duration,
) -> Result<Option<f64>, PgError> {
    let answers = session.batch(&BRIEF, &[sql::SHORT, &[&source.recent(over)]].concat()).await?;
    let total = one(&answers, 0)?.count("total")?;
    let minutes = over.as_secs_f64() / 60.0;
    Ok((total > 0 && minutes > 0.0).then(|| total as f64 / minutes))
}

fn rows(answers: &[Vec<Row>], at: usize) -> Result<&[Row], PgError> {
    answers.get(at).map(Vec::as_slice).ok_or_else(|| PgError::unexpected("it is incomplete"))
}

fn one(answers: &[Vec<Row>], at: usize) -> Result<&Row, PgError> {
    rows(answers, at)?.first().ok_or_else(|| PgError::unexpected("it has no row"))
}
