//! The initial state: a healthy Chatwoot with little history.

use std::collections::{BTreeMap, VecDeque};

use super::super::contact::Contact;
use super::super::conversation::Conversation;
use super::{Account, Bot, Inbox, Membership, Person, Role, State, Status, Tally, token};

impl Default for State {
    /// A healthy Chatwoot 4.12.1 with accounts 3 (in use), 4 (suspended) and 5 (another company's), and no webhook.
    fn default() -> State {
        let account = |name: &str, status| Account {
            name: name.to_owned(),
            status,
            locale: "en".to_owned(),
            support_email: "support@ops.example".to_owned(),
            created_at: "2025-08-04T07:12:09.118Z".to_owned(),
            features: ["agent_bots", "inbox_management", "integrations", "reports"]
                .map(str::to_owned)
                .to_vec(),
            api_enabled: true,
        };
        let person = |id, name: &str, first: &str, account, role| Person {
            id,
            name: name.to_owned(),
            available_name: first.to_owned(),
            email: format!("{}@ops.example", first.to_lowercase()),
            token: token(),
            pubsub_token: token(),
            memberships: BTreeMap::from([(
                account,
                Membership { role, active_at: Some("2026-01-01T09:58:12.345Z".to_owned()) },
            )]),
        };
        let bot = Bot { id: Bot::first(), name: Bot::first_name(), token: token(), accounts: vec![3] };
        let inbox = Inbox {
            id: 12,
            account_id: Inbox::account(),
            name: "Ops probe".to_owned(),
            channel_type: Inbox::api(),
            members: vec![42],
        };
        State {
            version: "4.12.1".to_owned(),
            clock_offset_seconds: 0,
            queue_services: Some("ok".to_owned()),
            data_services: Some("ok".to_owned()),
            migrated: true,
            enterprise: false,
            throttled: false,
            drops_underscore_headers: false,
            accounts: BTreeMap::from([
                (3, account("Nordlicht & Co", Status::Active)),
                (4, account("Altwerk", Status::Suspended)),
                (5, account("Somebody else", Status::Active)),
            ]),
            people: BTreeMap::from([
                ("administrator".to_owned(), person(41, "Mara Lind", "Mara", 3, Role::Administrator)),
                ("agent".to_owned(), person(42, "Jonas Berg", "Jonas", 3, Role::Agent)),
                ("stranger".to_owned(), person(43, "Vera Holm", "Vera", 5, Role::Administrator)),
                ("owner".to_owned(), person(44, "Otto Kern", "Otto", 4, Role::Administrator)),
            ]),
            bots: BTreeMap::from([("bot".to_owned(), bot)]),
            platform_token: token(),
            inboxes: vec![inbox],
            webhooks: Vec::new(),
            contacts: BTreeMap::from([(Contact::FIRST, Contact::first())]),
            conversations: vec![Conversation::first()].into(),
            last_webhook_id: 7,
            last_message_id: 90_416,
            last_contact_inbox_id: 6_100,
            worker_running: true,
            delivery_delay_ms: 0,
            webhook_timeout_ms: 5_000,
            pending_events: VecDeque::new(),
            deliveries: Tally::default(),
            reports_per_minute: 100,
            limited: BTreeMap::new(),
        }
    }
}
