//! The same numbers through poolers, from partitioned tables, from the tables that
//! Prisma made, and in sessions of any time zone.

use std::thread::scope;

use hotdash_ops::testing::rehearsal::postgres::{BERLIN, READER, variant};
use hotdash_ops::testing::rehearsal::world::setup::Setup;

use super::{FACTS, bench, counted, facts, oracle, report_of, reported};
use crate::support;
use crate::support::bench::Bench;
use crate::support::pgbouncer::PgBouncer;

#[test]
fn poolers_do_not_change_the_numbers() {
    let server = support::server();
    let pooler = PgBouncer::start(server, &[READER], 2);
    let impatient = PgBouncer::impatient(server, &[READER]);
    type Dsn<'a> = &'a dyn Fn(&str) -> String;
    let dsns: [(&str, Dsn<'_>); 3] = [
        ("transaction mode", &|database| pooler.login(server, READER, database)),
        ("Prisma's parameters", &|database| pooler.prisma_login(server, READER, database)),
        ("idle connections closed", &|database| impatient.login(server, READER, database)),
    ];
    let worlds: Vec<_> = dsns
        .into_iter()
        .enumerate()
        .map(|(at, (what, dsn))| {
            let mut bench = bench(Setup::Healthy, 31 + at as u64);
            bench.set("DATABASE_URL", dsn(&bench.database));
            (what, bench)
        })
        .collect();
    scope(|runs| {
        for (what, bench) in &worlds {
            runs.spawn(move || {
                let run_report = report_of(bench, &[&["monitor", "--minutes", "0.2"], FACTS].concat());
                let traffic = &run_report.report["traffic"];
                assert_eq!(reported(traffic), oracle(traffic, |sql| bench.psql(sql)), "{what}: {run_report}");
                assert_eq!(run_report.code, 0, "{what}: {run_report}");
                assert_eq!(traffic["gaps"], serde_json::json!([]), "{what}: {run_report}");
            });
        }
    });
}

#[test]
fn a_partitioned_table_is_read_as_one() {
    let mut bench = Bench::with_sql(&format!("truncate dashboard_facts; {}", variant::PARTITIONED));
    bench.start_traffic(
        hotdash_ops::testing::rehearsal::standins::customers::Habits {
            per_minute: 150.0,
            seed: 35,
            ..Default::default()
        },
        Setup::Healthy,
    );
    let run_report = report_of(&bench, &[&["monitor", "--minutes", "0.2"], FACTS].concat());
    let traffic = &run_report.report["traffic"];
    assert_eq!(reported(traffic), oracle(traffic, |sql| bench.psql(sql)), "{run_report}");
    assert_eq!(run_report.code, 0, "{run_report}");
}

/// Old and new facts, one to five minutes and one to seven hours ago: an offset of a time zone would show.
fn spread() -> String {
    let mut sql = "truncate dashboard_facts;".to_owned();
    for (n, good, ago) in [
        (40, true, "2 minutes"),
        (1, false, "3 minutes"),
        (70, false, "1 hour"),
        (80, false, "2 hours"),
        (90, false, "6 hours"),
    ] {
        sql.push_str(&facts(n, good, ago));
    }
    // An app whose clock is ahead by as much as Berlin's.
    sql + &facts(100, false, "-1 hour") + &facts(100, false, "-2 hours") + &facts(100, false, "-5 hours")
}

#[test]
fn time_zones_do_not_move_the_window() {
    let names = "\n[targets.sandbox.names]\nfacts = \"DashboardFact\"\nfact_type = \"factType\"\n\
                 recorded_at = \"createdAt\"\n";
    for (what, sql) in
        [("timestamptz", ""), ("timestamp", variant::WITHOUT_TIME_ZONE), ("Prisma", variant::PRISMA_INDEXED)]
    {
        let mut bench = Bench::with_sql(&format!("{}; {sql}", spread()));
        if what == "Prisma" {
            let path = bench.world.config_path();
            let text = std::fs::read_to_string(&path).expect("the configuration");
            std::fs::write(&path, text + names).expect("the configuration is ours");
        }
        let berlin = support::server().login(BERLIN, &bench.database);
        let chicago = format!(
            "{}?options=-c%20timezone%3DAmerica/Chicago",
            support::server().login(READER, &bench.database)
        );
        for dsn in [berlin, chicago] {
            bench.set("DATABASE_URL", dsn);
            let run_report =
                report_of(&bench, &[&["monitor", "--lookback", "--minutes", "15"], FACTS].concat());
            let traffic = &run_report.report["traffic"];
            let psql = |sql: &str| bench.psql(sql);
            let expected = match what {
                "Prisma" => counted("\"DashboardFact\"", ["\"factType\"", "\"createdAt\""], traffic, psql),
                _ => oracle(traffic, psql),
            };
            assert_eq!(reported(traffic), expected, "{what}: {run_report}");
            assert_eq!((run_report.code, &traffic["total"]), (0, &41.into()), "{what}: {run_report}");
            assert!(traffic["future"].as_u64() == Some(300), "{what}: {run_report}");
        }
    }
}
