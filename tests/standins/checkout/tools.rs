//! The stand-ins for eslint, prettier, gitleaks and the health script.

use std::process::Stdio;
use std::time::Duration;

use hotdash_ops::testing::rehearsal::standins::checkout::{Answers, HEALTH_LINES, ToolName, ToolOutput};
use serde_json::Value;

use super::{BOTH, Npm, Sandbox, text};

#[test]
fn each_tool_can_be_made_to_fail() {
    let sandbox = Sandbox::new();
    let commands: [(ToolName, &[&str], &str); 3] = [
        (ToolName::Eslint, &["npm", "run", "lint"], "1 problem"),
        (ToolName::Gitleaks, &["npm", "run", "scan"], "leaks found: 1"),
        (ToolName::Prettier, &["npx", "prettier", "--check", "."], "Code style issues"),
    ];
    for (tool, args, sign) in commands {
        let mut answers = Answers::good();
        answers.tool(tool).red = true;
        sandbox.checkout.set(answers).expect("set");
        assert_eq!(sandbox.code(args), Some(1), "{tool:?}");
        let output = sandbox.run(Npm::StandIn, args);
        assert!((text(&output.stdout) + &text(&output.stderr)).contains(sign), "{tool:?}");
        assert_eq!(sandbox.checkout.changed().expect("git"), "", "finding fault changes nothing");
        for (other, args, _) in commands.iter().filter(|(other, ..)| *other != tool) {
            assert_eq!(sandbox.run(Npm::StandIn, args).status.code(), Some(0), "{other:?}");
        }
    }
}

#[test]
fn formatting_and_misbehaving_tools_change_the_tree() {
    let sandbox = Sandbox::new();
    assert_eq!(sandbox.code(&["npm", "run", "fmt"]), Some(0));
    assert_eq!(sandbox.checkout.changed().expect("git"), "", "nothing to format");
    sandbox.checkout.change(|answers| answers.tool(ToolName::Prettier).red = true).expect("set");
    assert_eq!(sandbox.code(&["npm", "run", "fmt"]), Some(0), "formatting is green and changes files");
    assert_eq!(sandbox.checkout.changed().expect("git"), " M app/support.webhook.ts\n");
    sandbox.checkout.restore().expect("restored");
    assert_eq!(sandbox.checkout.changed().expect("git"), "");
    sandbox.checkout.change(|a| a.tool(ToolName::Vitest).changes = Some("new.ts".into())).expect("set");
    assert_eq!(sandbox.run(Npm::StandIn, &["npm", "run", "test:unit"]).status.code(), Some(0));
    assert_eq!(sandbox.checkout.changed().expect("git"), "?? new.ts\n");
    sandbox.checkout.restore().expect("restored");
    assert_eq!(sandbox.checkout.changed().expect("git"), "");
}

#[test]
fn the_health_script_prints_and_writes_its_lines() {
    let sandbox = Sandbox::new();
    let script = ["npm", "run", "ops:check-chatwoot-health"];
    assert_eq!(sandbox.code(&script), Some(1), "not configured");
    let ask = |npm| {
        let output = sandbox
            .command(npm, &script)
            .env("CHATWOOT_BASE_URL", "http://127.0.0.1:1")
            .output()
            .expect("runs");
        (output.status.code(), text(&output.stdout).lines().any(|line| line == "Chatwoot health check OK"))
    };
    assert_eq!(BOTH.map(ask), [(Some(0), true); 2]);
    let lines = std::fs::read_to_string(sandbox.checkout.path().join(HEALTH_LINES)).expect("its lines");
    assert!(
        lines.lines().count() == 2 && lines.lines().all(|l| serde_json::from_str::<Value>(l).is_ok()),
        "{lines}"
    );
    assert_eq!(sandbox.checkout.changed().expect("git"), "?? artifacts/\n");
    sandbox.checkout.change(|answers| answers.tool(ToolName::Health).red = true).expect("set");
    assert_eq!(BOTH.map(ask), [(Some(2), false); 2]);
    let silent = ToolOutput { stdout: "done\n".into(), ..ToolOutput::default() };
    sandbox.checkout.change(|answers| answers.tool(ToolName::Health).says = Some(silent)).expect("set");
    assert_eq!(BOTH.map(ask), [(Some(0), false); 2], "green without its line");
}

#[test]
fn tools_can_print_much_and_can_hang() {
    let sandbox = Sandbox::new();
    sandbox.checkout.change(|answers| answers.tool(ToolName::Eslint).noise = 20_000).expect("set");
    let loud = sandbox.run(Npm::StandIn, &["npm", "run", "lint"]);
    assert!(loud.status.success() && loud.stdout.len() > 1_000_000, "{} bytes", loud.stdout.len());
    sandbox.checkout.change(|answers| answers.tool(ToolName::Eslint).hang = true).expect("set");
    let mut command = sandbox.command(Npm::StandIn, &["npm", "run", "lint"]);
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let mut child = command.stdout(Stdio::null()).spawn().expect("runs");
    std::thread::sleep(Duration::from_millis(700));
    assert!(child.try_wait().expect("asked").is_none(), "it hangs");
    let group = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process_group(group, rustix::process::Signal::KILL).expect("killed");
    child.wait().expect("ended");
}
