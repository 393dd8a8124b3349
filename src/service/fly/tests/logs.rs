use super::*;

async fn logs_within(time: Duration, script: &str) -> Answer<LogBatch> {
    let (redactor, marker) = (Redactor::new([BLANKS]), MarkerSink::default());
    with_program("fly", script, &[], |env| super::logs(env, "hotdash-app", time, &redactor, &marker)).await
}

async fn says(stdout: &str) -> Result<LogBatch, Trouble> {
    logs_within(Duration::from_secs(10), &format!("cat <<'EOF'\n{stdout}\nEOF")).await.found
}

/// As flyctl prints it.
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

fn said(batch: &LogBatch) -> Vec<&str> {
    batch.lines.iter().map(|line| line.message.reveal()).collect()
}

#[tokio::test]
async fn a_stream_of_objects_is_read() {
    let two = format!("{}\n{}", entry(AT, "info", "one"), entry(AT, "error", r#"two \"quoted\" \u00e9"#));
    let batch = says(&two).await.expect("lines");
    assert_eq!(batch.partial, None);
    assert_eq!(said(&batch), ["one", "two \"quoted\" é"]);
    let line = &batch.lines[1];
    assert_eq!((line.level.as_str(), line.instance.as_str()), ("error", "e2865013b06789"));
    assert_eq!(line.at, Some(AT.parse().expect("a time")));
    assert_eq!(says(&two.replace('\n', " ")).await.as_ref(), Ok(&batch), "in one line too");
}

#[tokio::test]
async fn a_line_without_a_time_is_kept_without_one() {
    for time in ["", "yesterday", "2026-03-02 09:15", "1772442927"] {
        let batch = says(&entry(time, "error", "boom")).await.expect("a line");
        assert_eq!((batch.lines[0].at, said(&batch)), (None, vec!["boom"]), "{time}");
    }
    let bare = says(r#"{"level":"","message":"boom"}"#).await.expect("a line");
    assert_eq!((bare.lines[0].at, bare.lines[0].instance.as_str(), bare.partial), (None, "", None));
}

#[tokio::test]
async fn what_cannot_be_read_makes_the_batch_partial() {
    let good = entry(AT, "info", "good");
    for (text, why) in [
        (format!("{good}\n{}", &good[..good.len() - 2]), "breaks off"),
        (format!("{good}\n{{"), "breaks off"),
        (format!("{good}\npanic: runtime error\n{good}"), "no JSON"),
        (format!("{good}\n[1]\n"), "without a message"),
        (format!("{good}\n{{\"level\":\"info\"}}"), "without a message"),
        (format!("{good}\n{{\"message\":\"m\"}}"), "without a level"),
        (format!("{good}\n{{\"message\":\"m\",\"level\":null}}"), "without a level"),
        (format!("{good}\n{{\"message\":\"m\",\"level\":\"error\",\"level\":\"info\"}}"), "twice"),
    ] {
        let batch = says(&text).await.expect("one line");
        assert_eq!(said(&batch), ["good"], "{text}");
        assert!(batch.partial.as_ref().is_some_and(|p| p.contains(why)), "{text}: {:?}", batch.partial);
    }
    let around = says(&format!("{good}\n{{}}\n{good}")).await.expect("two lines");
    assert_eq!((said(&around).len(), around.partial.is_some()), (2, true));
    for text in ["", "null", "<html>", "Waiting for logs...", "{}", "[]"] {
        let found = says(text).await;
        assert!(matches!(found, Err(Trouble::Unreadable { wanted: "log lines", .. })), "{text}: {found:?}");
    }
}

#[tokio::test]
async fn no_line_in_time_is_no_evidence() {
    let brief = Duration::from_millis(300);
    let found = logs_within(brief, "echo 'waiting' >&2; sleep 60").await.found;
    assert!(matches!(found, Err(Trouble::NoLines(_))), "{found:?}");
    let half = logs_within(brief, "echo '{'; sleep 60").await.found;
    assert!(matches!(half, Err(Trouble::TimedOut(_))), "{half:?}");
    let script = format!("cat <<'EOF'\n{}\nEOF\nsleep 60", entry(AT, "error", "boom"));
    let batch = logs_within(Duration::from_millis(800), &script).await.found.expect("a line");
    assert_eq!(said(&batch), ["boom"]);
    assert!(batch.partial.is_some_and(|p| p.contains("still running")));
}

#[tokio::test]
async fn an_error_after_lines_does_not_take_them_away() {
    let script = format!("cat <<'EOF'\n{}\nEOF\necho 'Error: EOF' >&2; exit 1", entry(AT, "error", "boom"));
    let batch = logs_within(Duration::from_secs(10), &script).await.found.expect("a line");
    assert_eq!(said(&batch), ["boom"]);
    assert_eq!(batch.partial.as_deref(), Some("it ended early: fly said: EOF (exit code 1)"));
    let refused = "echo 'Error: Unauthorized' >&2; exit 1";
    let found = logs_within(Duration::from_secs(10), refused).await.found;
    assert_eq!(found, Err(Trouble::Refused("Unauthorized".to_owned())));
}

#[tokio::test]
async fn a_hundred_long_lines_fit_and_more_are_told() {
    let long = |count: usize, length: usize| {
        let lines: Vec<String> =
            (0..count).map(|n| entry(AT, "info", &format!("{n} {}", "x".repeat(length)))).collect();
        lines.join("\n")
    };
    let batch = says(&long(100, 32_000)).await.expect("lines");
    assert_eq!((batch.lines.len(), batch.partial), (100, None));
    let batch = says(&long(100, 50_000)).await.expect("lines");
    assert!(batch.lines.len() < 100 && batch.lines.len() > 50, "{}", batch.lines.len());
    assert!(batch.partial.is_some_and(|p| p.contains("more than 4 MiB")));
}

#[tokio::test]
async fn secrets_are_masked_and_the_line_is_still_the_same_line() {
    let text = entry(AT, "error", &format!("the key is {BLANKS} today"));
    let batch = says(&text).await.expect("a line");
    assert_eq!(said(&batch), ["the key is *** today"]);
    assert!(!format!("{batch:?}").contains("today"), "the words of a line are in no debug output");
    let script = format!("cat <<'EOF'\n{text}\nEOF");
    let (unaware, marker) = (Redactor::default(), MarkerSink::default());
    let time = Duration::from_secs(10);
    let other =
        with_program("fly", &script, &[], |env| super::logs(env, "hotdash-app", time, &unaware, &marker))
            .await;
    assert_eq!(other.found.expect("a line").lines[0].digest(), batch.lines[0].digest());
}

#[tokio::test]
async fn logs_are_asked_exactly_so() {
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
