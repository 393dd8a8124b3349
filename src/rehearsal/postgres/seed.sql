-- A good database: the tables of the support pipeline, the indexes that serve its questions, and a few
-- hundred recent, healthy facts in the shapes that the app writes.
set timezone to 'UTC';

create table dashboard_facts (
    id bigserial primary key,
    shop_domain text,
    fact_type text not null,
    scope text,
    value jsonb not null,
    metadata jsonb,
    recorded_at timestamptz not null default now()
);
create index dashboard_facts_fact_type_recorded_at_idx on dashboard_facts (fact_type, recorded_at);

create table customer_grades (
    id bigserial primary key,
    conversation_id bigint not null,
    tone integer check (tone between 1 and 5),
    accuracy integer check (accuracy between 1 and 5),
    policy integer check (policy between 1 and 5),
    created_at timestamptz not null default now()
);
create index customer_grades_created_at_idx on customer_grades (created_at);

-- By this table a run recognises that its database is not production's.
create table hotdash_ops_sandbox (
    note text not null,
    created_at timestamptz not null default now()
);
insert into hotdash_ops_sandbox (note) values ('a database of the rehearsal');

-- Deliveries: one every fifteen seconds over the last hour; one in forty needed a second attempt.
insert into dashboard_facts (shop_domain, fact_type, scope, value, metadata, recorded_at)
select 'hotrodan.myshopify.com', 'support.webhook.retry', 'ops',
       jsonb_build_object('attempts', case when n % 40 = 0 then 2 else 1 end, 'success', true,
                          'durationMs', 90 + (n * 37) % 140, 'finalStatus', 200),
       jsonb_build_object('timestamp', to_char(at - interval '20 milliseconds', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')),
       at
from (select n, now() - n * interval '15 seconds' - interval '2 seconds' as at from generate_series(0, 239) n) d;

-- One dead letter, last week's.
insert into dashboard_facts (shop_domain, fact_type, scope, value, metadata, recorded_at)
select 'hotrodan.myshopify.com', 'support.webhook.dead_letter', 'ops',
       jsonb_build_object('payload', jsonb_build_object('event', 'message_created', 'id', 77,
                                                        'content', 'Where is my order?'),
                          'attempts', 3, 'lastError', 'HTTP 503',
                          'agentEndpoint', 'https://hotdash-agent-service.fly.dev/webhooks/chatwoot'),
       jsonb_build_object('timestamp', to_char(now() - interval '5 days', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
                          'requires_manual_review', true),
       now() - interval '5 days';

insert into dashboard_facts (shop_domain, fact_type, scope, value, metadata, recorded_at)
select 'hotrodan.myshopify.com', 'support.conversation.resolved', 'ops',
       jsonb_build_object('response_time_minutes', 3 + (n * 7) % 22), '{}', now() - n * interval '90 minutes'
from generate_series(1, 60) n;

insert into dashboard_facts (shop_domain, fact_type, scope, value, metadata, recorded_at)
select 'hotrodan.myshopify.com', 'support.conversation.tags', 'ops',
       jsonb_build_object('tags', case n % 3 when 0 then '["shipping", "refund"]'::jsonb
                                             when 1 then '["shipping"]' else '["fitment"]' end),
       '{}', now() - n * interval '2 hours'
from generate_series(1, 40) n;

insert into dashboard_facts (shop_domain, fact_type, scope, value, metadata, recorded_at)
select 'hotrodan.myshopify.com', 'support.escalation', 'ops',
       jsonb_build_object('reason', case n % 2 when 0 then 'policy' else 'refund' end), '{}',
       now() - n * interval '20 hours'
from generate_series(1, 6) n;

insert into dashboard_facts (shop_domain, fact_type, scope, value, metadata, recorded_at)
select 'hotrodan.myshopify.com',
       case n % 2 when 0 then 'support.queue.status' else 'support.conversation.status' end, 'ops',
       jsonb_build_object('status', case n % 5 when 0 then 'resolved' else 'open' end), '{}',
       now() - n * interval '10 minutes'
from generate_series(1, 30) n;

insert into customer_grades (conversation_id, tone, accuracy, policy, created_at)
select 1000 + n, 4 + n % 2, 4 + (n / 2) % 2, case n % 6 when 0 then null else 5 end, now() - n * interval '4 hours'
from generate_series(1, 40) n;

analyze dashboard_facts;
analyze customer_grades;
