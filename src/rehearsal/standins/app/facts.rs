//! The facts that the app records, written as the app writes them: to the table
//! `dashboard_facts`, by the role that owns it.

use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio_postgres::Client;

/// Opens a connection that may write; the stand-in knows nothing of the database behind it.
pub type Connect = Box<dyn Fn() -> Pin<Box<dyn Future<Output = Result<Client>> + Send>> + Send + Sync>;

/// Writes facts into one database. A lost connection is made anew at the next fact; the fact that met it is
/// missing, as with the real app.
pub struct Facts {
    connect: Connect,
    connection_limit: ConnectionLimit,
    client: tokio::sync::Mutex<Option<Held>>,
    /// How many facts are to be written now.
    pending: AtomicUsize,
}

/// A connection that is kept for the next fact.
struct Held {
    client: Client,
    /// How many facts it has written.
    written: usize,
}

/// How many may be connected to the database at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectionLimit {
    /// As many as the app likes: it keeps its connection, as a pool does.
    Unlimited,
    /// One, and the next one waits: whoever keeps a connection keeps everybody else out.
    One,
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

/// How many facts are written on the one seat before somebody else may have it.
const TURN: usize = 16;
/// How long one statement may take.
const PATIENCE: Duration = Duration::from_secs(10);

const INSERT: &str = "insert into dashboard_facts (shop_domain, fact_type, scope, value, metadata) \
                      values ('hotrodan.myshopify.com', $1, 'ops', $2::text::jsonb, $3::text::jsonb)";
/// The same, dated back by this many seconds.
const INSERT_DATED: &str =
    "insert into dashboard_facts (shop_domain, fact_type, scope, value, metadata, recorded_at)
     values ('hotrodan.myshopify.com', $1, 'ops', $2::text::jsonb, $3::text::jsonb, now() - $4 * interval '1 second')";

impl Facts {
    /// Facts for the database to which `connect` leads.
    pub fn new(connect: Connect, connection_limit: ConnectionLimit) -> Facts {
        let client = tokio::sync::Mutex::new(None);
        Facts { connect, connection_limit, client, pending: AtomicUsize::new(0) }
    }

    /// Records a delivery.
    ///
    /// # Errors
    /// What the database or the way to it says; the fact is then missing.
    pub async fn retry(&self, retry: &Retry) -> Result<()> {
        let (value, metadata) = retry.row();
        self.insert("support.webhook.retry", &value, &metadata, Duration::ZERO).await
    }

    /// Records a delivery in a transaction of its own that stays open for `open` before it commits: its
    /// `recorded_at` is the time at which that transaction began. Where nobody else could be connected meanwhile,
    /// the fact is written after that time and dated back, which to everybody else is the same.
    ///
    /// # Errors
    /// As [`Facts::retry`].
    pub async fn retry_late(&self, retry: &Retry, open: Duration) -> Result<()> {
        let (value, metadata) = retry.row();
        if self.connection_limit == ConnectionLimit::One {
            tokio::time::sleep(open).await;
            return self.insert("support.webhook.retry", &value, &metadata, open).await;
        }
        let client = self.connect().await?;
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
        self.insert("support.webhook.dead_letter", &value, &metadata, Duration::ZERO).await
    }

    async fn connect(&self) -> Result<Client> {
        tokio::time::timeout(PATIENCE, (self.connect)()).await.context("the database does not answer")?
    }

    async fn insert(&self, kind: &str, value: &Value, metadata: &Value, ago: Duration) -> Result<()> {
        let _pending = Pending::one_more(&self.pending);
        let mut held = self.client.lock().await;
        let Held { client, written } = match held.take().filter(|held| !held.client.is_closed()) {
            Some(held) => held,
            None => Held { client: self.connect().await?, written: 0 },
        };
        let (value, metadata) = (value.to_string(), metadata.to_string());
        let written_now = async {
            match ago {
                Duration::ZERO => client.execute(INSERT, &[&kind, &value, &metadata]).await,
                ago => client.execute(INSERT_DATED, &[&kind, &value, &metadata, &ago.as_secs_f64()]).await,
            }
        };
        tokio::time::timeout(PATIENCE, written_now).await.context("the database takes too long")??;
        let written = written + 1;
        let others_wait = self.pending.load(Ordering::Relaxed) > 1;
        if self.connection_limit == ConnectionLimit::Unlimited || (others_wait && written < TURN) {
            *held = Some(Held { client, written });
        }
        Ok(())
    }
}

/// Counts a fact for as long as it is to be written, also when nobody waits for that any more.
struct Pending<'a>(&'a AtomicUsize);

impl Pending<'_> {
    fn one_more(counter: &AtomicUsize) -> Pending<'_> {
        counter.fetch_add(1, Ordering::Relaxed);
        Pending(counter)
    }
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
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
