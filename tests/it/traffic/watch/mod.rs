//! The watch of a window on real servers: facts that commit late, a server that is killed, one that is not there.

mod outages;
mod windows;

use std::sync::Arc;
use std::time::Duration;

use hotdash_ops::testing::context::Context;
use hotdash_ops::testing::input::interval::Interval;
use hotdash_ops::testing::input::selection::Selection;
use hotdash_ops::testing::outcome::event::Event;
use hotdash_ops::testing::outcome::window::Mode;
use hotdash_ops::testing::redact::Redactor;
use hotdash_ops::testing::service::http::{Client, Proxies};
use hotdash_ops::testing::service::marker::MarkerSink;
use hotdash_ops::testing::service::tls::Roots;
use hotdash_ops::testing::settings::{Settings, Target, Traffic, Vars, Watch};
use tokio::sync::mpsc::Receiver;

/// A window of so many seconds that lies ahead.
pub fn ahead(seconds: u64) -> Watch {
    Watch {
        mode: Mode::Forward,
        length: Some(Duration::from_secs(seconds)),
        since: None,
        full: false,
        until_enough: false,
        budget: Duration::from_secs(seconds + 90),
        criteria: false,
    }
}

/// A window that is over.
pub fn past(seconds: u64) -> Watch {
    Watch { mode: Mode::Past, ..ahead(seconds) }
}

/// A run that watches a database, with ticks every half second.
pub fn context(dsn: &str, watch: Watch) -> (Arc<Context>, Receiver<Event>) {
    let milliseconds = |ms| Interval(Duration::from_millis(ms));
    let traffic = Traffic {
        tick: milliseconds(500),
        overlap: milliseconds(2000),
        settle: milliseconds(1000),
        ..Traffic::default()
    };
    let settings = Settings {
        target: Target { name: "sandbox".to_owned(), traffic, ..Target::default() },
        others: Vec::new(),
        vars: Vars::new([("DATABASE_URL".to_owned(), dsn.to_owned())]),
        config: None,
        fingerprint_key: None,
        app_dir: None,
        ca_file: None,
        checks: None,
        selection: Selection::default(),
        strict: false,
        timeout: Interval::seconds(600),
        watch: Some(watch),
        attest: Default::default(),
        runs_dir: None,
    };
    let roots = Roots::none();
    let http = Client::new(&roots, Proxies::default(), MarkerSink::default()).expect("a client");
    Context::new(Arc::new(settings), Redactor::default(), roots, http)
}

/// So many deliveries, now.
pub fn deliveries(n: u32, success: bool) -> String {
    format!(
        "insert into dashboard_facts (fact_type, value) select 'support.webhook.retry', \
         jsonb_build_object('attempts', 1, 'success', {success}, 'durationMs', 100 + i) \
         from generate_series(1, {n}) i;"
    )
}

/// What psql counts in a window, as `deliveries|failures`.
pub const ORACLE: &str = "select count(*) || '|' || count(*) filter (where value->>'success' is distinct from 'true') \
     from dashboard_facts where fact_type = 'support.webhook.retry'";
