//! Reports of a run that watched traffic: good, failing, cut short, without a delivery, and hostile.

use hotdash_ops::testing::outcome::finding::Claim;
use hotdash_ops::testing::outcome::report::{Report, Stopped};
use hotdash_ops::testing::outcome::traffic::{AsPrinted, Counted, Point, Summary};
use hotdash_ops::testing::outcome::window::{Deploy, Ended, Gap, Mode};
use hotdash_ops::testing::outcome::{Outcome, Verdict, Why};
use jiff::Timestamp;

use super::{fail, pass, with};

fn at(time: &str) -> Timestamp {
    format!("2025-11-22T{time}Z").parse().expect("a constant")
}

fn counted(count: u64, what: &str) -> Counted {
    Counted { what: Some(what.to_owned()), count }
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

/// A window of a healthy service, one delivery of sixty failed.
fn good_summary() -> Summary {
    let point = |n: u32| Point {
        total: u64::from(n % 3 != 2),
        bad: u64::from(n == 40),
        mean_ms: (n % 3 != 2).then(|| 180.0 + f64::from(n % 7) * 15.0),
    };
    Summary {
        mode: Mode::Forward,
        from: at("23:33:04.25"),
        to: at("23:48:04.25"),
        minutes: 15.0,
        provisional: false,
        ended: Some(Ended::AtItsEnd),
        deploy: Some(Deploy { at: at("23:30:11"), source: "release v42".to_owned(), running: false }),
        success_rate: Some(98.33),
        total: 60,
        avg_duration_ms: Some(213.416_666_666_666_67),
        dlq_count: 0,
        successes: 59,
        failures: 1,
        as_printed: AsPrinted {
            success_rate: Some("98.33".to_owned()),
            avg_duration_ms: Some("213.4166666666666667".to_owned()),
        },
        p50_ms: Some(201),
        p95_ms: Some(270),
        p99_ms: Some(431),
        requests_per_minute: 4.0,
        average_attempts: Some(1.0167),
        unreadable_durations: 0,
        untimed: 0,
        margins: texts(&[
            "2 more failures would fail it",
            "with 95 % confidence, fewer than 7.66 % fail (if failures are independent)",
        ]),
        failures_by_status: vec![counted(1, "502")],
        dead_letters_by_error: Vec::new(),
        gaps: Vec::new(),
        late: 0,
        future: 0,
        remarks: texts(&["0 of 12 failed before the deploy, 1 of 60 since"]),
        series: (0..90).map(point).collect(),
    }
}

fn failing_summary() -> Summary {
    let point =
        |n: u64| Point { total: 4, bad: if n > 10 { 3 } else { 0 }, mean_ms: Some(200.0 + 40.0 * n as f64) };
    Summary {
        to: at("23:36:44.25"),
        minutes: 3.666_666_67,
        ended: Some(Ended::BeyondRescue(
            "36 of 88 failed; 544 more successes would only bring it to 94.3 %".to_owned(),
        )),
        deploy: Some(Deploy { at: at("23:32:58"), source: "release v43".to_owned(), running: true }),
        success_rate: Some(59.09),
        total: 88,
        successes: 52,
        failures: 36,
        avg_duration_ms: Some(620.5),
        dlq_count: 3,
        as_printed: AsPrinted {
            success_rate: Some("59.09".to_owned()),
            avg_duration_ms: Some("620.5000000000000000".to_owned()),
        },
        requests_per_minute: 24.0,
        average_attempts: Some(2.25),
        unreadable_durations: 2,
        untimed: 1,
        margins: texts(&["632 more successes would bring it above 95 %"]),
        failures_by_status: vec![counted(30, "502"), counted(5, "timeout"), Counted { what: None, count: 1 }],
        dead_letters_by_error: (1..=9).map(|n| counted(10 - n, &format!("connect error {n}"))).collect(),
        gaps: vec![Gap {
            from: at("23:34:10"),
            to: at("23:34:40"),
            why: "connection refused (os error 111)".to_owned(),
        }],
        late: 4,
        future: 2,
        remarks: texts(&["failures began at 23:34:54: 0 of 44 failed before, 36 of 44 since"]),
        series: (0..22).map(point).collect(),
        ..good_summary()
    }
}

/// A watch of a run of `verb` with its checks, sealed.
fn report(outcomes: Vec<Outcome>, stopped: Option<Stopped>, traffic: Summary) -> Report {
    let mut report = super::report(vec![("traffic", "Initial traffic", outcomes)], stopped, false);
    report.verb = "monitor".to_owned();
    report.traffic = Some(traffic);
    report
}

pub fn good() -> Report {
    let checks = vec![
        pass("traffic.success-rate", "more than 95 % of deliveries succeed"),
        pass("traffic.dead-letters", "there are no dead letters"),
    ];
    report(checks, None, good_summary())
}

pub fn failing() -> Report {
    let rate = vec![Claim::compared(
        "success-rate",
        "success rate",
        "above 95 %",
        "59.09 % (36 of 88 failed)",
        false,
    )];
    let checks = vec![fail("traffic.success-rate", "more than 95 % of deliveries succeed", rate)];
    report(checks, None, failing_summary())
}

pub fn provisional() -> Report {
    let interrupted = Verdict::Skipped(Why::Interrupted);
    let check = pass("traffic.success-rate", "more than 95 % of deliveries succeed");
    let traffic = Summary {
        provisional: true,
        ended: None,
        as_printed: AsPrinted::default(),
        failures_by_status: Vec::new(),
        average_attempts: None,
        ..good_summary()
    };
    report(vec![with(interrupted, "interrupted", check)], Some(Stopped::Interrupted), traffic)
}

pub fn empty() -> Report {
    let check = pass("traffic.success-rate", "more than 95 % of deliveries succeed");
    let outcome = with(Verdict::Inconclusive, "no deliveries in 15 minutes", check);
    let traffic = Summary {
        mode: Mode::Past,
        ended: Some(Ended::AtItsEnd),
        deploy: None,
        success_rate: None,
        total: 0,
        avg_duration_ms: None,
        successes: 0,
        failures: 0,
        as_printed: AsPrinted::default(),
        p50_ms: None,
        p95_ms: None,
        p99_ms: None,
        requests_per_minute: 0.0,
        average_attempts: None,
        margins: Vec::new(),
        failures_by_status: Vec::new(),
        remarks: Vec::new(),
        series: vec![Point { total: 0, bad: 0, mean_ms: None }; 15],
        ..good_summary()
    };
    report(vec![outcome], None, traffic)
}

/// A window all of whose texts are `nasty`.
pub fn hostile(nasty: &[&str]) -> Summary {
    let all = || texts(nasty);
    let counts = || nasty.iter().map(|text| counted(2, text)).collect();
    Summary {
        ended: Some(Ended::BeyondRescue(nasty.join(" "))),
        deploy: Some(Deploy { at: at("23:32:58"), source: nasty.join(" "), running: true }),
        as_printed: AsPrinted {
            success_rate: Some(nasty[1].to_owned()),
            avg_duration_ms: Some(nasty[4].to_owned()),
        },
        margins: all(),
        failures_by_status: counts(),
        dead_letters_by_error: counts(),
        gaps: nasty
            .iter()
            .map(|w| Gap { from: at("23:34:10"), to: at("23:34:40"), why: (*w).to_owned() })
            .collect(),
        remarks: all(),
        ..failing_summary()
    }
}
