//! The facts that the app records in the table `dashboard_facts`, as the role that owns it.

use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio_postgres::Client;

/// Opens a connection with write access; this module does not depend on the database behind it.
pub type Connect = Box<dyn Fn() -> Pin<Box<dyn Future<Output = Result<Client>> + Send>> + Send + Sync>;

/// Writes facts into one database. After a lost connection the next fact opens a new one; the fact that was being
/// written is missing, as with the real app.
pub struct Facts {
    connect: Connect,
    connection_limit: ConnectionLimit,
    client: tokio::sync::Mutex<Option<Held>>,
    /// How many facts are waiting to be written.
    pending: AtomicUsize,
}

/// A connection kept for the next fact.
struct Held {
    client: Client,
    /// How many facts were written through it.
    written: usize,
}

/// How many connections the database accepts at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectionLimit {
    /// Enough: the app keeps its connection, as a pool does.
    Unlimited,
    /// One; others wait until it is closed.
    One,
}

/// The result of a delivery, recorded as `support.webhook.retry`.
#[derive(Clone, Debug)]
pub struct Retry {
    pub attempts: u32,
    pub success: bool,
    /// JSON, because some rows do not contain a number here.
    pub duration: Value,
    /// Absent on failure.
    pub status: Option<u16>,
}

/// How many facts are written through a single connection before others get their turn.
const FACTS_PER_TURN: usize = 16;
/// The time limit for one statement.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(10);

const INSERT: &str = "insert into dashboard_facts (shop_domain, fact_type, scope, value, metadata) \
                      values ('hotrodan.myshopify.com', $1, 'ops', $2::text::jsonb, $3::text::jsonb)";
/// The same, dated back by a number of seconds.
const INSERT_DATED: &str =
    "insert into dashboard_facts (shop_domain, fact_type, scope, value, metadata, recorded_at)
     values ('hotrodan.myshopify.com', $1, 'ops', $2::text::jsonb, $3::text::jsonb, now() - $4 * interval '1 second')";

impl Facts {
    /// Facts for the database that `connect` opens.
    pub fn new(connect: Connect, connection_limit: ConnectionLimit) -> Facts {
        let client = tokio::sync::Mutex::new(None);
        Facts { connect, connection_limit, client, pending: AtomicUsize::new(0) }
    }

    /// Records a delivery.
    ///
    /// # Errors
    /// An error of the database or the connection; the fact is then missing.
    pub async fn retry(&self, retry: &Retry) -> Result<()> {
        let (value, metadata) = retry.row();
        self.insert("support.webhook.retry", &value, &metadata, Duration::ZERO).await
    }

    /// Records a delivery in its own transaction, which stays open for `open` before it commits: its `recorded_at` is
    /// the start of that transaction. With a single connection, which would lock out everyone else meanwhile, the fact
    /// is written after that time and dated back; the result is the same.
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

    /// Records a dead letter with the webhook's payload, as the app does.
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
        tokio::time::timeout(STATEMENT_TIMEOUT, (self.connect)())
            .await
            .context("the database does not answer")?
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
        tokio::time::timeout(STATEMENT_TIMEOUT, written_now).await.context("the database timed out")??;
        let written = written + 1;
        let others_wait = self.pending.load(Ordering::Relaxed) > 1;
        if self.connection_limit == ConnectionLimit::Unlimited || (others_wait && written < FACTS_PER_TURN) {
            *held = Some(Held { client, written });
        }
        Ok(())
    }
}

/// Counts a waiting fact, until it is written or its future is dropped.
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
