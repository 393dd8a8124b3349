//! The engine: plan, runner, context, outcome and journal.

pub mod outcome;
