//! Ending a watch before its window ends: after a dead letter, or when too many deliveries have failed for any clean
//! rest of the window to pass ("beyond rescue"). Ticks can miss successes that commit late, so both must be confirmed by
//! the statement over the whole window so far. Too many failures are confirmed only after the transactions that began in
//! the window have ended, because what they add can change a rate, but not a dead letter.

use std::time::Duration;

use super::final_query::WINDOW_TIMEOUT;
use super::reader::Reader;
use super::{View, Watch};
use crate::outcome::window::{Ended, Window};
use crate::settings::Percent;
use crate::traffic::stats;
use crate::traffic::window::WindowData;

/// How many ticks pass before too many failures are checked again, if the whole window did not confirm them.
const HOLD_TICKS: u32 = 6;

/// What the whole window has not confirmed.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Refuted {
    /// Dead letters that ticks saw and the statement did not.
    dead_letters: u64,
    /// How many ticks are left until too many failures are checked again.
    hold: u32,
}

impl<R: Reader, V: View> Watch<'_, R, V> {
    /// Whether the watch ends here, and the data of the whole window so far if it does.
    pub(super) async fn early(&mut self) -> Option<(Ended, Box<WindowData>)> {
        if self.requested.full {
            return None;
        }
        self.refuted.hold = self.refuted.hold.saturating_sub(1);
        let counts = self.counter.counts();
        let dead = counts.tally.dead_letters > self.refuted.dead_letters;
        // At the window's end the final query follows anyway, which also waits for late rows.
        let lost = self.refuted.hold == 0
            && self.seen_to < self.window.to
            && self.beyond_rescue(counts.tally.ok, counts.tally.total()).is_some();
        if !dead && !lost {
            return None;
        }
        let window = Window { from: self.window.from, to: self.seen_to.min(self.window.to) };
        // The confirmation may take a while; the log reader has to count later lines separately meanwhile.
        self.plan.may_have_ended(window.to);
        let confirmed = self.confirm(window, dead).await;
        if confirmed.is_none() {
            self.plan.moved(self.window);
        }
        confirmed
    }

    /// Confirms whether the watch ends with this window.
    async fn confirm(&mut self, window: Window, dead: bool) -> Option<(Ended, Box<WindowData>)> {
        let counts = self.counter.counts();
        let open_transactions = if dead { None } else { Some(self.open_transactions(window.to).await) };
        if open_transactions.is_some() && self.clock.now() >= self.window.to {
            return None;
        }
        let left = self.spent.saturating_duration_since(tokio::time::Instant::now());
        // If it cannot be queried now, the next tick tries again.
        let data = self.reader.window_data(window, left.min(WINDOW_TIMEOUT)).await.ok()?;
        if data.tally.dead_letters > 0 {
            self.window = window;
            return Some((Ended::DeadLetter, Box::new(data)));
        }
        self.refuted.dead_letters = counts.tally.dead_letters;
        match (self.beyond_rescue(data.tally.ok, data.tally.total()), open_transactions) {
            (Some(why), Some(open_transactions)) => {
                self.window = window;
                Some((Ended::BeyondRescue(why), Box::new(WindowData { open_transactions, ..data })))
            }
            _ => {
                self.refuted.hold = HOLD_TICKS;
                None
            }
        }
    }

    /// Whether the window, as far as ticks have read it, can no longer pass; the sentence with the numbers if so.
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

/// `36 of 150 failed; 300 more successes would only bring it to 92.00 %`.
fn sentence(ok: u64, n: u64, rest: u64) -> String {
    let (bad, more) = (n.saturating_sub(ok), rest.saturating_mul(2));
    let end = stats::printed_bp(ok.saturating_add(more), n.saturating_add(more)).unwrap_or(0);
    format!(
        "{bad} of {n} failed; {more} more successes would only bring it to {}.{:02} %",
        end / 100,
        end % 100
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sentence_states_the_numbers() {
        assert_eq!(
            sentence(114, 150, 150),
            "36 of 150 failed; 300 more successes would only bring it to 92.00 %"
        );
        assert_eq!(sentence(0, 5, 0), "5 of 5 failed; 0 more successes would only bring it to 0.00 %");
    }
}
