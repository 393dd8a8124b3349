//! A variable is set and well-formed.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Asked, CannotAsk, Finding};
use crate::run::context::Asking;
use crate::settings::Settings;

/// A variable of the pipeline: set, of one value, well-formed, and no placeholder.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Env {
    /// The variable's name.
    pub var: String,
    /// Other names met in the field; set to another value, they are a failure.
    #[serde(default)]
    pub aliases: Vec<String>,
    pub form: Form,
}

/// What a value must look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// An absolute http or https URL with a host.
    Url,
    /// A positive whole number.
    Integer,
    /// Printable, without white space, at least 8 characters.
    Token,
    /// A PostgreSQL connection string.
    Dsn,
}

impl Env {
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
