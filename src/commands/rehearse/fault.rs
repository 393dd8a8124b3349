//! `rehearse --fault NAME`: injects one fault, shows the reports, and keeps running for practice.

use anyhow::{Context, Result, bail};
use jiff::Timestamp;

use super::list::words;
use super::runtime;
use crate::checklist;
use crate::cli::RehearseArgs;
use crate::commands::overlay_notes::today;
use crate::commands::sandbox::exports;
use crate::ending::Signals;
use crate::exit::Exit;
use crate::input::selection::nearest;
use crate::printer::{Printer, Sent};
use crate::rehearsal::base::Bases;
use crate::rehearsal::faults::{self, Fault};
use crate::rehearsal::postgres::Engine;
use crate::rehearsal::score::child::Ear;
use crate::rehearsal::score::{manual, play, runs_of};

/// The fault of that name.
///
/// # Errors
/// An unknown name, with the nearest one.
pub fn named(name: &str) -> Result<Fault> {
    let faults = faults::load()?;
    let near = nearest(name, faults.iter().map(|fault| fault.name.as_str()));
    match faults.into_iter().find(|fault| fault.name == name) {
        Some(fault) => Ok(fault),
        None => {
            let hint = near.map(|name| format!("; did you mean `{name}`?")).unwrap_or_default();
            bail!("there is no fault named `{name}`{hint} (see `hotdash-ops rehearse --list`)")
        }
    }
}

/// Refuses a fault that this database engine cannot produce.
///
/// # Errors
/// The reason.
pub fn stageable(fault: &Fault, engine: Engine) -> Result<()> {
    match &fault.native_only {
        Some(why) if engine != Engine::Native => {
            bail!("{} is not possible with the {} PostgreSQL: {why}", fault.name, engine.name())
        }
        _ => Ok(()),
    }
}

/// Injects the fault, shows the reports of the runs that must catch it, and keeps running until Ctrl-C.
///
/// # Errors
/// A pipeline that does not start.
pub fn fault(args: &RehearseArgs, name: &str, printer: &mut Printer) -> Result<Exit> {
    let fault = named(name)?;
    let engine = Engine::choose(args.postgres)?;
    stageable(&fault, engine)?;
    let list = checklist::load_with(args.checks.as_deref(), today(Timestamp::now()))?;
    let program = std::env::current_exe().context("this program's own path")?;
    let playing = play::Playing { program, checks: args.checks.clone(), manual: manual(&list) };
    let runs = runs_of(&fault, &list);
    runtime()?.block_on(async {
        let mut signals = Signals::listen().context("cannot catch Ctrl-C")?;
        let ground = async { play::Ground::new(&Bases::start(engine).await?, &runs, Some(&fault)).await };
        let ground = tokio::select! {
            ground = ground => ground?,
            how = signals.next() => return Ok(how.into()),
        };
        printer.note(&format!("postgres: {}", engine.name()));
        printer.note(&format!("{}: {}", fault.name, fault.about));
        for turn in &fault.turns {
            printer.note(&format!("  expected: {}", words(turn)));
        }
        let mut scene = ground.scene();
        tokio::select! {
            played = play::perform(&playing, &mut scene, &runs, Some(&fault), Ear::Person) => {
                played?;
            }
            how = signals.next() => return Ok(how.into()),
        }
        let mut text = exports(&scene.variables);
        text.push_str("# ready\n");
        if printer.data(&text)? == Sent::Closed {
            return Ok(Exit::Ready);
        }
        signals.next().await;
        Ok(Exit::Ready)
    })
}
