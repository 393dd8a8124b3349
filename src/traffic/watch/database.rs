//! The real database behind a watch.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};

use super::reader::{QueryResult, Reader};
use crate::context::Context;
use crate::outcome::window::Window;
use crate::redact::Redactor;
use crate::service::dsn::Dsn;
use crate::service::postgres::{PgError, Session, Task, connect};
use crate::settings::Tier;
use crate::traffic::read;
use crate::traffic::read::{TickCursor, TickResult};
use crate::traffic::sql::Source;
use crate::traffic::window::{Moment, Period, QueryError, ReadError, TierCounts};
use crate::traffic::window::{OpenTransactions, WindowData};

/// How many characters of a failure's status, and of a dead letter's error, are kept.
const MAX_STATUS_CHARS: usize = 12;
const MAX_ERROR_CHARS: usize = 200;
/// The time over which the recent rate is measured.
const RECENT_RATE_PERIOD: Duration = Duration::from_secs(3600);
/// The minimum and maximum number of bins in which failures are counted; 96 divide a day into quarters of an hour.
const BIN_LIMITS: (u64, u64) = (15, 96);

/// The database that `DATABASE_URL` names.
pub struct Database {
    cx: Arc<Context>,
    dsn: Dsn,
    /// The table's types and names; known from the first answer on.
    source: Mutex<Option<Source>>,
}

impl Database {
    /// Does not connect yet.
    pub fn new(cx: Arc<Context>, dsn: Dsn) -> Database {
        Database { cx, dsn, source: Mutex::new(None) }
    }

    /// Runs a query on a connection of its own.
    async fn on<T, F>(&self, within: Duration, ask: F) -> QueryResult<T>
    where
        F: for<'a> FnOnce(&'a Session, &'a Source) -> BoxFuture<'a, Result<T, PgError>> + Send,
    {
        let session = connect(&self.dsn, &self.cx.roots, &self.cx.marker, within)
            .await
            .map_err(|error| self.query_error(&error))?;
        let answer = async {
            let source = match self.known() {
                Some(source) => source,
                None => self.table_info(&session).await?.source,
            };
            ask(&session, &source).await.map_err(|error| self.query_error(&error))
        }
        .await;
        session.close().await;
        answer
    }

    fn known(&self) -> Option<Source> {
        self.source.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn table_info(&self, session: &Session) -> QueryResult<read::TableInfo> {
        let names = &self.cx.settings.target.names;
        let info = read::table_info(session, names).await.map_err(|error| self.query_error(&error))?;
        if let Some(why) = &info.rows_hidden {
            let fix = format!(
                "allow DATABASE_URL's role to read all rows of {} (BYPASSRLS, or a policy with USING (true))",
                names.facts
            );
            let error = ReadError { why: why.clone(), fix: Some(fix), database_gone: false, offline: None };
            return Err(QueryError { error, hopeless: true, ours: false });
        }
        *self.source.lock().unwrap_or_else(PoisonError::into_inner) = Some(info.source.clone());
        Ok(info)
    }

    fn query_error(&self, fault: &PgError) -> QueryError {
        let target = &self.cx.settings.target;
        let advice = fault.advice(Task::Read { table: &target.names.facts, target: &target.name });
        let error = ReadError {
            why: fault.to_string(),
            fix: Some(advice.fix),
            database_gone: !fault.answered(),
            offline: fault.offline_host().map(str::to_owned),
        };
        QueryError { error, hopeless: fault.is_permanent(), ours: fault.is_ours() }
    }
}

impl Reader for Database {
    async fn moment(&self, within: Duration) -> QueryResult<Moment> {
        let session = connect(&self.dsn, &self.cx.roots, &self.cx.marker, within)
            .await
            .map_err(|error| self.query_error(&error))?;
        let info = self.table_info(&session).await;
        session.close().await;
        info.map(|info| Moment { now: info.now, replayed_to: info.replayed_to })
    }

    async fn tick(&self, known: TickCursor, to: Timestamp, within: Duration) -> QueryResult<TickResult> {
        let overlap = self.cx.settings.target.traffic.overlap.0;
        self.on(within, |session, source| {
            Box::pin(async move { read::tick(session, source, known, to, overlap).await })
        })
        .await
    }

    async fn window_data(&self, window: Window, within: Duration) -> QueryResult<WindowData> {
        let bins = bins(window, self.cx.settings.target.traffic.tick.0);
        let answer = self.on(within, |session, source| {
            Box::pin(async move { read::window_data(session, source, window, bins).await })
        });
        let data = answer.await?;
        Ok(WindowData {
            failures: masked(data.failures, MAX_STATUS_CHARS, &self.cx.redactor),
            errors: masked(data.errors, MAX_ERROR_CHARS, &self.cx.redactor),
            ..data
        })
    }

    async fn open_transactions(&self, to: Timestamp, within: Duration) -> QueryResult<OpenTransactions> {
        self.on(within, |session, _| Box::pin(async move { read::open_transactions(session, to).await }))
            .await
    }

    async fn period(&self, window: Window, within: Duration) -> QueryResult<Period> {
        self.on(within, |session, source| {
            Box::pin(async move { read::period(session, source, window).await })
        })
        .await
    }

    async fn tier(&self, tier: &Tier, window: Window, within: Duration) -> QueryResult<TierCounts> {
        let tier = tier.clone();
        self.on(within, |session, source| {
            Box::pin(async move { read::tier(session, source, &tier, window).await })
        })
        .await
    }

    async fn recent_per_minute(&self, within: Duration) -> QueryResult<Option<f64>> {
        self.on(within, |session, source| {
            Box::pin(async move { read::recent_per_minute(session, source, RECENT_RATE_PERIOD).await })
        })
        .await
    }
}

/// Masks secrets and only then truncates the texts; texts that are then equal are counted together.
fn masked(
    counted: Vec<(Option<String>, u64)>,
    length: usize,
    redactor: &Redactor,
) -> Vec<(Option<String>, u64)> {
    let mut masked: Vec<(Option<String>, u64)> = Vec::new();
    for (text, count) in counted {
        let text = text.map(|text| redactor.apply(&text).chars().take(length).collect::<String>());
        match masked.iter_mut().find(|(known, _)| *known == text) {
            Some((_, known)) => *known += count,
            None => masked.push((text, count)),
        }
    }
    masked.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    masked
}

/// The number of bins: one per tick, within the limits.
fn bins(window: Window, tick: Duration) -> usize {
    let length = u64::try_from(window.length().max(SignedDuration::ZERO).as_millis()).unwrap_or(u64::MAX);
    let tick = u64::try_from(tick.as_millis()).unwrap_or(u64::MAX).max(1);
    usize::try_from((length / tick).clamp(BIN_LIMITS.0, BIN_LIMITS.1)).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_masked_before_texts_are_truncated() {
        let redactor = Redactor::new(["5WcJ953wddP3kQ8mZx7L"]);
        let counted = vec![
            (Some("refused 5WcJ953wddP3kQ8mZx7L".to_owned()), 2),
            (Some("503".to_owned()), 3),
            (Some("refused 5WcJ953wddP3kQ8mZx7L again".to_owned()), 2),
            (None, 1),
        ];
        let masked = masked(counted, 11, &redactor);
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(masked, [(text("refused ***"), 4), (text("503"), 3), (None, 1)]);
    }

    #[test]
    fn a_window_has_one_bin_per_tick_within_limits() {
        let window = |seconds: i64| {
            let to = Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds);
            Window { from: Timestamp::UNIX_EPOCH, to }
        };
        let tick = Duration::from_secs(10);
        for (seconds, expected) in [(0, 15), (60, 15), (900, 90), (960, 96), (86_400, 96)] {
            assert_eq!(bins(window(seconds), tick), expected, "{seconds} s");
        }
    }
}
