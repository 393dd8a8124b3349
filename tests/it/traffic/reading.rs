//! What is read of a table with known rows.

use std::time::Duration;

use hotdash_ops::rehearsal::postgres::{READER, variant};
use hotdash_ops::service::dsn::Dsn;
use hotdash_ops::service::postgres::{Session, connect};
use hotdash_ops::service::tls::Roots;
use hotdash_ops::settings::Names;
use hotdash_ops::traffic::read;
use hotdash_ops::traffic::window::Window;

use crate::support::server;

async fn open(role: &str, database: &str) -> Session {
    let dsn = Dsn::parse(&server().login(role, database)).expect("a connection string");
    connect(&dsn, &Roots::none(), Duration::from_secs(70)).await.expect("it connects")
}

#[tokio::test]
async fn smoke() {
    server().copy("traffic_smoke", variant::PARTITIONED).expect("a database");
    let session = open(READER, "traffic_smoke").await;
    let look = read::look(&session, &Names::default()).await.expect("a look");
    println!("{look:?}");
    let window = Window { from: look.now - jiff::SignedDuration::from_mins(15), to: look.now };
    let tick = read::tick(&session, &look.source, window.from, window.to, Duration::from_secs(20))
        .await
        .expect("tick");
    println!("{tick:?}");
    println!("{:?}", read::horizon(&session, window.to).await);
    println!("{:#?}", read::full(&session, &look.source, window, 15).await);
    println!("{:?}", read::recent_per_minute(&session, &look.source, Duration::from_secs(600)).await);
    println!("{:?}", read::stretch(&session, &look.source, window).await);
    println!("{:#?}", read::explain(&Names::default(), 15.0));
}
