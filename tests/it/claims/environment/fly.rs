//! What `fly secrets list` may say: states of secrets, shapes of its versions, and its own troubles.

use hotdash_ops::rehearsal::standins::fly::{Fault, Generation, Status};

use super::{configure, env_file, target};
use crate::claims::Case;
use crate::support::bench::Bench;

const APP: &str = "environment.fly-app-secrets";
const SECRET: &str = "environment.fly-app-webhook-secret";
const AGENT: &str = "environment.fly-agent-secrets";
const BASE: &str = "secret CHATWOOT_BASE_URL";
const ANY: &str = "one-of";
const LIST: &str = "secrets";

pub fn cases() -> Vec<Case> {
    let all = [names(), states(), agent(), generations(), troubles()];
    all.into_iter().flatten().collect()
}

/// Sets the state of a secret of the app; `None` takes it away.
fn app(bench: &Bench, name: &str, status: Option<Status>) {
    bench.world.fly.set_secret("hotdash-app", name, status).expect("fly answers so");
}

fn fault(bench: &Bench, fault: Fault) {
    bench.world.fly.break_command("secrets list", fault).expect("fly answers so");
}

fn log_out(bench: &Bench) {
    bench.world.fly.change(|answers| answers.logged_in = false).expect("fly answers so");
}

fn all_are(bench: &Bench, status: Status) {
    let every = |answers: &mut hotdash_ops::rehearsal::standins::fly::Answers| {
        answers.apps.values_mut().flat_map(|a| &mut a.secrets).for_each(|s| s.status = status);
    };
    bench.world.fly.change(every).expect("fly answers so");
}

macro_rules! missing {
    ($check:expr, $($name:literal),+) => {
        vec![$(
            Case::new(concat!($name, " is not set on Fly"), $check, concat!("secret ", $name))
                .says(concat!("fly secrets import -a hotdash-app with a line NAME=VALUE for each of: ", $name))
                .arrange(|b| app(b, $name, None)),
        )+]
    };
}

fn names() -> Vec<Case> {
    let mut all = missing!(
        APP,
        "CHATWOOT_BASE_URL",
        "CHATWOOT_API_KEY",
        "CHATWOOT_ACCOUNT_ID",
        "AGENT_SDK_URL",
        "DATABASE_URL"
    );
    // This one only warns; alone it leaves nothing that was required.
    all.extend(missing!(SECRET, "CHATWOOT_WEBHOOK_SECRET").into_iter().map(|case| case.verdict("fail", 3)));
    all.push(
        Case::new("the app has no secrets at all", APP, BASE)
            .says("not set (the app has 0 secrets)")
            .arrange(|b| {
                let clear = |a: &mut hotdash_ops::rehearsal::standins::fly::Answers| {
                    a.apps.entry("hotdash-app".to_owned()).or_default().secrets.clear();
                };
                b.world.fly.change(clear).expect("fly answers so");
            }),
    );
    all.push(Case::new("the name differs in case", APP, BASE).arrange(|b| {
        app(b, "CHATWOOT_BASE_URL", None);
        app(b, "Chatwoot_Base_Url", Some(Status::Deployed));
    }));
    all.push(
        Case::good("the app lacks the webhook's secret only", APP)
            .arrange(|b| app(b, "CHATWOOT_WEBHOOK_SECRET", None)),
    );
    all
}

fn states() -> Vec<Case> {
    let open = |name, claim| Case::new(name, APP, claim).verdict("inconclusive", 3);
    vec![
        Case::new("a secret is staged", APP, "secret DATABASE_URL")
            .says("fly secrets deploy -a hotdash-app")
            .arrange(|b| app(b, "DATABASE_URL", Some(Status::Staged))),
        Case::new("a secret is on some machines", APP, "secret AGENT_SDK_URL")
            .says("secret AGENT_SDK_URL is Partial, on some machines only")
            .arrange(|b| app(b, "AGENT_SDK_URL", Some(Status::Partial))),
        open("the state of a secret is unknown", "secret CHATWOOT_API_KEY")
            .says("update flyctl to 0.4.6 or later")
            .arrange(|b| app(b, "CHATWOOT_API_KEY", Some(Status::Unknown))),
        open("a secret has no state", "secret CHATWOOT_API_KEY")
            .says("set, without a status")
            .arrange(|b| app(b, "CHATWOOT_API_KEY", Some(Status::Absent))),
        open("every secret is staged", BASE)
            .says("fly status -a hotdash-app; if it has machines: fly secrets deploy -a hotdash-app")
            .arrange(|b| all_are(b, Status::Staged)),
        Case::new("every secret is on some machines", APP, BASE).arrange(|b| all_are(b, Status::Partial)),
        open("no secret has a state", BASE).arrange(|b| all_are(b, Status::Absent)),
        Case::new("one is missing, where another is unknown", APP, "secret DATABASE_URL").arrange(|b| {
            app(b, "DATABASE_URL", None);
            app(b, "CHATWOOT_API_KEY", Some(Status::Unknown));
        }),
        Case::good("a secret that nobody asked for is staged", APP)
            .arrange(|b| app(b, "SHOPIFY_API_SECRET", Some(Status::Staged))),
        Case::new("the webhook's secret is staged", SECRET, "secret CHATWOOT_WEBHOOK_SECRET")
            .verdict("fail", 3)
            .arrange(|b| app(b, "CHATWOOT_WEBHOOK_SECRET", Some(Status::Staged))),
        open("a state that is not known here", BASE).says("the status `Rotating`").arrange(|b| {
            let list = r#"[{"name":"CHATWOOT_BASE_URL","digest":"0","status":"Rotating"},{"name":"CHATWOOT_API_KEY",
                "status":"Deployed"},{"name":"CHATWOOT_ACCOUNT_ID","status":"Deployed"},{"name":"AGENT_SDK_URL",
                "status":"Deployed"},{"name":"DATABASE_URL","status":"Deployed"}]"#;
            fault(b, says(list));
        }),
        Case::new("two entries have one name", APP, BASE).says("Staged, not yet on any machine").arrange(|b| {
            let list = r#"[{"name":"CHATWOOT_BASE_URL","status":"Deployed"},{"name":"CHATWOOT_BASE_URL","status":
                "Staged"},{"name":"CHATWOOT_API_KEY","status":"Deployed"}]"#;
            fault(b, says(list));
        }),
    ]
}

fn says(stdout: &str) -> Fault {
    Fault::Says { stdout: stdout.to_owned(), stderr: "hotdash-ops-sandbox\n".to_owned(), code: 0 }
}

fn agent() -> Vec<Case> {
    fn token(bench: &Bench, name: &str, status: Option<Status>) {
        bench.world.fly.set_secret("hotdash-agent-service", name, status).expect("fly answers so");
    }
    vec![
        Case::new("the Agent SDK has neither token", AGENT, ANY)
            .says("fly secrets import -a hotdash-agent-service")
            .arrange(|b| token(b, "CHATWOOT_API_TOKEN", None)),
        Case::new("the Agent SDK's token is staged", AGENT, ANY)
            .says("fly secrets deploy -a hotdash-agent-service")
            .arrange(|b| token(b, "CHATWOOT_API_TOKEN", Some(Status::Staged))),
        Case::new("the Agent SDK's token is unknown", AGENT, ANY)
            .verdict("inconclusive", 3)
            .arrange(|b| token(b, "CHATWOOT_API_TOKEN", Some(Status::Unknown))),
        Case::good("the Agent SDK has the other token", AGENT).arrange(|b| {
            token(b, "CHATWOOT_API_TOKEN", None);
            token(b, "CHATWOOT_API_KEY", Some(Status::Deployed));
        }),
        Case::good("one of its two tokens is deployed", AGENT)
            .arrange(|b| token(b, "CHATWOOT_API_KEY", Some(Status::Staged))),
        Case::new("the Agent SDK's app is not configured", AGENT, "app on Fly")
            .verdict("inconclusive", 3)
            .says("add `fly_agent_app = \\\"APP\\\"` under [targets.sandbox]")
            .arrange(|b| b.drop_config("fly_agent_app")),
    ]
}

/// Before 0.4.6 flyctl did not show states: then nothing is proved, and what is missing is missing.
fn generations() -> Vec<Case> {
    fn is(bench: &Bench, generation: Generation) {
        bench.world.fly.change(|answers| answers.generation = generation).expect("fly answers so");
    }
    let old = |name| Case::new(name, APP, BASE).verdict("inconclusive", 3).says("flyctl before 0.4.6");
    vec![
        old("flyctl writes capitals").arrange(|b| is(b, Generation::Capitals)),
        old("flyctl shows times").arrange(|b| is(b, Generation::Times)),
        Case::good("flyctl shows states", APP).arrange(|b| is(b, Generation::Statuses)),
        Case::new("flyctl writes capitals, and a name is missing", APP, BASE).arrange(|b| {
            is(b, Generation::Capitals);
            app(b, "CHATWOOT_BASE_URL", None);
        }),
        Case::new("flyctl shows times, and a name is missing", APP, BASE).arrange(|b| {
            is(b, Generation::Times);
            app(b, "CHATWOOT_BASE_URL", None);
        }),
    ]
}

fn troubles() -> Vec<Case> {
    let open = |name, says| Case::new(name, APP, LIST).verdict("inconclusive", 3).says(says);
    let error = |name, says| Case::new(name, APP, "").verdict("error", 3).says(says);
    vec![
        Case::new("Fly knows no such app", APP, LIST)
            .verdict("inconclusive", 3)
            .says("a token for another app gets the same error")
            .arrange(|b| {
                configure(b, |tables| {
                    target(tables, "sandbox").insert("fly_app".to_owned(), "hotdash-nowhere".into());
                });
            }),
        Case::new("the app is not configured", APP, "app on Fly")
            .verdict("inconclusive", 3)
            .says("add `fly_app = \\\"APP\\\"` under [targets.sandbox]")
            .arrange(|b| b.drop_config("fly_app")),
        error("nobody is logged in", "fly auth login, or set FLY_API_TOKEN").arrange(|b| log_out(b)),
        error("fly is not installed", "install flyctl").arrange(|b| {
            let empty = b.path("bin");
            std::fs::create_dir(&empty).expect("an empty folder");
            b.set("PATH", empty.display().to_string());
        }),
        error("fly panics", "panicked").arrange(|b| {
            fault(b, Fault::Says { stdout: String::new(), stderr: "panic: nil map\n".to_owned(), code: 3 });
        }),
        open("fly reports another error", "fly failed: failed to list app secrets: internal error")
            .arrange(|b| fault(b, Fault::error("failed to list app secrets: internal error"))),
        open("fly prints garbage", "an HTML page, not JSON").arrange(|b| fault(b, Fault::garbage())),
        open("fly prints nothing", "an empty body").arrange(|b| fault(b, says(""))),
        open("fly prints null", "it is null").arrange(|b| fault(b, says("null\n"))),
        open("fly prints an object", "it is not a JSON array").arrange(|b| fault(b, says("{}\n"))),
        open("fly prints an entry without a name", "an entry has no name")
            .arrange(|b| fault(b, says(r#"[{"digest":"0"}]"#))),
        Case::good("a token in the environment logs in", APP).arrange(|b| {
            log_out(b);
            b.set("FLY_ACCESS_TOKEN", "");
            b.set("FLY_API_TOKEN", "FlyV1 fm2_hunter2hunter2");
        }),
        Case::good("a token in the env file logs in", APP).arrange(|b| {
            log_out(b);
            env_file(b, "FLY_API_TOKEN=fm2_hunter2hunter2");
        }),
        Case::good("variables that change what fly prints", APP).arrange(|b| {
            b.set("LOG_LEVEL", "debug");
            b.set("FLY_APP", "hotdash-nowhere");
        }),
    ]
}
