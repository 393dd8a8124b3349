//! `hotdash-ops` verifies a production deploy of HotDash's support pipeline.

pub mod checklist;
pub mod commands;
pub mod exit;
pub mod printer;
pub mod probe;
pub mod progress;
pub mod redact;
#[cfg(feature = "rehearsal")]
pub mod rehearsal;
pub mod report;
pub mod run;
pub mod service;
pub mod settings;
pub mod source;
