//! The pipeline's variables from the environment and `--env-file`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// A snapshot of variables. Its `Debug` shows names only.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Vars {
    values: BTreeMap<String, String>,
    not_text: BTreeSet<String>,
    disagreeing: BTreeSet<String>,
}

impl Vars {
    /// Variables from pairs.
    pub fn new(values: impl IntoIterator<Item = (String, String)>) -> Vars {
        Vars { values: values.into_iter().collect(), ..Vars::default() }
    }

    /// The variables of this process, without those that are not UTF-8.
    pub fn of_process() -> Vars {
        Vars::new(
            std::env::vars_os().filter_map(|(n, v)| Some((n.into_string().ok()?, v.into_string().ok()?))),
        )
    }

    /// Marks a variable whose value is not UTF-8.
    pub fn mark_not_text(&mut self, name: impl Into<String>) {
        self.not_text.insert(name.into());
    }

    /// Marks a variable that has different values in the environment and the env file.
    pub fn mark_disagreeing(&mut self, name: impl Into<String>) {
        self.disagreeing.insert(name.into());
    }

    /// The value, which may be empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    /// The value, unless it is empty or blank.
    pub fn filled(&self, name: &str) -> Option<&str> {
        self.get(name).filter(|v| !v.trim().is_empty())
    }

    /// True when its value is not UTF-8.
    pub fn is_not_text(&self, name: &str) -> bool {
        self.not_text.contains(name)
    }

    /// True when it has different values in the environment and the env file.
    pub fn disagrees(&self, name: &str) -> bool {
        self.disagreeing.contains(name)
    }

    /// All variables.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.values.iter().map(|(k, v)| (k.as_str(), v.as_str()))
    }

    /// The token for Chatwoot's API, under either of its names.
    pub fn chatwoot_token(&self) -> Option<&str> {
        self.filled("CHATWOOT_API_KEY").or_else(|| self.filled("CHATWOOT_API_TOKEN"))
    }
}

impl fmt::Debug for Vars {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.values.keys()).finish()
    }
}
