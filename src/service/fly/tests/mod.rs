use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::*;

mod logs;
mod releases;

/// A secret that contains spaces.
const BLANKS: &str = "correct horse battery staple";

/// A shell script with this name that runs `script`.
fn program(directory: &Path, name: &str, script: &str) {
    let path = directory.join(name);
    std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).expect("it can be written");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755))
        .expect("it can be made executable");
}

async fn run(name: &str, script: &str, env: &[(&str, &str)]) -> Answer<Vec<Secret>> {
    run_within(Duration::from_secs(10), name, script, env).await
}

async fn run_within(time: Duration, name: &str, script: &str, env: &[(&str, &str)]) -> Answer<Vec<Secret>> {
    marked(time, name, script, env).await.0
}

/// What came back, and whether a stand-in's marker was reported.
async fn marked(
    time: Duration,
    name: &str,
    script: &str,
    env: &[(&str, &str)],
) -> (Answer<Vec<Secret>>, bool) {
    let (redactor, marker) = (Redactor::new([BLANKS]), MarkerSink::default());
    let ask = |env| secrets(env, "hotdash-app", time, &redactor, &marker);
    (with_program(name, script, env, ask).await, marker.seen())
}

/// Runs a query while a program with this name is the only one that can be found.
async fn with_program<T, F: Future<Output = Answer<T>>>(
    name: &str,
    script: &str,
    env: &[(&str, &str)],
    query: impl Fn(Variables) -> F,
) -> Answer<T> {
    let directory = tempfile::tempdir().expect("a directory");
    program(directory.path(), name, script);
    let path = format!("{}:/usr/bin:/bin", directory.path().display());
    let env = [("PATH", path.as_str())].into_iter().chain(env.iter().copied());
    let env: Variables = env.map(|(n, v)| (n.into(), v.into())).collect();
    loop {
        let answer = query(env.clone()).await;
        // A child of another test may briefly hold the file that was just written.
        match &answer.found {
            Err(FlyError::NotRun(NotRun::Other { why, .. })) if why.contains("busy") => continue,
            _ => return answer,
        }
    }
}

async fn output_of(stdout: &str) -> Result<Vec<Secret>, FlyError> {
    run("fly", &format!("cat <<'EOF'\n{stdout}\nEOF"), &[]).await.found
}

async fn fails(stderr: &str, code: u8) -> FlyError {
    let answer = run("fly", &format!("cat >&2 <<'EOF'\n{stderr}\nEOF\nexit {code}"), &[]).await;
    answer.found.expect_err("it failed")
}

fn of(name: &str, status: Status) -> Secret {
    Secret { name: name.to_owned(), status }
}

#[tokio::test]
async fn all_three_forms_are_parsed() {
    let capitals = r#"[{"Name":"A","Digest":"d","CreatedAt":"2026-03-02T09:15:27Z"}]"#;
    assert_eq!(output_of(capitals).await, Ok(vec![of("A", Status::Absent)]));
    let times = r#"[{"name":"A","digest":"d","created_at":"x","updated_at":"y"}]"#;
    assert_eq!(output_of(times).await, Ok(vec![of("A", Status::Absent)]));
    let today = r#"[{"name":"A","digest":"d","status":"Deployed"},{"name":"B","status":"Staged"},
        {"name":"C","status":"Partial"},{"name":"D","status":"Unknown"},{"name":"E"},{"name":"F","status":"New"},
        {"name":"G","status":1}]"#;
    let statuses: Vec<Status> =
        output_of(today).await.expect("a list").into_iter().map(|s| s.status).collect();
    use Status as S;
    let other = |word: &str| S::Other(word.to_owned());
    let expected =
        [S::Deployed, S::Staged, S::Partial, S::Unknown, S::Absent, other("New"), other("of another type")];
    assert_eq!(statuses, expected);
    assert_eq!(output_of("[]").await, Ok(vec![]));
}

#[tokio::test]
async fn anything_but_a_list_is_unreadable() {
    for text in [
        "",
        "null",
        "{}",
        "<html>",
        "[{\"name\":\"A\"}",
        "[1]",
        "[{}]",
        "[{\"name\":\"\"}]",
        "[{\"name\":1}]",
        "DEBUG loaded\n[]",
        "[][]",
    ] {
        assert!(matches!(output_of(text).await, Err(FlyError::Unreadable { .. })), "{text}");
    }
    let endless = run_within(Duration::from_millis(300), "fly", "yes '{},'", &[]).await;
    assert!(matches!(endless.found, Err(FlyError::TimedOut(_))), "{endless:?}");
    let long = run("fly", "echo '['; head -c 2000000 /dev/zero | tr '\\0' ' '; echo ']'", &[]).await;
    assert_eq!(long.found, Err(FlyError::unreadable("list of secrets", "more than 1 MiB of output")));
}

#[tokio::test]
async fn errors_are_classified_by_their_text() {
    let login = "Error: no access token available. Please login with 'flyctl auth login'";
    assert_eq!(fails(login, 1).await, FlyError::NotLoggedIn);
    let app = "Error: failed to list app secrets: Could not find App \"hotdash-app\"";
    assert_eq!(fails(app, 1).await, FlyError::NoApp("hotdash-app".to_owned()));
    for refused in [
        "Error: Unauthorized",
        "Error: server returned a non-200 status code: 403",
        "Error: You are not authorized to read this",
    ] {
        assert!(matches!(fails(refused, 1).await, FlyError::Refused(_)), "{refused}");
    }
    assert!(matches!(fails("Error: failed ensuring config directory perms", 1).await, FlyError::Broken(_)));
    assert!(matches!(fails("panic: runtime error", 3).await, FlyError::Broken(_)));
    assert!(matches!(fails("Error: context deadline exceeded", 126).await, FlyError::Said(_)));
    let error = FlyError::Said("failed to list app secrets: 500 (exit code 1)".to_owned());
    assert_eq!(fails("warning\nError: failed to list app secrets: 500", 1).await, error);
    assert_eq!(fails("", 1).await, FlyError::Said("no error message (exit code 1)".to_owned()));
    let long = fails(&format!("Error: {}", "query ".repeat(200)), 1).await;
    assert!(long.to_string().len() < 300, "{long}");
    let killed = run("fly", "kill -9 $$", &[]).await;
    assert!(matches!(killed.found, Err(FlyError::Broken(_))), "{killed:?}");
}

#[tokio::test]
async fn secrets_are_requested_with_these_arguments() {
    let script = r#"[ "$*" = 'secrets list -a hotdash-app --json' ] || { echo "Error: $*" >&2; exit 1; }
        for name in LOG_LEVEL FLY_APP FLY_REGION FLY_JSON FLY_ACCESS_TOKEN; do
            eval "[ -z \"\${$name+x}\" ]" || { echo "Error: $name" >&2; exit 1; }
        done
        [ -z "$(ls -A)" ] || { echo "Error: $PWD is not empty" >&2; exit 1; }
        [ "$FLY_NO_UPDATE_CHECK$FLY_SEND_METRICS$NO_COLOR$FLY_API_TOKEN" = 101token ] || exit 1
        echo '[{"name":"A","status":"Deployed"}]'"#;
    let env = [
        ("LOG_LEVEL", "debug"),
        ("FLY_APP", "other"),
        ("FLY_REGION", "ord"),
        ("FLY_JSON", "1"),
        ("FLY_ACCESS_TOKEN", ""),
        ("FLY_API_TOKEN", "token"),
    ];
    for name in ["fly", "flyctl"] {
        let (answer, marker) = marked(Duration::from_secs(10), name, script, &env).await;
        assert_eq!(answer.found, Ok(vec![of("A", Status::Deployed)]), "{name}");
        assert_eq!(answer.asked, "fly secrets list -a hotdash-app --json");
        assert!(!marker);
    }
}

#[tokio::test]
async fn the_error_names_a_missing_program() {
    let answer = run("another", "exit 0", &[]).await;
    assert_eq!(answer.found, Err(FlyError::NotRun(NotRun::NotFound { program: "fly".to_owned() })));
}

#[tokio::test]
async fn a_stand_in_is_recognised() {
    let time = Duration::from_secs(10);
    let (answer, marker) = marked(time, "fly", "echo hotdash-ops-sandbox >&2; echo '[]'", &[]).await;
    assert!(marker && answer.found.is_ok());
    let (failing, marker) = marked(time, "fly", "echo hotdash-ops-sandbox >&2; exit 1", &[]).await;
    assert!(marker);
    assert_eq!(failing.found, Err(FlyError::Said("no error message (exit code 1)".to_owned())));
}

#[tokio::test]
async fn a_long_error_is_cut_between_words() {
    for lead in [170, 178, 184, 190, 199] {
        let error = fails(
            &format!("Error: {} 0123SECRETcanary9876zz and more words {}", "x".repeat(lead), "y ".repeat(60)),
            1,
        )
        .await;
        let FlyError::Said(words) = error else { panic!("{error:?}") };
        assert!(words.contains("0123SECRETcanary9876zz") || !words.contains("0123"), "{words}");
    }
    let FlyError::Said(words) = fails(&format!("Error: {}", "z".repeat(500)), 1).await else {
        panic!("expected another kind of error")
    };
    assert!(!words.contains('z'), "{words}");
}

#[tokio::test]
async fn a_known_secret_is_masked_before_it_is_cut() {
    for lead in [170, 185, 190, 195] {
        let FlyError::Said(words) = fails(&format!("Error: {0} {BLANKS} {0}", "y".repeat(lead)), 1).await
        else {
            panic!("expected another kind of error")
        };
        assert!(BLANKS.split(' ').all(|word| !words.contains(word)), "{words}");
    }
}
