//! Tables, columns, indexes and what this role may read.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Asked, CannotAsk, Finding};
use crate::run::context::Asking;
use crate::settings::Settings;

/// One claim on a table. Names are those of the target's configuration.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Schema {
    /// The table exists, and is a table.
    Exists { table: Table },
    /// Its columns exist with one of the named types.
    Columns { table: Table, columns: BTreeMap<String, Vec<String>> },
    /// A usable index serves these columns in this order.
    Index { table: Table, columns: Vec<String> },
    /// This role may read it.
    Select { table: Table },
    /// Row level security does not hide rows from this role.
    RowsVisible { table: Table },
    /// A time column carries a zone.
    Zoned { table: Table, column: String },
}

/// The tables a target names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Table {
    Facts,
    Grades,
}

impl Schema {
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
