//! How a window would end if it ended now: shown between ticks.

use super::{rate, words};
use crate::outcome::tick::LiveStatus;
use crate::settings::Traffic;
use crate::traffic::read::TickCounts;

/// The status by what the ticks have counted so far, and the reason in one line. No verdict is made from it.
pub fn live_status(counts: &TickCounts, traffic: &Traffic) -> (LiveStatus, String) {
    if counts.tally.dead_letters > 0 {
        let dead_letters = words::dead_letters(counts.tally.dead_letters);
        return (LiveStatus::Failing, format!("{dead_letters}; later traffic cannot change this"));
    }
    let Some(margin) = rate::margin(counts.tally, traffic) else {
        return (LiveStatus::Thin, "no delivery yet".to_owned());
    };
    let holds = rate::holds(counts.tally, traffic);
    if holds == Some(false) && counts.tally.total() >= traffic.min_events {
        let failed = words::ratio(counts.tally.bad, counts.tally.total());
        return (LiveStatus::Failing, format!("{failed} failed; {margin}"));
    }
    if holds == Some(false) {
        return (LiveStatus::Failing, margin);
    }
    if let Some(mean) = counts.mean_ms().filter(|mean| *mean >= f64::from(traffic.average_ms))
        && counts.timed >= traffic.min_events
    {
        return (
            LiveStatus::Failing,
            format!("average duration {mean:.0} ms, must be below {} ms", traffic.average_ms),
        );
    }
    match holds {
        None => (LiveStatus::Thin, margin),
        // The average has its own minimum: deliveries with a duration.
        Some(_) if counts.timed < traffic.min_events => {
            let (timed, more) =
                (words::ratio(counts.timed, counts.tally.total()), traffic.min_events - counts.timed);
            (LiveStatus::Thin, format!("{timed} deliveries have a duration; the average needs {more} more"))
        }
        Some(_) => (LiveStatus::Passing, margin),
    }
}
