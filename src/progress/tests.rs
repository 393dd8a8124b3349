use std::time::Duration;

use super::bar::running;
use super::*;
use crate::input::format::Format;

const PLAIN: Facts = Facts {
    stdout_terminal: true,
    stderr_terminal: true,
    ci: false,
    no_color: false,
    dumb: false,
    quiet: false,
    format: Format::Table,
};

#[test]
fn the_whole_truth_table_of_drawing() {
    let mut rows = 0;
    for bits in 0..64u8 {
        for format in Format::ALL {
            let bit = |n: u8| bits & (1 << n) != 0;
            let facts = Facts {
                stdout_terminal: bit(0),
                stderr_terminal: bit(1),
                ci: bit(2),
                no_color: bit(3),
                dumb: bit(4),
                quiet: bit(5),
                format,
            };
            let drawing = facts.drawing();
            let jsonl = format == Format::Jsonl;
            let expected = match (facts.quiet, jsonl, facts.stdout_terminal) {
                (true, _, _) | (_, true, true) => DrawMode::Silent,
                (_, true, false) => DrawMode::Lines,
                _ if facts.stderr_terminal && !facts.ci && !facts.dumb => DrawMode::Bar,
                _ => DrawMode::Lines,
            };
            assert_eq!(drawing.way, expected, "{facts:?}");
            assert_eq!(drawing.colour, facts.stderr_terminal && !facts.no_color && !facts.dumb, "{facts:?}");
            assert_eq!(facts.stdout_colour(), facts.stdout_terminal && !facts.no_color && !facts.dumb);
            assert!(!drawing.live || (facts.stderr_terminal && !facts.quiet), "{facts:?}");
            rows += 1;
        }
    }
    assert_eq!(rows, 64 * 7);
}

#[test]
fn the_usual_cases_of_drawing() {
    let way = |facts: Facts| facts.drawing().way;
    assert_eq!(way(PLAIN), DrawMode::Bar);
    assert_eq!(way(Facts { stderr_terminal: false, ..PLAIN }), DrawMode::Lines);
    assert_eq!(way(Facts { ci: true, ..PLAIN }), DrawMode::Lines);
    assert_eq!(way(Facts { dumb: true, ..PLAIN }), DrawMode::Lines);
    assert_eq!(way(Facts { no_color: true, ..PLAIN }), DrawMode::Bar, "a bar needs no colour");
    assert_eq!(way(Facts { quiet: true, ..PLAIN }), DrawMode::Silent);
    assert_eq!(way(Facts { format: Format::Json, stdout_terminal: false, ..PLAIN }), DrawMode::Bar);
    assert_eq!(way(Facts { format: Format::Jsonl, ..PLAIN }), DrawMode::Silent);
}

#[test]
fn slow_checks_are_named_first_with_their_time() {
    let seconds = Duration::from_secs;
    let checks =
        [("a.slow", seconds(14)), ("b.edge", seconds(10)), ("c.quick", seconds(9)), ("d.x", seconds(1))];
    assert_eq!(running(checks.into_iter()), "a.slow (14 s), b.edge (10 s), c.quick, 1 more");
    assert_eq!(running(checks[2..].iter().copied()), "c.quick, d.x");
    assert_eq!(running([].into_iter()), "");
}

#[test]
fn the_bar_counts_everything_but_passes() {
    assert_eq!(tallied(["warn", "pass", "fail", "warn"].into_iter()), "1 failed, 2 warnings");
    assert_eq!(tallied(["pass"].into_iter()), "");
}
