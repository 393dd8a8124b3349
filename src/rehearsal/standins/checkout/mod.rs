//! A checkout of the app for the rehearsal: a real git repository with the app's npm scripts, whose tools (vitest,
//! eslint, prettier, gitleaks, the health script) are stand-ins with adjustable results. Its test files are real, so a
//! real vitest can replace the stand-in.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result, ensure};

use crate::rehearsal::shell::{quote, write_programs};
use crate::rehearsal::standins::atomic_dir::AtomicDir;

mod answers;
pub mod npm;

pub use answers::{Answers, TestFile, Tool, ToolName, ToolOutput};

/// The file that marks a checkout as the rehearsal's.
pub const MARKER: &str = ".hotdash-ops-sandbox";
/// The test file named by the checklist; it has 18 tests.
pub const WEBHOOK_TESTS: &str = "tests/integration/support.webhook.spec.ts";
/// Where the health script writes its lines: not ignored by git, as in the app.
pub const HEALTH_LINES: &str = "artifacts/ops/chatwoot-health.jsonl";

const HEALTH_SCRIPT: (&str, &str) = ("scripts/ops", "check-chatwoot-health.sh");
/// Settings of the repository.
const GIT_CONFIG: &str = "[user]
\tname = The rehearsal
\temail = rehearsal@hotdash.example
[commit]
\tgpgsign = false
[core]
\tautocrlf = false
[gc]
\tauto = 0
[maintenance]
\tauto = false
";

const FILES: [(&str, &str); 9] = [
    (".gitignore", "node_modules/\n"),
    (MARKER, "A checkout of the rehearsal, with stand-ins for its tools.\n"),
    ("README.md", include_str!("app/README.md")),
    ("package.json", include_str!("app/package.json")),
    ("app/support.webhook.ts", include_str!("app/support.webhook.ts")),
    (WEBHOOK_TESTS, include_str!("app/support.webhook.spec.ts")),
    ("tests/unit/delays.spec.ts", include_str!("app/delays.spec.ts")),
    ("tests/unit/retries.spec.ts", include_str!("app/retries.spec.ts")),
    (".prettierrc.json", "{}\n"),
];

/// A checkout on disk and the behaviour of its tools.
#[derive(Debug)]
pub struct Checkout {
    path: PathBuf,
    files: AtomicDir,
    answers: Mutex<Answers>,
}

impl Checkout {
    /// Creates a checkout in `directory`, which must be absent or empty, with everything committed and passing. `state`
    /// is a directory for the stand-ins outside the checkout; both must exist as long as the tools are used. Needs git.
    pub fn create(directory: &Path, state: &Path) -> Result<Checkout> {
        fs::create_dir_all(directory).with_context(|| format!("cannot create {}", directory.display()))?;
        let path = directory.canonicalize().context("cannot find the checkout")?;
        let empty = fs::read_dir(&path).context("cannot read the checkout")?.next().is_none();
        ensure!(empty, "{} is not empty: a checkout needs an empty directory", path.display());
        let checkout = Checkout { path, files: AtomicDir::new(state)?, answers: Mutex::new(Answers::good()) };
        checkout.set(Answers::good())?;
        for (name, contents) in FILES {
            checkout.write(name, contents)?;
        }
        checkout.install_tools()?;
        checkout.git(&["init", "-q", "-b", "main", "--template="])?;
        let config = checkout.path.join(".git/config");
        let own = fs::read_to_string(&config).context("cannot read the repository's settings")?;
        fs::write(&config, own + GIT_CONFIG).context("cannot write the repository's settings")?;
        checkout.git(&["add", "-A"])?;
        checkout.git(&["commit", "-q", "-m", "The app for the rehearsal"])?;
        Ok(checkout)
    }

    /// The checkout's directory, without symbolic links.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The tools' current behaviour.
    pub fn answers(&self) -> Answers {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Replaces the tools' behaviour.
    pub fn set(&self, answers: Answers) -> Result<()> {
        let mut present = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        self.files.write(&answers.files(&self.path))?;
        *present = answers;
        Ok(())
    }

    /// Changes the tools' behaviour.
    pub fn change(&self, how: impl FnOnce(&mut Answers)) -> Result<()> {
        let mut answers = self.answers();
        how(&mut answers);
        self.set(answers)
    }

    /// The output of `git status --porcelain`: empty when nothing has changed.
    pub fn changed(&self) -> Result<String> {
        self.git(&["status", "--porcelain"])
    }

    /// Reverts everything the tools have changed, artifacts included.
    pub fn restore(&self) -> Result<()> {
        self.git(&["checkout", "-q", "--", "."])?;
        self.git(&["clean", "-q", "-f", "-d"]).map(|_| ())
    }

    fn write(&self, name: &str, contents: &str) -> Result<()> {
        let path = self.place(name)?;
        fs::write(&path, contents).with_context(|| format!("cannot write {}", path.display()))
    }

    fn place(&self, name: &str) -> Result<PathBuf> {
        let path = self.path.join(name);
        let parent = path.parent().unwrap_or(&self.path);
        fs::create_dir_all(parent).with_context(|| format!("cannot create {}", parent.display()))?;
        Ok(path)
    }

    fn install_tools(&self) -> Result<()> {
        let program = |tool: ToolName, body: &str| {
            format!("{}{body}", include_str!("tools/begin.sh"))
                .replace("@NAME@", tool.name())
                .replace("@ANSWERS@", &quote(&self.files.now().display().to_string()))
                .replace("@ROOT@", &quote(&self.path.display().to_string()))
        };
        let tools = [
            (ToolName::Vitest, include_str!("tools/vitest.sh")),
            (ToolName::Eslint, include_str!("tools/eslint.sh")),
            (ToolName::Prettier, include_str!("tools/prettier.sh")),
            (ToolName::Gitleaks, include_str!("tools/gitleaks.sh")),
        ];
        let tools = tools.map(|(tool, body)| (tool.name(), program(tool, body)));
        write_programs(&self.path.join("node_modules/.bin"), &tools)?;
        let (folder, name) = HEALTH_SCRIPT;
        let script = program(ToolName::Health, include_str!("tools/health.sh"));
        write_programs(&self.path.join(folder), &[(name, script)])
    }

    /// Runs git without the user's or the system's configuration, and without finding a repository above the checkout.
    fn git(&self, args: &[&str]) -> Result<String> {
        let output = Command::new("git")
            .args(args)
            .current_dir(&self.path)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", &self.path)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CEILING_DIRECTORIES", self.path.parent().unwrap_or(&self.path))
            .output()
            .context("cannot run git: `apt-get install git`")?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "git {}: {}", args.join(" "), said.trim());
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}
