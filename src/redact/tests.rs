use super::*;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};
use proptest::prelude::*;

fn redacted(secret: &str, text: &str) -> String {
    Redactor::new([secret]).apply(text).into_owned()
}

#[test]
fn a_text_without_secrets_is_not_copied() {
    let redactor = Redactor::new(["hunter2hunter2"]);
    let text = "CHATWOOT_WEBHOOK_SECRET: missing; expected set, found not set";
    assert!(matches!(redactor.apply(text), Cow::Borrowed(t) if t == text));
}

#[test]
fn every_encoding_of_a_known_value_is_masked() {
    let secret = r#"p@ss wörd/"+1"#;
    let texts = [
        format!("is {secret} here"),
        "is p%40ss%20w%C3%B6rd%2F%22%2B1 here".to_owned(),
        "is p%40ss+w%c3%b6rd%2f%22%2b1 here".to_owned(),
        "is p@ss%20w%C3%B6rd/%22+1 here".to_owned(),
        r#"is p@ss wörd/\"+1 here"#.to_owned(),
        r#"is p@ss w\u00f6rd\/\"+1 here"#.to_owned(),
        r#"is p@ss wörd/\\\"+1 here"#.to_owned(),
        format!("is {} here", hex::encode(secret)),
        format!("is {} here", hex::encode_upper(secret)),
        format!("is {} here", STANDARD.encode(secret)),
        format!("is {} here", URL_SAFE_NO_PAD.encode(secret)),
    ];
    for text in texts {
        assert_eq!(redacted(secret, &text), "is *** here", "{text}");
    }
}

#[test]
fn only_the_secret_is_masked_in_base64_of_a_larger_text() {
    for user in ["u", "us", "use", "user"] {
        let encoded = STANDARD.encode(format!("{user}:canary-secret-1"));
        let masked = redacted("canary-secret-1", &format!("Authorization {encoded}."));
        assert!(masked.ends_with("***."), "{masked}");
        assert!(masked.len() < 30, "{masked}");
    }
}

#[test]
fn overlapping_secrets_are_masked_completely() {
    let redactor = Redactor::new(["abcdefgh", "efghijklmnop"]);
    assert_eq!(redactor.apply("xabcdefghijklmnopx"), "x***x");
}

#[test]
fn a_secret_completed_by_a_mask_is_masked_too() {
    let redactor = Redactor::new(["***abcdefgh", "0123456789"]);
    assert_eq!(redactor.apply("<0123456789abcdefgh>"), "<***>");
}

#[test]
fn short_values_are_not_searched_for() {
    assert_eq!(redacted("short", "a short text"), "a short text");
}

#[test]
fn the_password_of_a_dsn_is_masked_encoded_and_decoded() {
    let redactor = Redactor::new(["postgres://app:p%40ssw%2Frd99@db.example:6543/hot?sslmode=require"]);
    for text in ["password p@ssw/rd99 refused", "p%40ssw%2Frd99", "x p%40ssw%2frd99"] {
        assert!(redactor.apply(text).contains(MASK), "{text}");
        assert!(!redactor.apply(text).contains("rd99"), "{text}");
    }
    let redactor = Redactor::new(["host=db user=app password='it is long' dbname=x"]);
    assert_eq!(redactor.apply("(it is long)"), "(***)");
}

#[test]
fn each_macaroon_of_a_fly_token_is_masked() {
    let redactor = Redactor::new(["FlyV1 fm2_lJPECAAAAAAAxxxx,fm2_lJPETwGxyzyyyyyyyy"]);
    assert_eq!(redactor.apply("(lJPECAAAAAAAxxxx) ok"), "(lJPECAAAAAAAxxxx) ok");
    assert_eq!(redactor.apply("(fm2_lJPETwGxyzyyyyyyyy)"), "(***)");
}

#[test]
fn clones_share_what_they_learn() {
    let redactor = Redactor::default();
    let other = redactor.clone();
    other.learn("pubsub-0123456789");
    assert_eq!(redactor.apply("t=pubsub-0123456789;"), "t=***;");
}

#[test]
fn unknown_secrets_are_found_by_the_text_around_them() {
    let cases = [
        ("postgres://app:hunter2@db/x", "postgres://app:***@db/x"),
        ("postgres://app:hun@ter2@db/x", "postgres://app:***@db/x"),
        ("redis://:hunter2@cache:6379", "redis://:***@cache:6379"),
        ("Authorization: Bearer abcdef123456", "Authorization: Bearer ***"),
        ("authorization: Basic dXNlcjpwdw==", "authorization: Basic ***"),
        ("FLY_API_TOKEN is FlyV1 fm2_abc,fm2_def!", "FLY_API_TOKEN is FlyV1 ***"),
        ("token fm2_lJPECAAAAAAA.", "token ***."),
        (r#"{"access_token":"abc","id":1}"#, r#"{"access_token":"***","id":1}"#),
        (r#"{"hmac_token" : "a\"b","id":1}"#, r#"{"hmac_token" : "***","id":1}"#),
        (r#"{"pubsub_token":"cut off"#, r#"{"pubsub_token":"***"#),
        (r#""{\"secret\":\"abc\",\"id\":1}""#, r#""{\"secret\":\"***\",\"id\":1}""#),
        (r#"{"api_access_token":"abc"}"#, r#"{"api_access_token":"***"}"#),
        ("api_access_token: abc", "api_access_token: ***"),
        ("-H 'api_access_token: abc' -X", "-H 'api_access_token: ***' -X"),
        ("host=db password=abc user=x", "host=db password=*** user=x"),
        ("host=db password='a b c' user=x", "host=db password=*** user=x"),
        ("/x?api_access_token=abc&page=1", "/x?api_access_token=***&page=1"),
    ];
    for (text, masked) in cases {
        assert_eq!(Redactor::default().apply(text), masked);
        assert_eq!(Redactor::default().apply(masked), masked, "not stable");
    }
}

#[test]
fn harmless_text_is_not_masked() {
    let texts = [
        r#"curl -H "api_access_token: $CHATWOOT_API_KEY" https://chat.example/api"#,
        "psql 'postgres://app:${PGPASSWORD}@db/x'",
        "CHATWOOT_WEBHOOK_SECRET: expected set, found not set",
        "webhook secret: equal",
        "https://chat.example:3000/app?x=me@example.com",
        "password authentication failed for user \"app\"",
        "use postgres://USER:<password>@HOST/DB",
        "use postgres://USER:PASSWORD@HOST/DB",
    ];
    for text in texts {
        assert_eq!(Redactor::default().apply(text), text);
    }
}

#[test]
fn html_escapes_are_decoded() {
    let redactor = Redactor::new(["a&b<c>\"d'é/x"]);
    for text in [
        "a&amp;b&lt;c&gt;&quot;d&#39;é/x",
        "a&#38;b&#x3C;c&#x3e;&#34;d&apos;&#233;/x",
        "a&amp;amp;b&amp;lt;c&amp;gt;&amp;quot;d&amp;#39;é/x",
        "a%26amp;b%26lt;c%26gt;%26quot;d%26apos;é/x",
        "a&b<c>&quot;d'é/x",
    ] {
        assert_eq!(redactor.apply(&format!("<pre>{text}</pre>")), "<pre>***</pre>", "{text}");
    }
    assert_eq!(redactor.apply("a &amp; b &nbsp; &#xfffffff; &; &"), "a &amp; b &nbsp; &#xfffffff; &; &");
}

#[test]
fn a_secret_never_shows_itself() {
    let secret = Secret::new("hunter2hunter2");
    assert_eq!(format!("{secret} {secret:?}"), "*** Secret(***)");
    assert_eq!(secret.reveal(), "hunter2hunter2");
}

proptest! {
    #[test]
    fn every_form_of_a_known_secret_is_masked(
        secret in "[ -~éß\n\t]{8,24}",
        other in "[a-f0-9*\\\\%/+ ]{8,12}",
        before in "[ -~é]{0,9}",
        after in "[ -~é]{0,9}",
    ) {
        let (secret, other) = (secret.trim(), other.trim());
        prop_assume!(secret.len() >= SHORTEST && other.len() >= SHORTEST);
        let redactor = Redactor::new([secret, other]);
        for form in forms::of(secret).iter().chain(&forms::of(other)) {
            let form = String::from_utf8(form.text.clone()).expect("forms are text");
            let out = redactor.apply(&format!("{before}{form}{after}{form}")).into_owned();
            for left in forms::of(secret).iter().chain(&forms::of(other)) {
                let left = String::from_utf8(left.text.clone()).expect("forms are text");
                prop_assert!(!out.contains(&left), "{left:?} remains in {out:?}");
            }
        }
        for encoded in [
            STANDARD.encode(format!("{before}{secret}{after}")),
            URL_SAFE.encode(format!("{before}{secret}{after}")),
            serde_json::json!({ "x": format!("{before}{secret}{after}") }).to_string(),
            serde_json::json!({ "x": format!("{before}{secret}") }).to_string().escape_default().to_string(),
        ] {
            prop_assert!(redactor.apply(&encoded).contains(MASK), "{encoded:?}");
        }
    }

    #[test]
    fn no_text_causes_a_panic(text in any::<String>(), secret in any::<String>()) {
        let redactor = Redactor::new([secret.as_str()]);
        let once = redactor.apply(&text).into_owned();
        prop_assert!(secret.trim().len() < SHORTEST || !once.contains(secret.trim()));
    }
}
