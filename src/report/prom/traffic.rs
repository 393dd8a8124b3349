//! The gauges of a watched window, in base units: ratios, seconds, counts. Error texts
//! are not labels, because each new error would create a new series.

use crate::outcome::traffic::Summary;

type Gauge = (&'static str, &'static str, Option<String>);

/// Name, help and value; `None` if the value is unknown.
pub(super) fn gauges(traffic: &Summary) -> Vec<Gauge> {
    let count = |count: u64| Some(count.to_string());
    let finite = |value: Option<f64>| value.filter(|v| v.is_finite());
    let seconds = |ms: Option<f64>| finite(ms).map(|ms| format!("{:.6}", ms / 1_000.0));
    let unix = |at: jiff::Timestamp| {
        let ms = at.as_millisecond();
        Some(format!("{}.{:03}", ms.div_euclid(1_000), ms.rem_euclid(1_000)))
    };
    let ratio = finite(traffic.success_rate).map(|percent| format!("{:.4}", percent / 100.0));
    let attempts = finite(traffic.average_attempts).map(|n| format!("{n:.4}"));
    let pace = finite(Some(traffic.requests_per_minute)).map(|n| format!("{:.6}", n / 60.0));
    let unanswered: f64 = traffic.gaps.iter().map(|gap| gap.to.duration_since(gap.from).as_secs_f64()).sum();
    let late = traffic.late.to_string();
    vec![
        (
            "traffic_provisional",
            "1 when the watch was cut short: nothing was judged, and the numbers come from its ticks.",
            Some(u8::from(traffic.provisional).to_string()),
        ),
        ("traffic_window_start_timestamp_seconds", "When the window begins.", unix(traffic.from)),
        ("traffic_window_end_timestamp_seconds", "When the window ends.", unix(traffic.to)),
        ("traffic_success_ratio", "Share of deliveries that succeeded, 0 to 1.", ratio),
        ("traffic_deliveries", "Deliveries in the window.", count(traffic.total)),
        ("traffic_failures", "Deliveries that failed.", count(traffic.failures)),
        ("traffic_dead_letters", "Dead letters in the window.", count(traffic.dlq_count)),
        (
            "traffic_duration_mean_seconds",
            "The mean of the readable durations.",
            seconds(traffic.avg_duration_ms),
        ),
        (
            "traffic_duration_p50_seconds",
            "Half of the deliveries took at most this.",
            seconds(traffic.p50_ms.map(f64::from)),
        ),
        (
            "traffic_duration_p95_seconds",
            "95 % of the deliveries took at most this.",
            seconds(traffic.p95_ms.map(f64::from)),
        ),
        (
            "traffic_duration_p99_seconds",
            "99 % of the deliveries took at most this.",
            seconds(traffic.p99_ms.map(f64::from)),
        ),
        ("traffic_requests_per_second", "Deliveries per second of the window.", pace),
        ("traffic_attempts_mean", "Attempts per delivery.", attempts),
        (
            "traffic_unreadable_durations",
            "Durations that are not numbers.",
            count(traffic.unreadable_durations),
        ),
        ("traffic_untimed_deliveries", "Deliveries without a duration.", count(traffic.untimed)),
        (
            "traffic_unanswered_seconds",
            "How long the database did not answer.",
            Some(format!("{unanswered:.3}")),
        ),
        ("traffic_late_facts", "Facts that the ticks missed; negative: the ticks counted more.", Some(late)),
        ("traffic_future_facts", "Facts with a time later than the database's clock.", count(traffic.future)),
    ]
}
