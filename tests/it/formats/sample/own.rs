//! A run with checks of the operator's own.

use hotdash_ops::outcome::finding::Claim;
use hotdash_ops::outcome::report::Report;
use hotdash_ops::outcome::waived::Waiver;
use hotdash_ops::outcome::{Outcome, Verdict, Why};

use super::{fail, pass, report, skipped, under, with};

/// An operator's own checks over the checklist: replaced ones that pass, fail and are excluded, one that is only
/// there, waivers in use, without a use, expired where the check passes and where it was not asked.
pub fn own_checks() -> Report {
    let waiver = |expires: &str, line: u32| Waiver {
        reason: "the move to \"new\" hosts".to_owned(),
        owner: "Ada".to_owned(),
        expires: expires.to_owned(),
        valid: expires > "2025-11-22",
        origin: format!("ops/checks/waivers.toml:{line}"),
    };
    let claims = vec![Claim::new("role", "administrator", "agent", false)];
    let chatwoot = vec![
        own(8, pass("chatwoot.live", "Chatwoot is alive")),
        own(19, under(waiver("2025-12-31", 1), fail("chatwoot.role", "the role is administrator", claims))),
        own(
            30,
            skipped(Why::Excluded("--skip chatwoot.sla".to_owned()), "chatwoot.sla", "answers are quick"),
        ),
        under(waiver("2025-12-31", 7), pass("chatwoot.token", "the token is accepted")),
        under(waiver("2025-11-01", 13), pass("chatwoot.account", "the account is the target's")),
        with(
            Verdict::Fail,
            "http status: expected 200, found 500",
            pass("chatwoot.inboxes", "inboxes are there"),
        ),
        under(
            waiver("2025-11-01", 19),
            skipped(Why::Blocked("chatwoot.inboxes".to_owned()), "chatwoot.webhook", "the webhook is there"),
        ),
    ];
    let disk = Outcome {
        origin: "ops/checks/preflight/hosts.toml:4".to_owned(),
        ..pass("hosts.disk", "a tenth of the disk is free")
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
    let role = vec![Claim::new("role", "administrator", "agent", false)];
    let chatwoot = vec![
        pass("chatwoot.live", "Chatwoot is alive"),
        under(waiver, fail("chatwoot.role", "the role is administrator", role)),
    ];
    report(vec![("chatwoot", "Chatwoot health", chatwoot)], None, false)
}

/// The same check, asked as an operator's own file says.
fn own(line: u32, outcome: Outcome) -> Outcome {
    let replaces = Some(outcome.origin.clone());
    Outcome { origin: format!("ops/checks/preflight/chatwoot.toml:{line}"), replaces, ..outcome }
}
