//! The embedded checklist: one ordered slice. A test compares it with the folder.

/// A file of `checks/`: its path from the root of the repository, and its text.
pub struct BuiltinFile {
    pub path: &'static str,
    pub text: &'static str,
}

macro_rules! files {
    ($($path:literal),+ $(,)?) => {
        &[$(BuiltinFile { path: concat!("checks/", $path), text: include_str!(concat!("../../checks/", $path)) }),+]
    };
}

/// Every section file, in checklist order.
pub const FILES: &[BuiltinFile] = files![
    "preflight/environment.toml",
    "preflight/chatwoot.toml",
    "preflight/agent-sdk.toml",
    "preflight/schema.toml",
    "preflight/quality.toml",
    "deploy/database.toml",
    "deploy/traffic.toml",
    "after/baseline.toml",
    "success.toml",
];
