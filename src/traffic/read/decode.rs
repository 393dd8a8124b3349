//! Parsing the values of a result. Anything unexpected is an error.

use jiff::Timestamp;

use crate::service::postgres::{PgError, Row};
use crate::traffic::read::{Group, Ms};
use crate::traffic::sql::SEALED;
use crate::traffic::window::FactKind;

/// The database's clock, and the time up to which a standby has replayed.
pub(super) fn clock(row: &Row) -> Result<(Timestamp, Option<Timestamp>), PgError> {
    let now = row.time("now")?.ok_or_else(|| PgError::unexpected("now is NULL"))?;
    Ok((now, row.time("replayed_to")?))
}

pub(super) fn kind(row: &Row) -> Result<FactKind, PgError> {
    kind_of(row.count("kind")?)
}

fn kind_of(number: u64) -> Result<FactKind, PgError> {
    FactKind::from_number(number).ok_or_else(|| PgError::unexpected("a fact has an unknown kind"))
}

pub(super) fn group(row: &Row) -> Result<Group, PgError> {
    let number = row.count("kind")?;
    let (sealed, kind) = if number >= SEALED { (true, number - SEALED) } else { (false, number) };
    Ok(Group { sealed, kind: kind_of(kind)?, ms: Ms::parse(row.get("ms")), n: row.count("n")? })
}

/// Adds deliveries that have a number of attempts. More than three digits are ignored: nothing retries that often, and the
/// text may have been truncated.
pub(super) fn add_attempts(sum: &mut (u64, u64), attempts: Option<&str>, n: u64) {
    let digits = attempts.filter(|t| (1..=3).contains(&t.len()) && t.bytes().all(|b| b.is_ascii_digit()));
    if let Some(attempts) = digits.and_then(|t| t.parse::<u64>().ok()) {
        *sum = (sum.0 + attempts * n, sum.1 + n);
    }
}
