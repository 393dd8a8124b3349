//! What Chatwoot reports about itself, the token, the account and its webhooks. Each response is fetched once per
//! run and judged by several checks.

mod alive;
mod explain;
mod health;
mod refused;
mod token;
mod webhooks;

use std::collections::BTreeSet;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Explanation;
use super::http::our_side;
use crate::context::{Attempt, Context, Key};
use crate::input::interval::Interval;
use crate::outcome::finding::{Finding, ProbeError};
use crate::redact::Secret;
use crate::service::chatwoot as service;
use crate::settings::Settings;
use crate::text::short;
use refused::{fix, refused, unanswered};

pub(crate) use service::Seen;

/// Chatwoot's response, by access and URL.
const RESPONSE: Key<Seen> = Key::new("Chatwoot's response to");

/// One check of what Chatwoot reports.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Chatwoot {
    /// Chatwoot answers with 2xx at one of these paths; a 404 at another is explained.
    Alive { paths: Vec<String> },
    /// `/api` reports that its queue and its database work.
    Services,
    /// Its clock is at most this far from this machine's.
    Clock { within: Interval },
    /// The token is accepted.
    Token,
    /// The token's user is a member of the configured account, and the account is active.
    Account,
    /// The token's role in the account is administrator.
    Administrator,
    /// The account has the configured name.
    AccountName,
    /// Chatwoot lists the account's webhooks.
    WebhooksListed,
    /// At most one webhook points to the configured host.
    WebhookSingle,
    /// If a webhook points to the configured host, it has the configured URL and events.
    WebhookConfigured,
    /// A webhook points to the configured host.
    WebhookPresent,
    /// The webhooks of the configured host have the secret in `CHATWOOT_WEBHOOK_SECRET`.
    WebhookSecret,
    /// The health check script passes: the checkout's npm script, or without a checkout the checks of `status`.
    HealthScript { run: Vec<String>, says: String },
}

impl Chatwoot {
    /// True when the check runs a command in the app's checkout.
    pub(super) fn runs_in_checkout(&self, settings: &Settings) -> bool {
        matches!(self, Chatwoot::HealthScript { .. }) && settings.app_dir.is_some()
    }

    pub(super) async fn ask(&self, attempt: &Attempt<'_>) -> Result<Finding, ProbeError> {
        let target = &attempt.cx.settings.target;
        match self {
            Chatwoot::Alive { paths } => liveness(attempt, paths).await,
            Chatwoot::Services => {
                let (finding, seen) = ask(attempt, alive::API, Access::Open).await?;
                Ok(alive::services(finding, &seen))
            }
            Chatwoot::Clock { within } => {
                let within = target.thresholds.clock_skew.unwrap_or(*within).0;
                let (finding, seen) = ask(attempt, alive::API, Access::Open).await?;
                Ok(alive::clock(finding, &seen, within))
            }
            Chatwoot::Token => {
                let (finding, seen) = ask(attempt, PROFILE, Access::Token).await?;
                Ok(token::token(finding, &seen))
            }
            Chatwoot::Account => {
                let id = account_id(attempt.cx)?;
                let (finding, seen) = ask(attempt, PROFILE, Access::Token).await?;
                Ok(token::account(finding, &seen, id))
            }
            Chatwoot::Administrator => {
                let id = account_id(attempt.cx)?;
                let (finding, seen) = ask(attempt, PROFILE, Access::Token).await?;
                Ok(token::administrator(finding, &seen, id))
            }
            Chatwoot::AccountName => {
                let id = account_id(attempt.cx)?;
                let (finding, seen) = ask(attempt, &account_path(id), Access::Token).await?;
                Ok(token::account_name(finding, &seen, id, target))
            }
            Chatwoot::WebhooksListed => {
                let (finding, seen) = webhook_list(attempt).await?;
                Ok(webhooks::listed(finding, &seen))
            }
            Chatwoot::WebhookSingle => {
                let (finding, seen) = webhook_list(attempt).await?;
                Ok(webhooks::single(finding, &seen, target))
            }
            Chatwoot::WebhookConfigured => {
                let (finding, seen) = webhook_list(attempt).await?;
                Ok(webhooks::configured(finding, &seen, target))
            }
            Chatwoot::WebhookPresent => {
                let (finding, seen) = webhook_list(attempt).await?;
                Ok(webhooks::present(finding, &seen, target))
            }
            Chatwoot::WebhookSecret => webhook_secret(attempt).await,
            Chatwoot::HealthScript { run, says } => health::script(attempt, run, says).await,
        }
    }

    pub(super) fn explain(&self, settings: &Settings) -> Explanation {
        explain::explain(self, settings)
    }

    /// The codes of the claims that it can make.
    pub(super) fn claims(&self) -> Vec<String> {
        explain::claims(self)
    }

    pub(super) fn variables(&self) -> BTreeSet<String> {
        let names: &[&str] = match self {
            Chatwoot::Alive { .. } | Chatwoot::Services | Chatwoot::Clock { .. } => &[BASE],
            Chatwoot::Token => &[BASE, KEY, KEY_ALIAS],
            Chatwoot::WebhookSecret => &[BASE, KEY, KEY_ALIAS, ACCOUNT, SECRET],
            _ => &[BASE, KEY, KEY_ALIAS, ACCOUNT],
        };
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    pub(super) fn lint(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        match self {
            Chatwoot::Alive { paths } if paths.is_empty() => wrong.push("`alive` has no paths".to_owned()),
            Chatwoot::Alive { paths } => {
                let odd = paths.iter().filter(|p| !p.starts_with('/'));
                wrong.extend(odd.map(|p| format!("path `{p}` must begin with `/`")));
            }
            Chatwoot::HealthScript { run, says } => {
                if run.first().is_none_or(|program| program.trim().is_empty()) {
                    wrong.push("`health-script` has no command to run".to_owned());
                }
                if says.trim().is_empty() {
                    wrong.push("`says` is empty, so any output would pass".to_owned());
                }
            }
            _ => {}
        }
        wrong
    }
}

const BASE: &str = "CHATWOOT_BASE_URL";
const KEY: &str = "CHATWOOT_API_KEY";
const KEY_ALIAS: &str = "CHATWOOT_API_TOKEN";
const ACCOUNT: &str = "CHATWOOT_ACCOUNT_ID";
const SECRET: &str = "CHATWOOT_WEBHOOK_SECRET";
const PROFILE: &str = "/api/v1/profile";

fn account_path(id: u64) -> String {
    format!("/api/v1/accounts/{id}")
}

/// Whether the token is sent with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Access {
    Open,
    Token,
}

/// Fetches a path, once per run, and starts a finding about it.
async fn ask(attempt: &Attempt<'_>, path: &str, access: Access) -> Result<(Finding, Arc<Seen>), ProbeError> {
    let cx = attempt.cx;
    let token = match access {
        Access::Open => None,
        Access::Token => Some(token_of(cx)?),
    };
    let base = cx.variable(BASE)?;
    let client = service::Chatwoot::new(cx.http.clone(), cx.redactor.clone(), base, token)
        .map_err(|fault| ProbeError::because(format!("{BASE} is {fault}")))?;
    let url = client.url(path);
    let deadline = attempt.deadline;
    let wanted = path.to_owned();
    let key = RESPONSE.of(format!("{access:?} GET {url}"));
    let seen = cx.measure(key, attempt.again, async move { client.get(&wanted, deadline).await }).await;
    if let Err(fault) = &*seen {
        our_side(fault)?;
    }
    Ok((Finding::about(format!("GET {url}")), seen))
}

fn token_of(cx: &Context) -> Result<Secret, ProbeError> {
    if let Some(token) = cx.settings.vars.chatwoot_token() {
        return Ok(Secret::new(token.trim()));
    }
    cx.variable(KEY).map(Secret::new)
}

fn account_id(cx: &Context) -> Result<u64, ProbeError> {
    let text = cx.variable(ACCOUNT)?;
    text.parse().map_err(|_| ProbeError::because(format!("{ACCOUNT} is not a whole number")))
}

async fn liveness(attempt: &Attempt<'_>, paths: &[String]) -> Result<Finding, ProbeError> {
    let all = paths.iter().map(|path| ask(attempt, path, Access::Open));
    let answers = futures_util::future::join_all(all).await.into_iter().collect::<Result<Vec<_>, _>>()?;
    let asked = answers.iter().map(|(finding, _)| finding.asked.as_str()).collect::<Vec<_>>().join(", ");
    let seen: Vec<(String, &Seen)> =
        paths.iter().cloned().zip(answers.iter().map(|(_, seen)| &**seen)).collect();
    Ok(alive::judge(Finding::about(asked), &seen))
}

async fn webhook_list(attempt: &Attempt<'_>) -> Result<(Finding, Arc<Seen>), ProbeError> {
    let path = format!("{}/webhooks", account_path(account_id(attempt.cx)?));
    ask(attempt, &path, Access::Token).await
}

async fn webhook_secret(attempt: &Attempt<'_>) -> Result<Finding, ProbeError> {
    let vars = &attempt.cx.settings.vars;
    if vars.is_not_text(SECRET) {
        return Err(ProbeError::because(format!("{SECRET} is not UTF-8 text")));
    }
    let ((finding, list), (_, api)) =
        tokio::try_join!(webhook_list(attempt), ask(attempt, alive::API, Access::Open))?;
    Ok(webhooks::secret(finding, &list, &api, &attempt.cx.settings.target, vars.filled(SECRET)))
}

/// `1 webhook`, `2 webhooks`.
fn counted(count: usize, noun: &str) -> String {
    let ending = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{ending}")
}

/// A short text from outside that is safe to print.
fn name_of(text: &str) -> String {
    short(text, 160)
}

#[cfg(test)]
mod samples {
    use std::time::Duration;

    use jiff::Timestamp;

    use super::Seen;
    use crate::service::body;
    use crate::service::chatwoot::Page;
    use crate::service::unreachable::Unreachable;

    /// A response with this status and body.
    pub fn page(status: u16, body: &str) -> Seen {
        let body = body::parse(body.as_bytes());
        Ok(Page { status, location: None, body, sent: Timestamp::UNIX_EPOCH, took: Duration::ZERO })
    }

    /// No response, because the name does not resolve.
    pub fn lost() -> Seen {
        Err(Unreachable::Unresolvable { host: "chat.example".to_owned() })
    }
}
