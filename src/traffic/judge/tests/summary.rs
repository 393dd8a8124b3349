use super::*;
use crate::outcome::tick::Spark;
use crate::outcome::traffic::{Counted, Point};
use crate::traffic::judge::summarize;
use crate::traffic::stats::Percentiles;

#[test]
fn a_summary_has_the_numbers_as_they_were_printed() {
    let mut window = observation(2, 60);
    let data = facts(&mut window);
    data.durations.average_ms = Some("201.2122434801197093".to_owned());
    data.percentiles = Some(Percentiles { p50: 180, p95: 390, p99: 470 });
    data.attempts = (66, 60);
    data.failures = vec![(Some("502".to_owned()), 1), (None, 1)];
    data.errors = vec![(Some("ECONNREFUSED".to_owned()), 1)];
    (data.tally.dead_letters, data.durations.unreadable, data.durations.untimed, data.future) = (1, 2, 3, 4);
    data.bins = bins(&[(2, 60)]);
    window.late = -1;
    let summary = summarize(&window, &Target::default());
    assert_eq!(
        (summary.success_rate, summary.total, summary.avg_duration_ms, summary.dlq_count),
        (Some(96.67), 60, Some(201.2122434801197), 1)
    );
    assert_eq!(summary.as_printed.avg_duration_ms.as_deref(), Some("201.2122434801197093"));
    assert_eq!((summary.successes, summary.failures, summary.requests_per_minute), (58, 2, 4.0));
    assert_eq!((summary.p50_ms, summary.p95_ms, summary.p99_ms), (Some(180), Some(390), Some(470)));
    assert_eq!((summary.average_attempts, summary.minutes, summary.provisional), (Some(1.1), 15.0, false));
    assert_eq!((summary.unreadable_durations, summary.untimed, summary.future, summary.late), (2, 3, 4, -1));
    assert_eq!(summary.failures_by_status[1], Counted { what: None, count: 1 });
    assert_eq!(summary.dead_letters_by_error.len(), 1);
    assert_eq!(summary.margins[0], "2 more failures would fail it");
    assert_eq!(summary.series, [Point { total: 60, bad: 2, mean_ms: None }]);
    assert_eq!(summary.deploy.map(|deploy| deploy.source).as_deref(), Some("release v42"));
}

#[test]
fn the_series_comes_from_ticks_if_there_were_any() {
    let mut window = observation(0, 60);
    window.sparks = vec![Spark { total: 5, bad: 1, mean_ms: Some(120.0), hole: false }, Spark::default()];
    let series = summarize(&window, &Target::default()).series;
    assert_eq!(
        series,
        [Point { total: 5, bad: 1, mean_ms: Some(120.0) }, Point { total: 0, bad: 0, mean_ms: None }]
    );
}

#[test]
fn unread_numbers_are_absent_and_a_remark_says_why() {
    let mut window = observation(0, 60);
    window.facts = Err(error(true));
    let summary = summarize(&window, &Target::default());
    assert_eq!((summary.success_rate, summary.avg_duration_ms, summary.total), (None, None, 0));
    assert!(summary.remarks.iter().any(|said| said.contains("connection refused")), "{:?}", summary.remarks);
    assert_eq!(summarize(&observation(0, 0), &Target::default()).success_rate, None);
}

#[test]
fn values_that_are_not_finite_are_absent_but_kept_as_printed() {
    let mut window = observation(0, 60);
    for printed in ["NaN", "Infinity", &format!("1{}", "0".repeat(400))] {
        facts(&mut window).durations.average_ms = Some(printed.to_owned());
        let summary = summarize(&window, &Target::default());
        assert_eq!(summary.avg_duration_ms, None, "{printed}");
        assert_eq!(summary.as_printed.avg_duration_ms.as_deref(), Some(printed));
    }
}
