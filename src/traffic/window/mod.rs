//! One window of traffic as data: its plan, what was read in it, and what a watch of it observed.

mod data;
mod deploy;
mod health;
mod observation;
mod plan;
mod read_error;
#[cfg(test)]
mod tests;

pub use data::{Bin, Form, OpenTransactions, Percentiles, Totals, WindowData};
pub use deploy::{Marker, marker};
pub use health::{HealthReading, HealthSample, Service};
pub use observation::{Observation, Stretch, TierCounts};
pub use plan::{ClockReading, End, Ending, WindowPlan, after, before, default_watch};
pub use read_error::{Moment, QueryError, ReadError};
