//! Kinds of probes against real servers and real programs.

mod chatwoot;
mod checkout;
mod schema;
mod vitest;
