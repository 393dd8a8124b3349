//! Injects a fault into a good world: converts its data into control documents, statements, files and variables.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::LazyLock;

use anyhow::{Context, Result, bail, ensure};
use jiff::{SignedDuration, Timestamp};
use regex::Regex;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::rehearsal::faults::{Server, WorldChange};
use crate::rehearsal::http::merge;
use crate::rehearsal::postgres::database::TestDatabase;
use crate::rehearsal::postgres::variant;
use crate::rehearsal::standins::fly::Status;
use crate::rehearsal::world::World;
use crate::rehearsal::world::setup::Setup;
use crate::settings::fingerprint::fingerprint;

/// A world into which faults can be injected, and the variables for the program.
pub struct FaultedWorld<'w> {
    pub world: &'w World,
    pub database: &'w TestDatabase,
    pub variables: BTreeMap<String, String>,
    /// What must exist as long as this world: a replica, for example.
    kept: Vec<Box<dyn Send>>,
}

impl<'w> FaultedWorld<'w> {
    /// A world without faults.
    pub fn new(world: &'w World, database: &'w TestDatabase) -> FaultedWorld<'w> {
        let mut variables = world.variables().clone();
        variables.insert("HOME".to_owned(), world.folder().display().to_string());
        FaultedWorld { world, database, variables, kept: Vec::new() }
    }

    /// Changes the world, and the variables of programs that are started afterwards.
    ///
    /// # Errors
    /// A change that cannot be made; the world may then be changed in part.
    pub async fn apply(&mut self, change: &WorldChange) -> Result<()> {
        self.set_world(change).await?;
        if let Some(name) = &change.variant {
            let (_, sql) = variant::ALL
                .iter()
                .find(|(known, _)| known == name)
                .context("the database has no variant with this name")?;
            self.database.sql(sql).await.context("cannot apply the variant of the database")?;
        }
        if let Some(sql) = &change.sql {
            self.database.sql(&self.fill_in(sql)?).await.context("cannot run the fault's statements")?;
        }
        self.set_fly(change)?;
        self.set_checkout(change)?;
        self.set_config(change)?;
        if let Some(role) = &change.role {
            self.variables.insert("DATABASE_URL".to_owned(), self.database.login(role));
        }
        match change.server {
            None => {}
            Some(Server::Standby) => {
                let (login, kept) = self.database.standby()?;
                self.variables.insert("DATABASE_URL".to_owned(), login);
                self.kept.push(kept);
            }
            Some(Server::Killed) => self.database.kill()?,
            Some(Server::Encrypted) => {
                let server = self.database.encrypted()?;
                fs::write(self.world.folder().join("database-root.pem"), &server.root)
                    .context("cannot write the database's root certificate")?;
                self.variables.insert("DATABASE_URL".to_owned(), server.login());
                self.kept.push(Box::new(server));
            }
        }
        self.set_variables(change)
    }

    async fn set_world(&self, change: &WorldChange) -> Result<()> {
        if let Some(name) = &change.world {
            name.parse::<Setup>()?.apply(self.world).await?;
        }
        if let Some(changes) = &change.webhooks {
            let webhooks = self.webhooks(changes)?;
            self.world.control.change(&json!({ "chatwoot": { "state": { "webhooks": webhooks } } })).await?;
        }
        let parts = [
            ("chatwoot", &change.chatwoot),
            ("agent", &change.agent),
            ("app", &change.app),
            ("customers", &change.customers),
        ];
        for (name, document) in parts {
            if let Some(document) = document {
                let change = json!({ name: self.document(document)? });
                self.world.control.change(&change).await?;
            }
        }
        Ok(())
    }

    /// The app's webhook with each of these changes.
    fn webhooks(&self, changes: &[Value]) -> Result<Vec<Value>> {
        let good = self.world.chatwoot.update(|state| serde_json::to_value(state.webhooks.first()))?;
        let first = good["id"].as_u64().unwrap_or(1);
        (first..)
            .zip(changes)
            .map(|(id, change)| {
                let mut webhook = good.clone();
                webhook["id"] = id.into();
                merge(&mut webhook, &self.document(change)?);
                Ok(webhook)
            })
            .collect()
    }

    fn set_fly(&self, change: &WorldChange) -> Result<()> {
        let fly = &self.world.fly;
        if let Some(change) = &change.fly {
            fly.set(merged(&fly.answers(), &self.document(change)?)?)?;
        }
        for (place, state) in &change.secrets {
            let (app, name) = place.split_once(' ').context("a secret must be given as `APP NAME`")?;
            let status: Option<Status> = match state.as_str() {
                "gone" => None,
                word => Some(serde_json::from_value(word.into()).context("not a valid status of a secret")?),
            };
            fly.set_secret(app, name, status)?;
        }
        for line in &change.log {
            fly.log("hotdash-app", &line.level, &line.text, Timestamp::now())?;
        }
        Ok(())
    }

    fn set_checkout(&self, change: &WorldChange) -> Result<()> {
        let checkout = &self.world.checkout;
        if let Some(change) = &change.tools {
            checkout.set(merged(&checkout.answers(), &self.document(change)?)?)?;
        }
        for (name, text) in &change.files {
            let path = checkout.path().join(name);
            fs::create_dir_all(path.parent().unwrap_or(checkout.path()))?;
            fs::write(&path, self.fill_in(text)?)
                .with_context(|| format!("cannot write {}", path.display()))?;
        }
        for name in &change.removed {
            remove(&checkout.path().join(name))?;
        }
        for (name, target) in &change.links {
            symlink(self.fill_in(target)?, self.world.folder().join(name)).context("cannot create a link")?;
        }
        Ok(())
    }

    fn set_config(&self, change: &WorldChange) -> Result<()> {
        if change.config.is_empty() && change.unconfigured.is_empty() {
            return Ok(());
        }
        let path = self.world.config_path();
        let text = fs::read_to_string(&path).context("cannot read the world's configuration")?;
        let mut config: toml::Table = text.parse().context("the world's configuration is not valid")?;
        let addition = self.fill_in(&change.config.to_string())?;
        merge_tables(&mut config, addition.parse().context("the fault's configuration is not valid")?);
        for key in &change.unconfigured {
            take(&mut config, key).with_context(|| format!("the configuration has no {key}"))?;
        }
        fs::write(&path, config.to_string()).context("cannot write the world's configuration")
    }

    fn set_variables(&mut self, change: &WorldChange) -> Result<()> {
        for name in &change.unset {
            ensure!(self.variables.remove(name).is_some(), "{name} is not set in the world");
        }
        let set: Vec<(String, String)> = change
            .set
            .iter()
            .map(|(name, value)| Ok((name.clone(), self.fill_in(value)?)))
            .collect::<Result<_>>()?;
        self.variables.extend(set);
        if let Some(lines) = &change.env_file {
            let path = self.world.folder().join("fault.env");
            fs::write(&path, self.fill_in(lines)?).context("cannot write the fault's env file")?;
            self.variables.insert("HOTDASH_OPS_ENV_FILE".to_owned(), path.display().to_string());
        }
        Ok(())
    }

    /// A document with the values filled in; a string that contains a whole document is parsed as JSON, which has null.
    fn document(&self, value: &Value) -> Result<Value> {
        let text = match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        serde_json::from_str(&self.fill_in(&text)?).context("the fault's document is not valid JSON")
    }

    /// The text with every `${NAME}` replaced by its value.
    fn fill_in(&self, text: &str) -> Result<String> {
        static NAME: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\$\{([^}]*)\}").ok());
        let pattern = NAME.as_ref().context("cannot compile the pattern of names")?;
        let mut whole = String::new();
        let mut at = 0;
        for found in pattern.captures_iter(text) {
            let (Some(all), Some(name)) = (found.get(0), found.get(1)) else { continue };
            whole.push_str(&text[at..all.start()]);
            whole.push_str(&self.value(name.as_str())?);
            at = all.end();
        }
        whole.push_str(&text[at..]);
        Ok(whole)
    }

    fn dsn(&self) -> Result<url::Url> {
        let text = self.world.variables().get("DATABASE_URL").context("the world has no database")?;
        url::Url::parse(text).context("the world's connection string is not valid")
    }

    fn value(&self, name: &str) -> Result<String> {
        if let Some(value) = self.variables.get(name) {
            return Ok(value.clone());
        }
        let world = self.world;
        Ok(match name.split_once('.') {
            Some(("port", "chatwoot")) => world.chatwoot.port().to_string(),
            Some(("port", "agent")) => world.agent.port().to_string(),
            Some(("port", "app")) => world.app.port().to_string(),
            Some(("port", "postgres")) => self.dsn()?.port().unwrap_or(5432).to_string(),
            Some(("token", "bot")) => world
                .chatwoot
                .update(|state| state.bots.get("bot").map(|bot| bot.token.clone()))
                .context("Chatwoot has no bot")?,
            Some(("token", "platform")) => world.chatwoot.update(|state| state.platform_token.clone()),
            Some(("token", person)) => {
                let token = world.chatwoot.update(|state| state.token_of(person));
                ensure!(!token.is_empty(), "Chatwoot has no {person}");
                token
            }
            // The database that the program is connected to, which is not always the world's.
            Some(("port", "database")) => {
                let text = self.variables.get("DATABASE_URL").context("DATABASE_URL is not set")?;
                url::Url::parse(text)?.port().unwrap_or(5432).to_string()
            }
            Some(("login", role)) => self.database.login(role),
            Some(("password", role)) => {
                url::Url::parse(&self.database.login(role))?.password().unwrap_or_default().to_owned()
            }
            Some(("capitals", name)) => self.value(name)?.to_uppercase(),
            Some(("repeat", spec)) => {
                let (times, text) =
                    spec.split_once('.').context("a repetition must be given as `TIMES.TEXT`")?;
                text.repeat(times.parse().context("not a number of repetitions")?)
            }
            Some(("fingerprint", name)) => {
                let config: toml::Table = fs::read_to_string(world.config_path())?.parse()?;
                let key = config
                    .get("fingerprint_key")
                    .and_then(toml::Value::as_str)
                    .context("the configuration has no fingerprint key")?;
                let value = self.variables.get(name).with_context(|| format!("{name} is not set"))?;
                fingerprint(key, name, value).context("cannot compute the fingerprint")?
            }
            // For a dollar sign and braces that must reach the program unchanged.
            Some(("literally", text)) => format!("${{{text}}}"),
            None if name == "database" => self.dsn()?.path().trim_start_matches('/').to_owned(),
            None if name == "folder" => world.folder().display().to_string(),
            None if name.starts_with("now") => relative_time(&name[3..])?,
            _ => bail!("the fault uses ${{{name}}}, which is not defined"),
        })
    }
}

/// `-120s` (before now) or `+1h` (after now) as a time in RFC 3339.
fn relative_time(offset: &str) -> Result<String> {
    let now = Timestamp::now();
    let at = if offset.is_empty() {
        now
    } else {
        let length: SignedDuration = offset[1..].parse().context("a time must be written like now-120s")?;
        match &offset[..1] {
            "-" => now.checked_sub(length)?,
            "+" => now.checked_add(length)?,
            other => bail!("a time must be written like now-120s, not now{other}"),
        }
    };
    Ok(at.to_string())
}

fn merged<T: Serialize + DeserializeOwned>(present: &T, change: &Value) -> Result<T> {
    let mut value = serde_json::to_value(present).context("cannot serialize the stand-in's answers")?;
    merge(&mut value, change);
    drop_nulls(&mut value);
    serde_json::from_value(value).context("not valid answers of the stand-in")
}

fn drop_nulls(value: &mut Value) {
    if let Value::Object(entries) = value {
        entries.retain(|_, entry| !entry.is_null());
        entries.values_mut().for_each(drop_nulls);
    }
}

fn merge_tables(into: &mut toml::Table, change: toml::Table) {
    for (key, value) in change {
        match (into.get_mut(&key), value) {
            (Some(toml::Value::Table(inner)), toml::Value::Table(more)) => merge_tables(inner, more),
            (_, value) => {
                into.insert(key, value);
            }
        }
    }
}

/// Removes a dotted key from a table.
fn take(table: &mut toml::Table, key: &str) -> Option<toml::Value> {
    match key.split_once('.') {
        None => table.remove(key),
        Some((first, rest)) => take(table.get_mut(first)?.as_table_mut()?, rest),
    }
}

fn remove(path: &Path) -> Result<()> {
    let gone = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    gone.with_context(|| format!("cannot remove {}", path.display()))
}
