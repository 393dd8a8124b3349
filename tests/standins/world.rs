//! The world with traffic: what customers write is delivered, forwarded, drafted and
//! recorded, and each named world goes wrong in its own way.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use hotdash_ops::testing::rehearsal::postgres::{OWNER, READER};
use hotdash_ops::testing::rehearsal::standins::chatwoot::Kind;
use hotdash_ops::testing::rehearsal::standins::customers::Habits;
use hotdash_ops::testing::rehearsal::world::setup::Setup;
use hotdash_ops::testing::rehearsal::world::{Database, World};

use crate::server::server;

/// The result of some seconds of traffic.
#[derive(Debug)]
struct Counts {
    incoming: i64,
    drafts: i64,
    ok: i64,
    bad: i64,
    dead_letters: i64,
    odd_durations: i64,
}

/// Lets customers write for `seconds`, then stops them and waits until all is quiet.
async fn traffic(setup: Setup, seconds: u64) -> Counts {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let database = format!("world_{}", NEXT.fetch_add(1, Ordering::SeqCst));
    server().copy(&database, "truncate dashboard_facts").expect("a copy of the good database");
    let (reader, writer) = (server().login(READER, &database), server().login(OWNER, &database));
    let mut world = World::start(Database::At { reader, writer: Some(writer) }).await.expect("it starts");
    let habits = Habits { per_minute: 600.0, seed: 7, ..Habits::default() };
    world.start_traffic(habits, setup).await.expect("customers write");
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    world.customers(|habits| habits.per_minute = 0.0);
    tokio::time::sleep(Duration::from_secs(3)).await;
    let count = |which: &str| -> i64 {
        let text = server()
            .psql(&database, &format!("select count(*) from dashboard_facts where {which}"))
            .expect("a count");
        text.parse().expect("a number")
    };
    let (incoming, drafts) = world.chatwoot.update(|chatwoot| {
        let messages = || chatwoot.conversations.of(3).flat_map(|c| c.messages.iter());
        let incoming = messages().filter(|m| m.kind == Kind::Incoming);
        (incoming.count() as i64, messages().filter(|m| m.private).count() as i64)
    });
    let retry = "fact_type = 'support.webhook.retry'";
    Counts {
        incoming,
        drafts,
        ok: count(&format!("{retry} and value->>'success' = 'true'")),
        bad: count(&format!("{retry} and value->>'success' <> 'true'")),
        dead_letters: count("fact_type = 'support.webhook.dead_letter'"),
        odd_durations: count(&format!("{retry} and jsonb_typeof(value->'durationMs') <> 'number'")),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn every_message_of_a_healthy_world_is_drafted_and_recorded() {
    let counts = traffic(Setup::Healthy, 6).await;
    assert!(counts.incoming >= 30, "{counts:?}");
    assert_eq!(counts.drafts, counts.incoming, "{counts:?}");
    // A fact for each customer's message and for each draft at least.
    assert!(counts.ok >= counts.incoming + counts.drafts, "{counts:?}");
    assert_eq!((counts.bad, counts.dead_letters, counts.odd_durations), (0, 0, 0), "{counts:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn each_world_goes_wrong_in_its_own_way() {
    let counts = traffic(Setup::DeadLetter, 6).await;
    assert!(counts.dead_letters >= 1 && counts.dead_letters == counts.bad, "{counts:?}");
    let counts = traffic(Setup::OneInTen, 6).await;
    assert!(counts.bad * 12 > counts.ok + counts.bad && counts.dead_letters == 0, "{counts:?}");
    assert_eq!(counts.drafts, counts.incoming, "{counts:?}");
    let counts = traffic(Setup::SilentLoss, 6).await;
    assert!(counts.bad == 0 && counts.dead_letters == 0 && counts.drafts < counts.incoming, "{counts:?}");
    let counts = traffic(Setup::WorkerDead, 3).await;
    assert!(counts.incoming > 0 && counts.ok + counts.bad + counts.drafts == 0, "{counts:?}");
    let counts = traffic(Setup::Quiet, 2).await;
    assert_eq!((counts.incoming, counts.ok + counts.bad), (0, 0), "{counts:?}");
    let counts = traffic(Setup::ManyUnreadable, 6).await;
    assert!(counts.odd_durations * 25 > counts.ok && counts.bad == 0, "{counts:?}");
}
