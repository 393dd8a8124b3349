//! The kinds of probes: a closed set, one file per kind. If a check needs an `if`,
//! it is a new kind here, not a cleverer file in `checks/`.

mod baseline;
mod chatwoot;
mod checkout;
mod codes;
mod command;
mod database;
mod env;
mod expect;
mod fly;
mod health;
mod http;
mod logs;
mod manual;
mod reach;
mod schema;
mod target_value;
mod traffic;

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use baseline::Baseline;
pub use chatwoot::Chatwoot;
pub use checkout::Checkout;
pub use codes::is_listed;
pub use command::{CheckResult, Command};
pub use database::Database;
pub use env::{Env, Form};
pub use fly::Fly;
pub use health::Health;
pub use http::Http;
pub use logs::Logs;
pub use manual::Manual;
pub use reach::Reach;
pub use schema::Schema;
pub use target_value::TargetValue;
pub use traffic::Traffic;

use crate::context::Attempt;
use crate::outcome::finding::{Finding, ProbeError};
use crate::settings::Settings;

/// What a check does. Written as `probe.http = { ... }`: exactly one kind per check.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Probe {
    /// A variable is set and well-formed.
    Env(Env),
    /// A variable's value belongs to this target and to no other.
    TargetValue(TargetValue),
    /// A URL is reachable; each phase is timed separately.
    Reach(Reach),
    /// The database connection.
    Database(Database),
    /// Secrets of an app on Fly.
    Fly(Fly),
    /// One HTTP request and what its response must contain.
    Http(Http),
    /// Chatwoot's own health, the token, the account and its webhooks.
    Chatwoot(Chatwoot),
    /// Tables, columns, indexes and what this role may read.
    Schema(Schema),
    /// A program in the app's checkout, or an operator's own.
    Command(Command),
    /// The app's checkout itself.
    Checkout(Checkout),
    /// The facts recorded during the window.
    Traffic(Traffic),
    /// The app's log lines during the window.
    Logs(Logs),
    /// The health of a service during the window.
    Health(Health),
    /// Something that only a person can check.
    Manual(Manual),
    /// The recorded baseline, and a comparison with it.
    Baseline(Baseline),
}

/// How a person would check the same by hand, for `checks explain`. Redacted by the caller.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Explanation {
    /// What is checked, in one line.
    pub question: String,
    /// Lines to paste into a shell, secrets as `$VARIABLE`; or the exact SQL.
    pub by_hand: Vec<String>,
    /// What is compared: `http status: 200`.
    pub expectations: Vec<String>,
}

/// One `match` for all kinds: a new kind is one file, one variant and one line here.
macro_rules! each_kind {
    ($probe:expr, $kind:ident => $body:expr) => {
        match $probe {
            Probe::Env($kind) => $body,
            Probe::TargetValue($kind) => $body,
            Probe::Reach($kind) => $body,
            Probe::Database($kind) => $body,
            Probe::Fly($kind) => $body,
            Probe::Http($kind) => $body,
            Probe::Chatwoot($kind) => $body,
            Probe::Schema($kind) => $body,
            Probe::Command($kind) => $body,
            Probe::Checkout($kind) => $body,
            Probe::Traffic($kind) => $body,
            Probe::Logs($kind) => $body,
            Probe::Health($kind) => $body,
            Probe::Manual($kind) => $body,
            Probe::Baseline($kind) => $body,
        }
    };
}

impl Probe {
    /// Runs the probe and states what it found. Never prints and never sees severity.
    ///
    /// # Errors
    /// [`ProbeError`] when our side could not run it at all.
    pub async fn ask(&self, attempt: &Attempt<'_>) -> Result<Finding, ProbeError> {
        each_kind!(self, kind => kind.ask(attempt).await)
    }

    /// How a person would check it by hand.
    pub fn explain(&self, settings: &Settings) -> Explanation {
        each_kind!(self, kind => kind.explain(settings))
    }

    /// The codes of the claims that it can make, in the order in which it makes them. A code with a `*` stands for
    /// one claim for each name that the configuration or a program gives.
    pub fn claims(&self) -> Vec<String> {
        let mut claims = each_kind!(self, kind => kind.claims());
        crate::outcome::finding::number_repeats(claims.iter_mut());
        claims
    }

    /// The environment variables it reads.
    pub fn variables(&self) -> BTreeSet<String> {
        each_kind!(self, kind => kind.variables())
    }

    /// What is wrong with it beyond its types, as lower-case fragments.
    pub fn lint(&self) -> Vec<String> {
        each_kind!(self, kind => kind.lint())
    }

    /// Waits for the shared measurement of a watched window, so that the wait does not count against the check's
    /// own timeout.
    pub async fn prepare(&self, attempt: &Attempt<'_>) {
        match self {
            Probe::Traffic(traffic) => traffic.prepare(attempt.cx).await,
            Probe::Logs(logs) => logs.prepare(attempt.cx).await,
            Probe::Health(health) => health.prepare(attempt.cx).await,
            Probe::Env(_)
            | Probe::TargetValue(_)
            | Probe::Reach(_)
            | Probe::Database(_)
            | Probe::Fly(_)
            | Probe::Http(_)
            | Probe::Chatwoot(_)
            | Probe::Schema(_)
            | Probe::Command(_)
            | Probe::Checkout(_)
            | Probe::Manual(_)
            | Probe::Baseline(_) => {}
        }
    }

    /// True for a check that only a person can sign off.
    pub fn is_manual(&self) -> bool {
        matches!(self, Probe::Manual(_))
    }

    /// True for a probe that runs a command in the app's checkout: those run one after another.
    pub fn runs_in_checkout(&self, settings: &Settings) -> bool {
        match self {
            Probe::Command(command) => command.runs_in_checkout(),
            Probe::Checkout(_) => true,
            Probe::Chatwoot(chatwoot) => chatwoot.runs_in_checkout(settings),
            Probe::Env(_)
            | Probe::TargetValue(_)
            | Probe::Reach(_)
            | Probe::Database(_)
            | Probe::Fly(_)
            | Probe::Http(_)
            | Probe::Schema(_)
            | Probe::Traffic(_)
            | Probe::Logs(_)
            | Probe::Health(_)
            | Probe::Manual(_)
            | Probe::Baseline(_) => false,
        }
    }
}
