//! The engine: plan, runner, context, outcome and journal.

pub mod context;
pub mod outcome;
pub mod selection;
