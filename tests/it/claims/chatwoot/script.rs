//! The health check script: how the checkout's own can end, and the checks that replace it without a checkout.

use hotdash_ops::rehearsal::standins::checkout::{Tool, ToolName, ToolOutput};
use serde_json::json;

use super::{answer, person, state, token};
use crate::claims::Case;
use crate::support::bench::Bench;

const SCRIPT: &str = "chatwoot.health-script";

pub fn cases() -> Vec<Case> {
    let all = [in_a_checkout(), without_one()];
    all.into_iter().flatten().collect()
}

fn script(bench: &Bench, does: Tool) {
    let set = |answers: &mut hotdash_ops::rehearsal::standins::checkout::Answers| {
        *answers.tool(ToolName::Health) = does
    };
    bench.world.checkout.change(set).expect("the script does so");
}

/// Makes the script print this and exit with this code.
fn prints(bench: &Bench, stdout: &str, code: u8) {
    let said = ToolOutput { stdout: stdout.to_owned(), stderr: String::new(), code };
    script(bench, Tool { says: Some(said), ..Tool::default() });
}

fn in_a_checkout() -> Vec<Case> {
    const CODE: &str = "exit code";
    const LINE: &str = "success line";
    let case = |name, claim| Case::new(name, SCRIPT, claim);
    vec![
        Case::good("the checkout's own script runs", SCRIPT).shows("the checkout's own script"),
        case("the script fails", CODE)
            .says("exit code: expected 0, found 2")
            .arrange(|b| script(b, Tool { red: true, ..Tool::default() })),
        case("the script exits with 0 without its success line", LINE)
            .says("the health check script did not print `Chatwoot health check OK`")
            .arrange(|b| prints(b, "nothing to do\n", 0)),
        case("the script exits with 0 and prints nothing", LINE).arrange(|b| prints(b, "", 0)),
        case("the script prints its success line and fails", CODE)
            .says("exit code: expected 0, found 1")
            .arrange(|b| prints(b, "Chatwoot health check OK\n", 1)),
        case("the script prints its success line as part of another line", LINE)
            .says("did not print")
            .arrange(|b| prints(b, "last time: Chatwoot health check OK (cached)\n", 0)),
        Case::good("the script prints its success line with a mark and a colour", SCRIPT)
            .arrange(|b| prints(b, "\u{1b}[32m\u{2714} Chatwoot health check OK.\u{1b}[0m\n", 0)),
        Case::good("the script prints a lot", SCRIPT)
            .arrange(|b| script(b, Tool { noise: 20_000, ..Tool::default() })),
        case("the checkout has no such script", CODE).says("exit code: expected 0, found").arrange(|b| {
            let path = b.world.checkout.path().join("package.json");
            let text = std::fs::read_to_string(&path).expect("the checkout has one");
            std::fs::write(path, text.replace("ops:check-chatwoot-health", "ops:other")).expect("it is ours");
        }),
        case("the configured command does not exist", "")
            .verdict("error", 3)
            .says("install no-such-program-here, or set another command for `health-script`")
            .arrange(|b| command(b, "[\"no-such-program-here\"]")),
        Case::good("another command is configured", SCRIPT)
            .arrange(|b| command(b, "[\"echo\", \"Chatwoot health check OK\"]")),
        case("there is no token, so it is not run", "")
            .verdict("skipped", 1)
            .says("blocked by environment.chatwoot-api-key")
            .arrange(|b| b.unset("CHATWOOT_API_KEY")),
        case("there is no token, its own check is skipped, and the script would skip its request", "")
            .verdict("error", 3)
            .without("environment.chatwoot-api-key")
            .says("CHATWOOT_API_KEY is not set")
            .arrange(|b| b.unset("CHATWOOT_API_KEY")),
        case("the given checkout does not exist", "")
            .verdict("error", 3)
            .arrange(|b| b.set("HOTDASH_OPS_APP_DIR", "/nonexistent/app")),
    ]
}

fn command(bench: &Bench, run: &str) {
    let lines = format!("[targets.sandbox.commands]\nhealth-script = {run}\n\n[targets.elsewhere]\n");
    bench.edit_config("[targets.elsewhere]\n", &lines);
}

/// Without a checkout, the checks of `hotdash-ops status` replace the script.
fn without_one() -> Vec<Case> {
    let case = |name, claim| Case::new(name, SCRIPT, claim);
    vec![
        Case::good("no checkout is given, and all is well", SCRIPT)
            .shows("the checks of `hotdash-ops status`, because no checkout is given (--app-dir)")
            .arrange(|b| b.drop_config("app_dir")),
        case("no checkout is given, and Redis is down", "queue_services").arrange(|b| {
            b.drop_config("app_dir");
            state(b, json!({ "queue_services": "failing" }));
        }),
        case("no checkout is given, and /api reports null for Postgres", "data_services").arrange(|b| {
            b.drop_config("app_dir");
            state(b, json!({ "data_services": null }));
        }),
        case("no checkout is given, and /api fails", "api").arrange(|b| {
            b.drop_config("app_dir");
            answer(b, "GET /api", json!({ "status": 500 }));
        }),
        case("no checkout is given, and the token is not known", "token")
            .says("401: the token is unknown")
            .arrange(|b| {
                b.drop_config("app_dir");
                token(b, "hunter2hunter2hunter2xyz");
            }),
        case("no checkout is given, and the user is not a member of the account", "membership").arrange(
            |b| {
                b.drop_config("app_dir");
                person(b, "stranger");
            },
        ),
        case("no checkout is given, and the account is suspended", "account status").arrange(|b| {
            b.drop_config("app_dir");
            state(b, json!({ "accounts": { "3": { "status": "suspended" } } }));
        }),
        case("no checkout is given, Chatwoot is dead, and its own check is skipped", "liveness")
            .without("chatwoot.alive")
            .arrange(|b| {
                b.drop_config("app_dir");
                b.control("chatwoot", json!({ "door": "closed" }));
            }),
    ]
}
