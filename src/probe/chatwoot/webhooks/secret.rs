//! The webhook's secret, compared with `CHATWOOT_WEBHOOK_SECRET`. Neither value is ever shown.

use super::{SETTINGS, none_yet, of_this_host};
use crate::outcome::finding::{Claim, Finding};
use crate::probe::chatwoot::{Seen, name_of};
use crate::service::chatwoot::{Api, Shown, read};
use crate::settings::Target;

const WEBHOOK_SECRET: &str = "webhook-secret";

/// The webhooks of the host must have the secret in `CHATWOOT_WEBHOOK_SECRET`.
pub fn secret(finding: Finding, list: &Seen, api: &Seen, target: &Target, ours: Option<&str>) -> Finding {
    let (code, what, expected) = (WEBHOOK_SECRET, "webhook secret", "the one in CHATWOOT_WEBHOOK_SECRET");
    let (finding, endpoint, own) = match of_this_host(finding, list, target, code, what) {
        Ok(known) => known,
        Err(finding) => return finding,
    };
    if own.is_empty() {
        let found = format!("no webhook for {} yet", endpoint.name());
        let claim = Claim::compared(code, what, expected, found, true);
        return finding.claim(claim).warn(format!(
            "{}, so there is no secret to compare: {}",
            none_yet(&endpoint),
            endpoint.how_to_create()
        ));
    }
    if own.iter().any(|hook| hook.secret == Shown::Empty) {
        let claim = Claim::undecided(code, what, expected, "empty")
            .sentence("Chatwoot shows an empty webhook secret")
            .fix(format!("open the webhook {SETTINGS} and compare its secret with CHATWOOT_WEBHOOK_SECRET"));
        return finding.claim(claim);
    }
    let shown: Vec<&str> = own
        .iter()
        .filter_map(|hook| match &hook.secret {
            Shown::Value(secret) => Some(secret.reveal()),
            Shown::Absent | Shown::Empty => None,
        })
        .collect();
    if shown.is_empty() {
        return unsigned(finding, api, expected);
    }
    let Some(ours) = ours else {
        let claim = Claim::undecided(code, what, expected, "a secret, but none to compare it with")
            .sentence("CHATWOOT_WEBHOOK_SECRET is not set, but Chatwoot shows a webhook secret");
        return finding.claim(claim.fix(COPY));
    };
    finding.claim(compare(Claim::compared(code, what, expected, "the same", true), ours, &shown))
}

const COPY: &str = "copy the webhook's secret from Chatwoot (Settings, Integrations, Webhooks) into CHATWOOT_WEBHOOK_WEBHOOK_SECRET, here and in the app (fly secrets set)";

fn compare(claim: Claim, ours: &str, shown: &[&str]) -> Claim {
    if shown.iter().all(|theirs| *theirs == ours) {
        return claim;
    }
    let (found, sentence) = if shown.iter().all(|theirs| theirs.trim() == ours.trim()) {
        (
            "the same, except for whitespace around it",
            "CHATWOOT_WEBHOOK_SECRET differs from Chatwoot's webhook secret only in the whitespace around it",
        )
    } else if shown.len() > 1 {
        (
            "a different one for at least one webhook",
            "CHATWOOT_WEBHOOK_SECRET differs from the secret of at least one webhook in Chatwoot",
        )
    } else {
        ("a different one", "CHATWOOT_WEBHOOK_SECRET differs from the webhook's secret in Chatwoot")
    };
    Claim { found: found.to_owned(), holds: Some(false), ..claim }.sentence(sentence).fix(COPY)
}

/// Chatwoot shows no secret: right for a version that does not sign its deliveries, and only for such a version.
fn unsigned(finding: Finding, api: &Seen, expected: &str) -> Finding {
    let (code, what) = (WEBHOOK_SECRET, "webhook secret");
    let api = read(api, Api::read).unwrap_or_default();
    let version = api.version.as_deref().map_or("of unknown version".to_owned(), name_of);
    let finding = finding.evidence("version", version.clone());
    match api.signs() {
        Some(false) => {
            let found = format!("none: Chatwoot {version} has no webhook secrets");
            finding.claim(Claim::compared(code, what, expected, found, true)).warn(format!(
                "Chatwoot {version} does not sign its deliveries: an app that requires a signature rejects all of them"
            ))
        }
        Some(true) => {
            let sentence = format!("Chatwoot {version} has webhook secrets, but does not show this one");
            finding.claim(Claim::undecided(code, what, expected, "not shown").sentence(sentence))
        }
        None => {
            let sentence =
                "Chatwoot shows no webhook secret, and its version is unknown: it may have none, or hide it";
            finding.claim(Claim::undecided(code, what, expected, "not shown").sentence(sentence))
        }
    }
}
