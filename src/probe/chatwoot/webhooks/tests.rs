//! Webhook lists as real installations have them.

use super::*;
use crate::outcome::Verdict;
use crate::probe::chatwoot::samples::{lost, page};
use serde_json::{Value, json};

const URL: &str = "https://app.example/api/webhooks/chatwoot";
const API_48: &str = r#"{"version":"4.8.0","queue_services":"ok","data_services":"ok"}"#;
const API_412: &str = r#"{"version":"4.12.1","queue_services":"ok","data_services":"ok"}"#;
const ROLE: &str = r#"{"error":"You are not authorized to do this action"}"#;

fn target() -> Target {
    Target { webhook_url: Some(URL.to_owned()), ..Target::default() }
}

fn hook(id: u64, url: &str, events: &[&str]) -> Value {
    json!({"id": id, "name": null, "url": url, "account_id": 3, "subscriptions": events})
}

fn list(hooks: &[Value]) -> Seen {
    page(200, &json!({"payload": {"webhooks": hooks}}).to_string())
}

fn good() -> Value {
    hook(8, URL, &["conversation_created", "conversation_status_changed", "message_created"])
}

fn of(finding: &Finding) -> Verdict {
    Verdict::of(&finding.claims)
}

/// The fix of the first claim that does not hold.
fn fix(finding: &Finding) -> &str {
    let broken = finding.claims.iter().find(|claim| claim.holds != Some(true)).expect("one does not hold");
    broken.fix.as_deref().or(finding.fix.as_deref()).unwrap_or_default()
}

fn about() -> Finding {
    Finding::about("x")
}

#[test]
fn the_list_is_read_in_either_shape_or_fails_with_its_cause() {
    assert_eq!(of(&listed(about(), &list(&[good()]))), Verdict::Pass);
    assert_eq!(of(&listed(about(), &list(&[]))), Verdict::Pass);
    assert_eq!(of(&listed(about(), &page(200, &json!([good()]).to_string()))), Verdict::Pass);
    let broken = listed(about(), &page(500, r#"{"status":500,"error":"Internal Server Error"}"#));
    assert_eq!(of(&broken), Verdict::Fail);
    assert!(fix(&broken).contains("rails db:chatwoot_prepare"));
    let role = listed(about(), &page(401, ROLE));
    assert_eq!(of(&role), Verdict::Fail);
    assert!(fix(&role).contains("administrator"));
    for seen in [page(200, "<html>"), page(200, "{}"), page(200, "[{}]"), page(404, ""), lost()] {
        assert_eq!(of(&listed(about(), &seen)), Verdict::Fail, "{seen:?}");
    }
}

#[test]
fn a_second_webhook_is_found_however_its_url_is_spelled() {
    assert_eq!(of(&single(about(), &list(&[good()]), &target())), Verdict::Pass);
    assert_eq!(of(&single(about(), &list(&[]), &target())), Verdict::Pass);
    for second in [
        "https://app.example/api/webhooks/chatwoot/",
        "https://APP.example/api/webhooks/chatwoot",
        "https://app.example./other",
        "https://app.example/api/webhooks/chatwoot?x=1",
        "http://app.example/api/webhooks/chatwoot",
        "https://u:p@app.example/",
        " https://app.example/api/webhooks/chatwoot",
        "see https://app.example/api",
    ] {
        let finding = single(about(), &list(&[good(), hook(9, second, &["message_created"])]), &target());
        assert_eq!(of(&finding), Verdict::Fail, "{second}");
    }
    for other in ["https://app.example.org/", "https://staging.app.example/", "https://app.example:8443/"] {
        let finding = single(about(), &list(&[good(), hook(9, other, &[])]), &target());
        assert_eq!(of(&finding), Verdict::Pass, "{other}");
    }
}

#[test]
fn a_webhook_of_the_host_must_be_as_configured() {
    let judge = |hooks: &[Value]| of(&configured(about(), &list(hooks), &target()));
    assert_eq!(judge(&[good()]), Verdict::Pass);
    assert_eq!(
        judge(&[hook(8, &format!("{URL}/"), &["message_created", "conversation_status_changed"])]),
        Verdict::Fail
    );
    assert_eq!(judge(&[hook(8, URL, &["message_created"])]), Verdict::Fail);
    assert_eq!(judge(&[hook(8, URL, &["conversation_status_changed"])]), Verdict::Fail);
    assert_eq!(judge(&[hook(8, URL, &[])]), Verdict::Fail);
    assert_eq!(judge(&[json!({"id": 8, "url": URL})]), Verdict::Inconclusive);
    assert_eq!(judge(&[hook(7, "https://app.example/old", &["message_created"]), good()]), Verdict::Pass);
}

#[test]
fn a_webhook_without_messages_fails_even_when_the_configuration_lists_no_events() {
    let target = Target { webhook_events: Vec::new(), ..target() };
    let finding = configured(about(), &list(&[hook(8, URL, &["inbox_created"])]), &target);
    assert_eq!(of(&finding), Verdict::Fail);
    assert_eq!(
        finding.fix.as_deref(),
        Some("edit the webhook and select message_created (Chatwoot: Settings, Integrations, Webhooks)")
    );
}

#[test]
fn an_event_that_chatwoot_does_not_have_is_named_in_the_fix() {
    let events = vec!["message_created".to_owned(), "conversation_resolved".to_owned()];
    let target = Target { webhook_events: events, ..target() };
    let finding = configured(about(), &list(&[good()]), &target);
    assert_eq!(of(&finding), Verdict::Fail);
    assert!(finding.fix.is_some_and(|f| f.contains("remove `conversation_resolved` from `webhook_events`")));
}

#[test]
fn a_missing_webhook_is_a_warning_for_configured_and_a_failure_for_present() {
    let empty = configured(about(), &list(&[]), &target());
    assert_eq!(of(&empty), Verdict::Pass);
    assert_eq!(empty.claims[0].found, "no webhook for app.example yet");
    assert_eq!(empty.warnings.len(), 1);
    let absent = present(about(), &list(&[hook(1, "https://else.example/", &[])]), &target());
    assert_eq!(of(&absent), Verdict::Fail);
    assert_eq!(absent.claims[0].reason(), "Chatwoot has no webhook for app.example yet");
    assert!(fix(&absent).contains("Configure Webhook Endpoints"));
    assert_eq!(of(&present(about(), &list(&[good()]), &target())), Verdict::Pass);
}

#[test]
fn without_a_configured_url_or_a_readable_list_nothing_passes() {
    let bare = Target::default();
    for judge in [single, present, configured] {
        let open = judge(about(), &list(&[good()]), &bare);
        assert_eq!(of(&open), Verdict::Inconclusive);
        assert_eq!(open.claims[0].reason(), "`webhook_url` is not configured for production");
        assert!(fix(&open).contains("add `webhook_url ="), "{}", fix(&open));
        assert_eq!(of(&judge(about(), &page(401, ROLE), &target())), Verdict::Inconclusive);
        assert_eq!(of(&judge(about(), &page(200, "{}"), &target())), Verdict::Inconclusive);
        assert_eq!(of(&judge(about(), &page(500, ""), &target())), Verdict::Fail);
        assert_eq!(of(&judge(about(), &lost(), &target())), Verdict::Fail);
    }
}

fn signed(id: u64, secret: Value) -> Value {
    let mut hook = good();
    hook["id"] = json!(id);
    hook["secret"] = secret;
    hook
}

fn secret_of(hooks: &[Value], api: &str, ours: Option<&str>) -> Finding {
    secret(about(), &list(hooks), &page(200, api), &target(), ours)
}

const THEIRS: &str = "secretAAAAAAAAAAAAAAAAAA";

#[test]
fn a_shown_secret_must_be_ours() {
    let hooks = [signed(8, json!(THEIRS))];
    assert_eq!(of(&secret_of(&hooks, API_412, Some(THEIRS))), Verdict::Pass);
    let other = secret_of(&hooks, API_412, Some("secretBBBBBBBBBBBBBBBBBB"));
    assert_eq!(of(&other), Verdict::Fail);
    assert!(!format!("{other:?}").contains("AAAA") && !format!("{other:?}").contains("BBBB"));
    let padded = secret_of(&hooks, API_412, Some("secretAAAAAAAAAAAAAAAAAA\n"));
    assert_eq!(of(&padded), Verdict::Fail);
    assert!(padded.claims[0].found.contains("whitespace"));
    assert_eq!(of(&secret_of(&hooks, API_412, None)), Verdict::Inconclusive);
    let two = [signed(8, json!(THEIRS)), signed(9, json!("secretCCCCCCCCCCCCCCCCCC"))];
    assert_eq!(of(&secret_of(&two, API_412, Some(THEIRS))), Verdict::Fail);
}

#[test]
fn a_secret_that_is_not_shown_passes_only_where_the_version_has_none() {
    let old = secret_of(&[good()], API_48, Some(THEIRS));
    assert_eq!(of(&old), Verdict::Pass);
    assert!(old.warnings[0].contains("does not sign"));
    assert_eq!(of(&secret_of(&[good()], API_48, None)), Verdict::Pass);
    assert_eq!(of(&secret_of(&[good()], API_412, Some(THEIRS))), Verdict::Inconclusive);
    assert_eq!(of(&secret_of(&[good()], r#"{"version":"develop"}"#, Some(THEIRS))), Verdict::Inconclusive);
    assert_eq!(of(&secret_of(&[good()], "<html>", Some(THEIRS))), Verdict::Inconclusive);
    for empty in [json!(null), json!(""), json!(7)] {
        assert_eq!(of(&secret_of(&[signed(8, empty)], API_412, Some(""))), Verdict::Inconclusive);
    }
}

#[test]
fn without_a_webhook_the_secret_passes_with_a_warning_and_a_refusal_is_undecided() {
    let none = secret_of(&[hook(1, "https://else.example/", &[])], API_412, Some(THEIRS));
    assert_eq!(of(&none), Verdict::Pass);
    assert_eq!(none.warnings.len(), 1);
    let role = secret(about(), &page(401, ROLE), &page(200, API_412), &target(), Some(THEIRS));
    assert_eq!(of(&role), Verdict::Inconclusive);
    let unconfigured =
        secret(about(), &list(&[good()]), &page(200, API_412), &Target::default(), Some(THEIRS));
    assert_eq!(of(&unconfigured), Verdict::Inconclusive);
}
