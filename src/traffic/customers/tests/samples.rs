//! Messages and windows for tests.

use jiff::Timestamp;

use super::super::{Customers, MessageCounts, Messages, Queue};
use crate::outcome::window::Window;
use crate::service::chatwoot::{Kind, Message};

/// `seconds` after 2026-01-01T10:00:00Z.
pub fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_767_261_600 + seconds).expect("a time")
}

/// The fifteen minutes from that time on.
pub fn window() -> Window {
    Window { from: at(0), to: at(900) }
}

pub fn message(id: u64, conversation: u64, seconds: i64, kind: Kind) -> Message {
    Message { id, conversation, at: at(seconds), kind, private: false, deleted: false, sender: None }
}

/// A healthy Chatwoot ten seconds after the window, with these messages.
pub fn customers(list: Vec<Message>) -> Customers {
    let counted = |kind| list.iter().filter(|m| m.kind == kind && window().holds(m.at)).count() as u64;
    let counts = MessageCounts { incoming: counted(Kind::Incoming), outgoing: counted(Kind::Outgoing) };
    Customers {
        window: window(),
        queue: Queue::Ok,
        now: Ok(at(910)),
        counts: Ok(counts),
        messages: Ok(Messages { list, cut: None }),
    }
}
