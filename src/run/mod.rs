//! The engine: plan, runner, context, outcome and journal.

mod attempt;
pub mod context;
pub mod event;
pub mod journal;
mod offline;
pub mod outcome;
pub mod overlay;
pub mod plan;
pub mod runner;
pub mod selection;
mod waived;
