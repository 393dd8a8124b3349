use super::*;
use serde_json::json;

const PROFILE: &str = r#"{"access_token":"apiTokenAAAAAAAAAAAAAAAA","account_id":3,"name":"Mara Lind","pubsub_token":"pubsubAAAAAAAAAAAAAAAAAA","role":"administrator","type":null,"accounts":[{"id":3,"name":"Nordlicht \u0026 Co","status":"active","active_at":null,"role":"agent","permissions":["report_manage"],"custom_role_id":4,"custom_role":{"id":4,"name":"Reports","permissions":["report_manage"]}}]}"#;

#[test]
fn a_profile_is_parsed_and_its_credentials_are_found() {
    let body: Value = serde_json::from_str(PROFILE).expect("the sample is JSON");
    let profile = Profile::read(&body).expect("it is a profile");
    let account = profile.account(3).expect("the user is a member");
    assert_eq!(account.name.as_deref(), Some("Nordlicht & Co"));
    assert_eq!(account.role.as_deref(), Some("agent"));
    assert_eq!(account.custom_role.as_deref(), Some("Reports"));
    assert!(profile.account(4).is_none());
    assert_eq!(credentials(&body), ["apiTokenAAAAAAAAAAAAAAAA", "pubsubAAAAAAAAAAAAAAAAAA"]);
    assert!(!format!("{profile:?}").contains("AAAA"));
}

#[test]
fn a_profile_without_readable_accounts_is_an_error() {
    for body in [
        json!({}),
        json!({"accounts": null}),
        json!({"accounts": {"id": 3}}),
        json!([]),
        json!({"accounts": [{"id": "3"}]}),
    ] {
        assert!(Profile::read(&body).is_err(), "{body}");
    }
    assert!(Profile::read(&json!({"accounts": []})).is_ok_and(|p| p.account(3).is_none()));
}

#[test]
fn both_shapes_of_the_webhook_list_are_parsed() {
    let entry = json!({"id": 8, "name": null, "url": "https://app.example/api/webhooks/chatwoot", "account_id": 3,
        "subscriptions": ["message_created"], "secret": "secretAAAAAAAAAAAAAAAAAA"});
    for body in [json!({"payload": {"webhooks": [entry]}}), json!([entry])] {
        let list = Webhook::read_list(&body).expect("it is a list");
        assert_eq!(list.len(), 1);
        assert_eq!(list[0].subscriptions, Some(vec!["message_created".to_owned()]));
        assert!(matches!(list[0].secret, Shown::Value(_)));
        assert!(!format!("{list:?}").contains("secretAAA"));
    }
    assert_eq!(Webhook::read_list(&json!({"payload": {"webhooks": []}})), Ok(Vec::new()));
}

#[test]
fn a_partly_unreadable_webhook_list_is_an_error() {
    for body in [
        json!({}),
        json!({"payload": []}),
        json!({"payload": {"webhooks": null}}),
        json!({"payload": {"webhook": {}}}),
        json!([{"id": 1}]),
        json!([null]),
        json!("[]"),
    ] {
        assert!(Webhook::read_list(&body).is_err(), "{body}");
    }
}

#[test]
fn missing_webhook_fields_stay_unknown() {
    let list =
        Webhook::read_list(&json!([{"url": "u", "subscriptions": [1], "secret": null}])).expect("a list");
    assert_eq!(list[0].subscriptions, None);
    assert_eq!(list[0].secret, Shown::Empty);
    assert_eq!(Webhook::read_list(&json!([{"url": "u"}])).expect("a list")[0].secret, Shown::Absent);
}

#[test]
fn signing_depends_on_the_version() {
    let api = |version: Option<&str>| Api { version: version.map(str::to_owned), ..Api::default() };
    assert_eq!(api(Some("4.8.0")).signs(), Some(false));
    assert_eq!(api(Some("4.11.1")).signs(), Some(false));
    assert_eq!(api(Some("4.12.0")).signs(), Some(true));
    assert_eq!(api(Some("5.0.0")).signs(), Some(true));
    assert_eq!(api(Some("4.16.2-ce")).signs(), Some(true));
    assert_eq!(api(Some("develop")).signs(), None);
    assert_eq!(api(None).signs(), None);
}

#[test]
fn json_of_another_program_is_rejected() {
    assert!(Api::read(&json!({"status": "ok"})).is_err());
    assert!(Api::read(&json!([])).is_err());
    let api =
        Api::read(&json!({"version": "4.8.0", "queue_services": null})).expect("a response of Chatwoot");
    assert_eq!(api.queue_services, Some(Value::Null));
    assert_eq!(api.data_services, None);
}
