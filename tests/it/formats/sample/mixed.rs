//! A report with every verdict.

use hotdash_ops::testing::outcome::finding::{Claim, Evidence};
use hotdash_ops::testing::outcome::report::{Partial, Report};
use hotdash_ops::testing::outcome::waived::Waiver;
use hotdash_ops::testing::outcome::{Outcome, Severity, Verdict, Why};

use super::{fail, pass, report, skipped, under, with};

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
