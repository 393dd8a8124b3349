//! One HTTP request and what its answer must say.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::expect::Expect;
use super::{Asked, CannotAsk, Finding};
use crate::checklist::Template;
use crate::run::context::Asking;
use crate::settings::Settings;

/// One HTTP request, and what its answer must say.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Http {
    #[serde(default)]
    pub method: Method,
    pub url: Template,
    /// Headers to send.
    #[serde(default)]
    pub headers: BTreeMap<String, Template>,
    /// A JSON body to send.
    pub json: Option<serde_json::Value>,
    /// The statuses that are right.
    #[serde(default = "ok")]
    pub status: Vec<u16>,
    /// What the JSON body must say.
    #[serde(default)]
    pub expect: Vec<Expect>,
}

fn ok() -> Vec<u16> {
    vec![200]
}

/// The methods a check may use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    #[default]
    Get,
    Head,
    Post,
}

impl Http {
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
