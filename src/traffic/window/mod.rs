//! One window of traffic as data: its plan, what was read in it, and what a watch of it observed.

mod data;
mod deploy;
mod observation;
mod plan;

pub use data::{Durations, FactKind, Form, OpenTransactions, Period, Tally, WindowData, exceeds_one_percent};
pub use deploy::current_deploy;
pub use observation::{
    HealthReading, HealthSample, Moment, Observation, QueryError, ReadError, Service, TierCounts,
};
pub use plan::{ClockReading, End, Ending, WindowPlan, after, before, default_watch};

#[cfg(test)]
pub mod tests;
