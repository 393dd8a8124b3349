//! `rehearse --list`: the faults, and the checks that must catch them.

use anyhow::Result;
use serde_json::json;

use crate::cli::ScoreFormat;
use crate::exit::Exit;
use crate::printer::Printer;
use crate::rehearsal::faults::{self, Fault, Turn, Turned};

/// Prints every fault.
///
/// # Errors
/// Stdout that cannot be written.
pub fn list(format: ScoreFormat, printer: &mut Printer) -> Result<Exit> {
    let faults = faults::load()?;
    let text = match format {
        ScoreFormat::Table => faults.iter().map(described).collect::<Vec<_>>().join("\n"),
        ScoreFormat::Json => {
            let list: Vec<_> = faults
                .iter()
                .map(|fault| {
                    let turns: Vec<_> = fault
                        .turns
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
            let head = "| fault | what is wrong | what must happen |\n|---|---|---|\n".to_owned();
            faults.iter().fold(head, |text, fault| {
                let turns: Vec<String> = fault.turns.iter().map(words).collect();
                text + &format!(
                    "| {} | {} | {} |\n",
                    fault.name,
                    fault.about.replace('|', "\\|"),
                    turns.join("<br>")
                )
            })
        }
    };
    let _ = printer.data(&text)?;
    Ok(Exit::Ready)
}

fn described(fault: &Fault) -> String {
    let mut text = format!("{}\n  {}\n", fault.name, fault.about);
    for turn in &fault.turns {
        text.push_str(&format!("  expected: {}\n", words(turn)));
    }
    if !fault.also.is_empty() {
        text.push_str(&format!("  also affected: {}\n", fault.also.join(", ")));
    }
    if let Some(why) = &fault.native_only {
        text.push_str(&format!("  only with a native PostgreSQL: {why}\n"));
    }
    text
}

/// `chatwoot.token fails (claim: token)`.
pub fn words(turn: &Turn) -> String {
    let ends = match turn.verdict {
        Turned::Fail => "fails",
        Turned::Inconclusive => "is undecided",
        Turned::Error => "cannot run",
        Turned::Warn => "passes with a warning",
    };
    match turn.claims.as_slice() {
        [] => format!("{} {ends}", turn.check),
        [claim] => format!("{} {ends} (claim: {claim})", turn.check),
        claims => format!("{} {ends} (claims: {})", turn.check, claims.join(", ")),
    }
}
