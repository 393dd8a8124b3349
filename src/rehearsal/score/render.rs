//! How the score is told: a table for people, json, and markdown for a summary. Pure.

use std::fmt::Write as _;

use comfy_table::{ContentArrangement, Table, presets};

use super::matrix::{FaultResult, Matrix, ProofStatus};

/// The score for people: every fault, every claim with the faults that turn it, and what is wrong last.
pub fn table(matrix: &Matrix, width: Option<u16>) -> String {
    let mut faults = grid(width, ["", "fault", "turns"]);
    for played in &matrix.faults {
        faults.add_row([played.result.result.to_owned(), played.name.clone(), turned(played)]);
    }
    let mut claims = grid(width, ["check", "claim", "turned false by"]);
    let mut last = "";
    for row in &matrix.claims {
        let check = if row.check == last { "" } else { row.check.as_str() };
        last = &row.check;
        let by =
            if row.faults.is_empty() { standing(row.standing).to_owned() } else { row.faults.join(", ") };
        claims.add_row([check.to_owned(), row.claim.clone(), by]);
    }
    let mut text = format!("Faults on the {} engine\n{faults}\n\nClaims\n{claims}\n", matrix.engine);
    for line in problems(matrix) {
        let _infallible = write!(text, "\n{line}");
    }
    let _infallible = writeln!(text, "\n{}", matrix.summary());
    let _infallible = writeln!(text, "exit {}: {}", matrix.exit().code(), meaning(matrix));
    text
}

/// The score as one json document.
pub fn json(matrix: &Matrix) -> String {
    let missed: Vec<&str> = matrix.missed().map(|played| played.name.as_str()).collect();
    let claims = |standing| -> Vec<String> {
        matrix.standing(standing).map(|row| format!("{}: {}", row.check, row.claim)).collect()
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

/// The score as markdown, for a summary.
pub fn markdown(matrix: &Matrix) -> String {
    let mut text = format!("### Rehearsal on the {} engine\n\n{}\n\n", matrix.engine, matrix.summary());
    for line in problems(matrix) {
        let _infallible = writeln!(text, "- {}", cell(&line));
    }
    text.push_str("\n| check | claim | turned false by |\n|---|---|---|\n");
    for row in &matrix.claims {
        let by =
            if row.faults.is_empty() { standing(row.standing).to_owned() } else { row.faults.join(", ") };
        let _infallible = writeln!(text, "| {} | {} | {} |", cell(&row.check), cell(&row.claim), cell(&by));
    }
    text.push_str("\n| fault | result | turns |\n|---|---|---|\n");
    for played in &matrix.faults {
        let _infallible = writeln!(
            text,
            "| {} | {} | {} |",
            cell(&played.name),
            played.result.result,
            cell(&turned(played))
        );
    }
    text
}

/// What is wrong with the score, a line each, causes indented.
pub fn problems(matrix: &Matrix) -> Vec<String> {
    let mut lines = Vec::new();
    for played in matrix.missed() {
        lines.push(format!("missed: {} ({})", played.name, played.about));
        lines.extend(played.result.why.iter().map(|why| format!("    {why}")));
    }
    for (which, words) in [
        (ProofStatus::Unproved, "never turned false, so nothing shows that it can fail"),
        (ProofStatus::NotProvableHere, "not provable on this engine"),
        (ProofStatus::Own, "a check of your own that no fault turned"),
    ] {
        lines.extend(matrix.standing(which).map(|row| format!("{}: {}: {words}", row.check, row.claim)));
    }
    lines
}

fn turned(played: &FaultResult) -> String {
    match played.result.result {
        "not-staged" => played.result.why.join("; "),
        _ => played.expectations.join("\n"),
    }
}

fn standing(standing: ProofStatus) -> &'static str {
    match standing {
        ProofStatus::Proved => "",
        ProofStatus::Unproved => "(nothing)",
        ProofStatus::NotProvableHere => "(not provable here)",
        ProofStatus::Own => "(nothing: a check of your own)",
    }
}

fn meaning(matrix: &Matrix) -> &'static str {
    match matrix.exit().code() {
        0 if matrix.partial.is_some() => "this part was caught; of the other faults nothing is said",
        0 => "every fault was caught, and every claim can fail",
        _ => "a fault was missed, or a claim was never turned false",
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
