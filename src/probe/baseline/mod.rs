//! The baseline: the last hour is recorded, each of its four numbers is valid, and
//! the current hour is not worse than a good one. The hour is recorded once per run
//! and compared once per run, however many checks are about it.

mod compared;
mod recorded;

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Explanation;
use super::codes::codes;
use super::database::{dsn, psql, unavailable};
use crate::context::Attempt;
use crate::outcome::finding::{Claim, Finding, ProbeError};
use crate::service::postgres::{PgError, Task};
use crate::settings::Settings;
use crate::traffic::baseline::row::Row;
use crate::traffic::baseline::sql as baseline_sql;
use crate::traffic::sql;

/// One check of the baseline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Baseline {
    /// The last hour is recorded; this check writes it.
    Recorded,
    /// The stored success rate is a valid percentage.
    SuccessRate,
    /// The stored average is a valid number.
    Average,
    /// The stored requests per minute are a valid number.
    RequestsPerMinute,
    /// The stored dead letters per day are a valid number.
    DeadLettersPerDay,
    /// There is a baseline to compare with, and traffic in the last hour.
    Comparable,
    /// The success rate is not worse than the baseline's.
    RateHolds,
    /// The average is not worse than the baseline's.
    AverageHolds,
}

impl Baseline {
    pub(super) async fn ask(&self, attempt: &Attempt<'_>) -> Result<Finding, ProbeError> {
        let asked = format!("DATABASE_URL ({})", dsn(attempt.cx)?.identity());
        let finding = Finding::about(asked);
        match self {
            Baseline::Comparable | Baseline::RateHolds | Baseline::AverageHolds => {
                compared::judge(*self, finding, attempt).await
            }
            _ => recorded::judge(*self, finding, attempt).await,
        }
    }

    /// The claim's code and the column, for the checks of one number.
    fn column(self) -> Option<(&'static str, &'static str)> {
        match self {
            Baseline::SuccessRate => Some(("success-rate", "success_rate")),
            Baseline::Average => Some(("avg-response-ms", "avg_response_ms")),
            Baseline::RequestsPerMinute => Some(("requests-per-minute", "requests_per_minute")),
            Baseline::DeadLettersPerDay => Some(("daily-dlq-count", "daily_dlq_count")),
            _ => None,
        }
    }

    /// The claim about one stored number.
    fn number(self, row: &Row) -> Claim {
        let (stored, unit, usable) = match self {
            Baseline::SuccessRate => (&row.success_rate, " %", row.success_rate.rate_bp().is_some()),
            Baseline::Average => (&row.avg_response_ms, " ms", row.avg_response_ms.quantity().is_some()),
            Baseline::RequestsPerMinute => {
                (&row.requests_per_minute, "", row.requests_per_minute.quantity().is_some())
            }
            _ => (&row.daily_dlq_count, "", row.daily_dlq_count.quantity().is_some()),
        };
        let (code, column) = self.column().unwrap_or_default();
        let expected = if self == Baseline::SuccessRate { "0 to 100 %" } else { "a number of 0 or more" };
        // An earlier row can contain anything. NULL is missing evidence; an impossible value means that the row is
        // not a baseline.
        if !usable && stored.0.is_none() {
            return Claim::undecided(code, column, expected, stored.shown());
        }
        Claim::compared(code, column, expected, format!("{}{unit}", stored.shown()), usable)
    }

    pub(super) fn explain(&self, settings: &Settings) -> Explanation {
        let names = &settings.target.names;
        let hour = || sql::explain(names, 60.0).into_iter().take(2).flat_map(|sql| psql(settings, &sql));
        let rows = |list: &str| {
            let table = crate::traffic::baseline::TABLE;
            psql(settings, &format!("SELECT {list} FROM {table} ORDER BY captured_at DESC LIMIT 10"))
        };
        let (question, by_hand, expectation) = match self {
            Baseline::Recorded => (
                "the last hour's numbers are stored in support_baseline, at most once a minute",
                psql(settings, &baseline_sql::by_hand(names, None)),
                "baseline: one row, about an hour with traffic".to_owned(),
            ),
            Baseline::Comparable => (
                "the pinned baseline, or the newest good one, and the last hour",
                rows("*").into_iter().chain(hour()).collect(),
                "baseline: a good one; traffic: at least 1 delivery".to_owned(),
            ),
            Baseline::RateHolds => (
                "the last hour's success rate compared with the baseline's",
                rows("captured_at, success_rate").into_iter().chain(hour()).collect(),
                "success rate: not lower by 0.5 points or more with p <= 0.01; without stored counts, not by 1 point or more"
                    .to_owned(),
            ),
            Baseline::AverageHolds => (
                "the last hour's average compared with the baseline's",
                rows("captured_at, avg_response_ms").into_iter().chain(hour()).collect(),
                "average: not longer by both 25 % and 50 ms".to_owned(),
            ),
            number => {
                let (_, column) = number.column().unwrap_or(("", "*"));
                (
                    "the row that was just recorded",
                    rows(&format!("captured_at, {column}")),
                    format!("{column}: a valid number"),
                )
            }
        };
        Explanation { question: question.to_owned(), by_hand, expectations: vec![expectation] }
    }

    /// The codes of the claims that it can make.
    pub(super) fn claims(&self) -> Vec<String> {
        let read = codes(["connection", "facts-of-the-last-hour"]);
        let own = match self {
            Baseline::Recorded => codes([
                "database",
                "name-of-the-database",
                "role-of-the-server",
                "transaction",
                "table-support-baseline",
                "traffic-of-the-last-hour",
                "durations-of-the-last-hour",
                "success-rate-of-the-last-hour",
                "baseline",
            ]),
            Baseline::Comparable => {
                codes(["traffic-of-the-last-hour", "table-support-baseline", "baseline-to-compare-with"])
            }
            Baseline::RateHolds => codes([
                "table-support-baseline",
                "baseline-to-compare-with",
                "success-rate-against-the-baseline",
            ]),
            Baseline::AverageHolds => {
                codes(["table-support-baseline", "baseline-to-compare-with", "average-against-the-baseline"])
            }
            Baseline::SuccessRate
            | Baseline::Average
            | Baseline::RequestsPerMinute
            | Baseline::DeadLettersPerDay => {
                return self.column().map(|(code, _)| code.to_owned()).into_iter().collect();
            }
        };
        read.into_iter().chain(own).collect()
    }

    pub(super) fn variables(&self) -> BTreeSet<String> {
        BTreeSet::from(["DATABASE_URL".to_owned()])
    }

    pub(super) fn lint(&self) -> Vec<String> {
        Vec::new()
    }
}

/// The finding when the facts cannot be read. Without a response the connection claim fails; with one the claim about
/// the facts is undecided.
fn unread(finding: Finding, error: &PgError, settings: &Settings) -> Result<Finding, ProbeError> {
    if !error.answered() {
        return unavailable(finding, error);
    }
    let target = &settings.target;
    let advice = error.advice(Task::Read { table: &target.names.facts, target: &target.name });
    let claim = Claim::undecided(FACTS_CODE, FACTS, "a readable table", "not readable")
        .sentence(format!("the facts of the last hour cannot be read: {error}"));
    Ok(finding.claim(claim.fix(advice.fix)))
}

/// The finding when row level security hides rows, which makes counts too small without an error.
fn hidden(finding: Finding, how: &str) -> Finding {
    let claim = Claim::undecided(FACTS_CODE, FACTS, "every row visible", "rows may be hidden")
        .sentence(format!("the facts of the last hour may be incomplete: {how}"));
    finding.claim(claim.fix(
        "add a policy that lets this role see every row, or have a superuser run: ALTER ROLE ... BYPASSRLS",
    ))
}

const FACTS_CODE: &str = "facts-of-the-last-hour";
const FACTS: &str = "facts of the last hour";
