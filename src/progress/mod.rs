//! What a run shows on stderr: on a terminal a bar with the names of the running checks
//! and, while traffic is watched, its window below the bar; elsewhere one line per
//! finished check and per tick. A pure function of [`Facts`] decides between them.

mod bar;
mod facts;
mod watch;

use std::collections::HashMap;
use std::io::Write;

use indicatif::ProgressDrawTarget;

use crate::outcome::Outcome;
use crate::outcome::event::Event;
use crate::report::{badge, counts};
use crate::text;

use self::bar::Bar;
pub use self::facts::{DrawMode, Drawing, Facts};
use self::watch::Watch;

/// Follows a run, event by event.
pub struct Progress {
    drawing: Drawing,
    planned: usize,
    /// The label of each finished check, by id, because an outcome can be revised.
    finished: HashMap<String, &'static str>,
    sink: Box<dyn Write + Send>,
    bar: Option<Bar>,
}

impl Progress {
    /// Progress on `sink`, which is stderr (see [`crate::printer::stderr`]); the bar is drawn on stderr, too.
    pub fn new(drawing: Drawing, sink: Box<dyn Write + Send>) -> Progress {
        Progress::onto(drawing, sink, ProgressDrawTarget::stderr())
    }

    /// The same with another draw target for the bar.
    pub fn onto(drawing: Drawing, sink: Box<dyn Write + Send>, target: ProgressDrawTarget) -> Progress {
        let bar = (drawing.way == DrawMode::Bar).then(|| Bar::new(target, drawing.colour));
        Progress { drawing, planned: 0, finished: HashMap::new(), sink, bar }
    }

    /// Shows one event.
    pub fn on(&mut self, event: &Event) {
        match event {
            Event::Planned { checks, verb, target, .. } => {
                self.planned = checks.len();
                if let Some(bar) = &self.bar {
                    bar.set_length(checks.len());
                }
                let (verb, target) = (text::plain(verb), text::plain(target));
                self.line(&format!("{verb} on {target}: {}", text::checks(checks.len())));
            }
            Event::Started { id, .. } => {
                if let Some(bar) = &self.bar {
                    bar.started(text::plain(id));
                }
            }
            Event::Line { id, text, .. } if self.drawing.live && !text.trim().is_empty() => {
                let line = format!("    {} │ {}", text::plain(id), text::plain(text));
                self.above(&line);
            }
            Event::Line { .. } => {}
            Event::Retrying { id, attempt, reason, .. } => {
                let (id, reason) = (text::plain(id), text::cell(reason, 200));
                self.above(&format!("    {id}: attempt {attempt} failed, retrying: {reason}"));
            }
            Event::Finished { outcome, .. } => self.finished(outcome),
            Event::Revised { outcome } => {
                self.finished.insert(outcome.id.clone(), outcome.label());
                self.line(&format!("revised: {}", described(outcome)));
                self.count();
            }
            Event::Watching { window, remarks, at } => {
                self.line(&watch::opening(window));
                for remark in remarks {
                    let remark = text::cell(remark, 400);
                    // A log has lines of any length, and a search in it finds whole sentences.
                    let width = self.bar.as_ref().map_or(usize::MAX, |_| bar::width());
                    watch::remark(&remark, width).iter().for_each(|line| self.above(line));
                }
                if let Some(bar) = &self.bar {
                    bar.watch(Watch::of(*window, *at));
                }
            }
            Event::Tick(tick) => {
                self.line(&watch::line(tick));
                if let Some(bar) = &self.bar {
                    bar.ticked(tick);
                }
            }
            Event::Ended { .. } => self.bar = None,
        }
    }

    /// Runs `f` while nothing is drawn, so that it can write to the same terminal.
    pub fn suspend<T>(&self, f: impl FnOnce() -> T) -> T {
        match &self.bar {
            Some(bar) => bar.suspend(f),
            None => f(),
        }
    }

    fn finished(&mut self, outcome: &Outcome) {
        self.finished.insert(outcome.id.clone(), outcome.label());
        if let Some(bar) = &self.bar {
            bar.finished(&text::plain(&outcome.id));
        }
        let width = self.planned.to_string().len();
        let (done, planned) = (self.finished.len(), self.planned);
        self.line(&format!("{done:>width$}/{planned} {}", described(outcome)));
        self.count();
    }

    fn count(&self) {
        if let Some(bar) = &self.bar {
            bar.count(self.finished.len(), tallied(self.finished.values().copied()));
        }
    }

    /// A line, only without a bar.
    fn line(&mut self, line: &str) {
        if self.drawing.way == DrawMode::Lines {
            self.write(line);
        }
    }

    /// A line above the bar, or among the lines.
    fn above(&mut self, line: &str) {
        match (&self.bar, self.drawing.colour) {
            (Some(bar), true) => bar.println(&format!("\x1b[2m{line}\x1b[0m")),
            (Some(bar), false) => bar.println(line),
            (None, _) => self.line(line),
        }
    }

    fn write(&mut self, line: &str) {
        // A closed stderr must not stop a run.
        let _ = writeln!(self.sink, "{line}");
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

/// The labels other than `pass`, counted: `1 failed, 2 warnings`.
fn tallied(labels: impl Iterator<Item = &'static str>) -> String {
    counts::counts(labels.filter(|label| *label != "pass")).join(", ")
}

#[cfg(test)]
mod tests;
