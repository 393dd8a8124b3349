//! What Chatwoot says about itself, the token, the account and its webhooks.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Asked, CannotAsk, Finding};
use crate::checklist::Interval;
use crate::run::context::Asking;
use crate::settings::Settings;

/// One claim on what Chatwoot says.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Chatwoot {
    /// One of these paths answers 2xx; a 404 on an earlier one is explained.
    Alive { paths: Vec<String> },
    /// `/api` says that its queue and its database work.
    Services,
    /// Its clock is near ours.
    Clock { within: Interval },
    /// The token is accepted.
    Token,
    /// The token's user is a member of the configured account, and the account is active.
    Account,
    /// The token's role in the account is administrator.
    Administrator,
    /// The account has the configured name.
    AccountName,
    /// The webhook list answers.
    WebhooksListed,
    /// At most one webhook has the configured host.
    WebhookSingle,
    /// A webhook of the configured host has the configured URL and events.
    WebhookConfigured,
    /// There is a webhook of the configured host.
    WebhookPresent,
    /// No webhook of the configured host shows another secret than `CHATWOOT_WEBHOOK_SECRET`.
    WebhookSecret,
    /// The health check script passes: the checkout's npm script, or without a checkout our own `status`.
    HealthScript { run: Vec<String>, says: String },
}

impl Chatwoot {
    /// True when the question is put to a command in the app's checkout.
    pub(super) fn runs_in_checkout(&self, settings: &Settings) -> bool {
        matches!(self, Chatwoot::HealthScript { .. }) && settings.app_dir.is_some()
    }
}

impl Chatwoot {
    pub(super) async fn ask(&self, _asking: &Asking<'_>) -> Result<Finding, CannotAsk> {
        Err(CannotAsk::because("this kind of probe is not written yet"))
    }

    pub(super) fn explain(&self, _settings: &Settings) -> Asked {
        Asked::default()
    }

    pub(super) fn variables(&self) -> BTreeSet<String> {
        BTreeSet::new()
    }

    pub(super) fn lint(&self) -> Vec<String> {
        Vec::new()
    }
}
