//! The health of a service over the window. One miss among good looks is a warning,
//! because a packet can be lost; two in a row are not chance.

use std::time::Duration;

use super::{Rules, ground, words};
use crate::outcome::finding::{Claim, Finding};
use crate::outcome::window::Mode;
use crate::traffic::health::Look;
use crate::traffic::watched::Watched;

const EXPECTED: &str = "never two misses in a row";
/// A look may take as long, and the next one is not made beside it.
const SLOWEST: Duration = Duration::from_secs(10);
/// So many misses are told with their times.
const TOLD: usize = 5;

/// The claim that a service stayed healthy. `looks` are all that were made, oldest first; `watched` is the watch
/// during which they were made, where there was one.
pub fn health(asked: &str, looks: &[Look], watched: Option<&Watched>, rules: Rules<'_>) -> Finding {
    // A service that asks not to be asked says nothing of its health.
    let telling: Vec<&Look> = looks.iter().filter(|look| !look.throttled).collect();
    let misses: Vec<&Look> = telling.iter().copied().filter(|look| !look.good).collect();
    let finding = evidence(Finding::about(asked), looks, &misses);
    let due = watched.map_or(0, |watched| due(watched, rules));
    let finding = finding.claim(claim(looks, &telling, due));
    let finding = match watched {
        Some(watched) => ground::whole(finding, watched),
        None => finding,
    };
    match misses.first() {
        Some(miss) => finding.warn(format!("a look missed at {}: {}", words::clock(miss.at), miss.what)),
        None => finding,
    }
}

/// How many looks a window has that is watched while it passes; of a past one only the present can be looked at.
fn due(watched: &Watched, rules: Rules<'_>) -> usize {
    let every = rules.traffic.health_every.0.max(SLOWEST);
    match watched.mode {
        Mode::Forward => (watched.window.length().as_secs_f64() / every.as_secs_f64()) as usize,
        Mode::Past => 0,
    }
}

fn claim(looks: &[Look], telling: &[&Look], due: usize) -> Claim {
    let what = "health";
    if let Some(pair) = telling.windows(2).find(|pair| !pair[0].good && !pair[1].good) {
        let (first, second) = (pair[0], pair[1]);
        let (at, again) = (words::clock(first.at), words::clock(second.at));
        let found = format!("{} at {at}, {} at {again}", first.what, second.what);
        let mut claim = Claim::new(what, EXPECTED, found, false);
        let lost: Vec<&Option<String>> =
            telling.iter().filter(|look| !look.good).map(|look| &look.offline).collect();
        // Only where every miss is one of this machine's network can the machine be what is offline.
        if lost.iter().all(|host| host.is_some()) {
            claim.offline.clone_from(lost[0]);
        }
        return claim;
    }
    let good = telling.iter().filter(|look| look.good).count();
    let found = format!("{good} of {} looks good", looks.len());
    if telling.is_empty() {
        return Claim::open(what, EXPECTED, format!("{found}: it was asked not to ask (429)"));
    }
    if good == 0 || telling.len() * 2 < looks.len() {
        return Claim::open(what, EXPECTED, format!("{found}, which is too few to tell"));
    }
    // A machine that slept looked before and after, and knows nothing of the time between.
    if telling.len() * 2 < due {
        return Claim::open(what, EXPECTED, format!("{found}, and {due} were due: nobody looked meanwhile"));
    }
    // A last look that misses has no second one to tell chance from an outage.
    match telling.last() {
        Some(last) if !last.good => {
            Claim::open(what, EXPECTED, format!("{found}, and the last one is a miss: {}", last.what))
        }
        _ => Claim::new(what, EXPECTED, found, true),
    }
}

fn evidence(mut finding: Finding, looks: &[Look], misses: &[&Look]) -> Finding {
    for miss in misses.iter().take(TOLD) {
        finding = finding.evidence("miss", format!("{}: {}", words::instant(miss.at), miss.what));
    }
    if misses.len() > TOLD {
        finding = finding.evidence("miss", format!("and {} more", misses.len() - TOLD));
    }
    let throttled = looks.iter().filter(|look| look.throttled).count();
    if throttled > 0 {
        finding = finding.evidence("throttled", format!("{throttled} of {} looks (429)", looks.len()));
    }
    finding
}
