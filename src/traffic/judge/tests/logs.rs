use super::*;
use crate::traffic::judge::{log_errors, log_warnings};
use crate::traffic::logs::{ErrorGroup, LogJudgement};

fn said(errors: u64, warned: u64, lines_inside: u64, covered: Result<(), &str>) -> LogJudgement {
    let group =
        |count| ErrorGroup { message: "Webhook sent to dead letter queue".to_owned(), count, first: at(63) };
    LogJudgement {
        errors: (errors > 0).then(|| group(errors)).into_iter().collect(),
        warned,
        lines_inside,
        covered: covered.map_err(str::to_owned),
    }
}

fn verdicts(said: &LogJudgement, window: &Observation, rules: Rules<'_>) -> (Verdict, Verdict) {
    let asked = "fly logs -a hotdash-app --json --no-tail";
    (verdict(&log_errors(asked, said, window, rules)), verdict(&log_warnings(asked, said, window, rules)))
}

#[test]
fn an_error_always_fails_and_none_passes_only_if_all_was_read() {
    use Verdict::{Fail, Inconclusive, Pass};
    let hole = Err("lines from 10:01 to 10:03 are missing");
    for (judgement, expected) in [
        (said(0, 0, 240, Ok(())), (Pass, Pass)),
        (said(1, 0, 240, Ok(())), (Fail, Pass)),
        (said(0, 2, 240, Ok(())), (Pass, Fail)),
        (said(1, 0, 240, hole), (Fail, Inconclusive)),
        (said(0, 0, 240, hole), (Inconclusive, Inconclusive)),
        (said(0, 0, 0, Ok(())), (Inconclusive, Inconclusive)),
    ] {
        assert_eq!(
            verdicts(&judgement, &observation(0, 60), rules(&Traffic::default())),
            expected,
            "{judgement:?}"
        );
    }
}

#[test]
fn errors_are_quoted_with_the_time_of_the_first() {
    let finding =
        log_errors("fly logs", &said(3, 0, 240, Ok(())), &observation(0, 60), rules(&Traffic::default()));
    assert_eq!(
        evidence_of(&finding, "error"),
        Some("3 ×, first at 10:01:03Z: Webhook sent to dead letter queue")
    );
    assert_eq!(finding.claims[0].found, "3 in 240 lines");
}

#[test]
fn clean_logs_of_too_short_a_window_are_undecided() {
    use Verdict::{Fail, Inconclusive};
    let traffic = Traffic::default();
    let mut window = observation(0, 60);
    let clean = said(0, 0, 240, Ok(()));
    assert_eq!(verdicts(&clean, &window, criteria(&traffic)), (Inconclusive, Inconclusive));
    window.ended = Ended::DeadLetter;
    assert_eq!(verdicts(&clean, &window, rules(&traffic)), (Inconclusive, Inconclusive));
    assert_eq!(verdicts(&said(1, 1, 240, Ok(())), &window, rules(&traffic)), (Fail, Fail));
}
