//! Values that no app should write: every fact is counted once, whatever it holds.

use std::time::Duration;

use hotdash_ops::testing::rehearsal::postgres::READER;
use hotdash_ops::testing::settings::Names;
use hotdash_ops::testing::traffic::read;
use hotdash_ops::testing::traffic::read::{Ms, TickCursor};
use hotdash_ops::testing::traffic::stats::Percentiles;
use hotdash_ops::testing::traffic::window::FactKind;
use hotdash_ops::testing::traffic::window::Form;

use super::{at, checklist, minutes, psql, report_of, spoiled, window_data};
use crate::support::server;

/// The content of a fact: its `value`, whether it was delivered, and whether its duration is a plain number,
/// is none, or is not there.
const VALUES: [(&str, bool, &str); 25] = [
    (r#"{"success": true}"#, true, "untimed"),
    (r#"{"success": true, "durationMs": null}"#, true, "untimed"),
    (r#"{"success": true, "durationMs": ""}"#, true, "unreadable"),
    (r#"{"success": true, "durationMs": "abc"}"#, true, "unreadable"),
    (r#"{"success": true, "durationMs": "NaN"}"#, true, "unreadable"),
    (r#"{"success": true, "durationMs": "Infinity"}"#, true, "unreadable"),
    (r#"{"success": true, "durationMs": "-Infinity"}"#, true, "unreadable"),
    (r#"{"success": true, "durationMs": 1e300}"#, true, "timed"),
    (r#"{"success": true, "durationMs": "1e300"}"#, true, "unreadable"),
    (r#"{"success": true, "durationMs": "1e300000"}"#, true, "unreadable"),
    (r#"{"success": true, "durationMs": "0x1F"}"#, true, "unreadable"),
    (r#"{"success": true, "durationMs": "1_000"}"#, true, "unreadable"),
    (r#"{"success": true, "durationMs": [120]}"#, true, "unreadable"),
    (r#"{"success": true, "durationMs": {"ms": 120}}"#, true, "unreadable"),
    (r#"{"success": true, "durationMs": true}"#, true, "unreadable"),
    (r#"{"success": true, "durationMs": "DIGITS"}"#, true, "unreadable"),
    (r#"{"success": true, "durationMs": DIGITS}"#, true, "unreadable"),
    (r#"{"success": "true", "durationMs": " 145.5 "}"#, true, "timed"),
    (r#"{"success": "True", "durationMs": "+7"}"#, false, "timed"),
    (r#"{"success": 1, "durationMs": -3}"#, false, "timed"),
    (r#"{"success": null, "durationMs": 200}"#, false, "timed"),
    (r#"42"#, false, "untimed"),
    (r#""a text""#, false, "untimed"),
    (r#"[1, 2]"#, false, "untimed"),
    (r#"null"#, false, "untimed"),
];

/// The facts as SQL, a second apart, the first one second after the hour.
fn rows(values: &[&str]) -> String {
    let digits = "9".repeat(5000);
    let rows: Vec<String> = values
        .iter()
        .enumerate()
        .map(|(n, value)| {
            let value = value.replace("DIGITS", &digits);
            format!(
                "('support.webhook.retry', '{value}', '2026-01-01 10:00:00+00'::timestamptz + {} * interval '1 second')",
                n + 1
            )
        })
        .collect();
    format!(
        "truncate dashboard_facts; insert into dashboard_facts (fact_type, value, recorded_at) values {};",
        rows.join(", ")
    )
}

#[tokio::test]
async fn every_row_is_counted_once_whatever_it_contains() {
    let values: Vec<&str> = VALUES.iter().map(|(value, ..)| *value).collect();
    let (session, info) = spoiled(READER, "traffic_nasty", &rows(&values), &Names::default()).await;
    let window = minutes(15, at("2026-01-01T10:10:00Z"));
    let data = window_data(&session, &info.source, window).await;
    let of = |what: &str| VALUES.iter().filter(|(_, _, is)| *is == what).count() as u64;
    let ok = VALUES.iter().filter(|(_, ok, _)| *ok).count() as u64;
    assert_eq!((data.durations.form, data.tally.total(), data.tally.ok), (Form::Guarded, 25, ok));
    assert_eq!(
        (data.durations.timed, data.durations.unreadable, data.durations.untimed),
        (of("timed"), of("unreadable"), of("untimed"))
    );
    let sum = format!("1{}349.5", "0".repeat(297));
    assert_eq!(data.durations.sum_ms.as_deref(), Some(sum.as_str()), "1e300 + 145.5 + 7 - 3 + 200");
    // 145 and 200 are the only plain whole numbers that ticks read.
    assert_eq!(data.percentiles, Some(Percentiles { p50: 145, p95: 200, p99: 200 }));
    assert_eq!(data.failures, [(None, 25 - ok)]);
    let bins: (u64, u64) =
        data.bins.iter().fold((0, 0), |sum, bin| (sum.0 + bin.tally.total(), sum.1 + bin.tally.bad));
    assert_eq!((data.bins.len(), bins), (15, (25, 25 - ok)));

    let tick = read::tick(
        &session,
        &info.source,
        TickCursor::nothing(window.from),
        window.to,
        Duration::from_secs(20),
    )
    .await;
    let groups = tick.expect("no row can raise an error").groups;
    let sum = |keep: fn(&Ms) -> bool| groups.iter().filter(|g| keep(&g.ms)).map(|g| g.n).sum::<u64>();
    assert_eq!(groups.iter().map(|g| g.n).sum::<u64>(), 25);
    assert_eq!(groups.iter().filter(|g| g.kind == FactKind::Ok).map(|g| g.n).sum::<u64>(), ok);
    assert_eq!((sum(|ms| *ms == Ms::Untimed), sum(|ms| matches!(ms, Ms::Read(_)))), (of("untimed"), 2));

    let script = checklist(&Names::default(), window).concat();
    assert_eq!(
        psql(&server().login(READER, "traffic_nasty"), &script),
        "0",
        "the checklist's own has no answer"
    );
}

/// Each value beside three good ones: where the checklist answers a finite number it is ours, too.
#[tokio::test]
async fn each_unusual_value_alone_is_counted() {
    let (session, info) = spoiled(READER, "traffic_one_nasty", "", &Names::default()).await;
    let dsn = server().login(READER, "traffic_one_nasty");
    let good = r#"{"success": true, "durationMs": 100}"#;
    let window = minutes(15, at("2026-01-01T10:10:00Z"));
    let mut guarded = 0;
    for (value, ok, is) in VALUES {
        server().psql("traffic_one_nasty", &rows(&[good, value, good, good])).expect("the rows");
        let data = window_data(&session, &info.source, window).await;
        let said = psql(&dsn, &checklist(&Names::default(), window).concat());
        let average = said.split('|').nth(2).and_then(|rest| rest.split('\n').next());
        if average.is_some_and(|text| !matches!(text, "NaN" | "Infinity" | "-Infinity")) {
            assert_eq!((report_of(&data), data.durations.form), (said, Form::Checklist), "{value}");
        } else {
            guarded += 1;
            assert_eq!((data.durations.form, is), (Form::Guarded, "unreadable"), "{value}: {said}");
            assert_eq!(data.durations.average_ms.as_deref(), Some("100.0000000000000000"), "{value}");
        }
        let counted = data.durations.timed + data.durations.unreadable + data.durations.untimed;
        assert_eq!((data.tally.total(), data.tally.ok, counted), (4, 3 + u64::from(ok), 4), "{value}");
    }
    assert!(guarded >= 8, "{guarded}");
}

#[tokio::test]
async fn payloads_never_leave_the_server() {
    let long = "x".repeat(5000);
    let dead = |payload: &str, error: &str| {
        format!(
            "insert into dashboard_facts (fact_type, value, recorded_at) values ('support.webhook.dead_letter', \
             '{{\"payload\": {payload}, \"lastError\": {error}, \"attempts\": 3}}', '2026-01-01 10:05:00+00');"
        )
    };
    let sql = [
        "truncate dashboard_facts;".to_owned(),
        dead(r#"{"event": "message_created", "id": 77, "content": "my address is"}"#, r#""HTTP 503""#),
        dead(r#"{"event": "message_created", "id": "78"}"#, r#""HTTP 503""#),
        dead(r#"{"event": "message_created", "id": 77}"#, &format!("\"{long}\"")),
        dead(r#"{"event": "message_created", "id": "call me at home"}"#, "null"),
        dead(r#"{"event": "message_created", "id": 12345678901234567890}"#, "null"),
        dead(r#"{"event": "message_created", "id": {"name": "Ann"}}"#, "null"),
        dead(r#"{"event": "message_updated", "id": 79}"#, "null"),
        dead(r#""{\"id\": 80}""#, "7"),
    ];
    let (session, info) = spoiled(READER, "traffic_payload", &sql.concat(), &Names::default()).await;
    let mut data = window_data(&session, &info.source, minutes(15, at("2026-01-01T10:10:00Z"))).await;
    data.dead_letter_messages.sort_unstable();
    assert_eq!((data.tally.dead_letters, data.dead_letter_messages), (8, vec![77, 78]));
    let errors =
        [(None, 4), (Some("HTTP 503".to_owned()), 2), (Some("7".to_owned()), 1), (Some("x".repeat(2000)), 1)];
    assert_eq!(data.errors, errors);
    assert_eq!((data.tally.total(), data.success_rate, data.bins.len()), (0, None, 0));
}
