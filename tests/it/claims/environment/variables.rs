//! Variables that are unset, empty, malformed, placeholders, or have two values.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use super::env_file;
use crate::claims::Case;
use crate::support::bench::{Bench, finish};

const BASE: &str = "environment.chatwoot-base-url";
const KEY: &str = "environment.chatwoot-api-key";
const ACCOUNT: &str = "environment.chatwoot-account-id";
const AGENT: &str = "environment.agent-sdk-url";
const SECRET: &str = "environment.webhook-secret";
const DATABASE: &str = "environment.database-url";

/// The same four things that can be wrong with every variable.
macro_rules! nothing {
    ($check:expr, $var:literal, $other:literal) => {
        [
            Case::new(concat!($var, " is unset"), $check, "set")
                .says(concat!($var, " is not set"))
                .arrange(|b| b.unset($var)),
            Case::new(concat!($var, " is empty"), $check, "set").says(concat!($var, " is empty")).arrange(
                |b| {
                    b.unset($var);
                    b.set($var, "");
                },
            ),
            Case::new(concat!($var, " is blank"), $check, "set").says(concat!($var, " is empty")).arrange(
                |b| {
                    b.unset($var);
                    b.set($var, " \t ");
                },
            ),
            Case::new(concat!($var, " differs in the env file"), $check, "one value")
                .says("differs between the environment and the env file")
                .arrange(|b| env_file(b, concat!($var, "=", $other))),
        ]
    };
}

/// A value that is wrong in one way.
macro_rules! value {
    ($check:expr, $var:literal, $value:expr, $claim:literal, $says:literal) => {
        Case::new(concat!($var, ": ", $says), $check, $claim).says($says).arrange(|b| {
            b.unset($var);
            b.set($var, $value);
        })
    };
}

pub fn cases() -> Vec<Case> {
    // Alone, a check that only warns leaves nothing that was required: that is never 0, and never 1.
    let warning = |case: Case| case.verdict("fail", 3);
    let all: [Vec<Case>; 8] = [
        nothing!(BASE, "CHATWOOT_BASE_URL", "https://chat.hotrodan.test").into(),
        nothing!(KEY, "CHATWOOT_API_KEY", "hunter2hunter2hunter2").into(),
        nothing!(ACCOUNT, "CHATWOOT_ACCOUNT_ID", "4").into(),
        nothing!(AGENT, "AGENT_SDK_URL", "https://agent.hotrodan.test").into(),
        nothing!(SECRET, "CHATWOOT_WEBHOOK_SECRET", "hunter2hunter2hunter2").map(warning).into(),
        nothing!(DATABASE, "DATABASE_URL", "postgres://u:hunter2@db.hotrodan.test/app").into(),
        forms(),
        placeholders(),
    ];
    all.into_iter().flatten().chain([alias()]).collect()
}

fn alias() -> Case {
    Case::new("the two names of the token disagree", KEY, "one value")
        .says("CHATWOOT_API_KEY and CHATWOOT_API_TOKEN have different values")
        .arrange(|b| b.set("CHATWOOT_API_TOKEN", "hunter2hunter2hunter2"))
}

fn forms() -> Vec<Case> {
    vec![
        value!(
            BASE,
            "CHATWOOT_BASE_URL",
            "chat.hotrodan.test",
            "form",
            "has no scheme; it must begin with https://"
        ),
        value!(
            BASE,
            "CHATWOOT_BASE_URL",
            "ftp://chat.hotrodan.test",
            "form",
            "a scheme other than https or http"
        ),
        value!(
            BASE,
            "CHATWOOT_BASE_URL",
            "https://u:hunter2@chat.hotrodan.test",
            "form",
            "a user or a password"
        ),
        value!(
            BASE,
            "CHATWOOT_BASE_URL",
            "https://chat.hotrodan.test?t=hunter2",
            "form",
            "a query or a fragment"
        ),
        value!(
            BASE,
            "CHATWOOT_BASE_URL",
            "\"https://chat.hotrodan.test\"",
            "form",
            "is enclosed in quotation marks"
        ),
        value!(
            BASE,
            "CHATWOOT_BASE_URL",
            "https://chat.hotrodan.test\n",
            "form",
            "begins or ends with whitespace"
        ),
        value!(BASE, "CHATWOOT_BASE_URL", "hunter2hunter2hunter2", "form", "no scheme"),
        value!(
            AGENT,
            "AGENT_SDK_URL",
            "agent.hotrodan.test:443",
            "form",
            "a scheme other than https or http"
        ),
        value!(AGENT, "AGENT_SDK_URL", "https://", "form", "is not a valid URL"),
        value!(ACCOUNT, "CHATWOOT_ACCOUNT_ID", "three", "form", "is not a whole number"),
        value!(ACCOUNT, "CHATWOOT_ACCOUNT_ID", "0", "form", "not positive"),
        value!(ACCOUNT, "CHATWOOT_ACCOUNT_ID", "-3", "form", "written with a sign"),
        value!(ACCOUNT, "CHATWOOT_ACCOUNT_ID", "03", "form", "leading zeros"),
        value!(ACCOUNT, "CHATWOOT_ACCOUNT_ID", "99999999999999999999", "form", "too large for an id"),
        value!(ACCOUNT, "CHATWOOT_ACCOUNT_ID", "hunter2hunter2hunter2", "form", "is not a whole number"),
        value!(KEY, "CHATWOOT_API_KEY", "hunter2", "form", "fewer than 8 characters"),
        value!(KEY, "CHATWOOT_API_KEY", "Bearer hunter2hunter2", "form", "contains whitespace"),
        value!(KEY, "CHATWOOT_API_KEY", "'hunter2hunter2'", "form", "quotation marks"),
        value!(KEY, "CHATWOOT_API_KEY", "hunter2hunter2\r", "form", "begins or ends with whitespace"),
        value!(KEY, "CHATWOOT_API_KEY", "hunter2\u{200b}hunter2", "form", "not printable ASCII"),
        value!(SECRET, "CHATWOOT_WEBHOOK_SECRET", "hunter2 hunter2", "form", "contains whitespace")
            .verdict("fail", 3),
        value!(
            DATABASE,
            "DATABASE_URL",
            "mysql://u:hunter2@db.hotrodan.test/app",
            "form",
            "not a postgres://"
        ),
        value!(DATABASE, "DATABASE_URL", "hunter2hunter2hunter2", "form", "is not a postgres://"),
        value!(
            DATABASE,
            "DATABASE_URL",
            "postgres://u:hunter2@db:hunter2/app",
            "form",
            "has an invalid port"
        ),
        value!(DATABASE, "DATABASE_URL", "postgres://u:hunter2@/app", "form", "has no host"),
        value!(DATABASE, "DATABASE_URL", "postgres://u:hun/ter2@db.hotrodan.test/app", "form", "has no user"),
        value!(
            DATABASE,
            "DATABASE_URL",
            "postgres://u:hunter2@db.test/a?sslmode=yes",
            "form",
            "has an invalid sslmode"
        ),
        value!(DATABASE, "DATABASE_URL", "\"postgres://u:hunter2@db.test/a\"", "form", "quotation marks"),
    ]
}

fn placeholders() -> Vec<Case> {
    vec![
        value!(
            BASE,
            "CHATWOOT_BASE_URL",
            "https://chat.example.com",
            "value",
            "a host reserved for examples"
        ),
        value!(BASE, "CHATWOOT_BASE_URL", "https://<your-host>", "value", "an unfilled `<...>`"),
        value!(BASE, "CHATWOOT_BASE_URL", "${CHATWOOT_BASE_URL}", "value", "an unfilled `${...}`"),
        value!(AGENT, "AGENT_SDK_URL", "https://your-agent.fly.dev", "value", "a `your...` in the host"),
        value!(ACCOUNT, "CHATWOOT_ACCOUNT_ID", "$ACCOUNT_ID", "value", "the name of a variable"),
        value!(KEY, "CHATWOOT_API_KEY", "your_api_key_here", "value", "a `your_...`"),
        value!(KEY, "CHATWOOT_API_KEY", "xxxxxxxxxxxxxxxxxxxxxxxx", "value", "a row of x"),
        value!(KEY, "CHATWOOT_API_KEY", "************************", "value", "a masked value"),
        value!(SECRET, "CHATWOOT_WEBHOOK_SECRET", "changeme-changeme", "value", "a `changeme`")
            .verdict("fail", 3),
        value!(
            DATABASE,
            "DATABASE_URL",
            "postgres://u:[YOUR-PASSWORD]@db.hotrodan.test/app",
            "value",
            "a password that is still to be filled in"
        ),
        value!(DATABASE, "DATABASE_URL", "postgres://u:hunter2@host:5432/app", "value", "the word host"),
        Case::good("the token goes by its other name only", KEY).arrange(|b| {
            b.vars.remove("CHATWOOT_API_KEY");
        }),
        Case::good("the token's other name is set and empty", KEY)
            .arrange(|b| b.set("CHATWOOT_API_TOKEN", "")),
    ]
}

#[test]
fn bytes_that_are_not_text_fail() {
    let bench = Bench::new();
    for (name, check, exit) in [
        ("CHATWOOT_BASE_URL", BASE, 1),
        ("CHATWOOT_ACCOUNT_ID", ACCOUNT, 1),
        ("CHATWOOT_WEBHOOK_SECRET", SECRET, 3),
        ("DATABASE_URL", DATABASE, 1),
    ] {
        let mut command = bench.command();
        command.env(name, OsStr::from_bytes(b"hunter2\xff\xfehunter2"));
        command.args(["preflight", "--format", "json", "--no-journal", "--only", check]);
        let ran = finish(&mut command);
        assert_eq!(ran.code, exit, "{name}: {}", ran.stderr);
        let outcome = ran.outcome(check);
        assert_eq!(outcome["verdict"], "fail", "{name}");
        assert!(outcome["reason"].to_string().contains("not UTF-8 text"), "{name}: {outcome:#}");
        assert!(!ran.stdout.contains("hunter2") && !ran.stderr.contains("hunter2"), "{name} is shown");
    }
}
