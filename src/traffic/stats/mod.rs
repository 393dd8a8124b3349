//! The arithmetic of a watch, all of it pure. If there are enough deliveries, the checklist's own SQL comparison decides;
//! it is computed in integers. Floating point is used for everything else: the proof from few deliveries, bounds, power,
//! comparisons and change points.
//!
//! Thresholds are hundredths of a percent (9500 is 95 %), as in [`crate::settings::Percent`]. Intervals assume that
//! failures are independent. Real failures come in bursts, so every text with an interval states this assumption.

mod average;
mod binomial;
mod change;
mod compare;
mod percentile;
mod power;
mod small_sample;
mod success_rate;

pub use average::{average_below, next_single_event_flips_at};
pub use binomial::{fisher, upper_bound};
pub use change::{Change, change_point};
pub use compare::{worse_average, worse_rate};
pub use percentile::{Histogram, Percentiles, percentiles};
pub use power::power;
pub use small_sample::{beyond_rescue, expected_rest, rate_holds};
pub use success_rate::{clean_to_flip, more_failures_to_flip, passes, printed_bp, tier_fires};
