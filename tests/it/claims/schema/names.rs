//! Tables and columns under other names and in other schemas.

use hotdash_ops::rehearsal::postgres::variant;

use super::super::Case;
use super::name;

/// Names as Prisma makes them.
pub const PRISMA: &str = "facts = \"DashboardFact\"\nfact_type = \"factType\"\nrecorded_at = \"createdAt\"";

pub fn cases() -> Vec<Case> {
    let prisma =
        |name, check| Case::good(name, check).sql(variant::PRISMA).arrange(|b| super::name(b, PRISMA));
    vec![
        Case::new("a table that Prisma made is not named", "schema.facts-table", "relation")
            .sql(variant::PRISMA)
            .says("`facts = \\\"DashboardFact\\\"` under [targets.sandbox.names]"),
        prisma("a table that Prisma made is named", "schema.facts-table"),
        prisma("its columns are named", "schema.facts-columns"),
        prisma("its rows may be read", "schema.facts-select"),
        prisma("its times have no zone, which warns", "schema.facts-time-zone").verdict("fail", 0),
        prisma("Prisma's indexes do not serve", "schema.facts-index")
            .verdict("fail", 1)
            .says("CREATE INDEX CONCURRENTLY ON \\\"public\\\".\\\"DashboardFact\\\" (\\\"factType\\\", \\\"createdAt\\\");"),
        prisma("the index that it lacked is there", "schema.facts-index").sql(variant::PRISMA_INDEXED),
        Case::new("one of Prisma's columns is not named", "schema.facts-columns", "column fact_type")
            .sql(variant::PRISMA)
            .says("`fact_type = \\\"factType\\\"`")
            .arrange(|b| name(b, "facts = \"DashboardFact\"\nrecorded_at = \"createdAt\"")),
        Case::new("a name in the wrong case is another name", "schema.facts-table", "relation")
            .says("there is public.dashboard_facts")
            .arrange(|b| name(b, "facts = \"Dashboard_Facts\"")),
        Case::new("the tables are in a schema off the search path", "schema.facts-table", "relation")
            .sql(variant::OTHER_SCHEMA)
            .says("`facts = \\\"app.dashboard_facts\\\"` under [targets.sandbox.names]"),
        Case::good("the schema is part of the name", "schema.facts-index")
            .sql(variant::OTHER_SCHEMA)
            .arrange(|b| name(b, "facts = \"app.dashboard_facts\"")),
        Case::good("the schema is in the connection string, as Prisma has it", "schema.facts-index")
            .sql(variant::OTHER_SCHEMA)
            .arrange(|b| {
                let dsn = format!("{}?schema=app", b.vars["DATABASE_URL"]);
                b.set("DATABASE_URL", dsn);
            }),
        Case::good("the schema is the role's search path", "schema.grades-table")
            .sql(variant::OTHER_SCHEMA)
            .arrange(|b| b.sql(&format!("alter database \"{}\" set search_path = app", b.database))),
        Case::new("a name that cannot be one", "schema.facts-table", "")
            .verdict("error", 3)
            .says("`facts`")
            .arrange(|b| name(b, "facts = \"a.b.c\"")),
        Case::new("grades under a later name", "schema.grades-table", "relation")
            .verdict("fail", 0)
            .sql("alter table customer_grades rename to customer_reply_grading;")
            .says("`grades = \\\"customer_reply_grading\\\"` under [targets.sandbox.names]"),
        Case::good("grades under a later name that is configured", "schema.grades-index")
            .sql("alter table customer_grades rename to customer_reply_grading;")
            .arrange(|b| name(b, "grades = \"customer_reply_grading\"")),
    ]
}
