//! Reads Chatwoot's side of a window: first its clock, then the token's role, then the messages, then the counts.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::stream::{self, StreamExt};
use jiff::Timestamp;
use serde_json::Value;
use tokio::time::Instant;

use super::sweep::{Next, Sweep};
use super::{Customers, MAX_CONVERSATIONS, MAX_MESSAGES, MAX_PAGES, MessageCounts, Messages, Queue, Unknown};
use crate::outcome::window::Window;
use crate::service::chatwoot::{
    Api, Chatwoot, ChatwootError, Counted, Kind, Listing, Message, Profile, count_path, listing_path,
    messages_path, read, read_count, read_messages,
};
use crate::service::unreachable::Unreachable;

/// How many conversations are read in parallel.
const MAX_CONCURRENT_READS: usize = 4;
/// How many messages a page has, by Chatwoot's code; a page with fewer begins with the conversation's first message. If a
/// version had smaller pages, the reports would count more messages than were read.
const FULL_PAGE: usize = 20;
/// How many conversations are read if there are too many to judge: enough to know whether anyone wrote.
const MAX_SAMPLE: usize = 50;
/// Time limit of one request.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(20);

/// Reads everything within `deadline`. `account` may be the reason why it is unknown; then only `/api` is read. It never
/// fails: each part carries its own reason.
pub async fn fetch(
    client: Chatwoot,
    account: Result<u64, String>,
    window: Window,
    deadline: Duration,
) -> Customers {
    let began = Instant::now();
    let reader = Reader {
        client,
        deadline,
        until: began + deadline,
        pages: AtomicUsize::new(0),
        messages: AtomicUsize::new(0),
    };
    // The clock is read before any message: a later one would expect answers that came after the messages were read.
    let api = reader.get("/api", reader.until, Api::read).await;
    let queue = Queue::from_api(&api);
    let now = api.and_then(|api| clock(&api)).map_err(|trouble| reader.unknown("/api", trouble));
    let (counts, messages) = match permission(&reader, account) {
        Ok(account) => {
            // The counts come last, so that every counted message could have been listed; some time is reserved for them.
            let until = began + deadline.mul_f64(0.85);
            let messages = reader.messages(account, window, until).await;
            (reader.counts(account, window).await, messages)
        }
        Err(unknown) => (Err(unknown.clone()), Err(unknown)),
    };
    Customers { window, queue, now, counts, messages }
}

fn permission(reader: &Reader, account: Result<u64, String>) -> Result<u64, Unknown> {
    if !reader.client.has_token() {
        return Err(Unknown::NotRequested(
            "CHATWOOT_API_KEY is not set to an administrator's token".to_owned(),
        ));
    }
    account.map_err(Unknown::NotRequested)
}

fn clock(api: &Api) -> Result<Timestamp, ChatwootError> {
    let now = api.clock().and_then(|at| Timestamp::from_second(at.as_second()).ok());
    now.ok_or_else(|| ChatwootError::Unreadable("it has no readable timestamp".to_owned()))
}

struct Reader {
    client: Chatwoot,
    deadline: Duration,
    until: Instant,
    /// Pages of messages requested so far.
    pages: AtomicUsize,
    /// Customer messages found so far.
    messages: AtomicUsize,
}

impl Reader {
    fn unknown(&self, what: &str, trouble: ChatwootError) -> Unknown {
        Unknown::ChatwootError { what: what.to_owned(), trouble }
    }

    async fn get<T>(
        &self,
        path: &str,
        until: Instant,
        parse: impl Fn(&Value) -> Result<T, String>,
    ) -> Result<T, ChatwootError> {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(ChatwootError::Unreachable(Unreachable::TimedOut { after: self.deadline }));
        }
        let seen = self.client.get_long(path, left.min(REQUEST_TIMEOUT)).await;
        read(&seen, parse)
    }

    /// Counts only the window's whole seconds, so that no message outside it is counted.
    async fn counts(&self, account: u64, window: Window) -> Result<MessageCounts, Unknown> {
        let (since, until) = (second_after(window.from), window.to.as_second());
        if since >= until {
            return Err(Unknown::NotRequested(
                "the window contains no whole second, so messages cannot be counted".to_owned(),
            ));
        }
        let count = async |counted, what: &str| {
            let path = count_path(account, counted, since, until);
            self.get(&path, self.until, read_count).await.map_err(|trouble| self.unknown(what, trouble))
        };
        let incoming = count(Counted::Incoming, "the report on incoming messages").await?;
        let outgoing = count(Counted::Outgoing, "the report on outgoing messages").await?;
        Ok(MessageCounts { incoming, outgoing })
    }

    async fn messages(&self, account: u64, window: Window, until: Instant) -> Result<Messages, Unknown> {
        self.administrator(account, until).await?;
        let from = Timestamp::from_second(window.from.as_second()).unwrap_or(window.from);
        let mut sweep = Sweep::since(from);
        let mut cut = loop {
            match sweep.next() {
                Next::Done => break None,
                Next::TooMany(words) => break Some(words),
                Next::Page(page) => {
                    let listing = self.get(&listing_path(account, page), until, Listing::read).await;
                    sweep
                        .take(listing.map_err(|trouble| self.unknown("the list of conversations", trouble))?);
                }
            }
        };
        let most = if cut.is_some() { MAX_SAMPLE } else { MAX_CONVERSATIONS };
        let conversations = sweep.conversations().into_iter().take(most);
        let mut reading = stream::iter(conversations)
            .map(|conversation| self.conversation(account, conversation, from, until))
            .buffer_unordered(MAX_CONCURRENT_READS);
        let mut list = BTreeMap::new();
        while let Some(read) = reading.next().await {
            let read = read?;
            list.extend(read.list.into_iter().map(|message| (message.id, message)));
            if read.cut.is_some() {
                cut = read.cut;
                break;
            }
        }
        Ok(Messages { list: list.into_values().collect(), cut })
    }

    /// Checks that the token belongs to an administrator: only they see every conversation.
    async fn administrator(&self, account: u64, until: Instant) -> Result<(), Unknown> {
        let profile = self.get("/api/v1/profile", until, Profile::read).await;
        let profile = profile.map_err(|trouble| self.unknown("the token's profile", trouble))?;
        match profile.account(account).and_then(|own| own.role.as_deref()) {
            Some("administrator") => Ok(()),
            _ => Err(Unknown::NotAdministrator { account }),
        }
    }

    /// The messages of one conversation back to `from`. Pages are addressed by id, so new messages do not shift them.
    async fn conversation(
        &self,
        account: u64,
        conversation: u64,
        from: Timestamp,
        until: Instant,
    ) -> Result<Messages, Unknown> {
        let mut messages = Messages::default();
        let mut before = None;
        loop {
            if self.pages.fetch_add(1, Ordering::Relaxed) >= MAX_PAGES {
                messages.cut = Some(format!("more than {MAX_PAGES} pages of messages"));
                return Ok(messages);
            }
            let path = messages_path(account, conversation, before);
            let page = match self.get(&path, until, |body| page_before(body, conversation, before)).await {
                Ok(page) => page,
                Err(trouble) if is_gone(&trouble) => return Ok(Messages::default()),
                Err(trouble) => return Err(self.unknown(&format!("conversation {conversation}"), trouble)),
            };
            let Some(lowest) = page.iter().map(|m| m.id).min() else { return Ok(messages) };
            let ends = page.len() < FULL_PAGE || page.iter().any(|m| m.at < from);
            before = Some(lowest);
            let page = page.into_iter().filter(|m| m.at >= from);
            let known = messages.list.len();
            messages.list.extend(page);
            let new = messages.list[known..].iter().filter(|m| m.kind == Kind::Incoming).count();
            if self.messages.fetch_add(new, Ordering::Relaxed) + new > MAX_MESSAGES {
                messages.cut = Some(format!("more than {MAX_MESSAGES} customer messages"));
                return Ok(messages);
            }
            if ends {
                return Ok(messages);
            }
        }
    }
}

/// A page of messages, all of them before `before`: otherwise paging back would never end.
fn page_before(body: &Value, conversation: u64, before: Option<u64>) -> Result<Vec<Message>, String> {
    let page = read_messages(body, conversation)?;
    if before.is_none_or(|id| page.iter().all(|m| m.id < id)) {
        Ok(page)
    } else {
        Err("the page contains messages that are not older than requested".to_owned())
    }
}

/// Chatwoot's message for a missing record: the conversation was deleted since it was listed. Any other 404 has another
/// cause.
fn is_gone(trouble: &ChatwootError) -> bool {
    matches!(trouble, ChatwootError::Refused(refusal)
        if refusal.status == 404 && refusal.said.as_deref() == Some("Resource could not be found"))
}

/// The first whole second at or after `at`.
fn second_after(at: Timestamp) -> i64 {
    at.as_second() + i64::from(at.subsec_nanosecond() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_are_the_whole_seconds_inside() {
        let at = |text: &str| text.parse::<Timestamp>().expect("a time");
        assert_eq!(second_after(at("2026-01-01T10:00:00Z")), 1767261600);
        assert_eq!(second_after(at("2026-01-01T10:00:00.000001Z")), 1767261601);
    }

    #[test]
    fn the_clock_is_utc_without_a_zone() {
        let api = |stamp: Option<&str>| Api { timestamp: stamp.map(str::to_owned), ..Api::default() };
        assert_eq!(clock(&api(Some("2026-01-01 10:00:00"))).map(|t| t.as_second()), Ok(1767261600));
        for bad in [None, Some(""), Some("yesterday"), Some("1767261600")] {
            assert!(clock(&api(bad)).is_err(), "{bad:?}");
        }
    }
}
