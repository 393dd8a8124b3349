//! The world in which the whole checklist can be rehearsed: stand-ins for what cannot run here, the sandbox made of
//! them, the faults that are put into it one at a time, and the score that proves that each check can fail.
//!
//! Which faults there are is compiled into every build, so that `checks explain` can name them; everything that plays
//! them only with the feature `rehearsal`.
//!
//! Imports point down only: `score` and `faults` may use everything here, `world` the stand-ins, `http` and `postgres`,
//! the stand-ins `http`; `http` and `postgres` use none of the others.

pub mod faults;
#[cfg(feature = "rehearsal")]
pub mod http;
#[cfg(feature = "rehearsal")]
pub mod postgres;
#[cfg(feature = "rehearsal")]
pub mod score;
#[cfg(feature = "rehearsal")]
mod shell;
#[cfg(feature = "rehearsal")]
pub mod standins;
#[cfg(feature = "rehearsal")]
pub mod world;
