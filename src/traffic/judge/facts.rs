//! Whether the database answered the watch, dead letters, and the runbooks' alert levels. A single dead letter fails the
//! window, whatever else happened and however short the window is: later traffic cannot change that. Having none proves
//! something only if deliveries were recorded.

use super::{Rules, preconditions, words};
use crate::outcome::finding::{Claim, Finding, slug};
use crate::outcome::window::Ended;
use crate::traffic::stats;
use crate::traffic::window::{Observation, TierCounts, WindowData};

/// The claim that the database answered the query at the window's end. A rejected query is an answer too: what is
/// wrong with it is reported by the checks that need its result.
pub fn database(observation: &Observation) -> Finding {
    const CODE: &str = "database";
    const WHAT: &str = "database";
    const EXPECTED: &str = "an answer to the query over the whole window";
    let finding = preconditions::begin(observation);
    let finding = observation.gaps.iter().fold(finding, |finding, gap| {
        let (from, to) = (words::instant(gap.from), words::clock(gap.to));
        finding.evidence("gap", format!("{from} to {to}: {}", gap.why))
    });
    match &observation.facts {
        Ok(data) => {
            let at = words::clock(data.read_at);
            let finding =
                finding.claim(Claim::compared(CODE, WHAT, EXPECTED, format!("an answer at {at}"), true));
            match observation.gaps.len() {
                0 => finding,
                1 => finding.warn("the database did not answer for part of the window"),
                n => finding.warn(format!("the database did not answer during {n} parts of the window")),
            }
        }
        Err(error) if error.database_gone => {
            let why = format!("the database did not answer the query over the whole window: {}", error.why);
            let mut claim = Claim::compared(CODE, WHAT, EXPECTED, &error.why, false).sentence(why);
            claim.offline.clone_from(&error.offline);
            claim.fix.clone_from(&error.fix);
            finding.claim(claim)
        }
        // Without a window there was no query to answer.
        Err(error) if observation.planned.length().is_zero() => {
            preconditions::error(finding, CODE, WHAT, EXPECTED, error)
        }
        Err(error) => {
            let found = format!("it rejected the query: {}", error.why);
            finding.claim(Claim::compared(CODE, WHAT, EXPECTED, found, true))
        }
    }
}

const DEAD_LETTERS_CODE: &str = "dead-letters";
const DEAD_LETTERS_WHAT: &str = "dead letters";
const DEAD_LETTERS_EXPECTED: &str = "0";
/// How many different errors are listed; the rest are counted together.
const MAX_ERRORS: usize = 10;

/// The claim that no webhook became a dead letter.
pub fn dead_letters(observation: &Observation, rules: Rules<'_>) -> Finding {
    let finding = preconditions::begin(observation);
    let data = match &observation.facts {
        Ok(data) => data,
        Err(error) => {
            return preconditions::error(
                finding,
                DEAD_LETTERS_CODE,
                DEAD_LETTERS_WHAT,
                DEAD_LETTERS_EXPECTED,
                error,
            );
        }
    };
    let finding = errors(finding, data).claim(dead_letters_claim(observation, data));
    let finding = preconditions::fitness(observation, rules).into_iter().fold(finding, Finding::claim);
    preconditions::again(finding, observation)
}

fn dead_letters_claim(observation: &Observation, data: &WindowData) -> Claim {
    let found = format!("{} ({})", data.tally.dead_letters, words::deliveries(data.tally.total()));
    if data.tally.dead_letters > 0 {
        return Claim::compared(DEAD_LETTERS_CODE, DEAD_LETTERS_WHAT, DEAD_LETTERS_EXPECTED, found, false);
    }
    let open = |why: String| {
        Claim::undecided(DEAD_LETTERS_CODE, DEAD_LETTERS_WHAT, DEAD_LETTERS_EXPECTED, &found).sentence(why)
    };
    if let Some(cut) = preconditions::cut(observation, |ended| *ended == Ended::DeadLetter) {
        return open(cut);
    }
    if data.tally.total() == 0 {
        return open("no dead letter was recorded, and no delivery either".to_owned())
            .fix(preconditions::NO_DELIVERY_FIX);
    }
    if observation.ended == Ended::DeadLetter {
        return open("a dead letter ended the watch, but it is no longer in the database".to_owned());
    }
    Claim::compared(DEAD_LETTERS_CODE, DEAD_LETTERS_WHAT, DEAD_LETTERS_EXPECTED, found, true)
}

fn errors(mut finding: Finding, data: &WindowData) -> Finding {
    for (error, n) in data.errors.iter().take(MAX_ERRORS) {
        finding = finding.evidence("lastError", format!("{n} × {}", words::quoted(error.as_deref())));
    }
    let more: u64 = data.errors.iter().skip(MAX_ERRORS).map(|(_, n)| n).sum();
    if more > 0 {
        finding = finding.evidence("lastError", format!("{more} × other"));
    }
    finding
}

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
        Ok(tiers) => tiers.iter().fold(finding, |finding, tier| finding.claim(tier_claim(tier, rules))),
    };
    preconditions::whole(finding, observation)
}

fn tier_claim(counts: &TierCounts, rules: Rules<'_>) -> Claim {
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
