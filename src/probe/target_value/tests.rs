use super::*;
use crate::input::interval::Interval;
use crate::settings::fingerprint::fingerprint;
use crate::settings::{Target, Vars};

const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
const DB: &str = "postgres://app:8sK1x0@db.hotrodan.com/app";

fn settings(target: Target, others: Vec<Target>, vars: &[(&str, &str)]) -> Settings {
    Settings {
        target,
        others,
        vars: Vars::new(vars.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))),
        config: None,
        fingerprint_key: Some(KEY.to_owned()),
        app_dir: None,
        ca_file: None,
        checks: None,
        selection: Default::default(),
        strict: false,
        timeout: Interval::seconds(60),
        watch: None,
        attest: Default::default(),
        runs_dir: None,
    }
}

fn named(name: &str) -> Target {
    Target { name: name.to_owned(), ..Target::default() }
}

fn chatwoot() -> TargetValue {
    TargetValue {
        var: "CHATWOOT_BASE_URL".to_owned(),
        expected: Some("chatwoot_host".to_owned()),
        secret: false,
    }
}

fn account() -> TargetValue {
    TargetValue {
        var: "CHATWOOT_ACCOUNT_ID".to_owned(),
        expected: Some("account_id".to_owned()),
        secret: false,
    }
}

fn secret(var: &str) -> TargetValue {
    TargetValue { var: var.to_owned(), expected: None, secret: true }
}

/// The claims as `code=holds`, in order.
fn claims(belongs: &TargetValue, settings: &Settings) -> Vec<String> {
    let finding = belongs.judge(settings).expect("the probe runs");
    let sign = |holds| match holds {
        Some(true) => "yes",
        Some(false) => "no",
        None => "open",
    };
    finding.claims.iter().map(|c| format!("{}={}", c.code, sign(c.holds))).collect()
}

fn host_of(url: &str, target: Target, others: Vec<Target>) -> Vec<String> {
    claims(&chatwoot(), &settings(target, others, &[("CHATWOOT_BASE_URL", url)]))
}

fn with_host(name: &str, host: &str) -> Target {
    Target { chatwoot_host: Some(host.to_owned()), ..named(name) }
}

fn printed(name: &str, var: &str, value: &str) -> Target {
    let print = fingerprint(KEY, var, value).expect("it has a fingerprint");
    Target { fingerprints: [(var.to_owned(), print)].into(), ..named(name) }
}

#[test]
fn a_host_is_compared_with_the_configured_one() {
    let of = |url: &str, host: &str| host_of(url, with_host("production", host), vec![]);
    let right = ["scheme=yes", "not-this-machine=yes", "host=yes"];
    for (url, host) in [
        ("https://chat.hotrodan.com", "chat.hotrodan.com"),
        ("https://chat.hotrodan.com/", "Chat.Hotrodan.com"),
        ("https://chat.hotrodan.com:443", "chat.hotrodan.com"),
        ("https://chat.hotrodan.com", "chat.hotrodan.com:443"),
        ("https://chat.hotrodan.com:8443/base", "chat.hotrodan.com:8443"),
        ("https://chat.hotrodan.com.", "chat.hotrodan.com"),
    ] {
        assert_eq!(of(url, host), right, "{url} {host}");
    }
    for (url, host) in [
        ("https://chat.hotrodan.com", "chat2.hotrodan.com"),
        ("https://chat.hotrodan.com:8443", "chat.hotrodan.com"),
        ("https://chat.hotrodan.com.evil.net", "chat.hotrodan.com"),
    ] {
        assert_eq!(of(url, host)[2], "host=no", "{url} {host}");
    }
    for host in ["https://chat.hotrodan.com", "", "chat.hotrodan.com/x", "a b"] {
        assert_eq!(of("https://chat.hotrodan.com", host)[2], "host=open", "{host}");
    }
}

#[test]
fn production_requires_https_and_another_machine() {
    let of = |url: &str| host_of(url, with_host("production", "127.0.0.1:4000"), vec![]);
    assert_eq!(of("http://127.0.0.1:4000"), ["scheme=no", "not-this-machine=no", "host=yes"]);
    let staging = host_of("http://127.0.0.1:4000", with_host("staging", "127.0.0.1:4000"), vec![]);
    assert_eq!(staging, ["host=yes"]);
}

#[test]
fn an_unconfigured_value_is_undecided_with_the_line_to_add() {
    let settings = settings(named("staging"), vec![], &[("CHATWOOT_BASE_URL", "https://chat.hotrodan.com")]);
    let finding = chatwoot().judge(&settings).expect("the probe runs");
    assert_eq!(finding.claims[0].holds, None);
    assert_eq!(
        finding.claims[0].reason(),
        "`chatwoot_host` is not configured for staging, so CHATWOOT_BASE_URL (chat.hotrodan.com) cannot be checked"
    );
    let fix = finding.claims[0].fix.as_deref().unwrap_or_default();
    assert!(fix.starts_with("add `chatwoot_host") && fix.contains("[targets.staging]"), "{fix}");
}

#[test]
fn the_host_of_another_target_fails() {
    let url = "https://staging.hotrodan.com";
    let staging = || with_host("staging", "staging.hotrodan.com");
    assert_eq!(
        host_of(url, with_host("production", "chat.hotrodan.com"), vec![staging()]),
        ["scheme=yes", "not-this-machine=yes", "host=no", "other-targets=no"]
    );
    assert_eq!(host_of(url, named("production"), vec![staging()])[2..], ["host=open", "other-targets=no"]);
    let shared = host_of(url, with_host("production", "staging.hotrodan.com"), vec![staging()]);
    assert_eq!(shared, ["scheme=yes", "not-this-machine=yes", "host=yes"]);
    let silent = host_of(url, with_host("production", "staging.hotrodan.com"), vec![named("staging")]);
    assert_eq!(silent, shared);
}

#[test]
fn account_ids_are_numbers() {
    let of = |value: &str, own, other| {
        let target = |name: &str, id| Target { account_id: id, ..named(name) };
        let vars = [("CHATWOOT_ACCOUNT_ID", value)];
        claims(&account(), &settings(target("production", own), vec![target("staging", other)], &vars))
    };
    assert_eq!(of("3", Some(3), Some(4)), ["account-id=yes", "other-targets=yes"]);
    assert_eq!(of("4", Some(3), Some(4)), ["account-id=no", "other-targets=no"]);
    assert_eq!(of("3", None, None), ["account-id=open"]);
    let malformed = settings(named("production"), vec![], &[("CHATWOOT_ACCOUNT_ID", "hunter22")]);
    let error = account().judge(&malformed).expect_err("it is not a number");
    assert!(!error.why.contains("hunter"));
}

#[test]
fn a_secret_is_compared_by_its_fingerprint() {
    let var = "CHATWOOT_API_KEY";
    let of = |target, others| {
        claims(&secret(var), &settings(target, others, &[(var, "ours-1234"), ("DATABASE_URL", DB)]))
    };
    let own = "own-value=yes";
    assert_eq!(of(printed("production", var, "ours-1234"), vec![]), ["fingerprint=yes", own]);
    assert_eq!(of(printed("production", var, "theirs-12"), vec![]), ["fingerprint=no", own]);
    assert_eq!(of(named("production"), vec![]), [own]);
    let against = "other-targets";
    assert_eq!(
        of(named("production"), vec![printed("staging", var, "theirs-12")]),
        [&format!("{against}=yes"), own]
    );
    assert_eq!(
        of(named("production"), vec![printed("staging", var, "ours-1234")]),
        [&format!("{against}=no"), own]
    );
    assert_eq!(of(named("production"), vec![named("staging")]), [&format!("{against}=open"), own]);
    let mut torn = named("staging");
    torn.fingerprints.insert(var.to_owned(), "abc".to_owned());
    assert_eq!(of(named("production"), vec![torn]), [&format!("{against}=open"), own]);
}

#[test]
fn without_a_key_fingerprints_cannot_be_compared() {
    let var = "CHATWOOT_WEBHOOK_SECRET";
    for key in [None, Some("nonsense".to_owned())] {
        let mut settings = settings(
            printed("production", var, "ours-1234"),
            vec![printed("staging", var, "theirs-12")],
            &[(var, "ours-1234")],
        );
        settings.fingerprint_key = key;
        assert_eq!(claims(&secret(var), &settings), ["fingerprint=open", "other-targets=open"]);
    }
}

#[test]
fn a_check_that_compared_nothing_never_passes() {
    let alone = settings(named("sandbox"), vec![], &[("DATABASE_URL", DB)]);
    assert_eq!(claims(&secret("DATABASE_URL"), &alone), ["fingerprint=open"]);
    let no_password = settings(
        named("sandbox"),
        vec![],
        &[("DATABASE_URL", "postgres://app@db.hotrodan.com/app"), ("CHATWOOT_API_KEY", "ours-1234")],
    );
    assert_eq!(claims(&secret("DATABASE_URL"), &no_password), ["fingerprint=open"]);
    let of_name = |name: &str| {
        let target = Target { database: Some(name.to_owned()), ..named("sandbox") };
        claims(&secret("DATABASE_URL"), &settings(target, vec![], &[("DATABASE_URL", DB)]))
    };
    assert_eq!((of_name("app"), of_name("other")), (vec!["database=yes".into()], vec!["database=no".into()]));
    let in_production = settings(named("production"), vec![], &[("DATABASE_URL", DB)]);
    assert_eq!(claims(&secret("DATABASE_URL"), &in_production), ["not-this-machine=yes"]);
}

#[test]
fn one_secret_in_two_variables_fails() {
    let vars = [("CHATWOOT_API_TOKEN", "ours-1234"), ("CHATWOOT_WEBHOOK_SECRET", "ours-1234")];
    let settings = settings(named("production"), vec![], &vars);
    assert_eq!(claims(&secret("CHATWOOT_API_KEY"), &settings), ["own-value=no"]);
    assert_eq!(claims(&secret("CHATWOOT_WEBHOOK_SECRET"), &settings), ["own-value=no"]);
}

#[test]
fn databases_are_compared_by_identity() {
    let var = "DATABASE_URL";
    let of = |value: &str| {
        let vars = [(var, value)];
        let others = vec![printed("staging", var, "postgres://app:x@db.hotrodan.com/staging")];
        claims(&secret(var), &settings(printed("production", var, DB), others, &vars))
    };
    let rotated = of("postgres://app:new@db.hotrodan.com/app?pgbouncer=true");
    assert_eq!(rotated, ["not-this-machine=yes", "fingerprint=yes", "other-targets=yes"]);
    let theirs = of("postgres://app:new@db.hotrodan.com/staging");
    assert_eq!(theirs, ["not-this-machine=yes", "fingerprint=no", "other-targets=no"]);
}

#[test]
fn no_secret_is_ever_shown() {
    let vars = [("CHATWOOT_API_KEY", "hunter22"), ("CHATWOOT_WEBHOOK_SECRET", "hunter22")];
    let settings =
        settings(printed("production", "CHATWOOT_API_KEY", "hunter22"), vec![named("staging")], &vars);
    let finding = secret("CHATWOOT_API_KEY").judge(&settings).expect("the probe runs");
    let print = fingerprint(KEY, "CHATWOOT_API_KEY", "hunter22").expect("it has one");
    let text = format!("{finding:?}");
    assert!(!text.contains("hunter") && !text.contains(&print), "{text}");
}

#[test]
fn a_missing_variable_is_an_error() {
    let empty = settings(named("production"), vec![], &[]);
    for belongs in [chatwoot(), account(), secret("DATABASE_URL")] {
        assert!(belongs.judge(&empty).is_err());
    }
}

#[test]
fn a_check_names_a_key_or_is_a_secret() {
    let lint = |expected: Option<&str>, secret| {
        TargetValue { var: "CHATWOOT_API_KEY".to_owned(), expected: expected.map(str::to_owned), secret }
            .lint()
            .len()
    };
    assert_eq!(lint(Some("agent_host"), false), 0);
    assert_eq!(lint(None, true), 0);
    assert_eq!(lint(None, false), 1);
    assert_eq!(lint(Some("agent_host"), true), 1);
    assert_eq!(lint(Some("nonsense"), false), 1);
}
