//! What is asked. The files under `checks/` are data: a folder is a phase, a file
//! is a section, a `[[check]]` is a line of the checklist. They are embedded in
//! the binary, parsed strictly, and every problem is reported with file and line.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a check that does not pass means for the exit code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// The deploy may not go on.
    #[default]
    Blocker,
    /// Shown, and never in the way unless `--strict` is given.
    Warning,
}

/// What asking changes in the world.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// Asking only reads.
    #[default]
    None,
    /// Asking sends an event that is marked as a test and changes nothing that lasts.
    TestEvent,
    /// Asking writes.
    Writes,
}
