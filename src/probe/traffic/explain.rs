//! How a person asks the facts, and Chatwoot, the same by hand.

use super::Traffic;
use crate::probe::Asked;
use crate::probe::database::psql;
use crate::settings::{Drafts, Settings};
use crate::traffic::read;

/// The window of the checklist's own statements, where a run names none.
const USUAL_MINUTES: f64 = 15.0;

pub(super) fn asked(claim: Traffic, settings: &Settings) -> Asked {
    let traffic = &settings.target.traffic;
    let minutes = settings
        .watch
        .as_ref()
        .and_then(|watch| watch.length)
        .map_or(USUAL_MINUTES, |l| l.as_secs_f64() / 60.0);
    let statements = read::explain(&settings.target.names, minutes);
    // Dead letters are facts of their own kind, and every statement names the kind it reads.
    let of_dead_letters = |sql: &&String| sql.contains("dead_letter");
    let facts = |dead: bool| -> Vec<String> {
        statements
            .iter()
            .filter(|sql| of_dead_letters(sql) == dead)
            .flat_map(|sql| psql(settings, sql))
            .collect()
    };
    let enough = format!("{} deliveries or more; fewer may fail it and never pass it", traffic.min_events);
    let (question, by_hand, expectations) = match claim {
        Traffic::SuccessRate => (
            "the share of deliveries in the window that succeeded",
            facts(false),
            vec![format!("success_rate: above {}", traffic.success_rate), enough],
        ),
        Traffic::DeadLetters => (
            "the dead letters of the window",
            facts(true),
            vec!["dlq_count: 0, beside at least one delivery".to_owned()],
        ),
        Traffic::Average => (
            "the mean of the window's durations",
            facts(false),
            vec![
                format!("avg_duration_ms: below {}", traffic.average_ms),
                format!("{} durations or more; at most 1 % of them unreadable", traffic.min_events),
            ],
        ),
        Traffic::Tiers => (
            "the runbooks' tiers, each over its own time up to the window's end",
            statements.iter().take(2).flat_map(|sql| psql(settings, sql)).collect(),
            traffic.tiers.iter().map(tier).collect(),
        ),
        Traffic::Database => {
            ("the statement over the whole window", psql(settings, "SELECT 1"), vec!["an answer".to_owned()])
        }
        Traffic::Delivered => (
            "deliveries in the window, and if there are none: customers' messages in Chatwoot in the same time",
            [facts(false), vec![conversations(settings)]].concat(),
            vec![
                "deliveries; none although customers write is deaf, none because nobody writes is quiet"
                    .to_owned(),
            ],
        ),
        Traffic::NoLostMessage => (
            "customers' messages of the window, and what became of each",
            vec![conversations(settings)],
            vec![match traffic.drafts {
                Drafts::On => {
                    format!("each has a draft, a later reply or a dead letter after {}", traffic.patience)
                }
                Drafts::Off => "nothing: `drafts = \"off\"` says that messages get neither".to_owned(),
            }],
        ),
        Traffic::FewerFacts => (
            "messages of the window in Chatwoot, and facts of the same time",
            [facts(false), vec![conversations(settings)]].concat(),
            vec!["as many facts as incoming and outgoing messages, or more".to_owned()],
        ),
    };
    Asked { question: question.to_owned(), by_hand, expectations }
}

fn tier(tier: &crate::settings::Tier) -> String {
    let bound = match (tier.success_below, tier.dead_letters_above, tier.attempts_above) {
        (Some(below), ..) => format!("success of {below} or more"),
        (_, Some(above), _) => format!("{above} dead letters or fewer"),
        (_, _, Some(above)) => format!("{above} attempts or fewer on average"),
        _ => "no bound".to_owned(),
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
