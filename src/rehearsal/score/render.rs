//! The formats of the score: a table for people, json, and markdown for a summary. Pure.

use std::fmt::Write as _;

use comfy_table::{ContentArrangement, Table, presets};

use super::fault_result::FaultResult;
use super::matrix::{Matrix, ProofStatus, Row};

/// How many faults of one claim the table names.
const MAX_NAMED_FAULTS: usize = 4;

/// The table: every fault, every good world, every claim with the faults that break it, and the problems last.
pub fn table(matrix: &Matrix, width: Option<u16>) -> String {
    let mut faults = grid(width, ["", "fault", "expected"]);
    let mut good = grid(width, ["", "good world", "expected"]);
    for played in &matrix.faults {
        let table = if played.is_good { &mut good } else { &mut faults };
        table.add_row([result_name(played).to_owned(), played.name.clone(), expected(played)]);
    }
    let mut claims = grid(width, ["check", "claim", "broken by"]);
    let mut last = "";
    for row in &matrix.claims {
        let check = if row.check == last { "" } else { row.check.as_str() };
        last = &row.check;
        claims.add_row([check.to_owned(), row.claim.clone(), broken_by(matrix, row)]);
    }
    let engine = &matrix.engine;
    let mut text = format!("Faults ({engine} engine)\n{faults}\n\nGood worlds\n{good}\n\nClaims\n{claims}\n");
    for line in problems(matrix) {
        let _infallible = write!(text, "\n{line}");
    }
    let _infallible = writeln!(text, "\n{}", matrix.summary());
    let _infallible = writeln!(text, "{} (exit {})", meaning(matrix), matrix.exit().code());
    text
}

/// The faults that break a claim: those of a whole run first, and not all if there are many.
fn broken_by(matrix: &Matrix, row: &Row) -> String {
    if row.faults.is_empty() {
        return unproved(row.status).to_owned();
    }
    let is_narrow = |name: &str| matrix.faults.iter().any(|played| played.name == name && played.is_narrow);
    let mut names: Vec<&str> = row.faults.iter().map(String::as_str).collect();
    names.sort_by_key(|name| is_narrow(name));
    match names.len().saturating_sub(MAX_NAMED_FAULTS) {
        0 | 1 => names.join(", "),
        more => format!("{} and {more} more", names[..MAX_NAMED_FAULTS].join(", ")),
    }
}

/// The json document.
pub fn json(matrix: &Matrix) -> String {
    let missed: Vec<&str> = matrix.missed().map(|played| played.name.as_str()).collect();
    let claims = |status| -> Vec<String> {
        matrix.with_status(status).map(|row| format!("{}: {}", row.check, row.claim)).collect()
    };
    let mut document = serde_json::to_value(matrix).unwrap_or_default();
    document["missed"] = serde_json::json!(missed);
    document["never_turned"] = serde_json::json!(claims(ProofStatus::Unproved));
    document["not_provable_here"] = serde_json::json!(claims(ProofStatus::NotProvableHere));
    document["own_never_turned"] = serde_json::json!(claims(ProofStatus::Own));
    document["summary"] = matrix.summary().into();
    document["exit"] = matrix.exit().code().into();
    format!("{document:#}\n")
}

/// The markdown summary.
pub fn markdown(matrix: &Matrix) -> String {
    let mut text = format!("### Rehearsal ({} engine)\n\n{}\n\n", matrix.engine, matrix.summary());
    for line in problems(matrix) {
        let _infallible = writeln!(text, "- {}", cell(&line));
    }
    text.push_str("\n| check | claim | broken by |\n|---|---|---|\n");
    for row in &matrix.claims {
        let by = cell(&broken_by(matrix, row));
        let _infallible = writeln!(text, "| {} | {} | {by} |", cell(&row.check), cell(&row.claim));
    }
    text.push_str("\n| fault or good world | result | expected |\n|---|---|---|\n");
    for played in &matrix.faults {
        let _infallible = writeln!(
            text,
            "| {} | {} | {} |",
            cell(&played.name),
            result_name(played),
            cell(&expected(played))
        );
    }
    text
}

/// The problems of the score, one per line, with their causes indented.
pub fn problems(matrix: &Matrix) -> Vec<String> {
    let mut lines = Vec::new();
    for played in matrix.missed() {
        lines.push(format!("missed: {} ({})", played.name, played.about));
        lines.extend(played.result.why.iter().map(|why| format!("    {why}")));
    }
    for (which, words) in [
        (ProofStatus::Unproved, "no fault breaks it, so nothing shows that it can fail"),
        (ProofStatus::NotProvableHere, "not provable on this engine"),
        (ProofStatus::Own, "your own check; no fault breaks it"),
    ] {
        lines.extend(matrix.with_status(which).map(|row| format!("{}: {}: {words}", row.check, row.claim)));
    }
    lines
}

fn expected(played: &FaultResult) -> String {
    match played.result.result {
        "not-staged" => played.result.why.join("; "),
        _ => played.expectations.join("\n"),
    }
}

fn unproved(status: ProofStatus) -> &'static str {
    match status {
        ProofStatus::Proved => "",
        ProofStatus::Unproved => "(no fault)",
        ProofStatus::NotProvableHere => "(not provable on this engine)",
        ProofStatus::Own => "(no fault; your own check)",
    }
}

fn meaning(matrix: &Matrix) -> &'static str {
    match matrix.exit().code() {
        0 if matrix.partial.is_some() => "the selected faults were caught; the others did not run",
        0 => "every fault was caught, every good world passed, and every claim can fail",
        _ => "a fault was missed, a good world did not pass, or no fault breaks a claim",
    }
}

fn result_name(played: &FaultResult) -> &'static str {
    match played.result.result {
        "not-staged" => "not supported",
        result => result,
    }
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', "<br>")
}

fn grid(width: Option<u16>, heads: [&str; 3]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic).set_header(heads);
    table.set_width(width.unwrap_or(120));
    table
}
