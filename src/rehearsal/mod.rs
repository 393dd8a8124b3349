//! The world in which the whole checklist can be rehearsed: stand-ins for what cannot run here, the sandbox made of
//! them, the faults that are put into it one at a time, and the score that proves that each check can fail.
//!
//! Which faults there are is compiled into every build, so that `checks explain` can name them; everything that plays
//! them only with the feature `rehearsal`.

#[cfg(feature = "rehearsal")]
pub mod agent;
#[cfg(feature = "rehearsal")]
pub mod app;
#[cfg(feature = "rehearsal")]
pub mod base;
#[cfg(feature = "rehearsal")]
pub mod chatwoot;
#[cfg(feature = "rehearsal")]
pub mod checkout;
#[cfg(feature = "rehearsal")]
pub mod customers;
pub mod faults;
#[cfg(feature = "rehearsal")]
pub mod fly;
#[cfg(feature = "rehearsal")]
pub mod hub;
#[cfg(feature = "rehearsal")]
pub mod keeper;
#[cfg(feature = "rehearsal")]
mod live;
#[cfg(feature = "rehearsal")]
pub mod port;
#[cfg(feature = "rehearsal")]
pub mod postgres;
#[cfg(feature = "rehearsal")]
pub mod score;
#[cfg(feature = "rehearsal")]
pub mod server;
#[cfg(feature = "rehearsal")]
pub mod setting;
#[cfg(feature = "rehearsal")]
pub mod slate;
#[cfg(feature = "rehearsal")]
pub mod stage;
#[cfg(feature = "rehearsal")]
pub mod tls;
#[cfg(feature = "rehearsal")]
pub mod world;
