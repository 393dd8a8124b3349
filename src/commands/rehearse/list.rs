//! `rehearse --list`: the faults, and the checks that must detect them.

use anyhow::Result;
use serde_json::json;

use crate::cli::ScoreFormat;
use crate::exit::Exit;
use crate::printer::Printer;
use crate::rehearsal::faults::{self, Expectation, ExpectedVerdict, Fault};

/// Prints every fault.
///
/// # Errors
/// An error writing to stdout.
pub fn list(format: ScoreFormat, printer: &mut Printer) -> Result<Exit> {
    let faults = faults::load()?;
    let text = match format {
        ScoreFormat::Table => faults.iter().map(describe).collect::<Vec<_>>().join("\n"),
        ScoreFormat::Json => {
            let list: Vec<_> = faults
                .iter()
                .map(|fault| {
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
                        "native_only": fault.native_only,
                    })
                })
                .collect();
            format!("{:#}\n", json!({ "schema": "hotdash-ops.faults/1", "faults": list }))
        }
        ScoreFormat::Markdown => {
            let head = "| fault | what is wrong | expected result |\n|---|---|---|\n".to_owned();
            faults.iter().fold(head, |text, fault| {
                let results: Vec<String> = fault.expectations.iter().map(expected).collect();
                text + &format!(
                    "| {} | {} | {} |\n",
                    fault.name,
                    fault.about.replace('|', "\\|"),
                    results.join("<br>")
                )
            })
        }
    };
    let _ = printer.data(&text)?;
    Ok(Exit::Ready)
}

fn describe(fault: &Fault) -> String {
    let mut text = format!("{}\n  {}\n", fault.name, fault.about);
    for expectation in &fault.expectations {
        text.push_str(&format!("  makes {}\n", expected(expectation)));
    }
    if !fault.also.is_empty() {
        text.push_str(&format!("  and affects {}\n", fault.also.join(", ")));
    }
    if let Some(why) = &fault.native_only {
        text.push_str(&format!("  only with a native PostgreSQL: {why}\n"));
    }
    text
}

/// `chatwoot.token fail (claim: token)`.
pub fn expected(expectation: &Expectation) -> String {
    let check = &expectation.check;
    let result = match expectation.verdict {
        ExpectedVerdict::Fail => "fail",
        ExpectedVerdict::Inconclusive => "inconclusive",
        ExpectedVerdict::Error => "end in an error",
        ExpectedVerdict::Warn => "pass with a warning",
    };
    match expectation.claims.as_slice() {
        [] => format!("{check} {result}"),
        [claim] => format!("{check} {result} (claim: {claim})"),
        claims => format!("{check} {result} (claims: {})", claims.join(", ")),
    }
}
