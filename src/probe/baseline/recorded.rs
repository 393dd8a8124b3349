//! Recording the last hour as a baseline, and checking what was stored.

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;

use super::{Baseline, hidden, unread};
use crate::context::{Attempt, Context, Key};
use crate::outcome::finding::{Claim, Finding, ProbeError};
use crate::probe::database::{dsn, unavailable};
use crate::service::dsn::Dsn;
use crate::service::postgres::{PgError, Writer, connect_to_write};
use crate::settings::Traffic;
use crate::traffic::baseline::quality::BaselineQuality;
use crate::traffic::baseline::row::Details;
use crate::traffic::baseline::{BaselineError, CaptureError, Captured, TABLE, capture};
use crate::traffic::read::{Hour, table_info};

/// The result of the one attempt to record the hour.
enum Recording {
    Stored(Box<Captured>),
    Not(CaptureError),
    /// Row level security may hide facts (how), so nothing was written.
    Hidden(String),
    /// The database is not the target's, so nothing was written.
    Elsewhere(BaselineError),
    /// The database is a rehearsal's and the target is not, so nothing was written.
    Mistaken,
}

pub(super) async fn judge(
    claimed: Baseline,
    finding: Finding,
    attempt: &Attempt<'_>,
) -> Result<Finding, ProbeError> {
    let recording = record(attempt).await?;
    if let Some((code, column)) = claimed.column() {
        return Ok(match recording.as_ref() {
            Recording::Stored(captured) => {
                finding.evidence("captured_at", captured.row.name()).claim(claimed.number(&captured.row))
            }
            _ => finding.claim(
                Claim::undecided(code, column, "a number", "nothing")
                    .sentence("no baseline was recorded, so there is no number to check")
                    .fix("fix the check baseline.recorded first"),
            ),
        });
    }
    match recording.as_ref() {
        Recording::Stored(captured) => Ok(stored(finding, captured, attempt.cx)),
        Recording::Not(why) => not_stored(finding, why, attempt.cx),
        Recording::Hidden(how) => Ok(hidden(finding, how)),
        Recording::Elsewhere(unfit) => Ok(finding.claim(unfit.fails()).fix(&unfit.fix)),
        Recording::Mistaken => {
            let claim = Claim::undecided("database", "database", "this target's", "a rehearsal's");
            Ok(finding
                .claim(claim.sentence("DATABASE_URL points to a rehearsal's database; nothing was written")))
        }
    }
}

/// The row that this run records.
const RECORDED: Key<Recording> = Key::new("the recorded baseline");

/// Records the hour, once per run.
async fn record(attempt: &Attempt<'_>) -> Result<Arc<Recording>, ProbeError> {
    let dsn = dsn(attempt.cx)?;
    let (cx, deadline) = (Arc::clone(attempt.cx), attempt.deadline);
    let take = async move { write_once(&cx, &dsn, deadline).await };
    Ok(attempt.cx.measure(RECORDED, attempt.again, take).await)
}

async fn write_once(cx: &Context, dsn: &Dsn, deadline: Duration) -> Recording {
    let writer = match connect_to_write(dsn, &cx.roots, &cx.marker, deadline).await {
        Ok(writer) => writer,
        Err(error) => return Recording::Not(CaptureError::Unread(error)),
    };
    let recording =
        guarded(cx, &writer).await.unwrap_or_else(|error| Recording::Not(CaptureError::Unread(error)));
    writer.close().await;
    if let Recording::Stored(captured) = &recording {
        let (row, quality) = (&captured.row, quality(captured, &cx.settings.target.traffic));
        let action = if captured.written {
            "recorded"
        } else {
            "already recorded within this minute; nothing was written now"
        };
        cx.note(&format!("baseline {} ({action}): {}; {}", row.name(), row.numbers(), quality.word()));
    }
    recording
}

/// Checks first that the database is the right one, and writes nothing to any other.
async fn guarded(cx: &Context, writer: &Writer) -> Result<Recording, PgError> {
    let target = &cx.settings.target;
    if cx.sandbox_mistaken() {
        return Ok(Recording::Mistaken);
    }
    let info = table_info(writer.reading(), &target.names).await?;
    if let Some(expected) = &target.database {
        let name = &writer.reading().info().database;
        if name != expected {
            let fix = format!(
                "set the database in DATABASE_URL to {expected}, or correct `database` under [targets.{}]; nothing was written",
                target.name
            );
            return Ok(Recording::Elsewhere(BaselineError::new(
                "name-of-the-database",
                "name of the database",
                expected,
                name,
                fix,
            )));
        }
    }
    if let Some(how) = info.rows_hidden {
        return Ok(Recording::Hidden(how));
    }
    Ok(match capture(writer, &info.source).await {
        Ok(captured) => Recording::Stored(Box::new(captured)),
        Err(why) => Recording::Not(why),
    })
}

/// An earlier row is judged by its own numbers, a new one by the hour that was just read.
fn quality(captured: &Captured, rules: &Traffic) -> BaselineQuality {
    if captured.written {
        BaselineQuality::from_details(&Details::new(&captured.hour.data), rules)
    } else {
        BaselineQuality::from_row(&captured.row, rules)
    }
}

fn stored(finding: Finding, captured: &Captured, cx: &Context) -> Finding {
    let Captured { row, written, created, hour } = captured;
    let found = if *written {
        format!("{}, written", row.name())
    } else {
        format!("{}, already stored within this minute; nothing was written", row.name())
    };
    let mut finding = traffic(finding, hour)
        .claim(Claim::compared("baseline", "baseline", format!("one row in {TABLE}"), found, true))
        .evidence("stored", row.numbers());
    if *created {
        finding = finding.evidence("table", format!("{TABLE} was created"));
    }
    if row.details.is_none() {
        finding =
            finding.evidence("counts", "not stored by this table: later comparisons are by tolerance only");
    }
    let quality = quality(captured, &cx.settings.target.traffic);
    if quality != BaselineQuality::Good {
        let why = quality.why();
        finding = finding
            .warn(format!(
                "the baseline is {}: {why}; it is used for comparison only if it is pinned",
                quality.word()
            ))
            .fix("record another baseline in a good hour: hotdash-ops baseline");
    }
    finding
}

/// Evidence and warnings about the hour that was read.
fn traffic(finding: Finding, hour: &Hour) -> Finding {
    let data = &hour.data;

    let mut finding = finding
        .evidence("window", format!("{} to {}", data.window.from, data.window.to))
        .evidence(
            "deliveries",
            format!("{} of {} succeeded, {} timed", data.tally.ok, data.tally.total(), data.durations.timed),
        )
        .evidence(
            "dead letters",
            format!("{} in this hour, {} in 24 hours", data.tally.dead_letters, hour.daily_dead_letters),
        );
    if let Some(oldest) = hour.oldest {
        let age = data.window.to.duration_since(oldest);
        let minutes = age.as_secs() / 60;
        let shown = SignedDuration::from_mins(minutes);
        finding = finding.evidence("oldest delivery", format!("{shown:#} old"));
        if age < SignedDuration::from_hours(1) {
            finding = finding.warn(format!(
                "the oldest delivery is {minutes} min old, so requests per minute, an average over 60 min, are too low"
            ));
        }
    }
    if data.durations.unreadable > 0 {
        let count = plural(data.durations.unreadable, "duration is", "durations are");
        finding = finding.warn(format!("{count} unreadable and not counted"));
    }
    if data.future > 0 {
        let count = plural(data.future, "fact is", "facts are");
        finding = finding.warn(format!("{count} dated in the future and not counted"));
    }
    finding
}

fn plural(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

fn not_stored(finding: Finding, why: &CaptureError, cx: &Context) -> Result<Finding, ProbeError> {
    let expected = format!("one row in {TABLE}");
    Ok(match why {
        CaptureError::Thin { unfit, hour } => {
            let data = &hour.data;
            finding
                .evidence("window", format!("{} to {}", data.window.from, data.window.to))
                .claim(unfit.undecided())
                .fix(format!("{}; nothing was written", unfit.fix))
        }
        CaptureError::Unread(error) => return unread(finding, error, &cx.settings),
        CaptureError::Refused(unfit) => finding.claim(unfit.fails()).fix(&unfit.fix),
        CaptureError::Unwritten(error) => {
            let mut finding = unavailable(finding, error)?;
            finding.claims.push(
                Claim::compared("baseline", "baseline", expected, "none", false)
                    .sentence("nothing was written"),
            );
            finding
        }
        CaptureError::Unknown(error) => finding
            .claim(Claim::undecided("baseline", "baseline", expected, "unknown").sentence(format!(
                "the connection failed after COMMIT was sent, so it is unknown whether the row was written: {error}"
            )))
            .fix("run `hotdash-ops baseline` again within the minute; it shows the row if it was written, and writes it if not"),
    })
}
