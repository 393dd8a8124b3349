//! A watch of traffic while it runs: a block of lines on a terminal, one line per tick
//! elsewhere. Both are pure functions of the last tick, the time since it and the width.
//! They show how the window would end now, never a verdict.

use std::time::Duration;

use jiff::Timestamp;
use unicode_width::UnicodeWidthChar;

use crate::outcome::tick::{LiveStatus, Tick};
use crate::outcome::window::Window;
use crate::report::spark;
use crate::text;

/// The widest bar and sparkline that can be read at a glance.
const WIDEST: usize = 72;
/// A narrower sparkline is useless; the text after it is truncated instead.
const NARROWEST: usize = 8;
/// With less room than this, the scale of the latency is left out.
const NARROW: usize = 20;
/// The width of the first column, which holds labels such as `success`.
const NAME: usize = 9;

/// A sentence below another line, wrapped between words.
pub(super) fn remark(text: &str, width: usize) -> Vec<String> {
    const INDENT: &str = "    ";
    let room = width.saturating_sub(INDENT.len()).max(NARROW);
    let columns = |text: &str| text.chars().map(|c| c.width().unwrap_or(0)).sum::<usize>();
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if columns(line) + 1 + columns(word) <= room => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines.into_iter().map(|line| format!("{INDENT}{line}")).collect()
}

/// A log line: the window that is watched.
pub(super) fn opening(window: &Window) -> String {
    let (from, to) = (window.from.strftime("%H:%M:%S"), window.to.strftime("%H:%M:%S"));
    format!("watching traffic from {from} to {to} UTC")
}

/// A log line: `14:02:10  3:40 left  98.33 % of 60, 1 failed, ..  passing: 2 more failures would fail it`.
pub(super) fn line(tick: &Tick) -> String {
    let numbers = [rate(tick), dead_letters(tick), mean(tick), pace(tick)].join(", ");
    let (at, left) = (tick.at.strftime("%H:%M:%S"), left(tick.left_s));
    let mut line = format!("{at}  {left}  {numbers}  {}: {}", word(tick), text::cell(&tick.reason, 200));
    if let Some(trouble) = &tick.trouble {
        line.push_str(&format!("; {}", troubled(trouble)));
    }
    line
}

/// A watch, as of its last event.
pub(super) struct Watch {
    window: Window,
    /// Seconds until its end, at the last event.
    left_s: u64,
    tick: Option<Tick>,
}

impl Watch {
    /// A watch before its first tick; a window in the past has no time left.
    pub(super) fn of(window: Window, at: Timestamp) -> Watch {
        let left_s = u64::try_from(window.to.duration_since(at).as_secs()).unwrap_or(0);
        Watch { window, left_s, tick: None }
    }

    pub(super) fn ticked(&mut self, tick: &Tick) {
        self.window = Window { from: tick.from, to: tick.to };
        self.left_s = tick.left_s;
        self.tick = Some(tick.clone());
    }

    /// The block, each line at most `width` columns; `passed` is the time since the last event.
    pub(super) fn lines(&self, passed: Duration, width: usize, colour: bool) -> Vec<String> {
        let length = u64::try_from(self.window.length().as_secs()).unwrap_or(0);
        let left_s = self.left_s.saturating_sub(passed.as_secs());
        let mut lines = vec![bar(length, left_s, width)];
        match &self.tick {
            None => lines.push(Line::named("traffic").with(Ink::Dim, "no data yet")),
            Some(tick) => lines.extend(numbers(tick, width)),
        }
        lines.iter().map(|line| line.fitted(width, colour)).collect()
    }
}

fn bar(length: u64, left_s: u64, width: usize) -> Line {
    let left = left(left_s);
    let room = room(&left, width);
    let gone = length.saturating_sub(left_s);
    let cells = usize::try_from(gone * room as u64 / length.max(1)).unwrap_or(room).min(room);
    Line::named("window")
        .with(Ink::Green, &"━".repeat(cells))
        .with(Ink::Dim, &"─".repeat(room - cells))
        .with(Ink::None, &format!("  {left}"))
}

fn numbers(tick: &Tick, width: usize) -> Vec<Line> {
    let p95 = tick.p95_ms.map(|ms| format!(", p95 {ms} ms")).unwrap_or_default();
    let (rate, mean) = (rate(tick), format!("{}{p95}", mean(tick)));
    // Both sparklines have the same length, so that their ticks line up.
    let (_, highest) = spark::latency(&tick.spark, tick.spark.len());
    let height = |top: Option<f64>| top.map(|ms| format!(", █ = {ms:.0} ms")).unwrap_or_default();
    let with_scale = room(&format!("{mean}{}", height(highest)), width);
    let scaled = with_scale >= NARROW;
    let room = room(&rate, width).min(if scaled { with_scale } else { room(&mean, width) });
    let mut success = Line::named("success");
    for c in spark::success(&tick.spark, room).chars() {
        let ink = match c {
            spark::CLEAN => Ink::Green,
            spark::HOLE => Ink::Yellow,
            spark::NOTHING => Ink::Dim,
            _ => Ink::Red,
        };
        success = success.with(ink, &c.to_string());
    }
    let (latency, top) = spark::latency(&tick.spark, room);
    let ink = match tick.standing {
        LiveStatus::Passing => Ink::Green,
        LiveStatus::Failing => Ink::Red,
        LiveStatus::Thin => Ink::Yellow,
    };
    let dead = if tick.dead_letters == 0 { Ink::None } else { Ink::Red };
    let mut lines = vec![
        success.until(NAME + room).with(Ink::None, &format!("  {rate}")),
        Line::named("latency")
            .with(Ink::None, &latency)
            .until(NAME + room)
            .with(Ink::None, &format!("  {mean}{}", height(top.filter(|_| scaled)))),
        Line::named("traffic").with(Ink::None, &format!("{}, ", pace(tick))).with(dead, &dead_letters(tick)),
        Line::named("so far")
            .with(ink, word(tick))
            .with(Ink::None, &format!(": {}", text::cell(&tick.reason, 400))),
    ];
    if let Some(trouble) = &tick.trouble {
        lines.push(Line::named("problem").with(Ink::Yellow, &troubled(trouble)));
    }
    lines
}

/// The columns left for a bar with `text` behind it.
fn room(text: &str, width: usize) -> usize {
    width.saturating_sub(NAME + 2 + text.chars().count()).clamp(NARROWEST, WIDEST)
}

fn left(seconds: u64) -> String {
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    match (hours, minutes, seconds) {
        (0, 0, 0) => "waiting for late rows".to_owned(),
        (0, ..) => format!("{minutes}:{seconds:02} left"),
        _ => format!("{hours}:{minutes:02}:{seconds:02} left"),
    }
}

fn rate(tick: &Tick) -> String {
    match (&tick.success_rate, tick.total) {
        (_, 0) => "no deliveries".to_owned(),
        (Some(rate), total) => format!("{} % of {total}, {} failed", text::cell(rate, 10), tick.bad),
        (None, total) => format!("{} of {total} failed", tick.bad),
    }
}

fn dead_letters(tick: &Tick) -> String {
    let word = if tick.dead_letters == 1 { "dead letter" } else { "dead letters" };
    format!("{} {word}", tick.dead_letters)
}

fn mean(tick: &Tick) -> String {
    match tick.avg_duration_ms.filter(|ms| ms.is_finite()) {
        Some(ms) => format!("average {ms:.0} ms"),
        None => "no durations".to_owned(),
    }
}

fn pace(tick: &Tick) -> String {
    format!("{:.1}/min", tick.requests_per_minute)
}

fn word(tick: &Tick) -> &'static str {
    match tick.standing {
        LiveStatus::Passing => "passing",
        LiveStatus::Failing => "failing",
        LiveStatus::Thin => "no verdict yet",
    }
}

fn troubled(trouble: &str) -> String {
    format!("database not reachable (showing the last known numbers): {}", text::cell(trouble, 200))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Ink {
    None,
    Dim,
    Green,
    Yellow,
    Red,
}

/// A line before it is coloured and truncated.
#[derive(Default)]
struct Line {
    parts: Vec<(Ink, String)>,
}

impl Line {
    fn named(name: &str) -> Line {
        Line::default().with(Ink::Dim, &format!("{name:<NAME$}"))
    }

    fn with(mut self, ink: Ink, text: &str) -> Line {
        match self.parts.last_mut() {
            Some((last, before)) if *last == ink => before.push_str(text),
            _ => self.parts.push((ink, text.to_owned())),
        }
        self
    }

    /// Blanks up to a column.
    fn until(self, column: usize) -> Line {
        let used: usize = self.parts.iter().map(|(_, text)| text.chars().count()).sum();
        self.with(Ink::None, &" ".repeat(column.saturating_sub(used)))
    }

    /// At most `width` columns; a truncated line ends with an ellipsis.
    fn fitted(&self, width: usize, colour: bool) -> String {
        let columns = |c: char| c.width().unwrap_or(0);
        let whole: usize = self.parts.iter().flat_map(|(_, text)| text.chars()).map(columns).sum();
        let mut room = if whole > width { width.saturating_sub(1) } else { width };
        let mut out = String::new();
        let mut full = false;
        for (ink, text) in &self.parts {
            let mut kept = String::new();
            for c in text.chars() {
                full |= columns(c) > room;
                if !full {
                    room -= columns(c);
                    kept.push(c);
                }
            }
            out.push_str(&painted(*ink, &kept, colour));
        }
        if whole > width && width > 0 {
            out.push('…');
        }
        out
    }
}

fn painted(ink: Ink, text: &str, colour: bool) -> String {
    let code = match ink {
        Ink::None => return text.to_owned(),
        _ if !colour || text.is_empty() => return text.to_owned(),
        Ink::Dim => "2",
        Ink::Green => "32",
        Ink::Yellow => "33",
        Ink::Red => "1;31",
    };
    format!("\x1b[{code}m{text}\x1b[0m")
}

#[cfg(test)]
mod tests;
