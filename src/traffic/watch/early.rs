//! What ends a watch before its window's end: a dead letter, and rule R. Ticks can miss successes that commit late, so
//! both are believed only when the statement over the whole window so far says the same; rule R moreover only after
//! the transactions that began in it, because a dead letter cannot be forged by what they add, and a rate can.

use std::time::Duration;

use super::reader::Reader;
use super::{View, Watch};
use crate::outcome::window::{Ended, Window};
use crate::settings::Percent;
use crate::traffic::full::Full;
use crate::traffic::stats;

/// What a confirming statement may take.
const DEADLINE: Duration = Duration::from_secs(65);
/// After so many ticks rule R is asked again where the whole window did not confirm it.
const HOLD: u32 = 6;

/// What the whole window did not confirm.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Refuted {
    /// So many dead letters were seen by ticks and not by the statement.
    dead_letters: u64,
    /// Rule R is not asked for so many ticks.
    hold: u32,
}

impl<R: Reader, V: View> Watch<'_, R, V> {
    /// Whether the watch ends here, and what the whole window says then.
    pub(super) async fn early(&mut self) -> Option<(Ended, Box<Full>)> {
        if self.wish.full {
            return None;
        }
        self.refuted.hold = self.refuted.hold.saturating_sub(1);
        let counts = self.ledger.counts();
        let dead = counts.dead_letters > self.refuted.dead_letters;
        // A window that is over has its last word, which waits for late rows, and nothing is left to be spared.
        let lost = self.refuted.hold == 0
            && self.seen_to < self.window.to
            && self.beyond_rescue(counts.ok, counts.total()).is_some();
        if !dead && !lost {
            return None;
        }
        let window = Window { from: self.window.from, to: self.seen_to.min(self.window.to) };
        // Asking may take a while, and whoever counts meanwhile has to count what comes after this end apart.
        self.opening.may_have_ended(window.to);
        let confirmed = self.confirm(window, dead).await;
        if confirmed.is_none() {
            self.opening.moved(self.window);
        }
        confirmed
    }

    /// Asks whether the watch ends with this window.
    async fn confirm(&mut self, window: Window, dead: bool) -> Option<(Ended, Box<Full>)> {
        let counts = self.ledger.counts();
        let horizon = match dead {
            true => None,
            false => Some(self.horizon(window.to).await),
        };
        if horizon.is_some() && self.clock.now() >= self.window.to {
            return None;
        }
        let left = self.spent.saturating_duration_since(tokio::time::Instant::now());
        // Where it cannot be asked now, the next tick asks again.
        let full = self.reader.full(window, left.min(DEADLINE)).await.ok()?;
        if full.dead_letters > 0 {
            self.window = window;
            return Some((Ended::DeadLetter, Box::new(full)));
        }
        self.refuted.dead_letters = counts.dead_letters;
        match (self.beyond_rescue(full.letter.ok, full.letter.total), horizon) {
            (Some(why), Some(horizon)) => {
                self.window = window;
                Some((Ended::BeyondRescue(why), Box::new(Full { horizon, ..full })))
            }
            _ => {
                self.refuted.hold = HOLD;
                None
            }
        }
    }

    /// Rule R over the window up to where ticks have seen; the sentence that says it.
    fn beyond_rescue(&self, ok: u64, n: u64) -> Option<String> {
        let seen = self.seen_to.min(self.window.to);
        let length = |from: jiff::Timestamp, to: jiff::Timestamp| {
            Duration::try_from(to.duration_since(from)).unwrap_or(Duration::ZERO)
        };
        let (left, elapsed) = (length(seen, self.window.to), length(self.window.from, seen));
        let rest = stats::expected_rest(n, left, elapsed);
        let (Percent(t), least) = (self.rules.success_rate, self.rules.min_events);
        stats::beyond_rescue(ok, n, rest, t, least).then(|| sentence(ok, n, rest))
    }
}

/// `36 of 150 failed; 300 more clean deliveries would still end at 92.00 %`.
fn sentence(ok: u64, n: u64, rest: u64) -> String {
    let (bad, more) = (n.saturating_sub(ok), rest.saturating_mul(2));
    let end = stats::printed_bp(ok.saturating_add(more), n.saturating_add(more)).unwrap_or(0);
    format!(
        "{bad} of {n} failed; {more} more clean deliveries would still end at {}.{:02} %",
        end / 100,
        end % 100
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sentence_says_the_numbers() {
        assert_eq!(
            sentence(114, 150, 150),
            "36 of 150 failed; 300 more clean deliveries would still end at 92.00 %"
        );
        assert_eq!(sentence(0, 5, 0), "5 of 5 failed; 0 more clean deliveries would still end at 0.00 %");
    }
}
