//! `rehearse --list`: the faults, and what each must turn.

use anyhow::Result;
use serde_json::json;

use crate::cli::ScoreFormat;
use crate::exit::Exit;
use crate::printer::Printer;
use crate::rehearsal::faults::{self, Expectation, Fault};

/// Prints every fault.
///
/// # Errors
/// Stdout that cannot be written.
pub fn list(format: ScoreFormat, printer: &mut Printer) -> Result<Exit> {
    let faults = faults::load()?;
    let text = match format {
        ScoreFormat::Table => faults.iter().map(told).collect::<Vec<_>>().join("\n"),
        ScoreFormat::Json => {
            let list: Vec<_> = faults
                .iter()
                .map(|fault| {
                    let expectations: Vec<_> = fault
                        .expectations
                        .iter()
                        .map(|t| json!({ "check": t.check, "claims": t.claims, "verdict": t.verdict }))
                        .collect();
                    json!({
                        "name": fault.name,
                        "about": fault.about,
                        "turns": expectations,
                        "also": fault.also,
                        "native_only": fault.native_only,
                    })
                })
                .collect();
            format!("{:#}\n", json!({ "schema": "hotdash-ops.faults/1", "faults": list }))
        }
        ScoreFormat::Markdown => {
            let head = "| fault | what is wrong | what must turn |\n|---|---|---|\n".to_owned();
            faults.iter().fold(head, |text, fault| {
                let expectations: Vec<String> = fault.expectations.iter().map(words).collect();
                text + &format!(
                    "| {} | {} | {} |\n",
                    fault.name,
                    fault.about.replace('|', "\\|"),
                    expectations.join("<br>")
                )
            })
        }
    };
    let _ = printer.data(&text)?;
    Ok(Exit::Ready)
}

fn told(fault: &Fault) -> String {
    let mut text = format!("{}\n  {}\n", fault.name, fault.about);
    for expectation in &fault.expectations {
        text.push_str(&format!("  turns {}\n", words(expectation)));
    }
    if !fault.also.is_empty() {
        text.push_str(&format!("  and with it {}\n", fault.also.join(", ")));
    }
    if let Some(why) = &fault.native_only {
        text.push_str(&format!("  on a native PostgreSQL only: {why}\n"));
    }
    text
}

/// `chatwoot.token: fail (token)`.
pub fn words(expectation: &Expectation) -> String {
    match expectation.claims.as_slice() {
        [] => format!("{}: {}", expectation.check, expectation.verdict.name()),
        claims => format!("{}: {} ({})", expectation.check, expectation.verdict.name(), claims.join(", ")),
    }
}
