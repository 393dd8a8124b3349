//! Texts that would break out of every format.

use hotdash_ops::testing::outcome::Outcome;
use hotdash_ops::testing::outcome::finding::{Claim, Evidence};
use hotdash_ops::testing::outcome::report::Report;

use super::{fail, pass, report, traffic};

/// Texts that would break out of every format.
pub fn hostile() -> Report {
    let nasty = [
        "two\nlines\r\nand a tab\there",
        "nul\0 bell\u{7} escape\u{1b}[31mred\u{1b}[0m \u{1b}]0;title\u{7} c1\u{9b}2J",
        "]]> <b>bold</b> &amp; \"quoted\" 'single' <script>alert(1)</script>",
        "::error title=x::y ##[error]z %0A %",
        "a | b || c \\| d `code` **bold** [link](https://evil.example) @someone # h",
        "turned \u{202e}around\u{202c} zero\u{200b}width \u{2028}separator \u{feff}bom \u{fffe}",
        "{target=\"x\"} 1\n# TYPE injected counter \\n \\",
    ];
    let long = "0123456789".repeat(500);
    let mut checks: Vec<Outcome> = nasty
        .iter()
        .enumerate()
        .map(|(number, text)| Outcome {
            fix: (*text).to_owned(),
            runbook: Some((*text).to_owned()),
            warnings: vec![(*text).to_owned()],
            evidence: vec![Evidence { name: (*text).to_owned(), value: (*text).to_owned() }],
            ..fail(
                &format!("hostile.n{number}"),
                text,
                vec![Claim::compared("text", *text, *text, *text, false)],
            )
        })
        .collect();
    checks.push(fail(
        "hostile.long",
        &long,
        vec![Claim::compared("body", "body", "ok", long.as_str(), false)],
    ));
    checks.push(pass("hostile.pass", nasty[3]));
    let mut report = report(vec![("hostile", nasty[4], checks)], None, false);
    report.target = nasty[6].to_owned();
    report.traffic = Some(traffic::hostile(&nasty));
    report.notes = nasty.iter().map(|text| (*text).to_owned()).collect();
    report
}
