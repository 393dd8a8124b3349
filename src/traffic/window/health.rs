//! The health of a service over a window, as it was measured.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::outcome::finding::ProbeError;

/// The service whose health is probed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Service {
    /// Its `/api` reports that queue and database work.
    Chatwoot,
    /// Its `/health` reports `ok`.
    Agent,
}

/// All probes of one service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HealthReading {
    /// The request: `GET https://chat.example/api`. The variable's name if it is not set.
    pub request: String,
    /// Oldest first, and at least one; or why the service could not be probed.
    pub samples: Result<Vec<HealthSample>, ProbeError>,
}

/// One probe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HealthSample {
    /// By the clock of the window.
    pub at: Timestamp,
    pub good: bool,
    /// The result, as a lower-case fragment: `200, queue_services is \`failing\``.
    pub what: String,
    /// The probe was rate limited (429), which shows nothing about the health. Then `good` is false.
    pub throttled: bool,
    /// The host, if its name did not resolve or had no route: this machine may be offline.
    pub offline: Option<String>,
}

impl Service {
    /// The variable with its URL.
    pub fn variable(self) -> &'static str {
        match self {
            Service::Chatwoot => "CHATWOOT_BASE_URL",
            Service::Agent => "AGENT_SDK_URL",
        }
    }
}
