//! Sidekiq, as far as webhooks know it: takes events out of the queue and makes each request once. What does not
//! answer with 200 to 207 in time is dropped, and nobody hears of it.

use std::time::Duration;

use anyhow::Context;
use jiff::Timestamp;
use tokio::task::{JoinHandle, JoinSet};

use super::Chatwoot;
use super::events::Outgoing;
use super::state::State;
use crate::rehearsal::http::Handle;
use crate::service::tls::Roots;

/// How many requests are under way at once.
const AT_ONCE: usize = 16;
/// How long the queue is left alone when there was nothing to do.
const PAUSE: Duration = Duration::from_millis(10);

/// The worker beside a Chatwoot. Dropping it ends it; requests under way are cut off.
pub struct Deliverer {
    task: JoinHandle<()>,
}

impl Deliverer {
    /// Starts delivering what that Chatwoot queues, to receivers whose certificates these roots vouch for. It lives on
    /// the runtime that started it.
    pub fn start(chatwoot: &Chatwoot, roots: &Roots) -> anyhow::Result<Deliverer> {
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(roots.https())
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .no_proxy()
            // Every job of Sidekiq opens a connection of its own.
            .pool_max_idle_per_host(0)
            .build()
            .context("no client for deliveries")?;
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
                () = tokio::time::sleep(PAUSE) => {}
                Some(_done) = under_way.join_next() => {}
            }
        }
    }
}

/// Whether the receiver took it. The body of its answer means nothing.
async fn send(client: &reqwest::Client, outgoing: Outgoing, patience: Duration) -> bool {
    let mut request = client.post(&outgoing.url).timeout(patience).body(outgoing.body);
    for (name, value) in outgoing.headers {
        request = request.header(name, value);
    }
    request.send().await.is_ok_and(|answer| (200..=207).contains(&answer.status().as_u16()))
}
