use super::*;
use crate::outcome::tick::Spark;

fn tick() -> Tick {
    Tick {
        at: "2025-11-22T14:02:10Z".parse().expect("a time"),
        from: "2025-11-22T13:50:50Z".parse().expect("a time"),
        to: "2025-11-22T14:05:50Z".parse().expect("a time"),
        left_s: 220,
        total: 60,
        bad: 1,
        dead_letters: 0,
        success_rate: Some("98.33".to_owned()),
        avg_duration_ms: Some(213.2),
        p95_ms: Some(480),
        requests_per_minute: 4.0,
        standing: LiveStatus::Passing,
        reason: "2 more failures would fail it".to_owned(),
        trouble: None,
        spark: (0..68)
            .map(|n| Spark {
                total: u64::from(n % 7 != 3),
                bad: u64::from(n == 20),
                mean_ms: (n % 7 != 3).then_some(180.0 + f64::from(n % 5) * 20.0),
                hole: n == 45,
            })
            .collect(),
    }
}

fn shown(tick: &Tick, passed: u64, width: usize, colour: bool) -> Vec<String> {
    let mut watch = Watch::of(Window { from: tick.from, to: tick.to }, tick.from);
    watch.ticked(tick);
    watch.lines(Duration::from_secs(passed), width, colour)
}

#[test]
fn a_log_gets_one_line_per_tick() {
    let mut tick = tick();
    assert_eq!(
        line(&tick),
        "14:02:10  3:40 left  98.33 % of 60, 1 failed, 0 dead letters, average 213 ms, 4.0/min  \
         passing: 2 more failures would fail it"
    );
    tick.trouble = Some("connection\nrefused".to_owned());
    tick.dead_letters = 1;
    tick.left_s = 4_000;
    assert_eq!(
        line(&tick),
        "14:02:10  1:06:40 left  98.33 % of 60, 1 failed, 1 dead letter, average 213 ms, 4.0/min  \
         passing: 2 more failures would fail it; \
         database not reachable (showing the last known numbers): connection\\nrefused"
    );
    let empty = Tick {
        total: 0,
        bad: 0,
        success_rate: None,
        avg_duration_ms: None,
        standing: LiveStatus::Thin,
        reason: "no deliveries".to_owned(),
        left_s: 0,
        requests_per_minute: 0.0,
        ..self::tick()
    };
    assert_eq!(
        line(&empty),
        "14:02:10  waiting for late rows  no deliveries, 0 dead letters, no durations, 0.0/min  \
         no verdict yet: no deliveries"
    );
}

#[test]
fn the_block_at_eighty_columns() {
    let lines = shown(&tick(), 0, 80, false);
    assert!(lines[0].starts_with("window   ━━━━━━━━") && lines[0].ends_with("─  3:40 left"), "{lines:?}");
    assert_eq!(lines[0].chars().count(), 80);
    assert!(lines[1].ends_with("  98.33 % of 60, 1 failed") && lines[1].contains('?'), "{}", lines[1]);
    assert!(lines[2].contains("  average 213 ms, p95 480 ms"), "{}", lines[2]);
    assert_eq!(lines[3], "traffic  4.0/min, 0 dead letters");
    assert_eq!(lines[4], "so far   passing: 2 more failures would fail it");
    assert_eq!(lines.len(), 5);
}

#[test]
fn the_clock_goes_on_between_ticks() {
    let ended = |passed| shown(&tick(), passed, 80, false)[0].clone();
    assert!(ended(9).ends_with("  3:31 left"), "{}", ended(9));
    assert!(ended(220).ends_with("━  waiting for late rows"), "{}", ended(220));
    assert_eq!(ended(500), ended(220));
    let begun = Watch::of(Window { from: tick().from, to: tick().to }, tick().from);
    let lines = begun.lines(Duration::from_secs(1), 80, false);
    assert!(lines[0].ends_with("─  14:59 left"), "{lines:?}");
    assert_eq!(lines[1], "traffic  no data yet");
    let past = Watch::of(Window { from: tick().from, to: tick().to }, tick().to);
    assert!(past.lines(Duration::ZERO, 80, false)[0].ends_with("━  waiting for late rows"));
}

#[test]
fn nothing_wraps_at_any_width_whatever_a_server_says() {
    let mut tick = tick();
    tick.reason = "接続が拒否されました ".repeat(30);
    tick.trouble = Some("\u{1b}[2J接続\n".repeat(40));
    for width in 0..200 {
        for line in shown(&tick, 3, width, false) {
            let columns: usize = line.chars().map(|c| c.width().unwrap_or(0)).sum();
            assert!(columns <= width && !line.contains(char::is_control), "{width}: {line}");
        }
    }
}

#[test]
fn colour_adds_no_information() {
    let strip = regex::Regex::new("\x1b\\[[0-9;]*m").expect("a pattern");
    for width in [20, 80, 120] {
        let (plain, coloured) = (shown(&tick(), 0, width, false), shown(&tick(), 0, width, true));
        assert!(coloured.iter().any(|line| line.contains('\x1b')));
        let stripped: Vec<String> =
            coloured.iter().map(|line| strip.replace_all(line, "").into_owned()).collect();
        assert_eq!(stripped, plain);
    }
}

#[test]
fn the_two_sparklines_line_up() {
    let lines = shown(&tick(), 0, 120, false);
    let column = |line: &str, what: &str| {
        line.split_once(what).map(|(before, _)| before.chars().count()).expect("it is there")
    };
    assert_eq!(column(&lines[1], "98.33"), column(&lines[2], "average"));
}

#[test]
fn a_remark_is_wrapped_between_words_and_loses_none() {
    let text = "about 3 deliveries expected (4.2 per minute in the last hour), probably too few for a pass: use a longer window";
    for width in 24..140 {
        let lines = remark(text, width);
        assert!(lines.iter().all(|line| line.chars().count() <= width), "{width}: {lines:?}");
        let words: Vec<&str> = lines.iter().map(|line| line.trim_start()).collect();
        assert_eq!(words.join(" "), text);
    }
    assert_eq!(remark(text, usize::MAX), [format!("    {text}")]);
}
