//! The verbs that run checks: plan, run, report, end in one exit code.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use jiff::Timestamp;

use crate::checklist::{self};
use crate::commands::overlay_notes;
use crate::context::Context;
use crate::ending::{self, Signals};
use crate::engine::plan::Plan;
use crate::engine::verb::{Verb, asked_by};
use crate::engine::{RunName, runner};
use crate::exit::Exit;
use crate::input::format::Format;
use crate::input::selection::Selection;
use crate::journal::{self, Journal};
use crate::outcome::event::Event;
use crate::outcome::report::{Report, Stopped};
use crate::outcome::{Outcome, Verdict};
use crate::printer::{self, Printer};
use crate::progress::{Facts, Progress};
use crate::redact::Redactor;
use crate::report::OutputOptions;
use crate::report::{self, Style, jsonl};
use crate::service::http::{Client, Proxies};
use crate::service::marker::MarkerSink;
use crate::service::tls::Roots;
use crate::settings::Settings;
use crate::text;

/// Runs the verb's checks and writes the result.
///
/// # Errors
/// Everything that refuses the call before a check is run: exit 2.
pub fn run(
    verb: Verb,
    mut settings: Settings,
    options: &OutputOptions,
    printer: &mut Printer,
) -> Result<Exit> {
    if verb.whole && settings.selection != Selection::default() {
        let instead = match verb.phases {
            ["after"] => "",
            ["success"] => ", or use `monitor` to run a part",
            _ => ", or use `preflight` to run a part",
        };
        anyhow::bail!("`{}` always runs all of its checks; remove --only and --skip{instead}", verb.name);
    }
    let now = Timestamp::now();
    let list = asked_by(verb, &checklist::load_with(settings.checks.as_deref(), overlay_notes::today(now))?);
    if !verb.only.is_empty() {
        settings.selection.only = verb.only.iter().map(|&id| id.to_owned()).collect();
    }
    let plan = Plan::new(&list, &settings.selection, &settings.target)
        .map_err(|complaints| anyhow::anyhow!(complaints.join("\n")))?;
    attested(&plan, &settings)?;
    report::prepare(&options.flags.reports)?;
    let roots = Roots::load(settings.ca_file.as_deref())?;
    let http = Client::new(&roots, Proxies::of(|name| std::env::var(name).ok()), MarkerSink::default())?;
    let settings = Arc::new(settings);
    let secrets = crate::settings::secret_values(&settings.vars);
    let redactor = Redactor::new(secrets.iter().map(String::as_str));

    let run = journal::new_run_id(now);
    let mut notes = options.notes.clone();
    notes.extend(overlay_notes::notes(&plan, &settings).iter().map(|note| redactor.apply(note).into_owned()));
    let mut earlier = None;
    let mut journal = None;
    if let Some(folder) = settings.runs_dir.as_ref().filter(|_| verb.journal) {
        earlier = journal::earlier_non_passes(folder, &settings.target.name, now);
        match Journal::open(folder, &run, &plan, &settings) {
            Ok(open) => journal = Some(open),
            Err(why) => {
                notes.push(format!("{why}; set HOTDASH_OPS_RUNS_DIR to another folder, or use --no-journal"))
            }
        }
    }

    let facts = Facts::here(options.format, options.flags.quiet);
    let mut progress = Progress::new(facts.drawing(), printer::stderr());
    let live = options.format == Format::Jsonl;
    let mut stdout_fault = None;
    let name = RunName { run, verb: verb.name.to_owned(), notes, earlier };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("the runtime cannot start")?;
    ending::arm();
    let report = {
        let mut on_event = |event: &Event| {
            progress.on(event);
            if let Some(journal) = &mut journal {
                journal.event(event);
            }
            if live && let Err(error) = progress.suspend(|| printer.data(&jsonl::line(event))) {
                stdout_fault.get_or_insert(error);
            }
        };
        runtime.block_on(async {
            let (cx, lines) = Context::new(settings.clone(), redactor, roots, http);
            runner::run(&plan, &cx, name, lines, signalled(), &mut on_event).await
        })
    };
    // A name look-up that hangs in the system's resolver must not delay the end.
    runtime.shutdown_timeout(Duration::from_millis(200));
    drop(progress);
    tell(verb, &report, options, &facts, journal, stdout_fault, printer)
}

/// Refuses a sign-off of a check that is automatic or not part of this run.
fn attested(plan: &Plan, settings: &Settings) -> Result<()> {
    let manual: Vec<&str> = plan
        .steps
        .iter()
        .filter(|step| step.check.entry.probe.is_manual())
        .map(|step| step.check.id.as_str())
        .collect();
    if let Some(id) = settings.attest.keys().find(|id| !manual.contains(&id.as_str())) {
        let known = plan.steps.iter().any(|step| step.check.id == *id);
        let why = if known {
            "is an automatic check and cannot be signed off"
        } else {
            "is not a check of this run"
        };
        anyhow::bail!("--attest {id}: `{id}` {why} (manual checks: {})", manual.join(", "));
    }
    Ok(())
}

/// Writes the report to stdout and to files. A pass that could not be written is not a pass.
fn tell(
    verb: Verb,
    report: &Report,
    options: &OutputOptions,
    facts: &Facts,
    journal: Option<Journal>,
    stdout_fault: Option<anyhow::Error>,
    printer: &mut Printer,
) -> Result<Exit> {
    let style = Style {
        colour: facts.stdout_colour(),
        width: facts.stdout_terminal.then(printer::width).flatten(),
        problems_only: options.flags.problems,
        verbose: options.flags.verbose,
    };
    let mut unwritten: Vec<String> = stdout_fault.iter().map(|e| format!("{e:#}")).collect();
    if let Err(error) = report::write_files(&options.flags.reports, report, &style) {
        unwritten.push(format!("{error:#}"));
    }
    if options.format != Format::Jsonl
        && let Err(error) = printer.data(&stdout_text(verb, report, options, &style))
    {
        unwritten.push(format!("{error:#}"));
    }
    match journal.map(|j| j.close(report)) {
        Some(Ok(folder)) => printer.note(&format!("journal: {}", folder.display())),
        Some(Err(why)) => printer.error(&format!("warning: {why}")),
        None => {}
    }
    for line in &unwritten {
        printer.error(&format!("error: {line}"));
    }
    match (report.exit, unwritten.is_empty()) {
        (Exit::Ready, false) => Ok(Exit::Undecided),
        (exit, _) => Ok(exit),
    }
}

/// The text for stdout. A verb with a headline starts with it, and with --quiet shows nothing else if all is well.
fn stdout_text(verb: Verb, report: &Report, options: &OutputOptions, style: &Style) -> String {
    match (verb.headline, options.format) {
        (Some(words), Format::Table)
            if options.flags.quiet && report.exit == Exit::Ready && !owned(report) =>
        {
            format!("{}\n", headline(words, report))
        }
        (Some(words), Format::Table) => {
            format!("{}\n{}", headline(words, report), report::render(options.format, report, style))
        }
        _ => report::render(options.format, report, style),
    }
}

/// True when a check of the run is replaced or waived, which a single line would hide.
fn owned(report: &Report) -> bool {
    report.outcomes().any(|outcome| outcome.replaces.is_some() || outcome.waiver.is_some())
}

fn headline((good, bad): (&str, &str), report: &Report) -> String {
    if report.exit == Exit::Ready {
        return good.to_owned();
    }
    let first: Option<&Outcome> = report
        .outcomes()
        .find(|o| o.verdict == Verdict::Fail)
        .or_else(|| report.outcomes().find(|o| o.verdict != Verdict::Pass));
    // The reason can quote a server, so it is truncated and made harmless.
    first.map_or_else(|| bad.to_owned(), |o| format!("{bad}: {}: {}", o.id, text::cell(&o.reason, 240)))
}

/// Resolves with the first signal. If signals cannot be caught it never resolves, and they keep their default
/// effect.
async fn signalled() -> Stopped {
    match Signals::listen() {
        Some(mut signals) => signals.next().await,
        None => std::future::pending().await,
    }
}
