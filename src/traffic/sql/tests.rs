use super::*;

fn window(from: &str, to: &str) -> Window {
    Window { from: from.parse().expect("a time"), to: to.parse().expect("a time") }
}

fn quarter() -> Window {
    window("2026-01-01T10:00:00Z", "2026-01-01T10:15:00.5Z")
}

#[test]
fn the_statement_is_the_checklists_own_with_a_time_range() {
    let sql = Source::new(&Names::default()).totals(quarter());
    for piece in [
        r#"SELECT ROUND(100.0 * SUM(CASE WHEN "value"->>'success' = 'true' THEN 1 ELSE 0 END) / COUNT(*), 2) AS success_rate, "#,
        "COUNT(*) AS total, ",
        r#"AVG(("value"->>'durationMs')::numeric) AS avg_duration_ms"#,
        r#" FROM "dashboard_facts" WHERE "fact_type" = 'support.webhook.retry' AND "#,
        r#""recorded_at" > TIMESTAMPTZ '2026-01-01T10:00:00Z' AND "recorded_at" <= TIMESTAMPTZ '2026-01-01T10:15:00.5Z'"#,
    ] {
        assert!(sql.contains(piece), "{piece}\n{sql}");
    }
}

#[test]
fn a_column_without_zone_is_compared_with_times_of_its_own_type() {
    let names = Names { recorded_at: "createdAt".to_owned(), ..Names::default() };
    let plain = Source { stamp: Stamp::Plain, ..Source::new(&names) };
    let Window { from, to } = quarter();
    let sql = [
        plain.fresh(from, to),
        plain.tail(from, to, from),
        plain.facts(from, to),
        plain.totals(quarter()),
        plain.recent(Duration::from_secs(60)),
        plain.dead_and_future(quarter()),
    ];
    for sql in sql {
        assert!(!sql.contains("TIMESTAMPTZ '") && !sql.contains("now(),"), "{sql}");
        assert!(!sql.contains("now()") || sql.contains("(now() AT TIME ZONE 'UTC')"), "{sql}");
    }
}

#[test]
fn names_stay_inside_their_quotes() {
    let names =
        Names { facts: "app.a\"b".to_owned(), value: "v\"; drop table x --".to_owned(), ..Names::default() };
    let sql = Source::new(&names).period(quarter());
    assert!(sql.contains(r#""v""; drop table x --"->>'success'"#) && !sql.contains(r#"v";"#), "{sql}");
}

#[test]
fn times_are_whole_microseconds_and_never_before_the_first_year() {
    let text = |at: &str| written(at.parse().expect("a time"));
    assert_eq!(text("2026-01-01T10:00:00.123456999Z"), "2026-01-01T10:00:00.123456Z");
    assert_eq!(text("-000500-01-01T00:00:00Z"), "0001-01-01T00:00:00Z");
}

#[test]
fn bins_divide_the_window_exactly() {
    let quarter = quarter();
    assert_eq!(Bins::new(quarter, 0), None);
    assert_eq!(Bins::new(window("2026-01-01T10:00:00Z", "2026-01-01T10:00:00Z"), 5), None);
    let bins = Bins::new(quarter, 3).expect("three bins");
    let begins: Vec<String> = (0..4).map(|at| bins.begin(quarter, at).expect("a time").to_string()).collect();
    assert_eq!(
        begins,
        [
            "2026-01-01T10:00:00Z",
            "2026-01-01T10:05:00.166666Z",
            "2026-01-01T10:10:00.333333Z",
            "2026-01-01T10:15:00.5Z"
        ]
    );
}

#[test]
fn only_the_message_id_of_a_payload_is_selected() {
    let source = Source::new(&Names::default());
    let sql = source.messages(quarter());
    assert!(sql.starts_with(r#"SELECT DISTINCT "value"->'payload'->>'id' AS id FROM"#), "{sql}");
    assert!(sql.ends_with(r"->>'id' ~ '^[0-9]{1,18}$' LIMIT 50000"), "{sql}");
    let Window { from, to } = quarter();
    let bins = Bins::new(quarter(), 15).expect("bins");
    let others = [
        source.fresh(from, to),
        source.tail(from, to, from),
        source.facts(from, to),
        source.pass(quarter()),
        source.bins(quarter(), bins).expect("times"),
        source.bins_in_a_pass(quarter(), bins),
        source.errors(quarter()),
        source.totals(quarter()),
        source.guarded(quarter()),
        source.tier(quarter()),
        explain(&Names::default(), 15.0).concat(),
    ];
    for sql in others {
        assert!(!sql.contains("payload") && !sql.contains("metadata"), "{sql}");
    }
}
