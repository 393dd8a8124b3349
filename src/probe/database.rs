//! Claims on one shared look at the database connection.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Asked, CannotAsk, Finding};
use crate::run::context::Asking;
use crate::settings::Settings;

/// One claim on the connection that `DATABASE_URL` gives.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Database {
    /// It connects and answers.
    Reachable,
    /// It is the primary, not a standby.
    Primary,
    /// It is the database the target names.
    Name,
}

impl Database {
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
