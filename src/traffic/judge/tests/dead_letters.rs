use super::*;
use crate::traffic::judge::dead_letters;

fn judged(dead: u64, total: u64) -> Finding {
    let mut window = observation(0, total);
    facts(&mut window).tally.dead_letters = dead;
    dead_letters(&window, rules(&Traffic::default()))
}

#[test]
fn one_fails_whatever_the_number_of_deliveries() {
    for (dead, total, expected) in [
        (1, 0, Verdict::Fail),
        (1, 1, Verdict::Fail),
        (1, 100_000, Verdict::Fail),
        (0, 0, Verdict::Inconclusive),
        (0, 1, Verdict::Pass),
        (0, 60, Verdict::Pass),
    ] {
        assert_eq!(verdict(&judged(dead, total)), expected, "{dead} with {total} deliveries");
    }
}

#[test]
fn errors_are_listed_up_to_a_limit() {
    let mut window = observation(0, 60);
    let data = facts(&mut window);
    data.tally.dead_letters = 16;
    data.errors = vec![(Some("connect\nECONNREFUSED".to_owned()), 3), (None, 1)];
    data.errors.extend((0..12).map(|n| (Some(format!("error {n}")), 1)));
    let finding = dead_letters(&window, rules(&Traffic::default()));
    let listed: Vec<&str> =
        finding.evidence.iter().filter(|e| e.name == "lastError").map(|e| e.value.as_str()).collect();
    assert_eq!((listed[0], listed[1]), ("3 × connect ECONNREFUSED", "1 × missing"));
    assert_eq!((listed.len(), listed[10]), (11, "4 × other"));
}

#[test]
fn one_fails_even_in_a_window_that_could_not_pass() {
    let mut window = observation(0, 60);
    facts(&mut window).tally.dead_letters = 1;
    for ended in [Ended::DeadLetter, Ended::BeyondRescue("12 of 60 failed".to_owned()), Ended::AtItsEnd] {
        window.ended = ended;
        assert_eq!(verdict(&dead_letters(&window, criteria(&Traffic::default()))), Verdict::Fail);
    }
    // A tick saw it, and it is gone.
    facts(&mut window).tally.dead_letters = 0;
    window.ended = Ended::DeadLetter;
    assert_eq!(verdict(&dead_letters(&window, rules(&Traffic::default()))), Verdict::Inconclusive);
}
