//! `rehearse --fault NAME`: one thing is wrong; what the program says of it, and then time to practise.

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
/// A name that is none, with the nearest.
pub fn named(name: &str) -> Result<Fault> {
    let faults = faults::load()?;
    let near = nearest(name, faults.iter().map(|fault| fault.name.as_str()));
    match faults.into_iter().find(|fault| fault.name == name) {
        Some(fault) => Ok(fault),
        None => {
            let hint = near.map(|name| format!("; did you mean `{name}`?")).unwrap_or_default();
            bail!("no fault is called `{name}`{hint} (see `hotdash-ops rehearse --list`)")
        }
    }
}

/// Refuses a fault that this engine cannot stage.
///
/// # Errors
/// Why it cannot.
pub fn stageable(fault: &Fault, engine: Engine) -> Result<()> {
    match &fault.native_only {
        Some(why) if engine != Engine::Native => {
            bail!("{} cannot be staged on the {} engine: {why}", fault.name, engine.name())
        }
        _ => Ok(()),
    }
}

/// Puts the fault into a world, shows what the runs that should tell say, and stays up until Ctrl-C.
///
/// # Errors
/// A world that does not start.
pub fn fault(args: &RehearseArgs, name: &str, printer: &mut Printer) -> Result<Exit> {
    let fault = named(name)?;
    let engine = Engine::choose(args.postgres)?;
    stageable(&fault, engine)?;
    let list = checklist::load_with(args.checks.as_deref(), today(Timestamp::now()))?;
    let program = std::env::current_exe().context("this program's own path")?;
    let playing = play::Playing { program, checks: args.checks.clone(), manual: manual(&list) };
    let runs = runs_of(&fault, &list);
    runtime()?.block_on(async {
        let mut signals = Signals::listen().context("no way to hear Ctrl-C")?;
        let ground = async { play::Ground::new(&Bases::start(engine).await?, &runs, Some(&fault)).await };
        let ground = tokio::select! {
            ground = ground => ground?,
            how = signals.next() => return Ok(how.into()),
        };
        printer.note(&format!("postgres: {}", engine.name()));
        printer.note(&format!("{}: {}", fault.name, fault.about));
        for turn in &fault.turns {
            printer.note(&format!("  must turn {}", words(turn)));
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
