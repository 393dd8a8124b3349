//! Checks of one traffic window: webhooks are delivered, quickly, without a dead
//! letter, and none is missing. The window is one shared measurement, made before
//! any of these checks runs.

mod explain;

use std::collections::BTreeSet;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Explanation;
use super::codes::codes;
use crate::context::{Attempt, Context};
use crate::outcome::finding::{Finding, ProbeError};
use crate::settings::Settings;
use crate::traffic::judge::{self, Rules};
use crate::traffic::watch::measure;

/// One check of the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Traffic {
    /// Deliveries succeed at a rate above the target's limit.
    SuccessRate,
    /// No webhook became a dead letter.
    DeadLetters,
    /// The average duration is below the target's limit.
    Average,
    /// Customer messages are recorded at all; if none is, the reason shows why.
    Delivered,
    /// Every customer message has a draft, a reply or a dead letter.
    NoLostMessage,
    /// There is at least one fact per message.
    FewerFacts,
    /// No alert tier of the runbooks is reached.
    Tiers,
    /// The database could be read during the window.
    Database,
}

impl Traffic {
    /// Whether the messages that Chatwoot has of the same time are needed too.
    fn needs_chatwoot(self) -> bool {
        matches!(self, Traffic::Delivered | Traffic::NoLostMessage | Traffic::FewerFacts)
    }

    pub(super) async fn prepare(self, cx: &Arc<Context>) {
        measure::observation(cx).await;
        if self.needs_chatwoot() {
            measure::customers(cx).await;
        }
    }

    pub(super) async fn ask(&self, attempt: &Attempt<'_>) -> Result<Finding, ProbeError> {
        let cx = attempt.cx;
        let observation = measure::observation(cx).await;
        let observation = observation.as_ref().as_ref().map_err(Clone::clone)?;
        let rules = Rules::new(&cx.settings);
        Ok(match self {
            Traffic::SuccessRate => judge::success_rate(observation, rules),
            Traffic::DeadLetters => judge::dead_letters(observation, rules),
            Traffic::Average => judge::average(observation, rules),
            Traffic::Tiers => judge::tiers(observation, rules),
            Traffic::Database => judge::database(observation),
            Traffic::Delivered => judge::delivered(observation, &*measure::customers(cx).await, rules),
            Traffic::NoLostMessage => {
                judge::no_lost_message(observation, &*measure::customers(cx).await, rules)
            }
            Traffic::FewerFacts => judge::fewer_facts(observation, &*measure::customers(cx).await),
        })
    }

    pub(super) fn explain(&self, settings: &Settings) -> Explanation {
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
        if self.needs_chatwoot() {
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
