//! Counting facts tick by tick: what is old enough is sealed and never read again, the recent tail is counted at every tick
//! and read again if it has changed, and the two together are the counts. Memory does not grow with the window. Ticks may
//! miss a fact that became visible late, so no verdict is made from these counts; they never count a fact twice.

mod group;
mod histogram;
mod ledger;
mod percentile;
mod ticked;

pub use group::{Group, Kind, Ms};
pub use histogram::Histogram;
pub use ledger::{Counts, SPARKS, TickCounter};
pub use percentile::{percentile, percentiles};
pub use ticked::{TickCursor, TickResult};
