//! How a window would end if it ended now: what the screen says between the ticks.

use super::{rate, words};
use crate::settings::Traffic;
use crate::traffic::live::Standing;

/// How the window stands with so many deliveries that went well, that failed, and dead letters; and why, one line.
/// No verdict is made from it.
pub fn standing(ok: u64, bad: u64, dead: u64, rules: &Traffic) -> (Standing, String) {
    let (n, least) = (ok + bad, rules.min_events);
    if dead > 0 {
        return (
            Standing::Failing,
            format!("{}: nothing that follows can make it good", words::dead_letters(dead)),
        );
    }
    let Some(margin) = rate::margin(ok, bad, rules) else {
        return (Standing::Thin, "no delivery yet".to_owned());
    };
    match rate::weigh(ok, bad, rules) {
        Some(true) => (Standing::Passing, margin),
        Some(false) => (Standing::Failing, margin),
        None => (Standing::Thin, format!("{} of the {least} that can pass", words::deliveries(n))),
    }
}
