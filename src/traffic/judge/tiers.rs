//! The runbooks' alert levels, each over its own time up to the end of the watch.

use super::{Rules, preconditions, words};
use crate::outcome::finding::{Claim, Finding, slug};
use crate::traffic::stats;
use crate::traffic::window::{Observation, TierCounts};

/// One claim for each alert level: that it is not triggered.
pub fn tiers(observation: &Observation, rules: Rules<'_>) -> Finding {
    let finding = Finding::about(format!(
        "the facts of each alert level's time up to {}",
        words::instant(observation.window.to)
    ));
    let open =
        |why: String| Claim::undecided("tiers", "alert levels", "none triggered", "unknown").sentence(why);
    let finding = match &observation.tiers {
        Err(why) => return finding.claim(open(format!("the facts could not be read: {why}"))),
        Ok(tiers) if tiers.is_empty() => {
            return finding.claim(open("no alert level is configured".to_owned()).fix(
                "remove `tiers` from the target's traffic settings in the configuration, to use the runbooks' own",
            ));
        }
        Ok(tiers) => tiers.iter().fold(finding, |finding, tier| finding.claim(claim(tier, rules))),
    };
    preconditions::whole(finding, observation)
}

fn claim(counts: &TierCounts, rules: Rules<'_>) -> Claim {
    let TierCounts { tier, tally, .. } = counts;
    let (code, what) = (format!("tier-{}", slug(&tier.name)), format!("alert level {}", tier.name));
    let over = format!("over {}", tier.over);
    // An alert level's time begins at the deploy, too.
    let seen = match counts.window.minutes() {
        minutes if minutes * 60.0 < tier.over.0.as_secs_f64() => format!(" in {}", words::minutes(minutes)),
        _ => String::new(),
    };
    let open = |expected: &str, found: &str, why: String| {
        Claim::undecided(&code, &what, expected, found).sentence(why)
    };
    let no_delivery = || format!("{what}: no delivery {over}");
    if let Some(below) = tier.success_below {
        let expected = format!("at least {below} success {over}");
        let Some(rate) = stats::printed_bp(tally.ok, tally.total()) else {
            return open(&expected, "no delivery", no_delivery());
        };
        let found = format!("{}.{:02} % of {}{seen}", rate / 100, rate % 100, tally.total());
        let least = rules.traffic.min_events;
        if tally.total() < least {
            let why = format!("{what}: too few deliveries {over}: {} of at least {least}", tally.total());
            return open(&expected, &found, why);
        }
        let fires = stats::tier_fires(tally.ok, tally.total(), below.0, least);
        return Claim::compared(code, what, expected, found, !fires);
    }
    if let Some(above) = tier.dead_letters_above {
        let expected = format!("at most {} {over}", words::dead_letters(above));
        if (tally.dead_letters, tally.total()) == (0, 0) {
            return open(&expected, "0", no_delivery());
        }
        let found = format!("{}{seen}", tally.dead_letters);
        return Claim::compared(code, what, expected, found, tally.dead_letters <= above);
    }
    if let Some(above) = tier.attempts_above {
        let expected = format!("at most {above} attempts on average {over}");
        let (attempts, deliveries) = counts.attempts;
        if deliveries == 0 {
            return open(
                &expected,
                "unknown",
                format!("{what}: no delivery {over} has a number of attempts"),
            );
        }
        let average = attempts as f64 / deliveries as f64;
        let found = format!("{average:.2} in {}{seen}", words::deliveries(deliveries));
        return Claim::compared(code, what, expected, found, average <= above);
    }
    open("a threshold", "none", format!("{what} has no threshold"))
}
