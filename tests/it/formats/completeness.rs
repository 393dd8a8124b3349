//! Every planned check is reported exactly once, in checklist order, in every
//! format; and every format is red exactly when the exit code is not 0.

use hotdash_ops::testing::input::format::Format;
use hotdash_ops::testing::outcome::Severity;
use hotdash_ops::testing::outcome::report::{Report, Stopped};
use hotdash_ops::testing::outcome::waived::Waiver;
use hotdash_ops::testing::outcome::{Outcome, Verdict, Why};
use hotdash_ops::testing::report::{Style, render};
use proptest::prelude::*;
use serde_json::Value;

use super::{sample, samples};

/// The ids that stand as records in a rendered report, in their order.
pub fn ids(format: Format, text: &str) -> Vec<String> {
    let owned = |id: &str| Some(id.to_owned());
    match format {
        Format::Table => text
            .lines()
            .take_while(|line| !line.starts_with("Not blocking (") && !line.starts_with("Blocking ("))
            .filter_map(|line| {
                let mut words = line.split_whitespace();
                let (mark, label, id) = (words.next()?, words.next()?, words.next()?);
                let row = !line.starts_with(' ') && mark.chars().count() == 1 && "✓✗?!~-".contains(mark);
                (row && label.chars().all(|c| c.is_ascii_lowercase())).then(|| id.to_owned())
            })
            .collect(),
        Format::Json => {
            let document: Value = serde_json::from_str(text).unwrap();
            let sections = document["sections"].as_array().unwrap().iter();
            sections
                .flat_map(|s| s["outcomes"].as_array().unwrap())
                .filter_map(|o| owned(o["id"].as_str()?))
                .collect()
        }
        Format::Jsonl => text
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap())
            .filter_map(|line| owned(line["outcome"]["id"].as_str()?))
            .collect(),
        Format::Junit => text
            .lines()
            .filter_map(|line| line.trim_start().strip_prefix("<testcase name=\""))
            .filter_map(|rest| owned(rest.split_once('"')?.0))
            .filter(|id| id != "exit")
            .collect(),
        Format::Prom => text
            .lines()
            .filter(|line| line.starts_with("hotdash_ops_check_state{") && line.ends_with(" 1"))
            .filter_map(|line| owned(line.split_once("check=\"")?.1.split_once('"')?.0))
            .collect(),
        Format::Markdown => text
            .split_once("<details>")
            .unwrap()
            .1
            .lines()
            .filter(|line| line.starts_with("| ") && !line.starts_with("| |"))
            .filter_map(|line| owned(line.split(" | ").nth(1)?))
            .collect(),
        Format::Github => {
            let lines: Vec<&str> = text.lines().collect();
            lines[..lines.len() - 1]
                .iter()
                .filter_map(|line| match line.strip_prefix("::") {
                    Some(command) => owned(command.split_once("::")?.0.rsplit_once(' ')?.1),
                    None => owned(line.split_whitespace().nth(1)?),
                })
                .collect()
        }
    }
}

fn told_once(report: &Report, style: &Style) {
    let planned: Vec<String> = report.outcomes().map(|o| o.id.clone()).collect();
    for format in Format::ALL {
        let text = render(format, report, style);
        assert_eq!(ids(format, &text), planned, "{format}:\n{text}");
        let stray =
            text.chars().find(|c| *c != '\n' && (c.is_control() || ('\u{202a}'..='\u{202e}').contains(c)));
        assert_eq!(stray, None, "{format} has a character that a terminal obeys");
    }
}

/// The short table leaves out what is fine, and never a problem.
fn no_problem_is_lost(report: &Report) {
    let text = render(Format::Table, report, &Style { problems_only: true, ..Style::default() });
    for outcome in report.outcomes() {
        let named = text.split([' ', ',', '\n']).any(|word| word == outcome.id);
        assert!(named || !outcome.is_problem(), "{}:\n{text}", outcome.id);
    }
}

/// Red where a machine looks: JUnit and the annotations.
fn red_like_the_exit_code(report: &Report) {
    let green = report.exit.code() == 0;
    let junit = render(Format::Junit, report, &Style::default());
    assert_eq!(green, !junit.contains("<failure ") && !junit.contains("<error "), "{junit}");
    let github = render(Format::Github, report, &Style::default());
    assert_eq!(green, !github.lines().any(|line| line.starts_with("::error ")), "{github}");
}

#[test]
fn every_sample_is_complete_in_every_format() {
    for (_, report) in samples() {
        told_once(&report, &Style::default());
        red_like_the_exit_code(&report);
        no_problem_is_lost(&report);
    }
}

#[test]
fn every_format_marks_a_partial_run() {
    let report = sample::strict();
    for format in Format::ALL {
        let text = render(format, &report, &Style::default());
        let said = match format {
            Format::Json | Format::Jsonl => text.contains("\"of\": 54") || text.contains("\"of\":54"),
            _ => text.contains("PARTIAL 18 of 54"),
        };
        assert!(said, "{format}: {text}");
    }
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        Just("\u{1b}[2J\n::error::x ##[group]".to_owned()),
        Just("]]> | `x` <details>".to_owned()),
        Just("✓ pass  other.check".to_owned()),
        any::<String>(),
    ]
}

fn verdict() -> impl Strategy<Value = Verdict> {
    prop_oneof![
        4 => Just(Verdict::Pass),
        2 => Just(Verdict::Fail),
        1 => Just(Verdict::Inconclusive),
        1 => Just(Verdict::Error),
        1 => (0..9usize).prop_map(|n| Verdict::Skipped(Why::Blocked(format!("s0.c{n}")))),
        1 => text().prop_map(|by| Verdict::Skipped(Why::Excluded(by))),
        1 => Just(Verdict::Skipped(Why::Interrupted)),
        1 => Just(Verdict::Skipped(Why::SandboxMistaken)),
    ]
}

fn outcome() -> impl Strategy<Value = Outcome> {
    let waiver = prop::option::weighted(0.2, (text(), any::<bool>(), text())).prop_map(|waiver| {
        waiver.map(|(reason, valid, origin)| Waiver {
            reason,
            owner: "Ada".into(),
            expires: "2025-12-31".into(),
            valid,
            origin,
        })
    });
    let warnings = prop::collection::vec(text(), 0..2);
    let replaces = prop::option::weighted(0.2, text());
    (verdict(), any::<bool>(), text(), text(), waiver, warnings, replaces).prop_map(
        |(verdict, blocker, title, reason, waiver, warnings, replaces)| Outcome {
            replaces,
            severity: if blocker { Severity::Blocker } else { Severity::Warning },
            waiver,
            warnings,
            fix: reason.clone(),
            ..sample::with(verdict, &reason, sample::pass("", &title))
        },
    )
}

fn reports() -> impl Strategy<Value = Report> {
    let stopped = prop_oneof![
        8 => Just(None),
        1 => Just(Some(Stopped::Interrupted)),
        1 => Just(Some(Stopped::SandboxMistaken)),
    ];
    (prop::collection::vec(outcome(), 0..9), stopped, any::<bool>()).prop_map(
        |(mut outcomes, stopped, strict)| {
            for (number, outcome) in outcomes.iter_mut().enumerate() {
                outcome.id = format!("s0.c{number}");
            }
            let rest = outcomes.split_off(outcomes.len() / 2);
            sample::report(vec![("s0", "First", outcomes), ("s1", "Second", rest)], stopped, strict)
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_report_is_complete(report in reports(), width in prop::option::of(1..200u16), verbose in 0..3u8) {
        told_once(&report, &Style { width, verbose, ..Style::default() });
        red_like_the_exit_code(&report);
        no_problem_is_lost(&report);
    }
}
