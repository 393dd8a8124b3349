//! What recording a baseline stores.

use std::process::Stdio;

use hotdash_ops::testing::rehearsal::postgres::{BERLIN, OWNER};
use serde_json::Value;

use super::{CHECKLISTS, EMPTY, bench, capture, deliveries, older, rows};
use crate::support::bench::{finish, program};
use crate::support::pgbouncer::PgBouncer;
use crate::support::server;

const NUMBERS: &str = "success_rate::text || ' ' || avg_response_ms::text || ' ' || requests_per_minute::text || ' ' || daily_dlq_count::text";

/// The checklist's own statement, word by word.
const CHECKLIST_INSERT: &str = "
INSERT INTO support_baseline (success_rate, avg_response_ms, requests_per_minute, daily_dlq_count)
SELECT
  ROUND(100.0 * SUM(CASE WHEN value->>'success' = 'true' THEN 1 ELSE 0 END) / COUNT(*), 2),
  ROUND(AVG((value->>'durationMs')::numeric), 0),
  ROUND(COUNT(*) / 60.0, 2),
  (SELECT COUNT(*) FROM dashboard_facts WHERE fact_type = 'support.webhook.dead_letter' AND recorded_at > NOW() - INTERVAL '24 hours')
FROM dashboard_facts
WHERE fact_type = 'support.webhook.retry'
  AND recorded_at > NOW() - INTERVAL '1 hour';";

#[test]
fn the_stored_numbers_equal_the_checklists() {
    let bench = bench(EMPTY);
    for round in 0..8 {
        bench.sql(&format!(
            "select setseed(0.{round}1); delete from dashboard_facts; {}
             insert into dashboard_facts (fact_type, value, recorded_at) select 'support.webhook.retry',
               jsonb_build_object('success', random() < 0.9, 'durationMs',
                 case when n % 7 = 0 then to_jsonb((random() * 900)::numeric(10, 4)) when n % 11 = 0 then to_jsonb((n * 3)::text) else to_jsonb(n * {round}) end),
               now() - random() * interval '55 minutes' from generate_series(1, 1 + {round} * 37) n;
             insert into dashboard_facts (fact_type, value, recorded_at) select 'support.webhook.dead_letter', '{{}}',
               now() - n * interval '5 hours' + interval '1 minute' from generate_series(1, {round}) n;",
            older()
        ));
        let ran = capture(&bench);
        assert!(matches!(ran.code, 0), "{}{}", ran.stdout, ran.stderr);
        bench.sql(CHECKLIST_INSERT);
        let both = bench.psql(&format!("select {NUMBERS} from support_baseline"));
        let both: Vec<&str> = both.lines().collect();
        assert_eq!(both.len(), 2);
        assert_eq!(both[0], both[1], "round {round}");
        bench.sql("delete from support_baseline");
    }
}

#[test]
fn a_new_table_has_the_checklists_columns_and_the_counts() {
    let bench = bench(&format!("{EMPTY} {} {}", older(), deliveries(59, 1, 120)));
    let ran = capture(&bench);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    let columns = bench.psql(
        "select string_agg(column_name || ' ' || data_type || ' ' || is_nullable, ', ' order by ordinal_position) \
         from information_schema.columns where table_name = 'support_baseline'",
    );
    assert_eq!(
        columns,
        "captured_at timestamp without time zone YES, success_rate numeric YES, avg_response_ms numeric YES, \
         requests_per_minute numeric YES, daily_dlq_count integer YES, details jsonb YES"
    );
    let counts = bench.psql("select details->>'ok' || ' ' || (details->>'total') || ' ' || (details->>'dead_letters') from support_baseline");
    assert_eq!(counts, "59 60 0");
    assert_eq!(bench.psql(&format!("select {NUMBERS} from support_baseline")), "98.33 120 1.00 0");
    assert_eq!(
        ran.report()["notes"][0].as_str().map(|n| n.contains("98.33 %") && n.ends_with("good")),
        Some(true)
    );
    let effects: Vec<Value> = ran.outcomes().into_iter().map(|o| o["effect"].clone()).collect();
    assert_eq!(effects, ["writes", "none", "none", "none", "none"]);
    assert_eq!(ran.report()["partial"], Value::Null);
}

#[test]
fn within_a_minute_the_stored_row_is_shown_and_nothing_is_written() {
    let bench = bench("");
    assert_eq!(capture(&bench).code, 0);
    bench.sql("update support_baseline set success_rate = 42");
    let again = capture(&bench);
    let recorded = again.outcome("baseline.recorded");
    assert!(recorded["claims"].to_string().contains("nothing was written"), "{recorded}");
    assert!(
        again.outcome("baseline.success-rate")["claims"].to_string().contains("42 %"),
        "{}",
        again.stdout
    );
    assert_eq!(rows(&bench), "1");
    // A row without a number is shown as it is: NULL says nothing, and an impossible value is reported as not a baseline.
    bench.sql("update support_baseline set success_rate = null, avg_response_ms = 'NaN'");
    let null = capture(&bench);
    assert_eq!(null.code, 1, "{}", null.stdout);
    for (id, verdict, shown) in
        [("baseline.success-rate", "inconclusive", "NULL"), ("baseline.average", "fail", "NaN")]
    {
        assert_eq!(null.verdict(id), verdict);
        assert!(null.outcome(id)["reason"].to_string().contains(shown), "{}", null.stdout);
    }
    bench.sql("update support_baseline set avg_response_ms = 120");
    assert_eq!(capture(&bench).code, 3, "NULL alone is undecided");
    bench.sql("update support_baseline set captured_at = captured_at - interval '61 seconds'");
    assert_eq!(capture(&bench).code, 0);
    assert_eq!(rows(&bench), "2");
}

#[test]
fn simultaneous_recordings_leave_one_row() {
    for table in ["", CHECKLISTS] {
        let bench = bench(table);
        let start = || {
            let mut command = bench.command();
            command.args(["baseline", "--format", "json"]).stdout(Stdio::piped()).stderr(Stdio::piped());
            command.spawn().expect("the program starts")
        };
        let children: Vec<_> = (0..5).map(|_| start()).collect();
        let mut written = 0;
        for child in children {
            let output = child.wait_with_output().expect("it ends");
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            assert_eq!(output.status.code(), Some(0), "{text}{}", String::from_utf8_lossy(&output.stderr));
            written += usize::from(!text.contains("nothing was written"));
        }
        assert_eq!((written, rows(&bench).as_str()), (1, "1"));
    }
}

#[test]
fn an_hour_without_traffic_leaves_nothing_behind() {
    let bench = bench(&format!("{EMPTY} {}", older()));
    let ran = capture(&bench);
    assert_eq!((ran.code, rows(&bench).as_str()), (3, "no table"), "{}", ran.stdout);
    for outcome in ran.outcomes() {
        assert_eq!(outcome["verdict"], "inconclusive", "{outcome}");
    }
    assert!(ran.outcome("baseline.recorded")["fix"].to_string().contains("nothing was written"));
}

#[test]
fn a_few_invalid_durations_are_left_out_and_many_prevent_recording() {
    let bad = |n: u32, value: &str| {
        format!(
            "insert into dashboard_facts (fact_type, value, recorded_at) select 'support.webhook.retry', \
             '{{\"success\": true, \"durationMs\": {value}}}', now() - interval '20 minutes' from generate_series(1, {n});"
        )
    };
    for value in ["\"abc\"", "\"NaN\"", "\"Infinity\"", "{}"] {
        let spoiled = bench(&format!("{EMPTY} {} {}", deliveries(195, 0, 100), bad(5, value)));
        let ran = capture(&spoiled);
        assert_eq!((ran.code, rows(&spoiled).as_str()), (3, "no table"), "{value}: {}", ran.stdout);
        let good = bench(&format!("{EMPTY} {} {} {}", older(), deliveries(199, 0, 100), bad(1, value)));
        let ran = capture(&good);
        assert_eq!(ran.code, 0, "{value}: {}", ran.stdout);
        assert!(
            ran.outcome("baseline.recorded")["warnings"].to_string().contains("1 duration is unreadable")
        );
        assert_eq!(good.psql("select avg_response_ms from support_baseline"), "100");
    }
    let untimed = bench(&format!("{EMPTY} {}", bad(30, "null")));
    let ran = capture(&untimed);
    assert_eq!((ran.code, rows(&untimed).as_str()), (3, "no table"), "{}", ran.stdout);
}

#[test]
fn a_poor_hour_is_recorded_with_a_warning() {
    let dead = "insert into dashboard_facts (fact_type, value, recorded_at) values ('support.webhook.dead_letter', '{}', now() - interval '5 minutes');";
    for (facts, says) in [
        (deliveries(20, 0, 100), "20 deliveries"),
        (deliveries(57, 3, 100), "success rate is not above 95 %"),
        (deliveries(60, 0, 500), "average is not below 500 ms"),
        (format!("{} {dead}", deliveries(60, 0, 100)), "1 dead letter in its hour"),
    ] {
        let bench = bench(&format!("{EMPTY} {} {facts}", older()));
        let ran = capture(&bench);
        assert_eq!((ran.code, rows(&bench).as_str()), (0, "1"), "{says}: {}", ran.stdout);
        let recorded = ran.outcome("baseline.recorded");
        assert!(recorded["warnings"].to_string().contains(says), "{recorded}");
        let list = bench.ops(&["baseline", "list"]);
        assert!(list.stdout.contains("not good"), "{}", list.stdout);
        assert_eq!(bench.ops(&["baseline", "--strict"]).code, 1);
    }
    let young = bench(&format!("{EMPTY} {}", deliveries(60, 0, 100)));
    let ran = capture(&young);
    assert_eq!(ran.code, 0);
    let warnings = ran.outcome("baseline.recorded")["warnings"].to_string();
    assert!(warnings.contains("30 min old") && warnings.contains("too low"), "{warnings}");
}

#[test]
fn the_connection_string_alone_is_enough_and_the_time_is_utc_everywhere() {
    let bench = bench("drop table hotdash_ops_sandbox; grant create on schema public to ops_berlin;");
    let mut command = program(bench.home.path());
    command.env("DATABASE_URL", server().login(BERLIN, &bench.database));
    let ran = finish(command.args(["baseline", "--no-journal"]));
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    let off =
        "select abs(extract(epoch from (now() at time zone 'UTC') - captured_at)) < 60 from support_baseline";
    assert_eq!(bench.psql(off), "t");
    let list = finish(command_for(&bench, BERLIN).args(["baseline", "list", "--format", "json"]));
    let list: Value = serde_json::from_str(&list.stdout).expect("json");
    let name = list["baselines"][0]["captured_at"].as_str().expect("a time").to_owned();
    let shown = finish(command_for(&bench, BERLIN).args(["baseline", "show", &name]));
    assert!(shown.code == 0 && shown.stdout.contains(&name), "{}{}", shown.stdout, shown.stderr);
}

fn command_for(bench: &crate::support::bench::Bench, role: &str) -> std::process::Command {
    let mut command = program(bench.home.path());
    command.env("DATABASE_URL", server().login(role, &bench.database));
    command
}

#[test]
fn recording_works_through_a_transaction_mode_pooler() {
    let pooler = PgBouncer::start(server(), &[OWNER], 1);
    let mut bench = bench("");
    bench.set("DATABASE_URL", pooler.prisma_login(server(), OWNER, &bench.database));
    for _ in 0..2 {
        let ran = capture(&bench);
        assert_eq!((ran.code, rows(&bench).as_str()), (0, "1"), "{}{}", ran.stdout, ran.stderr);
    }
    let ran = bench.ops(&["baseline", "compare"]);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    assert!(bench.ops(&["baseline", "list"]).stdout.contains("good"));
}

#[test]
fn the_checklists_own_table_is_used_as_it_is() {
    let bench = bench(CHECKLISTS);
    let ran = capture(&bench);
    assert_eq!((ran.code, rows(&bench).as_str()), (0, "1"), "{}", ran.stdout);
    assert!(ran.outcome("baseline.recorded")["evidence"].to_string().contains("tolerance only"));
    let details = "select count(*) from information_schema.columns where table_name = 'support_baseline' and column_name = 'details'";
    assert_eq!(bench.psql(details), "0");
}
