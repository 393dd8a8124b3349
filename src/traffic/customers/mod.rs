//! Chatwoot's side of a window: its clock and its queue, how many messages its reports count, and every customer message
//! since the window's start with what was written after it. Each part is known, or carries the reason why it is not;
//! incomplete parts are marked.

pub mod loss;
mod reader;
pub mod silence;
mod sweep;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::outcome::window::Window;
use crate::service::chatwoot::{Api, ChatwootError, Kind, Message};

pub use reader::fetch;

/// How many customer messages are judged at most.
pub const MAX_MESSAGES: usize = 1_000;
/// How many conversations are read at most.
pub const MAX_CONVERSATIONS: usize = 1_000;
/// How many pages of conversations are read at most. Together with [`MAX_PAGES`] this is half of the 3,000 requests per
/// minute that Chatwoot accepts from one address.
pub const MAX_LISTINGS: usize = 200;
/// How many pages of messages are read at most, see [`MAX_LISTINGS`].
pub const MAX_PAGES: usize = 1_300;

/// What Chatwoot reports about the time of a window.
#[derive(Clone, Debug, PartialEq)]
pub struct Customers {
    pub window: Window,
    pub queue: Queue,
    /// Chatwoot's clock before any message was read, in whole seconds, rounded down.
    pub now: Result<Timestamp, Unknown>,
    /// The number of messages in the window's whole seconds, read after [`Customers::messages`].
    pub counts: Result<MessageCounts, Unknown>,
    pub messages: Result<Messages, Unknown>,
}

impl Customers {
    /// Nothing was read, for this reason: `CHATWOOT_BASE_URL is not set`.
    pub fn unknown(window: Window, why: &str) -> Customers {
        let unknown = || Unknown::NotRequested(why.to_owned());
        Customers {
            window,
            queue: Queue::Unknown(why.to_owned()),
            now: Err(unknown()),
            counts: Err(unknown()),
            messages: Err(unknown()),
        }
    }

    /// The customer messages of the window that are older than `age`, at its end and by Chatwoot's clock, and the more
    /// recent ones. Deleted messages, which are not delivered, are not counted.
    ///
    /// # Errors
    /// Why they are unknown.
    pub fn message_ages(&self, age: SignedDuration) -> Result<MessageAges, Unknown> {
        let (now, messages) = (self.now.clone()?, self.messages.as_ref().map_err(Clone::clone)?);
        let mut ages = MessageAges { old: 0, young: 0, cut: messages.cut.clone() };
        for message in messages.of_customers(self.window).filter(|m| !m.deleted) {
            if self.window.to.min(now).duration_since(message.at) >= age {
                ages.old += 1;
            } else {
                ages.young += 1;
            }
        }
        Ok(ages)
    }
}

/// Numbers of customer messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageAges {
    /// Old enough to have been delivered and recorded.
    pub old: u64,
    /// So recent that they may still be on their way.
    pub young: u64,
    /// Set when there are more; why they were not read.
    pub cut: Option<String>,
}

/// The counts of Chatwoot's reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageCounts {
    /// Customer messages.
    pub incoming: u64,
    /// Replies and private notes.
    pub outgoing: u64,
}

/// The messages of the conversations with activity since the window's start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Messages {
    /// Of every kind, from the second of the window's start on, each once, sorted by id. Messages after the window's end
    /// are included, because they may be answers.
    pub list: Vec<Message>,
    /// Set when there was more than was read: `more than 1000 customer messages`.
    pub cut: Option<String>,
}

impl Messages {
    /// The customer messages that were certainly written in the window, including deleted ones. Times are rounded down,
    /// so a message in the second in which the window began may be from before it.
    pub fn of_customers(&self, window: Window) -> impl Iterator<Item = &Message> {
        self.list.iter().filter(move |m| m.kind == Kind::Incoming && m.at >= window.from && m.at <= window.to)
    }
}

/// `queue_services` of `/api`: whether Chatwoot can put a delivery into its queue. It does not cover the worker that
/// takes it out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Queue {
    Ok,
    Failing,
    /// Unknown; why.
    Unknown(String),
}

impl Queue {
    /// Reads the answer of `/api`. Null is what a ping without an answer leaves there.
    pub fn from_api(api: &Result<Api, ChatwootError>) -> Queue {
        match api {
            Ok(api) => match &api.queue_services {
                Some(Value::String(text)) if text == "ok" => Queue::Ok,
                Some(Value::String(_) | Value::Null) => Queue::Failing,
                Some(_) => Queue::Unknown("/api returns an unreadable queue_services".to_owned()),
                None => Queue::Unknown("/api returns no queue_services".to_owned()),
            },
            Err(trouble) => Queue::Unknown(describe("/api", trouble)),
        }
    }
}

/// Why something is unknown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unknown {
    /// It was not requested: `CHATWOOT_ACCOUNT_ID is not set`.
    NotRequested(String),
    /// The token does not belong to an administrator of this account, and an agent does not see every conversation.
    NotAdministrator { account: u64 },
    /// The request had no usable answer.
    ChatwootError { what: String, trouble: ChatwootError },
}

impl Unknown {
    /// The reason as a lower-case fragment.
    pub fn describe(&self) -> String {
        match self {
            Unknown::NotRequested(why) => why.clone(),
            Unknown::NotAdministrator { account } => {
                format!(
                    "the token's user is not an administrator of account {account}, so not every conversation is visible"
                )
            }
            Unknown::ChatwootError { what, trouble } => describe(what, trouble),
        }
    }

    /// What to do about it, if the reason has a fix of its own.
    pub fn fix(&self) -> Option<&'static str> {
        match self {
            Unknown::NotAdministrator { .. } => {
                Some("use the access token of an administrator of the account as CHATWOOT_API_KEY")
            }
            Unknown::ChatwootError { trouble: ChatwootError::Refused(refusal), .. } => refusal.fix(),
            _ => None,
        }
    }
}

fn describe(what: &str, trouble: &ChatwootError) -> String {
    match trouble {
        ChatwootError::Unreachable(fault) => format!("{what}: {fault}"),
        ChatwootError::Refused(refusal) => format!("{what}: {}", refusal.in_words()),
        ChatwootError::Unreadable(why) => format!("{what}: 200, but {why}"),
    }
}

#[cfg(test)]
pub(super) mod tests;
