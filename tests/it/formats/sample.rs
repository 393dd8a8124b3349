//! Constructed reports: a green one, one with every verdict, a hostile one.

use hotdash_ops::exit::Exit;
use hotdash_ops::outcome::finding::{Claim, Evidence};
use hotdash_ops::outcome::report::{Partial, Report, SCHEMA, SectionReport, Stopped, Tally};
use hotdash_ops::outcome::waived::Waiver;
use hotdash_ops::outcome::{Effect, Severity};
use hotdash_ops::outcome::{Outcome, Verdict, Why};
use jiff::Timestamp;

mod own;

pub use own::{own_checks, waived};

/// A passing check that was asked once.
pub fn pass(id: &str, title: &str) -> Outcome {
    Outcome {
        id: id.to_owned(),
        title: title.to_owned(),
        severity: Severity::Blocker,
        effect: Effect::None,
        verdict: Verdict::Pass,
        asked: format!("GET https://chat.example/{id}"),
        claims: vec![Claim::new("http status", "200", "200", true)],
        evidence: vec![Evidence { name: "version".to_owned(), value: "4.8.0".to_owned() }],
        warnings: Vec::new(),
        reason: String::new(),
        fix: "fly secrets set CHATWOOT_BASE_URL=https://chat.example -a hotdash-app".to_owned(),
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

/// A check whose claims break, judged as the engine does.
pub fn fail(id: &str, title: &str, claims: Vec<Claim>) -> Outcome {
    let mut outcome = pass(id, title);
    outcome.judge(hotdash_ops::outcome::finding::Finding {
        claims,
        ..hotdash_ops::outcome::finding::Finding::about("asked by a probe")
    });
    outcome
}

/// The same check under a waiver, as the engine tells it.
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
        pass("environment.base-url-set", "CHATWOOT_BASE_URL is set and well formed"),
        pass("environment.base-url-reachable", "CHATWOOT_BASE_URL answers"),
    ];
    let release = Outcome {
        sign_off: Some("restored from backup on 2025-11-20, ticket OPS-114".to_owned()),
        ..pass("plan.restore-tried", "a restore was tried by a person")
    };
    report(
        vec![
            ("environment", "Environment configuration", environment),
            ("plan", "Rollback plan", vec![release]),
        ],
        None,
        false,
    )
}

/// Every verdict, every reason not to ask, warnings, waivers valid and expired, a sign-off.
pub fn mixed() -> Report {
    report(sections(), None, false)
}

/// The same under `--strict`, from a part of the plan, with notes.
pub fn strict() -> Report {
    let mut report = report(sections(), None, true);
    report.partial = Some(Partial { planned: report.tally.planned, of: 52 });
    report.notes =
        vec!["with one target only, values of another target in its place cannot be told".to_owned()];
    report
}

/// Interrupted by Ctrl-C, with nothing wrong until then.
pub fn interrupted() -> Report {
    let mut chatwoot = vec![pass("chatwoot.live", "Chatwoot is alive")];
    for id in ["chatwoot.token", "chatwoot.webhook"] {
        chatwoot.push(with(Verdict::Skipped(Why::Interrupted), "interrupted", pass(id, "not finished")));
    }
    report(vec![("chatwoot", "Chatwoot health", chatwoot)], Some(Stopped::Interrupted), false)
}

/// Every check passes and the run is not 0 all the same: it was terminated at the last moment.
pub fn terminated() -> Report {
    let checks = vec![pass("chatwoot.live", "Chatwoot is alive")];
    report(vec![("chatwoot", "Chatwoot health", checks)], Some(Stopped::Terminated), false)
}

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
            ..fail(&format!("hostile.n{number}"), text, vec![Claim::new(*text, *text, *text, false)])
        })
        .collect();
    checks.push(fail("hostile.long", &long, vec![Claim::new("body", "ok", long.as_str(), false)]));
    checks.push(pass("hostile.pass", nasty[3]));
    let mut report = report(vec![("hostile", nasty[4], checks)], None, false);
    report.target = nasty[6].to_owned();
    report.traffic = Some(super::traffic::hostile(&nasty));
    report.notes = nasty.iter().map(|text| (*text).to_owned()).collect();
    report
}

fn sections() -> Vec<(&'static str, &'static str, Vec<Outcome>)> {
    vec![
        ("environment", "Environment configuration", environment()),
        ("chatwoot", "Chatwoot health", chatwoot()),
        ("schema", "Database schema", schema()),
        ("quality", "Code quality", quality()),
    ]
}

fn environment() -> Vec<Outcome> {
    let secret = Outcome {
        severity: Severity::Warning,
        fix: "set CHATWOOT_WEBHOOK_SECRET to the secret that Chatwoot shows under Settings, Integrations, Webhooks"
            .to_owned(),
        ..fail(
            "environment.webhook-secret-set",
            "CHATWOOT_WEBHOOK_SECRET is set",
            vec![Claim::new("CHATWOOT_WEBHOOK_SECRET", "set", "not set", false)],
        )
    };
    vec![
        pass("environment.base-url-set", "CHATWOOT_BASE_URL is set and well formed"),
        Outcome {
            took_ms: 3_480,
            ..pass(
                "environment.base-url-reachable",
                "CHATWOOT_BASE_URL answers, and its certificate holds for two weeks and more",
            )
        },
        Outcome {
            attempts: 2,
            took_ms: 1_204,
            warnings: vec!["needed 2 attempts: connection reset".to_owned()],
            ..pass("environment.database-connects", "DATABASE_URL connects to the primary")
        },
        secret,
        Outcome {
            runbook: None,
            fix: "install flyctl: curl -L https://fly.io/install.sh | sh".to_owned(),
            ..with(
                Verdict::Error,
                "fly is not on the PATH",
                pass("environment.fly-secrets", "every secret is deployed on hotdash-app"),
            )
        },
        skipped(
            Why::Blocked("environment.fly-secrets".to_owned()),
            "environment.fly-agent",
            "the agent service has its token",
        ),
        Outcome {
            severity: Severity::Warning,
            ..with(
                Verdict::Inconclusive,
                "fingerprints: expected one per target, found none for staging",
                pass("environment.fingerprints", "no value of another target is in use"),
            )
        },
    ]
}

fn chatwoot() -> Vec<Outcome> {
    let services = vec![
        Claim::new("http status", "200", "200", true),
        Claim::new("queue_services", "ok", "failing", false),
        Claim::open("data_services", "ok", "null"),
    ];
    let expired = Waiver {
        reason: "role change is ordered".to_owned(),
        owner: "Ada".to_owned(),
        expires: "2025-11-01".to_owned(),
        valid: false,
        origin: "ops/checks/waivers.toml:1".to_owned(),
    };
    let role = fail(
        "chatwoot.role",
        "the token's role is administrator",
        vec![Claim::new("role", "administrator", "agent", false)],
    );
    vec![
        pass("chatwoot.live", "Chatwoot is alive"),
        Outcome {
            fix: "restart Sidekiq: fly machine restart 3d8d9930b32e89 -a hotdash-chatwoot".to_owned(),
            ..fail("chatwoot.services", "Chatwoot's queue and data services answer", services)
        },
        under(expired, role),
    ]
}

fn schema() -> Vec<Outcome> {
    let waiver = Waiver {
        reason: "the table is small until January".to_owned(),
        owner: "Grace".to_owned(),
        expires: "2025-12-31".to_owned(),
        valid: true,
        origin: "ops/checks/waivers.toml:7".to_owned(),
    };
    let index = vec![Claim::new(
        "index on (fact_type, recorded_at)",
        "valid and not partial",
        "only dashboard_facts_pkey (id), dashboard_facts_type_idx (fact_type) WHERE fact_type <> 'test'",
        false,
    )];
    vec![
        Outcome { waiver: Some(waiver), fix: "CREATE INDEX CONCURRENTLY dashboard_facts_type_time ON dashboard_facts (fact_type, recorded_at);".to_owned(), ..fail("schema.facts-index", "an index serves (fact_type, recorded_at)", index) },
        with(Verdict::Inconclusive, "age of the newest fact: expected at most 1 h, found no rows", pass("schema.facts-fresh", "facts are being written")),
        skipped(Why::Excluded("grading = false".to_owned()), "schema.grades-table", "customer_grades exists"),
    ]
}

fn quality() -> Vec<Outcome> {
    let tests = Outcome {
        evidence: vec![Evidence {
            name: "tail of stdout".to_owned(),
            value: "FAIL tests/unit/a.spec.ts\n  expected 1 to be 2\n\nTests  1 failed | 41 passed (42)\n"
                .to_owned(),
        }],
        fix: "npm run test:unit, and mend what fails".to_owned(),
        took_ms: 125_300,
        ..fail("quality.unit-tests", "all unit tests pass", vec![Claim::new("exit status", "0", "1", false)])
    };
    let blocked =
        |id: &str, by: &str| skipped(Why::Blocked(by.to_owned()), id, "the checkout was not changed");
    vec![
        tests,
        blocked("quality.lint", "quality.checkout"),
        blocked("quality.format", "quality.lint"),
        with(
            Verdict::Error,
            "--app-dir names no checkout",
            pass("quality.checkout", "the checkout is there"),
        ),
        skipped(Why::SandboxMistaken, "quality.scan", "the security scan is clean"),
    ]
}
