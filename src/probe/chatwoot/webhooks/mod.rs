//! The account's webhooks: at most one for the app's host, with the configured URL
//! and events, and with our secret. Chatwoot has no setting that turns a webhook
//! off; one without `message_created` is parked: it delivers no message.

mod secret;

use url::Url;

use super::{Seen, counted, name_of, refused, unanswered};
use crate::outcome::finding::{Claim, Finding};
use crate::service::chatwoot::{ChatwootError, EVENTS, Reason, Webhook, read};
use crate::service::place;
use crate::settings::Target;

pub use secret::secret;

/// The event without which no message is delivered.
const ESSENTIAL: &str = "message_created";

/// Where webhooks are edited.
const SETTINGS: &str = "(Chatwoot: Settings, Integrations, Webhooks)";

/// What every claim says when the list cannot be read.
const NO_LIST: &str = "Chatwoot does not list the account's webhooks";

/// Chatwoot must list the webhooks.
pub fn listed(finding: Finding, seen: &Seen) -> Finding {
    let (code, what, expected) = ("webhook-list", "webhook list", "a list");
    match read(seen, Webhook::read_list) {
        Ok(list) => {
            let found = format!("a list of {}", counted(list.len(), "webhook"));
            let finding = finding.claim(Claim::compared(code, what, expected, found, true));
            list.iter().fold(finding, |finding, hook| finding.evidence(label(hook), events(hook)))
        }
        Err(trouble) => {
            let claim = refused(code, what, expected, NO_LIST, &trouble);
            finding.claim(match trouble {
                ChatwootError::Refused(refusal) if refusal.reason == Reason::Broken => claim.fix(
                    "run Chatwoot's migrations, which an upgrade may have left out: rails db:chatwoot_prepare; then read the log of its web process",
                ),
                _ => claim,
            })
        }
    }
}

/// The configured endpoint and the webhooks that point to its host, or the finding that says why they are unknown.
fn of_this_host(
    finding: Finding,
    seen: &Seen,
    target: &Target,
    code: &str,
    what: &str,
) -> Result<(Finding, Endpoint, Vec<Webhook>), Finding> {
    let Some(endpoint) = Endpoint::configured_for(target) else {
        let claim = Claim::undecided(code, what, "`webhook_url` of the target", "not configured")
            .sentence(format!("`webhook_url` is not configured for {}", target.name))
            .fix(target.line_to_add("webhook_url"));
        return Err(finding.claim(claim));
    };
    match read(seen, Webhook::read_list) {
        Ok(list) => {
            let own = list.into_iter().filter(|hook| endpoint.is_host_of(&hook.url)).collect();
            Ok((finding, endpoint, own))
        }
        Err(trouble) => Err(finding.claim(unanswered(code, what, "a webhook list", NO_LIST, &trouble))),
    }
}

/// At most one webhook may point to the host: two deliver every message twice.
pub fn single(finding: Finding, seen: &Seen, target: &Target) -> Finding {
    let code = "webhooks-of-this-host";
    let (finding, endpoint, own) =
        match of_this_host(finding, seen, target, code, "webhooks of the app's host") {
            Ok(known) => known,
            Err(finding) => return finding,
        };
    let single = own.len() <= 1;
    let what = format!("webhooks of {}", endpoint.name());
    let mut claim = Claim::compared(code, what, "at most 1", own.len().to_string(), single);
    if !single {
        claim = claim
            .fix(format!("keep the webhook for {} and delete the others {SETTINGS}", endpoint.configured));
    }
    let finding = finding.claim(claim);
    own.iter().fold(finding, |finding, hook| finding.evidence(label(hook), events(hook)))
}

/// A webhook must point to the host. Before the first deploy there is none yet.
pub fn present(finding: Finding, seen: &Seen, target: &Target) -> Finding {
    let code = "webhooks-of-this-host";
    let (finding, endpoint, own) =
        match of_this_host(finding, seen, target, code, "webhooks of the app's host") {
            Ok(known) => known,
            Err(finding) => return finding,
        };
    let what = format!("webhooks of {}", endpoint.name());
    let claim = Claim::compared(code, what, "at least 1", own.len().to_string(), !own.is_empty());
    finding.claim(if own.is_empty() {
        claim.sentence(none_yet(&endpoint)).fix(endpoint.how_to_create())
    } else {
        claim
    })
}

fn none_yet(endpoint: &Endpoint) -> String {
    format!("Chatwoot has no webhook for {} yet", endpoint.name())
}

/// A webhook that points to the host must have the configured URL and events.
pub fn configured(finding: Finding, seen: &Seen, target: &Target) -> Finding {
    let (finding, endpoint, own) = match of_this_host(finding, seen, target, "webhook", "webhook") {
        Ok(known) => known,
        Err(finding) => return finding,
    };
    // Of two, the one with the right URL is judged here; another check reports that there are two.
    let chosen = own.iter().find(|hook| hook.url == endpoint.configured).or(own.first());
    let Some(hook) = chosen else {
        let found = format!("no webhook for {} yet", endpoint.name());
        let claim = Claim::compared("webhook", "webhook", "as configured, if there is one", found, true);
        let warning = format!("{}: {}", none_yet(&endpoint), endpoint.how_to_create());
        return finding.claim(claim).warn(warning);
    };
    let same = hook.url == endpoint.configured;
    let finding = finding
        .evidence("webhook", hook.id.map_or("without an id".to_owned(), |id| format!("number {id}")))
        .claim(Claim::compared(
            "webhook-url",
            "webhook URL",
            format!("`{}`", endpoint.configured),
            variant(&hook.url, &endpoint),
            same,
        ));
    let Some(subscribed) = &hook.subscriptions else {
        let wanted = target.webhook_events.join(", ");
        let claim = Claim::undecided("events", "events", wanted.as_str(), "not shown")
            .sentence("Chatwoot does not show which events the webhook is subscribed to")
            .fix(format!("open the webhook {SETTINGS} and check that these events are selected: {wanted}"));
        return finding.claim(claim);
    };
    let has = |event: &str| subscribed.iter().any(|s| s == event);
    let missing: Vec<&str> = target.webhook_events.iter().map(String::as_str).filter(|e| !has(e)).collect();
    let finding = finding.claim(messages(has(ESSENTIAL))).claim(subscriptions(hook, target, &missing));
    match repair(&endpoint, same, has(ESSENTIAL), &missing) {
        Some(fix) => finding.fix(fix),
        None => finding,
    }
}

fn messages(subscribed: bool) -> Claim {
    let found = if subscribed { "subscribed" } else { "not subscribed" };
    let claim =
        Claim::compared("messages", "messages", format!("`{ESSENTIAL}` subscribed"), found, subscribed);
    if subscribed {
        return claim;
    }
    claim.sentence(format!(
        "the webhook is not subscribed to `{ESSENTIAL}`, so Chatwoot delivers no message to it"
    ))
}

fn subscriptions(hook: &Webhook, target: &Target, missing: &[&str]) -> Claim {
    let wanted = target.webhook_events.join(", ");
    let claim = Claim::compared("events", "events", wanted, events(hook), missing.is_empty());
    if missing.is_empty() {
        return claim;
    }
    claim.sentence(format!("the webhook is not subscribed to {}", missing.join(", ")))
}

/// One fix for all that is wrong with the webhook.
fn repair(endpoint: &Endpoint, same: bool, essential: bool, missing: &[&str]) -> Option<String> {
    if let Some(unknown) = missing.iter().find(|e| !EVENTS.contains(e)) {
        return Some(format!(
            "remove `{unknown}` from `webhook_events` in the configuration: Chatwoot has no such event (`conversation_status_changed` also reports that a conversation was resolved)"
        ));
    }
    let mut add: Vec<&str> = missing.to_vec();
    if !essential && !add.contains(&ESSENTIAL) {
        add.push(ESSENTIAL);
    }
    match (same, add.is_empty()) {
        (true, true) => None,
        (false, true) => Some(format!("set the webhook's URL to {} {SETTINGS}", endpoint.configured)),
        (true, false) => Some(format!("edit the webhook and select {} {SETTINGS}", add.join(", "))),
        (false, false) => Some(format!(
            "edit the webhook: set its URL to {} and select {} {SETTINGS}",
            endpoint.configured,
            add.join(", ")
        )),
    }
}

/// The deploy step of the checklist that creates the webhook.
const STEP: &str = "Configure Webhook Endpoints";

/// The configured endpoint.
struct Endpoint {
    configured: String,
    url: Url,
}

impl Endpoint {
    fn configured_for(target: &Target) -> Option<Endpoint> {
        let configured = target.webhook_url.clone()?;
        let url = Url::parse(&configured).ok().filter(Url::has_host)?;
        Some(Endpoint { configured, url })
    }

    fn name(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        self.url.port().map_or(host.to_owned(), |port| format!("{host}:{port}"))
    }

    /// The fix where no webhook points to the endpoint.
    fn how_to_create(&self) -> String {
        format!("create a webhook for {} {SETTINGS}, in the deploy step \"{STEP}\"", self.configured)
    }

    /// Whether a registered URL points to the same host. Chatwoot accepts any text that contains a URL, so a text that
    /// cannot be parsed counts when it mentions the host: a typo must not hide a second delivery.
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

/// A webhook's URL without the parts that may be secret.
fn bare(registered: &str) -> String {
    place::bare(registered).map_or_else(|| "a text that is not a URL".to_owned(), |url| name_of(&url))
}

fn variant(registered: &str, endpoint: &Endpoint) -> String {
    let shown = bare(registered);
    let plain = |text: &str| bare(text).trim_end_matches("?...").trim_end_matches('/').to_ascii_lowercase();
    if registered != endpoint.configured && plain(registered) == plain(&endpoint.configured) {
        return format!("`{shown}` (differs only in case, a trailing slash, user information or the query)");
    }
    format!("`{shown}`")
}

fn label(hook: &Webhook) -> String {
    let number = hook.id.map_or("webhook".to_owned(), |id| format!("webhook {id}"));
    format!("{number} {}", bare(&hook.url))
}

fn events(hook: &Webhook) -> String {
    match &hook.subscriptions {
        None => "events not shown".to_owned(),
        Some(list) if list.is_empty() => "no events".to_owned(),
        Some(list) => list.iter().map(|e| name_of(e)).collect::<Vec<_>>().join(", "),
    }
}

#[cfg(test)]
mod tests;
