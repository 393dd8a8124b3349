//! `rehearse`: the tour. In a good world it runs the commands that an operator runs around a deploy.

use std::path::Path;
use std::process::Stdio;
use std::time::Instant;

use anyhow::{Context, Result};
use jiff::Timestamp;
use tokio::process::Command;

use super::runtime;
use crate::checklist;
use crate::cli::RehearseArgs;
use crate::commands::overlay_notes::today;
use crate::ending::Signals;
use crate::exit::Exit;
use crate::printer::Printer;
use crate::rehearsal::faults::injection::FaultedWorld;
use crate::rehearsal::postgres::Engine;
use crate::rehearsal::postgres::database::DatabaseFactory;
use crate::rehearsal::score::child::ChildGuard;
use crate::rehearsal::score::fault_run::{Run, TestWorld};

/// A step of the tour: its purpose and its arguments.
struct Step {
    about: &'static str,
    words: &'static [&'static str],
}

const STEPS: [Step; 4] = [
    Step { about: "Before a deploy: run the pre-deploy checks", words: &["preflight"] },
    Step {
        about: "After the deploy: watch the first traffic for 9 seconds",
        words: &["monitor", "--minutes", "0.15"],
    },
    Step { about: "Record the numbers of the last hour for later comparisons", words: &["baseline"] },
    Step {
        about: "In CI: check the success criteria, with the manual checks signed off",
        words: &[
            "gate",
            "--minutes",
            "0.15",
            "--attest",
            "success.end-to-end=conversation 7: draft after 1 s (rehearsed)",
            "--attest",
            "success.dashboards=checked in the rehearsal",
        ],
    },
];

/// Runs the steps in a good world with traffic; 0 if every step exits with 0.
///
/// # Errors
/// A world that does not start.
pub fn tour(args: &RehearseArgs, printer: &mut Printer) -> Result<Exit> {
    let began = Instant::now();
    // Problems in the operator's own checks are reported before a world is started.
    checklist::load_with(args.checks.as_deref(), today(Timestamp::now()))?;
    runtime()?.block_on(async {
        let mut signals = Signals::listen().context("cannot listen for Ctrl-C")?;
        let engine = Engine::choose(args.postgres)?;
        let test_world = async { TestWorld::new(&DatabaseFactory::start(engine).await?, &[Run::Monitor], None).await };
        let test_world = tokio::select! {
            test_world = test_world => test_world?,
            how = signals.next() => return Ok(how.into()),
        };
        let faulted = test_world.faulted();
        let _ = printer.data(&format!(
            "A complete support pipeline on loopback: stand-ins for Chatwoot, the app, the Agent SDK, fly and a \
             checkout, and a real PostgreSQL. Customers write messages; the app forwards and records them.\n\
             postgres: {} ({})\n",
            engine.name(),
            test_world.version().await?
        ))?;
        let program = std::env::current_exe().context("cannot find this program's own path")?;
        for (at, step) in STEPS.iter().enumerate() {
            let shown = shell(step.words);
            let _ = printer.data(&format!("\n{}. {}\n   $ hotdash-ops {shown}\n\n", at + 1, step.about))?;
            let code = tokio::select! {
                code = run(&program, step.words, &faulted, args.checks.as_deref()) => code?,
                how = signals.next() => return Ok(how.into()),
            };
            if code != 0 {
                printer.error(&format!("`hotdash-ops {shown}` exited with {code} although the world has no fault"));
                return Ok(Exit::NotReady);
            }
        }
        let _ = printer.data(&format!(
            "\nThe tour took {} s. Next: `rehearse --list` lists the faults, `rehearse --fault NAME` injects one and \
             keeps running for practice, `rehearse --score` proves that each is caught.\n",
            began.elapsed().as_secs()
        ))?;
        Ok(Exit::Ready)
    })
}

async fn run(
    program: &Path,
    words: &[&str],
    faulted: &FaultedWorld<'_>,
    checks: Option<&Path>,
) -> Result<i32> {
    let mut command = Command::new(program);
    command.env_clear().envs(&faulted.variables).args(words).args(["--problems", "--no-journal", "--quiet"]);
    if let Some(folder) = checks {
        command.arg("--checks").arg(folder);
    }
    command.stdin(Stdio::null()).kill_on_drop(true);
    // With SIGTERM, and not SIGKILL, it can stop what it has started.
    let mut child = ChildGuard::new(command.spawn().context("cannot run this program")?);
    let (status, ..) = child.finish().await?;
    Ok(status.code().unwrap_or(-1))
}

/// The words as typed in a shell.
fn shell(words: &[&str]) -> String {
    let quoted = words.iter().map(|word| match word.contains(' ') {
        true => format!("\"{word}\""),
        false => (*word).to_owned(),
    });
    quoted.collect::<Vec<_>>().join(" ")
}
