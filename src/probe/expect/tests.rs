//! What each operator must accept and reject.

use super::*;
use serde_json::json;

fn expect(json: &str, is: Operator) -> Expect {
    Expect { json: json.to_owned(), is }
}

fn template(text: &str) -> Template {
    Template::parse(text).expect("the template is good")
}

fn equals(text: &str) -> Operator {
    Operator::Equals(template(text))
}

#[test]
fn equals_compares_only_strings() {
    let check = expect("/status", equals("ok"));
    assert_eq!(check.judge(&json!({"status": "ok"}), Some("ok")).holds, Some(true));
    for body in [
        json!({"status": "OK"}),
        json!({"status": "ok "}),
        json!({"status": null}),
        json!({"status": true}),
        json!({"status": ["ok"]}),
        json!({}),
        json!([]),
        json!("ok"),
    ] {
        assert_eq!(check.judge(&body, Some("ok")).holds, Some(false), "{body}");
    }
    assert_eq!(expect("/code", equals("200")).judge(&json!({"code": 200}), Some("200")).holds, Some(false));
}

#[test]
fn one_of_and_contains_need_a_string() {
    let one = expect("/s", Operator::OneOf(vec!["a".into(), "b".into()]));
    assert_eq!(one.judge(&json!({"s": "b"}), None).holds, Some(true));
    assert_eq!(one.judge(&json!({"s": "c"}), None).holds, Some(false));
    assert_eq!(one.judge(&json!({"s": ["a"]}), None).holds, Some(false));
    let contains = expect("/s", Operator::Contains(template("agent")));
    assert_eq!(contains.judge(&json!({"s": "the agent service"}), Some("agent")).holds, Some(true));
    assert_eq!(contains.judge(&json!({"s": "the app"}), Some("agent")).holds, Some(false));
    assert_eq!(contains.judge(&json!({"s": "anything"}), Some("")).holds, Some(false));
}

#[test]
fn limits_need_a_number() {
    let min = expect("/n", Operator::Min(3.0));
    let max = expect("/n", Operator::Max(3.0));
    for (value, at_least, at_most) in [
        (json!(3), true, true),
        (json!(2.5), false, true),
        (json!(4), true, false),
        (json!("3"), false, false),
        (json!(null), false, false),
    ] {
        let body = json!({ "n": value });
        assert_eq!(min.judge(&body, None).holds, Some(at_least), "{body}");
        assert_eq!(max.judge(&body, None).holds, Some(at_most), "{body}");
    }
}

#[test]
fn a_version_out_of_range_fails_and_an_unreadable_one_is_undecided() {
    let check = expect("/version", Operator::Semver(template("${target.agent_version}")));
    let ask = |body: Value| check.judge(&body, Some(">=1.0, <2")).holds;
    assert_eq!(ask(json!({"version": "1.0.0"})), Some(true));
    assert_eq!(ask(json!({"version": "v1.4.2"})), Some(true));
    assert_eq!(ask(json!({"version": "2.0.0"})), Some(false));
    assert_eq!(ask(json!({"version": "0.9.9"})), Some(false));
    assert_eq!(ask(json!({"version": "2.0.0-rc.1"})), Some(false));
    for body in [
        json!({"version": "main-4f1c2d"}),
        json!({"version": "1.0"}),
        json!({"version": null}),
        json!({"version": 1}),
        json!({}),
    ] {
        assert_eq!(ask(body.clone()), None, "{body}");
    }
    assert_eq!(check.judge(&json!({"version": "1.0.0"}), Some("about one")).holds, None);
    let reason = |body: Value| check.judge(&body, Some(">=1.0, <2")).reason();
    assert!(
        reason(json!({"version": "latest"}))
            .starts_with("/version is `latest`, which is not a semantic version")
    );
    assert_eq!(reason(json!({"version": 1})), "/version is 1 (a number), which is not a version");
    assert_eq!(reason(json!({})), "/version is missing, so there is no version to compare");
}

#[test]
fn an_operand_that_is_not_configured_is_undecided_with_the_line_to_add() {
    let check = expect("/name", equals("${target.account_name}"));
    assert_eq!(check.judge(&json!({"name": "HotDash"}), None).holds, None);
    let claim = check.unconfigured(&Target::default()).expect("it is not configured");
    assert_eq!(claim.holds, None);
    assert_eq!(claim.reason(), "`account_name` is not configured for production");
    assert_eq!(
        claim.fix.as_deref(),
        Some("add `account_name = \"NAME\"` under [targets.production] in the configuration")
    );
    assert!(expect("/v", equals("${target.agent_version}")).unconfigured(&Target::default()).is_none());
}

#[test]
fn lint_finds_expectations_that_cannot_judge() {
    assert_eq!(expect("status", equals("ok")).lint().len(), 1);
    assert_eq!(expect("/s", Operator::OneOf(Vec::new())).lint().len(), 1);
    assert_eq!(expect("/s", Operator::Contains(template(""))).lint().len(), 1);
    assert_eq!(expect("/s", Operator::Max(f64::NAN)).lint().len(), 1);
    assert_eq!(expect("/s", Operator::Semver(template("newest"))).lint().len(), 1);
    assert!(expect("/s", Operator::Semver(template("${target.agent_version}"))).lint().is_empty());
    assert!(expect("/s", equals("ok")).lint().is_empty());
}

#[test]
fn explanations_fill_in_the_target_and_keep_variables() {
    let target = Target::default();
    let version = expect("/version", Operator::Semver(template("${target.agent_version}")));
    assert_eq!(version.in_words(&target), "/version is a version that satisfies `>=1.0, <2`");
    let name = expect("/name", equals("${target.account_name} ${CHATWOOT_ACCOUNT_ID}"));
    assert_eq!(name.in_words(&target), "/name is `${target.account_name} $CHATWOOT_ACCOUNT_ID`");
    assert_eq!(expect("", Operator::Min(3.0)).in_words(&target), "the body is a number of at least 3");
}
