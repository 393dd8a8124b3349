use super::*;

async fn releases_of(script: &str) -> Answer<Vec<Release>> {
    marked(script).await.0
}

/// What came back, and whether a stand-in's marker was reported.
async fn marked(script: &str) -> (Answer<Vec<Release>>, bool) {
    let (redactor, marker) = (Redactor::default(), MarkerSink::default());
    let answer = with_program("fly", script, &[], |env| {
        super::releases(env, "hotdash-app", Duration::from_secs(10), &redactor, &marker)
    });
    (answer.await, marker.seen())
}

async fn output_of(stdout: &str) -> Result<Vec<Release>, FlyError> {
    releases_of(&format!("cat <<'EOF'\n{stdout}\nEOF")).await.found
}

#[tokio::test]
async fn a_release_is_parsed_in_either_spelling() {
    let capitals = r#"[{"ID":"x","Version":42,"Stable":true,"InProgress":false,"Reason":"","Status":"complete",
        "User":{"Email":"a@b.example"},"Metadata":null,"CreatedAt":"2026-03-02T09:15:27.5Z","ImageRef":"registry.fly.io/a:b"},
        {"Version":41,"Status":"failed","CreatedAt":"2026-03-01T00:00:00+02:00","ImageRef":""}]"#;
    let found = output_of(capitals).await.expect("a list");
    let newest = Release {
        version: 42,
        status: "complete".to_owned(),
        created_at: Some("2026-03-02T09:15:27.5Z".parse().expect("a time")),
        in_progress: false,
        image_ref: Some("registry.fly.io/a:b".to_owned()),
    };
    assert_eq!(found[0], newest);
    assert_eq!(found[1].created_at, Some("2026-02-28T22:00:00Z".parse().expect("a time")));
    assert_eq!(found[1].image_ref, None);
    let small =
        r#"[{"version":"v7","in_progress":true,"status":"running","created_at":"2026-03-02T09:15:27Z"}]"#;
    let found = output_of(small).await.expect("a list");
    assert_eq!((found[0].version, found[0].in_progress, found[0].status.as_str()), (7, true, "running"));
    assert_eq!(output_of("[]").await, Ok(vec![]));
}

#[tokio::test]
async fn missing_fields_of_a_release_stay_missing() {
    for entry in [
        r#"{"Version":1}"#,
        r#"{"Version":1,"Status":null,"CreatedAt":null,"ImageRef":null}"#,
        r#"{"Version":1,"Status":3,"CreatedAt":"yesterday","InProgress":"true"}"#,
    ] {
        let found = output_of(&format!("[{entry}]")).await.expect("a list");
        let bare = Release {
            version: 1,
            status: String::new(),
            created_at: None,
            in_progress: false,
            image_ref: None,
        };
        assert_eq!(found, [bare], "{entry}");
    }
    let long =
        output_of(&format!(r#"[{{"Version":1,"Status":"{}"}}]"#, "x".repeat(99))).await.expect("a list");
    assert_eq!(long[0].status, "of 99 bytes");
}

#[tokio::test]
async fn anything_but_a_list_of_releases_is_unreadable() {
    for text in
        ["", "null", "{}", "<html>", "[{}]", "[{\"Version\":-1}]", "[{\"Version\":1},2]", "[{\"Version\":1}"]
    {
        let found = output_of(text).await;
        assert!(
            matches!(found, Err(FlyError::Unreadable { wanted: "list of releases", .. })),
            "{text}: {found:?}"
        );
    }
}

#[tokio::test]
async fn releases_are_requested_with_these_arguments() {
    let script =
        r#"[ "$*" = 'releases -a hotdash-app --json' ] || exit 1; echo hotdash-ops-sandbox >&2; echo '[]'"#;
    let (answer, marker) = marked(script).await;
    assert_eq!(answer.asked, "fly releases -a hotdash-app --json");
    assert!(marker && answer.found.is_ok(), "{answer:?}");
    let nobody =
        "echo \"Error: no access token available. Please login with 'flyctl auth login'\" >&2; exit 1";
    assert_eq!(releases_of(nobody).await.found, Err(FlyError::NotLoggedIn));
}
