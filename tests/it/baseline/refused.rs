//! If a baseline cannot be written, the reason and a fix are shown, and nothing is changed.

use std::time::{Duration, Instant};

use hotdash_ops::testing::rehearsal::postgres::{OUTSIDER, OWNER, READER};

use super::{CHECKLISTS, EMPTY, bench, capture, deliveries, rows};
use crate::support::bench::Ran;
use crate::support::server;

/// The recording check fails with this reason and fix; the others are blocked.
fn refused(ran: &Ran, says: &str, fix: &str) {
    let recorded = ran.outcome("baseline.recorded");
    assert_eq!((ran.code, ran.verdict("baseline.recorded").as_str()), (1, "fail"), "{says}: {}", ran.stdout);
    assert!(recorded["reason"].to_string().contains(says), "{says}: {recorded}");
    assert!(recorded["fix"].to_string().contains(fix), "{fix}: {recorded}");
    assert_eq!(ran.verdict("baseline.average"), "skipped");
}

#[test]
fn an_unsuitable_table_is_left_unchanged() {
    for (sql, says, fix, left) in [
        (
            "create table support_baseline (captured_at timestamp, success_rate numeric, average numeric); insert into support_baseline values (now(), 1, 1);",
            "avg_response_ms is missing",
            "RENAME TO support_baseline_old",
            "1",
        ),
        (
            "create table support_baseline (captured_at timestamp, success_rate text, avg_response_ms numeric, requests_per_minute numeric, daily_dlq_count int);",
            "success_rate is text",
            "RENAME TO support_baseline_old",
            "0",
        ),
        (
            "create table support_baseline (captured_at timestamp, success_rate numeric, avg_response_ms numeric, requests_per_minute integer, daily_dlq_count int);",
            "would store other numbers",
            "make its columns numeric",
            "0",
        ),
        (
            "create table support_baseline (who text not null, captured_at timestamp, success_rate numeric, avg_response_ms numeric, requests_per_minute numeric, daily_dlq_count int);",
            "violates not-null",
            "other columns",
            "0",
        ),
        (
            "create view support_baseline as select now()::timestamp as captured_at, 1.0 as success_rate, 1.0 as avg_response_ms, 1.0 as requests_per_minute, 1 as daily_dlq_count;",
            "a view in schema public",
            "ALTER VIEW",
            "1",
        ),
    ] {
        let facts = deliveries(50, 0, 100);
        let bench = bench(&format!("{EMPTY} {facts} set role hotdash; {sql}"));
        refused(&capture(&bench), says, fix);
        assert_eq!(rows(&bench), left, "{says}");
    }
}

#[test]
fn missing_permissions_are_named() {
    let mut bench = bench("revoke create on schema public from public;");
    bench.set("DATABASE_URL", server().login(READER, &bench.database));
    refused(
        &capture(&bench),
        "no permission to create it in schema public",
        "GRANT CREATE ON SCHEMA public TO ops_reader",
    );
    assert_eq!(rows(&bench), "no table");
    bench.sql(CHECKLISTS);
    refused(
        &capture(&bench),
        "ops_reader has no SELECT permission",
        "GRANT SELECT, INSERT ON support_baseline TO ops_reader",
    );
    bench.sql("grant select on support_baseline to ops_reader");
    refused(&capture(&bench), "INSERT permission", "GRANT SELECT, INSERT ON support_baseline TO ops_reader");
    assert_eq!(rows(&bench), "0");
    bench.sql("grant insert on support_baseline to ops_reader");
    assert_eq!(capture(&bench).code, 0);
    // Only the server notices a policy that rejects the row.
    bench.sql("delete from support_baseline; alter table support_baseline enable row level security");
    refused(&capture(&bench), "row-level security", "policies");
    bench.set("DATABASE_URL", server().login(OUTSIDER, &bench.database));
    let ran = capture(&bench);
    assert_eq!((ran.code, ran.verdict("baseline.recorded").as_str()), (3, "inconclusive"), "{}", ran.stdout);
}

#[test]
fn read_only_connections_are_rejected() {
    let mut bench = bench("");
    bench.sql(&format!(
        "alter role {OWNER} in database {} set default_transaction_read_only = on",
        bench.database
    ));
    refused(&capture(&bench), "read-only, by a setting", "DATABASE_URL that can write");
    assert_eq!(rows(&bench), "no table");
    let standby = server().standby().expect("a standby");
    bench.sql(&format!(
        "alter role {OWNER} in database {} reset default_transaction_read_only",
        bench.database
    ));
    bench.set("DATABASE_URL", standby.login(OWNER, &bench.database));
    refused(&capture(&bench), "a standby, which is read-only", "the primary's host");
    assert_eq!(rows(&bench), "no table");
}

#[test]
fn a_table_outside_the_search_path_is_not_duplicated() {
    let bench = bench("create schema stats authorization hotdash;");
    bench.sql(&CHECKLISTS.replace("create table ", "create table stats."));
    refused(&capture(&bench), "schema stats", "SET search_path = public, stats");
    bench.sql(&format!("alter role {OWNER} in database {} set search_path = public, stats", bench.database));
    let ran = capture(&bench);
    assert_eq!(ran.code, 0, "{}", ran.stdout);
    assert_eq!(bench.psql("select count(*) from stats.support_baseline"), "1");
    assert_eq!(bench.psql("select to_regclass('public.support_baseline') is null"), "t");
}

#[test]
fn a_lock_that_is_held_is_waited_for_and_then_named() {
    let bench = bench(CHECKLISTS);
    let database = bench.database.clone();
    let holder = std::thread::spawn(move || {
        let hold = "begin; lock table support_baseline in share mode; select pg_sleep(9); commit";
        server().psql(&database, hold)
    });
    let held =
        "select count(*) from pg_locks l where l.granted and l.relation = 'support_baseline'::regclass";
    let deadline = Instant::now() + Duration::from_secs(20);
    while bench.psql(held) == "0" {
        assert!(Instant::now() < deadline, "nobody holds the lock");
        std::thread::sleep(Duration::from_millis(20));
    }
    refused(&capture(&bench), "lock timeout", "nothing was written");
    holder.join().expect("it does not panic").expect("the lock is given back");
    assert_eq!(rows(&bench), "0");
}

/// A trigger that waits for COMMIT and then runs `body`.
fn at_commit(body: &str) -> String {
    format!(
        "{CHECKLISTS} create function at_commit() returns trigger language plpgsql security definer as $$ begin {body} return null; end $$; \
         create constraint trigger at_commit after insert on support_baseline deferrable initially deferred \
         for each row execute function at_commit();"
    )
}

#[test]
fn an_unanswered_commit_is_undecided_and_a_rejected_one_fails() {
    let cut = bench(&at_commit("perform pg_terminate_backend(pg_backend_pid());"));
    let ran = capture(&cut);
    let recorded = ran.outcome("baseline.recorded");
    assert_eq!((ran.code, ran.verdict("baseline.recorded").as_str()), (3, "inconclusive"), "{}", ran.stdout);
    assert!(recorded["reason"].to_string().contains("unknown whether the row was written"), "{recorded}");
    assert!(recorded["fix"].to_string().contains("again within the minute"), "{recorded}");
    cut.sql("drop trigger at_commit on support_baseline");
    assert_eq!((capture(&cut).code, rows(&cut).as_str()), (0, "1"));

    let no = bench(&at_commit("raise exception 'not today';"));
    refused(&capture(&no), "not today", "triggers");
    assert_eq!(rows(&no), "0");
    let swallowed = bench(&format!(
        "{CHECKLISTS} create rule swallow as on insert to support_baseline do instead nothing;"
    ));
    let ran = capture(&swallowed);
    assert_eq!((ran.code, rows(&swallowed).as_str()), (1, "0"), "{}", ran.stdout);
}

#[test]
fn a_rehearsals_database_is_not_written_to_by_mistake() {
    let mut bench = bench("");
    bench.set("HOTDASH_OPS_TARGET", "production");
    bench.unset("HOTDASH_OPS_CONFIG");
    assert_eq!((capture(&bench).code, rows(&bench).as_str()), (2, "no table"));
    for arguments in [["baseline", "list"], ["baseline", "show"], ["baseline", "compare"]] {
        assert_eq!(bench.ops(&arguments).code, 2, "{arguments:?}");
    }
}

#[test]
fn a_database_other_than_the_targets_is_not_written_to() {
    let bench = bench("");
    bench.edit_config(&format!("database = \"{}\"", bench.database), "database = \"elsewhere\"");
    refused(&capture(&bench), "elsewhere", "nothing was written");
    assert_eq!(rows(&bench), "no table");
}

#[test]
fn without_a_database_nothing_is_claimed() {
    let mut bench = bench("");
    bench.set("DATABASE_URL", "postgresql://hotdash:x@127.0.0.1:1/none");
    let ran = capture(&bench);
    assert_eq!((ran.code, ran.verdict("baseline.recorded").as_str()), (1, "fail"), "{}", ran.stdout);
    assert_eq!(bench.ops(&["baseline", "list"]).code, 3);
    bench.unset("DATABASE_URL");
    assert_eq!(capture(&bench).code, 3);
    assert_eq!(bench.ops(&["baseline", "list"]).code, 2);
    assert_eq!(bench.ops(&["baseline", "--only", "baseline.average"]).code, 2);
    assert_eq!(bench.ops(&["baseline", "compare", "--skip", "baseline"]).code, 2);
}
