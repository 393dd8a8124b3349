//! Constructed reports: one where everything passes, one with every verdict, a hostile one.

use hotdash_ops::exit::Exit;
use hotdash_ops::outcome::finding::{Claim, Evidence};
use hotdash_ops::outcome::report::{Partial, Report, SCHEMA, SectionReport, Stopped, Tally};
use hotdash_ops::outcome::waived::Waiver;
use hotdash_ops::outcome::{Effect, Severity};
use hotdash_ops::outcome::{Outcome, Verdict, Why};
use jiff::Timestamp;

mod own;

pub use own::{own_checks, waived};

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
    outcome.judge(hotdash_ops::outcome::finding::Finding {
        claims,
        ..hotdash_ops::outcome::finding::Finding::about(format!("GET https://chat.example/{id}"))
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

/// Every verdict, every reason not to run, warnings, valid and expired waivers.
pub fn mixed() -> Report {
    report(sections(), None, false)
}

/// The same under `--strict`, from a part of the plan, with notes.
pub fn strict() -> Report {
    let mut report = report(sections(), None, true);
    report.partial = Some(Partial { planned: report.tally.planned, of: 54 });
    report.notes =
        vec!["only one target is configured, so secrets of another target cannot be detected".to_owned()];
    report
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
        fix: "set CHATWOOT_WEBHOOK_SECRET to the secret shown in Chatwoot under Settings, Integrations, Webhooks"
            .to_owned(),
        ..fail(
            "environment.webhook-secret",
            "CHATWOOT_WEBHOOK_SECRET is set",
            vec![
                Claim::compared("set", "set", "a value", "nothing", false)
                    .sentence("CHATWOOT_WEBHOOK_SECRET is not set"),
            ],
        )
    };
    vec![
        pass("environment.chatwoot-base-url", "CHATWOOT_BASE_URL is set and is a valid URL"),
        Outcome {
            took_ms: 3_480,
            ..pass(
                "environment.chatwoot-certificate",
                "Chatwoot's certificate is valid for at least 14 more days and has its name",
            )
        },
        Outcome {
            attempts: 2,
            took_ms: 1_204,
            warnings: vec!["passed only on attempt 2".to_owned()],
            ..pass("environment.database-reachable", "DATABASE_URL connects")
        },
        secret,
        Outcome {
            runbook: None,
            fix: "install flyctl: curl -L https://fly.io/install.sh | sh".to_owned(),
            ..with(
                Verdict::Error,
                "fly is not on the PATH",
                pass("environment.fly-app-secrets", "all secrets of hotdash-app are deployed"),
            )
        },
        skipped(
            Why::Blocked("environment.fly-app-secrets".to_owned()),
            "environment.fly-agent-secrets",
            "all secrets of hotdash-agent-service are deployed",
        ),
        Outcome {
            severity: Severity::Warning,
            ..fail(
                "environment.webhook-secret-target",
                "CHATWOOT_WEBHOOK_SECRET belongs to this target",
                vec![
                    Claim::undecided(
                        "fingerprint",
                        "fingerprint",
                        "different from staging's",
                        "none of staging",
                    )
                    .sentence("cannot compare with staging: no fingerprints are stored for it"),
                ],
            )
        },
    ]
}

fn chatwoot() -> Vec<Outcome> {
    let services = vec![
        Claim::compared("http-status", "http status", "200", "200", true),
        Claim::compared("queue-services", "queue_services", "ok", "failing", false),
        Claim::undecided("data-services", "data_services", "ok", "null"),
    ];
    let expired = Waiver {
        reason: "the role change is requested".to_owned(),
        owner: "Ada".to_owned(),
        expires: "2025-11-01".to_owned(),
        valid: false,
        origin: "ops/checks/waivers.toml:1".to_owned(),
    };
    let role = fail(
        "chatwoot.administrator",
        "the token belongs to an administrator",
        vec![Claim::compared("role", "role", "administrator", "agent", false)],
    );
    vec![
        pass("chatwoot.alive", "Chatwoot answers"),
        Outcome {
            fix: "restart Sidekiq: fly machine restart 3d8d9930b32e89 -a hotdash-chatwoot".to_owned(),
            ..fail("chatwoot.services", "Chatwoot's queue and database work", services)
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
    let index = vec![Claim::compared(
        "index",
        "index on (fact_type, recorded_at)",
        "valid and not partial",
        "only dashboard_facts_pkey (id), dashboard_facts_type_idx (fact_type) WHERE fact_type <> 'test'",
        false,
    )];
    vec![
        Outcome { waiver: Some(waiver), fix: "CREATE INDEX CONCURRENTLY dashboard_facts_type_time ON dashboard_facts (fact_type, recorded_at);".to_owned(), ..fail("schema.facts-index", "the monitoring query can use an index", index) },
        fail("schema.facts-rows-visible", "the role can see rows", vec![Claim::undecided("rows", "rows", "at least 1", "0")]),
        skipped(Why::Excluded("grading = false".to_owned()), "schema.grades-table", "the grades table exists"),
    ]
}

fn quality() -> Vec<Outcome> {
    let tests = Outcome {
        evidence: vec![Evidence {
            name: "tail of stdout".to_owned(),
            value: "FAIL tests/unit/a.spec.ts\n  expected 1 to be 2\n\nTests  1 failed | 41 passed (42)\n"
                .to_owned(),
        }],
        fix: "npm run test:unit, and fix the tests that fail".to_owned(),
        took_ms: 125_300,
        ..fail(
            "quality.unit-tests",
            "all unit tests pass",
            vec![Claim::compared("exit-status", "exit status", "0", "1", false)],
        )
    };
    let blocked = |id: &str, by: &str, title: &str| skipped(Why::Blocked(by.to_owned()), id, title);
    vec![
        tests,
        blocked("quality.lint", "quality.checkout", "lint passes"),
        blocked("quality.format", "quality.lint", "the code is formatted"),
        with(Verdict::Error, "no app checkout given", pass("quality.checkout", "the app checkout exists")),
        skipped(Why::SandboxMistaken, "quality.scan", "the security scan finds nothing"),
    ]
}
