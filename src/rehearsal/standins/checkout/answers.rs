//! The behaviour of the checkout's tools, as data.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::WEBHOOK_TESTS;

/// Everything the tools do. It is always set as a whole, so it can also come from a control route.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Answers {
    /// By path: the test files that vitest finds, and their results.
    pub tests: BTreeMap<String, TestFile>,
    /// An error outside of every test: vitest exits with 1, but its report has `"success":true`.
    pub unhandled: bool,
    /// What a tool does besides its work; a tool that is not listed just does its work.
    pub tools: BTreeMap<ToolName, Tool>,
}

/// The results of one test file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TestFile {
    pub passed: u32,
    pub failed: u32,
    pub skipped: u32,
    pub todo: u32,
    /// The file cannot be loaded: no test runs, and it counts as a failed suite.
    pub broken: bool,
}

/// The tools of the checkout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ToolName {
    Vitest,
    Eslint,
    Prettier,
    Gitleaks,
    /// `npm run ops:check-chatwoot-health`.
    Health,
}

/// What one tool does.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tool {
    /// It reports a problem. (For vitest, the results of the test files decide.)
    pub red: bool,
    /// Appends a line to this file of the checkout first, whatever the exit code.
    pub changes: Option<String>,
    /// Prints this many lines of about 90 bytes first.
    pub noise: u64,
    /// Never exits, and has a child process that keeps its output open.
    pub hang: bool,
    /// Does no work, but exits with exactly this output and code.
    pub says: Option<ToolOutput>,
}

/// The output and exit code of a tool.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ToolOutput {
    pub stdout: String,
    pub stderr: String,
    pub code: u8,
}

impl ToolName {
    /// The lower-case name, which is also the program's name.
    pub fn name(self) -> &'static str {
        match self {
            ToolName::Vitest => "vitest",
            ToolName::Eslint => "eslint",
            ToolName::Prettier => "prettier",
            ToolName::Gitleaks => "gitleaks",
            ToolName::Health => "health",
        }
    }
}

impl Default for Answers {
    fn default() -> Answers {
        Answers::good()
    }
}

impl Answers {
    /// Everything passes, with as many tests as the checkout's files really contain.
    pub fn good() -> Answers {
        let passing = |passed| TestFile { passed, ..TestFile::default() };
        Answers {
            tests: BTreeMap::from([
                (WEBHOOK_TESTS.to_owned(), passing(18)),
                ("tests/unit/delays.spec.ts".to_owned(), passing(2)),
                ("tests/unit/retries.spec.ts".to_owned(), passing(9)),
            ]),
            unhandled: false,
            tools: BTreeMap::new(),
        }
    }

    /// The settings of this tool, mutable.
    pub fn tool(&mut self, name: ToolName) -> &mut Tool {
        self.tools.entry(name).or_default()
    }

    /// The results of the test file named by the checklist, mutable.
    pub fn webhook_tests(&mut self) -> &mut TestFile {
        self.tests.entry(WEBHOOK_TESTS.to_owned()).or_default()
    }

    /// The files that the shell programs read.
    pub(super) fn files(&self, root: &Path) -> Vec<(String, String)> {
        let mut files = Vec::new();
        for (number, (path, t)) in self.tests.iter().enumerate() {
            let folder = format!("vitest/{number:04}");
            let name = serde_json::Value::from(root.join(path).display().to_string());
            let counts = format!("{} {} {} {} {}\n", t.passed, t.failed, t.skipped, t.todo, t.broken);
            files.push((format!("{folder}/path"), path.clone()));
            files.push((format!("{folder}/name"), name.to_string()));
            files.push((format!("{folder}/counts"), counts));
        }
        if self.unhandled {
            files.push(("vitest/unhandled".to_owned(), String::new()));
        }
        for (name, tool) in &self.tools {
            let folder = format!("tool/{}", name.name());
            let mut set = |name: &str, contents: String| files.push((format!("{folder}/{name}"), contents));
            if tool.red {
                set("red", String::new());
            }
            if let Some(path) = &tool.changes {
                set("changes", path.clone());
            }
            if tool.noise > 0 {
                set("noise", tool.noise.to_string());
            }
            if tool.hang {
                set("hang", String::new());
            }
            if let Some(said) = &tool.says {
                set("stdout", said.stdout.clone());
                set("stderr", said.stderr.clone());
                set("code", said.code.to_string());
            }
        }
        files
    }
}
