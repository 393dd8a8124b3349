//! `hotdash-ops` verifies a production deploy of HotDash's support pipeline.
//!
//! ```text
//! argv -> cli -> settings (flag > environment > file > default)
//! checks/ (embedded), --checks DIR over it -> checklist -> every problem at once, file:line, exit 2
//! selection -> plan (closure over `needs`; fixed before anything runs)
//! context -> runner -> events -> progress (stderr), journal
//!                   -> report (complete, in checklist order) -> one format on stdout, --report files, exit code
//! ```
//!
//! A probe states facts as claims; the engine judges them; a renderer displays them. This is the only place where an
//! error becomes text and an exit code.

// What only the stand-ins, the score and the tests use is not a part of what operators install.
#![cfg_attr(not(feature = "rehearsal"), allow(dead_code, unused_imports))]

mod checklist;
mod cli;
mod commands;
mod context;
mod ending;
mod engine;
mod exit;
mod input;
mod journal;
mod outcome;
mod printer;
mod probe;
mod progress;
mod redact;
mod rehearsal;
mod report;
mod service;
mod settings;
#[cfg(feature = "rehearsal")]
#[doc(hidden)]
pub mod testing;
mod text;
mod traffic;

use std::ffi::OsString;

use anyhow::Result;
use clap::Parser;
use clap::error::ErrorKind;

use cli::{BaselineArgs, BaselineCommand, ChecksCommand, Cli, Command, EnvCommand, RunArgs};
use engine::verb::{BASELINE, COMPARE, GATE, MONITOR, PREFLIGHT, STATUS, Verb};
use exit::Exit;
use printer::Printer;
use settings::ContextFlags;

/// Runs the program: parses the arguments, runs the command, and turns an error into a line on stderr and exit 2.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> Exit {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    ending::guard(move || {
        let mut printer = Printer::new(quiet(&cli.command));
        match dispatch(cli.command, &mut printer) {
            Ok(exit) => exit,
            Err(error) => {
                printer.error(&format!("error: {}", secretless(&format!("{error:#}"))));
                Exit::Refused
            }
        }
    })
}

fn dispatch(command: Command, printer: &mut Printer) -> Result<Exit> {
    match command {
        Command::Preflight(args) => run(PREFLIGHT, &args, printer),
        Command::Status(args) => run(STATUS, &args, printer),
        Command::Monitor(args) => watched(MONITOR, args.settings(), &args.run, printer),
        Command::Gate(args) => watched(GATE, args.settings(), &args.run, printer),
        Command::Baseline(args) => baseline(args, printer),
        Command::Checks(ChecksCommand::List { checks, claims, format }) => {
            commands::checks::list(checks.as_deref(), claims, format, printer)
        }
        Command::Checks(ChecksCommand::Explain { checks, context, ids }) => {
            let run = settings::RunFlags { checks, ..settings::RunFlags::default() };
            let flags = settings::CliSettings { run, ..context.into() };
            commands::checks::explain(&settings::gather(flags)?.settings, &ids, printer)
        }
        Command::Checks(ChecksCommand::Lint { checks, paths }) => {
            commands::checks::lint(checks.as_deref(), &paths, printer)
        }
        Command::Checks(ChecksCommand::Schema { of }) => commands::checks::schema(of, printer),
        Command::Env(EnvCommand::Fingerprint { context, print }) => {
            commands::env_fingerprint::env_fingerprint(context.into(), print, printer)
        }
        #[cfg(feature = "rehearsal")]
        Command::Sandbox(args) => commands::sandbox::sandbox(&args, printer),
        #[cfg(feature = "rehearsal")]
        Command::Rehearse(args) => commands::rehearse::rehearse(&args, printer),
        #[cfg(feature = "embedded-postgres")]
        Command::ServePostgres { directory, port } => {
            rehearsal::postgres::embedded::serve::serve(&directory, port).map(|()| Exit::Ready)
        }
    }
}

fn baseline(args: BaselineArgs, printer: &mut Printer) -> Result<Exit> {
    match args.command {
        None if args.dry_run => {
            commands::baseline::dry_run(&settings::gather(args.run.settings())?.settings, printer)
        }
        None => run(BASELINE, &args.run, printer),
        Some(BaselineCommand::Compare(run_args)) => run(COMPARE, &run_args, printer),
        Some(BaselineCommand::List { format, context }) => {
            commands::baseline::list(&resolved(context)?.settings, format, printer)
        }
        Some(BaselineCommand::Show { captured_at, format, context }) => {
            let settings = resolved(context)?.settings;
            commands::baseline::show(&settings, captured_at.as_deref(), format, printer)
        }
    }
}

fn run(verb: Verb, args: &RunArgs, printer: &mut Printer) -> Result<Exit> {
    let resolved = settings::gather(args.settings())?;
    let options = args.output_options(resolved.format, resolved.notes);
    commands::run::run(verb, resolved.settings, &options, printer)
}

fn watched(verb: Verb, flags: settings::CliSettings, args: &RunArgs, printer: &mut Printer) -> Result<Exit> {
    let resolved = settings::gather(flags)?;
    if verb.name == GATE.name {
        commands::gate::refuse_looser(&resolved.settings.target)?;
    }
    let options = args.output_options(resolved.format, resolved.notes);
    commands::run::run(verb, resolved.settings, &options, printer)
}

fn resolved(context: ContextFlags) -> Result<settings::Resolved> {
    Ok(settings::gather(context.into())?)
}

fn quiet(command: &Command) -> bool {
    match command {
        Command::Preflight(args) | Command::Status(args) => args.output.quiet,
        Command::Monitor(args) => args.run.output.quiet,
        Command::Gate(args) => args.run.output.quiet,
        Command::Baseline(args) => match &args.command {
            Some(BaselineCommand::Compare(run)) => run.output.quiet,
            _ => args.run.output.quiet,
        },
        _ => false,
    }
}

/// Handles an error of clap. Help goes to stdout as clap writes it. A usage error quotes the arguments, so it goes to
/// stderr after redaction.
fn usage(error: &clap::Error) -> Exit {
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        // If stdout is closed, nobody reads the help.
        let _ = error.print();
        return Exit::Ready;
    }
    Printer::new(false).error(secretless(&error.render().to_string()).trim_end());
    Exit::Refused
}

/// Removes secrets from an error, which may quote the operator's arguments.
fn secretless(text: &str) -> String {
    let secrets = settings::secret_values(&settings::Vars::of_process());
    redact::Redactor::new(secrets.iter().map(String::as_str)).apply(text).into_owned()
}
