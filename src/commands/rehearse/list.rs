//! `rehearse --list`: the faults with the checks that must detect them, and the good worlds with those that must pass.

use anyhow::Result;
use serde_json::{Value, json};

use crate::cli::ScoreFormat;
use crate::exit::Exit;
use crate::printer::Printer;
use crate::rehearsal::faults::{self, Expectation, ExpectedVerdict, Fault};

/// Prints every fault and every good world.
///
/// # Errors
/// An error writing to stdout.
pub fn list(format: ScoreFormat, printer: &mut Printer) -> Result<Exit> {
    let (good, faults): (Vec<Fault>, Vec<Fault>) = faults::load()?.into_iter().partition(|f| f.is_good);
    let text = match format {
        ScoreFormat::Table => {
            let described = |list: &[Fault]| list.iter().map(describe).collect::<Vec<_>>().join("\n");
            format!(
                "Faults: what is wrong, and what must detect it\n\n{}\n\
                 Good worlds: what only looks wrong, and what must pass\n\n{}",
                described(&faults),
                described(&good)
            )
        }
        ScoreFormat::Json => {
            let documents = |list: &[Fault]| list.iter().map(document).collect::<Vec<_>>();
            let (faults, good) = (documents(&faults), documents(&good));
            format!("{:#}\n", json!({ "schema": "hotdash-ops.faults/1", "faults": faults, "good": good }))
        }
        ScoreFormat::Markdown => {
            let faults = rows("| fault | what is wrong | expected result |", &faults);
            let good = rows("| good world | what only looks wrong | expected result |", &good);
            format!("{faults}\n{good}")
        }
    };
    let _ = printer.data(&text)?;
    Ok(Exit::Ready)
}

fn document(fault: &Fault) -> Value {
    let turns: Vec<_> = fault
        .expectations
        .iter()
        .map(|t| json!({ "check": t.check, "claims": t.claims, "verdict": t.verdict }))
        .collect();
    json!({
        "name": fault.name,
        "about": fault.about,
        "turns": turns,
        "also": fault.also,
        "only": fault.only,
        "native_only": fault.native_only,
    })
}

fn rows(head: &str, list: &[Fault]) -> String {
    list.iter().fold(format!("{head}\n|---|---|---|\n"), |text, fault| {
        let results: Vec<String> = fault.expectations.iter().map(expected).collect();
        let about = fault.about.replace('|', "\\|");
        text + &format!("| {} | {about} | {} |\n", fault.name, results.join("<br>"))
    })
}

fn describe(fault: &Fault) -> String {
    let mut text = format!("{}\n  {}\n", fault.name, fault.about);
    for expectation in &fault.expectations {
        text.push_str(&format!("  {}\n", effect(fault, expectation)));
    }
    let (globs, checks): (Vec<&str>, Vec<&str>) =
        fault.also.iter().map(String::as_str).partition(|name| name.contains(['*', '?', '[']));
    for (what, names) in [("do not", checks), ("may not", globs)] {
        if !names.is_empty() {
            text.push_str(&format!("  other checks that {what} pass: {}\n", names.join(", ")));
        }
    }
    if let Some(why) = &fault.native_only {
        text.push_str(&format!("  only with a native PostgreSQL: {why}\n"));
    }
    text
}

/// `makes chatwoot.token fail (claim: token)`, `lets chatwoot.token pass`.
pub fn effect(fault: &Fault, expectation: &Expectation) -> String {
    let verb = if fault.is_good { "lets" } else { "makes" };
    format!("{verb} {}", expected(expectation))
}

fn expected(expectation: &Expectation) -> String {
    let check = &expectation.check;
    let result = match expectation.verdict {
        ExpectedVerdict::Fail => "fail",
        ExpectedVerdict::Inconclusive => "undecided",
        ExpectedVerdict::Error => "end in an error",
        ExpectedVerdict::Skipped => "be blocked",
        ExpectedVerdict::Warn => "pass with a warning",
        ExpectedVerdict::Pass => "pass",
    };
    match expectation.claims.as_slice() {
        [] => format!("{check} {result}"),
        [claim] => format!("{check} {result} (claim: {claim})"),
        claims => format!("{check} {result} (claims: {})", claims.join(", ")),
    }
}
