//! A contact (the customer) and its place in an inbox.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::state::token;

/// A contact of an account.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contact {
    /// The contact's id, unique across accounts.
    pub id: u64,
    /// The account it belongs to.
    pub account_id: u64,
    /// The name.
    pub name: String,
    /// The e-mail address, or none.
    #[serde(default)]
    pub email: Option<String>,
    /// The identifier set by the app, or none.
    #[serde(default)]
    pub identifier: Option<String>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last wrote; none if never.
    #[serde(default)]
    pub last_activity_at: Option<Timestamp>,
}

impl Contact {
    /// The id of the contact that exists from the start.
    pub(super) const FIRST: u64 = 5521;

    /// The contact that exists from the start.
    pub(super) fn first() -> Contact {
        Contact {
            id: Contact::FIRST,
            account_id: 3,
            name: "Ada Quist".to_owned(),
            email: None,
            identifier: Some("customer-5521".to_owned()),
            created_at: Timestamp::constant(1_767_261_600, 412_000_000),
            last_activity_at: None,
        }
    }
}

/// A contact in an inbox, with the id that the channel uses for it.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContactInbox {
    /// Its id, unique across accounts.
    pub id: u64,
    /// The channel's id for the contact.
    pub source_id: String,
    /// When it was created.
    pub created_at: Timestamp,
    /// The credential for the contact's live updates; deliveries carry it.
    #[serde(default = "token")]
    pub pubsub_token: String,
}

impl Default for ContactInbox {
    /// The place of the contact that exists from the start.
    fn default() -> ContactInbox {
        ContactInbox {
            id: 6_100,
            source_id: "customer-5521".to_owned(),
            created_at: Timestamp::constant(1_767_261_600, 431_000_000),
            pubsub_token: token(),
        }
    }
}
