//! A program in the app's checkout.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Asked, CannotAsk, Finding};
use crate::run::context::Asking;
use crate::settings::Settings;

/// A program in the app's checkout, as an argument list.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Command {
    /// The name under which the configuration may give another argument list.
    pub name: String,
    /// The argument list; no shell.
    pub run: Vec<String>,
    /// Judges vitest's JSON report: at least this many tests passed, and none failed.
    pub tests_passed: Option<u64>,
}

impl Command {
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
