use super::*;
use crate::input::source::Problem;

const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

fn read_text(text: &str) -> Result<Config, Problems> {
    parse(Source { file: "c.toml", text }, &Redactor::new(["a-known-secret"]))
}

fn refused(text: &str) -> Vec<Problem> {
    read_text(text).expect_err(text).0
}

#[test]
fn a_complete_file_is_parsed() {
    let text = format!(
        "target = \"staging\"\nstrict = true\ntimeout = \"5m\"\nfingerprint_key = \"{KEY}\"\n\
         [targets.staging]\nproduction = false\nchatwoot_host = \"chat.example.com\"\nagent_host = \"[::1]:8443\"\n\
         account_id = 3\nwebhook_url = \"https://app.example.com/api/webhooks/chatwoot\"\n\
         webhook_events = [\"message_created\"]\nagent_version = \"^1.2\"\n\
         [targets.staging.thresholds]\nclock_skew = \"20s\"\n\
         [targets.staging.commands]\nsecret-scan = [\"npm\", \"run\", \"scan\"]\n\
         [targets.staging.contacts]\nchatwoot = \"Infrastructure, 30 minutes\"\n\
         [targets.staging.fingerprints]\nCHATWOOT_API_KEY = \"{}\"\nDATABASE_URL = \"{}\"\n\
         [targets.production]\nfly_app = \"hotdash-app\"\n",
        "ab".repeat(16),
        "01".repeat(16),
    );
    let config = read_text(&text).unwrap_or_else(|p| panic!("{p}"));
    assert_eq!(config.targets.iter().map(|t| t.name.as_str()).collect::<Vec<_>>(), ["production", "staging"]);
    assert_eq!(config.targets[1].fingerprints.len(), 2);
    assert_eq!((config.strict, config.target.as_deref()), (Some(true), Some("staging")));
    assert!(config.notes.is_empty(), "{:?}", config.notes);
}

#[test]
fn every_problem_is_reported_with_its_line() {
    let text = "tagret = \"x\"\n\
                timeout = \"soon\"\n\
                fly_app = \"a\"\n\
                strict = 1\n\
                [targets.production]\n\
                account_id = -3\n\
                fly_ap = \"b\"\n\
                grading = \"on\"\n\
                [targets.staging]\n\
                webhook_url = \"ftp://x/y\"\n\
                agent_version = \"one\"\n\
                webhook_events = []\n\
                chatwoot_host = \"https://chat.example.com/\"\n\
                agent_host = \"a/b\"\n\
                account_id = 0\n\
                names.facts = \"\"\n\
                thresholds.webhook_tests = 0\n\
                commands.unit = []\n\
                database = \" \"\n\
                [targets.\"a b\"]\n";
    let problems = refused(text);
    let lines: Vec<usize> = problems.iter().map(|p| p.line).collect();
    assert_eq!(lines, [1, 2, 3, 4, 6, 7, 8, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20]);
    let message = |line: usize| &problems.iter().find(|p| p.line == line).expect("it has one").message;
    assert!(message(1).contains("did you mean `target`?"), "{}", message(1));
    assert!(message(3).contains("move it under [targets.NAME]"), "{}", message(3));
    assert!(
        message(7).contains("did you mean `fly_app`?") && message(7).contains("expected one of"),
        "{}",
        message(7)
    );
    assert!(problems.iter().all(|p| p.excerpt.contains('^')), "{problems:#?}");
}

#[test]
fn empty_and_broken_files_are_refused() {
    for text in ["", " \n\n", "\u{feff}"] {
        assert!(refused(text)[0].message.starts_with("is empty"), "{text:?}");
    }
    assert!(refused("a = \nb = = 1\n").len() >= 2);
    assert!(refused("targets = 3\n")[0].message.contains("[targets.NAME]"));
    assert!(refused("[targets]\nproduction = \"x\"\n")[0].message.contains("[targets.production]"));
    assert!(refused("app_dir = \"~/app\"\n")[0].message.contains("is not expanded"));
    assert!(refused("ca_file = \"\"\n")[0].message.contains("path is empty"));
}

#[test]
fn an_unknown_chatwoot_event_is_reported() {
    let events = |event: &str| format!("[targets.a]\nwebhook_events = [\"{event}\"]\n");
    assert!(refused(&events("mesage_created"))[0].message.contains("did you mean `message_created`?"));
    assert!(refused(&events("conversation_resolved"))[0].message.contains("conversation_status_changed"));
    let config = read_text(&events("something_of_a_later_version")).expect("it is only odd");
    assert_eq!(config.notes.len(), 1);
}

/// Every way in which a secret has been put into such a file; `hunter2` is the secret and is never shown.
#[test]
fn a_secret_is_rejected_and_never_shown() {
    let long = "hunter2aB3dE5gH7jK9mN1pQ3s";
    for text in [
        "api_token = \"hunter2\"\n",
        "CHATWOOT_API_KEY = \"hunter2\"\n",
        "database_url = \"hunter2\"\n",
        "DATABASE_URL = 'postgres://u:hunter2@db/app'\n",
        "sentry-dsn = \"hunter2\"\n",
        "[targets.production]\nwebhook_secret = \"hunter2\"\n",
        "[targets.production.contacts]\nx_password = \"hunter2\"\n",
        "[targets.production]\ndatabase = \"postgres://u:hunter2@db.example/app\"\n",
        "[targets.production]\nfly_app = \"FlyV1 hunter2hunter2\"\n",
        "[targets.production]\naccount_name = \"fm2_hunter2hunter2\"\n",
        "[targets.production.commands]\nunit = [\"psql\", \"postgres://u:hunter2@db/app\"]\n",
        "[targets.production]\nwebhook_url = \"https://h/p?access_token=hunter2\"\n",
        "[targets.production]\nwebhook_url = \"https://hunter2@h/p\"\n",
        "[targets.production.fingerprints]\nCHATWOOT_API_KEY = \"hunter2\"\n",
        "[targets.production.fingerprints]\nFLY_API_TOKEN = \"hunter2\"\n",
        "fingerprint_key = \"hunter2\"\n",
        "[targets.production]\naccount_name = \"hunter2ABCDEFGHJKLMNPQR3\"\n",
        // Unknown keys, and values of the wrong type.
        "pwd = \"hunter2\"\n",
        "[targets.production]\nchatwoot_pass = \"hunter2\"\n",
        "[targets.production.names]\nlogin = \"hunter2\" # hunter2\n",
        "[targets.production]\naccount_id = \"hunter2\"\n",
        "[targets.production]\naccount_id = \"a \\\"hunter2\\\", expected hunter2\"\n",
        "[targets.production]\nthresholds.clock_skew = \"hunter2\"\n",
        "timeout = \"hunter2\"\n",
        "timeout = \"\"\"\nhunter2\n\"\"\"\n",
        "strict = \"hunter2\"\n",
        "strict = \"\"\"\nhunter2\n\"\"\"\n",
        "\"fm2_hunter2hunter2\" = 1\n",
        // Broken files: text that does not parse may still be a secret.
        "api_token = hunter2\n",
        "api_token = \"hunter2\nx = 1\n",
        "password = \"\"\"\nhunter2\n",
        "x = { secret = \"hunter2\" \n",
        "[targets.production]\nCHATWOOT_API_KEY: hunter2\n",
        "hunter2\n",
        "export API = hunter2\n",
        "postgres://u:hunter2@h/d?a=b\n",
        "hunter2==\n",
        "[targets.production] hunter2\n",
        "[hunter2@hunter2]\n",
        "a = { b = 'x', hunter2 }\n",
        "a = [\n'hunter2',\nhunter2 hunter2,\n]\n",
        "app_dir = \"\"\"\nhunter2",
        &format!("account = {long}\n"),
        &format!("{long}\n"),
        &format!("[targets.production]\naccount_id = \"{long}\"\n"),
        &format!("timeout = \"{long}\"\n"),
        "timeout = \"a-known-secret hunter2\"\n".replace(" hunter2", "").as_str(),
    ] {
        let problems = Problems(refused(text)).to_string();
        for secret in ["hunter2", "a-known-secret"] {
            assert!(!problems.contains(secret), "{text}\n{problems}");
        }
        assert!(problems.starts_with("c.toml:"), "{text}\n{problems}");
    }
}

#[test]
fn hiding_a_value_keeps_key_header_and_caret() {
    for (text, excerpt) in [
        ("pwd = \"hunter2\"", "  |\n1 | pwd = ***\n  | ^^^"),
        ("strict = \"hunter2\"", "  |\n1 | strict = ***\n  |          ^^^"),
        ("[targets.production] hunter2", "  |\n1 | [targets.production] ***\n  |                      ^^^"),
        ("[tragets.production]", "  |\n1 | [tragets.production]\n  |  ^^^^^^^"),
        ("hunter2", "  |\n1 | ***\n  | ^^^"),
    ] {
        assert_eq!(refused(text)[0].excerpt, excerpt, "{text}");
    }
}

#[test]
fn a_rejected_secret_is_reported_once_with_its_proper_place() {
    let problems = refused("target = \"production\"\napi_token = \"hunter2\"\n");
    assert_eq!(problems.len(), 1, "{problems:#?}");
    assert_eq!(problems[0].line, 2);
    assert!(
        problems[0]
            .message
            .starts_with("`api_token` is a secret; move it to the environment or to an --env-file")
    );
    assert_eq!(problems[0].excerpt, "");
}

mod random {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_text_causes_a_panic(text in "(?s).{0,120}") {
            let _either = read_text(&text);
        }

        #[test]
        fn nothing_close_to_toml_causes_a_panic(
            text in r#"(\[?targets\.?[a-c]{0,2}\]?\n|[a-z_]{1,8} ?=? ?["'\[{]?[aä1-]{0,24}["'\]}]?\n|"""){0,6}"#
        ) {
            let _either = read_text(&text);
        }
    }
}
