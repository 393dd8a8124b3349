//! What a run shows on stderr while it goes on: a bar with the names of what is
//! being asked on a terminal, a line per finished check elsewhere. Which of them
//! is a pure function of facts that are passed in.

use std::collections::HashMap;
use std::io::{IsTerminal, Write};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::report::{Format, badge, text};
use crate::run::event::Event;
use crate::run::outcome::Outcome;

/// How often the bar is drawn anew.
const TICK: Duration = Duration::from_millis(100);
/// From here on the bar says that a check takes long.
const SLOW: Duration = Duration::from_secs(10);
/// So many running checks are named.
const NAMED: usize = 3;

/// What has to be known to choose a way of showing progress.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    pub stdout_terminal: bool,
    pub stderr_terminal: bool,
    /// The variable `CI` says so.
    pub ci: bool,
    /// `NO_COLOR` is set and not empty.
    pub no_color: bool,
    /// `TERM=dumb`: cursor movements are not understood.
    pub dumb: bool,
    pub quiet: bool,
    /// The format on stdout.
    pub format: Format,
}

impl Facts {
    /// The facts of this process; the only function here that looks at the world.
    pub fn here(format: Format, quiet: bool) -> Facts {
        let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        Facts {
            stdout_terminal: std::io::stdout().is_terminal(),
            stderr_terminal: std::io::stderr().is_terminal(),
            ci: set("CI").is_some_and(|value| value != "false" && value != "0"),
            no_color: set("NO_COLOR").is_some(),
            dumb: set("TERM").is_some_and(|value| value == "dumb"),
            quiet,
            format,
        }
    }

    /// Whether what goes to stdout may have colours.
    pub fn stdout_colour(&self) -> bool {
        self.stdout_terminal && !self.no_color && !self.dumb
    }

    /// How progress is shown.
    pub fn drawing(&self) -> Drawing {
        // Json lines are read while they come: a bar would be torn by them where both meet in one
        // terminal, and there the lines themselves are the progress.
        let stream = self.format == Format::Jsonl;
        let way = if self.quiet || (stream && self.stdout_terminal) {
            Way::Silent
        } else if self.stderr_terminal && !self.ci && !self.dumb && !stream {
            Way::Bar
        } else {
            Way::Lines
        };
        Drawing {
            way,
            colour: self.stderr_terminal && !self.no_color && !self.dumb,
            live: self.stderr_terminal && way != Way::Silent,
        }
    }
}

/// How progress is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drawing {
    pub way: Way,
    pub colour: bool,
    /// Whether the output of running commands is shown as it comes.
    pub live: bool,
}

/// The ways of showing progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// A bar that is drawn again and again, and is gone at the end.
    Bar,
    /// A line per finished check.
    Lines,
    Silent,
}

/// Follows a run, event by event.
pub struct Progress {
    drawing: Drawing,
    planned: usize,
    /// The label of each finished check: an outcome can be revised.
    finished: HashMap<String, &'static str>,
    sink: Box<dyn Write + Send>,
    bar: Option<Bar>,
}

impl Progress {
    /// Progress on `sink`, which is stderr (see [`crate::printer::stderr`]); the bar draws itself there.
    pub fn new(drawing: Drawing, sink: Box<dyn Write + Send>) -> Progress {
        Progress::onto(drawing, sink, ProgressDrawTarget::stderr())
    }

    /// The same with another place for the bar.
    pub fn onto(drawing: Drawing, sink: Box<dyn Write + Send>, target: ProgressDrawTarget) -> Progress {
        let bar = (drawing.way == Way::Bar).then(|| Bar::new(target, drawing.colour));
        Progress { drawing, planned: 0, finished: HashMap::new(), sink, bar }
    }

    /// Shows what happened.
    pub fn on(&mut self, event: &Event) {
        match event {
            Event::Planned { checks, verb, target, .. } => {
                self.planned = checks.len();
                if let Some(bar) = &self.bar {
                    bar.bar.set_length(checks.len() as u64);
                }
                let (verb, target) = (text::plain(verb), text::plain(target));
                self.line(&format!("{verb} of {target}: {}", text::checks(checks.len())));
            }
            Event::Started { id, .. } => {
                if let Some(bar) = &self.bar {
                    bar.running().push((text::plain(id), Instant::now()));
                }
            }
            Event::Line { id, text, .. } if self.drawing.live => {
                let line = format!("    {} │ {}", text::plain(id), text::plain(text));
                self.above(&line);
            }
            Event::Line { .. } => {}
            Event::Retrying { id, attempt, reason, .. } => {
                let (id, reason) = (text::plain(id), text::cell(reason, 200));
                self.above(&format!("    {id}: attempt {attempt} did not pass, asking again: {reason}"));
            }
            Event::Finished { outcome, .. } => self.finished(outcome),
            Event::Revised { outcome } => {
                self.finished.insert(outcome.id.clone(), outcome.label());
                self.line(&format!("revised: {}", described(outcome)));
                self.count();
            }
            Event::Watching { .. } | Event::Tick(_) => {}
            Event::Ended { .. } => self.bar = None,
        }
    }

    /// Runs `f` while nothing is drawn, for those who write to the same terminal.
    pub fn suspend<T>(&self, f: impl FnOnce() -> T) -> T {
        match &self.bar {
            Some(bar) => bar.bar.suspend(f),
            None => f(),
        }
    }

    fn finished(&mut self, outcome: &Outcome) {
        self.finished.insert(outcome.id.clone(), outcome.label());
        if let Some(bar) = &self.bar {
            let id = text::plain(&outcome.id);
            bar.running().retain(|(running, _)| *running != id);
        }
        let width = self.planned.to_string().len();
        let (done, planned) = (self.finished.len(), self.planned);
        self.line(&format!("{done:>width$}/{planned} {}", described(outcome)));
        self.count();
    }

    fn count(&self) {
        if let Some(bar) = &self.bar {
            bar.bar.set_position(self.finished.len() as u64);
            bar.bar.set_prefix(tallied(self.finished.values().copied()));
        }
    }

    /// A line where there is no bar.
    fn line(&mut self, line: &str) {
        if self.drawing.way == Way::Lines {
            self.write(line);
        }
    }

    /// A line above the bar, or among the lines.
    fn above(&mut self, line: &str) {
        match (&self.bar, self.drawing.colour) {
            (Some(bar), true) => bar.bar.println(format!("\x1b[2m{line}\x1b[0m")),
            (Some(bar), false) => bar.bar.println(line),
            (None, _) => self.line(line),
        }
    }

    fn write(&mut self, line: &str) {
        // Progress that cannot be shown is no reason to stop a run.
        let _nowhere_to_tell = writeln!(self.sink, "{line}");
    }
}

fn described(outcome: &Outcome) -> String {
    let id = text::plain(&outcome.id);
    let time =
        if outcome.attempts == 0 { String::new() } else { format!("  {}", text::took(outcome.took_ms)) };
    let reason = match outcome.is_problem() && !outcome.reason.is_empty() {
        true => format!("  {}", text::cell(&outcome.reason, 200)),
        false => String::new(),
    };
    format!("{}  {id}{time}{reason}", badge(outcome))
}

/// The labels other than `pass`, counted, worst first: `1 fail, 2 warn`.
fn tallied(labels: impl Iterator<Item = &'static str> + Clone) -> String {
    ["fail", "error", "inconclusive", "blocked", "warn", "waived", "skipped"]
        .into_iter()
        .map(|label| (labels.clone().filter(|l| *l == label).count(), label))
        .filter(|(count, _)| *count > 0)
        .map(|(count, label)| format!("{count} {label}"))
        .collect::<Vec<_>>()
        .join(", ")
}

/// What is being asked, the longest first: `chatwoot.api (14 s, slower than usual), schema.tables, 2 more`.
fn asking<'a>(running: impl ExactSizeIterator<Item = (&'a str, Duration)>) -> String {
    let more = running.len().saturating_sub(NAMED);
    let mut parts: Vec<String> = running
        .take(NAMED)
        .map(|(id, since)| match since >= SLOW {
            true => format!("{id} ({} s, slower than usual)", since.as_secs()),
            false => id.to_owned(),
        })
        .collect();
    if more > 0 {
        parts.push(format!("{more} more"));
    }
    parts.join(", ")
}

type Running = Arc<Mutex<Vec<(String, Instant)>>>;

/// The bar, and the thread that draws it: time passes between events, too.
struct Bar {
    bar: ProgressBar,
    running: Running,
    stop: Option<Sender<()>>,
    ticker: Option<JoinHandle<()>>,
}

impl Bar {
    fn new(target: ProgressDrawTarget, colour: bool) -> Bar {
        let bar = ProgressBar::with_draw_target(Some(0), target);
        let template = match colour {
            true => "{spinner:.green} {bar:12.green/dim} {pos}/{len} {prefix:.yellow} {wide_msg:.dim}",
            false => "{spinner} {bar:12} {pos}/{len} {prefix} {wide_msg}",
        };
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        bar.set_style(style.progress_chars("━╸─").tick_chars("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏ "));
        let running = Running::default();
        let (stop, stopped) = channel();
        let (drawn, asked) = (bar.clone(), running.clone());
        let ticker = std::thread::spawn(move || {
            while stopped.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
                let now = Instant::now();
                let line = asking(locked(&asked).iter().map(|(id, since)| (id.as_str(), now - *since)));
                drawn.set_message(line);
                drawn.tick();
            }
        });
        Bar { bar, running, stop: Some(stop), ticker: Some(ticker) }
    }

    fn running(&self) -> MutexGuard<'_, Vec<(String, Instant)>> {
        locked(&self.running)
    }
}

/// The list is whole after every statement that changes it, so a panic elsewhere does not spoil it.
fn locked(running: &Running) -> MutexGuard<'_, Vec<(String, Instant)>> {
    running.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Drop for Bar {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(ticker) = self.ticker.take() {
            let _nothing_to_learn = ticker.join();
        }
        self.bar.finish_and_clear();
    }
}

#[cfg(test)]
mod tests;
