//! `sandbox`: runs the whole world on loopback, for one command or until it is stopped.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::cli::SandboxArgs;
use crate::commands::rehearse::{ensure_supported, named};
use crate::exit::Exit;
use crate::printer::{Printer, Sent};
use crate::rehearsal::faults::injection::FaultedWorld;
use crate::rehearsal::postgres::Engine;
use crate::rehearsal::postgres::database::DatabaseFactory;
use crate::rehearsal::shell::quote;
use crate::rehearsal::standins::customers::Habits;
use crate::rehearsal::world::{Database, World};

/// Starts the world. With a command it runs that inside and exits with its code; without one it prints the variables
/// and `# ready`, and runs until SIGTERM or Ctrl-C.
///
/// # Errors
/// A part that cannot be started, and a command that cannot be run.
pub fn sandbox(args: &SandboxArgs, printer: &mut Printer) -> Result<Exit> {
    let per_minute = args.per_minute;
    ensure!(
        (0.0..=6000.0).contains(&per_minute),
        "--per-minute must be between 0 and 6000, not {per_minute}"
    );
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    runtime.block_on(async {
        let interrupt = signal(SignalKind::interrupt()).context("cannot listen for Ctrl-C")?;
        let terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
        let fault = args.fault.as_deref().map(named).transpose()?;
        let (mut world, database) = match &args.database {
            Some(url) => (World::start(Database::Given(url.clone())).await?, None),
            None => {
                let engine = Engine::choose(args.postgres)?;
                if let Some(fault) = &fault {
                    ensure_supported(fault, engine)?;
                    ensure!(
                        fault.is_in_the_world(),
                        "{} depends on the program's arguments: use `rehearse --fault {}`",
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
            faulted.apply(&fault.stage).await.context("cannot inject the fault")?;
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
                faulted.apply(&later.stage).await.context("cannot inject the fault")?;
            }
            std::future::pending::<Result<Exit>>().await
        };
        tokio::select! {
            done = work => done,
            failed = change => failed,
        }
    })
}

/// Shell lines that export the variables.
pub(super) fn exports(variables: &BTreeMap<String, String>) -> String {
    let line = |(name, value): (&String, &String)| format!("export {name}={}\n", quote(value));
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
            status = child.wait() => return Ok(Exit::Command(code(status.context("cannot wait for the command")?))),
            // Ctrl-C reaches the command as well, which is in our process group; its exit code is the result.
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {
                if let Some(pid) = child.id().and_then(|id| rustix::process::Pid::from_raw(id.cast_signed())) {
                    // The command may just have exited.
                    let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
                }
            }
        }
    }
}

/// The program on the sandbox's PATH; the system would search the parent's PATH, which has no stand-ins.
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
