//! The configuration of the world: every value that the checks compare with.

use anyhow::{Context, Result, ensure};

use super::{ACCOUNT, World};
use crate::rehearsal::standins::chatwoot;
use crate::settings::fingerprint;

impl World {
    /// A complete configuration: every expected value, and a second target whose fingerprints are those of other
    /// secrets.
    pub(super) fn config(&self, webhook_url: &str, account_name: &str) -> Result<String> {
        let key = fingerprint::new_key().map_err(anyhow::Error::msg)?;
        let mut own = String::new();
        let mut other = String::new();
        for name in fingerprint::FINGERPRINTED {
            let Some(value) = self.variables.get(*name) else { continue };
            let mine = fingerprint::fingerprint(&key, name, value)
                .with_context(|| format!("cannot compute the fingerprint of {name}"))?;
            let foreign = match *name {
                "DATABASE_URL" => {
                    "postgres://elsewhere:unused-password@db.elsewhere.example/hotdash".to_owned()
                }
                _ => chatwoot::token(),
            };
            let theirs = fingerprint::fingerprint(&key, name, &foreign)
                .with_context(|| format!("cannot compute the fingerprint of {name}"))?;
            own.push_str(&format!("{name} = \"{mine}\"\n"));
            other.push_str(&format!("{name} = \"{theirs}\"\n"));
        }
        let database = database_name(&self.variables["DATABASE_URL"])?;
        let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
        Ok(format!(
            "# The sandbox's configuration: every value that preflight compares with.\n\
             target = \"sandbox\"\n\
             app_dir = {app_dir}\n\
             ca_file = {ca_file}\n\
             fingerprint_key = \"{key}\"\n\n\
             [targets.sandbox]\n\
             fly_app = \"hotdash-app\"\n\
             fly_agent_app = \"hotdash-agent-service\"\n\
             fly_chatwoot_app = \"hotdash-chatwoot\"\n\
             chatwoot_host = \"localhost:{chatwoot_port}\"\n\
             agent_host = \"localhost:{agent_port}\"\n\
             account_id = {ACCOUNT}\n\
             account_name = {account_name}\n\
             database = {database}\n\
             webhook_url = {webhook_url}\n\n\
             # Loopback is fast, so a rehearsal does not have to wait as long as production.\n\
             [targets.sandbox.traffic]\n\
             tick = \"1s\"\n\
             overlap = \"2s\"\n\
             settle = \"1s\"\n\
             health_every = \"5s\"\n\
             logs_every = \"1s\"\n\
             patience = \"5s\"\n\n\
             [targets.sandbox.fingerprints]\n{own}\n\
             [targets.elsewhere]\n\
             chatwoot_host = \"chat.elsewhere.example\"\n\
             agent_host = \"agent.elsewhere.example\"\n\
             account_id = 9\n\n\
             [targets.elsewhere.fingerprints]\n{other}",
            app_dir = quoted(&self.checkout.path().display().to_string()),
            ca_file = quoted(&self.folder().join("ca.pem").display().to_string()),
            chatwoot_port = self.chatwoot.port(),
            agent_port = self.agent.port(),
            account_name = quoted(account_name),
            database = quoted(&database),
            webhook_url = quoted(webhook_url),
        ))
    }
}

fn database_name(dsn: &str) -> Result<String> {
    let dsn = crate::service::dsn::Dsn::parse(dsn).map_err(|fault| anyhow::anyhow!("{fault}"))?;
    let name = dsn.database_name().to_owned();
    ensure!(!name.is_empty(), "the connection string does not name a database");
    Ok(name)
}
