//! The values that a fault's texts can refer to.

use std::fs;
use std::sync::LazyLock;

use anyhow::{Context, Result, bail, ensure};
use jiff::{SignedDuration, Timestamp};
use regex::Regex;
use serde_json::Value;

use super::FaultedWorld;
use crate::settings::fingerprint::fingerprint;

impl FaultedWorld<'_> {
    /// A document with the values filled in; a string that contains a whole document is parsed as JSON, which has null.
    pub(super) fn document(&self, value: &Value) -> Result<Value> {
        let text = match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        serde_json::from_str(&self.fill_in(&text)?).context("the fault's document is not valid JSON")
    }

    /// The text with every `${NAME}` replaced by its value.
    pub(super) fn fill_in(&self, text: &str) -> Result<String> {
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
