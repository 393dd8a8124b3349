//! Parsing the values of a result. Anything unexpected is an error.

use jiff::Timestamp;

use crate::service::postgres::{PgError, Row};
use crate::traffic::read::{Group, Ms};
use crate::traffic::sql::SEALED;
use crate::traffic::window::FactKind;

/// The error for an unexpected result.
pub(super) fn odd(what: &str) -> PgError {
    PgError::Odd(format!("{what} in the database's answer; check for a proxy or pooler in between"))
}

/// A whole number, not NULL.
pub(super) fn count(row: &Row, column: &str) -> Result<u64, PgError> {
    let text = row.get(column).ok_or_else(|| odd(&format!("{column} is missing")))?;
    text.parse().map_err(|_| odd(&format!("{column} is not a count")))
}

/// A time as PostgreSQL writes it in UTC, or NULL.
pub(super) fn time(row: &Row, column: &str) -> Result<Option<Timestamp>, PgError> {
    let Some(text) = row.get(column) else { return Ok(None) };
    text.parse().map(Some).map_err(|_| odd(&format!("{column} is not a time")))
}

/// The database's clock, and the time up to which a standby has replayed.
pub(super) fn clock(row: &Row) -> Result<(Timestamp, Option<Timestamp>), PgError> {
    let now = time(row, "now")?.ok_or_else(|| odd("the clock is missing"))?;
    Ok((now, time(row, "replayed_to")?))
}

/// `t` and `f`, as the simple protocol writes them.
pub(super) fn flag(row: &Row, column: &str) -> Result<bool, PgError> {
    match row.get(column) {
        Some("t" | "true") => Ok(true),
        Some("f" | "false") => Ok(false),
        _ => Err(odd(&format!("{column} is neither true nor false"))),
    }
}

pub(super) fn kind(row: &Row) -> Result<FactKind, PgError> {
    kind_of(count(row, "kind")?)
}

fn kind_of(number: u64) -> Result<FactKind, PgError> {
    FactKind::from_number(number).ok_or_else(|| odd("a fact has an unknown kind"))
}

pub(super) fn group(row: &Row) -> Result<Group, PgError> {
    let number = count(row, "kind")?;
    let (sealed, kind) = if number >= SEALED { (true, number - SEALED) } else { (false, number) };
    Ok(Group { sealed, kind: kind_of(kind)?, ms: Ms::parse(row.get("ms")), n: count(row, "n")? })
}

/// Adds deliveries that have a number of attempts. More than three digits are ignored: nothing retries that often, and the
/// text may have been truncated.
pub(super) fn add_attempts(sum: &mut (u64, u64), attempts: Option<&str>, n: u64) {
    let digits = attempts.filter(|t| (1..=3).contains(&t.len()) && t.bytes().all(|b| b.is_ascii_digit()));
    if let Some(attempts) = digits.and_then(|t| t.parse::<u64>().ok()) {
        *sum = (sum.0 + attempts * n, sum.1 + n);
    }
}
