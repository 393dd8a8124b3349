//! Formats of lines: events, workflow commands, Markdown tables, the table for people.

use std::collections::BTreeSet;

use regex::Regex;
use serde_json::Value;

use super::run::{Mark, mark};

/// No character that a terminal obeys, line breaks apart.
pub fn harmless(text: &str) {
    let obeyed = |c: &char| {
        (c.is_control() && *c != '\n')
            || ('\u{202a}'..='\u{202e}').contains(c)
            || ('\u{2066}'..='\u{2069}').contains(c)
            || ['\u{2028}', '\u{2029}'].contains(c)
    };
    assert_eq!(text.chars().find(obeyed), None, "{text:?}");
    assert!(text.ends_with('\n') && !text.ends_with("\n\n\n"));
}

/// Every line is a JSON object with its `event`: first `planned`, last `ended`, and each planned check once.
pub fn events(text: &str) -> Vec<Value> {
    harmless(text);
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect();
    let is = |line: &Value, event: &str| line["event"] == event;
    assert!(is(&lines[0], "planned") && lines[0]["schema"] == "hotdash-ops.events/1", "{}", lines[0]);
    assert_eq!(lines.iter().filter(|l| is(l, "planned")).count(), 1);
    assert_eq!(lines.iter().filter(|l| is(l, "ended")).count(), 1);
    assert!(is(&lines[lines.len() - 1], "ended"));
    let known =
        ["planned", "started", "line", "retrying", "watching", "tick", "finished", "revised", "ended"];
    assert!(lines.iter().all(|l| known.iter().any(|event| is(l, event))));
    let finished: Vec<&Value> =
        lines.iter().filter(|l| is(l, "finished")).map(|l| &l["outcome"]["id"]).collect();
    let planned = lines[0]["checks"].as_array().expect("ids");
    let once: BTreeSet<String> = finished.iter().map(|id| id.to_string()).collect();
    assert_eq!(once.len(), finished.len(), "a check is finished twice");
    assert_eq!(once, planned.iter().map(Value::to_string).collect());
    lines
}

/// The workflow commands of a log, as a runner reads it: kind, title, message, with escapes undone.
pub fn commands(text: &str) -> Vec<(String, String, String)> {
    harmless(text);
    let grammar = Regex::new(r"^::(error|warning|notice) title=([^:,]+)::(.+)$").expect("a pattern");
    let escape = Regex::new("%(25|0D|0A|3A|2C)?").expect("a pattern");
    let plain = |text: &str| {
        assert!(escape.captures_iter(text).all(|c| c.get(1).is_some()), "a percent sign alone: {text}");
        let text = text.replace("%0D", "\r").replace("%0A", "\n").replace("%3A", ":").replace("%2C", ",");
        text.replace("%25", "%")
    };
    let mut read = Vec::new();
    for line in text.lines() {
        // The old form is looked for anywhere in a line, the new one behind whitespace, too.
        assert!(!line.contains("##["), "{line}");
        if !line.trim_start().starts_with("::") {
            continue;
        }
        let parts = grammar.captures(line).unwrap_or_else(|| panic!("no command of ours: {line}"));
        read.push((parts[1].to_owned(), plain(&parts[2]), plain(&parts[3])));
    }
    read
}

/// The tables of a summary, each a list of rows of cells. Every table has as many cells in each row as its
/// heading, and there is no tag but those that fold and break lines.
pub fn tables(text: &str) -> Vec<Vec<Vec<String>>> {
    harmless(text);
    let tag = Regex::new("</?([a-zA-Z!][^> ]*)").expect("a pattern");
    let tags: BTreeSet<String> = tag.captures_iter(text).map(|c| c[1].to_owned()).collect();
    assert!(tags.iter().all(|t| ["br", "details", "summary"].contains(&t.as_str())), "{tags:?}");
    for (open, close) in [("<details>", "</details>"), ("<summary>", "</summary>")] {
        assert_eq!((text.matches(open).count(), text.matches(close).count()), (1, 1), "{open}");
    }
    let mut tables: Vec<Vec<Vec<String>>> = Vec::new();
    let mut before = "";
    for line in text.lines() {
        if let Some(inner) = line.strip_prefix('|') {
            let inner = inner.strip_suffix('|').unwrap_or_else(|| panic!("an open row: {line}"));
            let cells: Vec<String> = inner.split('|').map(|cell| cell.trim().to_owned()).collect();
            if !before.starts_with('|') {
                assert_eq!(before, "", "a table needs an empty line before it: {line}");
                tables.push(Vec::new());
            }
            tables.last_mut().expect("one was pushed").push(cells);
        }
        before = line;
    }
    for table in &mut tables {
        assert!(table.iter().all(|row| row.len() == table[0].len()), "{table:?}");
        let rule = table.remove(1);
        assert!(rule.iter().all(|cell| cell.trim_matches(':').chars().all(|c| c == '-')), "{rule:?}");
    }
    tables
}

#[test]
fn events_live_and_in_a_file() {
    for (name, run_report) in super::all() {
        for text in [run_report.stdout.as_str(), run_report.file("jsonl")] {
            let lines = events(text);
            let last = &lines[lines.len() - 1];
            assert_eq!(last["exit"], run_report.code, "{name}: {last}");
            assert_eq!(last["tally"], run_report.report()["tally"], "{name}");
            // What was revised later counts.
            for outcome in run_report.outcomes() {
                let told_last = lines.iter().rfind(|l| l["outcome"]["id"] == outcome["id"]);
                assert_eq!(told_last.map(|l| &l["outcome"]), Some(&outcome), "{name}");
            }
        }
    }
}

#[test]
fn quoted_text_never_becomes_an_annotation() {
    for (name, run_report) in super::all() {
        let (read, strict) = (commands(run_report.file("github")), run_report.report()["strict"] == true);
        let (last, checks) = read.split_last().expect("a last annotation that sums up");
        assert!(last.2.contains(&format!("(exit {})", run_report.code)), "{name}: {last:?}");
        let outcomes = run_report.outcomes();
        let mut expected: Vec<(&str, String)> = Vec::new();
        for outcome in &outcomes {
            let title = || {
                format!(
                    "{} {}",
                    outcome["label"].as_str().unwrap_or_default(),
                    outcome["id"].as_str().unwrap_or_default()
                )
            };
            let excluded = outcome["verdict"]["skipped"]["excluded"].is_string();
            match mark(outcome, strict) {
                Mark::Good => {}
                Mark::Failure | Mark::Error => expected.push(("error", title())),
                Mark::Skipped if excluded => {}
                Mark::Skipped | Mark::Note => expected.push(("warning", title())),
            }
        }
        let shown: Vec<(&str, String)> =
            checks.iter().map(|(kind, title, _)| (kind.as_str(), title.clone())).collect();
        assert_eq!(shown, expected, "{name}");
        assert!(!read.iter().any(|(_, title, _)| title.contains("owned")), "{name}: {read:?}");
        let quoted: Vec<&str> = read.iter().map(|(_, _, message)| message.as_str()).collect();
        let own_line =
            quoted.iter().any(|message| message.lines().any(|l| l.trim().starts_with("::error::")));
        assert!(!own_line, "{name}: a quoted escape became a line: {quoted:?}");
        assert_eq!(name == "broken", quoted.iter().any(|message| message.contains("%0A ::error::owned")));
    }
}

#[test]
fn summaries_have_whole_tables_with_every_check() {
    let markup = Regex::new(r"[`@]|[^\\](?:\]\(|\*\*y)").expect("a pattern");
    for (name, run_report) in super::all() {
        let text = run_report.file("markdown");
        assert!(
            text.starts_with("## ")
                && text.lines().next().is_some_and(|l| l.ends_with(&format!("(exit {})", run_report.code))),
            "{name}: {text}"
        );
        let tables = tables(text);
        let all: Vec<String> = tables
            .iter()
            .filter(|table| table[0].get(2).is_some_and(|cell| cell == "claim"))
            .flat_map(|table| table[1..].iter().map(|row| row[1].clone()))
            .collect();
        let ids: Vec<String> =
            run_report.outcomes().iter().map(|o| o["id"].as_str().unwrap_or_default().to_owned()).collect();
        assert_eq!(all, ids, "{name}");
        let quoted = markup.find(text).map(|m| m.as_str());
        assert_eq!(quoted, None, "{name}: markup that was quoted is not escaped");
    }
}

#[test]
fn the_table_has_no_control_characters_and_names_every_check() {
    for (name, run_report) in super::all() {
        let text = run_report.file("table");
        harmless(text);
        for outcome in run_report.outcomes() {
            let id = outcome["id"].as_str().unwrap_or_default();
            assert!(text.contains(id), "{name}: {id}");
        }
        assert!(text.contains(&format!("(exit {})", run_report.code)), "{name}: {text}");
    }
}
