use super::*;
use crate::outcome::Verdict;

const ONE: &str = r#"{ "what": "free space", "expected": "10 %", "found": "43 %", "holds": true }"#;

fn read(text: impl AsRef<[u8]>) -> Result<CheckResult, String> {
    CheckResult::read(text.as_ref(), &Redactor::default())
}

fn document(claims: &str, more: &str) -> String {
    format!(r#"{{ "schema": "{SCHEMA}", "claims": [{claims}]{more} }}"#)
}

/// Valid results, and invalid ones with a part of their error message.
fn samples() -> (Vec<String>, Vec<(String, &'static str)>) {
    let holds = |holds: &str| ONE.replace("true", holds);
    let deep = format!("{}{}", "[".repeat(5_000), "]".repeat(5_000));
    let many = vec![ONE; MAX_ITEMS + 1].join(",");
    let good = vec![
        document(ONE, ""),
        document(&holds("false"), r#", "fix": "make room""#),
        document(&holds("null"), r#", "fix": null, "evidence": [], "warnings": []"#),
        document(ONE, r#", "evidence": [{ "name": "disks", "value": "" }], "warnings": ["nearly full"]"#),
    ];
    let bad = vec![
        ("{}".to_owned(), "missing field"),
        (r#"{ "schema": "hotdash-ops.check/1" }"#.to_owned(), "missing field `claims`"),
        (format!(r#"{{ "claims": [{ONE}] }}"#), "missing field `schema`"),
        (document(ONE, "").replace("check/1", "check/2"), "schema is `hotdash-ops.check/2`"),
        (document("", ""), "no claims"),
        (document(&holds("\"true\""), ""), "invalid type"),
        (document(&holds("1"), ""), "invalid type"),
        (document(&ONE.replace(r#", "holds": true"#, ""), ""), "missing field `holds`"),
        (document(&ONE.replace("43 %", " "), ""), "a text is empty"),
        (document(&ONE.replace("\"43 %\"", "43"), ""), "invalid type"),
        (document(&ONE.replace("holds", "hold"), ""), "unknown field"),
        (document(ONE, r#", "verdict": "pass""#), "unknown field `verdict`"),
        (document(ONE, r#", "evidence": { "disks": "2" }"#), "invalid type"),
        (document(ONE, r#", "warnings": [""]"#), "a text is empty"),
        (document(&many, ""), "more than 100"),
        (document(&deep, ""), "did not print a result"),
        (format!("[{}]", document(ONE, "")), "did not print a result"),
        ("null".to_owned(), "did not print a result"),
        // Arrays of fields without their names: the document, a claim, a fact.
        (format!(r#"["{SCHEMA}", [["space", "10", "43", true]], [], [], null]"#), "expected an object"),
        (format!(r#"["{SCHEMA}", [{ONE}], [], [], null]"#), "expected an object"),
        (document(r#"["space", "10", "43", true]"#, ""), "expected an object"),
        (document(&format!(r#"{ONE}, ["space", "10", "43", true]"#), ""), "expected an object"),
        (document(ONE, r#", "evidence": [["disks", "2"]]"#), "expected an object"),
    ];
    (good, bad)
}

#[test]
fn a_document_is_read_strictly() {
    let (good, bad) = samples();
    for text in good {
        read(&text).unwrap_or_else(|why| panic!("{why}: {text}"));
        read(format!("\n {text}\r\n\n")).expect("whitespace around it is fine");
    }
    for (text, said) in bad {
        let why = read(&text).expect_err(&text);
        assert!(why.contains(said), "{said}: {why}");
    }
    for text in [document(&ONE.replace("\"43 %\"", "NaN"), ""), format!("\u{feff}{}", document(ONE, ""))] {
        read(&text).expect_err(&text);
    }
    let twice = document(&ONE.replace("true", r#"false, "holds": true"#), "");
    assert!(read(twice).expect_err("a key twice").contains("duplicate field"));
    let two = format!("{}\n{}", document(ONE, ""), document(ONE, ""));
    assert!(read(two).expect_err("two").contains("more than one document"));
    assert!(read(b" \n").expect_err("nothing").contains("printed nothing"));
    assert!(read(b"\xff{}").is_err());
}

#[test]
fn the_schema_accepts_and_rejects_the_same_documents_as_the_reader() {
    let schema = serde_json::to_value(schemars::schema_for!(CheckResult)).expect("a schema is JSON");
    let validator = jsonschema::validator_for(&schema).expect("the schema is one");
    let (good, bad) = samples();
    let parsed = |text: &str| {
        let mut reader = serde_json::Deserializer::from_str(text);
        serde_json::Value::deserialize(&mut reader)
    };
    for text in good {
        let document = parsed(&text).expect("JSON");
        let errors: Vec<String> = validator.iter_errors(&document).map(|e| e.to_string()).collect();
        assert!(errors.is_empty(), "{text}: {errors:?}");
    }
    for (text, _) in bad {
        // Some texts are nested too deeply for any reader.
        assert!(parsed(&text).map_or(true, |document| !validator.is_valid(&document)), "{text}");
    }
}

#[test]
fn claims_are_judged_by_the_engine_and_texts_are_masked_and_cut() {
    let secret = "hunter2-hunter2-hunter2";
    let long = format!("{}{secret}", "x".repeat(LINE - 8));
    let claims = ONE.replace("43 %", &long);
    let text = document(&claims, &format!(r#", "warnings": ["{secret}"], "fix": "make room""#));
    let finding = read(&text).expect("it reads").add_to(Finding::about("asked"), &Redactor::new([secret]));
    assert_eq!(Verdict::of(&finding.claims), Verdict::Pass);
    let found = &finding.claims[0].found;
    assert!(!found.contains("hunter2") && found.chars().count() < LINE + 40, "{found}");
    assert_eq!((finding.warnings[0].as_str(), finding.fix.as_deref()), ("***", Some("make room")));
    for (holds, verdict) in [("false", Verdict::Fail), ("null", Verdict::Inconclusive)] {
        let result = read(document(&ONE.replace("true", holds), "")).expect(holds);
        let finding = result.add_to(Finding::default(), &Redactor::default());
        assert_eq!(Verdict::of(&finding.claims), verdict);
    }
}

#[test]
fn a_duplicate_key_is_rejected_on_every_level() {
    let fact = r#", "evidence": [{ "name": "disks", "value": "1", "value": "2" }]"#;
    for (text, key) in [
        (document(&ONE.replace("true", r#"true, "holds": true"#), ""), "holds"),
        (document(ONE, fact), "value"),
        (document(ONE, &format!(r#", "claims": [{ONE}]"#)), "claims"),
    ] {
        let why = read(&text).expect_err(&text);
        assert!(why.contains(&format!("duplicate field `{key}`")), "{why}");
    }
}

#[test]
fn an_error_message_is_masked_before_it_is_cut() {
    let secret = format!("tok-{}", "0123456789a".repeat(5));
    let secrets = Redactor::new([secret.as_str()]);
    // At every position, including across the one where the text is cut.
    for blanks in (0..WRONG + 20).step_by(7).chain([900_000]) {
        let printed = format!("{}{secret}", "-".repeat(blanks));
        for text in [
            document(ONE, "").replace(SCHEMA, &printed),
            document(ONE, &format!(r#", "{printed}": 1"#)),
            document(&ONE.replace("\"43 %\"", &format!(r#"{{ "{printed}": 1 }}"#)), ""),
            document(&ONE.replace("holds", &printed), ""),
            document(ONE, &format!(r#", "warnings": "{printed}""#)),
            format!("\"{printed}\""),
        ] {
            let why = CheckResult::read(text.as_bytes(), &secrets).expect_err("it is not a result");
            assert!(!why.contains("0123"), "{why}");
            assert!(why.chars().count() < WRONG + 80, "{}", why.chars().count());
        }
    }
}
