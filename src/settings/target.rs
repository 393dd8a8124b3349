//! A named target: production, staging, sandbox. Its values are compared with what a run finds. When a value is not
//! configured, the check cannot compare and reports which line to add.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Traffic;
use crate::input::interval::Interval;
use crate::input::template::{Part, TARGET_KEYS, Template};

/// A table `[targets.NAME]` of the configuration, with defaults.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Target {
    /// The table's name; not a key of the table.
    #[serde(skip)]
    pub name: String,
    /// Whether production's rules apply (https, no localhost). Defaults to true for the target named `production`.
    pub production: Option<bool>,
    /// The web app on Fly.
    pub fly_app: Option<String>,
    /// The Agent SDK's app on Fly.
    pub fly_agent_app: Option<String>,
    /// Chatwoot's app on Fly; only fixes name it.
    pub fly_chatwoot_app: Option<String>,
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
            fly_chatwoot_app: None,
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
            "fly_chatwoot_app" => self.fly_chatwoot_app.clone(),
            "chatwoot_host" => self.chatwoot_host.clone(),
            "agent_host" => self.agent_host.clone(),
            "account_id" => self.account_id.map(|id| id.to_string()),
            "account_name" => self.account_name.clone(),
            "database" => self.database.clone(),
            "webhook_url" => self.webhook_url.clone(),
            "agent_version" => Some(self.agent_version.clone()),
            "names.facts" => Some(self.names.facts.clone()),
            "names.fact_type" => Some(self.names.fact_type.clone()),
            "names.value" => Some(self.names.value.clone()),
            "names.recorded_at" => Some(self.names.recorded_at.clone()),
            "names.metadata" => Some(self.names.metadata.clone()),
            "names.grades" => Some(self.names.grades.clone()),
            "names.grades_created_at" => Some(self.names.grades_created_at.clone()),
            _ => None,
        }
    }

    /// The text of a key for a person: its value, or `<key>` where it is not configured.
    pub fn shown(&self, key: &str) -> String {
        self.text(key).unwrap_or_else(|| format!("<{key}>"))
    }

    /// A template for a person, such as a fix: keys as [`Target::shown`] gives them, variables by their names, because
    /// a value may be a secret. Always one line if the template is.
    pub fn fill(&self, template: &Template) -> String {
        let part = |part: &Part| match part {
            Part::Text(text) => text.clone(),
            Part::Variable(name) => format!("${{{name}}}"),
            Part::Target(key) => self.shown(key).replace(char::is_control, " "),
        };
        template.parts().iter().map(part).collect()
    }

    /// The keys that `${target.key}` may name.
    pub const KEYS: &'static [&'static str] = TARGET_KEYS;

    /// The line to add to the configuration for `key`, with an example value.
    pub fn line_to_add(&self, key: &str) -> String {
        let example = match key {
            "account_id" => "3",
            "fly_app" | "fly_agent_app" | "fly_chatwoot_app" => "\"APP\"",
            "chatwoot_host" => "\"chat.example.com\"",
            "agent_host" => "\"agent.example.com\"",
            "account_name" => "\"NAME\"",
            "database" => "\"postgres\"",
            "webhook_url" => "\"https://app.example.com/api/webhooks/chatwoot\"",
            _ => "...",
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

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(target: &Target, text: &str) -> String {
        target.fill(&Template::parse(text).expect("a template"))
    }

    #[test]
    fn a_fix_names_what_is_configured_and_a_placeholder_otherwise() {
        let acme = Target { fly_app: Some("acme-app".to_owned()), ..Target::default() };
        let text = "fly logs -a ${target.fly_app}, then psql \"${DATABASE_URL}\"";
        assert_eq!(filled(&acme, text), "fly logs -a acme-app, then psql \"${DATABASE_URL}\"");
        assert_eq!(filled(&Target::default(), "fly logs -a ${target.fly_app}"), "fly logs -a <fly_app>");
        let two_lines = Target { database: Some("a\nb".to_owned()), ..Target::default() };
        assert_eq!(filled(&two_lines, "${target.database}"), "a b");
    }

    #[test]
    fn every_key_has_a_text_once_it_is_configured() {
        let text = || Some("x".to_owned());
        let target = Target {
            fly_app: text(),
            fly_agent_app: text(),
            fly_chatwoot_app: text(),
            chatwoot_host: text(),
            agent_host: text(),
            account_id: Some(3),
            account_name: text(),
            database: text(),
            webhook_url: text(),
            ..Target::default()
        };
        for key in Target::KEYS {
            assert!(target.text(key).is_some(), "{key}");
        }
    }
}
