//! The health check script: what the checkout's own can say, and what takes its place without a checkout.

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

/// The script ends with exactly this.
fn says(bench: &Bench, stdout: &str, code: u8) {
    let said = ToolOutput { stdout: stdout.to_owned(), stderr: String::new(), code };
    script(bench, Tool { says: Some(said), ..Tool::default() });
}

fn in_a_checkout() -> Vec<Case> {
    const CODE: &str = "exit code";
    const LINE: &str = "its line";
    let case = |name, claim| Case::new(name, SCRIPT, claim);
    vec![
        Case::good("the checkout's own script is asked", SCRIPT).shows("the checkout's own script"),
        case("the script is red", CODE)
            .says("exit code: expected 0, found 2")
            .arrange(|b| script(b, Tool { red: true, ..Tool::default() })),
        case("the script is green and does not say its line", LINE)
            .says("its line: expected `Chatwoot health check OK`, found not said")
            .arrange(|b| says(b, "nothing to do\n", 0)),
        case("the script is green and says nothing at all", LINE).arrange(|b| says(b, "", 0)),
        case("the script says its line and fails all the same", CODE)
            .says("exit code: expected 0, found 1")
            .arrange(|b| says(b, "Chatwoot health check OK\n", 1)),
        case("the script says its line of something else", LINE)
            .says("not said")
            .arrange(|b| says(b, "last time: Chatwoot health check OK (cached)\n", 0)),
        Case::good("the script marks its line", SCRIPT)
            .arrange(|b| says(b, "\u{1b}[32m\u{2714} Chatwoot health check OK.\u{1b}[0m\n", 0)),
        Case::good("the script is noisy", SCRIPT)
            .arrange(|b| script(b, Tool { noise: 20_000, ..Tool::default() })),
        case("the checkout has no such script", CODE).says("exit code: expected 0, found").arrange(|b| {
            let path = b.world.checkout.path().join("package.json");
            let text = std::fs::read_to_string(&path).expect("the checkout has one");
            std::fs::write(path, text.replace("ops:check-chatwoot-health", "ops:other")).expect("it is ours");
        }),
        case("the configured command is not there", "")
            .verdict("error", 3)
            .says("install no-such-program-here, or give `health-script` another argument list")
            .arrange(|b| command(b, "[\"no-such-program-here\"]")),
        Case::good("another command is configured", SCRIPT)
            .arrange(|b| command(b, "[\"echo\", \"Chatwoot health check OK\"]")),
        case("there is no token, so it is not run", "")
            .verdict("skipped", 1)
            .says("blocked by environment.chatwoot-api-key")
            .arrange(|b| b.unset("CHATWOOT_API_KEY")),
        case("there is no token, nobody looks whether there is, and the script would skip its request", "")
            .verdict("error", 3)
            .without("environment.chatwoot-api-key")
            .says("CHATWOOT_API_KEY is not set")
            .arrange(|b| b.unset("CHATWOOT_API_KEY")),
        case("the named checkout is not there", "")
            .verdict("error", 3)
            .arrange(|b| b.set("HOTDASH_OPS_APP_DIR", "/nonexistent/app")),
    ]
}

fn command(bench: &Bench, run: &str) {
    let lines = format!("[targets.sandbox.commands]\nhealth-script = {run}\n\n[targets.elsewhere]\n");
    bench.edit_config("[targets.elsewhere]\n", &lines);
}

/// Without a checkout our own logic answers. It asks what the script was meant to ask.
fn without_one() -> Vec<Case> {
    let case = |name, claim| Case::new(name, SCRIPT, claim);
    vec![
        Case::good("no checkout is named, and all is well", SCRIPT)
            .shows("what `hotdash-ops status` asks, because no checkout is named (--app-dir)")
            .arrange(|b| b.drop_config("app_dir")),
        case("no checkout is named, and Redis is down", "queue_services").arrange(|b| {
            b.drop_config("app_dir");
            state(b, json!({ "queue_services": "failing" }));
        }),
        case("no checkout is named, and Postgres says null", "data_services").arrange(|b| {
            b.drop_config("app_dir");
            state(b, json!({ "data_services": null }));
        }),
        case("no checkout is named, and /api breaks", "what /api says").arrange(|b| {
            b.drop_config("app_dir");
            answer(b, "GET /api", json!({ "status": 500 }));
        }),
        case("no checkout is named, and the token is not known", "token")
            .says("401: the token is unknown")
            .arrange(|b| {
                b.drop_config("app_dir");
                token(b, "hunter2hunter2hunter2xyz");
            }),
        case("no checkout is named, and the user is a stranger", "membership").arrange(|b| {
            b.drop_config("app_dir");
            person(b, "stranger");
        }),
        case("no checkout is named, and the account is suspended", "account status").arrange(|b| {
            b.drop_config("app_dir");
            state(b, json!({ "accounts": { "3": { "status": "suspended" } } }));
        }),
        case("no checkout is named, and nobody looks whether Chatwoot is dead", "liveness")
            .without("chatwoot.alive")
            .arrange(|b| {
                b.drop_config("app_dir");
                b.control("chatwoot", json!({ "door": "closed" }));
            }),
    ]
}
