//! Recording the last hour as a baseline, and checking what was stored.

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;

use super::{Baseline, hidden, unread};
use crate::context::{Asking, Context};
use crate::outcome::finding::{CannotAsk, Claim, Finding};
use crate::probe::database::{Trouble, dsn};
use crate::service::dsn::Dsn;
use crate::service::postgres::{PgFault, Writer, connect_to_write};
use crate::traffic::baseline::good::{Bar, Standing, details, of_details, of_row};
use crate::traffic::baseline::{Captured, TABLE, Uncaptured, Unfit, capture};
use crate::traffic::read::{Hour, look};

/// The result of the one attempt to record the hour.
enum Recording {
    Stored(Box<Captured>),
    Not(Uncaptured),
    /// Row level security may hide facts (how), so nothing was written.
    Hidden(String),
    /// The database is not the target's, so nothing was written.
    Elsewhere(Unfit),
    /// The database is a rehearsal's and the target is not, so nothing was written.
    Mistaken,
}

pub(super) async fn judge(
    claimed: Baseline,
    finding: Finding,
    asking: &Asking<'_>,
) -> Result<Finding, CannotAsk> {
    let recording = record(asking).await?;
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
        Recording::Stored(captured) => Ok(stored(finding, captured, asking.cx)),
        Recording::Not(why) => not_stored(finding, why),
        Recording::Hidden(how) => Ok(hidden(finding, how)),
        Recording::Elsewhere(unfit) => Ok(finding.claim(unfit.fails()).fix(&unfit.fix)),
        Recording::Mistaken => {
            let claim = Claim::undecided("database", "database", "this target's", "a rehearsal's");
            Ok(finding
                .claim(claim.sentence("DATABASE_URL points to a rehearsal's database; nothing was written")))
        }
    }
}

/// Records the hour, once per run.
async fn record(asking: &Asking<'_>) -> Result<Arc<Recording>, CannotAsk> {
    let dsn = dsn(asking.cx)?;
    let (cx, deadline) = (Arc::clone(asking.cx), asking.deadline);
    let take = async move { attempt(&cx, &dsn, deadline).await };
    Ok(asking.cx.measure("the recorded baseline", asking.again, take).await)
}

async fn attempt(cx: &Context, dsn: &Dsn, deadline: Duration) -> Recording {
    let writer = match connect_to_write(dsn, &cx.roots, &cx.marker, deadline).await {
        Ok(writer) => writer,
        Err(fault) => return Recording::Not(Uncaptured::Unread(fault)),
    };
    let recording =
        guarded(cx, &writer).await.unwrap_or_else(|fault| Recording::Not(Uncaptured::Unread(fault)));
    writer.close().await;
    if let Recording::Stored(captured) = &recording {
        let (row, standing) = (&captured.row, standing(captured, Bar::of(&cx.settings.target.traffic)));
        let action = if captured.written {
            "recorded"
        } else {
            "already recorded within this minute; nothing was written now"
        };
        cx.note(&format!("baseline {} ({action}): {}; {}", row.name(), row.numbers(), standing.word()));
    }
    recording
}

/// Checks first that the database is the right one, and writes nothing to any other.
async fn guarded(cx: &Context, writer: &Writer) -> Result<Recording, PgFault> {
    let target = &cx.settings.target;
    if cx.sandbox_mistaken() {
        return Ok(Recording::Mistaken);
    }
    let look = look(writer.reading(), &target.names).await?;
    if let Some(expected) = &target.database {
        let name = writer.reading().rows("SELECT current_database()::text AS name", &[]).await?;
        let name = name.first().and_then(|row| row.get("name")).unwrap_or("NULL").to_owned();
        if name != *expected {
            let fix = format!(
                "set the database in DATABASE_URL to {expected}, or correct `database` under [targets.{}]; nothing was written",
                target.name
            );
            return Ok(Recording::Elsewhere(Unfit::new(
                "name-of-the-database",
                "name of the database",
                expected,
                name,
                fix,
            )));
        }
    }
    if let Some(how) = look.rows_hidden {
        return Ok(Recording::Hidden(how));
    }
    Ok(match capture(writer, &look.source).await {
        Ok(captured) => Recording::Stored(Box::new(captured)),
        Err(why) => Recording::Not(why),
    })
}

/// An earlier row is judged by its own numbers, a new one by the hour that was just read.
fn standing(captured: &Captured, bar: Bar) -> Standing {
    if captured.written { of_details(&details(&captured.hour.full), bar) } else { of_row(&captured.row, bar) }
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
    let standing = standing(captured, Bar::of(&cx.settings.target.traffic));
    if standing != Standing::Good {
        let why = standing.why();
        finding = finding
            .warn(format!(
                "the baseline is {}: {why}; it is used for comparison only if it is pinned",
                standing.word()
            ))
            .fix("record another baseline in a good hour: hotdash-ops baseline");
    }
    finding
}

/// Evidence and warnings about the hour that was read.
fn traffic(finding: Finding, hour: &Hour) -> Finding {
    let full = &hour.full;
    let letter = &full.letter;
    let mut finding = finding
        .evidence("window", format!("{} to {}", full.window.from, full.window.to))
        .evidence(
            "deliveries",
            format!("{} of {} succeeded, {} timed", letter.ok, letter.total, letter.timed),
        )
        .evidence(
            "dead letters",
            format!("{} in this hour, {} in 24 hours", full.dead_letters, hour.daily_dead_letters),
        );
    if let Some(oldest) = hour.oldest {
        let age = full.window.to.duration_since(oldest);
        let minutes = age.as_secs() / 60;
        let shown = SignedDuration::from_mins(minutes);
        finding = finding.evidence("oldest delivery", format!("{shown:#} old"));
        if age < SignedDuration::from_hours(1) {
            finding = finding.warn(format!(
                "the oldest delivery is {minutes} min old, so requests per minute, an average over 60 min, are too low"
            ));
        }
    }
    if full.unreadable > 0 {
        let count = plural(full.unreadable, "duration is", "durations are");
        finding = finding.warn(format!("{count} unreadable and not counted"));
    }
    if full.future > 0 {
        let count = plural(full.future, "fact is", "facts are");
        finding = finding.warn(format!("{count} dated in the future and not counted"));
    }
    finding
}

fn plural(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

fn not_stored(finding: Finding, why: &Uncaptured) -> Result<Finding, CannotAsk> {
    let expected = format!("one row in {TABLE}");
    Ok(match why {
        Uncaptured::Thin { unfit, hour } => {
            let full = &hour.full;
            finding
                .evidence("window", format!("{} to {}", full.window.from, full.window.to))
                .claim(unfit.open())
                .fix(format!("{}; nothing was written", unfit.fix))
        }
        Uncaptured::Unread(fault) => return unread(finding, fault),
        Uncaptured::Refused(unfit) => finding.claim(unfit.fails()).fix(&unfit.fix),
        Uncaptured::Unwritten(fault) => {
            let mut finding = Trouble::from(fault).finding(finding)?;
            finding.claims.push(
                Claim::compared("baseline", "baseline", expected, "none", false)
                    .sentence("nothing was written"),
            );
            finding
        }
        Uncaptured::Unknown(fault) => finding
            .claim(Claim::undecided("baseline", "baseline", expected, "unknown").sentence(format!(
                "the connection failed after COMMIT was sent, so it is unknown whether the row was written: {fault}"
            )))
            .fix("run `hotdash-ops baseline` again within the minute; it shows the row if it was written, and writes it if not"),
    })
}
