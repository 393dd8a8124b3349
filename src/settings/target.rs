//! A named target: production, staging, sandbox. What stands here is compared
//! with what is found; what does not stand here cannot be compared, and then the
//! check says which line to add.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Traffic;
use crate::input::interval::Interval;

/// One `[targets.NAME]` of the configuration, defaults filled in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Target {
    /// The table's name; not a key of the table.
    #[serde(skip)]
    pub name: String,
    /// Whether the rules of production hold (https, no localhost). By default so for the target named `production`.
    pub production: Option<bool>,
    /// The web app on Fly: `hotdash-app`.
    pub fly_app: Option<String>,
    /// The Agent SDK's app on Fly: `hotdash-agent-service`.
    pub fly_agent_app: Option<String>,
    /// The host of `CHATWOOT_BASE_URL`, with a port if it is not the scheme's own.
    pub chatwoot_host: Option<String>,
    /// The host of `AGENT_SDK_URL`, with a port if it is not the scheme's own.
    pub agent_host: Option<String>,
    /// The Chatwoot account.
    pub account_id: Option<u64>,
    pub account_name: Option<String>,
    /// The database's name.
    pub database: Option<String>,
    /// The app's webhook endpoint, as Chatwoot has it.
    pub webhook_url: Option<String>,
    /// The events Chatwoot must send to it.
    pub webhook_events: Vec<String>,
    /// What versions of the Agent SDK fit this integration.
    pub agent_version: String,
    /// Whether replies are graded.
    pub grading: bool,
    pub names: Names,
    pub thresholds: Thresholds,
    pub traffic: Traffic,
    /// Commands of the app's checkout by name (`unit = ["npm", "run", "test:unit"]`), over those of the checklist.
    pub commands: BTreeMap<String, Vec<String>>,
    /// Who helps, by topic: `chatwoot = "Infrastructure, 30 minutes"`.
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
    /// Whether the rules of production hold here.
    pub fn is_production(&self) -> bool {
        self.production.unwrap_or(self.name == "production")
    }

    /// True for the target that stand-ins may answer for. What is held to production's rules never is.
    pub fn is_sandbox(&self) -> bool {
        self.name == "sandbox" && !self.is_production()
    }

    /// The text of a key for `${target.key}`, or `None` when it is not configured.
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

    /// The keys that `${target.key}` may name.
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

/// Tables and columns by the names they have in this database; a name is used as it is written, quoted.
/// A table may carry its schema: `analytics.dashboard_facts`.
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

/// Numbers a target may set over those of the checklist.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Thresholds {
    /// Days a certificate must still be valid.
    pub certificate_days: Option<i64>,
    /// How far Chatwoot's clock may be from ours.
    pub clock_skew: Option<Interval>,
    /// Support webhook tests that must have passed.
    pub webhook_tests: Option<u64>,
}
