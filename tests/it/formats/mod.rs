//! Every format, from constructed reports: golden files, parsers that were not
//! written here, and the invariant that every planned check is reported exactly once.

#![allow(
    clippy::unwrap_used,
    reason = "clippy's own exception reaches test functions, not the helpers between them"
)]

mod accepted;
mod files;
mod golden;
pub mod once;
mod progress;
mod sample;
mod streams;
pub mod traffic;

use hotdash_ops::input::format::Format;
use hotdash_ops::outcome::report::Report;
use hotdash_ops::report::{Style, render};

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
        ("traffic-good", traffic::good()),
        ("traffic-failing", traffic::failing()),
        ("traffic-provisional", traffic::provisional()),
        ("traffic-empty", traffic::empty()),
        ("empty", sample::report(Vec::new(), None, false)),
    ]
}

fn report_of(format: Format, report: &Report) -> String {
    render(format, report, &Style::default())
}
