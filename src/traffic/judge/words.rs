//! How numbers, times and texts are written in findings.

use jiff::Timestamp;

use crate::outcome::window::Window;
use crate::text::excerpt;

/// `1 delivery`, `60 deliveries`.
pub(super) fn count(n: u64, one: &str, more: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{n} {more}") }
}

pub(super) fn deliveries(n: u64) -> String {
    count(n, "delivery", "deliveries")
}

pub(super) fn dead_letters(n: u64) -> String {
    count(n, "dead letter", "dead letters")
}

/// To the second: `2026-01-01T10:00:00Z`.
pub(super) fn instant(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// The time of day, where the date is clear: `10:00:00Z`.
pub(super) fn clock(at: Timestamp) -> String {
    at.strftime("%H:%M:%SZ").to_string()
}

/// `15 minutes`, `2.5 minutes`, `24 s`.
pub(super) fn minutes(minutes: f64) -> String {
    if minutes < 1.0 {
        return format!("{:.0} s", minutes * 60.0);
    }
    let tenths = (minutes * 10.0).round() / 10.0;
    if tenths == 1.0 { "1 minute".to_owned() } else { format!("{tenths} minutes") }
}

/// Milliseconds below ten seconds, else seconds with one decimal, rounded up: `920 ms`, `15.6 s`.
pub(super) fn duration(ms: u64) -> String {
    if ms < 10_000 {
        return format!("{ms} ms");
    }
    let tenths = ms.div_ceil(100);
    format!("{}.{} s", tenths / 10, tenths % 10)
}

/// `2026-01-01T10:00:00Z to 10:15:00Z, 15 minutes`.
pub(super) fn window(window: &Window) -> String {
    format!("{}, {}", span(window), minutes(window.minutes()))
}

/// `2026-01-01T10:00:00Z to 10:15:00Z`.
pub(super) fn span(window: &Window) -> String {
    let same_day = window.from.strftime("%F").to_string() == window.to.strftime("%F").to_string();
    let end = if same_day { clock(window.to) } else { instant(window.to) };
    format!("{} to {end}", instant(window.from))
}

/// A share in percent with two decimals: `12.42 %`.
pub(super) fn share(share: f64) -> String {
    format!("{:.2} %", share * 100.0)
}

/// `9 of 60`.
pub(super) fn ratio(part: u64, whole: u64) -> String {
    format!("{part} of {whole}")
}

/// A probability, short: `0.0017`, `3.5e-15`.
pub(super) fn probability(p: f64) -> String {
    if p >= 0.001 { format!("{p:.4}") } else { format!("{p:.1e}") }
}

/// A text from the facts on one line, truncated. `None` is a fact without it.
pub(super) fn quoted(text: Option<&str>) -> String {
    match text.map(str::trim) {
        None => "missing".to_owned(),
        Some("") => "empty".to_owned(),
        Some(text) => excerpt(text, 200),
    }
}
