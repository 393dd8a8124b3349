//! What a fault changes in the world.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::input::interval::Interval;

/// Changes to the world. Texts can contain `${NAME}`: a variable of the world, or one of the names that the injection
/// defines (`${port.app}`, `${token.agent}`, `${folder}`, `${now-120s}`, ..).
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WorldChange {
    /// A named setup of the sandbox.
    pub world: Option<String>,
    /// Variables of the program.
    pub set: BTreeMap<String, String>,
    pub unset: Vec<String>,
    /// Lines of the env file for the program.
    pub env_file: Option<String>,
    /// A named variant of the database.
    pub variant: Option<String>,
    /// SQL statements, run by the superuser in the world's database.
    pub sql: Option<String>,
    /// The role that the program connects as, instead of the reader.
    pub role: Option<String>,
    /// Control documents for the stand-ins; a string is parsed as JSON, so that it can contain null.
    pub chatwoot: Option<Value>,
    /// The webhooks in Chatwoot, each as its differences from the app's good one.
    pub webhooks: Option<Vec<Value>>,
    pub agent: Option<Value>,
    pub app: Option<Value>,
    pub customers: Option<Value>,
    /// Merged into the answers of `fly`: objects key by key, anything else replaced, null removed.
    pub fly: Option<Value>,
    /// The status of secrets on Fly, by `APP NAME`: `Staged`, `Partial`, `Unknown`, .. or `gone`.
    pub secrets: BTreeMap<String, String>,
    /// Lines for the app's log on Fly.
    pub log: Vec<LogLine>,
    /// Merged into the behaviour of the checkout's tools.
    pub tools: Option<Value>,
    /// Files to write in the checkout, by path.
    pub files: BTreeMap<String, String>,
    /// Files and folders to remove from the checkout.
    pub removed: Vec<String>,
    /// Symbolic links in the world's folder, by name: what they point to.
    pub links: BTreeMap<String, String>,
    /// Merged into the configuration.
    pub config: toml::Table,
    /// Keys to remove from the configuration, dotted.
    pub unconfigured: Vec<String>,
    /// What happens to the database server.
    pub server: Option<Server>,
}

/// What happens to a database server; supported only by the native engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Server {
    /// The program is connected to a replica.
    Standby,
    /// It is killed and not restarted.
    Killed,
    /// The program is connected to a server that requires TLS.
    Encrypted,
}

/// A line of the app's log.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogLine {
    /// As in Fly's logs: `info`, `warn`, `error`.
    pub level: String,
    pub text: String,
}

/// Changes during the run.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Later {
    /// The time after the start of the run.
    pub after: Interval,
    pub stage: Box<WorldChange>,
}
