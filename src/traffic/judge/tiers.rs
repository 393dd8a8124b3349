//! The runbooks' tiers, each on a window of its own that ends where the watch's ends.

use super::{Rules, ground, words};
use crate::outcome::finding::{Claim, Finding};
use crate::traffic::stats;
use crate::traffic::watched::{TierCounts, Watched};

/// One claim for each tier that it does not fire.
pub fn tiers(watched: &Watched, rules: Rules<'_>) -> Finding {
    let finding = Finding::about(format!(
        "the facts of each tier's own time up to {}",
        words::instant(watched.window.to)
    ));
    let finding = match &watched.tiers {
        Err(why) => {
            return finding.claim(Claim::open(
                "tiers",
                "none fires",
                format!("the facts could not be read: {why}"),
            ));
        }
        Ok(tiers) if tiers.is_empty() => {
            return finding.claim(Claim::open("tiers", "none fires", "none is configured")).fix(
                "leave `tiers` out of the target's traffic in the configuration: the runbooks' own hold then",
            );
        }
        Ok(tiers) => tiers.iter().fold(finding, |finding, tier| finding.claim(claim(tier, rules))),
    };
    ground::whole(finding, watched)
}

fn claim(counts: &TierCounts, rules: Rules<'_>) -> Claim {
    let tier = &counts.tier;
    let what = format!("tier {}", tier.name);
    let over = format!("over {}", tier.over);
    // A tier's past is clipped at the deploy too.
    let seen = match counts.window.minutes() {
        minutes if minutes * 60.0 < tier.over.0.as_secs_f64() => format!(" in {}", words::minutes(minutes)),
        _ => String::new(),
    };
    if let Some(below) = tier.success_below {
        let expected = format!("{below} or more {over}");
        let ok = counts.total - counts.bad.min(counts.total);
        let Some(rate) = stats::printed_bp(ok, counts.total) else {
            return Claim::open(what, expected, format!("no delivery{seen}"));
        };
        let found = format!("{}.{:02} % of {}{seen}", rate / 100, rate % 100, counts.total);
        let least = rules.traffic.min_events;
        return match counts.total >= least {
            true => {
                let fires = stats::tier_fires(ok, counts.total, below.0, least);
                Claim::new(what, expected, found, !fires)
            }
            false => Claim::open(what, expected, format!("{found}; fewer than {least} fire nothing")),
        };
    }
    if let Some(above) = tier.dead_letters_above {
        let expected = format!("{} or fewer {over}", words::dead_letters(above));
        let found = format!("{}{seen}", counts.dead_letters);
        return match (counts.dead_letters, counts.total) {
            (0, 0) => Claim::open(what, expected, format!("0, and no delivery{seen}")),
            (n, _) => Claim::new(what, expected, found, n <= above),
        };
    }
    if let Some(above) = tier.attempts_above {
        let expected = format!("{above} attempts or fewer on average {over}");
        let (attempts, deliveries) = counts.attempts;
        if deliveries == 0 {
            return Claim::open(what, expected, format!("no delivery names its attempts{seen}"));
        }
        let average = attempts as f64 / deliveries as f64;
        let found = format!("{average:.2} over {}{seen}", words::deliveries(deliveries));
        return Claim::new(what, expected, found, average <= above);
    }
    Claim::open(what, "a bound", "the tier has none")
}
