//! The app's checkout itself. Everything that runs a program in it goes through
//! here, so that the state before the first program is known after the last one.

mod guard;
mod present;
mod snapshot;

use std::collections::BTreeSet;
use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Explanation;
use super::codes::codes;
use crate::context::{Attempt, Context};
use crate::outcome::finding::{Claim, Finding, ProbeError};
use crate::settings::Settings;

pub(crate) use guard::{before, run};

/// One claim on the app's checkout.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Checkout {
    /// It exists, and it is the app's.
    Present,
    /// The commands of this run did not change it.
    Unchanged,
}

/// The file that marks a checkout of the rehearsal.
const MARKER: &str = ".hotdash-ops-sandbox";

const HOW_TO_GIVE: &str =
    "give the path of the app's checkout: --app-dir PATH, or `app_dir = \"PATH\"` in the configuration";

/// The finding of every check that needs a checkout when none was given.
pub(crate) fn missing(asked: impl Into<String>) -> Finding {
    Finding::about(asked).claim(
        Claim::undecided("checkout", "checkout", "a directory with the app", "none given")
            .sentence("no app checkout given")
            .fix(HOW_TO_GIVE),
    )
}

/// The checkout that was named. A checkout of stand-ins is reported.
fn directory(cx: &Context) -> Option<&Path> {
    let directory = cx.settings.app_dir.as_deref()?;
    if directory.join(MARKER).exists() {
        cx.marker.report();
    }
    Some(directory)
}

impl Checkout {
    pub(super) async fn ask(&self, attempt: &Attempt<'_>) -> Result<Finding, ProbeError> {
        let Some(directory) = directory(attempt.cx) else {
            return Ok(missing("the app's checkout"));
        };
        match self {
            Checkout::Present => present::ask(attempt, directory).await,
            Checkout::Unchanged => guard::unchanged(attempt, directory).await,
        }
    }

    pub(super) fn explain(&self, settings: &Settings) -> Explanation {
        let directory = settings.app_dir.as_ref().map_or_else(
            || "APP_DIR".to_owned(),
            |path| crate::text::shell_line(&[path.to_string_lossy().into_owned()]),
        );
        match self {
            Checkout::Present => Explanation {
                question: "does the app's checkout exist?".to_owned(),
                by_hand: vec![format!("git -C {directory} ls-files --error-unmatch package.json")],
                expectations: vec![
                    "directory: a readable directory".to_owned(),
                    "package.json: JSON with a name or scripts".to_owned(),
                    "git: package.json is tracked".to_owned(),
                ],
            },
            Checkout::Unchanged => Explanation {
                question: "did the commands of this run change the checkout?".to_owned(),
                by_hand: vec![format!("git -C {directory} status --porcelain")],
                expectations: vec![
                    "checkout: as before the first command, including file contents and except for artifacts/".to_owned(),
                ],
            },
        }
    }

    /// The codes of the claims that it can make.
    pub(super) fn claims(&self) -> Vec<String> {
        match self {
            Checkout::Present => codes(["checkout", "directory", "package-json", "git"]),
            Checkout::Unchanged => codes(["checkout"]),
        }
    }

    pub(super) fn variables(&self) -> BTreeSet<String> {
        BTreeSet::new()
    }

    pub(super) fn lint(&self) -> Vec<String> {
        Vec::new()
    }
}

#[cfg(test)]
mod tests;
