//! Constructed reports: one where everything passes, one with every verdict, a hostile one.

use hotdash_ops::testing::exit::Exit;
use hotdash_ops::testing::outcome::finding::{Claim, Evidence};
use hotdash_ops::testing::outcome::report::{Report, SCHEMA, SectionReport, Stopped, Tally};
use hotdash_ops::testing::outcome::waived::Waiver;
use hotdash_ops::testing::outcome::{Effect, Severity};
use hotdash_ops::testing::outcome::{Outcome, Verdict, Why};
use jiff::Timestamp;

mod hostile;
mod mixed;
mod own;
mod traffic;

pub use hostile::hostile;
pub use mixed::{mixed, strict};
pub use own::{own_checks, waived};
pub use traffic::{empty, failing, good, provisional};

/// A passing check with one attempt.
pub fn pass(id: &str, title: &str) -> Outcome {
    Outcome {
        id: id.to_owned(),
        title: title.to_owned(),
        severity: Severity::Blocker,
        effect: Effect::None,
        verdict: Verdict::Pass,
        asked: format!("GET https://chat.example/{id}"),
        claims: vec![Claim::compared("http-status", "http status", "200", "200", true)],
        evidence: vec![Evidence { name: "version".to_owned(), value: "4.8.0".to_owned() }],
        warnings: Vec::new(),
        reason: String::new(),
        fix: "curl -v https://chat.example/api".to_owned(),
        runbook: Some("https://runbooks.example/chatwoot#health".to_owned()),
        attempts: 1,
        started: Some(at("2025-11-22T23:33:05Z")),
        took_ms: 87,
        waiver: None,
        sign_off: None,
        origin: "checks/preflight/chatwoot.toml:12".to_owned(),
        replaces: None,
    }
}

/// The same check with another verdict and its reason.
pub fn with(verdict: Verdict, reason: &str, outcome: Outcome) -> Outcome {
    let asked = verdict.asked();
    Outcome {
        reason: reason.to_owned(),
        asked: if asked { outcome.asked } else { String::new() },
        claims: if asked { outcome.claims } else { Vec::new() },
        evidence: if asked { outcome.evidence } else { Vec::new() },
        attempts: u32::from(asked),
        started: outcome.started.filter(|_| asked),
        verdict,
        ..outcome
    }
}

/// A check with these claims, judged as the engine does.
pub fn fail(id: &str, title: &str, claims: Vec<Claim>) -> Outcome {
    let mut outcome = pass(id, title);
    outcome.judge(hotdash_ops::testing::outcome::finding::Finding {
        claims,
        ..hotdash_ops::testing::outcome::finding::Finding::about(format!("GET https://chat.example/{id}"))
    });
    outcome
}

/// The same check under a waiver, as the engine reports it.
fn under(waiver: Waiver, outcome: Outcome) -> Outcome {
    let mut outcome = Outcome { waiver: Some(waiver), ..outcome };
    outcome.tell_expiry();
    outcome
}

fn skipped(why: Why, id: &str, title: &str) -> Outcome {
    with(Verdict::Skipped(why), "", pass(id, title))
}

fn at(time: &str) -> Timestamp {
    time.parse().expect("a constant")
}

/// A sealed report of `sections`: phase `preflight`, id and title, outcomes.
pub fn report(sections: Vec<(&str, &str, Vec<Outcome>)>, stopped: Option<Stopped>, strict: bool) -> Report {
    let section = |(id, title, outcomes): (&str, &str, Vec<Outcome>)| SectionReport {
        id: id.to_owned(),
        title: title.to_owned(),
        phase: "preflight".to_owned(),
        outcomes,
    };
    Report {
        schema: SCHEMA,
        version: "0.1.0",
        run: "20251122-233304-7f3a".to_owned(),
        verb: "preflight".to_owned(),
        target: "production".to_owned(),
        started: at("2025-11-22T23:33:04.25Z"),
        took_ms: 12_437,
        partial: None,
        stopped,
        strict,
        notes: Vec::new(),
        traffic: None,
        sections: sections.into_iter().map(section).collect(),
        tally: Tally::default(),
        exit: Exit::Undecided,
    }
    .seal()
}

/// Everything passes.
pub fn green() -> Report {
    let environment = vec![
        pass("environment.chatwoot-base-url", "CHATWOOT_BASE_URL is set and is a valid URL"),
        pass("environment.chatwoot-reachable", "Chatwoot is reachable"),
    ];
    let dashboards = Outcome {
        sign_off: Some("grafana.example/d/support, checked by Mara on 2025-11-20".to_owned()),
        ..pass("success.dashboards", "monitoring dashboards are active")
    };
    report(
        vec![
            ("environment", "Environment configuration", environment),
            ("success", "Success criteria", vec![dashboards]),
        ],
        None,
        false,
    )
}

/// Interrupted by Ctrl-C, without a problem until then.
pub fn interrupted() -> Report {
    let mut chatwoot = vec![pass("chatwoot.alive", "Chatwoot answers")];
    for (id, title) in [
        ("chatwoot.token", "Chatwoot accepts the token"),
        ("chatwoot.webhook-present", "Chatwoot has a webhook to the app"),
    ] {
        chatwoot.push(with(Verdict::Skipped(Why::Interrupted), "interrupted", pass(id, title)));
    }
    report(vec![("chatwoot", "Chatwoot health", chatwoot)], Some(Stopped::Interrupted), false)
}

/// Every check passes, but the run was terminated at the last moment.
pub fn terminated() -> Report {
    let checks = vec![pass("chatwoot.alive", "Chatwoot answers")];
    report(vec![("chatwoot", "Chatwoot health", checks)], Some(Stopped::Terminated), false)
}
