use super::*;

async fn logs_within(time: Duration, script: &str) -> Answer<LogBatch> {
    let (redactor, marker) = (Redactor::new([BLANKS]), MarkerSink::default());
    with_program("fly", script, &[], |env| super::logs(env, "hotdash-app", time, &redactor, &marker)).await
}

async fn output_of(stdout: &str) -> Result<LogBatch, FlyError> {
    logs_within(Duration::from_secs(10), &format!("cat <<'EOF'\n{stdout}\nEOF")).await.found
}

/// An entry as printed by flyctl.
fn entry(time: &str, level: &str, message: &str) -> String {
    format!(
        r#"{{
    "level": "{level}",
    "instance": "e2865013b06789",
    "message": "{message}",
    "region": "ord",
    "timestamp": "{time}",
    "meta": {{
        "Instance": "e2865013b06789",
        "HTTP": {{
            "Response": {{
                "status_code": 0
            }}
        }}
    }}
}}"#
    )
}

const AT: &str = "2026-03-02T09:15:27.123456789Z";

fn messages(batch: &LogBatch) -> Vec<&str> {
    batch.lines.iter().map(|line| line.message.reveal()).collect()
}

#[tokio::test]
async fn a_stream_of_objects_is_parsed() {
    let two = format!("{}\n{}", entry(AT, "info", "one"), entry(AT, "error", r#"two \"quoted\" \u00e9"#));
    let batch = output_of(&two).await.expect("lines");
    assert_eq!(batch.partial, None);
    assert_eq!(messages(&batch), ["one", "two \"quoted\" é"]);
    let line = &batch.lines[1];
    assert_eq!((line.level.as_str(), line.instance.as_str()), ("error", "e2865013b06789"));
    assert_eq!(line.at, Some(AT.parse().expect("a time")));
    assert_eq!(output_of(&two.replace('\n', " ")).await.as_ref(), Ok(&batch), "in one line too");
}

#[tokio::test]
async fn a_line_without_a_timestamp_is_kept() {
    for time in ["", "yesterday", "2026-03-02 09:15", "1772442927"] {
        let batch = output_of(&entry(time, "error", "boom")).await.expect("a line");
        assert_eq!((batch.lines[0].at, messages(&batch)), (None, vec!["boom"]), "{time}");
    }
    let bare = output_of(r#"{"level":"","message":"boom"}"#).await.expect("a line");
    assert_eq!((bare.lines[0].at, bare.lines[0].instance.as_str(), bare.partial), (None, "", None));
}

#[tokio::test]
async fn unreadable_output_makes_the_batch_partial() {
    let good = entry(AT, "info", "good");
    for (text, why) in [
        (format!("{good}\n{}", &good[..good.len() - 2]), "is truncated"),
        (format!("{good}\n{{"), "is truncated"),
        (format!("{good}\npanic: runtime error\n{good}"), "not JSON"),
        (format!("{good}\n[1]\n"), "without a message"),
        (format!("{good}\n{{\"level\":\"info\"}}"), "without a message"),
        (format!("{good}\n{{\"message\":\"m\"}}"), "without a level"),
        (format!("{good}\n{{\"message\":\"m\",\"level\":null}}"), "without a level"),
        (format!("{good}\n{{\"message\":\"m\",\"level\":\"error\",\"level\":\"info\"}}"), "duplicate"),
    ] {
        let batch = output_of(&text).await.expect("one line");
        assert_eq!(messages(&batch), ["good"], "{text}");
        assert!(batch.partial.as_ref().is_some_and(|p| p.contains(why)), "{text}: {:?}", batch.partial);
    }
    let around = output_of(&format!("{good}\n{{}}\n{good}")).await.expect("two lines");
    assert_eq!((messages(&around).len(), around.partial.is_some()), (2, true));
    for text in ["", "null", "<html>", "Waiting for logs...", "{}", "[]"] {
        let found = output_of(text).await;
        assert!(matches!(found, Err(FlyError::Unreadable { wanted: "log lines", .. })), "{text}: {found:?}");
    }
}

#[tokio::test]
async fn no_line_in_time_is_an_error() {
    let brief = Duration::from_millis(300);
    let found = logs_within(brief, "echo 'waiting' >&2; sleep 60").await.found;
    assert!(matches!(found, Err(FlyError::NoLines(_))), "{found:?}");
    let half = logs_within(brief, "echo '{'; sleep 60").await.found;
    assert!(matches!(half, Err(FlyError::TimedOut(_))), "{half:?}");
    let script = format!("cat <<'EOF'\n{}\nEOF\nsleep 60", entry(AT, "error", "boom"));
    let batch = logs_within(Duration::from_millis(800), &script).await.found.expect("a line");
    assert_eq!(messages(&batch), ["boom"]);
    assert!(batch.partial.is_some_and(|p| p.contains("still running")));
}

#[tokio::test]
async fn lines_before_an_error_are_kept() {
    let script = format!("cat <<'EOF'\n{}\nEOF\necho 'Error: EOF' >&2; exit 1", entry(AT, "error", "boom"));
    let batch = logs_within(Duration::from_secs(10), &script).await.found.expect("a line");
    assert_eq!(messages(&batch), ["boom"]);
    assert_eq!(batch.partial.as_deref(), Some("fly ended early: fly failed: EOF (exit code 1)"));
    let refused = "echo 'Error: Unauthorized' >&2; exit 1";
    let found = logs_within(Duration::from_secs(10), refused).await.found;
    assert_eq!(found, Err(FlyError::Refused("Unauthorized".to_owned())));
}

#[tokio::test]
async fn a_hundred_long_lines_fit_and_more_are_reported() {
    let long = |count: usize, length: usize| {
        let lines: Vec<String> =
            (0..count).map(|n| entry(AT, "info", &format!("{n} {}", "x".repeat(length)))).collect();
        lines.join("\n")
    };
    let batch = output_of(&long(100, 32_000)).await.expect("lines");
    assert_eq!((batch.lines.len(), batch.partial), (100, None));
    let batch = output_of(&long(100, 50_000)).await.expect("lines");
    assert!(batch.lines.len() < 100 && batch.lines.len() > 50, "{}", batch.lines.len());
    assert!(batch.partial.is_some_and(|p| p.contains("more than 4 MiB")));
}

#[tokio::test]
async fn masking_secrets_does_not_change_the_digest() {
    let text = entry(AT, "error", &format!("the key is {BLANKS} today"));
    let batch = output_of(&text).await.expect("a line");
    assert_eq!(messages(&batch), ["the key is *** today"]);
    assert!(!format!("{batch:?}").contains("today"), "the message is not in the debug output");
    let script = format!("cat <<'EOF'\n{text}\nEOF");
    let (unaware, marker) = (Redactor::default(), MarkerSink::default());
    let time = Duration::from_secs(10);
    let other =
        with_program("fly", &script, &[], |env| super::logs(env, "hotdash-app", time, &unaware, &marker))
            .await;
    assert_eq!(other.found.expect("a line").lines[0].digest(), batch.lines[0].digest());
}

#[tokio::test]
async fn logs_are_requested_with_these_arguments() {
    let script = format!(
        r#"[ "$*" = 'logs -a hotdash-app --json --no-tail' ] || exit 1; [ -z "${{FLY_REGION+x}}" ] || exit 1
cat <<'EOF'
{}
EOF"#,
        entry(AT, "info", "one")
    );
    let (redactor, marker) = (Redactor::default(), MarkerSink::default());
    let time = Duration::from_secs(10);
    let answer = with_program("fly", &script, &[("FLY_REGION", "ams")], |env| {
        super::logs(env, "hotdash-app", time, &redactor, &marker)
    })
    .await;
    assert_eq!(answer.asked, "fly logs -a hotdash-app --json --no-tail");
    assert!(answer.found.is_ok(), "{answer:?}");
}
