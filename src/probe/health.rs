//! The health of Chatwoot and the Agent SDK during the window.

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
use crate::traffic::window::Service;

/// A service's health, checked throughout the window.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Health {
    /// Chatwoot's `/api` reports that its queue and its database work.
    Chatwoot,
    /// The Agent SDK's `/health` reports `ok`.
    Agent,
}

impl Health {
    fn service(self) -> Service {
        match self {
            Health::Chatwoot => Service::Chatwoot,
            Health::Agent => Service::Agent,
        }
    }

    pub(super) async fn prepare(self, cx: &Arc<Context>) {
        measure::health(cx, self.service()).await;
        measure::observation(cx).await;
    }

    pub(super) async fn ask(&self, attempt: &Attempt<'_>) -> Result<Finding, ProbeError> {
        let reading = measure::health(attempt.cx, self.service()).await;
        let samples = reading.samples.as_ref().map_err(Clone::clone)?;
        let observation = measure::observation(attempt.cx).await;
        Ok(judge::health(
            &reading.request,
            samples,
            observation.as_ref().as_ref().ok(),
            Rules::new(&attempt.cx.settings),
        ))
    }

    pub(super) fn explain(&self, settings: &Settings) -> Explanation {
        let every = settings.target.traffic.health_every;
        let (question, by_hand, good) = match self {
            Health::Chatwoot => (
                format!("GET of Chatwoot's /api every {every} throughout the window"),
                "curl -sS -i \"$CHATWOOT_BASE_URL/api\"",
                "queue_services and data_services are `ok`",
            ),
            Health::Agent => (
                format!("GET of the Agent SDK's /health every {every} throughout the window"),
                "curl -sS -i \"$AGENT_SDK_URL/health\"",
                "200 with status `ok`",
            ),
        };
        Explanation {
            question,
            by_hand: vec![by_hand.to_owned()],
            expectations: vec![
                good.to_owned(),
                "no two failed probes in a row; a single failed probe is a warning".to_owned(),
            ],
        }
    }

    /// The codes of the claims that it can make.
    pub(super) fn claims(&self) -> Vec<String> {
        codes(["health", "window"])
    }

    pub(super) fn variables(&self) -> BTreeSet<String> {
        let name = match self {
            Health::Chatwoot => "CHATWOOT_BASE_URL",
            Health::Agent => "AGENT_SDK_URL",
        };
        BTreeSet::from([name.to_owned()])
    }

    pub(super) fn lint(&self) -> Vec<String> {
        Vec::new()
    }
}
