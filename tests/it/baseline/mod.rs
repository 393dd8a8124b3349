//! `baseline` through the real binary, on a real PostgreSQL: what is recorded, what
//! is refused without a trace, and what is listed, shown and compared.

mod capture;
mod compare;
mod printed;
mod refused;

use hotdash_ops::testing::rehearsal::postgres::OWNER;

use crate::support::bench::{Bench, Ran};
use crate::support::server;

/// No deliveries and no dead letters: what a case adds is all there is.
const EMPTY: &str = "delete from dashboard_facts;";

/// The checklist's own table.
const CHECKLISTS: &str = "set role hotdash; create table support_baseline (captured_at timestamp default now(), \
     success_rate numeric, avg_response_ms numeric, requests_per_minute numeric, daily_dlq_count integer); reset role;";

/// A world whose program connects as the role that owns the tables.
fn bench(sql: &str) -> Bench {
    let mut bench = Bench::with_sql(sql);
    let dsn = server().login(OWNER, &bench.database);
    bench.set("DATABASE_URL", dsn);
    bench
}

/// SQL for deliveries half an hour old, so that the passing of time moves none out of the hour.
fn deliveries(ok: u32, bad: u32, ms: u32) -> String {
    format!(
        "insert into dashboard_facts (fact_type, value, recorded_at) select 'support.webhook.retry', \
         jsonb_build_object('success', n <= {ok}, 'durationMs', {ms}, 'attempts', 1), \
         now() - interval '30 minutes' - n * interval '1 millisecond' from generate_series(1, {ok} + {bad}) n;"
    )
}

/// A fact of two hours ago, so that the table is older than an hour.
fn older() -> &'static str {
    "insert into dashboard_facts (fact_type, value, recorded_at) values ('support.webhook.retry', \
     '{\"success\": true, \"durationMs\": 5}', now() - interval '2 hours');"
}

fn capture(bench: &Bench) -> Ran {
    bench.ops(&["baseline", "--format", "json"])
}

fn rows(bench: &Bench) -> String {
    match bench.psql("select to_regclass('support_baseline') is null").as_str() {
        "t" => "no table".to_owned(),
        _ => bench.psql("select count(*) from support_baseline"),
    }
}
