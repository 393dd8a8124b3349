set role hotdash;
create table "DashboardFact" (
    id serial primary key,
    "shopDomain" text not null,
    "factType" text not null,
    scope text,
    value jsonb not null,
    metadata jsonb,
    "createdAt" timestamp(3) without time zone not null default current_timestamp,
    "updatedAt" timestamp(3) without time zone not null
);
create index "DashboardFact_shopDomain_factType_idx" on "DashboardFact" ("shopDomain", "factType");
create index "DashboardFact_createdAt_idx" on "DashboardFact" ("createdAt");

insert into "DashboardFact" ("shopDomain", "factType", scope, value, metadata, "createdAt", "updatedAt")
select shop_domain, fact_type, scope, value, metadata,
       recorded_at at time zone 'UTC', recorded_at at time zone 'UTC'
from dashboard_facts order by id;
drop table dashboard_facts;
grant select on "DashboardFact" to ops_reader, ops_bypass, ops_single, ops_berlin;
reset role;
analyze "DashboardFact";
