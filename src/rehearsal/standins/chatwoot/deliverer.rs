//! Sidekiq's part in webhooks: takes events from the queue and sends each request once. A request that is not answered
//! with 200 to 207 in time is dropped, and nothing records that.

use std::time::Duration;

use anyhow::Context;
use jiff::Timestamp;
use tokio::task::{JoinHandle, JoinSet};

use super::Chatwoot;
use super::events::Outgoing;
use super::state::State;
use crate::rehearsal::http::Handle;
use crate::service::tls::Roots;

/// How many requests run at the same time.
const AT_ONCE: usize = 16;
/// How long to wait when the queue is empty.
const IDLE_PAUSE: Duration = Duration::from_millis(10);

/// The delivery worker of a Chatwoot stand-in. Dropping it stops it and aborts the requests under way.
pub struct Deliverer {
    task: JoinHandle<()>,
}

impl Deliverer {
    /// Starts to deliver the events that this Chatwoot queues, to receivers whose certificates these roots trust. It
    /// runs on the runtime that started it.
    pub fn start(chatwoot: &Chatwoot, roots: &Roots) -> anyhow::Result<Deliverer> {
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(roots.https())
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .no_proxy()
            // Each Sidekiq job opens its own connection.
            .pool_max_idle_per_host(0)
            .build()
            .context("cannot create the client for deliveries")?;
        Ok(Deliverer { task: tokio::spawn(deliver(chatwoot.handle(), client)) })
    }
}

impl Drop for Deliverer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn deliver(chatwoot: Handle<State>, client: reqwest::Client) {
    let mut under_way = JoinSet::new();
    loop {
        while under_way.try_join_next().is_some() {}
        let room = AT_ONCE.saturating_sub(under_way.len());
        let (due, patience) = chatwoot.update(|state| {
            let due = state.take_due(Timestamp::now(), room);
            state.deliveries.under_way += due.len() as u64;
            (due, Duration::from_millis(state.webhook_timeout_ms))
        });
        let idle = due.is_empty();
        for outgoing in due {
            let (chatwoot, client) = (chatwoot.clone(), client.clone());
            under_way.spawn(async move {
                let delivered = send(&client, outgoing, patience).await;
                chatwoot.update(|state| {
                    let tally = &mut state.deliveries;
                    tally.under_way = tally.under_way.saturating_sub(1);
                    *(if delivered { &mut tally.delivered } else { &mut tally.dropped }) += 1;
                });
            });
        }
        if idle {
            tokio::select! {
                () = tokio::time::sleep(IDLE_PAUSE) => {}
                Some(_done) = under_way.join_next() => {}
            }
        }
    }
}

/// Whether the receiver accepted it. Chatwoot ignores the body of the response.
async fn send(client: &reqwest::Client, outgoing: Outgoing, patience: Duration) -> bool {
    let mut request = client.post(&outgoing.url).timeout(patience).body(outgoing.body);
    for (name, value) in outgoing.headers {
        request = request.header(name, value);
    }
    request.send().await.is_ok_and(|answer| (200..=207).contains(&answer.status().as_u16()))
}
