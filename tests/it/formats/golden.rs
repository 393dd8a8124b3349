//! Golden files: `tests/golden/CASE.ENDING`. `UPDATE=1` writes them anew.

use std::path::PathBuf;

use hotdash_ops::input::format::Format;
use hotdash_ops::outcome::Severity;
use hotdash_ops::outcome::Verdict;
use hotdash_ops::outcome::report::Report;
use hotdash_ops::report::{Style, render};

use super::{sample, traffic};

fn compare(name: &str, text: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var("UPDATE").is_ok_and(|value| value == "1") {
        std::fs::write(&path, text).unwrap();
    }
    let golden = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}; UPDATE=1 writes it", path.display()));
    assert!(golden == text, "{} differs; this is what came:\n{text}\nUPDATE=1 takes it over", path.display());
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
fn what_go_means_depends_on_what_a_waiver_lets_through() {
    let (green, waived) = (sample::green(), sample::waived());
    assert_eq!((green.exit.code(), green.meaning()), (0, "go: every required check passed"));
    assert_eq!((waived.exit.code(), waived.meaning()), (0, "go: every required check passed or is waived"));
    // A waiver that nothing needs, and one of a check on which the exit code does not depend.
    let mut other = waived.clone();
    other.sections[0].outcomes[1].verdict = Verdict::Pass;
    assert_eq!(other.seal().meaning(), green.meaning());
    let mut other = waived.clone();
    other.sections[0].outcomes[1].severity = Severity::Warning;
    assert_eq!(other.seal().meaning(), green.meaning());
    // Under `strict` it may be a warning that is let through.
    for (strict, meaning) in [(false, green.meaning()), (true, waived.meaning())] {
        let mut other = Report { strict, ..waived.clone() };
        other.sections[0].outcomes[1].verdict = Verdict::Pass;
        other.sections[0].outcomes[1].warnings.push("nearly full".to_owned());
        let other = other.seal();
        assert_eq!((other.exit.code(), other.meaning()), (0, meaning), "{strict}");
    }
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
    in_every_format("traffic-good", &traffic::good());
    for width in [80, 120] {
        let style = Style { width: Some(width), ..Style::default() };
        compare(&format!("traffic-good-{width}.table"), &render(Format::Table, &traffic::good(), &style));
    }
}

#[test]
fn traffic_that_fails() {
    in_every_format("traffic-failing", &traffic::failing());
    let style = Style { width: Some(80), verbose: 1, colour: true, ..Style::default() };
    compare("traffic-failing-verbose.table", &render(Format::Table, &traffic::failing(), &style));
}

#[test]
fn traffic_that_was_not_judged() {
    in_every_format("traffic-provisional", &traffic::provisional());
}

#[test]
fn traffic_that_never_came() {
    in_every_format("traffic-empty", &traffic::empty());
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
fn the_table_keeps_to_its_width_except_where_it_is_copied_from() {
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
fn more_is_shown_the_more_v_there_are() {
    let told = |verbose| render(Format::Table, &sample::hostile(), &Style { verbose, ..Style::default() });
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).count();
    let (terse, verbose, all) = (told(0), told(1), told(2));
    assert!(terse.contains("(4760 more characters)") && verbose.contains("(4000 more characters)"));
    assert!(!all.contains("(4000 more characters)") && digits(&all) > 10_000, "nothing found is cut");
    assert!(!terse.contains("written in") && verbose.contains("written in  checks/"));
}
