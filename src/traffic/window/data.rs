//! The result of the final query: the numbers from which every verdict is made, read in one snapshot. PostgreSQL's texts
//! are kept as printed, so that a report equals `psql` to the digit.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::outcome::window::Window;
use crate::traffic::stats::Percentiles;

/// Everything that is known about the facts of one window.
#[derive(Clone, Debug, PartialEq)]
pub struct WindowData {
    pub window: Window,
    /// The database's time of the snapshot.
    pub read_at: Timestamp,
    /// On a standby: it shows what it has replayed up to this time.
    pub replayed_to: Option<Timestamp>,
    pub tally: Tally,
    /// The checklist's `success_rate`, such as `96.67`; `None` is NULL: no delivery.
    pub success_rate: Option<String>,
    pub durations: Durations,
    /// Facts of both kinds dated after the database's clock, which the checklist's SQL would count.
    pub future: u64,
    /// Nearest-rank percentiles of the readable durations; `None` without any.
    pub percentiles: Option<Percentiles>,
    /// The sum of attempts, and the number of deliveries that have them; zero if none has.
    pub attempts: (u64, u64),
    /// Failed deliveries by `finalStatus` (`None`: missing), most frequent first. Read only if there are failures.
    pub failures: Vec<(Option<String>, u64)>,
    /// Dead letters by `lastError`, most frequent first; already redacted and truncated.
    pub errors: Vec<(Option<String>, u64)>,
    /// The ids of the messages in the dead letters' payloads. Nothing else of a payload is ever read.
    pub dead_letter_messages: Vec<u64>,
    /// Deliveries over the window in equal bins, oldest first. Read only if there are failures.
    pub bins: Vec<Period>,
    pub open_transactions: OpenTransactions,
}

/// The durations of the deliveries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Durations {
    /// Which form of the checklist's statement returned them.
    pub form: Form,
    /// The checklist's `avg_duration_ms`; `None` is NULL.
    pub average_ms: Option<String>,
    /// The sum of the durations, decimal text; `None` is NULL.
    pub sum_ms: Option<String>,
    /// The durations in that sum.
    pub timed: u64,
    /// Deliveries with a duration that is not a number.
    pub unreadable: u64,
    /// Deliveries without a duration.
    pub untimed: u64,
}

impl Durations {
    /// Whether too many durations are unreadable for the average to say much about the deliveries. Where the checklist's
    /// own statement could average them, it counts, even if a tick could not parse some.
    pub fn too_many_unreadable(&self) -> bool {
        let all = self.timed.saturating_add(self.unreadable);
        self.form == Form::Guarded && exceeds_one_percent(self.unreadable, all)
    }
}

/// Whether `part` is more than 1 % of `whole`: the share up to which missing durations do not matter.
pub fn exceeds_one_percent(part: u64, whole: u64) -> bool {
    u128::from(part) * 100 > u128::from(whole)
}

/// The form of the statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// The checklist's own.
    Checklist,
    /// The guarded one, because a duration made the checklist's own fail or return NaN or Infinity.
    Guarded,
}

/// A part of a window, or a time around it, and its deliveries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    pub window: Window,
    pub tally: Tally,
}

/// Whether a transaction that began in the window may still add rows to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OpenTransactions {
    /// None is open.
    Clear,
    /// One has been open since this time.
    Open(Timestamp),
    /// Transactions of other roles are open, with hidden start times; identified by their virtual ids, which are never
    /// reused.
    Hidden { why: String, transactions: BTreeSet<String> },
    /// It is unknown; why.
    Unknown(String),
}

/// The kind of a fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FactKind {
    /// A delivery whose `success` is exactly `true`.
    Ok,
    /// Any other delivery.
    Bad,
    DeadLetter,
}

impl FactKind {
    /// From the number in the statements: 0, 1 or 2.
    pub fn from_number(number: u64) -> Option<FactKind> {
        match number {
            0 => Some(FactKind::Ok),
            1 => Some(FactKind::Bad),
            2 => Some(FactKind::DeadLetter),
            _ => None,
        }
    }
}

/// The facts of a period.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Deliveries that succeeded.
    pub ok: u64,
    /// Deliveries that failed.
    pub bad: u64,
    /// `support.webhook.dead_letter` facts, the checklist's `dlq_count`; 0 where only deliveries are counted.
    pub dead_letters: u64,
}

impl Tally {
    /// Of `total` deliveries, `bad` failed.
    pub fn deliveries(bad: u64, total: u64) -> Tally {
        Tally { ok: total.saturating_sub(bad), bad, dead_letters: 0 }
    }

    /// Deliveries, successful or not.
    pub fn total(&self) -> u64 {
        self.ok.saturating_add(self.bad)
    }

    /// Facts of both types.
    pub fn facts(&self) -> u64 {
        self.total().saturating_add(self.dead_letters)
    }

    /// Adds `n` facts.
    pub fn add(&mut self, kind: FactKind, n: u64) {
        match kind {
            FactKind::Ok => self.ok += n,
            FactKind::Bad => self.bad += n,
            FactKind::DeadLetter => self.dead_letters += n,
        }
    }

    /// Adds all facts of another.
    pub fn merge(&mut self, more: &Tally) {
        self.ok += more.ok;
        self.bad += more.bad;
        self.dead_letters += more.dead_letters;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_match_the_statement() {
        assert_eq!(
            [0, 1, 2, 3, u64::MAX].map(FactKind::from_number),
            [Some(FactKind::Ok), Some(FactKind::Bad), Some(FactKind::DeadLetter), None, None]
        );
    }
}
