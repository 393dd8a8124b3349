//! The values of an answer. What is not as it was asked for is a fault.

use jiff::Timestamp;

use crate::service::postgres::{PgFault, Row};
use crate::traffic::counts::{Group, Kind, Ms};
use crate::traffic::query::SEALED;

/// An answer that says something else than was asked.
pub(super) fn odd(what: &str) -> PgFault {
    PgFault::Odd(format!("{what} in the database's answer; look what stands between here and the server"))
}

/// A whole number, not NULL.
pub(super) fn count(row: &Row, column: &str) -> Result<u64, PgFault> {
    let text = row.get(column).ok_or_else(|| odd(&format!("{column} is missing")))?;
    text.parse().map_err(|_| odd(&format!("{column} is no count")))
}

/// A time as PostgreSQL writes it in UTC, or NULL.
pub(super) fn time(row: &Row, column: &str) -> Result<Option<Timestamp>, PgFault> {
    let Some(text) = row.get(column) else { return Ok(None) };
    text.parse().map(Some).map_err(|_| odd(&format!("{column} is no time")))
}

/// The database's clock, and up to when a standby has replayed.
pub(super) fn clock(row: &Row) -> Result<(Timestamp, Option<Timestamp>), PgFault> {
    let now = time(row, "now")?.ok_or_else(|| odd("the clock is missing"))?;
    Ok((now, time(row, "replayed_to")?))
}

/// `t` and `f`, as the simple protocol writes them.
pub(super) fn flag(row: &Row, column: &str) -> Result<bool, PgFault> {
    match row.get(column) {
        Some("t" | "true") => Ok(true),
        Some("f" | "false") => Ok(false),
        _ => Err(odd(&format!("{column} is neither true nor false"))),
    }
}

pub(super) fn kind(row: &Row) -> Result<Kind, PgFault> {
    kind_of(count(row, "kind")?)
}

fn kind_of(number: u64) -> Result<Kind, PgFault> {
    Kind::of(number).ok_or_else(|| odd("a fact is of no kind"))
}

pub(super) fn group(row: &Row) -> Result<Group, PgFault> {
    let number = count(row, "kind")?;
    let (sealed, kind) = if number >= SEALED { (true, number - SEALED) } else { (false, number) };
    Ok(Group { sealed, kind: kind_of(kind)?, ms: Ms::parse(row.get("ms")), n: count(row, "n")? })
}

/// Adds deliveries that name their attempts. More than three digits are none: nothing tries so often, and the
/// text may have been cut.
pub(super) fn add_attempts(sum: &mut (u64, u64), attempts: Option<&str>, n: u64) {
    let digits = attempts.filter(|t| (1..=3).contains(&t.len()) && t.bytes().all(|b| b.is_ascii_digit()));
    if let Some(attempts) = digits.and_then(|t| t.parse::<u64>().ok()) {
        *sum = (sum.0 + attempts * n, sum.1 + n);
    }
}
