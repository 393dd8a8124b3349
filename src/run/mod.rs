//! The engine: plan, runner, context, outcome and journal.

pub mod event;
pub mod outcome;
