//! Claims on the baseline: that the last hour is recorded, that each of its four
//! numbers is one, and that the hour now is not worse than a good one. Recording is
//! one shared act, comparing one shared measurement.

mod compared;
mod recorded;

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Asked;
use super::codes::codes;
use super::database::{Trouble, dsn, psql};
use crate::context::Asking;
use crate::outcome::finding::{CannotAsk, Claim, Finding, slug};
use crate::service::postgres::PgFault;
use crate::settings::Settings;
use crate::traffic::baseline::row::Row;
use crate::traffic::baseline::sql;
use crate::traffic::query;

/// One claim on the baseline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Baseline {
    /// The last hour is recorded; asking this writes it.
    Recorded,
    /// The stored success rate is one.
    SuccessRate,
    /// The stored average is one.
    Average,
    /// The stored requests per minute are a number.
    RequestsPerMinute,
    /// The stored dead letters of a day are a number.
    DeadLettersPerDay,
    /// There is a baseline to compare with, and traffic in the last hour.
    Comparable,
    /// The success rate is not worse.
    RateHolds,
    /// The average is not worse.
    AverageHolds,
}

impl Baseline {
    pub(super) async fn ask(&self, asking: &Asking<'_>) -> Result<Finding, CannotAsk> {
        let asked = format!("DATABASE_URL ({})", dsn(asking.cx)?.identity());
        let finding = Finding::about(asked);
        match self {
            Baseline::Comparable | Baseline::RateHolds | Baseline::AverageHolds => {
                compared::judge(*self, finding, asking).await
            }
            _ => recorded::judge(*self, finding, asking).await,
        }
    }

    /// The column that a check of one number is about.
    fn column(self) -> Option<&'static str> {
        match self {
            Baseline::SuccessRate => Some("success_rate"),
            Baseline::Average => Some("avg_response_ms"),
            Baseline::RequestsPerMinute => Some("requests_per_minute"),
            Baseline::DeadLettersPerDay => Some("daily_dlq_count"),
            _ => None,
        }
    }

    /// A claim on one stored number.
    fn number(self, row: &Row) -> Claim {
        let (stored, unit, usable) = match self {
            Baseline::SuccessRate => (&row.success_rate, " %", row.success_rate.rate_bp().is_some()),
            Baseline::Average => (&row.avg_response_ms, " ms", row.avg_response_ms.quantity().is_some()),
            Baseline::RequestsPerMinute => {
                (&row.requests_per_minute, "", row.requests_per_minute.quantity().is_some())
            }
            _ => (&row.daily_dlq_count, "", row.daily_dlq_count.quantity().is_some()),
        };
        let (what, found) = (self.column().unwrap_or_default(), format!("{}{unit}", stored.shown()));
        let expected = if self == Baseline::SuccessRate { "a share up to 100 %" } else { "a number" };
        match usable {
            // A row that was there already may hold anything. NULL says nothing; what is no number says that the
            // row is no baseline.
            false if stored.0.is_none() => Claim::open(what, expected, stored.shown()),
            usable => Claim::new(what, expected, found, usable),
        }
    }

    pub(super) fn explain(&self, settings: &Settings) -> Asked {
        let names = &settings.target.names;
        let hour = || query::explain(names, 60.0).into_iter().take(2).flat_map(|sql| psql(settings, &sql));
        let rows = |list: &str| {
            let table = crate::traffic::baseline::TABLE;
            psql(settings, &format!("SELECT {list} FROM {table} ORDER BY captured_at DESC LIMIT 10"))
        };
        let (question, by_hand, expectation) = match self {
            Baseline::Recorded => (
                "the last hour's numbers are written into support_baseline, once a minute at most",
                psql(settings, &sql::by_hand(names, None)),
                "baseline: one row, of an hour with traffic".to_owned(),
            ),
            Baseline::Comparable => (
                "the pinned baseline, or the newest good one, and the last hour",
                rows("*").into_iter().chain(hour()).collect(),
                "baseline: a good one; traffic: at least one delivery".to_owned(),
            ),
            Baseline::RateHolds => (
                "the last hour's success rate beside the baseline's",
                rows("captured_at, success_rate").into_iter().chain(hour()).collect(),
                "success rate: not lower by 0.5 points with p <= 0.01; without counts not by 1 point"
                    .to_owned(),
            ),
            Baseline::AverageHolds => (
                "the last hour's average beside the baseline's",
                rows("captured_at, avg_response_ms").into_iter().chain(hour()).collect(),
                "average: not both 25 % and 50 ms longer".to_owned(),
            ),
            number => {
                let column = number.column().unwrap_or("*");
                (
                    "the row that was just recorded",
                    rows(&format!("captured_at, {column}")),
                    format!("{column}: a finite number"),
                )
            }
        };
        Asked { question: question.to_owned(), by_hand, expectations: vec![expectation] }
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
                return self.column().map(slug).into_iter().collect();
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

/// Whether the database answered and refused this statement, or did not answer as a database at all.
fn answered(fault: &PgFault) -> bool {
    matches!(
        fault,
        PgFault::Server { .. }
            | PgFault::Cancelled { .. }
            | PgFault::Locked { .. }
            | PgFault::NotText { .. }
            | PgFault::TooMuch
            | PgFault::Odd(_)
    )
}

/// Facts that cannot be read: without an answer the connection fails, and with one nothing is known of them.
fn unread(finding: Finding, fault: &PgFault) -> Result<Finding, CannotAsk> {
    if !answered(fault) {
        return Trouble::from(fault).finding(finding);
    }
    let fix = match fault.sqlstate() {
        Some("42P01" | "42703" | "3F000") => {
            "name table and columns under the target's names in the configuration: hotdash-ops preflight --only schema tells which"
        }
        Some("42501") => {
            "let the owner grant this role SELECT on the facts: hotdash-ops preflight --only schema"
        }
        Some("57014") => "look for the index: hotdash-ops preflight --only schema.facts-index",
        Some("55P03") => "wait until the migration that holds the lock has ended, and run again",
        _ => "look what DATABASE_URL leads to: hotdash-ops preflight --only schema",
    };
    Ok(finding.claim(Claim::open("facts of the last hour", "an answer", fault.to_string())).fix(fix))
}

/// Row level security makes counts too small without an error.
fn hidden(finding: Finding, how: &str) -> Finding {
    finding
        .claim(Claim::open("facts of the last hour", "every row to be seen", how))
        .fix("give this role a policy that shows it every row, or BYPASSRLS")
}
