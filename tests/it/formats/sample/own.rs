//! A run with checks of the operator's own.

use hotdash_ops::testing::outcome::finding::Claim;
use hotdash_ops::testing::outcome::report::Report;
use hotdash_ops::testing::outcome::waived::Waiver;
use hotdash_ops::testing::outcome::{Outcome, Verdict, Why};

use super::{fail, pass, report, skipped, under, with};

/// A run with the operator's own checks: replaced ones that pass, fail and are excluded, an added one, and waivers:
/// needed, not needed, expired on a check that passes and on one that was not run.
pub fn own_checks() -> Report {
    let waiver = |expires: &str, line: u32| Waiver {
        reason: "the move to \"new\" hosts".to_owned(),
        owner: "Ada".to_owned(),
        expires: expires.to_owned(),
        valid: expires > "2025-11-22",
        origin: format!("ops/checks/waivers.toml:{line}"),
    };
    let claims = vec![Claim::compared("role", "role", "administrator", "agent", false)];
    let chatwoot = vec![
        own(8, pass("chatwoot.alive", "Chatwoot answers")),
        own(
            19,
            under(
                waiver("2025-12-31", 1),
                fail("chatwoot.administrator", "the token belongs to an administrator", claims),
            ),
        ),
        own(
            30,
            skipped(
                Why::Excluded("--skip chatwoot.clock".to_owned()),
                "chatwoot.clock",
                "Chatwoot's clock is right",
            ),
        ),
        under(waiver("2025-12-31", 7), pass("chatwoot.token", "Chatwoot accepts the token")),
        under(waiver("2025-11-01", 13), pass("chatwoot.account", "the token can read the account")),
        with(
            Verdict::Fail,
            "http status: expected 200, found 500",
            pass("chatwoot.webhooks-listed", "the token can list webhooks"),
        ),
        under(
            waiver("2025-11-01", 19),
            skipped(
                Why::Blocked("chatwoot.webhooks-listed".to_owned()),
                "chatwoot.webhook-present",
                "Chatwoot has a webhook to the app",
            ),
        ),
    ];
    let disk = Outcome {
        origin: "ops/checks/preflight/hosts.toml:4".to_owned(),
        ..pass("hosts.disk", "at least 10 % of the disk is free")
    };
    let sections = vec![("chatwoot", "Chatwoot health", chatwoot), ("hosts", "Our hosts", vec![disk])];
    report(sections, None, false)
}

/// A required check fails under a valid waiver, and the others pass.
pub fn waived() -> Report {
    let waiver = Waiver {
        reason: "the role is changed on Monday".to_owned(),
        owner: "Ada".to_owned(),
        expires: "2025-12-31".to_owned(),
        valid: true,
        origin: "ops/checks/waivers.toml:1".to_owned(),
    };
    let role = vec![Claim::compared("role", "role", "administrator", "agent", false)];
    let chatwoot = vec![
        pass("chatwoot.alive", "Chatwoot answers"),
        under(waiver, fail("chatwoot.administrator", "the token belongs to an administrator", role)),
    ];
    report(vec![("chatwoot", "Chatwoot health", chatwoot)], None, false)
}

/// The same check, as defined in an operator's own file.
fn own(line: u32, outcome: Outcome) -> Outcome {
    let replaces = Some(outcome.origin.clone());
    Outcome { origin: format!("ops/checks/preflight/chatwoot.toml:{line}"), replaces, ..outcome }
}
