//! `rehearse --fault NAME`: injects one fault, shows the reports of the checks that must detect it, and keeps running for practice.

use anyhow::{Context, Result, bail};
use jiff::Timestamp;

use super::list::effect;
use super::runtime;
use crate::checklist;
use crate::cli::RehearseArgs;
use crate::commands::overlay_notes::today;
use crate::commands::sandbox::exports;
use crate::ending::Signals;
use crate::exit::Exit;
use crate::input::selection::nearest;
use crate::printer::{Printer, Sent};
use crate::rehearsal::faults::{self, Fault};
use crate::rehearsal::postgres::Engine;
use crate::rehearsal::postgres::database::DatabaseFactory;
use crate::rehearsal::score::child::Output;
use crate::rehearsal::score::{fault_run, manual, runs_of};

/// The fault with that name.
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
            bail!("`{name}` is not a fault{hint} (see `hotdash-ops rehearse --list`)")
        }
    }
}

/// Checks that the engine supports a fault.
///
/// # Errors
/// The reason why the engine does not support it.
pub fn ensure_supported(fault: &Fault, engine: Engine) -> Result<()> {
    match &fault.native_only {
        Some(why) if engine != Engine::Native => {
            bail!("{} is not supported on the {} engine: {why}", fault.name, engine.name())
        }
        _ => Ok(()),
    }
}

/// Injects the fault into a world, shows the reports of the runs that should detect it, and keeps running until Ctrl-C.
///
/// # Errors
/// A world that does not start.
pub fn fault(args: &RehearseArgs, name: &str, printer: &mut Printer) -> Result<Exit> {
    let fault = named(name)?;
    let engine = Engine::choose(args.postgres)?;
    ensure_supported(&fault, engine)?;
    let list = checklist::load_with(args.checks.as_deref(), today(Timestamp::now()))?;
    let program = std::env::current_exe().context("cannot find this program's own path")?;
    let options = fault_run::RunOptions { program, checks: args.checks.clone(), manual: manual(&list) };
    let runs = runs_of(&fault, &list);
    runtime()?.block_on(async {
        let mut signals = Signals::listen().context("cannot listen for Ctrl-C")?;
        let test_world =
            async { fault_run::TestWorld::new(&DatabaseFactory::start(engine).await?, &runs, Some(&fault)).await };
        let test_world = tokio::select! {
            test_world = test_world => test_world?,
            how = signals.next() => return Ok(how.into()),
        };
        printer.note(&format!("postgres: {}", engine.name()));
        printer.note(&format!("{}: {}", fault.name, fault.about));
        for expectation in &fault.expectations {
            printer.note(&format!("  it {}", effect(&fault, expectation)));
        }
        let mut faulted = test_world.faulted();
        tokio::select! {
            played = fault_run::inject_and_run(&options, &mut faulted, &runs, Some(&fault), Output::Terminal) => {
                played?;
            }
            how = signals.next() => return Ok(how.into()),
        }
        printer.note("the fault stays injected: paste these lines into another shell and run hotdash-ops there; Ctrl-C stops it");
        let mut text = exports(&faulted.variables);
        text.push_str("# ready\n");
        if printer.data(&text)? == Sent::Closed {
            return Ok(Exit::Ready);
        }
        signals.next().await;
        Ok(Exit::Ready)
    })
}
