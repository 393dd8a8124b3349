//! The live area of a terminal: the bar of checks and, while traffic is watched, the
//! lines of its window below it. A thread draws it, because its clocks go on between
//! events.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::watch::Watch;
use crate::outcome::tick::Tick;
use crate::printer;

/// How often the area is redrawn.
const TICK: Duration = Duration::from_millis(100);
/// A check that runs longer than this is shown with its time.
const SLOW: Duration = Duration::from_secs(10);
/// The most running checks that are named.
const NAMED: usize = 3;
/// The width of a terminal that does not report one.
const WIDTH: u16 = 80;

/// The running checks, the longest first: `chatwoot.services (14 s), schema.facts-table, 2 more`.
pub(super) fn running<'a>(checks: impl ExactSizeIterator<Item = (&'a str, Duration)>) -> String {
    let more = checks.len().saturating_sub(NAMED);
    let mut parts: Vec<String> = checks
        .take(NAMED)
        .map(|(id, since)| match since >= SLOW {
            true => format!("{id} ({} s)", since.as_secs()),
            false => id.to_owned(),
        })
        .collect();
    if more > 0 {
        parts.push(format!("{more} more"));
    }
    parts.join(", ")
}

/// What the thread draws, as of the last event.
#[derive(Default)]
struct Shown {
    running: Vec<(String, Instant)>,
    /// The watch, and when its last event arrived.
    watch: Option<(Watch, Instant)>,
}

type Shared = Arc<Mutex<Shown>>;

/// The area, and the thread that draws it.
pub(super) struct Bar {
    multi: MultiProgress,
    bar: ProgressBar,
    window: ProgressBar,
    shown: Shared,
    stop: Option<Sender<()>>,
    ticker: Option<JoinHandle<()>>,
}

impl Bar {
    pub(super) fn new(target: ProgressDrawTarget, colour: bool) -> Bar {
        let multi = MultiProgress::with_draw_target(target);
        let bar = multi.add(ProgressBar::new(0));
        let template = match colour {
            true => "{spinner:.green} {bar:12.green/dim} {pos}/{len} {prefix:.yellow} {wide_msg:.dim}",
            false => "{spinner} {bar:12} {pos}/{len} {prefix} {wide_msg}",
        };
        bar.set_style(style(template).progress_chars("━╸─").tick_chars("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏ "));
        let window = ProgressBar::hidden();
        window.set_style(style("{msg}"));
        let shown = Shared::default();
        let (stop, stopped) = channel();
        let (drawn, below, state) = (bar.clone(), window.clone(), shown.clone());
        let ticker = std::thread::spawn(move || {
            let mut before = Vec::new();
            while stopped.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
                let now = Instant::now();
                let (line, lines) = {
                    let shown = locked(&state);
                    let names = shown.running.iter().map(|(id, since)| (id.as_str(), now - *since));
                    let width = width();
                    let block = |(watch, since): &(Watch, Instant)| watch.lines(now - *since, width, colour);
                    (running(names), shown.watch.as_ref().map(block).unwrap_or_default())
                };
                drawn.set_message(line);
                drawn.tick();
                // Redrawn only when it has changed; its clock changes once a second.
                if lines != before {
                    below.set_message(lines.join("\n"));
                    before = lines;
                }
            }
        });
        Bar { multi, bar, window, shown, stop: Some(stop), ticker: Some(ticker) }
    }

    /// Sets the number of planned checks.
    pub(super) fn set_length(&self, checks: usize) {
        self.bar.set_length(checks as u64);
    }

    pub(super) fn started(&self, id: String) {
        locked(&self.shown).running.push((id, Instant::now()));
    }

    pub(super) fn finished(&self, id: &str) {
        locked(&self.shown).running.retain(|(running, _)| running != id);
    }

    pub(super) fn count(&self, finished: usize, tally: String) {
        self.bar.set_position(finished as u64);
        self.bar.set_prefix(tally);
    }

    /// Shows the lines of a watch.
    pub(super) fn watch(&self, watch: Watch) {
        let mut shown = locked(&self.shown);
        if shown.watch.is_none() {
            self.multi.add(self.window.clone());
        }
        shown.watch = Some((watch, Instant::now()));
    }

    pub(super) fn ticked(&self, tick: &Tick) {
        if let Some((watch, since)) = &mut locked(&self.shown).watch {
            watch.ticked(tick);
            *since = Instant::now();
        }
    }

    /// A line above the area.
    pub(super) fn println(&self, line: &str) {
        self.bar.println(line);
    }

    pub(super) fn suspend<T>(&self, f: impl FnOnce() -> T) -> T {
        self.multi.suspend(f)
    }
}

/// The columns of the terminal.
pub(super) fn width() -> usize {
    usize::from(printer::stderr_width().unwrap_or(WIDTH))
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

/// Locks the state. Every change leaves it consistent, so a poisoned lock can be used.
fn locked(shown: &Shared) -> MutexGuard<'_, Shown> {
    shown.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Drop for Bar {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(ticker) = self.ticker.take() {
            let _ = ticker.join();
        }
        self.window.finish_and_clear();
        self.bar.finish_and_clear();
    }
}
