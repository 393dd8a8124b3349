//! What Chatwoot knows of a window: its clock and its queue, how many messages its
//! reports count, and every customer's message since the window's start with what
//! was written after it. Each part is known or has the reason why it is not; a
//! part that could be read only in part says so.

mod ask;
mod sweep;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::outcome::window::Window;
use crate::service::chatwoot::{Api, Kind, Message, Trouble};

pub use ask::ask;

/// At most so many customers' messages are judged; more are not read.
pub const MOST_MESSAGES: usize = 1_000;
/// At most so many conversations are read.
pub const MOST_CONVERSATIONS: usize = 1_000;
/// At most so many pages of conversations are read, and so many of messages: together half of the 3,000 requests
/// a minute that Chatwoot takes from one address.
pub const MOST_LISTINGS: usize = 200;
/// See [`MOST_LISTINGS`].
pub const MOST_PAGES: usize = 1_300;

/// What Chatwoot says about the time of a window.
#[derive(Clone, Debug, PartialEq)]
pub struct Customers {
    pub window: Window,
    pub queue: Queue,
    /// Chatwoot's clock before any message was read, in whole seconds, rounded down.
    pub now: Result<Timestamp, Unknown>,
    /// The messages in the window's whole seconds, counted after [`Customers::messages`] were read.
    pub counts: Result<Counts, Unknown>,
    pub messages: Result<Messages, Unknown>,
    /// Whether a stand-in's marker was seen.
    pub sandbox: bool,
}

impl Customers {
    /// Nothing was asked, for this reason: `CHATWOOT_BASE_URL is not set`.
    pub fn unasked(window: Window, why: &str) -> Customers {
        let unknown = || Unknown::Unasked(why.to_owned());
        Customers {
            window,
            queue: Queue::Unknown(why.to_owned()),
            now: Err(unknown()),
            counts: Err(unknown()),
            messages: Err(unknown()),
            sandbox: false,
        }
    }

    /// The customers' messages of the window that are older than `age` at its end and by Chatwoot's clock, and
    /// the younger ones; deleted ones, which are not delivered, are in neither.
    ///
    /// # Errors
    /// Why they are not known.
    pub fn heard(&self, age: SignedDuration) -> Result<Heard, Unknown> {
        let (now, messages) = (self.now.clone()?, self.messages.as_ref().map_err(Clone::clone)?);
        let mut heard = Heard { old: 0, young: 0, cut: messages.cut.clone() };
        for message in messages.of_customers(self.window).filter(|m| !m.deleted) {
            match self.window.to.min(now).duration_since(message.at) >= age {
                true => heard.old += 1,
                false => heard.young += 1,
            }
        }
        Ok(heard)
    }
}

/// Customers' new messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    /// Old enough to have been delivered and recorded.
    pub old: u64,
    /// So young that their delivery may be under way.
    pub young: u64,
    /// Set when there are more of them; why they were not read.
    pub cut: Option<String>,
}

/// What the reports count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// Customers' messages.
    pub incoming: u64,
    /// Replies and private notes.
    pub outgoing: u64,
}

/// The messages of the conversations in which something was written since the window's start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Messages {
    /// Of every kind, from the second of the window's start on, each once, by id. Those after the window's end
    /// are among them: they may be the answer to one in it.
    pub list: Vec<Message>,
    /// Set when there is more than was read; what was too much: `more than 1,000 messages of customers`.
    pub cut: Option<String>,
}

impl Messages {
    /// The customers' messages that were certainly written in the window, deleted ones included. Times are
    /// rounded down, so one in the second in which the window began may belong to the time before it.
    pub fn of_customers(&self, window: Window) -> impl Iterator<Item = &Message> {
        self.list.iter().filter(move |m| m.kind == Kind::Incoming && m.at >= window.from && m.at <= window.to)
    }
}

/// `queue_services` of `/api`: whether Chatwoot can put a delivery into its queue. It says nothing about the
/// worker that takes it out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Queue {
    Ok,
    Failing,
    /// Not to be had; why.
    Unknown(String),
}

impl Queue {
    /// Reads what `/api` said. Null is what a ping without an answer leaves there.
    pub fn of(api: &Result<Api, Trouble>) -> Queue {
        match api {
            Ok(api) => match &api.queue_services {
                Some(Value::String(said)) if said == "ok" => Queue::Ok,
                Some(Value::String(_) | Value::Null) => Queue::Failing,
                Some(_) => Queue::Unknown("/api says something unreadable of its queue".to_owned()),
                None => Queue::Unknown("/api says nothing of its queue".to_owned()),
            },
            Err(trouble) => Queue::Unknown(in_words("/api", trouble)),
        }
    }
}

/// Why something is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unknown {
    /// It was not asked: `CHATWOOT_ACCOUNT_ID is not set`.
    Unasked(String),
    /// The token is no administrator's of this account, and an agent does not see every conversation.
    NotAdministrator { account: u64 },
    /// This question has no usable answer.
    Trouble { what: String, trouble: Trouble },
}

impl Unknown {
    /// The reason as a lower-case fragment.
    pub fn in_words(&self) -> String {
        match self {
            Unknown::Unasked(why) => why.clone(),
            Unknown::NotAdministrator { account } => {
                format!(
                    "the token is no administrator's of account {account}, so it may not see every conversation"
                )
            }
            Unknown::Trouble { what, trouble } => in_words(what, trouble),
        }
    }

    /// What to do about it, when the reason tells.
    pub fn fix(&self) -> Option<&'static str> {
        match self {
            Unknown::NotAdministrator { .. } => {
                Some("use the access token of an administrator of the account as CHATWOOT_API_KEY")
            }
            Unknown::Trouble { trouble: Trouble::Refused(refusal), .. } => refusal.fix(),
            _ => None,
        }
    }
}

fn in_words(what: &str, trouble: &Trouble) -> String {
    match trouble {
        Trouble::Unreachable(fault) => format!("{what}: {fault}"),
        Trouble::Refused(refusal) => format!("{what}: {}", refusal.in_words()),
        Trouble::Unreadable(why) => format!("{what}: 200, but {why}"),
    }
}

#[cfg(test)]
pub(super) mod samples;
#[cfg(test)]
mod tests;
