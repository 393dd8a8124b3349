set role hotdash;
alter table dashboard_facts rename to facts_in_one_table;
alter index dashboard_facts_fact_type_recorded_at_idx rename to facts_in_one_table_idx;

create table dashboard_facts (
    id bigint not null default nextval('dashboard_facts_id_seq'),
    shop_domain text,
    fact_type text not null,
    scope text,
    value jsonb not null,
    metadata jsonb,
    recorded_at timestamptz not null default now(),
    primary key (id, recorded_at)
) partition by range (recorded_at);

-- Last month, this month and the next, by name so that every run has the same ones, and what falls outside.
do $$
declare
    start date;
    part text;
    step int := 0;
begin
    foreach part in array array['last', 'this', 'next'] loop
        start := date_trunc('month', now()) + (step - 1) * interval '1 month';
        execute format('create table dashboard_facts_%s partition of dashboard_facts for values from (%L) to (%L)',
                       part, start, start + interval '1 month');
        step := step + 1;
    end loop;
end $$;
create table dashboard_facts_other partition of dashboard_facts default;

insert into dashboard_facts select * from facts_in_one_table;
alter sequence dashboard_facts_id_seq owned by dashboard_facts.id;
drop table facts_in_one_table;
create index dashboard_facts_fact_type_recorded_at_idx on dashboard_facts (fact_type, recorded_at);
grant select on dashboard_facts to ops_reader, ops_bypass, ops_single, ops_berlin;
reset role;
