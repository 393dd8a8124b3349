//! Injects a fault into a good world: converts its data into control documents, statements, files and variables.

mod values;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use jiff::Timestamp;
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
