//! Golden files: `tests/golden/CASE.ENDING`. `UPDATE=1` rewrites them.

use std::path::PathBuf;

use hotdash_ops::testing::input::format::Format;
use hotdash_ops::testing::outcome::report::{Partial, Report, Stopped};
use hotdash_ops::testing::outcome::{Severity, Verdict, Why};
use hotdash_ops::testing::report::{Style, conclusion, render};

use super::sample;

fn compare(name: &str, text: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var("UPDATE").is_ok_and(|value| value == "1") {
        std::fs::write(&path, text).unwrap();
    }
    let golden = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}; UPDATE=1 writes it", path.display()));
    assert!(golden == text, "{} differs; this is the new text:\n{text}\nUPDATE=1 accepts it", path.display());
}

fn in_every_format(case: &str, report: &Report) {
    for format in Format::ALL {
        let style = Style { width: Some(100), ..Style::default() };
        compare(&format!("{case}.{format}"), &render(format, report, &style));
    }
}

#[test]
fn green() {
    in_every_format("green", &sample::green());
}

#[test]
fn go_with_a_waived_failure() {
    in_every_format("waived", &sample::waived());
}

#[test]
fn the_conclusion_says_what_is_waived() {
    let (green, waived) = (sample::green(), sample::waived());
    const PASSED: &str = "GO: all 2 required checks passed (exit 0)";
    const WAIVED: &str = "GO: 1 of 2 required checks passed, 1 is waived (exit 0)";
    assert_eq!(conclusion(&green), "GO: all 3 required checks passed (exit 0)");
    assert_eq!(conclusion(&waived), WAIVED);
    // A waiver that is not needed, and one of a check that does not affect the exit code.
    let mut other = waived.clone();
    other.sections[0].outcomes[1].verdict = Verdict::Pass;
    assert_eq!(conclusion(&other.seal()), PASSED);
    let mut other = waived.clone();
    other.sections[0].outcomes[1].severity = Severity::Warning;
    assert_eq!(conclusion(&other.seal()), "GO: the only required check passed (exit 0)");
    // Under `strict` the waiver can cover a warning.
    for (strict, expected) in [(false, PASSED), (true, WAIVED)] {
        let mut other = Report { strict, ..waived.clone() };
        other.sections[0].outcomes[1].verdict = Verdict::Pass;
        other.sections[0].outcomes[1].warnings.push("nearly full".to_owned());
        assert_eq!(conclusion(&other.seal()), expected, "{strict}");
    }
}

#[test]
fn the_conclusion_counts_what_decided() {
    let ended = |verdicts: &[Verdict], partial: bool| {
        let outcomes = verdicts.iter().enumerate().map(|(number, verdict)| {
            sample::with(verdict.clone(), "", sample::pass(&format!("chatwoot.c{number}"), "a claim"))
        });
        let mut report =
            sample::report(vec![("chatwoot", "Chatwoot health", outcomes.collect())], None, false);
        report.partial = partial.then_some(Partial { planned: verdicts.len(), of: 54 });
        conclusion(&report)
    };
    let blocked = Verdict::Skipped(Why::Blocked("chatwoot.c0".to_owned()));
    let excluded = Verdict::Skipped(Why::Excluded("--skip chatwoot.c0".to_owned()));
    use Verdict::{Error, Fail, Inconclusive, Pass};
    for (verdicts, partial, expected) in [
        (
            &[Pass, Pass][..],
            true,
            "PARTIAL: all 2 required checks in this run passed; 52 other checks were not run (exit 0)",
        ),
        (&[Fail, Pass, Fail], false, "NO GO: 2 required checks failed (exit 1)"),
        (
            &[Fail, blocked.clone()],
            true,
            "NO GO: 1 required check failed; 52 other checks were not run (exit 1)",
        ),
        (&[Inconclusive, Error, Pass], false, "UNDECIDED: 2 required checks could not be decided (exit 3)"),
        (
            &[Error, blocked],
            false,
            "UNDECIDED: 1 required check could not be decided, 1 more is blocked (exit 3)",
        ),
        (&[excluded], false, "UNDECIDED: no required check was run (exit 3)"),
    ] {
        assert_eq!(ended(verdicts, partial), expected);
    }
    let strict = conclusion(&sample::strict());
    assert_eq!(
        strict,
        "NO GO: 3 required checks failed, 2 warnings count as failures (--strict); 36 other checks were not run (exit 1)"
    );
    assert_eq!(conclusion(&sample::interrupted()), "INTERRUPTED: 2 checks did not finish (exit 130)");
    assert_eq!(
        conclusion(&sample::terminated()),
        "TERMINATED: the run was stopped after its last check (exit 143)"
    );
    let mut mistaken = sample::green();
    mistaken.stopped = Some(Stopped::SandboxMistaken);
    let mistaken = conclusion(&mistaken.seal());
    assert_eq!(mistaken, "REFUSED: a test stand-in answered, but the target is production (exit 2)");
}

#[test]
fn mixed() {
    in_every_format("mixed", &sample::mixed());
}

#[test]
fn strict_and_partial() {
    in_every_format("strict", &sample::strict());
}

#[test]
fn own_checks() {
    in_every_format("own", &sample::own_checks());
    let style = Style { width: Some(100), verbose: 1, ..Style::default() };
    compare("own-verbose.table", &render(Format::Table, &sample::own_checks(), &style));
}

#[test]
fn interrupted() {
    in_every_format("interrupted", &sample::interrupted());
}

#[test]
fn terminated_after_the_last_check() {
    in_every_format("terminated", &sample::terminated());
}

#[test]
fn hostile() {
    in_every_format("hostile", &sample::hostile());
}

#[test]
fn traffic_that_is_good() {
    in_every_format("traffic-good", &sample::good());
    for width in [80, 120] {
        let style = Style { width: Some(width), ..Style::default() };
        compare(&format!("traffic-good-{width}.table"), &render(Format::Table, &sample::good(), &style));
    }
}

#[test]
fn traffic_that_fails() {
    in_every_format("traffic-failing", &sample::failing());
    let style = Style { width: Some(80), verbose: 1, colour: true, ..Style::default() };
    compare("traffic-failing-verbose.table", &render(Format::Table, &sample::failing(), &style));
}

#[test]
fn traffic_that_was_not_judged() {
    in_every_format("traffic-provisional", &sample::provisional());
}

#[test]
fn traffic_that_never_arrived() {
    in_every_format("traffic-empty", &sample::empty());
}

#[test]
fn the_table_in_its_styles() {
    let plain = Style::default();
    let styles = [
        ("80", Style { width: Some(80), ..plain.clone() }),
        ("120", Style { width: Some(120), ..plain.clone() }),
        ("40", Style { width: Some(40), ..plain.clone() }),
        ("no-terminal", plain.clone()),
        ("problems", Style { width: Some(80), problems_only: true, ..plain.clone() }),
        ("verbose", Style { width: Some(80), verbose: 1, ..plain.clone() }),
        ("colour", Style { width: Some(80), colour: true, ..plain }),
    ];
    for (name, style) in styles {
        compare(&format!("mixed-{name}.table"), &render(Format::Table, &sample::mixed(), &style));
    }
}

#[test]
fn the_table_fits_its_width_except_in_lines_to_copy() {
    for width in [80, 100, 120] {
        let style = Style { width: Some(width), verbose: 1, ..Style::default() };
        for line in render(Format::Table, &sample::mixed(), &style).lines() {
            let copied = line.starts_with("    fix ") || line.starts_with("    see ");
            assert!(copied || line.chars().count() <= usize::from(width), "{width}: {line}");
            assert_eq!(line, line.trim_end());
        }
    }
}

#[test]
fn each_v_shows_more() {
    let report_of =
        |verbose| render(Format::Table, &sample::hostile(), &Style { verbose, ..Style::default() });
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).count();
    let (terse, verbose, all) = (report_of(0), report_of(1), report_of(2));
    assert!(terse.contains("(4760 more characters)") && verbose.contains("(4000 more characters)"));
    assert!(!all.contains("(4000 more characters)") && digits(&all) > 10_000, "nothing found is cut");
    assert!(!terse.contains("defined in") && verbose.contains("defined in    checks/"));
}
