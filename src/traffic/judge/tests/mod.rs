//! A window to judge, healthy unless a test changes it.

mod average;
mod dead_letters;
mod delivered;
mod health;
mod live_status;
mod logs;
mod loss;
mod preconditions;
mod property;
mod rate;
mod summary;
mod tiers;

use std::sync::LazyLock;

use jiff::{SignedDuration, Timestamp};

use super::Rules;
use crate::outcome::Verdict;
use crate::outcome::finding::Finding;
use crate::outcome::window::{Deploy, Ended, Mode, Window};
use crate::settings::{Target, Traffic};
use crate::traffic::stats::printed_bp;
use crate::traffic::window::{
    Durations, Form, Observation, OpenTransactions, Period, ReadError, Tally, WindowData, tests,
};

/// `seconds` after 10:00:00 on the tests' day.
pub fn at(seconds: i64) -> Timestamp {
    let ten: Timestamp = "2026-01-01T10:00:00Z".parse().expect("a time");
    ten + SignedDuration::from_secs(seconds)
}

pub fn window(from: i64, to: i64) -> Window {
    Window { from: at(from), to: at(to) }
}

/// A quarter of an hour with `total` deliveries of 200 ms, of which `bad` failed.
pub fn observation(bad: u64, total: u64) -> Observation {
    let window = window(0, 900);
    Observation {
        mode: Mode::Forward,
        planned: window,
        window,
        deploy: Ok(Deploy { at: at(-30), source: "release v42".to_owned(), running: false }),
        ended: Ended::AtItsEnd,
        facts: Ok(window_data(window, bad, total)),
        gaps: Vec::new(),
        late: 0,
        sparks: Vec::new(),
        tiers: Ok(Vec::new()),
        before: None,
        after: None,
        remarks: Vec::new(),
    }
}

fn window_data(window: Window, bad: u64, total: u64) -> WindowData {
    let rate = printed_bp(total - bad, total).map(|bp| format!("{}.{:02}", bp / 100, bp % 100));
    let timed = |value: String| (total > 0).then_some(value);
    WindowData {
        read_at: window.to + SignedDuration::from_secs(10),
        success_rate: rate,
        durations: Durations {
            form: Form::Checklist,
            average_ms: timed("200.0000000000000000".to_owned()),
            sum_ms: timed((200 * total).to_string()),
            timed: total,
            unreadable: 0,
            untimed: 0,
        },
        attempts: (total, total),
        ..tests::window_data(window, Tally::deliveries(bad, total))
    }
}

/// The facts of a window, to be changed by a test.
pub fn facts(observation: &mut Observation) -> &mut WindowData {
    observation.facts.as_mut().expect("facts")
}

pub fn error(gone: bool) -> ReadError {
    ReadError {
        why: "connection refused by 127.0.0.1:5432".to_owned(),
        fix: Some("start it".to_owned()),
        database_gone: gone,
        offline: None,
    }
}

/// Bins of a minute each.
pub fn bins(counts: &[(u64, u64)]) -> Vec<Period> {
    let part = |minute: i64, &(bad, total)| Period {
        window: window(60 * minute, 60 * minute + 60),
        tally: Tally::deliveries(bad, total),
    };
    (0..).zip(counts).map(|(minute, counts)| part(minute, counts)).collect()
}

pub fn period(from: i64, to: i64, bad: u64, total: u64) -> Option<Period> {
    Some(Period { window: window(from, to), tally: Tally::deliveries(bad, total) })
}

/// The rules of `monitor`.
pub fn rules(traffic: &Traffic) -> Rules<'_> {
    static TARGET: LazyLock<Target> = LazyLock::new(Target::default);
    Rules { traffic, target: &TARGET, criteria: false, sandbox: false }
}

/// The rules of `gate`.
pub fn criteria(traffic: &Traffic) -> Rules<'_> {
    Rules { criteria: true, ..rules(traffic) }
}

pub fn verdict(finding: &Finding) -> Verdict {
    Verdict::of(&finding.claims)
}

/// The evidence with this name.
pub fn evidence_of<'a>(finding: &'a Finding, name: &str) -> Option<&'a str> {
    finding.evidence.iter().find(|evidence| evidence.name == name).map(|evidence| evidence.value.as_str())
}
