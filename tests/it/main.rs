//! The integration tests: one binary, real servers.

mod baseline;
mod checklist;
mod cli;
mod clients;
mod formats;
mod layers;
mod monitor;
mod overlay;
mod preflight;
mod probes;
mod rehearsal;
mod security;
#[path = "../support/mod.rs"]
mod support;
mod traffic;
mod words;
