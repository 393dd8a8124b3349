//! Where a window's failures lie: by status, over time, before and after the deploy. For the reader only; no verdict
//! depends on it.

use jiff::{SignedDuration, Timestamp};

use super::{Rules, preconditions, rate, words};
use crate::outcome::window::Ended;
use crate::traffic::stats::{self, Change};
use crate::traffic::window::{Observation, OpenTransactions, WindowData};

/// A difference counts as real when chance alone would produce it in at most this share of comparisons.
const SIGNIFICANT: f64 = 0.01;
/// A burst that begins within this time after a release is attributed to the restart.
const RESTART: SignedDuration = SignedDuration::from_mins(2);
/// How many statuses are listed; the rest are counted together.
const MAX_STATUSES: usize = 8;

/// `28 × 502, 2 × missing`, most frequent first.
pub(super) fn statuses(data: &WindowData) -> Option<String> {
    let mut listed: Vec<String> = data
        .failures
        .iter()
        .take(MAX_STATUSES)
        .map(|(status, n)| format!("{n} × {}", words::quoted(status.as_deref())))
        .collect();
    let more: u64 = data.failures.iter().skip(MAX_STATUSES).map(|(_, n)| n).sum();
    if more > 0 {
        listed.push(format!("{more} × other"));
    }
    (!listed.is_empty()).then(|| listed.join(", "))
}

/// From when, until when, or in which burst deliveries failed.
pub(super) fn change(observation: &Observation, data: &WindowData) -> Option<String> {
    let counts: Vec<(u64, u64)> = data.bins.iter().map(|bin| (bin.tally.bad, bin.tally.total())).collect();
    let edge = |at: usize| data.bins.get(at).map_or(data.window.to, |bin| bin.window.from);
    match stats::change_point(&counts) {
        Change::None => None,
        Change::Step { at, p, worse_after, .. } => {
            let (bad_before, before) = sum(counts.get(..at)?);
            let (bad_after, after) = sum(counts.get(at..)?);
            let (before, after) = (words::ratio(bad_before, before), words::ratio(bad_after, after));
            let (at, chance) = (words::clock(edge(at)), chance(p));
            Some(if worse_after {
                format!("from {at} on, {after} failed; before that, {before} ({chance})")
            } else {
                format!("until {at}, {before} failed; after that, {after} ({chance})")
            })
        }
        Change::Burst { from, to, share } => {
            let (begin, end) = (edge(from), edge(to));
            let burst =
                if at_restart(observation, begin, end) { "one burst at the restart" } else { "one burst" };
            let (begin, end) = (words::clock(begin), words::clock(end));
            Some(format!("{:.0} % of the failures came in {burst}, between {begin} and {end}", share * 100.0))
        }
    }
}

fn sum(bins: &[(u64, u64)]) -> (u64, u64) {
    bins.iter().fold((0, 0), |(bad, n), bin| (bad + bin.0, n + bin.1))
}

fn at_restart(observation: &Observation, begin: Timestamp, end: Timestamp) -> bool {
    observation
        .deploy
        .as_ref()
        .is_ok_and(|deploy| deploy.at <= end && begin.duration_since(deploy.at) <= RESTART)
}

/// How the time since the deploy compares with the time before it.
pub(super) struct Split {
    pub text: String,
    /// Whether the time before it already failed the target's rate.
    pub older: bool,
}

/// Compares the failures since the deploy with those of an equally long time before it.
pub(super) fn split(observation: &Observation, data: &WindowData, rules: Rules<'_>) -> Option<Split> {
    observation.deploy.as_ref().ok()?;
    let before = observation.before?.tally;
    let after = observation.after.map_or(data.tally, |after| after.tally);
    if before.bad == 0 && after.bad == 0 {
        return None;
    }
    let (since, earlier) = (words::ratio(after.bad, after.total()), words::ratio(before.bad, before.total()));
    if before.total() == 0 || after.total() == 0 {
        let text = format!("{since} failed since the deploy, {earlier} before it: nothing to compare");
        return Some(Split { text, older: false });
    }
    let worse = stats::fisher(after.bad, after.total(), before.bad, before.total());
    let better = stats::fisher(before.bad, before.total(), after.bad, after.total());
    let poor = rate::holds(before, rules.traffic) == Some(false);
    let split = |text: String, older: bool| Some(Split { text, older });
    if worse <= SIGNIFICANT {
        return split(
            format!("worse since the deploy: {since} failed, before it {earlier} ({})", chance(worse)),
            false,
        );
    }
    if better <= SIGNIFICANT {
        return split(
            format!("better since the deploy: {since} failed, before it {earlier} ({})", chance(better)),
            poor,
        );
    }
    if poor {
        return split(format!("not caused by this deploy: {earlier} failed before it, {since} since"), true);
    }
    split(
        format!(
            "{since} failed since the deploy, {earlier} before it: this may be chance ({})",
            chance(worse)
        ),
        false,
    )
}

fn chance(p: f64) -> String {
    format!("p = {}, if failures are independent", words::probability(p))
}

/// What is known about open transactions that may still add facts; `None` when there are none.
pub(super) fn open_transactions(data: &WindowData) -> Option<String> {
    match &data.open_transactions {
        OpenTransactions::Clear => None,
        OpenTransactions::Open(since) => {
            Some(format!("a transaction has been open since {}", words::instant(*since)))
        }
        OpenTransactions::Unknown(why) | OpenTransactions::Hidden { why, .. } => {
            Some(format!("a transaction may still add facts: {why}"))
        }
    }
}

/// Everything worth a sentence in the report's traffic section.
pub fn remarks(observation: &Observation, rules: Rules<'_>) -> Vec<String> {
    let mut remarks = observation.remarks.clone();
    remarks.extend(preconditions::warnings(observation, rules));
    match &observation.facts {
        Err(error) => remarks.push(format!("the facts could not be read: {}", error.why)),
        Ok(data) => {
            remarks.extend(change(observation, data));
            remarks.extend(split(observation, data, rules).map(|split| split.text));
            remarks.extend(rate::late(observation.late));
            // After a dead letter the watch ends at once, without waiting for open transactions.
            if let OpenTransactions::Unknown(_) | OpenTransactions::Hidden { .. } = data.open_transactions
                && observation.ended != Ended::DeadLetter
            {
                remarks.extend(open_transactions(data));
            }
        }
    }
    remarks
}
