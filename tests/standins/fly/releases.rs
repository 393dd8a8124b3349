//! `fly releases`, as it is printed and as the client reads it.

use std::ffi::OsString;
use std::time::Duration;

use hotdash_ops::testing::redact::Redactor;
use hotdash_ops::testing::rehearsal::standins::fly::{Fault, MARKER};
use hotdash_ops::testing::service::fly::{self, Answer, FlyError, Release};
use hotdash_ops::testing::service::marker::MarkerSink;
use hotdash_ops::testing::traffic::window::current_deploy;

use super::{Sandbox, text};

const APP: &str = "hotdash-app";

/// What the client needs to find the stand-in and nothing else.
pub fn environment(sandbox: &Sandbox) -> Vec<(OsString, OsString)> {
    let mut path = sandbox.bin.clone().into_os_string();
    path.push(":/usr/bin:/bin");
    vec![("PATH".into(), path)]
}

async fn releases(sandbox: &Sandbox, app: &str) -> Answer<Vec<Release>> {
    let (redactor, marker) = (Redactor::default(), MarkerSink::default());
    let answer = fly::releases(environment(sandbox), app, Duration::from_secs(20), &redactor, &marker).await;
    assert!(marker.seen(), "{answer:?}");
    answer
}

fn time(text: &str) -> jiff::Timestamp {
    text.parse().expect("a time")
}

#[test]
fn releases_have_flyctls_shape() {
    let sandbox = Sandbox::new();
    let list = sandbox.json("releases -a hotdash-app --json");
    let first = list[0].as_object().expect("an object");
    let keys = [
        "ID",
        "Version",
        "Stable",
        "InProgress",
        "Reason",
        "Description",
        "Status",
        "DeploymentStrategy",
        "Metadata",
        "User",
        "EvaluationID",
        "CreatedAt",
        "ImageRef",
    ];
    assert_eq!(first.keys().map(String::as_str).collect::<Vec<_>>(), keys);
    let row = |at: usize| (list[at]["Version"].as_u64(), list[at]["Status"].as_str());
    assert_eq!([row(0), row(1)], [(Some(42), Some("complete")), (Some(41), Some("failed"))]);
    assert_eq!(list[0]["CreatedAt"], "2026-03-02T09:15:27Z");
    let printed = text(&sandbox.run("releases -a hotdash-app --image --json").stdout);
    assert!(printed.starts_with("[\n    {\n        \"ID\""), "{printed}");
    let table = text(&sandbox.run("releases -a hotdash-app").stdout);
    assert!(table.lines().any(|line| line.starts_with("v42\tcomplete\t")), "{table}");
    assert!(sandbox.error("releases -a no-such-app -j").contains("Could not find App \"no-such-app\""));
    for n in 0..30 {
        sandbox
            .fly
            .release(APP, "complete", time("2026-03-03T00:00:00Z"))
            .unwrap_or_else(|e| panic!("{n}: {e}"));
    }
    let long = sandbox.json("releases -a hotdash-app --json");
    assert_eq!((long.as_array().map(Vec::len), long[0]["Version"].as_u64()), (Some(25), Some(72)));
}

#[tokio::test]
async fn the_newest_deploy_that_runs_is_found() {
    let sandbox = Sandbox::new();
    let current = async || {
        let answer = releases(&sandbox, APP).await;
        let deploy = current_deploy(&answer.found.expect("a list"), APP).expect("a deploy");
        (deploy.source, deploy.running, deploy.at)
    };
    assert_eq!(current().await, ("release v42".to_owned(), false, time("2026-03-02T09:15:27Z")));
    let began = time("2026-03-04T10:00:00.25Z");
    for (status, version, running) in
        [("failed", 42, false), ("interrupted", 42, false), ("running", 45, true), ("complete", 46, false)]
    {
        let number = sandbox.fly.release(APP, status, began).expect("released");
        let at = if number == version { began } else { time("2026-03-02T09:15:27Z") };
        assert_eq!(current().await, (format!("release v{version}"), running, at), "{status}");
        let status_of = sandbox.json("status -a hotdash-app --json");
        assert_eq!(status_of["Version"], number, "the newest, failed ones included");
    }
    let machine = &sandbox.json("status -a hotdash-app --json")["Machines"][0]["config"]["metadata"];
    assert_eq!(machine["fly_release_version"], "46");
}

#[tokio::test]
async fn releases_that_cannot_be_read_are_an_error() {
    let sandbox = Sandbox::new();
    assert_eq!(releases(&sandbox, "elsewhere").await.found, Err(FlyError::NoApp("elsewhere".to_owned())));
    sandbox.fly.break_command("releases", Fault::garbage()).expect("changed");
    assert!(matches!(releases(&sandbox, APP).await.found, Err(FlyError::Unreadable { .. })));
    sandbox.fly.break_command("releases", Fault::error("Unauthorized")).expect("changed");
    assert!(matches!(releases(&sandbox, APP).await.found, Err(FlyError::Refused(_))));
    sandbox
        .fly
        .change(|answers| {
            answers.logged_in = false;
            answers.faults.clear();
        })
        .expect("changed");
    assert_eq!(releases(&sandbox, APP).await.found, Err(FlyError::NotLoggedIn));
    assert!(text(&sandbox.run("releases -a hotdash-app").stderr).contains(MARKER));
}
