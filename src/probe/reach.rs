//! A URL is reached, each phase timed apart.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Asked, CannotAsk, Finding};
use crate::checklist::Template;
use crate::run::context::Asking;
use crate::settings::Settings;

/// A URL is reached: resolve, connect, TLS and first byte, each timed apart.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Reach {
    pub url: Template,
    /// Instead of whether it answers, judges that its certificate is valid for at least this many days.
    pub certificate_days: Option<i64>,
}

impl Reach {
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
