//! The comparison of the last hour with a recorded one.

use std::sync::Arc;
use std::time::Duration;

use super::{Baseline, hidden, unread};
use crate::context::{Attempt, Context, Key};
use crate::outcome::finding::{Claim, Finding, ProbeError};
use crate::probe::database::dsn;
use crate::service::dsn::Dsn;
use crate::service::postgres::{PgError, Session, connect};
use crate::settings::Traffic;
use crate::traffic::baseline::compare::{average, choose, rate};
use crate::traffic::baseline::quality::BaselineQuality;
use crate::traffic::baseline::row::Row;
use crate::traffic::baseline::{BaselineError, hour_now, recorded};
use crate::traffic::read::{Hour, table_info};

/// Both sides of the comparison.
struct Sides {
    /// Set when row level security may hide rows, so that the counts cannot be used; how.
    hidden: Option<String>,
    hour: Hour,
    then: Result<Row, BaselineError>,
    rules: Traffic,
    /// Whether the configuration names the baseline.
    pinned: bool,
}

pub(super) async fn judge(
    claimed: Baseline,
    finding: Finding,
    attempt: &Attempt<'_>,
) -> Result<Finding, ProbeError> {
    let sides = sides(attempt).await?;
    let sides = match sides.as_ref() {
        Ok(sides) => sides,
        Err(error) => return unread(finding, error, &attempt.cx.settings),
    };
    if let Some(how) = &sides.hidden {
        return Ok(hidden(finding, how));
    }
    let finding = shown(finding, sides);
    Ok(match (claimed, &sides.then) {
        (Baseline::Comparable, _) => comparable(finding, sides),
        (_, Err(unfit)) => finding.claim(unfit.undecided()).fix(&unfit.fix),
        (Baseline::RateHolds, Ok(then)) => finding.claim(rate(&sides.hour.data, then, &sides.rules)),
        (_, Ok(then)) => finding.claim(average(&sides.hour.data, then, &sides.rules)),
    })
}

/// Both sides of the comparison.
const SIDES: Key<Result<Sides, PgError>> = Key::new("the comparison with the baseline");

async fn sides(attempt: &Attempt<'_>) -> Result<Arc<Result<Sides, PgError>>, ProbeError> {
    let dsn = dsn(attempt.cx)?;
    let (cx, deadline) = (Arc::clone(attempt.cx), attempt.deadline);
    let take = async move { take(&cx, &dsn, deadline).await };
    Ok(attempt.cx.measure(SIDES, attempt.again, take).await)
}

async fn take(cx: &Context, dsn: &Dsn, deadline: Duration) -> Result<Sides, PgError> {
    let session = connect(dsn, &cx.roots, &cx.marker, deadline).await?;
    let sides = read(cx, &session).await;
    session.close().await;
    let sides = sides?;
    cx.note(&format!("now: {}", now(&sides.hour)));
    if let Ok(then) = &sides.then {
        let quality = BaselineQuality::from_row(then, &sides.rules).word();
        cx.note(&format!("baseline {}: {}; {quality}", then.name(), then.numbers()));
    }
    Ok(sides)
}

async fn read(cx: &Context, session: &Session) -> Result<Sides, PgError> {
    let target = &cx.settings.target;
    let info = table_info(session, &target.names).await?;
    let hour = hour_now(session, &info.source).await?;
    let rules = &target.traffic;
    let then = recorded(session)
        .await?
        .and_then(|recorded| choose(&recorded.rows, target.traffic.baseline.as_deref(), rules).cloned());
    let pinned = target.traffic.baseline.is_some();
    Ok(Sides { hidden: info.rows_hidden, hour, then, rules: rules.clone(), pinned })
}

/// The last hour's numbers in one line, in the format of a baseline's.
fn now(hour: &Hour) -> String {
    let data = &hour.data;
    let average = data.durations.average_ms.as_deref().and_then(|ms| ms.parse::<f64>().ok());
    format!(
        "success rate {} % ({} of {}), average {} ms, {:.2} requests per minute, {} dead letters per day",
        data.success_rate.as_deref().unwrap_or("NULL"),
        data.tally.ok,
        data.tally.total(),
        average.map_or_else(|| "NULL".to_owned(), |ms| format!("{ms:.0}")),
        data.tally.total() as f64 / 60.0,
        hour.daily_dead_letters
    )
}

fn shown(finding: Finding, sides: &Sides) -> Finding {
    let finding = finding.evidence("now", now(&sides.hour));
    let Ok(then) = &sides.then else { return finding };
    let quality = BaselineQuality::from_row(then, &sides.rules);
    let word = match quality.why() {
        why if why.is_empty() => quality.word().to_owned(),
        why => format!("{}: {why}", quality.word()),
    };
    let finding = finding
        .evidence("baseline", format!("{}: {}", then.name(), then.numbers()))
        .evidence("the baseline is", word);
    if then.details.is_some() {
        return finding;
    }
    finding.evidence("comparison", "by tolerance only: the counts of the baseline were not stored")
}

fn comparable(finding: Finding, sides: &Sides) -> Finding {
    let total = sides.hour.data.tally.total();
    let what = "traffic of the last hour";
    let finding = match total {
        0 => finding.claim(
            Claim::undecided("traffic-of-the-last-hour", what, "at least 1 delivery", "none")
                .sentence("there was no delivery in the last hour, so there is nothing to compare")
                .fix("wait for traffic, then compare again: hotdash-ops baseline compare"),
        ),
        // Not a claim: any number of deliveries is enough here.
        1 => finding.evidence(what, "1 delivery"),
        n => finding.evidence(what, format!("{n} deliveries")),
    };
    match &sides.then {
        Ok(then) => {
            let what = "baseline to compare with";
            finding.claim(Claim::compared("baseline-to-compare-with", what, "one", then.name(), true))
        }
        // A pinned baseline is expected to exist.
        Err(unfit) if sides.pinned => finding.claim(unfit.fails()).fix(&unfit.fix),
        Err(unfit) => finding.claim(unfit.undecided()).fix(&unfit.fix),
    }
}
