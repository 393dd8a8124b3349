//! The account's webhooks, told apart by host: at most one for the app's, with
//! the configured URL and events, and with our secret. Chatwoot has no flag that
//! says whether a webhook is active; without `message_created` it is parked.

use url::Url;

use super::{Seen, ask_why, name_of, refused, unanswered};
use crate::outcome::finding::{Claim, Finding};
use crate::service::chatwoot::{Api, EVENTS, Reason, Shown, Trouble, Webhook, read};
use crate::service::place;
use crate::settings::Target;

/// The event without which no message is delivered.
const ESSENTIAL: &str = "message_created";

/// The step of the deploy that creates the webhook.
const STEP: &str = "create it in the deploy step \"Configure Webhook Endpoints\" (Chatwoot: Settings, Integrations, Webhooks)";

/// The list must answer.
pub fn listed(finding: Finding, seen: &Seen) -> Finding {
    match read(seen, Webhook::read_list) {
        Ok(list) => {
            let found = format!("a list of {}", list.len());
            let finding = finding.claim(Claim::new("webhook list", "a list", found, true));
            list.iter().fold(finding, |finding, hook| finding.evidence(label(hook), events(hook)))
        }
        Err(trouble) => {
            let finding = ask_why(finding.claim(refused("webhook list", "a list", &trouble)), &trouble);
            match trouble {
                Trouble::Refused(refusal) if refusal.reason == Reason::Broken => finding.fix(
                    "after an upgrade of Chatwoot its migrations may be missing (no column for the webhook's secret): run `rails db:chatwoot_prepare`, then read its log",
                ),
                _ => finding,
            }
        }
    }
}

/// The webhooks of the configured host, or the finding that says why they cannot be told.
fn ours(
    finding: Finding,
    seen: &Seen,
    target: &Target,
    what: &str,
) -> Result<(Finding, Endpoint, Vec<Webhook>), Finding> {
    let Some(endpoint) = Endpoint::of(target) else {
        let found = format!("`webhook_url` is not configured: {}", target.line_to_add("webhook_url"));
        return Err(finding.claim(Claim::open(what, "`webhook_url` of the target", found)));
    };
    match read(seen, Webhook::read_list) {
        Ok(list) => {
            let own = list.into_iter().filter(|hook| endpoint.is_host_of(&hook.url)).collect();
            Ok((finding, endpoint, own))
        }
        Err(trouble) => Err(ask_why(finding.claim(unanswered(what, "a webhook list", &trouble)), &trouble)),
    }
}

/// At most one webhook may have the host: two deliver every message twice.
pub fn single(finding: Finding, seen: &Seen, target: &Target) -> Finding {
    let what = "webhooks of this host";
    let (finding, endpoint, own) = match ours(finding, seen, target, what) {
        Ok(known) => known,
        Err(finding) => return finding,
    };
    let expected = format!("at most one of {}", endpoint.name());
    let single = own.len() <= 1;
    let finding = finding.claim(Claim::new(what, expected, own.len().to_string(), single));
    let finding = own.iter().fold(finding, |finding, hook| finding.evidence(label(hook), events(hook)));
    match single {
        true => finding,
        false => finding.fix(format!(
            "keep the webhook with {} and delete the others (Chatwoot: Settings, Integrations, Webhooks)",
            endpoint.configured
        )),
    }
}

/// There must be a webhook of the host. Before the first deploy there is none yet.
pub fn present(finding: Finding, seen: &Seen, target: &Target) -> Finding {
    let what = "webhooks of this host";
    let (finding, endpoint, own) = match ours(finding, seen, target, what) {
        Ok(known) => known,
        Err(finding) => return finding,
    };
    let expected = format!("one of {}", endpoint.name());
    match own.is_empty() {
        true => finding.claim(Claim::new(what, expected, "none yet", false)).fix(STEP),
        false => finding.claim(Claim::new(what, expected, own.len().to_string(), true)),
    }
}

/// If there is a webhook of the host, it must have the configured URL and events.
pub fn configured(finding: Finding, seen: &Seen, target: &Target) -> Finding {
    let (finding, endpoint, own) = match ours(finding, seen, target, "webhook") {
        Ok(known) => known,
        Err(finding) => return finding,
    };
    // Of two, the right one is judged here: that there are two is the business of a check of its own.
    let chosen = own.iter().find(|hook| hook.url == endpoint.configured).or(own.first());
    let Some(hook) = chosen else {
        let claim =
            Claim::new("webhook", "if there is one, as configured", "no webhook of this host yet", true);
        return finding.claim(claim).warn(format!("no webhook of {} yet: {STEP}", endpoint.name()));
    };
    let same = hook.url == endpoint.configured;
    let finding = finding
        .evidence("webhook", hook.id.map_or("without an id".to_owned(), |id| format!("number {id}")))
        .claim(Claim::new(
            "webhook URL",
            format!("`{}`", endpoint.configured),
            variant(&hook.url, &endpoint),
            same,
        ));
    let Some(subscribed) = &hook.subscriptions else {
        return finding.claim(Claim::open("events", "a list of events", "not shown"));
    };
    let has = |event: &str| subscribed.iter().any(|s| s == event);
    let found = events(hook);
    let essential = Claim::new(
        "messages",
        format!("`{ESSENTIAL}` subscribed"),
        match has(ESSENTIAL) {
            true => "subscribed",
            false => "not subscribed: the webhook is parked and no message is delivered",
        },
        has(ESSENTIAL),
    );
    let missing: Vec<&str> = target.webhook_events.iter().map(String::as_str).filter(|e| !has(e)).collect();
    let finding = finding.claim(essential).claim(Claim::new(
        "events",
        target.webhook_events.join(", "),
        found,
        missing.is_empty(),
    ));
    match repair(&endpoint, same, has(ESSENTIAL), &missing) {
        Some(fix) => finding.fix(fix),
        None => finding,
    }
}

fn repair(endpoint: &Endpoint, same: bool, essential: bool, missing: &[&str]) -> Option<String> {
    if let Some(unknown) = missing.iter().find(|e| !EVENTS.contains(e)) {
        return Some(format!(
            "Chatwoot has no event `{unknown}`: take it out of `webhook_events` (`conversation_status_changed` tells of resolving, too)"
        ));
    }
    let mut add: Vec<&str> = missing.to_vec();
    if !essential && !add.contains(&ESSENTIAL) {
        add.push(ESSENTIAL);
    }
    match (same, add.is_empty()) {
        (true, true) => None,
        (false, true) => Some(format!("set the webhook's URL in Chatwoot to {}", endpoint.configured)),
        (true, false) => Some(format!("edit the webhook in Chatwoot and select {}", add.join(", "))),
        (false, false) => Some(format!(
            "edit the webhook in Chatwoot: set its URL to {} and select {}",
            endpoint.configured,
            add.join(", ")
        )),
    }
}

/// Chatwoot must show no other secret than ours for a webhook of the host. Neither value is ever shown.
pub fn secret(finding: Finding, list: &Seen, api: &Seen, target: &Target, ours_is: Option<&str>) -> Finding {
    let what = "webhook secret";
    let expected = "the one in CHATWOOT_WEBHOOK_SECRET";
    let (finding, endpoint, own) = match ours(finding, list, target, what) {
        Ok(known) => known,
        Err(finding) => return finding,
    };
    if own.is_empty() {
        let claim = Claim::new(what, "no other than ours", "no webhook of this host yet", true);
        return finding.claim(claim).warn(format!(
            "no webhook of {} yet, so there is no secret to compare: {STEP}",
            endpoint.name()
        ));
    }
    if own.iter().any(|hook| hook.secret == Shown::Empty) {
        return finding.claim(Claim::open(what, expected, "Chatwoot shows the key without a value"));
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
    let Some(ours_is) = ours_is else {
        let found = "Chatwoot shows one, and CHATWOOT_WEBHOOK_SECRET is not set";
        return finding.claim(Claim::open(what, expected, found)).fix(COPY);
    };
    let (holds, found) = compare(ours_is, &shown);
    finding.claim(Claim::new(what, expected, found, holds)).fix(COPY)
}

const COPY: &str = "copy the webhook's secret from Chatwoot (Settings, Integrations, Webhooks) into CHATWOOT_WEBHOOK_SECRET, here and by `fly secrets set` in the app";

fn compare(ours_is: &str, shown: &[&str]) -> (bool, &'static str) {
    if shown.iter().all(|theirs| *theirs == ours_is) {
        (true, "the same")
    } else if shown.iter().all(|theirs| theirs.trim() == ours_is.trim()) {
        (false, "the same but for white space around it")
    } else if shown.len() > 1 {
        (false, "another, at one webhook at least")
    } else {
        (false, "another")
    }
}

/// No secret is shown: fine for a version that does not sign, and only then.
fn unsigned(finding: Finding, api: &Seen, expected: &str) -> Finding {
    let what = "webhook secret";
    let api = read(api, Api::read).unwrap_or_default();
    let version = api.version.as_deref().map_or("of unknown version".to_owned(), name_of);
    let finding = finding.evidence("version", version.clone());
    match api.signs() {
        Some(false) => {
            let found = format!("Chatwoot {version} has no webhook secrets");
            finding.claim(Claim::new(what, "no other than ours", found, true)).warn(format!(
                "Chatwoot {version} does not sign its deliveries: an app that requires a signature refuses every one of them"
            ))
        }
        Some(true) => {
            let found = format!("Chatwoot {version} has webhook secrets, and shows none here");
            finding.claim(Claim::open(what, expected, found))
        }
        None => {
            let found = "none is shown, and Chatwoot's version is unknown: it may not sign, or hide it";
            finding.claim(Claim::open(what, expected, found))
        }
    }
}

/// The configured endpoint.
struct Endpoint {
    configured: String,
    url: Url,
}

impl Endpoint {
    fn of(target: &Target) -> Option<Endpoint> {
        let configured = target.webhook_url.clone()?;
        let url = Url::parse(&configured).ok().filter(Url::has_host)?;
        Some(Endpoint { configured, url })
    }

    fn name(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        self.url.port().map_or(host.to_owned(), |port| format!("{host}:{port}"))
    }

    /// Whether a registered URL leads to the same host. Chatwoot takes any text with a URL in it, so what
    /// cannot be parsed counts when it mentions the host: a second delivery must not hide behind a typo.
    fn is_host_of(&self, registered: &str) -> bool {
        let host = self.url.host_str().unwrap_or_default();
        match Url::parse(registered.trim()) {
            Ok(url) if url.has_host() => {
                let theirs = url.host_str().unwrap_or_default().trim_end_matches('.');
                theirs.eq_ignore_ascii_case(host.trim_end_matches('.')) && url.port() == self.url.port()
            }
            _ => registered.to_ascii_lowercase().contains(&host.to_ascii_lowercase()),
        }
    }
}

/// A webhook's URL without what may be secret in it.
fn bare(registered: &str) -> String {
    place::bare(registered).map_or_else(|| "a text that is no URL".to_owned(), |url| name_of(&url))
}

fn variant(registered: &str, endpoint: &Endpoint) -> String {
    let shown = bare(registered);
    let plain = |text: &str| bare(text).trim_end_matches("?...").trim_end_matches('/').to_ascii_lowercase();
    match registered == endpoint.configured {
        true => format!("`{shown}`"),
        false if plain(registered) == plain(&endpoint.configured) => {
            format!("`{shown}`, which differs in case, a slash, user information or the query")
        }
        false => format!("`{shown}`"),
    }
}

fn label(hook: &Webhook) -> String {
    let number = hook.id.map_or("webhook".to_owned(), |id| format!("webhook {id}"));
    format!("{number} {}", bare(&hook.url))
}

fn events(hook: &Webhook) -> String {
    match &hook.subscriptions {
        None => "its events are not shown".to_owned(),
        Some(list) if list.is_empty() => "no events".to_owned(),
        Some(list) => list.iter().map(|e| name_of(e)).collect::<Vec<_>>().join(", "),
    }
}

#[cfg(test)]
mod tests;
