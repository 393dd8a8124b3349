//! What each format makes of the numbers of a watch.

use hotdash_ops::testing::input::format::Format;
use hotdash_ops::testing::outcome::report::Report;
use hotdash_ops::testing::report::{Style, json, render};
use serde_json::Value;

use super::sample::{self, empty, failing, good, provisional};

fn report_of(format: Format, report: &Report) -> String {
    render(format, report, &Style { width: Some(80), ..Style::default() })
}

#[test]
fn every_format_shows_the_numbers_and_what_was_not_judged() {
    for format in Format::ALL {
        let (good, cut) = (report_of(format, &good()), report_of(format, &provisional()));
        let rate = if format == Format::Prom { "0.9833" } else { "98.33" };
        assert!(good.contains(rate) && good.contains("60"), "{format}: {good}");
        let (said, unsaid) = match format {
            Format::Json => ("\"provisional\": true", "\"provisional\": false"),
            Format::Jsonl => ("\"provisional\":true", "\"provisional\":false"),
            Format::Prom => ("traffic_provisional{target=\"production\",verb=\"monitor\"} 1", "_provisional"),
            _ => ("not judged: the watch was stopped before its verdict", ""),
        };
        assert!(cut.contains(said), "{format}: {cut}");
        assert!(!good.contains(said) && good.contains(unsaid), "{format}: {good}");
    }
}

#[test]
fn the_json_document_uses_the_checklists_names() {
    let document: Value = serde_json::from_str(&report_of(Format::Json, &failing())).unwrap();
    let traffic = &document["traffic"];
    assert_eq!(traffic["success_rate"], 59.09);
    assert_eq!(traffic["total"], 88);
    assert_eq!(traffic["avg_duration_ms"], 620.5);
    assert_eq!(traffic["dlq_count"], 3);
    let lines = report_of(Format::Jsonl, &failing());
    let ended: Value = serde_json::from_str(lines.lines().last().unwrap()).unwrap();
    assert_eq!(&ended["traffic"], traffic);
    let without: Value = serde_json::from_str(&report_of(Format::Json, &sample::green())).unwrap();
    assert!(without.get("traffic").is_none());
}

#[test]
fn the_schema_rejects_other_traffic() {
    let schema: Value = serde_json::from_str(json::schema()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let document: Value = serde_json::from_str(&report_of(Format::Json, &failing())).unwrap();
    assert!(validator.is_valid(&document));
    let fields: Vec<String> = document["traffic"].as_object().unwrap().keys().cloned().collect();
    for field in &fields {
        let mut lacking = document.clone();
        lacking["traffic"].as_object_mut().unwrap().remove(field);
        assert!(!validator.is_valid(&lacking), "{field} may be left out");
        let mut wrong = document.clone();
        wrong["traffic"][field] = serde_json::json!({ "surprise": 1 });
        assert!(!validator.is_valid(&wrong), "{field} may be anything");
    }
    for place in [
        "/traffic",
        "/traffic/deploy",
        "/traffic/as_printed",
        "/traffic/ended",
        "/traffic/gaps/0",
        "/traffic/series/0",
        "/traffic/failures_by_status/0",
    ] {
        let mut more = document.clone();
        more.pointer_mut(place).unwrap()["surprise"] = true.into();
        assert!(!validator.is_valid(&more), "{place} may have more");
    }
}

#[test]
fn an_unknown_value_has_no_gauge() {
    let text = report_of(Format::Prom, &empty());
    for absent in ["success_ratio", "duration_mean", "duration_p95", "attempts_mean"] {
        assert!(!text.contains(&format!("traffic_{absent}")), "{absent}: {text}");
    }
    assert!(text.contains("traffic_deliveries{target=\"production\",verb=\"monitor\"} 0\n"), "{text}");
    let none = report_of(Format::Prom, &sample::green());
    assert!(!none.contains("traffic"), "{none}");
}

#[test]
fn the_traffic_block_fits_its_width() {
    for report in [good(), failing(), provisional(), empty()] {
        for width in [60, 80, 100, 120] {
            for verbose in [0, 1, 2] {
                let style = Style { width: Some(width), verbose, ..Style::default() };
                for line in render(Format::Table, &report, &style).lines() {
                    let copied = line.starts_with("    fix ") || line.starts_with("    see ");
                    assert!(copied || line.chars().count() <= usize::from(width), "{width}: {line}");
                    assert_eq!(line, line.trim_end());
                }
            }
        }
    }
}

#[test]
fn verbose_shows_more_and_problems_shows_less() {
    let table = |style: &Style| render(Format::Table, &failing(), style);
    let (terse, all) = (table(&Style::default()), table(&Style { verbose: 1, ..Style::default() }));
    assert!(terse.contains("connect error 5") && !terse.contains("connect error 6"), "{terse}");
    assert!(terse.contains("and 4 more") && all.contains("connect error 9"), "{all}");
    let problems = Style { problems_only: true, ..Style::default() };
    assert!(!table(&problems).contains("connect error"));
    let cut = render(Format::Table, &provisional(), &problems);
    assert!(cut.lines().all(|line| line.chars().count() <= 100), "{cut}");
    assert!(cut.contains("Traffic · not judged: the watch was stopped before its verdict"), "{cut}");
}
