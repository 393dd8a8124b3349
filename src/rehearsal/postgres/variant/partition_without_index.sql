set role hotdash;
drop index dashboard_facts_fact_type_recorded_at_idx;
-- `only` makes the parent's index alone; the partitions' are made and attached one by one, and one is forgotten.
create index dashboard_facts_fact_type_recorded_at_idx on only dashboard_facts (fact_type, recorded_at);
create index facts_last_idx on dashboard_facts_last (fact_type, recorded_at);
create index facts_next_idx on dashboard_facts_next (fact_type, recorded_at);
create index facts_other_idx on dashboard_facts_other (fact_type, recorded_at);
alter index dashboard_facts_fact_type_recorded_at_idx attach partition facts_last_idx;
alter index dashboard_facts_fact_type_recorded_at_idx attach partition facts_next_idx;
alter index dashboard_facts_fact_type_recorded_at_idx attach partition facts_other_idx;
reset role;
