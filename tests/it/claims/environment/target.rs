//! Values that are well-formed and another target's, or that production may not have.

use hotdash_ops::settings::fingerprint::fingerprint;
use toml::{Table, Value};

use super::{configure, target};
use crate::claims::Case;
use crate::support::bench::Bench;

const BASE: &str = "environment.chatwoot-base-url-target";
const KEY: &str = "environment.chatwoot-api-key-target";
const ACCOUNT: &str = "environment.chatwoot-account-id-target";
const AGENT: &str = "environment.agent-sdk-url-target";
const SECRET: &str = "environment.webhook-secret-target";
const DATABASE: &str = "environment.database-url-target";

pub fn cases() -> Vec<Case> {
    let all = [hosts(), fingerprints(), of_their_own(), one_target(), production()];
    all.into_iter().flatten().collect()
}

/// Ours becomes the other target's and the other way round, so that each value is wrong by itself.
fn exchange(bench: &Bench, key: &str) {
    configure(bench, |tables| {
        let ours = target(tables, "sandbox").remove(key).expect("ours is configured");
        let theirs = target(tables, "elsewhere").insert(key.to_owned(), ours).expect("theirs is configured");
        target(tables, "sandbox").insert(key.to_owned(), theirs);
    });
}

fn forget(bench: &Bench, name: &str, key: &str) {
    configure(bench, |tables| {
        target(tables, name).remove(key).expect("it was configured");
    });
}

/// A comparison that finds nothing configured.
fn unconfigured(name: &'static str, check: &'static str, claim: &'static str) -> Case {
    Case::new(name, check, claim).verdict("inconclusive", 3)
}

fn hosts() -> Vec<Case> {
    vec![
        Case::new("Chatwoot's host is another than configured", BASE, "host")
            .says("expected chat.hotrodan.test, found localhost:")
            .arrange(|b| {
                configure(b, |t| {
                    target(t, "sandbox").insert("chatwoot_host".to_owned(), "chat.hotrodan.test".into());
                });
            }),
        Case::new("Chatwoot's host is the other target's", BASE, "other targets")
            .says("CHATWOOT_BASE_URL points to the host of elsewhere (localhost:")
            .arrange(|b| exchange(b, "chatwoot_host")),
        unconfigured("Chatwoot's host is not configured", BASE, "host")
            .says(
                "add `chatwoot_host = \\\"chat.example.com\\\"` under [targets.sandbox] in the configuration",
            )
            .arrange(|b| forget(b, "sandbox", "chatwoot_host")),
        Case::new("the host is unconfigured and the other target's", BASE, "other targets").arrange(|b| {
            exchange(b, "chatwoot_host");
            forget(b, "sandbox", "chatwoot_host");
        }),
        Case::new("the port is not the configured one", BASE, "host").arrange(|b| {
            configure(b, |t| {
                target(t, "sandbox").insert("chatwoot_host".to_owned(), "localhost".into());
            });
        }),
        Case::good("both targets share one Chatwoot", BASE)
            .shows("shares this `chatwoot_host` with sandbox")
            .arrange(|b| {
                configure(b, |t| {
                    let ours = target(t, "sandbox")["chatwoot_host"].clone();
                    target(t, "elsewhere").insert("chatwoot_host".to_owned(), ours);
                });
            }),
        Case::good("the other target's host is not configured", BASE)
            .shows("not compared: no valid `chatwoot_host` is configured for it")
            .arrange(|b| forget(b, "elsewhere", "chatwoot_host")),
        Case::new("the Agent SDK's host is the other target's", AGENT, "other targets")
            .arrange(|b| exchange(b, "agent_host")),
        Case::new("the Agent SDK's host is another than configured", AGENT, "host").arrange(|b| {
            let chatwoot = b.vars["CHATWOOT_BASE_URL"].clone();
            b.set("AGENT_SDK_URL", chatwoot);
        }),
        unconfigured("the Agent SDK's host is not configured", AGENT, "host")
            .says("add `agent_host = ")
            .arrange(|b| forget(b, "sandbox", "agent_host")),
        Case::new("the account is another than configured", ACCOUNT, "account id")
            .says("account id: expected 3, found 4")
            .arrange(|b| b.set("CHATWOOT_ACCOUNT_ID", "4")),
        Case::new("the account is the other target's", ACCOUNT, "other targets")
            .says("CHATWOOT_ACCOUNT_ID is the account id of elsewhere (9)")
            .arrange(|b| b.set("CHATWOOT_ACCOUNT_ID", "9")),
        unconfigured("the account is not configured", ACCOUNT, "account id")
            .says("add `account_id = 3` under [targets.sandbox]")
            .arrange(|b| forget(b, "sandbox", "account_id")),
    ]
}

/// Gives the other target the fingerprint of our value.
fn share(bench: &Bench, var: &str) {
    let value = bench.vars[var].clone();
    configure(bench, |tables| {
        let key = tables["fingerprint_key"].as_str().expect("a key").to_owned();
        let ours = fingerprint(&key, var, &value).expect("it has a fingerprint");
        prints(tables, "elsewhere").insert(var.to_owned(), ours.into());
    });
}

fn prints<'t>(tables: &'t mut Table, name: &str) -> &'t mut Table {
    target(tables, name)["fingerprints"].as_table_mut().expect("its fingerprints")
}

fn fingerprints() -> Vec<Case> {
    const OWN: &str = "fingerprint";
    const OTHER: &str = "other targets";
    vec![
        Case::new("the token is not this target's", KEY, OWN)
            .says("after a rotation, run `hotdash-ops env fingerprint --target sandbox` with the variables of sandbox")
            .arrange(|b| {
                b.unset("CHATWOOT_API_KEY");
                b.set("CHATWOOT_API_KEY", "hunter2hunter2hunter2");
            }),
        Case::new("the token is the other target's", KEY, OTHER)
            .says("CHATWOOT_API_KEY has the value of elsewhere")
            .arrange(|b| share(b, "CHATWOOT_API_KEY")),
        unconfigured("the other target has no fingerprints", KEY, OTHER)
            .says("`hotdash-ops env fingerprint --target elsewhere`")
            .arrange(|b| forget(b, "elsewhere", "fingerprints")),
        unconfigured("the other target has none of this variable", KEY, OTHER)
            .says("cannot be compared with elsewhere: no fingerprint of it is stored")
            .arrange(|b| {
                configure(b, |t| {
                    prints(t, "elsewhere").remove("CHATWOOT_API_KEY");
                });
            }),
        unconfigured("there is no key to compare fingerprints with", KEY, OWN)
            .says("no `fingerprint_key` is configured")
            .arrange(|b| b.drop_config("fingerprint_key")),
        Case::good("this target has no fingerprints of its own", KEY)
            .shows("none stored for sandbox")
            .arrange(|b| forget(b, "sandbox", "fingerprints")),
        // The secret's check only warns, so alone it leaves nothing that was required.
        Case::new("the webhook's secret is not this target's", SECRET, OWN)
            .verdict("fail", 3)
            .arrange(|b| b.set("CHATWOOT_WEBHOOK_SECRET", "hunter2hunter2hunter2")),
        Case::new("the webhook's secret is the other target's", SECRET, OTHER)
            .verdict("fail", 3)
            .arrange(|b| share(b, "CHATWOOT_WEBHOOK_SECRET")),
        unconfigured("the other target has no fingerprint of the secret", SECRET, OTHER)
            .arrange(|b| forget(b, "elsewhere", "fingerprints")),
        Case::new("the database is not this target's", DATABASE, OWN)
            .arrange(|b| b.set("DATABASE_URL", "postgres://app:hunter2hunter2@db.hotrodan.test/hotdash")),
        Case::new("the database is the other target's", DATABASE, OTHER)
            .arrange(|b| share(b, "DATABASE_URL")),
        unconfigured("the other target has no fingerprint of the database", DATABASE, OTHER)
            .arrange(|b| forget(b, "elsewhere", "fingerprints")),
        Case::good("the database's password was rotated", DATABASE).arrange(|b| {
            let url = b.vars["DATABASE_URL"].clone();
            let (login, place) = url.rsplit_once('@').expect("a host");
            let (user, _password) = login.rsplit_once(':').expect("a password");
            b.set("DATABASE_URL", format!("{user}:hunter2hunter2@{place}"));
        }),
    ]
}

fn of_their_own() -> Vec<Case> {
    const WHAT: &str = "own value";
    vec![
        Case::new("the secret's variable holds the token", KEY, WHAT)
            .says("CHATWOOT_API_KEY is the same as CHATWOOT_WEBHOOK_SECRET")
            .arrange(|b| {
                let token = b.vars["CHATWOOT_API_KEY"].clone();
                b.set("CHATWOOT_WEBHOOK_SECRET", token);
            }),
        Case::new("the secret is the token", SECRET, WHAT)
            .verdict("fail", 3)
            .says("CHATWOOT_WEBHOOK_SECRET is the same as CHATWOOT_API_KEY")
            .arrange(|b| {
                let token = b.vars["CHATWOOT_API_KEY"].clone();
                b.set("CHATWOOT_WEBHOOK_SECRET", token);
            }),
        Case::new("the database's password is the token", DATABASE, WHAT)
            .says("the password in DATABASE_URL is the same as CHATWOOT_API_KEY")
            .arrange(|b| {
                let token = b.vars["CHATWOOT_API_KEY"].clone();
                b.set("DATABASE_URL", format!("postgres://app:{token}@db.hotrodan.test/hotdash"));
            }),
    ]
}

/// With one target only there is nobody else's value to compare with, and that is said.
fn one_target() -> Vec<Case> {
    const SAID: &str = "none configured, so there was nothing to compare with";
    fn alone(bench: &mut Bench) {
        configure(bench, |tables| {
            tables["targets"].as_table_mut().expect("targets").remove("elsewhere").expect("it was there");
        });
    }
    let case = |check| Case::good("there is one target only", check).shows(SAID).arrange(alone);
    let mut all: Vec<Case> = [BASE, KEY, ACCOUNT, AGENT, DATABASE].map(case).into();
    all.push(case(SECRET).verdict("pass", 3));
    all
}

/// A configuration of production, and variables that point to hosts where nothing is: what is checked here is
/// answered by the variables alone.
fn as_production(bench: &mut Bench, chatwoot: &str, agent: &str, database: &str) {
    let host = |url: &str| url.split_once("://").expect("a URL").1.to_owned();
    let entries = [("chatwoot_host", host(chatwoot)), ("agent_host", host(agent))];
    configure(bench, |tables| {
        tables.remove("app_dir");
        let mut own = Table::new();
        own.extend(entries.map(|(key, value)| (key.to_owned(), Value::from(value))));
        own.insert("account_id".to_owned(), Value::from(3));
        let mut targets = Table::new();
        targets.insert("production".to_owned(), own.into());
        tables.insert("targets".to_owned(), targets.into());
    });
    bench.set("HOTDASH_OPS_TARGET", "production");
    bench.set("CHATWOOT_BASE_URL", chatwoot);
    bench.set("AGENT_SDK_URL", agent);
    bench.set("DATABASE_URL", database);
}

const CHATWOOT: &str = "https://chat.hotrodan.test";
const AGENT_SDK: &str = "https://agent.hotrodan.test";
const POSTGRES: &str = "postgres://app:hunter2hunter2@db.hotrodan.test/hotdash";

macro_rules! in_production {
    ($name:literal, $check:expr, $claim:literal, $chatwoot:expr, $agent:expr, $database:expr) => {
        Case::new($name, $check, $claim).arrange(|b| as_production(b, $chatwoot, $agent, $database))
    };
}

fn production() -> Vec<Case> {
    let good = |check| {
        Case::good("production as it should be", check)
            .arrange(|b| as_production(b, CHATWOOT, AGENT_SDK, POSTGRES))
    };
    vec![
        good(BASE),
        good(AGENT),
        good(ACCOUNT),
        good(DATABASE),
        in_production!("http", BASE, "scheme", "http://chat.hotrodan.test", AGENT_SDK, POSTGRES)
            .says("scheme: expected https in production, found http"),
        in_production!("http", AGENT, "scheme", CHATWOOT, "http://agent.hotrodan.test", POSTGRES),
        in_production!("localhost", BASE, "not this machine", "https://localhost", AGENT_SDK, POSTGRES)
            .says("CHATWOOT_BASE_URL points to this machine (localhost)"),
        in_production!(
            "an address of this machine",
            BASE,
            "not this machine",
            "https://127.1",
            AGENT_SDK,
            POSTGRES
        )
        .says("points to this machine (127.0.0.1)"),
        in_production!("localhost", AGENT, "not this machine", CHATWOOT, "https://[::1]:8443", POSTGRES)
            .says("points to this machine"),
        in_production!(
            "the container's host",
            AGENT,
            "not this machine",
            CHATWOOT,
            "https://host.docker.internal",
            POSTGRES
        ),
        in_production!(
            "a database on this machine",
            DATABASE,
            "not this machine",
            CHATWOOT,
            AGENT_SDK,
            "postgres://app:hunter2hunter2@localhost:5432/hotdash"
        ),
        in_production!(
            "one of two databases is on this machine",
            DATABASE,
            "not this machine",
            CHATWOOT,
            AGENT_SDK,
            "postgres://app:hunter2hunter2@db.hotrodan.test,127.0.0.1/hotdash"
        ),
        in_production!(
            "a database behind a socket",
            DATABASE,
            "not this machine",
            CHATWOOT,
            AGENT_SDK,
            "postgres://app:hunter2hunter2@/hotdash?host=/var/run/postgresql"
        )
        .says("DATABASE_URL uses a Unix socket of this machine"),
        Case::new("another name, declared to be production", BASE, "scheme").arrange(|b| {
            as_production(b, "http://chat.hotrodan.test", AGENT_SDK, POSTGRES);
            configure(b, |tables| {
                let targets = tables["targets"].as_table_mut().expect("targets");
                let mut live = targets.remove("production").expect("it is there");
                live.as_table_mut().expect("a table").insert("production".to_owned(), true.into());
                targets.insert("live".to_owned(), live);
            });
            b.set("HOTDASH_OPS_TARGET", "live");
        }),
    ]
}
