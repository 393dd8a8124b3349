//! How a person checks the same by hand.

use super::{Chatwoot, KEY, KEY_ALIAS, PROFILE, alive, health};
use crate::probe::Explanation;
use crate::probe::codes::codes;
use crate::settings::Settings;

const WEBHOOKS: &str = "/api/v1/accounts/$CHATWOOT_ACCOUNT_ID/webhooks";
const ACCOUNT: &str = "/api/v1/accounts/$CHATWOOT_ACCOUNT_ID";

pub(super) fn explain(probe: &Chatwoot, settings: &Settings) -> Explanation {
    let target = &settings.target;
    let alias_only = settings.vars.filled(KEY).is_none() && settings.vars.filled(KEY_ALIAS).is_some();
    let key = if alias_only { KEY_ALIAS } else { KEY };
    let open = |path: &str| format!("curl -sS -i \"$CHATWOOT_BASE_URL{path}\"");
    // These responses contain credentials, so the command shows only what is judged.
    let with_token = |path: &str, shown: &str| {
        format!("curl -sS -H \"api_access_token: ${key}\" \"$CHATWOOT_BASE_URL{path}\" | jq '{shown}'")
    };
    let configured = |key: &str, value: Option<&str>| match value {
        Some(value) => format!("`{value}`"),
        None => format!("`{key}`, which is not configured: {}", target.line_to_add(key)),
    };
    let hook = "[(if type == \"array\" then . else .payload.webhooks end)[] | {id, url, subscriptions}]";
    let url = || configured("webhook_url", target.webhook_url.as_deref());
    let (question, by_hand, expectations) = match probe {
        Chatwoot::Alive { paths } => (
            format!("GET of {}", paths.join(", ")),
            paths.iter().map(|path| open(path)).collect(),
            vec![
                "one of them returns 2xx".to_owned(),
                "/api: JSON with Chatwoot's version; /health: {\"status\":\"woot\"}".to_owned(),
            ],
        ),
        Chatwoot::Services => (
            "GET of /api".to_owned(),
            vec![open(alive::API)],
            vec!["queue_services is `ok`".to_owned(), "data_services is `ok`".to_owned()],
        ),
        Chatwoot::Clock { within } => {
            let within = target.thresholds.clock_skew.unwrap_or(*within);
            (
                "the timestamp of /api (UTC) against this machine's clock".to_owned(),
                vec!["date -u '+%F %T'".to_owned(), open(alive::API)],
                vec![format!("at most {within} apart")],
            )
        }
        Chatwoot::Token => (
            "GET of the token's profile".to_owned(),
            vec![with_token(PROFILE, "{name, accounts}")],
            vec!["200 with a list of accounts".to_owned()],
        ),
        Chatwoot::Account => (
            "whether the token's user belongs to the account".to_owned(),
            vec![with_token(PROFILE, "[.accounts[] | {id, name, status}]")],
            vec!["CHATWOOT_ACCOUNT_ID is one of them".to_owned(), "its status is `active`".to_owned()],
        ),
        Chatwoot::Administrator => (
            "the role of the token's user in the account".to_owned(),
            vec![with_token(PROFILE, "[.accounts[] | {id, role, permissions}]")],
            vec!["the account's role is `administrator`".to_owned()],
        ),
        Chatwoot::AccountName => (
            "the account's name".to_owned(),
            vec![with_token(ACCOUNT, "{id, name, status}")],
            vec![format!("its name is {}", configured("account_name", target.account_name.as_deref()))],
        ),
        Chatwoot::WebhooksListed => (
            "GET of the account's webhooks".to_owned(),
            vec![with_token(WEBHOOKS, hook)],
            vec!["200 with a list of webhooks".to_owned()],
        ),
        Chatwoot::WebhookSingle => (
            "how many webhooks point to the app's host".to_owned(),
            vec![with_token(WEBHOOKS, hook)],
            vec![format!("at most 1 with the host of {}", url())],
        ),
        Chatwoot::WebhookConfigured => (
            "the webhook that points to the app's host, if there is one".to_owned(),
            vec![with_token(WEBHOOKS, hook)],
            vec![
                format!("its URL is exactly {}", url()),
                "`message_created` is subscribed".to_owned(),
                format!("so are all configured events: {}", target.webhook_events.join(", ")),
            ],
        ),
        Chatwoot::WebhookPresent => (
            "whether a webhook points to the app's host".to_owned(),
            vec![with_token(WEBHOOKS, hook)],
            vec![format!("at least 1 with the host of {}", url())],
        ),
        Chatwoot::WebhookSecret => (
            "the secret of the webhook that points to the app's host".to_owned(),
            vec![
                open(alive::API),
                with_token(
                    WEBHOOKS,
                    "[(if type == \"array\" then . else .payload.webhooks end)[] | {url, secret: (if .secret == null then \"not shown\" elif .secret == env.CHATWOOT_WEBHOOK_SECRET then \"the same\" else \"different\" end)}]",
                ),
            ],
            vec![
                "the secret is the same as CHATWOOT_WEBHOOK_SECRET; Chatwoot before 4.12 shows none"
                    .to_owned(),
            ],
        ),
        Chatwoot::HealthScript { run, says } => match &settings.app_dir {
            Some(_) => (
                "the health check script of the app's checkout".to_owned(),
                vec![health::command_line(settings, run).join(" ")],
                vec!["exit code 0".to_owned(), format!("it prints `{says}`")],
            ),
            None => (
                "the checks of `hotdash-ops status`, because no checkout is given".to_owned(),
                vec!["hotdash-ops status".to_owned()],
                vec![
                    "Chatwoot answers".to_owned(),
                    "queue_services and data_services are `ok`".to_owned(),
                    "the token can read the account, which is active".to_owned(),
                ],
            ),
        },
    };
    Explanation { question, by_hand, expectations }
}

/// The codes of the claims that the check can make.
pub(super) fn claims(probe: &Chatwoot) -> Vec<String> {
    match probe {
        Chatwoot::Alive { .. } => codes(["liveness"]),
        Chatwoot::Services => codes(["api", "queue-services", "data-services"]),
        Chatwoot::Clock { .. } => codes(["clock-skew"]),
        Chatwoot::Token => codes(["token"]),
        Chatwoot::Account => codes(["membership", "account-status"]),
        Chatwoot::Administrator => codes(["membership", "role"]),
        Chatwoot::AccountName => codes(["account-id", "account-name"]),
        Chatwoot::WebhooksListed => codes(["webhook-list"]),
        Chatwoot::WebhookSingle | Chatwoot::WebhookPresent => codes(["webhooks-of-this-host"]),
        Chatwoot::WebhookConfigured => codes(["webhook", "webhook-url", "messages", "events"]),
        Chatwoot::WebhookSecret => codes(["webhook-secret"]),
        // With a checkout the claims are on its script, without one those of `status`.
        Chatwoot::HealthScript { .. } => {
            let mut all = codes(["exit-code", "success-line"]);
            let status = [
                Chatwoot::Alive { paths: Vec::new() },
                Chatwoot::Services,
                Chatwoot::Token,
                Chatwoot::Account,
            ];
            all.extend(status.iter().flat_map(claims));
            all
        }
    }
}
