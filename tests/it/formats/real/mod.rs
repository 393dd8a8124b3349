//! Every format as the real binary prints it, of worlds that are good, broken,
//! mistaken and cut short: accepted by parsers that were not written here, and
//! all with the same content as the json document.

mod lines;
mod parsers;
mod run;

pub use run::accept;

use std::sync::OnceLock;
use std::time::Duration;

use hotdash_ops::testing::rehearsal::postgres::variant;
use hotdash_ops::testing::rehearsal::standins::checkout::{Tool, ToolName, ToolOutput};
use hotdash_ops::testing::rehearsal::standins::fly::Fault;
use serde_json::json;

use crate::support::bench::{Bench, verdict};
use run::OutputOptions;

/// Text of a server or a program that could break a format that quotes it.
const HOSTILE: &str = "]]> <b>&amp; | `x` **y** [z](http://e) @someone {\"a\":\"b\"} \"q\" \\ %0A ::error::owned\n\
     ::warning title=owned::two\r\n##[error]three \u{1b}[31mred\u{1b}[0m\u{7} nul\u{0} \u{202e}back \u{2028}new \u{85} \u{fffe} é 🚒\n\
     # HELP hotdash_ops_owned x\nhotdash_ops_owned{a=\"b\"} 1\n</details> <!-- <script>x</script> $(id)";

/// The four ways in which a run can end, each reported in every format at once.
fn all() -> [(&'static str, &'static OutputOptions); 4] {
    [("good", good()), ("broken", broken()), ("mistaken", mistaken()), ("interrupted", interrupted())]
}

fn good() -> &'static OutputOptions {
    static OUTPUT: OnceLock<OutputOptions> = OnceLock::new();
    OUTPUT.get_or_init(|| OutputOptions::of(&Bench::new(), &[]))
}

/// Failures, warnings, errors, what cannot be judged, what is blocked and what is left out; and everything
/// that is quoted is hostile.
fn broken() -> &'static OutputOptions {
    static OUTPUT: OnceLock<OutputOptions> = OnceLock::new();
    OUTPUT.get_or_init(|| OutputOptions::of(&broken_world(), &["--skip", "schema.facts-select"]))
}

fn broken_world() -> Bench {
    let bench = Bench::with_sql(&format!("{}{}", variant::INDEX_MISSING, variant::GRADES_MISSING));
    bench.sql("alter table dashboard_facts rename column value to \"va]]>lue | `x` ::error::\";");
    let html = json!({ "status": 500, "body": HOSTILE });
    bench.control("agent", json!({ "set": { "POST /webhooks/chatwoot": html } }));
    bench.control("agent", json!({ "state": { "version": HOSTILE } }));
    let refused = json!({ "status": 403, "json": { "error": HOSTILE } });
    bench.control("chatwoot", json!({ "set": { "GET /api/v1/accounts/3/webhooks": refused } }));
    bench.control("chatwoot", json!({ "state": { "accounts": { "3": { "name": HOSTILE } } } }));
    bench.world.fly.break_command("secrets list", Fault::error(HOSTILE)).expect("fly takes it");
    let says = ToolOutput { stdout: HOSTILE.to_owned(), stderr: HOSTILE.to_owned(), code: 1 };
    let tool = Tool { says: Some(says), ..Tool::default() };
    bench
        .world
        .checkout
        .change(|answers| {
            answers.tools.insert(ToolName::Eslint, tool.clone());
            answers.tools.insert(ToolName::Vitest, tool);
        })
        .expect("the tools take it");
    // A program that is not there is our side's fault.
    let scan = "[targets.sandbox.commands]\nscan = [\"no-such-scanner\"]\n\n[targets.elsewhere]\n";
    bench.edit_config("[targets.elsewhere]\n", scan);
    bench
}

/// The target is not the sandbox, and stand-ins answer.
fn mistaken() -> &'static OutputOptions {
    static OUTPUT: OnceLock<OutputOptions> = OnceLock::new();
    OUTPUT.get_or_init(|| {
        let mut bench = Bench::new();
        bench.set("HOTDASH_OPS_TARGET", "staging");
        bench.edit_config("[targets.elsewhere]\n", "[targets.staging]\n\n[targets.elsewhere]\n");
        OutputOptions::of(&bench, &[])
    })
}

/// Ctrl-C while a command hangs.
fn interrupted() -> &'static OutputOptions {
    static OUTPUT: OnceLock<OutputOptions> = OnceLock::new();
    OUTPUT.get_or_init(|| {
        let bench = Bench::new();
        let hang = Tool { hang: true, ..Tool::default() };
        let change = bench.world.checkout.change(|answers| *answers.tool(ToolName::Eslint) = hang);
        change.expect("the tools take it");
        OutputOptions::cut_short(&bench, Duration::from_secs(60))
    })
}

#[test]
fn each_run_ends_as_its_name_says() {
    for (name, run_report) in all() {
        let codes = [("good", 0), ("broken", 1), ("mistaken", 2), ("interrupted", 130)];
        let expected = codes.iter().find(|(known, _)| *known == name).expect("a known name").1;
        assert_eq!(run_report.code, expected, "{name}: {}", run_report.stderr);
    }
    let verdicts: Vec<String> = broken().outcomes().iter().map(verdict).collect();
    for each in ["pass", "fail", "inconclusive", "error", "skipped"] {
        assert!(verdicts.iter().any(|v| v == each), "no check of the broken world is {each}");
    }
    let labels: Vec<String> =
        broken().outcomes().iter().map(|o| o["label"].as_str().unwrap_or_default().to_owned()).collect();
    for each in ["warn", "blocked", "skipped"] {
        assert!(labels.iter().any(|l| l == each), "no check of the broken world is {each}");
    }
    // The hostile text arrived in one form or another; otherwise nothing would be tested here.
    let text = broken().file("json");
    for word in ["owned", "someone", "three", "red"] {
        assert!(text.contains(word), "{word} is not in the report");
    }
}

#[test]
fn every_format_on_stdout_is_accepted() {
    let bench = broken_world();
    for format in run::FORMATS {
        let arguments =
            ["preflight", "--format", format, "--no-journal", "--skip", "quality", "--skip", "chatwoot"];
        let ran = bench.ops(&arguments);
        assert_eq!(ran.code, 1, "{format}: {}", ran.stderr);
        run::accept(format, &ran.stdout);
    }
}
