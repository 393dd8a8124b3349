//! How a person checks the same by hand, in the database and in Chatwoot.

use super::Traffic;
use crate::probe::Explanation;
use crate::probe::database::psql;
use crate::settings::{Drafts, Settings};
use crate::traffic::read;

/// The window of the checklist's own statements, used when the run sets none.
const DEFAULT_MINUTES: f64 = 15.0;

pub(super) fn asked(claim: Traffic, settings: &Settings) -> Explanation {
    let traffic = &settings.target.traffic;
    let minutes = settings
        .watch
        .as_ref()
        .and_then(|watch| watch.length)
        .map_or(DEFAULT_MINUTES, |l| l.as_secs_f64() / 60.0);
    let statements = read::explain(&settings.target.names, minutes);
    let of_dead_letters = |sql: &&String| sql.contains("dead_letter");
    let facts = |dead: bool| -> Vec<String> {
        statements
            .iter()
            .filter(|sql| of_dead_letters(sql) == dead)
            .flat_map(|sql| psql(settings, sql))
            .collect()
    };
    let enough =
        format!("at least {} deliveries; with fewer the check can fail but not pass", traffic.min_events);
    let (question, by_hand, expectations) = match claim {
        Traffic::SuccessRate => (
            "the share of deliveries in the window that succeeded",
            facts(false),
            vec![format!("success_rate: above {}", traffic.success_rate), enough],
        ),
        Traffic::DeadLetters => (
            "the dead letters of the window",
            facts(true),
            vec!["dlq_count: 0, with at least 1 delivery".to_owned()],
        ),
        Traffic::Average => (
            "the average duration of the deliveries in the window",
            facts(false),
            vec![
                format!("avg_duration_ms: below {}", traffic.average_ms),
                format!("at least {} durations, at most 1 % of them unreadable", traffic.min_events),
            ],
        ),
        Traffic::Tiers => (
            "the alert tiers of the runbooks, each over its own period up to the end of the window",
            statements.iter().take(2).flat_map(|sql| psql(settings, sql)).collect(),
            traffic.tiers.iter().map(tier).collect(),
        ),
        Traffic::Database => {
            ("whether the database can be queried", psql(settings, "SELECT 1"), vec!["a result".to_owned()])
        }
        Traffic::Delivered => (
            "the deliveries in the window and, if there are none, the customer messages in Chatwoot at the same time",
            [facts(false), vec![conversations(settings)]].concat(),
            vec![
                "at least 1 delivery; none fails if customers wrote, and is undecided if nobody wrote"
                    .to_owned(),
            ],
        ),
        Traffic::NoLostMessage => (
            "the customer messages of the window, and what each of them got",
            vec![conversations(settings)],
            vec![match traffic.drafts {
                Drafts::On => {
                    format!("each has a draft, a later reply or a dead letter within {}", traffic.patience)
                }
                Drafts::Off => "nothing: with `drafts = \"off\"` messages get no draft".to_owned(),
            }],
        ),
        Traffic::FewerFacts => (
            "the messages of the window in Chatwoot, and the facts of the same time",
            [facts(false), vec![conversations(settings)]].concat(),
            vec!["at least as many facts as incoming and outgoing messages".to_owned()],
        ),
    };
    Explanation { question: question.to_owned(), by_hand, expectations }
}

fn tier(tier: &crate::settings::Tier) -> String {
    let bound = match (tier.success_below, tier.dead_letters_above, tier.attempts_above) {
        (Some(below), ..) => format!("success rate of at least {below}"),
        (_, Some(above), _) => format!("at most {above} dead letters"),
        (_, _, Some(above)) => format!("at most {above} attempts on average"),
        _ => "no limit".to_owned(),
    };
    format!("{}: {bound}, over {}", tier.name, tier.over)
}

fn conversations(settings: &Settings) -> String {
    let vars = &settings.vars;
    let only_alias = vars.filled("CHATWOOT_API_KEY").is_none() && vars.filled("CHATWOOT_API_TOKEN").is_some();
    let key = if only_alias { "CHATWOOT_API_TOKEN" } else { "CHATWOOT_API_KEY" };
    format!(
        "curl -sS -H \"api_access_token: ${key}\" \"$CHATWOOT_BASE_URL/api/v1/accounts/$CHATWOOT_ACCOUNT_ID/conversations?status=all&assignee_type=all&sort_by=last_activity_at_desc\" | jq '[.data.payload[] | {{id, status, last_activity_at}}]'"
    )
}
