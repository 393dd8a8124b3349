//! `rehearse`: the tour. A good world, and in it what an operator does around a deploy, with the real program.

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
use crate::rehearsal::base::Bases;
use crate::rehearsal::postgres::Engine;
use crate::rehearsal::score::child::Ending;
use crate::rehearsal::score::play::{self, Run};
use crate::rehearsal::stage::Scene;

/// A step of the tour: what it is for, and the words behind the program's name.
struct Step {
    about: &'static str,
    words: &'static [&'static str],
}

const STEPS: [Step; 4] = [
    Step { about: "Before a deploy: every line of the checklist's pre-deploy half", words: &["preflight"] },
    Step {
        about: "After it: the first traffic, watched for nine seconds",
        words: &["monitor", "--minutes", "0.15"],
    },
    Step { about: "The last hour's numbers, recorded to compare with later", words: &["baseline"] },
    Step {
        about: "The success criteria, for CI, with what only a person can see signed off",
        words: &[
            "gate",
            "--minutes",
            "0.15",
            "--attest",
            "success.end-to-end=conversation 7: draft after 1 s (rehearsed)",
            "--attest",
            "success.dashboards=looked at by the rehearsal",
        ],
    },
];

/// Runs the steps in a good world with traffic; 0 when each ends with 0.
///
/// # Errors
/// A world that does not start.
pub fn tour(args: &RehearseArgs, printer: &mut Printer) -> Result<Exit> {
    let began = Instant::now();
    // What is wrong with the operator's own checks is told before a world is built for them.
    checklist::load_with(args.checks.as_deref(), today(Timestamp::now()))?;
    runtime()?.block_on(async {
        let mut signals = Signals::listen().context("no way to hear Ctrl-C")?;
        let engine = Engine::choose(args.postgres)?;
        let ground = async { play::Ground::new(&Bases::start(engine).await?, &[Run::Monitor], None).await };
        let ground = tokio::select! {
            ground = ground => ground?,
            how = signals.next() => return Ok(how.into()),
        };
        let scene = ground.scene();
        let _ = printer.data(&format!(
            "A whole support pipeline on loopback: Chatwoot, the app, the Agent SDK, fly and a checkout as stand-ins, \
             and a real PostgreSQL. Customers write, the app forwards and records.\npostgres: {} ({})\n",
            engine.name(),
            ground.version().await?
        ))?;
        let program = std::env::current_exe().context("this program's own path")?;
        for (at, step) in STEPS.iter().enumerate() {
            let shown = shell(step.words);
            let _ = printer.data(&format!("\n{}. {}\n   $ hotdash-ops {shown}\n\n", at + 1, step.about))?;
            let code = tokio::select! {
                code = run(&program, step.words, &scene, args.checks.as_deref()) => code?,
                how = signals.next() => return Ok(how.into()),
            };
            if code != 0 {
                printer.error(&format!("`hotdash-ops {shown}` ended with {code} in a world without a fault"));
                return Ok(Exit::NotReady);
            }
        }
        let _ = printer.data(&format!(
            "\nThe tour took {} s. Next: `rehearse --list` names what can go wrong, `rehearse --fault NAME` puts one \
             thing wrong and stays up for practice, `rehearse --score` shows that each is caught.\n",
            began.elapsed().as_secs()
        ))?;
        Ok(Exit::Ready)
    })
}

async fn run(program: &Path, words: &[&str], scene: &Scene<'_>, checks: Option<&Path>) -> Result<i32> {
    let mut command = Command::new(program);
    command.env_clear().envs(&scene.variables).args(words).args(["--problems", "--no-journal", "--quiet"]);
    if let Some(folder) = checks {
        command.arg("--checks").arg(folder);
    }
    command.stdin(Stdio::null()).kill_on_drop(true);
    // Told to end, and not killed, it ends what it has started.
    let mut child = Ending::of(command.spawn().context("cannot run this program")?);
    let (status, ..) = child.finish().await?;
    Ok(status.code().unwrap_or(-1))
}

/// The words as one would type them.
fn shell(words: &[&str]) -> String {
    let quoted = words.iter().map(|word| match word.contains(' ') {
        true => format!("\"{word}\""),
        false => (*word).to_owned(),
    });
    quoted.collect::<Vec<_>>().join(" ")
}
