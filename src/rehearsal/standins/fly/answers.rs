//! The answers of the `fly` stand-in as data, and their rendering in the formats of different flyctl versions.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::indented;
use super::release::{self, Release};
use super::status;

/// Everything the stand-in answers. It is always set as a whole, so it can also come from a control route.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Answers {
    /// The flyctl version to imitate.
    pub generation: Generation,
    /// Whether the operator is logged in on this machine. A token in the environment or from `-t` is accepted either
    /// way.
    pub logged_in: bool,
    pub email: String,
    /// By name; for any other name the answer is `Could not find App`.
    pub apps: BTreeMap<String, App>,
    /// By command: `secrets list`, `auth whoami`, `version`, `status`, `releases`, `logs`, or `*` for every command.
    pub faults: BTreeMap<String, Fault>,
}

/// The three formats of `fly secrets list --json`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Generation {
    /// Before 0.3.178: `Name`, `Digest`, `CreatedAt`.
    Capitals,
    /// 0.3.178 to 0.4.5: `name`, `digest`, times, and no status.
    Times,
    /// From 0.4.6: `name`, `digest`, `status`.
    #[default]
    Statuses,
}

/// One app on Fly.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct App {
    pub secrets: Vec<Secret>,
    /// The number of the newest release, failed ones included.
    pub release: u32,
    /// The newest first.
    pub releases: Vec<Release>,
    pub machines: Vec<Machine>,
}

/// A secret: flyctl never shows its value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Secret {
    pub name: String,
    #[serde(default)]
    pub status: Status,
}

/// Whether the running machines have a secret, as reported by flyctl.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Status {
    #[default]
    Deployed,
    Staged,
    Partial,
    Unknown,
    /// The key is absent, as for apps of more than a hundred machines.
    Absent,
}

/// One machine of an app.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    pub id: String,
    /// `started`, `stopped`, ..
    pub state: String,
    /// The release that it runs.
    pub release: u32,
}

/// How a command fails to answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Fault {
    /// Never exits, and has a child process that keeps its output open.
    Hang,
    /// Prints without end.
    Flood,
    /// Exits at once with exactly this output and code.
    Says { stdout: String, stderr: String, code: u8 },
}

impl Fault {
    /// Exits with 1 and an error in flyctl's format.
    pub fn error(message: &str) -> Fault {
        Fault::Says { stdout: String::new(), stderr: format!("Error: {message}\n"), code: 1 }
    }

    /// The error that flyctl prints when an app's deploy token is not sufficient, as for logs.
    pub fn deploy_token_refused() -> Fault {
        Fault::error("not authorized to retrieve app logs (this can happen when using deploy tokens)")
    }

    /// Exits with 0 and prints something that is not JSON.
    pub fn garbage() -> Fault {
        Fault::Says {
            stdout: "<html><body>\u{0}502 Bad Gateway</body></html>\n".into(),
            stderr: String::new(),
            code: 0,
        }
    }
}

impl Default for Answers {
    fn default() -> Answers {
        Answers::good()
    }
}

impl Answers {
    /// An operator logged in with a current flyctl, and two apps with all their secrets deployed.
    pub fn good() -> Answers {
        let app = |release: u32, machine: &str, secrets: &[&str]| App {
            secrets: secrets
                .iter()
                .map(|name| Secret { name: (*name).to_owned(), status: Status::Deployed })
                .collect(),
            release,
            releases: release::good(release),
            machines: vec![Machine { id: machine.to_owned(), state: "started".to_owned(), release }],
        };
        let app_secrets = [
            "AGENT_SDK_URL",
            "CHATWOOT_ACCOUNT_ID",
            "CHATWOOT_API_KEY",
            "CHATWOOT_BASE_URL",
            "CHATWOOT_WEBHOOK_SECRET",
            "DATABASE_URL",
            "SHOPIFY_API_SECRET",
        ];
        let agent_secrets = ["CHATWOOT_API_TOKEN", "CHATWOOT_BASE_URL", "OPENAI_API_KEY"];
        Answers {
            generation: Generation::Statuses,
            logged_in: true,
            email: "operator@hotdash.example".into(),
            apps: BTreeMap::from([
                ("hotdash-app".into(), app(42, "e2865013b06789", &app_secrets)),
                ("hotdash-agent-service".into(), app(17, "d8d9032c9e4758", &agent_secrets)),
            ]),
            faults: BTreeMap::new(),
        }
    }

    /// The files that the shell program reads.
    pub(super) fn files(&self) -> Vec<(String, String)> {
        let mut files = vec![
            ("version.json".into(), format!("{}\n", self.version())),
            ("version.txt".into(), self.version_line()),
            ("whoami.json".into(), indented(&json!({ "email": self.email }))),
            ("whoami.txt".into(), format!("{}\n", self.email)),
        ];
        if self.logged_in {
            files.push(("login".into(), String::new()));
        }
        for (name, app) in &self.apps {
            files.push((format!("secrets/{name}.json"), indented(&self.secrets(app))));
            files.push((format!("secrets/{name}.txt"), self.secrets_table(app)));
            files.push((format!("status/{name}.json"), indented(&status::document(name, app))));
            files.push((format!("status/{name}.txt"), status::table(name, app)));
            files.push((format!("releases/{name}.json"), indented(&release::list(name, &app.releases))));
            files.push((format!("releases/{name}.txt"), release::table(&app.releases)));
        }
        for (command, fault) in &self.faults {
            let folder = format!("fault/{}", command.replace(' ', "-").replace('*', "any"));
            match fault {
                Fault::Hang => files.push((format!("{folder}/hang"), String::new())),
                Fault::Flood => files.push((format!("{folder}/flood"), String::new())),
                Fault::Says { stdout, stderr, code } => {
                    files.push((format!("{folder}/stdout"), stdout.clone()));
                    files.push((format!("{folder}/stderr"), stderr.clone()));
                    files.push((format!("{folder}/code"), code.to_string()));
                }
            }
        }
        files
    }

    fn number(&self) -> &'static str {
        match self.generation {
            Generation::Capitals => "0.3.177",
            Generation::Times => "0.4.5",
            Generation::Statuses => "0.4.87",
        }
    }

    fn version(&self) -> Value {
        json!({
            "Name": "fly", "Version": self.number(), "Commit": COMMIT, "BranchName": "master",
            "BuildDate": "2026-08-20T14:03:11Z", "OS": "linux", "Architecture": "amd64",
            "Environment": "production",
        })
    }

    fn version_line(&self) -> String {
        format!("fly v{} linux/amd64 Commit: {COMMIT} BuildDate: 2026-08-20T14:03:11Z\n", self.number())
    }

    fn secrets(&self, app: &App) -> Value {
        app.secrets
            .iter()
            .map(|secret| {
                let digest = digest(&secret.name);
                let mut entry = Map::new();
                match self.generation {
                    Generation::Capitals => {
                        entry.insert("Name".into(), json!(secret.name));
                        entry.insert("Digest".into(), json!(digest));
                        entry.insert("CreatedAt".into(), json!(SET_AT));
                    }
                    Generation::Times => {
                        entry.insert("name".into(), json!(secret.name));
                        entry.insert("digest".into(), json!(digest));
                        entry.insert("created_at".into(), json!(SET_AT));
                        entry.insert("updated_at".into(), json!(SET_AT));
                    }
                    Generation::Statuses => {
                        entry.insert("name".into(), json!(secret.name));
                        entry.insert("digest".into(), json!(digest));
                        if secret.status != Status::Absent {
                            entry.insert("status".into(), json!(secret.status));
                        }
                    }
                }
                Value::Object(entry)
            })
            .collect()
    }

    fn secrets_table(&self, app: &App) -> String {
        let mut table = "NAME\tDIGEST\tSTATUS\n".to_owned();
        for secret in &app.secrets {
            let mark = match secret.status {
                Status::Staged => "* ",
                Status::Partial => "! ",
                _ => "",
            };
            table.push_str(&format!(
                "{mark}{}\t{}\t{:?}\n",
                secret.name,
                digest(&secret.name),
                secret.status
            ));
        }
        table
    }
}

const COMMIT: &str = "3eb236fab8d1c5f04c0e8f2f2b4f0a7c2a9d9c11";
pub(super) const SET_AT: &str = "2026-03-02T09:15:27Z";

/// Sixteen hexadecimal digits, as in flyctl's output.
fn digest(name: &str) -> String {
    hex::encode(&Sha256::digest(name)[..8])
}
