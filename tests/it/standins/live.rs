//! The world with traffic: what customers write is delivered, forwarded, drafted and
//! recorded, and each named world goes wrong in its own way.

use std::time::Duration;

use hotdash_ops::rehearsal::standins::customers::Habits;
use hotdash_ops::rehearsal::world::setup::Setup;

use crate::support::bench::Bench;

/// What came of some seconds of traffic.
#[derive(Debug)]
struct Came {
    incoming: i64,
    drafts: i64,
    ok: i64,
    bad: i64,
    dead_letters: i64,
    odd_durations: i64,
}

/// Lets customers write for `seconds`, then stops them and waits until all is quiet.
fn traffic(setup: Setup, seconds: u64) -> Came {
    let mut bench = Bench::with_sql("truncate dashboard_facts");
    let habits = Habits { per_minute: 600.0, seed: 7, ..Habits::default() };
    bench.start_traffic(habits, setup);
    std::thread::sleep(Duration::from_secs(seconds));
    bench.world.customers(|habits| habits.per_minute = 0.0);
    std::thread::sleep(Duration::from_secs(3));
    let count = |which: &str| -> i64 {
        let text = crate::support::server()
            .psql(&bench.database, &format!("select count(*) from dashboard_facts where {which}"))
            .expect("a count");
        text.parse().expect("a number")
    };
    let (incoming, drafts) = bench.world.chatwoot.update(|chatwoot| {
        let messages = || chatwoot.conversations.of(3).flat_map(|c| c.messages.iter());
        let incoming =
            messages().filter(|m| m.kind == hotdash_ops::rehearsal::standins::chatwoot::Kind::Incoming);
        (incoming.count() as i64, messages().filter(|m| m.private).count() as i64)
    });
    let retry = "fact_type = 'support.webhook.retry'";
    Came {
        incoming,
        drafts,
        ok: count(&format!("{retry} and value->>'success' = 'true'")),
        bad: count(&format!("{retry} and value->>'success' <> 'true'")),
        dead_letters: count("fact_type = 'support.webhook.dead_letter'"),
        odd_durations: count(&format!("{retry} and jsonb_typeof(value->'durationMs') <> 'number'")),
    }
}

#[test]
fn every_message_of_a_healthy_world_is_drafted_and_recorded() {
    let came = traffic(Setup::Healthy, 6);
    assert!(came.incoming >= 30, "{came:?}");
    assert_eq!(came.drafts, came.incoming, "{came:?}");
    // A fact for each customer's message and for each draft at least.
    assert!(came.ok >= came.incoming + came.drafts, "{came:?}");
    assert_eq!((came.bad, came.dead_letters, came.odd_durations), (0, 0, 0), "{came:?}");
}

#[test]
fn each_world_goes_wrong_in_its_own_way() {
    let came = traffic(Setup::DeadLetter, 6);
    assert!(came.dead_letters >= 1 && came.dead_letters == came.bad, "{came:?}");
    let came = traffic(Setup::OneInTen, 6);
    assert!(came.bad * 12 > came.ok + came.bad && came.dead_letters == 0, "{came:?}");
    assert_eq!(came.drafts, came.incoming, "{came:?}");
    let came = traffic(Setup::SilentLoss, 6);
    assert!(came.bad == 0 && came.dead_letters == 0 && came.drafts < came.incoming, "{came:?}");
    let came = traffic(Setup::WorkerDead, 3);
    assert!(came.incoming > 0 && came.ok + came.bad + came.drafts == 0, "{came:?}");
    let came = traffic(Setup::Quiet, 2);
    assert_eq!((came.incoming, came.ok + came.bad), (0, 0), "{came:?}");
    let came = traffic(Setup::ManyUnreadable, 6);
    assert!(came.odd_durations * 25 > came.ok && came.bad == 0, "{came:?}");
}
