//! Progress, event by event, on a sink and on a terminal that remembers.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use hotdash_ops::testing::outcome::event::{Event, Stream};
use hotdash_ops::testing::outcome::tick::{LiveStatus, Spark, Tick};
use hotdash_ops::testing::outcome::window::Window;
use hotdash_ops::testing::outcome::{Outcome, Verdict};
use hotdash_ops::testing::progress::{DrawMode, Drawing, Progress};
use hotdash_ops::testing::report::jsonl;
use indicatif::{ProgressDrawTarget, TermLike};
use jiff::{SignedDuration, Timestamp};

use super::sample;

/// Keeps everything written to it, as a stream and as a terminal.
#[derive(Clone, Debug, Default)]
struct Screen(Arc<Mutex<String>>);

impl Screen {
    fn text(&self) -> String {
        self.0.lock().unwrap().clone()
    }

    fn add(&self, text: &str) -> io::Result<()> {
        self.0.lock().unwrap().push_str(text);
        Ok(())
    }
}

impl Write for Screen {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.add(&String::from_utf8_lossy(bytes))?;
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl TermLike for Screen {
    fn width(&self) -> u16 {
        100
    }
    fn move_cursor_up(&self, _: usize) -> io::Result<()> {
        Ok(())
    }
    fn move_cursor_down(&self, _: usize) -> io::Result<()> {
        Ok(())
    }
    fn move_cursor_right(&self, _: usize) -> io::Result<()> {
        Ok(())
    }
    fn move_cursor_left(&self, _: usize) -> io::Result<()> {
        Ok(())
    }
    fn write_line(&self, line: &str) -> io::Result<()> {
        self.add(&format!("{line}\n"))
    }
    fn write_str(&self, text: &str) -> io::Result<()> {
        self.add(text)
    }
    fn clear_line(&self) -> io::Result<()> {
        Ok(())
    }
    fn flush(&self) -> io::Result<()> {
        Ok(())
    }
}

fn events() -> Vec<Event> {
    let report = sample::mixed();
    let at = report.started;
    let line = |text: &str| Event::Line {
        id: "quality.unit-tests".into(),
        stream: Stream::Stdout,
        text: text.into(),
    };
    let finished = |outcome: Outcome| Event::Finished { outcome: Box::new(outcome), at };
    let broken =
        sample::with(Verdict::Error, "fly is\nmissing", sample::pass("environment.fly-app-secrets", "t"));
    let revised =
        sample::with(Verdict::Error, "this machine is offline", sample::pass("chatwoot.alive", "t"));
    vec![
        Event::Planned {
            run: report.run.clone(),
            verb: report.verb.clone(),
            target: report.target.clone(),
            strict: false,
            partial: None,
            checks: vec!["chatwoot.alive".into(), "environment.fly-app-secrets".into()],
            at,
        },
        Event::Started { id: "chatwoot.alive".into(), title: "Chatwoot is alive".into(), at },
        line("tests \u{1b}[31mrun\u{1b}[2J"),
        Event::Retrying { id: "chatwoot.alive".into(), attempt: 1, reason: "connection reset".into(), at },
        finished(sample::pass("chatwoot.alive", "t")),
        finished(broken),
        Event::Revised { outcome: Box::new(revised) },
    ]
}

fn shown(drawing: Drawing) -> String {
    let screen = Screen::default();
    let target = ProgressDrawTarget::hidden();
    let mut progress = Progress::onto(drawing, Box::new(screen.clone()), target);
    events().iter().for_each(|event| progress.on(event));
    screen.text()
}

#[test]
fn without_a_terminal_progress_is_one_line_per_check() {
    let lines = Drawing { way: DrawMode::Lines, colour: false, live: false };
    let expected = "preflight on production: 2 checks\n    \
        chatwoot.alive: attempt 1 failed, retrying: connection reset\n\
        1/2 ✓ pass  chatwoot.alive  87 ms\n\
        2/2 ✗ error  environment.fly-app-secrets  fly is\\nmissing\n\
        revised: ✗ error  chatwoot.alive  this machine is offline\n";
    assert_eq!(shown(lines), expected);
    let live = shown(Drawing { live: true, ..lines });
    assert!(live.contains("    quality.unit-tests │ tests \\x1b[31mrun\\x1b[2J\n"), "{live}");
    assert_eq!(shown(Drawing { way: DrawMode::Silent, ..lines }), "");
}

#[test]
fn a_bar_names_the_running_checks_and_disappears_at_the_end() {
    let (screen, sink) = (Screen::default(), Screen::default());
    let target = ProgressDrawTarget::term_like(Box::new(screen.clone()));
    let drawing = Drawing { way: DrawMode::Bar, colour: false, live: true };
    let mut progress = Progress::onto(drawing, Box::new(sink.clone()), target);
    let (before, after) = (&events()[..4], &events()[4..]);
    before.iter().for_each(|event| progress.on(event));
    let patience = Instant::now() + Duration::from_secs(10);
    while !screen.text().contains("0/2  chatwoot.alive") {
        assert!(Instant::now() < patience, "the ticker draws by itself: {}", screen.text());
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(screen.text().contains("quality.unit-tests │ tests \\x1b[31mrun\\x1b[2J"));
    after.iter().for_each(|event| progress.on(event));
    assert_eq!(progress.suspend(|| 7), 7);
    let report = sample::mixed();
    progress.on(&Event::Ended {
        exit: report.exit,
        tally: report.tally,
        took_ms: 1,
        stopped: None,
        notes: Vec::new(),
        traffic: None,
        at: report.started,
    });
    let all = screen.text();
    assert!(all.contains("2/2 2 could not run"), "a revised outcome is counted again: {all}");
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(screen.text(), all, "nothing is drawn after the end");
    assert_eq!(sink.text(), "", "only the bar draws");
}

/// A window of ten minutes and `count` ticks of it.
fn watching(count: u64) -> Vec<Event> {
    let from: Timestamp = "2025-11-22T14:00:00Z".parse().expect("a constant");
    let to = from + SignedDuration::from_secs(600);
    let remarks = vec![
        "at 4.0 per minute, a window of 10 minutes detects an 8.1 % failure rate in 8 of 10 cases".to_owned(),
    ];
    let mut events = vec![Event::Watching { window: Window { from, to }, remarks, at: from }];
    let mut spark = Vec::new();
    for n in 1..=count {
        let (hole, silent) = (n % 17 == 5, n % 6 == 2);
        let total = if hole || silent { 0 } else { 1 + n % 3 };
        let bad = u64::from(n % 13 == 7);
        let mean_ms = (total > 0).then(|| 180.0 + (n * 37 % 90) as f64);
        spark.push(Spark { total, bad, mean_ms, hole });
        let (all, failed) = spark.iter().fold((0, 0), |(a, f), p| (a + p.total, f + p.bad));
        let rate = 100.0 * (all - failed) as f64 / all.max(1) as f64;
        let (standing, reason) = match (all, rate > 95.0) {
            (0..21, _) => (LiveStatus::Thin, format!("{all} of at least 21 deliveries")),
            (_, true) => (LiveStatus::Passing, "2 more failures would fail it".to_owned()),
            (_, false) => (
                LiveStatus::Failing,
                format!("{failed} of {all} failed; 12 more successes would bring it above 95 %"),
            ),
        };
        events.push(Event::Tick(Box::new(Tick {
            at: from + SignedDuration::from_secs(i64::try_from(n).unwrap() * 10),
            from,
            to,
            left_s: 600_u64.saturating_sub(n * 10),
            total: all,
            bad: failed,
            dead_letters: u64::from(n > 50),
            success_rate: (all > 0).then(|| format!("{rate:.2}")),
            avg_duration_ms: (all > 0).then_some(221.4),
            p95_ms: (all > 0).then_some(264),
            requests_per_minute: all as f64 * 6.0 / n as f64,
            standing,
            reason,
            trouble: hole.then(|| "connection refused (os error 111)".to_owned()),
            spark: spark.clone(),
        })));
    }
    events
}

#[test]
fn without_a_terminal_a_watch_prints_one_line_per_tick() {
    let screen = Screen::default();
    let drawing = Drawing { way: DrawMode::Lines, colour: false, live: false };
    let report_of = |drawing, screen: &Screen| {
        let mut progress = Progress::onto(drawing, Box::new(screen.clone()), ProgressDrawTarget::hidden());
        watching(5).iter().for_each(|event| progress.on(event));
    };
    report_of(drawing, &screen);
    let expected = "watching traffic from 14:00:00 to 14:10:00 UTC\n    \
        at 4.0 per minute, a window of 10 minutes detects an 8.1 % failure rate in 8 of 10 cases\n\
        14:00:10  9:50 left  100.00 % of 2, 0 failed, 0 dead letters, average 221 ms, 12.0/min  no verdict yet: 2 of at least 21 deliveries\n";
    assert!(screen.text().starts_with(expected), "{}", screen.text());
    assert_eq!(screen.text().lines().count(), 2 + 5);
    assert!(screen.text().ends_with(
        "database not reachable (showing the last known numbers): connection refused (os error 111)\n"
    ));
    let quiet = Screen::default();
    report_of(Drawing { way: DrawMode::Silent, ..drawing }, &quiet);
    assert_eq!(quiet.text(), "");
}

#[test]
fn a_watch_prints_one_json_line_per_event() {
    for event in watching(3) {
        let line = jsonl::line(&event);
        let value: serde_json::Value = serde_json::from_str(&line).expect("one object");
        assert_eq!(line.matches('\n').count(), 1);
        match event {
            Event::Watching { .. } => {
                assert_eq!(value["event"], "watching");
                assert_eq!(value["window"]["to"], "2025-11-22T14:10:00Z");
            }
            _ => {
                assert_eq!(value["event"], "tick");
                assert_eq!(value["standing"], "thin");
                assert!(value["success_rate"].is_string() && value.get("spark").is_none(), "{line}");
            }
        }
    }
}

#[test]
fn a_watch_is_shown_below_the_bar_and_disappears_at_the_end() {
    let (screen, sink) = (Screen::default(), Screen::default());
    let target = ProgressDrawTarget::term_like(Box::new(screen.clone()));
    let drawing = Drawing { way: DrawMode::Bar, colour: false, live: true };
    let mut progress = Progress::onto(drawing, Box::new(sink.clone()), target);
    events()[..2].iter().for_each(|event| progress.on(event));
    watching(30).iter().for_each(|event| progress.on(event));
    let patience = Instant::now() + Duration::from_secs(10);
    while !screen.text().contains("average 221 ms, p95 264 ms") {
        assert!(Instant::now() < patience, "{}", screen.text());
        std::thread::sleep(Duration::from_millis(20));
    }
    let all = screen.text();
    assert!(all.contains("window   ━━") && all.contains("5:00 left"), "{all}");
    assert!(all.contains("detects an 8.1 % failure rate"), "{all}");
    drop(progress);
    let end = screen.text();
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(screen.text(), end, "nothing is drawn after the end");
    assert_eq!(sink.text(), "");
}
