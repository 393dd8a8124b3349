//! The arithmetic of a watch, all of it pure. The letter is what the checklist's
//! SQL prints and decides wherever there are enough deliveries; it is integers
//! only. Floating point serves what stands beside it: the proof that few
//! deliveries may give, bounds, power, comparisons and names for change points.
//!
//! Thresholds are hundredths of a percent (9500 is 95 %), as in
//! [`crate::settings::Percent`]. Intervals assume that failures are independent;
//! failures come in bursts, so whoever prints one says so.

mod average;
mod baseline;
mod bound;
mod change;
mod letter;
mod power;
mod tail;
mod thin;

pub use average::{average_below, next_single_event_flips_at};
pub use baseline::{Compared, worse_average, worse_rate};
pub use bound::{fisher, lower_bound, upper_bound};
pub use change::{Change, change_point};
pub use letter::{allowed_bad, clean_to_flip, more_failures_to_flip, passes, printed_bp, tier_fires};
pub use power::{clean_to_prove, detectable, failures_that_fail, power, power_at, silence};
pub use tail::tail;
pub use thin::{beyond_rescue, expected_rest, proved_bad, rate_holds};
