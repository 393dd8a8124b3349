//! The tables `[targets.NAME]`, and what makes their values useful for comparing: a host must be a valid host, a
//! version requirement must exclude something.

use toml::de::{DeTable, DeValue};
use url::Url;

use super::{Config, nearest, value_span, whole};
use crate::input::source::{Problems, Source};
use crate::service::chatwoot::EVENTS;
use crate::settings::{Target, Traffic};

/// Keys of a target, to recognise one at the top of the file.
const MORE_KEYS: &[&str] = &[
    "production",
    "webhook_events",
    "grading",
    "names",
    "thresholds",
    "traffic",
    "commands",
    "contacts",
    "fingerprints",
];

pub(super) fn is_key(key: &str) -> bool {
    key != "name" && (Target::KEYS.contains(&key) || MORE_KEYS.contains(&key))
}

pub(super) fn read_all<'a>(
    source: Source<'a>,
    tables: DeTable<'a>,
    config: &mut Config,
    problems: &mut Problems,
) {
    for (key, value) in tables {
        let name = key.get_ref().to_string();
        if !is_plain(&name) {
            let why = "a target name must have 1 to 40 letters, digits, `-` or `_` and start with a letter or digit";
            problems.push(source.problem(Some(key.span()), why));
        }
        let span = value.span();
        let DeValue::Table(table) = value.into_inner() else {
            problems
                .push(source.problem(Some(span), &format!("write this target as a table: [targets.{name}]")));
            continue;
        };
        let places = table.clone();
        if let Some(target) = whole::<Target>(source, table, span, problems) {
            let mut judge = Judge { source, places: &places, problems };
            judge.target(&target, &mut config.notes, &name);
            config.targets.push(Target { name, ..target });
        }
    }
}

/// A name that is safe in a file name, a metric label and a message.
pub(in crate::settings) fn is_plain(name: &str) -> bool {
    name.len() <= 40
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

struct Judge<'s, 'a> {
    source: Source<'a>,
    places: &'s DeTable<'a>,
    problems: &'s mut Problems,
}

impl Judge<'_, '_> {
    fn wrong(&mut self, path: &[&str], why: &str) {
        self.problems.push(self.source.problem(value_span(self.places, path), why));
    }

    fn target(&mut self, target: &Target, notes: &mut Vec<String>, name: &str) {
        let apps = [
            ("fly_app", &target.fly_app),
            ("fly_agent_app", &target.fly_agent_app),
            ("fly_chatwoot_app", &target.fly_chatwoot_app),
        ];
        for (key, app) in apps {
            if app.as_deref().is_some_and(|a| !is_fly_app(a)) {
                self.wrong(&[key], "is not a valid Fly app name (lower-case letters, digits and `-`)");
            }
        }
        for (key, host) in [("chatwoot_host", &target.chatwoot_host), ("agent_host", &target.agent_host)] {
            if let Some(why) = host.as_deref().and_then(not_a_host) {
                self.wrong(&[key], why);
            }
        }
        if target.account_id == Some(0) {
            self.wrong(&["account_id"], "must be greater than 0");
        }
        for (key, text) in [("account_name", &target.account_name), ("database", &target.database)] {
            if text.as_deref().is_some_and(|t| t.trim().is_empty()) {
                self.wrong(&[key], "is empty; set it or remove the line");
            }
        }
        if let Some(why) = target.webhook_url.as_deref().and_then(not_an_endpoint) {
            self.wrong(&["webhook_url"], why);
        }
        if let Err(error) = semver::VersionReq::parse(&target.agent_version) {
            let why = format!("is not a valid version requirement like \">=1.0, <2\": {error}");
            self.wrong(&["agent_version"], &why);
        }
        self.events(target, notes, name);
        self.names(target);
        self.thresholds(target);
        self.traffic(&target.traffic);
        for (command, words) in &target.commands {
            if words.first().is_none_or(|program| program.trim().is_empty()) {
                self.wrong(
                    &["commands", command],
                    "contains no program; write it like [\"npm\", \"run\", \"lint\"]",
                );
            }
        }
    }

    fn events(&mut self, target: &Target, notes: &mut Vec<String>, name: &str) {
        if target.webhook_events.is_empty() {
            self.wrong(&["webhook_events"], "contains no event; add at least message_created");
        }
        for event in target.webhook_events.iter().filter(|e| !EVENTS.contains(&e.as_str())) {
            let near = nearest(event, EVENTS.iter().copied());
            match near {
                Some(near) => self.wrong(
                    &["webhook_events"],
                    &format!("`{event}` is not a Chatwoot event; did you mean `{near}`?"),
                ),
                None if event.trim().is_empty() => {
                    self.wrong(&["webhook_events"], "contains an event without a name")
                }
                None if event == "conversation_resolved" => self.wrong(
                    &["webhook_events"],
                    "Chatwoot has no event `conversation_resolved`; use `conversation_status_changed`",
                ),
                None => {
                    notes.push(format!("webhook_events of {name}: `{event}` is not a known Chatwoot event"))
                }
            }
        }
    }

    fn names(&mut self, target: &Target) {
        let names = &target.names;
        for (key, name) in [
            ("facts", &names.facts),
            ("fact_type", &names.fact_type),
            ("value", &names.value),
            ("recorded_at", &names.recorded_at),
            ("metadata", &names.metadata),
            ("grades", &names.grades),
            ("grades_created_at", &names.grades_created_at),
        ] {
            if name.trim().is_empty() || name.contains('\0') {
                self.wrong(
                    &["names", key],
                    "is not a valid table or column name; remove the line to use the default",
                );
            }
        }
    }

    fn traffic(&mut self, traffic: &Traffic) {
        if traffic.success_rate.0 >= 10_000 {
            self.wrong(
                &["traffic", "success_rate"],
                "must be below 100, because the actual rate has to be higher",
            );
        }
        for (key, number) in
            [("average_ms", u64::from(traffic.average_ms)), ("min_events", traffic.min_events)]
        {
            if number == 0 {
                self.wrong(&["traffic", key], "must be at least 1");
            }
        }
        for (key, texts) in [("log_errors", &traffic.log_errors), ("log_warnings", &traffic.log_warnings)] {
            if texts.iter().any(|text| text.trim().is_empty()) {
                self.wrong(&["traffic", key], "contains an empty text, which every line matches; remove it");
            }
        }
        for tier in &traffic.tiers {
            let bounds = [
                tier.success_below.is_some(),
                tier.dead_letters_above.is_some(),
                tier.attempts_above.is_some_and(f64::is_finite),
            ];
            if bounds.iter().filter(|set| **set).count() != 1 || tier.name.trim().is_empty() {
                let why = format!(
                    "the tier `{}` needs a name and exactly one of success_below, dead_letters_above and attempts_above",
                    tier.name
                );
                self.wrong(&["traffic", "tiers"], &why);
            }
        }
        if traffic.baseline.as_deref().is_some_and(|at| at.parse::<jiff::Timestamp>().is_err()) {
            self.wrong(
                &["traffic", "baseline"],
                "is not a valid time; use a captured_at from `hotdash-ops baseline list`",
            );
        }
    }

    fn thresholds(&mut self, target: &Target) {
        let thresholds = &target.thresholds;
        if thresholds.certificate_days.is_some_and(|days| days < 0) {
            self.wrong(
                &["thresholds", "certificate_days"],
                "must be at least 0, or an expired certificate would pass",
            );
        }
        if thresholds.webhook_tests == Some(0) {
            self.wrong(&["thresholds", "webhook_tests"], "must be at least 1");
        }
    }
}

fn is_fly_app(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

fn not_a_host(host: &str) -> Option<&'static str> {
    if host.contains("://") {
        return Some("is a URL; write only the host: `chat.example.com`, not `https://chat.example.com`");
    }
    if host.contains(['/', '?', '#', '@', '\\']) || host.chars().any(char::is_whitespace) {
        return Some("must be only a host, without a path, a user or whitespace: `chat.example.com`");
    }
    let parsed = Url::parse(&format!("https://{host}/")).ok().filter(|url| url.has_host());
    let bare =
        parsed.is_some_and(|url| !url.host_str().unwrap_or_default().is_empty()) && !host.ends_with(':');
    (!bare).then_some("is not a valid host; write it like `chat.example.com` or `localhost:8443`")
}

fn not_an_endpoint(text: &str) -> Option<&'static str> {
    let Ok(url) = Url::parse(text) else {
        return Some("is not a valid URL; write it like `https://app.example.com/api/webhooks/chatwoot`");
    };
    if !["http", "https"].contains(&url.scheme()) || !url.has_host() {
        return Some(
            "is not a valid http or https URL; write it like `https://app.example.com/api/webhooks/chatwoot`",
        );
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Some("contains user information, which is a secret; remove it from the URL");
    }
    (text.trim() != text).then_some("has whitespace at the start or end")
}
