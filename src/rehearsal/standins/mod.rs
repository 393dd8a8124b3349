//! Stand-ins for what a rehearsal cannot run for real: Chatwoot, the HotDash app, the Agent SDK, `fly`, a checkout of
//! the app with its tools, and the customers who write.

pub mod agent;
pub mod app;
mod atomic_dir;
pub mod chatwoot;
pub mod checkout;
pub mod customers;
pub mod fly;
