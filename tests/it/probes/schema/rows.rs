//! Row level security, which hides rows without an error.

use hotdash_ops::testing::rehearsal::postgres::{BYPASSING, OWNER, variant};

use super::Reader;

const ON: &str = "alter table dashboard_facts enable row level security;";

async fn with(name: &str, sql: &str) -> super::Answered {
    Reader::changed(&format!("rls_{name}"), &format!("{ON} {sql}")).ask("facts-rows-visible").await
}

#[tokio::test]
async fn without_a_policy_no_rows_are_visible() {
    let reader = Reader::changed("rls_blind", variant::RLS_WITHOUT_POLICY);
    reader.ask("facts-rows-visible")
        .await
        .is("fail", "no policy lets ops_reader see a row")
        .advises("CREATE POLICY \"hotdash_ops_reads\" ON \"public\".\"dashboard_facts\" FOR SELECT TO \"ops_reader\" USING (true);");
    // That is the trap: reading is permitted, and answers nothing.
    reader.ask("facts-select").await.is("pass", "no row");
}

#[tokio::test]
async fn a_role_exempt_from_row_level_security_passes() {
    let name = "rls_exempt";
    Reader::changed(name, ON)
        .by(BYPASSING, name)
        .ask("facts-rows-visible")
        .await
        .is("pass", "does not apply to");
    Reader::at(crate::support::server().login(OWNER, name))
        .ask("facts-rows-visible")
        .await
        .is("pass", "does not apply to");
    let forced = "rls_forced";
    let reader = Reader::changed(forced, variant::RLS_FORCED);
    reader.ask("facts-rows-visible").await.is("fail", "ops_reader");
    reader.by(OWNER, forced).ask("facts-rows-visible").await.is("fail", "no policy lets hotdash see a row");
    Reader::at(crate::support::server().login(BYPASSING, forced)).ask("facts-rows-visible").await.passes();
}

#[tokio::test]
async fn a_policy_that_shows_all_rows_passes() {
    Reader::changed("rls_policy", variant::RLS_WITH_POLICY)
        .ask("facts-rows-visible")
        .await
        .is("pass", "reading");
    with("public", "create policy p on dashboard_facts using (true)").await.passes();
    with("member", "create role readers; grant readers to ops_reader; create policy p on dashboard_facts to readers using (true)")
        .await
        .passes();
    with("two", "create policy a on dashboard_facts using (shop_domain = 'x'); create policy b on dashboard_facts using (true)")
        .await
        .passes();
}

#[tokio::test]
async fn a_policy_that_does_not_apply_leaves_no_rows_visible() {
    with("others", "create policy p on dashboard_facts to hotdash using (true)")
        .await
        .is("fail", "no policy lets");
    with("insert", "create policy p on dashboard_facts for insert with check (true)")
        .await
        .is("fail", "no policy lets");
    with("no_using", "create policy p on dashboard_facts with check (true)")
        .await
        .is("fail", "no policy lets");
    with("false", "create policy p on dashboard_facts using (false)").await.is("fail", "no policy lets");
    with("restrictive", "create policy p on dashboard_facts as restrictive using (true)")
        .await
        .is("fail", "no policy lets");
    with(
        "shut",
        "create policy a on dashboard_facts using (true); create policy b on dashboard_facts as restrictive using (false)",
    )
    .await
    .is("fail", "no policy lets")
    .advises("ALTER ROLE \"ops_reader\" BYPASSRLS;");
}

#[tokio::test]
async fn a_policy_that_decides_row_by_row_is_inconclusive() {
    with("some", "create policy p on dashboard_facts using (shop_domain = 'x')")
        .await
        .is("inconclusive", "row by row: p")
        .advises("CREATE POLICY");
    with(
        "narrowed",
        "create policy a on dashboard_facts using (true); create policy b on dashboard_facts as restrictive using (id > 3)",
    )
    .await
    .is("inconclusive", "row by row: a, b")
    .advises("ALTER ROLE \"ops_reader\" BYPASSRLS;");
}

#[tokio::test]
async fn only_the_policies_of_the_named_table_count() {
    let sql = format!("{} alter table dashboard_facts_this enable row level security;", variant::PARTITIONED);
    Reader::changed("rls_partition", &sql).ask("facts-rows-visible").await.is("pass", "off");
    let sql = format!("{} {ON}", variant::PARTITIONED);
    Reader::changed("rls_parent", &sql).ask("facts-rows-visible").await.is("fail", "no policy lets");
}

#[tokio::test]
async fn a_session_with_row_security_off_fails_to_read() {
    let name = "rls_session";
    let sql = format!(
        "{ON} create policy p on dashboard_facts using (id > 3); alter database {name} set row_security = off;"
    );
    let reader = Reader::changed(name, &sql);
    reader.ask("facts-select").await.is("fail", "row-level security");
    reader.ask("facts-rows-visible").await.is("inconclusive", "row by row");
}
