//! `POST .../conversations/filter`.

use reqwest::Method;
use serde_json::{Value, json};

use super::conversations::Asker;
use super::events::{at, resolved};
use super::{Row, judge, row};

const FILTER: &str = "/api/v1/accounts/3/conversations/filter";
const UNHANDLED: &str = r#"{"status":500,"error":"Internal Server Error"}"#;

fn one(key: &str, operator: &str, value: Value, then: Value) -> Value {
    json!({"attribute_key": key, "filter_operator": operator, "values": [value], "query_operator": then})
}

fn post(name: &'static str, conditions: Value) -> Row {
    row(name, Method::POST, FILTER).json(&json!({ "payload": conditions }).to_string())
}

#[tokio::test]
async fn conversations_are_filtered_by_whole_days() {
    let mut state = resolved("4.8.0");
    state.customer_writes(3, None, "hello", at("2026-01-02T00:00:00Z")).unwrap();
    state.customer_writes(3, None, "hello", jiff::Timestamp::now()).unwrap();
    let asker = Asker::of(state).await;
    let day = |operator, value: &str| json!([one("created_at", operator, json!(value), Value::Null)]);
    let both = |then: &str| {
        json!([
            one("created_at", "is_greater_than", json!("2025-12-31"), json!(then)),
            one("status", "equal_to", json!("resolved"), Value::Null),
        ])
    };
    for (conditions, ids) in [
        (day("is_greater_than", "2025-12-31"), vec![320, 319, 318]),
        (day("is_greater_than", "2026-01-01"), vec![320, 319]),
        (day("is_less_than", "2026-01-02"), vec![318]),
        (day("days_before", "1"), vec![319, 318]),
        (both("AND"), vec![318]),
        (both("or"), vec![320, 319, 318]),
        (json!([one("inbox_id", "equal_to", json!(12), Value::Null)]), vec![320, 319, 318]),
        (json!([one("inbox_id", "not_equal_to", json!("12"), Value::Null)]), vec![]),
        (json!([one("display_id", "equal_to", json!("319"), Value::Null)]), vec![319]),
        (json!([one("last_activity_at", "is_less_than", json!("2026-01-02"), Value::Null)]), vec![318]),
    ] {
        let back = asker.ask(Method::POST, FILTER, Some(json!({"payload": conditions}))).await;
        let found = back.json();
        let shown: Vec<_> =
            found["payload"].as_array().unwrap().iter().map(|one| one["id"].as_u64().unwrap()).collect();
        assert_eq!(shown, ids, "{conditions}");
        let count = ids.len();
        assert_eq!(found["meta"], json!({"mine_count": 0, "unassigned_count": count, "all_count": count}));
    }
    let far = format!("{FILTER}?page=2");
    let body = json!({"payload": day("is_greater_than", "2025-12-31")});
    let found = asker.ask(Method::POST, &far, Some(body)).await.json();
    assert_eq!((&found["payload"], &found["meta"]["all_count"]), (&json!([]), &json!(3)));
}

#[tokio::test]
async fn bad_filters_are_rejected() {
    let text = |text: &str| format!(r#"{{"error":"{text}"}}"#);
    let fine = || one("created_at", "is_less_than", json!("2026-01-01"), Value::Null);
    let bot = |row: Row| {
        let token = row.state.bots["bot"].token.clone();
        row.token(&token)
    };
    judge(vec![
        post("operator", json!([one("created_at", "equal_to", json!("2026-01-01"), Value::Null)])).gives(
            422,
            &text("Invalid operator. The allowed operators for created_at are [is_greater_than,is_less_than,days_before]."),
        ),
        post("key", json!([one("nope", "equal_to", json!(1), Value::Null)]))
            .gives_start(422, r#"{"error":"Invalid attribute key - [nope]. The key should be one of [status,"#),
        post("values", json!([{"attribute_key": "created_at", "filter_operator": "is_less_than", "values": []}]))
            .gives(422, &text("Invalid value. The values provided for created_at are invalid")),
        post("query operator", json!([one("created_at", "is_less_than", json!("2026-01-01"), json!("XOR")), fine()]))
            .gives(422, &text(r#"Query operator must be either \"AND\" or \"OR\"."#)),
        row("no payload", Method::POST, FILTER).json("{}").gives(500, UNHANDLED),
        post("no date", json!([one("created_at", "is_less_than", json!("soon"), Value::Null)])).gives(500, UNHANDLED),
        bot(row("bot", Method::POST, FILTER).json("{}"))
            .gives(401, r#"{"error":"Access to this endpoint is not authorized for bots"}"#),
    ])
    .await;
}
