//! The traffic of a run as a list of named values, which the renderers lay out. A value
//! that is a column of the checklist's SQL has that column's name.

use jiff::Timestamp;

use super::spark;
use crate::outcome::traffic::{Counted, Summary};
use crate::outcome::window::{Ended, Mode};
use crate::text;

/// The most kinds of failures, remarks or gaps shown without `-v`.
const MAX_CAUSES: usize = 5;
/// The widest sparkline, so that a table cell never truncates it.
const SPARK: usize = 60;

/// Shown in place of a verdict.
pub const PROVISIONAL: &str = "not judged: the watch was stopped before its verdict";

/// A short name and a text that is not yet made safe for a terminal.
pub type Fact = (&'static str, String);

/// How much is shown.
#[derive(Clone, Copy)]
pub struct Extent {
    /// Columns of a sparkline.
    pub width: usize,
    /// All kinds of failures, gaps and remarks, not only the first few.
    pub all: bool,
}

/// `2025-11-22 23:33:04 to 23:48:04 UTC · 15 minutes`.
pub fn window(traffic: &Summary) -> String {
    let (from, to) = (traffic.from, traffic.to);
    let same_day = from.strftime("%F").to_string() == to.strftime("%F").to_string();
    let end = to.strftime(if same_day { "%H:%M:%S" } else { "%Y-%m-%d %H:%M:%S" });
    let minutes = number(traffic.minutes, 2);
    let word = if minutes == "1" { "minute" } else { "minutes" };
    format!("{} to {end} UTC · {minutes} {word}", from.strftime("%Y-%m-%d %H:%M:%S"))
}

/// The numbers in one line: `98.33 % of 60, 1 failed; 0 dead letters; average 213.4166 ms`.
pub fn line(traffic: &Summary) -> String {
    let dead = match traffic.dlq_count {
        1 => "1 dead letter".to_owned(),
        count => format!("{count} dead letters"),
    };
    let average = average(traffic).map_or("no durations".to_owned(), |ms| format!("average {ms} ms"));
    let numbers = format!("{}; {dead}; {average}", success(traffic));
    if traffic.provisional { format!("{numbers} ({PROVISIONAL})") } else { numbers }
}

/// All values, in reading order.
pub fn facts(traffic: &Summary, extent: Extent) -> Vec<Fact> {
    let mut facts = Vec::new();
    if traffic.provisional {
        facts.push(("provisional", format!("{PROVISIONAL}; the numbers come from its ticks")));
    }
    facts.push(("window", watched(traffic)));
    if let Some(deploy) = &traffic.deploy {
        let running = if deploy.running { ", not finished yet" } else { "" };
        facts.push(("deploy", format!("{} ({}{running})", time(deploy.at), deploy.source)));
    }
    facts.push(("success_rate", success(traffic)));
    facts.push(("total", traffic.total.to_string()));
    facts.push((
        "avg_duration_ms",
        average(traffic).unwrap_or_else(|| "none: no readable durations".to_owned()),
    ));
    facts.push(("dlq_count", traffic.dlq_count.to_string()));
    facts.extend(percentiles(traffic).map(|text| ("percentiles", text)));
    facts.push(("pace", pace(traffic)));
    facts.extend(durations(traffic).map(|text| ("durations", text)));
    facts.extend(few(traffic.margins.iter().cloned(), extent.all).map(|text| ("margin", text)));
    let width = extent.width.min(SPARK);
    if !traffic.series.is_empty() {
        let points = spark::of(&traffic.series);
        let (latency, top) = spark::latency(&points, width);
        facts.push(("success", spark::success(&points, width)));
        if let Some(top) = top {
            facts.push(("latency", format!("{latency}\n█ is an average of {} ms", number(top, 1))));
        }
    }
    facts.extend(few(traffic.failures_by_status.iter().map(counted), extent.all).map(|t| ("failed", t)));
    facts.extend(
        few(traffic.dead_letters_by_error.iter().map(counted), extent.all).map(|t| ("dead letter", t)),
    );
    let gaps = traffic.gaps.iter().map(|gap| format!("{} to {}: {}", time(gap.from), time(gap.to), gap.why));
    facts.extend(few(gaps, extent.all).map(|text| ("gap", text)));
    facts.extend(late(traffic).map(|text| ("late", text)));
    if traffic.future > 0 {
        let count = plural(traffic.future, "fact");
        facts.push((
            "future",
            format!("{count} with a time later than the database's clock, not in the window"),
        ));
    }
    facts.extend(few(traffic.remarks.iter().cloned(), extent.all).map(|text| ("note", text)));
    facts
}

fn watched(traffic: &Summary) -> String {
    let mode = match traffic.mode {
        Mode::Forward => "watched from the start",
        Mode::Past => "evaluated afterwards",
    };
    let ended = match &traffic.ended {
        None if traffic.provisional => " but not to the end".to_owned(),
        Some(Ended::AtItsEnd) if traffic.mode == Mode::Forward => " to the end".to_owned(),
        None | Some(Ended::AtItsEnd) => String::new(),
        Some(Ended::DeadLetter) => ", ended early by a dead letter".to_owned(),
        Some(Ended::BeyondRescue(why)) => format!(", ended early: {why}"),
    };
    format!("{mode}{ended}")
}

/// The rate as PostgreSQL printed it, if it did.
fn success(traffic: &Summary) -> String {
    let printed = traffic.as_printed.success_rate.clone();
    let rate = printed.or_else(|| traffic.success_rate.map(|rate| format!("{rate:.2}")));
    match (rate, traffic.total) {
        (_, 0) => "none: no deliveries".to_owned(),
        (Some(rate), total) => format!("{rate} % of {total}, {} failed", traffic.failures),
        (None, total) => format!("none: {} of {total} failed", traffic.failures),
    }
}

fn average(traffic: &Summary) -> Option<String> {
    let printed = traffic.as_printed.avg_duration_ms.clone();
    printed.or_else(|| traffic.avg_duration_ms.map(|ms| number(ms, 4)))
}

fn percentiles(traffic: &Summary) -> Option<String> {
    let named = [("p50", traffic.p50_ms), ("p95", traffic.p95_ms), ("p99", traffic.p99_ms)];
    let parts: Vec<String> =
        named.into_iter().filter_map(|(name, ms)| Some(format!("{name} {} ms", ms?))).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

fn pace(traffic: &Summary) -> String {
    let attempts = traffic.average_attempts.map(|n| format!(", {} attempts on average", number(n, 2)));
    format!("{} requests per minute{}", number(traffic.requests_per_minute, 2), attempts.unwrap_or_default())
}

/// Deliveries that the average leaves out.
fn durations(traffic: &Summary) -> Option<String> {
    let named = [(traffic.unreadable_durations, "unreadable"), (traffic.untimed, "missing")];
    let parts: Vec<String> = named
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

fn late(traffic: &Summary) -> Option<String> {
    let count = traffic.late.unsigned_abs();
    match traffic.late {
        0 => None,
        1.. => Some(format!("{} that the ticks missed", plural(count, "fact"))),
        _ => Some(format!("the ticks counted {} that are now missing", plural(count, "fact"))),
    }
}

fn counted(counted: &Counted) -> String {
    let what = counted.what.as_deref().unwrap_or("(nothing was recorded)");
    format!("{} × {}", counted.count, what.replace(['\n', '\r'], " "))
}

/// The first few, and how many more there are.
fn few(texts: impl ExactSizeIterator<Item = String>, all: bool) -> impl Iterator<Item = String> {
    let count = texts.len();
    let shown = if all || count <= MAX_CAUSES + 1 { count } else { MAX_CAUSES };
    let more =
        (count > shown).then(|| format!("and {} more (all of them are in the JSON report)", count - shown));
    texts.take(shown).chain(more)
}

fn plural(count: u64, word: &str) -> String {
    format!("{count} {}", text::plural(usize::try_from(count).unwrap_or(usize::MAX), word))
}

fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// At most `digits` decimals, without trailing zeros.
fn number(value: f64, digits: usize) -> String {
    let shown = format!("{value:.digits$}");
    if shown.contains('.') { shown.trim_end_matches('0').trim_end_matches('.').to_owned() } else { shown }
}
