//! The facts that the app records, written as the app writes them: to the table
//! `dashboard_facts`, by the role that owns it.

use std::time::Duration;

use anyhow::{Context, Result};
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio_postgres::{Client, NoTls};

/// Writes facts into one database. A lost connection is made anew at the next fact; the fact that met it is
/// missing, as with the real app.
pub struct Facts {
    dsn: String,
    client: tokio::sync::Mutex<Option<Client>>,
}

/// One delivery as `support.webhook.retry` records it.
#[derive(Clone, Debug)]
pub struct Retry {
    pub attempts: u32,
    pub success: bool,
    /// JSON, because some rows hold no number here.
    pub duration: Value,
    /// Absent on failure.
    pub status: Option<u16>,
}

/// How long one statement may take.
const PATIENCE: Duration = Duration::from_secs(10);

const INSERT: &str = "insert into dashboard_facts (shop_domain, fact_type, scope, value, metadata) \
                      values ('hotrodan.myshopify.com', $1, 'ops', $2::text::jsonb, $3::text::jsonb)";

impl Facts {
    /// Facts for the database behind this connection string, which may write.
    pub fn new(dsn: impl Into<String>) -> Facts {
        Facts { dsn: dsn.into(), client: tokio::sync::Mutex::new(None) }
    }

    /// Records a delivery.
    ///
    /// # Errors
    /// What the database or the way to it says; the fact is then missing.
    pub async fn retry(&self, retry: &Retry) -> Result<()> {
        let (value, metadata) = retry.row();
        self.insert("support.webhook.retry", &value, &metadata).await
    }

    /// Records a delivery in a transaction of its own that stays open for `open` before it commits: its
    /// `recorded_at` is the time at which that transaction began.
    ///
    /// # Errors
    /// As [`Facts::retry`].
    pub async fn retry_late(&self, retry: &Retry, open: Duration) -> Result<()> {
        let (value, metadata) = retry.row();
        let client = connect(&self.dsn).await?;
        client.batch_execute("begin").await?;
        client
            .execute(INSERT, &[&"support.webhook.retry", &value.to_string(), &metadata.to_string()])
            .await?;
        tokio::time::sleep(open).await;
        client.batch_execute("commit").await?;
        Ok(())
    }

    /// Records a dead letter with the webhook itself, as the app does.
    ///
    /// # Errors
    /// As [`Facts::retry`].
    pub async fn dead_letter(
        &self,
        payload: &Value,
        attempts: u32,
        error: &str,
        endpoint: &str,
    ) -> Result<()> {
        let value = json!({
            "payload": payload, "attempts": attempts, "lastError": error, "agentEndpoint": endpoint,
        });
        let metadata = json!({"timestamp": Timestamp::now(), "requires_manual_review": true});
        self.insert("support.webhook.dead_letter", &value, &metadata).await
    }

    async fn insert(&self, kind: &str, value: &Value, metadata: &Value) -> Result<()> {
        let mut held = self.client.lock().await;
        let client = match held.take().filter(|client| !client.is_closed()) {
            Some(client) => client,
            None => connect(&self.dsn).await?,
        };
        let (value, metadata) = (value.to_string(), metadata.to_string());
        tokio::time::timeout(PATIENCE, client.execute(INSERT, &[&kind, &value, &metadata]))
            .await
            .context("the database takes too long")??;
        *held = Some(client);
        Ok(())
    }
}

impl Retry {
    fn row(&self) -> (Value, Value) {
        let mut value = json!({
            "attempts": self.attempts, "success": self.success, "durationMs": self.duration,
        });
        if let Some(status) = self.status {
            value["finalStatus"] = status.into();
        }
        (value, json!({"timestamp": Timestamp::now()}))
    }
}

async fn connect(dsn: &str) -> Result<Client> {
    let (client, connection) = tokio::time::timeout(PATIENCE, tokio_postgres::connect(dsn, NoTls))
        .await
        .context("the database does not answer")??;
    // It ends with its client, and says so to whoever waits for an answer.
    tokio::spawn(async move {
        let _ = connection.await;
    });
    Ok(client)
}
