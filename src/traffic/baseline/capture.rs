//! Recording a baseline: read the hour, check that it can be a baseline at all, and only then create the table and insert
//! one row, in one transaction.

use super::recorded::{BOUNDS, place, stored};
use super::row::{Details, Row};
use super::sql::{self, Numbers};
use super::{BaselineError, TABLE};
use crate::service::postgres::{PgError, Task, Uncommitted, Writer, Writing};
use crate::traffic::read::{self, Hour};
use crate::traffic::sql::Source;
use crate::traffic::window::WindowData;

/// The code of claims about the table.
const ON_TABLE: &str = "table-support-baseline";

/// A stored baseline.
#[derive(Clone, Debug, PartialEq)]
pub struct Captured {
    /// As stored.
    pub row: Row,
    /// False if there already was a row of the same minute and nothing was written.
    pub written: bool,
    /// Whether the table was created.
    pub created: bool,
    /// The hour that was read.
    pub hour: Hour,
}

/// Why nothing was stored, or why it is unknown whether something was.
#[derive(Clone, Debug, PartialEq)]
pub enum CaptureError {
    /// The hour cannot become a baseline; nothing was written.
    Thin { unfit: BaselineError, hour: Box<Hour> },
    /// The facts cannot be read; nothing was written.
    Unread(PgError),
    /// The database or the table does not accept it; nothing was written.
    Refused(BaselineError),
    /// The connection broke or a statement was rejected before COMMIT was sent; nothing was written.
    Unwritten(PgError),
    /// COMMIT was sent, but no answer came.
    Unknown(PgError),
}

/// Records the hour up to now.
///
/// # Errors
/// [`CaptureError`]; only [`CaptureError::Unknown`] may have written.
pub async fn capture(writer: &Writer, source: &Source) -> Result<Captured, CaptureError> {
    let mut writing = writer.begin(&BOUNDS).await.map_err(CaptureError::Unread)?;
    match prepare(&mut writing, source).await {
        Ok(captured) if captured.written => match writing.commit().await {
            Ok(()) => Ok(captured),
            Err(Uncommitted::Rejected(fault)) => Err(refused(fault)),
            Err(Uncommitted::Unknown(fault)) => Err(CaptureError::Unknown(fault)),
        },
        // The rollback also removes a table that was created.
        other => {
            writing.give_up().await;
            other
        }
    }
}

async fn prepare(writing: &mut Writing<'_>, source: &Source) -> Result<Captured, CaptureError> {
    may_write(writing).await?;
    let hour = read::hour(writing.reading(), source).await.map_err(CaptureError::Unread)?;
    let hour = match fit(&hour.data) {
        Ok(()) => hour,
        Err(unfit) => return Err(CaptureError::Thin { unfit, hour: Box::new(hour) }),
    };
    // From here on each statement sees what an earlier recording has committed.
    writing.ask(&[sql::LOCK]).await.map_err(refused)?;
    let place = place(writing.reading()).await.map_err(refused)?;
    let found = place.writable().map_err(CaptureError::Refused)?;
    let created = found.is_none();
    if created {
        writing.ask(&[sql::CREATE]).await.map_err(refused)?;
    }
    let detailed = found.is_none_or(|found| found.keeps_details());
    let counts = Details::new(&hour.data);
    let data = &hour.data;
    let numbers = Numbers {
        success_rate: data.success_rate.as_deref().unwrap_or_default(),
        average_ms: data.durations.average_ms.as_deref().unwrap_or_default(),
        total: data.tally.total(),
        daily_dead_letters: hour.daily_dead_letters,
        details: detailed.then_some(&counts),
    };
    let inserted = writing.ask(&[&sql::insert(&numbers)]).await.map_err(refused)?;
    if let Some(row) = inserted.into_iter().flatten().next() {
        let row = stored(&row);
        kept(&row, &numbers)?;
        return Ok(Captured { row, written: true, created, hour });
    }
    let there = writing.ask(&[&sql::of_this_minute(detailed)]).await.map_err(refused)?;
    match there.into_iter().flatten().next() {
        Some(row) => Ok(Captured { row: stored(&row), written: false, created: false, hour }),
        None => Err(CaptureError::Refused(
            BaselineError::new(
                ON_TABLE,
                format!("table {TABLE}"),
                "the inserted row",
                "no row",
                format!("check the rules and triggers of {TABLE} (\\d {TABLE} in psql)"),
            )
            .sentence(format!("a rule or trigger of table {TABLE} discarded the inserted row")),
        )),
    }
}

/// Whether the server is a primary and the transaction may write. Checked first, because the fixes differ.
async fn may_write(writing: &mut Writing<'_>) -> Result<(), CaptureError> {
    let info = writing.reading().info().await.map_err(CaptureError::Unread)?;
    if info.standby {
        Err(CaptureError::Refused(standby()))
    } else if info.read_only {
        Err(CaptureError::Refused(read_only()))
    } else {
        Ok(())
    }
}

fn standby() -> BaselineError {
    BaselineError::new(
        "role-of-the-server",
        "server",
        "the primary",
        "a standby, which is read-only",
        "use the primary's host in DATABASE_URL for this command",
    )
}

fn read_only() -> BaselineError {
    BaselineError::new(
        "transaction",
        "transaction",
        "read-write",
        "read-only",
        "use a DATABASE_URL that can write: the primary's own, not that of a read-only pooler or role (check with SHOW default_transaction_read_only)",
    )
    .sentence("the connection is read-only, by a setting of the role, the database or the pooler")
}

/// Whether the hour can become a baseline. With NULL, NaN or unreadable numbers it cannot.
fn fit(data: &WindowData) -> Result<(), BaselineError> {
    if data.tally.total() == 0 {
        return Err(BaselineError::new(
            "traffic-of-the-last-hour",
            "traffic of the last hour",
            "at least 1 delivery",
            "none",
            "wait for traffic (hotdash-ops monitor shows it), then record it: hotdash-ops baseline",
        )
        .sentence("there was no delivery in the last hour, so there is nothing to record"));
    }
    let plain = |number: Option<&str>| number.is_some_and(sql::is_plain);
    if data.durations.timed == 0
        || data.durations.too_many_unreadable()
        || !plain(data.durations.average_ms.as_deref())
    {
        let found = format!(
            "{} of {} deliveries have one, {} are unreadable",
            data.durations.timed,
            data.tally.total(),
            data.durations.unreadable
        );
        return Err(BaselineError::new(
            "durations-of-the-last-hour",
            "readable durations of the last hour",
            "at least 99 %",
            found,
            "find out what writes durationMs: hotdash-ops checks explain baseline.average shows the statement",
        ));
    }
    if !plain(data.success_rate.as_deref()) {
        let found = data.success_rate.clone().unwrap_or_else(|| "NULL".to_owned());
        let fix = "check for a proxy or pooler between this program and the database";
        let code = "success-rate-of-the-last-hour";
        return Err(BaselineError::new(code, "success rate of the last hour", "a number", found, fix));
    }
    Ok(())
}

/// The stored row must have the numbers that were read: a column of another type may have rounded them.
fn kept(row: &Row, numbers: &Numbers<'_>) -> Result<(), CaptureError> {
    let near = |stored: Option<f64>, read: Option<f64>, by: f64| match (stored, read) {
        (Some(stored), Some(read)) => (stored - read).abs() <= by,
        _ => false,
    };
    let read = |text: &str| text.parse::<f64>().ok();
    // The checklist rounds to hundredths, to whole milliseconds, and to hundredths.
    let whole = [
        near(row.success_rate.quantity(), read(numbers.success_rate), 1e-4),
        near(row.avg_response_ms.quantity(), read(numbers.average_ms), 0.5001),
        near(row.requests_per_minute.quantity(), Some(numbers.total as f64 / 60.0), 0.005_01),
        near(row.daily_dlq_count.quantity(), Some(numbers.daily_dead_letters as f64), 1e-4),
    ];
    if whole.iter().all(|same| *same) {
        return Ok(());
    }
    Err(CaptureError::Refused(
        BaselineError::new(
            ON_TABLE,
            format!("table {TABLE}"),
            format!("{} %, {} ms and the rest", numbers.success_rate, numbers.average_ms),
            row.numbers(),
            format!(
                "make its columns numeric, as in the checklist, or rename it: ALTER TABLE {TABLE} RENAME TO {TABLE}_old"
            ),
        )
        .sentence(format!("table {TABLE} would store other numbers: {}", row.numbers())),
    ))
}

/// Why the server rejected a statement about the table. Any other error ends the recording without a reason of its own.
fn refused(error: PgError) -> CaptureError {
    let about_the_table = error.sqlstate().is_some_and(|state| {
        matches!(state, "42501" | "55P03" | "57014" | "P0001")
            || state.starts_with("22")
            || state.starts_with("23")
    });
    if error.sqlstate() == Some("25006") {
        return CaptureError::Refused(read_only());
    }
    if !about_the_table {
        return CaptureError::Unwritten(error);
    }
    let advice = error.advice(Task::Write { table: TABLE });
    let fix = format!("{}; nothing was written", advice.fix);
    let unfit =
        BaselineError::new(ON_TABLE, format!("table {TABLE}"), advice.expected, error.to_string(), fix);
    CaptureError::Refused(unfit.sentence(format!("the baseline could not be written: {error}")))
}
