//! What Chatwoot reports about a window, read from a stand-in in which customers write.

#![allow(
    clippy::unwrap_used,
    reason = "clippy's own exception reaches test functions, not the helpers between them"
)]

mod answers;

use std::time::Duration;

use hotdash_ops::testing::outcome::window::Window;
use hotdash_ops::testing::redact::{Redactor, Secret};
use hotdash_ops::testing::rehearsal::http::Transport;
use hotdash_ops::testing::rehearsal::standins::chatwoot::{Chatwoot, Sender, State};
use hotdash_ops::testing::service::chatwoot::Chatwoot as Client;
use hotdash_ops::testing::service::http;
use hotdash_ops::testing::service::marker::MarkerSink;
use hotdash_ops::testing::service::tls::Roots;
use hotdash_ops::testing::settings::Drafts;
use hotdash_ops::testing::traffic::customers::loss::{self, Judged, Loss, Rule};
use hotdash_ops::testing::traffic::customers::silence::{Silence, silence};
use hotdash_ops::testing::traffic::customers::{self, Customers, MAX_MESSAGES, MessageCounts};
use jiff::{SignedDuration, Timestamp};

const BOT: Sender = Sender::Bot(2);
const MARA: Sender = Sender::User(41);
const TEXT: &str = "where is my parcel, I am at Hauptstrasse 7";
const MINUTE: SignedDuration = SignedDuration::from_mins(1);

/// A time so many seconds ago, in whole seconds and a half.
fn ago(seconds: i64) -> Timestamp {
    Timestamp::from_millisecond((Timestamp::now().as_second() - seconds) * 1000 + 500).unwrap()
}

/// The last fifteen minutes.
fn window() -> Window {
    Window { from: ago(900), to: ago(0) }
}

fn client(chatwoot: &Chatwoot, token: Option<String>) -> Client {
    let http = http::Client::new(&Roots::none(), http::Proxies::none(), MarkerSink::default()).unwrap();
    Client::new(http, Redactor::default(), &chatwoot.url(), token.map(Secret::new)).unwrap()
}

async fn started(state: State) -> Chatwoot {
    Chatwoot::start(state, Transport::Plain).await.unwrap()
}

/// Explanation by the account's administrator. The engine takes measurements in tasks that may move between threads.
async fn asked(chatwoot: &Chatwoot, window: Window) -> Customers {
    let token = chatwoot.update(|state| state.token_of("administrator"));
    let asking = customers::fetch(client(chatwoot, Some(token)), Ok(3), window, Duration::from_secs(30));
    tokio::spawn(asking).await.unwrap()
}

fn judged(customers: &Customers, dead_letters: &[u64]) -> Judged {
    let rule = Rule { patience: MINUTE, drafts: Drafts::On, dead_letters: Ok(dead_letters) };
    loss::judge(customers, rule)
}

fn known(customers: &Customers, dead_letters: &[u64]) -> Loss {
    match judged(customers, dead_letters) {
        Judged::Known(loss) => loss,
        other => panic!("{other:?}"),
    }
}

/// Before the window somebody wrote; in it one long talk, and 60 customers who got a draft each.
fn busy() -> State {
    let mut state = State::version("4.8.0");
    let early = state.customer_writes(3, None, TEXT, ago(2000)).unwrap();
    state.customer_writes(3, Some(318), TEXT, ago(1900)).unwrap();
    for n in 0..35 {
        state.customer_writes(3, Some(318), TEXT, ago(880 - n)).unwrap();
        state.reply(3, 318, MARA, "on its way", ago(880 - n)).unwrap();
    }
    for n in 0..60 {
        let asked = state.customer_writes(3, None, TEXT, ago(800 - 10 * n)).unwrap();
        state.note(3, asked.conversation, BOT, "Draft: on its way", ago(798 - 10 * n)).unwrap();
        if n % 3 == 0 {
            assert!(state.set_status(3, asked.conversation, "resolved", MARA, ago(797 - 10 * n)));
        }
    }
    assert_ne!(early.conversation, 318);
    state
}

#[tokio::test]
async fn a_healthy_window_is_read_completely() {
    let chatwoot = started(busy()).await;
    let seen = asked(&chatwoot, window()).await;
    assert_eq!(seen.counts, Ok(MessageCounts { incoming: 95, outgoing: 95 }));
    let loss = known(&seen, &[]);
    assert_eq!(loss, Loss { judged: 95, answered: 95, ..Loss::default() });
    assert_eq!(seen.message_ages(MINUTE).map(|h| (h.old, h.young)), Ok((95, 0)));
    let shown = format!("{seen:?}");
    assert!(!shown.contains("parcel") && !shown.contains("on its way"), "texts are not kept");
    // The list of 62 in three pages and once more, the long talk in four, each other conversation once.
    let paths: Vec<_> = chatwoot.received().into_iter().map(|entry| entry.path).collect();
    let of = |end: &str| paths.iter().filter(|path| path.ends_with(end)).count();
    assert_eq!((of("/conversations"), of("/318/messages"), of("/reports")), (4, 4, 2), "{paths:?}");
    assert_eq!(of("/messages"), 64);
}

#[tokio::test]
async fn one_lost_message_is_found_in_a_resolved_conversation() {
    let mut state = busy();
    let lost = state.customer_writes(3, None, TEXT, ago(150)).unwrap();
    assert!(state.set_status(3, lost.conversation, "resolved", MARA, ago(140)));
    let dead = state.customer_writes(3, None, TEXT, ago(130)).unwrap();
    state.customer_writes(3, None, TEXT, ago(20)).unwrap();
    let chatwoot = started(state).await;
    let seen = asked(&chatwoot, window()).await;
    let loss = known(&seen, &[dead.id]);
    assert_eq!((loss.judged, loss.dead_lettered, loss.waiting), (97, 1, 1));
    let found: Vec<_> = loss.lost.iter().map(|l| (l.conversation, l.message)).collect();
    assert_eq!(found, [(lost.conversation, lost.id)]);
    assert_eq!(silence(0, &seen.message_ages(MINUTE), &seen.queue), Silence::NotReceived { messages: 97 });
}

#[tokio::test]
async fn without_messages_nothing_is_proven() {
    let chatwoot = started(State::version("4.8.0")).await;
    let seen = asked(&chatwoot, window()).await;
    assert_eq!(seen.counts, Ok(MessageCounts { incoming: 0, outgoing: 0 }));
    assert_eq!(known(&seen, &[]).none_lost(), None);
    assert_eq!(silence(0, &seen.message_ages(MINUTE), &seen.queue), Silence::NoMessages);
}

#[tokio::test]
async fn a_failing_queue_is_reported_whatever_came_before() {
    let mut state = busy();
    state.queue_services = Some("failing".to_owned());
    let seen = asked(&started(state).await, window()).await;
    assert_eq!(silence(190, &seen.message_ages(MINUTE), &seen.queue), Silence::QueueFailing);
}

#[tokio::test]
async fn too_many_messages_are_undecided() {
    let mut state = State::version("4.8.0");
    for n in 0..=MAX_MESSAGES as i64 {
        let conversation = (n % 7 != 0).then_some(318);
        let asked = state.customer_writes(3, conversation, TEXT, ago(800 - n / 10)).unwrap();
        state.note(3, asked.conversation, BOT, "Draft: hello", ago(800 - n / 10)).unwrap();
    }
    let seen = asked(&started(state).await, window()).await;
    assert!(
        matches!(judged(&seen, &[]), Judged::Unknown(why) if why.starts_with("there are more than 1000 customer messages"))
    );
    assert!(seen.message_ages(MINUTE).is_ok_and(|heard| heard.old > 0 && heard.cut.is_some()));
}
