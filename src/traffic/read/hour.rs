//! The hour of a baseline, read in an open transaction.

use jiff::{SignedDuration, Timestamp};

use super::decode;
use super::{one, window};
use crate::outcome::window::Window;
use crate::service::postgres::{PgError, Transaction};
use crate::traffic::sql::{self, Source};
use crate::traffic::window::WindowData;

/// The hour up to now, and the other numbers of a baseline.
#[derive(Clone, Debug, PartialEq)]
pub struct Hour {
    pub data: WindowData,
    /// Dead letters of the 24 hours up to now.
    pub daily_dead_letters: u64,
    /// When the oldest delivery was recorded: if that is less than an hour ago, rates per hour are too low.
    pub oldest: Option<Timestamp>,
}

/// Reads the hour `(now - 1 h, now]` with the watch's own statements; `now` is that of the transaction.
///
/// # Errors
/// When the database does not answer, or rejects a query.
pub async fn hour(transaction: &mut Transaction<'_>, source: &Source) -> Result<Hour, PgError> {
    let first = transaction.ask(&[sql::CLOCK, &source.oldest()]).await?;
    let (now, _) = decode::clock(one(&first, 0)?)?;
    let oldest = one(&first, 1)?.time("oldest")?;
    let back = |hours| {
        let from = now.checked_sub(SignedDuration::from_hours(hours));
        from.map(|from| Window { from, to: now })
            .map_err(|_| PgError::unexpected("the clock is out of range"))
    };
    let day = transaction.ask(&[&source.dead_and_future(back(24)?)]).await?;
    let daily_dead_letters = one(&day, 0)?.count("dlq_count")?;
    let data = window::read(transaction, source, back(1)?, None).await?;
    Ok(Hour { data, daily_dead_letters, oldest })
}
