//! `rehearse --score`: runs every fault once, with progress, and prints the matrix.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use jiff::Timestamp;

use super::runtime;
use crate::checklist;
use crate::cli::{RehearseArgs, ScoreFormat};
use crate::commands::overlay_notes::today;
use crate::ending::Signals;
use crate::exit::Exit;
use crate::input::format::Format;
use crate::input::selection::nearest;
use crate::printer::{self, Printer};
use crate::progress::{DrawMode, Facts};
use crate::rehearsal::faults::{self, Fault};
use crate::rehearsal::postgres::Engine;
use crate::rehearsal::postgres::database::DatabaseFactory;
use crate::rehearsal::score::{Event, Scoring, render};

/// Runs the faults and prints the score.
///
/// # Errors
/// A world that does not start, an unknown fault, and an error writing to stdout.
pub fn score(args: &RehearseArgs, printer: &mut Printer) -> Result<Exit> {
    let all = faults::load()?;
    let faults = chosen(all.clone(), &args.only)?;
    let all = all.len();
    let program = std::env::current_exe().context("cannot find this program's own path")?;
    let list = checklist::load_with(args.checks.as_deref(), today(Timestamp::now()))?;
    let runtime = runtime()?;
    let mut signals = runtime.block_on(async { Signals::listen() }).context("cannot listen for Ctrl-C")?;
    let engine = Engine::choose(args.postgres)?;
    let databases = runtime.block_on(async {
        tokio::select! {
            databases = DatabaseFactory::start(engine) => databases.map(Ok),
            how = signals.next() => Ok(Err(how)),
        }
    })?;
    let databases = match databases {
        Ok(databases) => databases,
        Err(how) => return Ok(how.into()),
    };
    printer.note(&format!("postgres: {}", databases.engine().name()));
    let scoring = Scoring { faults, list, databases, program, checks: args.checks.clone() };
    let facts = Facts::here(Format::Table, false);
    let mut shown = Shown::new(facts.drawing().way == DrawMode::Bar);
    let matrix = scoring.run(&runtime, signals, &mut |event| shown.on(&event, printer));
    shown.end();
    let mut matrix = match matrix {
        Ok(matrix) => matrix,
        Err(how) => return Ok(how.into()),
    };
    if !args.only.is_empty() {
        matrix.restrict_to(&scoring.faults, all);
    }
    let text = match args.format {
        ScoreFormat::Table => {
            let width = facts.stdout_terminal.then(printer::width).flatten();
            render::table(&matrix, width)
        }
        ScoreFormat::Json => render::json(&matrix),
        ScoreFormat::Markdown => render::markdown(&matrix),
    };
    let _ = printer.data(&text)?;
    Ok(matrix.exit())
}

/// The faults and good worlds that a pattern of `--only` names, by their own name or by a check that they are about.
fn chosen(faults: Vec<Fault>, only: &[String]) -> Result<Vec<Fault>> {
    let patterns: Vec<glob::Pattern> = only
        .iter()
        .map(|word| glob::Pattern::new(word).with_context(|| format!("--only {word}: not a valid pattern")))
        .collect::<Result<_>>()?;
    let named = |fault: &Fault, pattern: &glob::Pattern| {
        pattern.matches(&fault.name) || fault.expectations.iter().any(|e| pattern.matches(&e.check))
    };
    for (word, pattern) in only.iter().zip(&patterns) {
        let near = nearest(word, faults.iter().map(|fault| fault.name.as_str()));
        let hint = near.map(|name| format!("; did you mean `{name}`?")).unwrap_or_default();
        let known = faults.iter().any(|fault| named(fault, pattern));
        ensure!(
            known,
            "--only {word}: no fault or check has this name{hint} (see `hotdash-ops rehearse --list`)"
        );
    }
    let wanted = |fault: &Fault| patterns.is_empty() || patterns.iter().any(|p| named(fault, p));
    Ok(faults.into_iter().filter(wanted).collect())
}

/// Progress on stderr: a bar on a terminal, else one line per fault.
struct Shown {
    bar: Option<ProgressBar>,
    live: bool,
    total: usize,
}

impl Shown {
    fn new(live: bool) -> Shown {
        Shown { bar: None, live, total: 0 }
    }

    fn on(&mut self, event: &Event<'_>, printer: &mut Printer) {
        match event {
            Event::Started { faults, expected } => {
                self.total = *faults;
                let plural = if *faults == 1 { "" } else { "s" };
                printer.note(&format!("running {faults} world{}, about {}", plural, minutes(*expected)));
                if self.live {
                    let bar = ProgressBar::with_draw_target(
                        u64::try_from(*faults).ok(),
                        ProgressDrawTarget::stderr(),
                    );
                    let style = ProgressStyle::with_template("{bar:24} {pos}/{len} {elapsed} {msg}");
                    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
                    bar.enable_steady_tick(Duration::from_secs(1));
                    self.bar = Some(bar);
                }
            }
            Event::Finished { played, left } => {
                let (result, name) = (played.result.result, &played.name);
                let seconds = played.took_ms as f64 / 1000.0;
                match &self.bar {
                    Some(bar) => {
                        bar.inc(1);
                        bar.set_message(name.clone());
                        if played.is_missed() {
                            bar.suspend(|| printer.note(&format!("{result}  {name}")));
                        }
                    }
                    None => {
                        printer.note(&format!(
                            "{}/{} {result}  {name}  {seconds:.1} s",
                            self.total - left,
                            self.total
                        ));
                    }
                }
            }
        }
    }

    fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn minutes(length: Duration) -> String {
    match length.as_secs() {
        seconds if seconds < 90 => format!("{seconds} s"),
        seconds => format!("{} minutes", seconds.div_ceil(60)),
    }
}
