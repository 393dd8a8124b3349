//! The final query: every number of a window, in one snapshot; also for the hour of a baseline.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::facts::{self, Ms};
use super::{PATIENT, one, rows};
use crate::outcome::window::Window;
use crate::service::postgres::{Bounds, PgError, Row, Session, Transaction};
use crate::traffic::sql::{self, Bins, Source};
use crate::traffic::stats::percentiles;
use crate::traffic::window::{Durations, Form, OpenTransactions, Period, Tally, WindowData};

/// Reads a window: the checklist's own statement, or, if a duration makes that fail or return NaN or Infinity, the guarded
/// one in the same snapshot; then one pass for percentiles, attempts and failures. Further statements follow only if there
/// are failures (counted in `bins` equal parts of the window) or dead letters. The caller fills in the open transactions:
/// they are read before this transaction begins ([`super::open_transactions()`]).
///
/// # Errors
/// When the database does not answer, rejects a query, or takes more than a minute for one.
pub async fn window_data(
    session: &Session,
    source: &Source,
    window: Window,
    bins: usize,
) -> Result<WindowData, PgError> {
    let bounds = Bounds { one_snapshot: true, ..PATIENT };
    let mut transaction = session.transaction(&bounds).await?;
    let data = read(&mut transaction, source, window, Bins::new(window, bins)).await;
    transaction.end().await;
    data
}

/// [`window_data`] in an open transaction.
pub(super) async fn read(
    transaction: &mut Transaction<'_>,
    source: &Source,
    window: Window,
    bins: Option<Bins>,
) -> Result<WindowData, PgError> {
    let first = transaction.ask(&[sql::CLOCK, &source.dead_and_future(window)]).await?;
    let (read_at, replayed_to) = facts::clock(one(&first, 0)?)?;
    let (dead_letters, future) = (one(&first, 1)?.count("dlq_count")?, one(&first, 1)?.count("future")?);
    let Totals { tally, success_rate, mut durations } = totals(transaction, source, window).await?;
    let pass = transaction.ask(&[&source.pass(window)]).await?;
    let pass = Pass::read(rows(&pass, 0)?)?;
    if durations.form == Form::Checklist {
        // Every existing duration was averaged, or the statement would have failed.
        durations.timed = tally.total().saturating_sub(pass.untimed);
    }
    let counted = durations.timed.saturating_add(durations.unreadable);
    durations.untimed = tally.total().saturating_sub(counted);
    let mut data = WindowData {
        window,
        read_at,
        replayed_to,
        tally: Tally { dead_letters, ..tally },
        success_rate,
        durations,
        future,
        percentiles: percentiles(&pass.times),
        attempts: pass.attempts,
        failures: most_frequent(pass.statuses),
        errors: Vec::new(),
        dead_letter_messages: Vec::new(),
        bins: Vec::new(),
        open_transactions: OpenTransactions::Unknown("not asked".to_owned()),
    };
    if let Some(bins) = bins.filter(|_| data.tally.bad > 0) {
        data.bins = binned(transaction, source, window, bins).await?;
    }
    if dead_letters > 0 {
        let dead = transaction.ask(&[&source.errors(window), &source.messages(window)]).await?;
        for row in rows(&dead, 0)? {
            data.errors.push((row.get("error").map(str::to_owned), row.count("n")?));
        }
        data.dead_letter_messages =
            rows(&dead, 1)?.iter().map(|r| r.count("id")).collect::<Result<_, _>>()?;
    }
    Ok(data)
}

/// The result of the checklist's own statement.
struct Totals {
    tally: Tally,
    success_rate: Option<String>,
    durations: Durations,
}

async fn totals(
    transaction: &mut Transaction<'_>,
    source: &Source,
    window: Window,
) -> Result<Totals, PgError> {
    match transaction.attempt(&source.totals(window)).await {
        Ok(answer) => {
            let totals = read_totals(&answer, Form::Checklist)?;
            let Durations { average_ms, sum_ms, .. } = &totals.durations;
            if is_finite(average_ms.as_deref()) && is_finite(sum_ms.as_deref()) {
                return Ok(totals);
            }
        }
        // Some row has a bad value: use the guarded form.
        Err(PgError::Server { sqlstate, .. }) if sqlstate.starts_with("22") => {}
        Err(fault) => return Err(fault),
    }
    let answers = transaction.ask(&[&source.guarded(window)]).await?;
    read_totals(rows(&answers, 0)?, Form::Guarded)
}

fn read_totals(answer: &[Row], form: Form) -> Result<Totals, PgError> {
    let row = answer.first().ok_or_else(|| PgError::unexpected("it has no row"))?;
    let text = |column| row.get(column).map(str::to_owned);
    let total = row.count("total")?;
    // The sum over no row is NULL.
    let ok = if total == 0 { 0 } else { row.count("ok")? };
    // For the checklist's form the pass counts them.
    let guarded = |column| if form == Form::Guarded { row.count(column) } else { Ok(0) };
    Ok(Totals {
        tally: Tally { ok, bad: total.saturating_sub(ok), dead_letters: 0 },
        success_rate: text("success_rate"),
        durations: Durations {
            form,
            average_ms: text("avg_duration_ms"),
            sum_ms: text("sum_ms"),
            timed: guarded("timed")?,
            unreadable: guarded("unreadable")?,
            untimed: 0,
        },
    })
}

/// PostgreSQL prints `NaN`, `Infinity` and `-Infinity`. NULL means that there is no duration, which is fine.
fn is_finite(number: Option<&str>) -> bool {
    number.is_none_or(|text| text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-')))
}

/// The result of the pass over the window.
#[derive(Default)]
struct Pass {
    /// The number of deliveries by duration, in milliseconds.
    times: BTreeMap<u32, u64>,
    /// Deliveries without a duration.
    untimed: u64,
    attempts: (u64, u64),
    statuses: BTreeMap<Option<String>, u64>,
}

impl Pass {
    fn read(rows: &[Row]) -> Result<Pass, PgError> {
        let mut pass = Pass::default();
        for row in rows {
            let n = row.count("n")?;
            match Ms::parse(row.get("ms")) {
                Ms::Read(ms) => *pass.times.entry(ms).or_default() += n,
                Ms::Unreadable => {}
                Ms::Untimed => pass.untimed += n,
            }
            facts::add_attempts(&mut pass.attempts, row.get("attempts"), n);
            let Some(failure) = row.get("failure") else { continue };
            *pass.statuses.entry(failure.strip_prefix('=').map(str::to_owned)).or_default() += n;
        }
        Ok(pass)
    }
}

fn most_frequent(counted: BTreeMap<Option<String>, u64>) -> Vec<(Option<String>, u64)> {
    let mut list: Vec<_> = counted.into_iter().collect();
    // The sort is stable: equally frequent ones stay in alphabetical order.
    list.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
    list
}

/// Reads the bins with the statement that is faster for this table.
async fn binned(
    transaction: &mut Transaction<'_>,
    source: &Source,
    window: Window,
    bins: Bins,
) -> Result<Vec<Period>, PgError> {
    let many = source.bins(window, bins).ok_or_else(|| PgError::unexpected("a time is out of range"))?;
    let plan = transaction.ask(&[sql::SHORT, &[&format!("EXPLAIN {many}")]].concat()).await?;
    let whole_table = |row: &Row| row.any(|text| text.contains("Seq Scan"));
    let found = if rows(&plan, 0)?.iter().any(whole_table) {
        transaction.ask(&[&source.bins_in_a_pass(window, bins)]).await?
    } else {
        transaction.ask(&[&many]).await?
    };
    in_bins(window, bins, rows(&found, 0)?)
}

fn in_bins(window: Window, bins: Bins, found: &[Row]) -> Result<Vec<Period>, PgError> {
    let mut of = BTreeMap::new();
    for row in found {
        let at = i64::try_from(row.count("bin")?).unwrap_or(i64::MAX);
        of.insert(at, Tally::deliveries(row.count("bad")?, row.count("n")?));
    }
    (0..bins.count)
        .map(|at| {
            let edge =
                |at| bins.begin(window, at).ok_or_else(|| PgError::unexpected("a time is out of range"));
            let (from, to) = (edge(at)?, edge(at + 1)?);
            let tally = of.get(&at).copied().unwrap_or_default();
            Ok(Period { window: Window { from, to }, tally })
        })
        .collect()
}

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
    let (now, _) = facts::clock(one(&first, 0)?)?;
    let oldest = one(&first, 1)?.time("oldest")?;
    let back = |hours| {
        let from = now.checked_sub(SignedDuration::from_hours(hours));
        from.map(|from| Window { from, to: now })
            .map_err(|_| PgError::unexpected("the clock is out of range"))
    };
    let day = transaction.ask(&[&source.dead_and_future(back(24)?)]).await?;
    let daily_dead_letters = one(&day, 0)?.count("dlq_count")?;
    let data = read(transaction, source, back(1)?, None).await?;
    Ok(Hour { data, daily_dead_letters, oldest })
}
