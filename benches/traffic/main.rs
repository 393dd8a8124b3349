//! What watching costs, as ratios of one run: a tick against the checklist's own
//! statements for 15 minutes, the same tick in windows up to a day, a day judged at
//! once, the memory of `monitor` itself while it also reads a log, and that of a day of log lines.
//!
//! ```text
//! cargo bench --bench traffic --features rehearsal
//! FACTS=1000000 cargo bench --bench traffic --features rehearsal      a quick try
//! ```
//!
//! It starts a PostgreSQL of its own with ten million facts at 40 webhooks a second (some 2 GB in the temporary
//! directory, one to three minutes), runs every query in turn for several rounds over open, warm connections, and
//! prints medians and ratios. Connects are left out; the JIT setting stands beside each line. It ends with 1
//! when a ratio is not what it should be.

#![allow(clippy::print_stdout, reason = "a benchmark prints its table")]

mod memory;
mod queries;
mod table;

use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result};
use hotdash_ops::testing::rehearsal::postgres::{DATABASE, Native, Options, READER};

use table::Table;

/// Webhooks per second, in the table and in the log.
const PER_SECOND: u64 = 40;

fn main() -> Result<ExitCode> {
    let facts: u64 = match std::env::var("FACTS") {
        Ok(text) => text.parse().context("FACTS is not a number")?,
        Err(_) => 10_000_000,
    };
    let settings = [
        "shared_buffers = '2GB'",
        "work_mem = '64MB'",
        "max_wal_size = '8GB'",
        "maintenance_work_mem = '1GB'",
    ];
    let options =
        Options { settings: settings.map(str::to_owned).to_vec(), empty: true, ..Options::default() };
    let server = Native::start(&options)?;
    let began = Instant::now();
    fill(&server, facts)?;
    println!(
        "{facts} facts at {PER_SECOND} webhooks a second, filled in {:.0} s; {}; {}; {}",
        began.elapsed().as_secs_f64(),
        server.psql(DATABASE, "select 'PostgreSQL ' || current_setting('server_version')")?,
        settings.join(", "),
        machine()
    );
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut table = Table::default();
    runtime.block_on(queries::measure(&server, facts, &mut table))?;
    memory::of_monitor(&server, &mut table)?;
    memory::of_a_day_of_log(&mut table)?;
    Ok(if table.holds { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Facts evenly over time up to now: 3.7 % failures, durations around 200 ms with a tail, a dead letter in 500.
fn fill(server: &Native, facts: u64) -> Result<()> {
    server.psql(
        DATABASE,
        &format!(
            "create table dashboard_facts (id bigserial, shop_domain text, fact_type text not null, scope text,
                 value jsonb not null, metadata jsonb, recorded_at timestamptz not null default now());
             insert into dashboard_facts (shop_domain, fact_type, scope, value, metadata, recorded_at)
             select 'hotrodan.myshopify.com',
                    case when n % 500 = 0 then 'support.webhook.dead_letter' else 'support.webhook.retry' end, 'ops',
                    case when n % 500 = 0
                         then jsonb_build_object('payload', jsonb_build_object('event', 'message_created', 'id', n),
                                                 'attempts', 3, 'lastError', 'HTTP 503')
                         when n % 27 = 0
                         then jsonb_build_object('attempts', 3, 'success', false,
                                                 'durationMs', 600 + (n * 7919) % 4000)
                         else jsonb_build_object('attempts', 1 + (n % 40 = 1)::int, 'success', true,
                                                 'durationMs', 60 + (n * 7919) % 240, 'finalStatus', 200) end,
                    jsonb_build_object('timestamp', now()),
                    now() - n * interval '1 second' / {PER_SECOND}
             from generate_series({facts}::bigint, 1, -1) n;
             create index dashboard_facts_fact_type_recorded_at_idx on dashboard_facts (fact_type, recorded_at);
             grant select on dashboard_facts to {READER};
             vacuum (analyze) dashboard_facts;
             checkpoint"
        ),
    )?;
    Ok(())
}
fn machine() -> String {
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu
        .lines()
        .find_map(|l| l.strip_prefix("model name"))
        .map_or("", |l| l.trim_start_matches([' ', '\t', ':']));
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    format!("{cores} processors {model}")
}
