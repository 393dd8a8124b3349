//! What a watch must never print: texts of customers, and tokens.

use std::thread::{scope, sleep};
use std::time::Duration;

use hotdash_ops::testing::rehearsal::world::setup::Setup;
use serde_json::json;

use super::{bench, files};
use crate::support::bench::finish;

#[test]
fn customer_texts_and_tokens_are_never_printed() {
    const CANARY: &str = "zebra-umbrella-4711";
    let bench = bench(Setup::Healthy, 24);
    let token = bench.vars["CHATWOOT_API_KEY"].clone();
    let letter = json!({
        "payload": {"id": 77, "content": CANARY, "conversation": {"id": 5, "meta": {"sender": {"name": CANARY}}}},
        "attempts": 3, "lastError": format!("401 at the agent {}{token}", "for api_access_token ".repeat(8)),
        "agentEndpoint": format!("http://{CANARY}.example/{token}"),
    });
    let odd = json!({"success": false, "attempts": CANARY, "durationMs": token, "finalStatus": token});
    let insert = |kind: &str, value: &serde_json::Value| {
        bench.sql(&format!(
            "insert into dashboard_facts (shop_domain, fact_type, scope, value) values ('s', '{kind}', 'ops', '{value}')"
        ));
    };
    let bench = &bench;
    scope(|runs| {
        let all = ["jsonl", "table", "json"].map(|format| {
            let mut command = bench.command();
            command.args(["monitor", "--minutes", "0.15", "--full", "-vv", "--format", format]);
            for report in ["junit", "markdown", "prom", "json"] {
                command
                    .arg("--report")
                    .arg(format!("{report}:{}", bench.path(&format!("{format}.{report}")).display()));
            }
            (format, runs.spawn(move || finish(&mut command)))
        });
        sleep(Duration::from_secs(4));
        insert("support.webhook.dead_letter", &letter);
        insert("support.webhook.retry", &odd);
        for (format, run) in all {
            let ran = run.join().expect("it runs");
            assert_eq!(ran.code, 1, "{format}: {}{}", ran.stdout, ran.stderr);
            let mut texts =
                vec![("stdout".to_owned(), ran.stdout.clone()), ("stderr".to_owned(), ran.stderr.clone())];
            texts.extend(files(bench));
            assert!(texts.len() > 6, "{format}: no journal and no reports");
            for (name, text) in &texts {
                assert!(!text.contains(CANARY), "{format}: a customer's text in {name}:\n{text}");
                assert!(!text.contains(&token[..12]), "{format}: the token in {name}:\n{text}");
            }
            assert!(
                ran.stdout.contains("at the agent"),
                "{format}: the dead letter's error is not printed: {}",
                ran.stdout
            );
            if format == "jsonl" {
                let ticks = ran.stdout.lines().filter(|line| line.starts_with("{\"event\":\"tick\"")).count();
                // A tick a second for nine seconds; a busy machine may leave one or two out.
                assert!((6..=12).contains(&ticks), "{ticks} ticks:\n{}", ran.stdout);
            }
        }
    });
}
