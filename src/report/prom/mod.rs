//! Prometheus text format, for the node exporter's textfile collector. Gauges only,
//! without timestamps, as that collector requires. The run's id is not a label, because
//! every run would then create new series.

mod traffic;

use std::fmt::Write;

use crate::outcome::Outcome;
use crate::outcome::Severity;
use crate::outcome::report::Report;
use crate::text;

/// Every label an outcome can have. Each check has one series per label, and exactly one of them is 1.
const STATES: [&str; 8] = ["pass", "warn", "fail", "waived", "inconclusive", "error", "blocked", "skipped"];

/// Renders the exposition.
pub fn render(report: &Report) -> String {
    let mut out = String::new();
    if let Some(partial) = &report.partial {
        out.push_str(&format!("# {}\n", partial));
    }
    let run = format!("target=\"{}\",verb=\"{}\"", escape(&report.target), escape(&report.verb));
    gauge(&mut out, "check_state", "1 for the state a check ended in, 0 for the others.", |sample| {
        for (section, outcome) in checks(report) {
            for state in STATES {
                let labels = format!("{run},{},state=\"{state}\"", check(section, outcome));
                sample(&labels, u8::from(outcome.label() == state).to_string());
            }
        }
    });
    gauge(&mut out, "check_duration_seconds", "How long the check took, retries included.", |sample| {
        for (section, outcome) in checks(report).filter(|(_, o)| o.attempts > 0) {
            sample(&format!("{run},{}", check(section, outcome)), seconds(outcome.took_ms));
        }
    });
    own(&mut out, report, &run);
    let partial = report.partial;
    let planned = partial.map_or(report.tally.planned, |p| p.planned);
    let whole = partial.map_or(planned, |p| p.of);
    let of_the_run = [
        ("run_timestamp_seconds", "When the run started.", unix_seconds(report)),
        ("run_duration_seconds", "How long the run took.", seconds(report.took_ms)),
        (
            "run_exit_code",
            "0 go, 1 no go, 2 refused, 3 undecided, 130 interrupted, 143 terminated.",
            report.exit.code().to_string(),
        ),
        ("run_partial", "1 when only a part of the checks was run.", u8::from(partial.is_some()).to_string()),
        ("run_checks_planned", "Checks in this run.", planned.to_string()),
        ("run_checks_whole", "Checks in a run that is not partial.", whole.to_string()),
    ];
    for (name, help, value) in of_the_run {
        gauge(&mut out, name, help, |sample| sample(&run, value.clone()));
    }
    for (name, help, value) in report.traffic.iter().flat_map(traffic::gauges) {
        // An unknown value is left out: alerts would take a 0 for a measurement.
        gauge(&mut out, name, help, |sample| value.iter().for_each(|value| sample(&run, value.clone())));
    }
    out
}

/// Gauges for the operator's own files: replaced checks and waivers.
fn own(out: &mut String, report: &Report, run: &str) {
    let written = |origin: &str| format!("written_in=\"{}\"", escape(origin));
    gauge(out, "check_replaced", "1 for a check of your own that replaces an embedded one.", |sample| {
        for (section, outcome) in checks(report) {
            let Some(replaces) = &outcome.replaces else { continue };
            let own = format!("{},replaces=\"{}\"", written(&outcome.origin), escape(replaces));
            sample(&format!("{run},{},{own}", check(section, outcome)), "1".to_owned());
        }
    });
    gauge(out, "check_waiver", "1 while the waiver of a check is valid, 0 once it has expired.", |sample| {
        for (section, outcome) in checks(report) {
            let Some(waiver) = &outcome.waiver else { continue };
            let (owner, expires, reason) =
                (escape(&waiver.owner), escape(&waiver.expires), escape(&waiver.reason));
            let own = format!(
                "{},owner=\"{owner}\",expires=\"{expires}\",reason=\"{reason}\"",
                written(&waiver.origin)
            );
            sample(&format!("{run},{},{own}", check(section, outcome)), u8::from(waiver.valid).to_string());
        }
    });
}

fn gauge(out: &mut String, name: &str, help: &str, write: impl Fn(&mut dyn FnMut(&str, String))) {
    let mut samples = String::new();
    write(&mut |labels, value| {
        let _infallible = writeln!(samples, "hotdash_ops_{name}{{{labels}}} {value}");
    });
    if !samples.is_empty() {
        out.push_str(&format!(
            "# HELP hotdash_ops_{name} {help}\n# TYPE hotdash_ops_{name} gauge\n{samples}"
        ));
    }
}

fn checks(report: &Report) -> impl Iterator<Item = (&str, &Outcome)> {
    report.sections.iter().flat_map(|s| s.outcomes.iter().map(|o| (s.id.as_str(), o)))
}

fn check(section: &str, outcome: &Outcome) -> String {
    let severity = match outcome.severity {
        Severity::Blocker => "blocker",
        Severity::Warning => "warning",
    };
    format!("check=\"{}\",section=\"{}\",severity=\"{severity}\"", escape(&outcome.id), escape(section))
}

/// Label values have three escapes; all other control characters are made plain first.
fn escape(value: &str) -> String {
    let lines: Vec<String> = value.split('\n').map(text::plain).collect();
    lines.join("\n").replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

fn seconds(ms: u64) -> String {
    format!("{}.{:03}", ms / 1_000, ms % 1_000)
}

fn unix_seconds(report: &Report) -> String {
    let ms = report.started.as_millisecond();
    format!("{}.{:03}", ms.div_euclid(1_000), ms.rem_euclid(1_000))
}
