//! Progress, event by event, on a sink and on a terminal that remembers.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use hotdash_ops::progress::{Drawing, Progress, Way};
use hotdash_ops::run::event::{Event, Stream};
use hotdash_ops::run::outcome::{Outcome, Verdict};
use indicatif::{ProgressDrawTarget, TermLike};

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
    let broken = sample::with(Verdict::Error, "fly is\nmissing", sample::pass("environment.fly", "t"));
    let revised = sample::with(Verdict::Error, "this machine is offline", sample::pass("chatwoot.live", "t"));
    vec![
        Event::Planned {
            run: report.run.clone(),
            verb: report.verb.clone(),
            target: report.target.clone(),
            strict: false,
            partial: None,
            checks: vec!["chatwoot.live".into(), "environment.fly".into()],
            at,
        },
        Event::Started { id: "chatwoot.live".into(), title: "Chatwoot is alive".into(), at },
        line("tests \u{1b}[31mrun\u{1b}[2J"),
        Event::Retrying { id: "chatwoot.live".into(), attempt: 1, reason: "connection reset".into(), at },
        finished(sample::pass("chatwoot.live", "t")),
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
fn lines_where_there_is_no_bar() {
    let lines = Drawing { way: Way::Lines, colour: false, live: false };
    let expected = "preflight of production: 2 checks\n    \
        chatwoot.live: attempt 1 did not pass, asking again: connection reset\n\
        1/2 ✓ pass  chatwoot.live  87 ms\n\
        2/2 ✗ error  environment.fly  fly is\\nmissing\n\
        revised: ✗ error  chatwoot.live  this machine is offline\n";
    assert_eq!(shown(lines), expected);
    let live = shown(Drawing { live: true, ..lines });
    assert!(live.contains("    quality.unit-tests │ tests \\x1b[31mrun\\x1b[2J\n"), "{live}");
    assert_eq!(shown(Drawing { way: Way::Silent, ..lines }), "");
}

#[test]
fn a_bar_names_what_is_being_asked_and_is_gone_at_the_end() {
    let (screen, sink) = (Screen::default(), Screen::default());
    let target = ProgressDrawTarget::term_like(Box::new(screen.clone()));
    let drawing = Drawing { way: Way::Bar, colour: false, live: true };
    let mut progress = Progress::onto(drawing, Box::new(sink.clone()), target);
    let (before, after) = (&events()[..4], &events()[4..]);
    before.iter().for_each(|event| progress.on(event));
    let patience = Instant::now() + Duration::from_secs(10);
    while !screen.text().contains("0/2  chatwoot.live") {
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
    assert!(all.contains("2/2 2 error"), "a revised outcome is counted anew: {all}");
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(screen.text(), all, "nothing is drawn after the end");
    assert_eq!(sink.text(), "", "only the bar draws");
}
