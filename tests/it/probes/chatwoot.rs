//! The probe of Chatwoot's services.

use serde_json::json;

use crate::support::bench::Bench;

#[test]
fn a_repeated_json_key_does_not_hide_a_failing_service() {
    let bench = Bench::new();
    let body = r#"{"version":"4.8.0","queue_services":"failing","queue_services":"ok","data_services":"ok"}"#;
    bench.control("chatwoot", json!({ "set": { "GET /api": { "status": 200, "body": body } } }));
    let ran = bench.preflight(&["--only", "chatwoot.services"]);
    assert_eq!((ran.code, ran.verdict("chatwoot.services").as_str()), (1, "fail"), "{}", ran.problems());
}
