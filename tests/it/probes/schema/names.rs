//! Names from the configuration, search paths, and the commands that a person can run instead.

use std::process::Command;

use hotdash_ops::testing::probe::Explanation;
use hotdash_ops::testing::rehearsal::postgres::{Programs, READER, variant};

use super::{Reader, database_check, section};
use crate::support::pgbouncer::PgBouncer;
use crate::support::server;

fn prisma(reader: Reader) -> Reader {
    reader.names(|n| {
        n.facts = "DashboardFact".to_owned();
        n.fact_type = "factType".to_owned();
        n.recorded_at = "createdAt".to_owned();
    })
}

#[tokio::test]
async fn quoted_camel_case_names_work() {
    let plain = Reader::changed("names_prisma", variant::PRISMA);
    plain
        .ask("facts-table")
        .await
        .is("fail", "there is public.DashboardFact")
        .advises("`facts = \"DashboardFact\"` under [targets.sandbox.names]");
    let reader = prisma(plain);
    reader.ask("facts-table").await.passes();
    reader.ask("facts-columns").await.passes();
    reader.ask("facts-select").await.passes();
    reader.ask("facts-time-zone").await.is("fail", "timestamp without time zone");
    reader
        .ask("facts-index")
        .await
        .is("fail", "DashboardFact has none; the closest")
        .advises("CREATE INDEX CONCURRENTLY ON \"public\".\"DashboardFact\" (\"factType\", \"createdAt\");");
    prisma(Reader::changed("names_prisma_indexed", variant::PRISMA_INDEXED))
        .ask("facts-index")
        .await
        .passes();
    let half = reader.names(|n| n.fact_type = "fact_type".to_owned());
    half.ask("facts-columns").await.is("fail", "there is factType").advises("`fact_type = \"factType\"`");
}

#[tokio::test]
async fn names_are_case_sensitive() {
    let reader = Reader::changed("names_case", "").names(|n| n.facts = "Dashboard_Facts".to_owned());
    reader.ask("facts-table").await.is("fail", "there is public.dashboard_facts");
}

#[tokio::test]
async fn another_schema_is_named_or_on_the_search_path() {
    let reader = Reader::changed("names_schema", variant::OTHER_SCHEMA);
    reader
        .ask("facts-table")
        .await
        .is("fail", "there is app.dashboard_facts")
        .advises("`facts = \"app.dashboard_facts\"`");
    let dsn = format!("{}?schema=app", reader.dsn);
    for id in ["facts-table", "facts-columns", "facts-index", "facts-select", "grades-table", "grades-index"]
    {
        Reader::at(dsn.clone()).ask(id).await.passes();
    }
    let named = reader.names(|n| {
        n.facts = "app.dashboard_facts".to_owned();
        n.grades = "app.customer_grades".to_owned();
    });
    for check in section() {
        named.ask(&check.entry.id).await.passes();
    }
}

#[tokio::test]
async fn a_schema_without_usage_permission_is_reported() {
    let sql = format!("{} revoke usage on schema app from ops_reader;", variant::OTHER_SCHEMA);
    let reader = Reader::changed("names_usage", &sql);
    reader
        .ask("facts-table")
        .await
        .is("fail", "there is app.dashboard_facts")
        .advises("GRANT USAGE ON SCHEMA \"app\"");
    let named = reader.names(|n| n.facts = "app.dashboard_facts".to_owned());
    named
        .ask("facts-table")
        .await
        .is("fail", "not granted")
        .advises("GRANT USAGE ON SCHEMA \"app\" TO \"ops_reader\";");
    named.ask("facts-select").await.is("fail", "permission denied for schema app");
}

#[tokio::test]
async fn an_invalid_name_is_not_queried() {
    let good = Reader::changed("names_bad", "");
    for bad in ["", "a.b.c", "\"open", "nul\0"] {
        let reader = Reader::at(good.dsn.clone()).names(|n| n.facts = bad.to_owned());
        let said = reader.ask("facts-index").await;
        assert!(said.verdict == "error" && said.why.contains("`facts`"), "{bad:?}: {said:#?}");
        reader.ask("grades-index").await.passes();
    }
}

#[tokio::test]
async fn a_prisma_string_through_a_transaction_pooler_is_enough() {
    let reader = Reader::changed("names_pooled", "");
    let pooler = PgBouncer::start(server(), &[READER], 2);
    let pooled = Reader::at(pooler.prisma_login(server(), READER, "names_pooled"));
    for _ in 0..3 {
        for check in section() {
            pooled.ask(&check.entry.id).await.passes();
        }
    }
    let said = pooled.database("reachable").await;
    said.passes();
    assert!(said.evidence("pooler").contains("transaction mode"), "{said:#?}");
    assert!(
        said.evidence("ignored parameters (for other clients)").contains("connection_limit"),
        "{said:#?}"
    );
    drop(reader);
}

/// Runs the shown command in a shell and returns its output.
fn paste(lines: &[String], dsn: &str) -> String {
    let bin = Programs::find().expect("PostgreSQL").psql;
    let path = format!("{}:/usr/bin:/bin", bin.parent().expect("a directory").display());
    let output = Command::new("sh")
        .args(["-ec", &lines.join("\n")])
        .env_clear()
        .env("PATH", path)
        .env("DATABASE_URL", dsn)
        .output()
        .expect("sh");
    assert!(output.status.success(), "{}\n{}", lines.join("\n"), String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[tokio::test]
async fn shown_commands_can_be_pasted_into_a_shell() {
    let good = Reader::changed("names_paste", "");
    let odd = "alter table dashboard_facts rename to \"it's \\ odd\"; create schema app; grant usage on schema app to ops_reader;";
    let odd = Reader::changed("names_paste_odd", odd).names(|n| n.facts = "it's \\ odd".to_owned());
    let prisma = Reader::at(format!("{}?schema=public&connection_limit=1&pgbouncer=true", good.dsn));
    let elsewhere = Reader::changed("names_paste_app", variant::OTHER_SCHEMA);
    let elsewhere = Reader::at(format!("{}?schema=app&sslmode=prefer", elsewhere.dsn));
    for reader in [&good, &odd, &prisma, &elsewhere] {
        let settings = reader.settings();
        let checks = section().into_iter().chain(["reachable", "primary", "name"].map(database_check));
        for check in checks.filter(|c| !c.entry.id.contains("grades")) {
            let Explanation { question, by_hand, expectations } = check.entry.probe.explain(&settings);
            assert!(!question.is_empty() && !expectations.is_empty(), "{}", check.id);
            let said = paste(&by_hand, &reader.dsn);
            assert!(said.contains("row") || said.contains("QUERY PLAN"), "{}: {said}", check.id);
            let shown = by_hand.join("\n");
            assert!(!shown.contains(&server().password(READER)), "{shown}");
            assert_eq!(check.entry.probe.variables().into_iter().collect::<Vec<_>>(), ["DATABASE_URL"]);
        }
    }
    for reader in [&good, &prisma, &elsewhere] {
        let shown = section()[0].entry.probe.explain(&reader.settings()).by_hand;
        assert!(paste(&shown, &reader.dsn).contains("dashboard_facts"), "it finds the table");
    }
}

#[test]
fn requirements_that_prove_nothing_are_rejected() {
    let lint =
        |text: &str| toml::from_str::<hotdash_ops::testing::probe::Probe>(text).expect("a probe").lint();
    assert!(lint("schema.index = { table = \"facts\", columns = [\"fact_type\"] }").is_empty());
    assert_eq!(lint("schema.index = { table = \"facts\", columns = [] }").len(), 1);
    assert_eq!(lint("schema.columns = { table = \"facts\", columns = {} }").len(), 1);
    assert_eq!(lint("schema.columns = { table = \"facts\", columns = { value = [] } }").len(), 1);
    let short = lint("schema.columns = { table = \"facts\", columns = { value = [\"timestamptz\"] } }");
    assert!(short[0].contains("timestamp with time zone"), "{short:?}");
    for check in section() {
        assert!(check.entry.probe.lint().is_empty(), "{}", check.id);
    }
}
