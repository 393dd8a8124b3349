//! How the app handles a delivery: how often it tries, what it records, and the ways in which it is known to fail.

use serde::{Deserialize, Serialize};

/// The settings of the forwarding. Percentages are of deliveries; the seed chooses which.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Handling {
    /// Whether deliveries are forwarded at all. If not, the app only remembers them.
    pub forwards: bool,
    /// Determines which deliveries a percentage applies to.
    pub seed: u64,
    /// `CHATWOOT_WEBHOOK_MAX_ATTEMPTS`.
    pub attempts: u32,
    /// `CHATWOOT_WEBHOOK_BASE_DELAY_MS`; the app's 200 ms would only make a rehearsal longer.
    pub base_delay_ms: u64,
    /// `CHATWOOT_WEBHOOK_BACKOFF_FACTOR`.
    pub backoff: u32,
    /// The timeout of one request to the Agent SDK.
    pub timeout_ms: u64,
    /// The bug of the real app: on the last attempt it throws before it writes the failure and the dead letter.
    pub throws_before_recording: bool,
    /// Whether a delivery that failed every attempt leaves a dead letter.
    pub dead_letters: bool,
    /// Deliveries that fail every attempt, whatever the Agent SDK returns.
    pub failing_percent: f64,
    /// Deliveries recorded as failed, without a dead letter, although the draft arrived after the app's timeout.
    pub late_draft_percent: f64,
    /// Facts whose duration is not a number.
    pub unreadable_percent: f64,
    /// Facts whose transaction stays open for [`Handling::commit_delay_ms`].
    pub late_commit_percent: f64,
    pub commit_delay_ms: u64,
}

impl Default for Handling {
    /// An app that works correctly.
    fn default() -> Handling {
        Handling {
            forwards: true,
            seed: 0,
            attempts: 3,
            base_delay_ms: 20,
            backoff: 2,
            timeout_ms: 5_000,
            throws_before_recording: false,
            dead_letters: true,
            failing_percent: 0.0,
            late_draft_percent: 0.0,
            unreadable_percent: 0.0,
            late_commit_percent: 0.0,
            commit_delay_ms: 3_000,
        }
    }
}

/// What happens to one delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fate {
    pub fails: bool,
    pub late_draft: bool,
    pub unreadable: bool,
    pub late_commit: bool,
}

impl Handling {
    /// What happens to the delivery with this number: the same for the same seed, and evenly spread. Of 100 deliveries
    /// in a row, one percent is exactly one.
    pub(super) fn fate(&self, number: u64) -> Fate {
        let falls = |salt: u64, percent: f64| {
            // The seed determines the position in each period but not the count, so that a short run gets its share.
            let offset = (scrambled(self.seed ^ salt) % 10_000) as f64 / 10_000.0;
            let share = percent / 100.0;
            let before = (number as f64 * share + offset).floor();
            ((number + 1) as f64 * share + offset).floor() > before
        };
        Fate {
            fails: falls(1, self.failing_percent),
            late_draft: falls(3, self.late_draft_percent),
            unreadable: falls(4, self.unreadable_percent),
            late_commit: falls(5, self.late_commit_percent),
        }
    }
}

/// SplitMix64's finalizer: adjacent seeds give unrelated numbers.
fn scrambled(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_fall_evenly_and_by_the_seed() {
        for seed in 0..50 {
            let handling =
                Handling { seed, failing_percent: 10.0, unreadable_percent: 0.5, ..Handling::default() };
            let fates: Vec<Fate> = (0..1000).map(|number| handling.fate(number)).collect();
            assert_eq!(fates.iter().filter(|f| f.fails).count(), 100, "seed {seed}");
            assert_eq!(fates.iter().filter(|f| f.unreadable).count(), 5, "seed {seed}");
            assert!(fates.iter().all(|f| !f.late_draft && !f.late_commit), "seed {seed}");
        }
        let first = |seed| {
            let handling = Handling { seed, failing_percent: 1.0, ..Handling::default() };
            (0..200).find(|&number| handling.fate(number).fails)
        };
        assert!((1..20).any(|seed| first(seed) != first(0)));
    }
}
