//! Every format, from constructed reports: golden files, parsers that were not
//! written here, and the invariant that every planned check is reported exactly once.

#![allow(
    clippy::unwrap_used,
    reason = "clippy's own exception reaches test functions, not the helpers between them"
)]

mod accepted;
pub mod completeness;
mod files;
mod golden;
mod progress;
pub mod real;
mod sample;
mod traffic;

use hotdash_ops::testing::input::format::Format;
use hotdash_ops::testing::outcome::report::Report;
use hotdash_ops::testing::report::{Style, render};

/// Every constructed report, by name.
fn samples() -> Vec<(&'static str, Report)> {
    vec![
        ("green", sample::green()),
        ("mixed", sample::mixed()),
        ("strict", sample::strict()),
        ("own", sample::own_checks()),
        ("waived", sample::waived()),
        ("interrupted", sample::interrupted()),
        ("terminated", sample::terminated()),
        ("hostile", sample::hostile()),
        ("traffic-good", sample::good()),
        ("traffic-failing", sample::failing()),
        ("traffic-provisional", sample::provisional()),
        ("traffic-empty", sample::empty()),
        ("empty", sample::report(Vec::new(), None, false)),
    ]
}

fn report_of(format: Format, report: &Report) -> String {
    render(format, report, &Style::default())
}
