//! A named target: production, staging, sandbox. Its values are compared with what a run finds. When a value is not
//! configured, the check cannot compare and reports which line to add.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Traffic;
use crate::input::interval::Interval;

/// A table `[targets.NAME]` of the configuration, with defaults.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Target {
    /// The table's name; not a key of the table.
    #[serde(skip)]
    pub name: String,
    /// Whether production's rules apply (https, no localhost). Defaults to true for the target named `production`.
    pub production: Option<bool>,
    /// The web app on Fly: `hotdash-app`.
    pub fly_app: Option<String>,
    /// The Agent SDK's app on Fly: `hotdash-agent-service`.
    pub fly_agent_app: Option<String>,
    /// The host of `CHATWOOT_BASE_URL`, with a port if it is not the scheme's default.
    pub chatwoot_host: Option<String>,
    /// The host of `AGENT_SDK_URL`, with a port if it is not the scheme's default.
    pub agent_host: Option<String>,
    /// The Chatwoot account.
    pub account_id: Option<u64>,
    pub account_name: Option<String>,
    /// The database's name.
    pub database: Option<String>,
    /// The app's webhook endpoint, as configured in Chatwoot.
    pub webhook_url: Option<String>,
    /// The events that Chatwoot must send to it.
    pub webhook_events: Vec<String>,
    /// Compatible versions of the Agent SDK.
    pub agent_version: String,
    /// Whether replies are graded.
    pub grading: bool,
    pub names: Names,
    pub thresholds: Thresholds,
    pub traffic: Traffic,
    /// Commands of the app's checkout by name (`unit = ["npm", "run", "test:unit"]`); they override those of the
    /// checklist.
    pub commands: BTreeMap<String, Vec<String>>,
    /// Contacts by topic: `chatwoot = "Infrastructure, 30 minutes"`.
    pub contacts: BTreeMap<String, String>,
    /// Keyed fingerprints of this target's secrets by variable, written by `env fingerprint`.
    pub fingerprints: BTreeMap<String, String>,
}

impl Default for Target {
    fn default() -> Target {
        Target {
            name: "production".to_owned(),
            production: None,
            fly_app: None,
            fly_agent_app: None,
            chatwoot_host: None,
            agent_host: None,
            account_id: None,
            account_name: None,
            database: None,
            webhook_url: None,
            webhook_events: vec!["message_created".to_owned(), "conversation_status_changed".to_owned()],
            agent_version: ">=1.0, <2".to_owned(),
            grading: true,
            names: Names::default(),
            thresholds: Thresholds::default(),
            traffic: Traffic::default(),
            commands: BTreeMap::new(),
            contacts: BTreeMap::new(),
            fingerprints: BTreeMap::new(),
        }
    }
}

impl Target {
    /// Whether production's rules apply to this target.
    pub fn is_production(&self) -> bool {
        self.production.unwrap_or(self.name == "production")
    }

    /// True for the target that stand-ins may answer for. Never true when production's rules apply.
    pub fn is_sandbox(&self) -> bool {
        self.name == "sandbox" && !self.is_production()
    }

    /// The value for `${target.key}`, or `None` when it is not configured.
    pub fn text(&self, key: &str) -> Option<String> {
        match key {
            "name" => Some(self.name.clone()),
            "fly_app" => self.fly_app.clone(),
            "fly_agent_app" => self.fly_agent_app.clone(),
            "chatwoot_host" => self.chatwoot_host.clone(),
            "agent_host" => self.agent_host.clone(),
            "account_id" => self.account_id.map(|id| id.to_string()),
            "account_name" => self.account_name.clone(),
            "database" => self.database.clone(),
            "webhook_url" => self.webhook_url.clone(),
            "agent_version" => Some(self.agent_version.clone()),
            _ => None,
        }
    }

    /// The keys that `${target.key}` supports.
    pub const KEYS: &'static [&'static str] = &[
        "name",
        "fly_app",
        "fly_agent_app",
        "chatwoot_host",
        "agent_host",
        "account_id",
        "account_name",
        "database",
        "webhook_url",
        "agent_version",
    ];

    /// The line to add to the configuration for `key`, with an example value.
    pub fn line_to_add(&self, key: &str) -> String {
        let example = match key {
            "account_id" => "3".to_owned(),
            "fly_app" => "\"hotdash-app\"".to_owned(),
            "fly_agent_app" => "\"hotdash-agent-service\"".to_owned(),
            "chatwoot_host" => "\"chat.example.com\"".to_owned(),
            "agent_host" => "\"hotdash-agent-service.fly.dev\"".to_owned(),
            "account_name" => "\"HotDash\"".to_owned(),
            "database" => "\"postgres\"".to_owned(),
            "webhook_url" => "\"https://hotdash.example.com/api/webhooks/chatwoot\"".to_owned(),
            _ => "...".to_owned(),
        };
        format!("add `{key} = {example}` under [targets.{}] in the configuration", self.name)
    }
}

/// The names of tables and columns in this database; names are used as written, quoted. A table may include its
/// schema: `analytics.dashboard_facts`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Names {
    pub facts: String,
    pub fact_type: String,
    pub value: String,
    pub recorded_at: String,
    pub metadata: String,
    pub grades: String,
    pub grades_created_at: String,
}

impl Default for Names {
    fn default() -> Names {
        Names {
            facts: "dashboard_facts".to_owned(),
            fact_type: "fact_type".to_owned(),
            value: "value".to_owned(),
            recorded_at: "recorded_at".to_owned(),
            metadata: "metadata".to_owned(),
            grades: "customer_grades".to_owned(),
            grades_created_at: "created_at".to_owned(),
        }
    }
}

/// Thresholds of a target that override those of the checklist.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Thresholds {
    /// The minimum number of days that a certificate must still be valid.
    pub certificate_days: Option<i64>,
    /// The maximum difference between Chatwoot's clock and ours.
    pub clock_skew: Option<Interval>,
    /// The minimum number of support webhook tests that must have passed.
    pub webhook_tests: Option<u64>,
}
