//! Counts of facts by their kind.

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
