//! A variable's value is this target's own, and nobody else's.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Asked, CannotAsk, Finding};
use crate::run::context::Asking;
use crate::settings::Settings;

/// A variable's value is this target's own: https and not this machine in production, the configured host or
/// id, and no other target's value.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Belongs {
    /// The variable's name.
    pub var: String,
    /// The key of the target's configuration that says which value is right (`agent_host`); absent for a
    /// secret, which is told by its fingerprint.
    pub expected: Option<String>,
    /// The value is known by its keyed fingerprint only.
    #[serde(default)]
    pub secret: bool,
}

impl Belongs {
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
