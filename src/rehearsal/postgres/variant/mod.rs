//! Variants of the good database, as SQL that modifies it ([`super::Native::copy`]). Each is one fault and leaves the
//! rest good, so that a test can show which claim it breaks.

/// The facts table is partitioned by month, with an index on every partition. Good.
pub const PARTITIONED: &str = include_str!("partitioned.sql");

/// As [`PARTITIONED`], but one partition has no index: the parent's index was created with `ONLY`.
pub const PARTITION_WITHOUT_INDEX: &str =
    concat!(include_str!("partitioned.sql"), include_str!("partition_without_index.sql"));

/// The version of the app that used Prisma: `"DashboardFact"` with quoted camel-case columns and `timestamp(3)` without
/// time zone. It has no index for the monitoring query.
pub const PRISMA: &str = include_str!("prisma.sql");

/// As [`PRISMA`], with an index for the monitoring query.
pub const PRISMA_INDEXED: &str = concat!(
    include_str!("prisma.sql"),
    r#"create index "DashboardFact_factType_createdAt_idx" on "DashboardFact" ("factType", "createdAt");"#
);

/// Row level security without a policy: a plain reader sees no rows and no error.
pub const RLS_WITHOUT_POLICY: &str = "alter table dashboard_facts enable row level security;";

/// Row level security that also applies to the owner.
pub const RLS_FORCED: &str = "alter table dashboard_facts enable row level security; alter table dashboard_facts force row level security;";

/// Row level security with a policy that lets the reader see everything.
pub const RLS_WITH_POLICY: &str = "alter table dashboard_facts enable row level security;
    create policy reading on dashboard_facts for select to ops_reader using (true);";

/// `recorded_at` has no time zone.
pub const WITHOUT_TIME_ZONE: &str = "alter table dashboard_facts alter column recorded_at type timestamp using recorded_at at time zone 'UTC';";

/// The facts' index is missing.
pub const INDEX_MISSING: &str = "drop index dashboard_facts_fact_type_recorded_at_idx;";

/// The facts' index exists but is invalid, so the planner does not use it: building it failed.
pub const INDEX_INVALID: &str = "update pg_index set indisvalid = false
    where indexrelid = 'dashboard_facts_fact_type_recorded_at_idx'::regclass;";

/// The facts' index is not updated for new rows yet.
pub const INDEX_NOT_READY: &str = "update pg_index set indisvalid = false, indisready = false
    where indexrelid = 'dashboard_facts_fact_type_recorded_at_idx'::regclass;";

/// The facts' index is being dropped.
pub const INDEX_NOT_LIVE: &str =
    "update pg_index set indisvalid = false, indisready = false, indislive = false
    where indexrelid = 'dashboard_facts_fact_type_recorded_at_idx'::regclass;";

/// The facts' index has the right name and columns, but covers only one type of fact.
pub const INDEX_PARTIAL: &str = "drop index dashboard_facts_fact_type_recorded_at_idx;
    create index dashboard_facts_fact_type_recorded_at_idx on dashboard_facts (fact_type, recorded_at)
    where fact_type = 'support.webhook.retry';";

/// The facts' index has the right name, but its columns are in the wrong order.
pub const INDEX_WRONG_ORDER: &str = "drop index dashboard_facts_fact_type_recorded_at_idx;
    create index dashboard_facts_fact_type_recorded_at_idx on dashboard_facts (recorded_at, fact_type);";

/// The facts' index is on an expression that the monitoring query does not use.
pub const INDEX_ON_EXPRESSION: &str = "drop index dashboard_facts_fact_type_recorded_at_idx;
    create index dashboard_facts_fact_type_recorded_at_idx on dashboard_facts (lower(fact_type), recorded_at);";

/// The facts' index is of a type that does not support time ranges.
pub const INDEX_BRIN: &str = "drop index dashboard_facts_fact_type_recorded_at_idx;
    create index dashboard_facts_fact_type_recorded_at_idx on dashboard_facts using brin (fact_type, recorded_at);";

/// A good index with another name, an additional column at the end and the time descending. Good.
pub const INDEX_OTHERWISE: &str = "drop index dashboard_facts_fact_type_recorded_at_idx;
    create index by_kind_and_age on dashboard_facts (fact_type, recorded_at desc, shop_domain);";

/// The grades' index is missing.
pub const GRADES_INDEX_MISSING: &str = "drop index customer_grades_created_at_idx;";

/// There is no table of grades: grading is not enabled.
pub const GRADES_MISSING: &str = "drop table customer_grades;";

/// There is no table of facts: the app's migrations have not run.
pub const FACTS_MISSING: &str = "drop table dashboard_facts;";

/// The facts are a view: it can be read, but has no index of its own.
pub const FACTS_ARE_A_VIEW: &str = "alter table dashboard_facts rename to facts;
    create view dashboard_facts as select * from facts;
    grant select on dashboard_facts to ops_reader, ops_bypass, ops_single, ops_berlin;";

/// A required column is missing.
pub const COLUMN_MISSING: &str = "alter table dashboard_facts drop column value;";

/// A required column has another type.
pub const COLUMN_TYPE: &str = "alter table dashboard_facts alter column value type text using value::text;";

/// No operator role has read access to the facts.
pub const NO_SELECT: &str =
    "revoke select on dashboard_facts from ops_reader, ops_bypass, ops_single, ops_berlin;";

/// The reader has access to some columns of the facts, but not to their value.
pub const SOME_COLUMNS: &str = "revoke select on dashboard_facts from ops_reader;
    grant select (id, fact_type, recorded_at) on dashboard_facts to ops_reader;";

/// The tables are in a schema that is not on the reader's search path.
pub const OTHER_SCHEMA: &str = "create schema app authorization hotdash;
    grant usage on schema app to ops_reader, ops_bypass, ops_single, ops_berlin;
    alter table dashboard_facts set schema app;
    alter table customer_grades set schema app;";

/// No facts have been recorded yet.
pub const NO_ROWS: &str = "truncate dashboard_facts;";

/// Facts are dated an hour in the future: the clock of their writer is wrong.
pub const FUTURE_ROWS: &str = "update dashboard_facts set recorded_at = recorded_at + interval '1 hour'
    where fact_type = 'support.webhook.retry';";

/// The newest fact is two days old: nothing has been recorded since.
pub const OLD_ROWS: &str = "update dashboard_facts set recorded_at = recorded_at - interval '2 days';";

/// The table that marks a rehearsal's database is missing, as in production.
pub const UNMARKED: &str = "drop table hotdash_ops_sandbox;";

/// Every variant with its name, for tests that go through all of them.
pub const ALL: [(&str, &str); 30] = [
    ("partitioned", PARTITIONED),
    ("partition-without-index", PARTITION_WITHOUT_INDEX),
    ("prisma", PRISMA),
    ("prisma-indexed", PRISMA_INDEXED),
    ("rls-without-policy", RLS_WITHOUT_POLICY),
    ("rls-forced", RLS_FORCED),
    ("rls-with-policy", RLS_WITH_POLICY),
    ("without-time-zone", WITHOUT_TIME_ZONE),
    ("index-missing", INDEX_MISSING),
    ("index-invalid", INDEX_INVALID),
    ("index-not-ready", INDEX_NOT_READY),
    ("index-not-live", INDEX_NOT_LIVE),
    ("index-partial", INDEX_PARTIAL),
    ("index-wrong-order", INDEX_WRONG_ORDER),
    ("index-on-expression", INDEX_ON_EXPRESSION),
    ("index-brin", INDEX_BRIN),
    ("index-otherwise", INDEX_OTHERWISE),
    ("grades-index-missing", GRADES_INDEX_MISSING),
    ("grades-missing", GRADES_MISSING),
    ("facts-missing", FACTS_MISSING),
    ("facts-are-a-view", FACTS_ARE_A_VIEW),
    ("column-missing", COLUMN_MISSING),
    ("column-type", COLUMN_TYPE),
    ("no-select", NO_SELECT),
    ("some-columns", SOME_COLUMNS),
    ("other-schema", OTHER_SCHEMA),
    ("no-rows", NO_ROWS),
    ("future-rows", FUTURE_ROWS),
    ("old-rows", OLD_ROWS),
    ("unmarked", UNMARKED),
];
