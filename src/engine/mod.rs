//! The engine: which checks a verb runs, in which order, and what their outcomes are.

mod attempt;
mod closing;
mod offline;
pub mod plan;
pub mod runner;
pub mod verb;

pub use closing::RunName;
