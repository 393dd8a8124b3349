//! `fly logs`, as it is printed and as the client reads and judges it.

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hotdash_ops::testing::outcome::window::Window;
use hotdash_ops::testing::redact::Redactor;
use hotdash_ops::testing::rehearsal::standins::fly::{Fault, Fly};
use hotdash_ops::testing::service::fly::{self, FlyError, LogBatch};
use hotdash_ops::testing::service::marker::MarkerSink;
use hotdash_ops::testing::settings::Traffic;
use hotdash_ops::testing::traffic::logs::{LogReading, LogTexts};
use hotdash_ops::testing::traffic::window::End;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::releases::environment;
use super::{Sandbox, text};

const APP: &str = "hotdash-app";
const NO_TAIL: &str = "logs -a hotdash-app --json --no-tail";

/// Tenths of a second after some hour.
fn at(tenths: i64) -> Timestamp {
    Timestamp::from_millisecond(1_770_000_000_000 + tenths * 100).expect("a time")
}

fn write(fly: &Fly, numbers: std::ops::Range<i64>) {
    for n in numbers {
        fly.log(APP, "info", &format!("line {n}"), at(n)).expect("logged");
    }
}

fn printed(stdout: &[u8]) -> Vec<Value> {
    let stream = serde_json::Deserializer::from_slice(stdout).into_iter::<Value>();
    stream.collect::<Result<_, _>>().unwrap_or_else(|e| panic!("{e}: {}", text(stdout)))
}

fn messages(stdout: &[u8]) -> Vec<String> {
    printed(stdout).iter().map(|line| line["message"].as_str().expect("a message").to_owned()).collect()
}

async fn logs_within(sandbox: &Sandbox, time: Duration) -> Result<LogBatch, FlyError> {
    let marker = MarkerSink::default();
    let answer = fly::logs(environment(sandbox), APP, time, &Redactor::default(), &marker).await;
    assert!(marker.seen(), "{answer:?}");
    answer.found
}

async fn logs(sandbox: &Sandbox) -> Result<LogBatch, FlyError> {
    logs_within(sandbox, Duration::from_secs(20)).await
}

#[test]
fn a_line_has_flyctls_shape() {
    let sandbox = Sandbox::new();
    let nasty = "}\n{ \"quoted\" \\ é \u{1b}[31m";
    sandbox.fly.log(APP, "error", nasty, at(3)).expect("logged");
    let output = sandbox.run(NO_TAIL);
    assert_eq!(output.status.code(), Some(0));
    assert!(text(&output.stdout).starts_with("{\n    \"level\": \"error\",\n"), "{}", text(&output.stdout));
    let lines = printed(&output.stdout);
    let line = &lines[0];
    let keys: Vec<&String> = line.as_object().expect("an object").keys().collect();
    assert_eq!(keys, ["level", "instance", "message", "region", "timestamp", "meta"]);
    assert_eq!(line["message"], nasty);
    assert_eq!(line["timestamp"], "2026-02-02T02:40:00.3Z");
    assert_eq!((&line["instance"], &line["region"]), (&"e2865013b06789".into(), &"ord".into()));
    assert_eq!(line["meta"]["HTTP"]["Response"]["status_code"], 0);
    let plain = text(&sandbox.run("logs -a hotdash-app -n").stdout);
    assert!(plain.starts_with("2026-02-02T02:40:00Z app[e2865013b06789] ord [error]} {"), "{plain}");
    assert_eq!(plain.lines().count(), 1);
}

#[test]
fn only_the_newest_hundred_are_printed() {
    let sandbox = Sandbox::new();
    write(&sandbox.fly, 0..99);
    assert_eq!(messages(&sandbox.run(NO_TAIL).stdout).len(), 99);
    write(&sandbox.fly, 99..250);
    let lines = messages(&sandbox.run("logs -a hotdash-app -j -n").stdout);
    assert_eq!((lines.len(), lines[0].as_str(), lines[99].as_str()), (100, "line 150", "line 249"));
    assert_eq!(text(&sandbox.run("logs -a hotdash-app --no-tail").stdout).lines().count(), 100);
    // Enough for the file to start again several times.
    let long = "x".repeat(100_000);
    for n in 250..350 {
        sandbox.fly.log(APP, "info", &format!("line {n} {long}"), at(n)).expect("logged");
    }
    write(&sandbox.fly, 350..400);
    let lines = messages(&sandbox.run(NO_TAIL).stdout);
    assert_eq!(lines.len(), 100);
    assert!(lines[0].starts_with("line 300 x") && lines[99] == "line 399", "{}", &lines[99]);
    sandbox.fly.log("hotdash-agent-service", "info", "another app", at(0)).expect("logged");
    assert_eq!(messages(&sandbox.run("logs -a hotdash-agent-service -j -n").stdout), ["another app"]);
    assert!(sandbox.fly.log("../x", "info", "", at(0)).is_err());
}

#[test]
fn lines_are_complete_while_more_are_written() {
    let sandbox = Sandbox::new();
    write(&sandbox.fly, 0..1);
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let filler = "x".repeat(3000);
            for n in 1.. {
                if done.load(Ordering::Relaxed) {
                    break;
                }
                sandbox.fly.log(APP, "info", &format!("line {n} {filler}"), at(n)).expect("logged");
                std::thread::sleep(Duration::from_micros(500));
            }
        });
        for _ in 0..40 {
            let lines = messages(&sandbox.run(NO_TAIL).stdout);
            let number = |line: &String| line.split(' ').nth(1).and_then(|n| n.parse::<usize>().ok());
            let numbers: Vec<usize> = lines.iter().filter_map(number).collect();
            assert!(!lines.is_empty() && lines.len() <= 100 && numbers.len() == lines.len());
            assert!(numbers.windows(2).all(|pair| pair[1] == pair[0] + 1), "{numbers:?}");
        }
        done.store(true, Ordering::Relaxed);
    });
}

#[test]
fn without_no_tail_it_keeps_printing() {
    let sandbox = Sandbox::new();
    write(&sandbox.fly, 0..2);
    let mut command = sandbox.command("logs -a hotdash-app --json");
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("runs");
    let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
    let mut next = || lines.by_ref().map_while(Result::ok).find(|line| line.contains("\"message\""));
    assert!(next().is_some_and(|line| line.contains("line 0")));
    assert!(next().is_some_and(|line| line.contains("line 1")));
    write(&sandbox.fly, 2..3);
    assert!(next().is_some_and(|line| line.contains("line 2")), "what comes later too");
    assert!(child.try_wait().expect("asked").is_none(), "it does not end");
    child.kill().expect("killed");
    child.wait().expect("ended");
}

#[tokio::test]
async fn an_empty_log_keeps_waiting() {
    let sandbox = Sandbox::new();
    let brief = Duration::from_millis(700);
    let waits = async || matches!(logs_within(&sandbox, brief).await, Err(FlyError::NoLines(_)));
    assert!(waits().await);
    write(&sandbox.fly, 0..1);
    let batch = logs(&sandbox).await.expect("a line");
    assert_eq!((batch.lines.len(), batch.lines[0].at, batch.partial), (1, Some(at(0)), None));
    sandbox.fly.clear_log(APP).expect("cleared");
    assert!(waits().await);
    let first = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        write(&sandbox.fly, 5..6);
    };
    let (batch, ()) = tokio::join!(logs(&sandbox), first);
    assert_eq!(batch.map(|batch| batch.lines.len()), Ok(1), "it ends with the first line");
    let mut elsewhere = sandbox.command(&format!("{NO_TAIL} --region ams"));
    let mut child = elsewhere.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("runs");
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert!(child.try_wait().expect("asked").is_none(), "another region has no line");
    child.kill().expect("killed");
    child.wait().expect("ended");
}

#[tokio::test]
async fn logs_that_cannot_be_read_are_an_error() {
    let sandbox = Sandbox::new();
    write(&sandbox.fly, 0..3);
    sandbox.fly.break_command("logs", Fault::deploy_token_refused()).expect("changed");
    let words = "not authorized to retrieve app logs (this can happen when using deploy tokens)";
    assert_eq!(logs(&sandbox).await, Err(FlyError::Refused(words.to_owned())));
    sandbox.fly.break_command("logs", Fault::garbage()).expect("changed");
    assert!(matches!(logs(&sandbox).await, Err(FlyError::Unreadable { .. })));
    sandbox.fly.break_command("logs", Fault::Hang).expect("changed");
    let hung = logs_within(&sandbox, Duration::from_millis(500)).await;
    assert!(matches!(hung, Err(FlyError::NoLines(_))), "{hung:?}");
    let half = "{\"level\":\"info\",\"message\":\"whole\"}\n{\"level\":\"inf".to_owned();
    let says = Fault::Says { stdout: half, stderr: String::new(), code: 0 };
    sandbox.fly.break_command("logs", says).expect("changed");
    let batch = logs(&sandbox).await.expect("one line");
    assert!(batch.lines.len() == 1 && batch.partial.is_some());
    sandbox.fly.change(|answers| answers.faults.clear()).expect("changed");
    assert!(sandbox.error("logs -a elsewhere --json --no-tail").contains("Could not find App \"elsewhere\""));
}

#[tokio::test]
async fn batches_read_while_lines_arrive_cover_the_window() {
    let sandbox = Sandbox::new();
    let mut reading = LogReading::new(LogTexts::from(&Traffic::default()));
    let second = SignedDuration::from_secs(1);
    let end = End::new(Window { from: at(0), to: at(499) });
    let mut written = 0;
    for until in [60, 150, 240, 330] {
        write(&sandbox.fly, written..until);
        written = until;
        reading.take(at(until - 1), end, &logs(&sandbox).await.expect("lines"));
    }
    let judged = reading.judge(at(0), at(329));
    assert_eq!((judged.covered.clone(), judged.lines_inside, judged.error_lines()), (Ok(()), 329, 0));

    sandbox
        .fly
        .log(APP, "info", "[support.webhook] Webhook sent to dead letter queue", at(330))
        .expect("logged");
    sandbox
        .fly
        .log(APP, "info", "[support.webhook] Agent SDK returned non-success", at(331))
        .expect("logged");
    reading.take(at(331), end, &logs(&sandbox).await.expect("lines"));
    let judged = reading.judge(at(0), at(331));
    assert_eq!((judged.covered.clone(), judged.error_lines(), judged.warned), (Ok(()), 1, 1));
    assert_eq!(judged.errors[0].message, "[support.webhook] Webhook sent to dead letter queue");
    assert_eq!(reading.judge(at(0), at(329)).error_lines(), 0, "it was later");

    write(&sandbox.fly, 332..500);
    reading.take(at(499) + second, end, &logs(&sandbox).await.expect("lines"));
    let why = reading.judge(at(0), at(499)).covered.expect_err("68 lines were not seen");
    assert!(why.contains("the log between 2026-02-02T02:40:33.100Z and 2026-02-02T02:40:40.000Z"), "{why}");
}
