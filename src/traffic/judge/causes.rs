//! What a window's failures look like: by status, over time, before and after the
//! deploy. It helps the reader and decides nothing.

use jiff::{SignedDuration, Timestamp};

use super::{Rules, ground, rate, words};
use crate::outcome::window::Ended;
use crate::traffic::full::{Full, Horizon};
use crate::traffic::stats::{self, Change};
use crate::traffic::watched::{Stretch, Watched};

/// A difference that chance makes once in so many comparisons is called one.
const PROVED: f64 = 0.01;
/// A burst that begins so soon after a release is the restart's.
const RESTART: SignedDuration = SignedDuration::from_mins(2);
/// So many statuses are told.
const TOLD: usize = 8;

/// `502 twice` and the like, most frequent first.
pub(super) fn statuses(full: &Full) -> Option<String> {
    let mut told: Vec<String> = full
        .failures
        .iter()
        .take(TOLD)
        .map(|(status, n)| format!("{n} x {}", words::quoted(status.as_deref())))
        .collect();
    let more: u64 = full.failures.iter().skip(TOLD).map(|(_, n)| n).sum();
    if more > 0 {
        told.push(format!("{more} x others"));
    }
    (!told.is_empty()).then(|| told.join(", "))
}

/// From when on, until when, or in which burst deliveries failed.
pub(super) fn change(watched: &Watched, full: &Full) -> Option<String> {
    let counts: Vec<(u64, u64)> = full.bins.iter().map(|bin| (bin.bad, bin.total)).collect();
    let edge = |at: usize| full.bins.get(at).map_or(full.window.to, |bin| bin.from);
    match stats::change_point(&counts) {
        Change::None => None,
        Change::Change { at, p, worse_after, .. } => {
            let before = sum(counts.get(..at)?);
            let after = sum(counts.get(at..)?);
            let (words_of, worse, other) = match worse_after {
                true => ("from", after, before),
                false => ("up to", before, after),
            };
            Some(format!(
                "{words_of} {} {} failed, else {} ({})",
                words::clock(edge(at)),
                words::of(worse.0, worse.1),
                words::of(other.0, other.1),
                chance(p)
            ))
        }
        Change::Burst { from, to, share } => {
            let (begin, end) = (edge(from), edge(to));
            let whose =
                if at_restart(watched, begin, end) { "one burst at the restart" } else { "one burst" };
            let (begin, end) = (words::clock(begin), words::clock(end));
            Some(format!("{whose}: {:.0} % of the failures lie between {begin} and {end}", share * 100.0))
        }
    }
}

fn sum(bins: &[(u64, u64)]) -> (u64, u64) {
    bins.iter().fold((0, 0), |(bad, n), bin| (bad + bin.0, n + bin.1))
}

fn at_restart(watched: &Watched, begin: Timestamp, end: Timestamp) -> bool {
    watched.deploy.as_ref().is_ok_and(|deploy| deploy.at <= end && begin.duration_since(deploy.at) <= RESTART)
}

/// How the time since the deploy compares with the time before it.
pub(super) struct Split {
    pub text: String,
    /// Whether the time before it was no good either, and not clearly better.
    pub older: bool,
}

/// Compares the failures since the deploy with those of an equally long time before it.
pub(super) fn split(watched: &Watched, full: &Full, rules: Rules<'_>) -> Option<Split> {
    watched.deploy.as_ref().ok()?;
    let before = watched.before?;
    let whole = Stretch { window: full.window, total: full.letter.total, bad: full.letter.bad() };
    let after = watched.after.unwrap_or(whole);
    if before.bad == 0 && after.bad == 0 {
        return None;
    }
    let (since, earlier) = (words::of(after.bad, after.total), words::of(before.bad, before.total));
    if before.total == 0 || after.total == 0 {
        let text = format!("{since} failed since the deploy and {earlier} before it: nothing to compare");
        return Some(Split { text, older: false });
    }
    let worse = stats::fisher(after.bad, after.total, before.bad, before.total);
    let better = stats::fisher(before.bad, before.total, after.bad, after.total);
    let poor = |part: Stretch| {
        rate::weigh(part.total - part.bad.min(part.total), part.bad, rules.traffic) == Some(false)
    };
    let split = |text: String, older: bool| Some(Split { text, older });
    if worse <= PROVED {
        return split(
            format!("since the deploy {since} failed, before it {earlier} ({})", chance(worse)),
            false,
        );
    }
    if better <= PROVED {
        return split(
            format!("better since the deploy: {since} failed, before it {earlier} ({})", chance(better)),
            poor(before),
        );
    }
    if poor(before) {
        return split(format!("not your deploy: {earlier} failed before it, {since} since"), true);
    }
    split(
        format!(
            "since the deploy {since} failed, before it {earlier}: that may be chance ({})",
            chance(worse)
        ),
        false,
    )
}

fn chance(p: f64) -> String {
    format!("chance {} if failures are independent", words::probability(p))
}

/// What is known of transactions that may still add facts, unless it is that there are none.
pub(super) fn horizon(full: &Full) -> Option<String> {
    match &full.horizon {
        Horizon::Clear => None,
        Horizon::Open(since) => Some(format!("a transaction is open since {}", words::instant(*since))),
        Horizon::Unknown(why) | Horizon::Hidden { why, .. } => {
            Some(format!("whether a transaction may still add facts is not known: {why}"))
        }
    }
}

/// Everything worth a sentence in the report's account of traffic.
pub fn remarks(watched: &Watched, rules: Rules<'_>) -> Vec<String> {
    let mut said = watched.remarks.clone();
    said.extend(ground::warnings(watched, rules));
    match &watched.facts {
        Err(unasked) => said.push(format!("the facts could not be read: {}", unasked.why)),
        Ok(full) => {
            said.extend(change(watched, full));
            said.extend(split(watched, full, rules).map(|split| split.text));
            said.extend(rate::late(watched.late));
            // Where a dead letter ended the watch nobody waited for anything.
            if let Horizon::Unknown(_) | Horizon::Hidden { .. } = full.horizon
                && watched.ended != Ended::DeadLetter
            {
                said.extend(horizon(full));
            }
        }
    }
    said
}
