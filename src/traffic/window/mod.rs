//! One window of traffic as data: its plan, what was read in it, and what a watch of it observed.

mod data;
mod deploy;
mod health;
mod observation;
mod plan;
mod read_error;
mod tally;

pub use data::{Durations, Form, OpenTransactions, Percentiles, Period, WindowData, exceeds_one_percent};
pub use deploy::{Marker, marker};
pub use health::{HealthReading, HealthSample, Service};
pub use observation::{Observation, TierCounts};
pub use plan::{ClockReading, End, Ending, WindowPlan, after, before, default_watch};
pub use read_error::{Moment, QueryError, ReadError};
pub use tally::{FactKind, Tally};

#[cfg(test)]
pub mod tests;
