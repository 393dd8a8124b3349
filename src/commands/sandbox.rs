//! `sandbox`: the whole world on loopback, for one command or until it is told to end.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::cli::SandboxArgs;
use crate::commands::rehearse::{named, stageable};
use crate::exit::Exit;
use crate::printer::{Printer, Sent};
use crate::rehearsal::faults::injection::FaultedWorld;
use crate::rehearsal::postgres::Engine;
use crate::rehearsal::postgres::database::DatabaseFactory;
use crate::rehearsal::standins::customers::Habits;
use crate::rehearsal::world::{Database, World};

/// Starts the world; with a command runs that inside and ends with its code, without one prints the variables
/// and `# ready` and serves until SIGTERM or Ctrl-C.
///
/// # Errors
/// A part that cannot be started, and a command that cannot be run.
pub fn sandbox(args: &SandboxArgs, printer: &mut Printer) -> Result<Exit> {
    let per_minute = args.per_minute;
    ensure!((0.0..=6000.0).contains(&per_minute), "--per-minute {per_minute}: 0 to 6000");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("the runtime cannot start")?;
    runtime.block_on(async {
        let interrupt = signal(SignalKind::interrupt()).context("no way to hear Ctrl-C")?;
        let terminate = signal(SignalKind::terminate()).context("no way to hear SIGTERM")?;
        let fault = args.fault.as_deref().map(named).transpose()?;
        let (mut world, database) = match &args.database {
            Some(url) => (World::start(Database::Given(url.clone())).await?, None),
            None => {
                let engine = Engine::choose(args.postgres)?;
                if let Some(fault) = &fault {
                    stageable(fault, engine)?;
                    ensure!(
                        fault.is_of_the_world(),
                        "{} is a matter of how the program is called: play it with `rehearse --fault {}`",
                        fault.name,
                        fault.name
                    );
                }
                let database = DatabaseFactory::start(engine).await?.create(true).await?;
                (
                    World::start(Database::Of(Arc::clone(&database.postgres), database.name.clone())).await?,
                    Some(database),
                )
            }
        };
        printer.note(&format!("postgres: {}", world.engine));
        let habits = Habits { per_minute, seed: args.seed, ..Habits::default() };
        world.start_traffic(habits, args.world).await?;
        let mut variables = world.variables().clone();
        let mut later = None;
        if let (Some(fault), Some(database)) = (&fault, &database) {
            let mut faulted = FaultedWorld::new(&world, database);
            faulted.set(&fault.stage).await.context("the fault cannot be staged")?;
            variables = faulted.variables.clone();
            later = fault.later.as_ref().map(|later| (faulted, later));
        }
        let world = &world;
        let work = async {
            match args.command.split_first() {
                Some((program, arguments)) => {
                    inside(&variables, program, arguments, interrupt, terminate).await
                }
                None => serve(world, &variables, interrupt, terminate, printer).await,
            }
        };
        let change = async {
            if let Some((mut faulted, later)) = later {
                tokio::time::sleep(later.after.0).await;
                faulted.set(&later.stage).await.context("the fault cannot be staged")?;
            }
            std::future::pending::<Result<Exit>>().await
        };
        tokio::select! {
            done = work => done,
            failed = change => failed,
        }
    })
}

/// The lines that put variables into a shell.
pub(super) fn exports(variables: &BTreeMap<String, String>) -> String {
    let line =
        |(name, value): (&String, &String)| format!("export {name}='{}'\n", value.replace('\'', "'\\''"));
    variables.iter().map(line).collect()
}

async fn inside(
    variables: &BTreeMap<String, String>,
    program: &OsString,
    arguments: &[OsString],
    mut interrupt: Signal,
    mut terminate: Signal,
) -> Result<Exit> {
    let path = variables.get("PATH").map(String::as_str).unwrap_or_default();
    let mut child = tokio::process::Command::new(found(program, path))
        .args(arguments)
        .envs(variables)
        .kill_on_drop(true)
        .spawn()
        .with_context(|| format!("cannot run {} inside the sandbox", program.display()))?;
    loop {
        tokio::select! {
            status = child.wait() => return Ok(Exit::Command(code(status.context("the command is lost")?))),
            // Ctrl-C reaches the command too, which is in our process group; its answer to it is the answer.
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {
                if let Some(pid) = child.id().and_then(|id| rustix::process::Pid::from_raw(id.cast_signed())) {
                    // A command that has just ended needs no signal.
                    let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
                }
            }
        }
    }
}

/// The program on the sandbox's own PATH; the parent's PATH, which the system would search, has no stand-ins.
fn found(program: &OsString, path: &str) -> OsString {
    if program.to_string_lossy().contains('/') {
        return program.clone();
    }
    std::env::split_paths(path)
        .map(|folder| folder.join(program))
        .find(|candidate| candidate.is_file())
        .map_or_else(|| program.clone(), Into::into)
}

fn code(status: ExitStatus) -> u8 {
    let number = status.code().or_else(|| status.signal().map(|s| 128 + s)).unwrap_or(1);
    u8::try_from(number).unwrap_or(1)
}

async fn serve(
    world: &World,
    variables: &BTreeMap<String, String>,
    mut interrupt: Signal,
    mut terminate: Signal,
    printer: &mut Printer,
) -> Result<Exit> {
    let mut text = exports(variables);
    text.push_str(&format!(
        "# control: {} (header {}: {})\n",
        world.control.url(),
        crate::rehearsal::http::KEY_HEADER,
        world.control.control_key()
    ));
    text.push_str("# ready\n");
    if printer.data(&text)? == Sent::Closed {
        return Ok(Exit::Ready);
    }
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    Ok(Exit::Ready)
}
