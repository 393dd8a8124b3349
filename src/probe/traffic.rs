//! Claims on one watch of the traffic: whether webhooks are delivered, quickly, without
//! a dead letter, and all that were sent. The watch is one shared measurement, made
//! before any of these is asked.

mod explain;

use std::collections::BTreeSet;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Asked;
use super::codes::codes;
use crate::context::{Asking, Context};
use crate::outcome::finding::{CannotAsk, Finding};
use crate::settings::Settings;
use crate::traffic::judge::{self, Rules};
use crate::traffic::measure;

/// One claim on the watched window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Traffic {
    /// Deliveries succeed at the target's rate.
    SuccessRate,
    /// No webhook became a dead letter.
    DeadLetters,
    /// Deliveries are quick on average.
    Average,
    /// What customers write is recorded at all; silence is told by its cause.
    Delivered,
    /// Every customer's message has a draft, a reply or a dead letter.
    NoLostMessage,
    /// There are not fewer facts than messages.
    FewerFacts,
    /// No tier of the runbooks fires.
    Tiers,
    /// The database answered the watch.
    Database,
}

impl Traffic {
    /// Whether Chatwoot's account of the same time is needed too.
    fn asks_chatwoot(self) -> bool {
        matches!(self, Traffic::Delivered | Traffic::NoLostMessage | Traffic::FewerFacts)
    }

    pub(super) async fn prepare(self, cx: &Arc<Context>) {
        measure::watched(cx).await;
        if self.asks_chatwoot() {
            measure::customers(cx).await;
        }
    }

    pub(super) async fn ask(&self, asking: &Asking<'_>) -> Result<Finding, CannotAsk> {
        let cx = asking.cx;
        let watched = measure::watched(cx).await;
        let watched = watched.as_ref().as_ref().map_err(Clone::clone)?;
        let rules = Rules::of(&cx.settings);
        Ok(match self {
            Traffic::SuccessRate => judge::success_rate(watched, rules),
            Traffic::DeadLetters => judge::dead_letters(watched, rules),
            Traffic::Average => judge::average(watched, rules),
            Traffic::Tiers => judge::tiers(watched, rules),
            Traffic::Database => judge::database(watched),
            Traffic::Delivered => judge::delivered(watched, &*measure::customers(cx).await, rules),
            Traffic::NoLostMessage => judge::no_lost_message(watched, &*measure::customers(cx).await, rules),
            Traffic::FewerFacts => judge::fewer_facts(watched, &*measure::customers(cx).await),
        })
    }

    pub(super) fn explain(&self, settings: &Settings) -> Asked {
        explain::asked(*self, settings)
    }

    /// The codes of the claims that it can make.
    pub(super) fn claims(&self) -> Vec<String> {
        match self {
            Traffic::SuccessRate => codes(["success-rate", "window", "deploy", "standby"]),
            Traffic::DeadLetters => codes(["dead-letters", "window", "deploy", "standby"]),
            Traffic::Average => codes(["average-duration", "window", "deploy", "standby"]),
            Traffic::Delivered => codes(["facts"]),
            Traffic::NoLostMessage => codes(["lost-messages"]),
            Traffic::FewerFacts => codes(["facts-and-messages"]),
            Traffic::Tiers => codes(["tiers", "tier-*", "window"]),
            Traffic::Database => codes(["database"]),
        }
    }

    pub(super) fn variables(&self) -> BTreeSet<String> {
        let mut names = BTreeSet::from(["DATABASE_URL".to_owned()]);
        if self.asks_chatwoot() {
            let chatwoot =
                ["CHATWOOT_BASE_URL", "CHATWOOT_API_KEY", "CHATWOOT_API_TOKEN", "CHATWOOT_ACCOUNT_ID"];
            names.extend(chatwoot.map(str::to_owned));
        }
        names
    }

    pub(super) fn lint(&self) -> Vec<String> {
        Vec::new()
    }
}

#[cfg(test)]
mod tests;
