//! Secrets of an app on Fly.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Asked, CannotAsk, Finding};
use crate::run::context::Asking;
use crate::settings::Settings;

/// Secrets of an app on Fly, by `fly secrets list --json`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Fly {
    /// Names that must be deployed.
    Secrets {
        /// Which app: `fly_app` or `fly_agent_app` of the target.
        app: FlyApp,
        /// All of these.
        #[serde(default)]
        all: Vec<String>,
        /// At least one of these.
        #[serde(default)]
        one_of: Vec<String>,
    },
}

/// The apps of a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FlyApp {
    /// The web app.
    App,
    /// The Agent SDK's service.
    Agent,
}

impl Fly {
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
