//! `POST .../conversations/filter`: filters conversations of every status by attributes, dates by whole days.

use std::cmp::Reverse;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde_json::{Map, Value, json};

use super::caller::Open;
use super::conversation::Conversation;
use super::rails::{self, Refusal};
use super::state::State;
use crate::rehearsal::http::{Answer, Request};

const DATES: [&str; 3] = ["is_greater_than", "is_less_than", "days_before"];
const EQUALS: [&str; 2] = ["equal_to", "not_equal_to"];

/// The attributes that conversations can be filtered by, with the operators of each.
const KEYS: [(&str, &[&str]); 5] = [
    ("status", &EQUALS),
    ("inbox_id", &EQUALS),
    ("display_id", &EQUALS),
    ("created_at", &DATES),
    ("last_activity_at", &DATES),
];

/// A condition, and whether the next one must hold as well.
struct Condition {
    key: &'static str,
    operator: &'static str,
    values: Vec<Value>,
    and: bool,
}

impl State {
    pub(super) fn filter_conversations(
        &self,
        request: &Request,
        account: &str,
        body: &Map<String, Value>,
        now: Timestamp,
    ) -> Result<Answer, Refusal> {
        let entered = self.enter(request, account, Open::ToPeople)?;
        let conditions = body.get("payload").and_then(Value::as_array).ok_or(Refusal::Unhandled)?;
        let count = conditions.len();
        let conditions = conditions
            .iter()
            .enumerate()
            .map(|(at, one)| condition(one, at + 1 == count))
            .collect::<Result<Vec<_>, _>>()?;
        let today = self.clock(now).to_zoned(TimeZone::UTC).date();
        let mut found = Vec::new();
        for one in self.conversations.of(entered.account) {
            if self.sees(&entered, one.inbox_id) && holds(&conditions, one, today)? {
                found.push(one);
            }
        }
        found.sort_by_key(|one| Reverse((one.last_activity_at, one.id)));
        let payload = self.page_of(request, &found)?;
        let all = found.len();
        let meta = json!({"mine_count": 0, "unassigned_count": all, "all_count": all});
        Ok(rails::ok(&json!({"meta": meta, "payload": payload})))
    }
}

fn condition(one: &Value, last: bool) -> Result<Condition, Refusal> {
    let text = |key: &str| one.get(key).and_then(Value::as_str).unwrap_or_default();
    let refuse = |text: String| Err(Refusal::Unprocessable(text));
    let named = text("attribute_key");
    let Some((key, operators)) = KEYS.iter().find(|(key, _)| *key == named) else {
        let known: Vec<_> = KEYS.iter().map(|(key, _)| *key).collect();
        return refuse(format!(
            "Invalid attribute key - [{named}]. The key should be one of [{}] or a custom attribute defined in the account.",
            known.join(",")
        ));
    };
    let Some(operator) = operators.iter().find(|operator| **operator == text("filter_operator")) else {
        return refuse(format!(
            "Invalid operator. The allowed operators for {key} are [{}].",
            operators.join(",")
        ));
    };
    let values = match one.get("values") {
        Some(Value::Array(values)) => values.clone(),
        None | Some(Value::Null) => Vec::new(),
        Some(value) => vec![value.clone()],
    };
    if values.is_empty() || values.iter().all(|value| value.is_null() || value == "") {
        return refuse(format!("Invalid value. The values provided for {key} are invalid"));
    }
    let and = match text("query_operator").to_ascii_uppercase().as_str() {
        "AND" => true,
        "OR" => false,
        _ if last => true,
        _ => return refuse("Query operator must be either \"AND\" or \"OR\".".to_owned()),
    };
    Ok(Condition { key, operator, values, and })
}

/// Evaluates a chain of AND and OR as SQL does: AND binds tighter.
fn holds(conditions: &[Condition], one: &Conversation, today: Date) -> Result<bool, Refusal> {
    let (mut any, mut all) = (false, true);
    for (at, condition) in conditions.iter().enumerate() {
        all &= condition.holds(one, today)?;
        if !condition.and || at + 1 == conditions.len() {
            any |= all;
            all = true;
        }
    }
    Ok(any)
}

impl Condition {
    fn holds(&self, one: &Conversation, today: Date) -> Result<bool, Refusal> {
        let equals = |own: &str| {
            let same = |value: &Value| match value {
                Value::String(text) => text == own,
                other => other.as_u64().is_some_and(|number| number.to_string() == own),
            };
            self.values.iter().any(same) == (self.operator == "equal_to")
        };
        Ok(match self.key {
            "status" => self.values.iter().any(|value| value == "all") || equals(&one.status),
            "inbox_id" => equals(&one.inbox_id.to_string()),
            "display_id" => equals(&one.id.to_string()),
            "created_at" => self.compares(one.created_at, today)?,
            _ => self.compares(one.last_activity_at, today)?,
        })
    }

    fn compares(&self, time: Timestamp, today: Date) -> Result<bool, Refusal> {
        let value = match self.values.first() {
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
            None => return Err(Refusal::Unhandled),
        };
        let day = time.to_zoned(TimeZone::UTC).date();
        if self.operator == "days_before" {
            let days: i32 = value.parse().map_err(|_| Refusal::Unhandled)?;
            let edge = today.checked_sub(days.days()).map_err(|_| Refusal::Unhandled)?;
            return Ok(day < edge);
        }
        let edge: Date = value.parse().map_err(|_| Refusal::Unhandled)?;
        Ok(if self.operator == "is_greater_than" { day > edge } else { day < edge })
    }
}
