//! The world in which the whole checklist can be rehearsed: stand-ins for systems that cannot run here, the sandbox
//! made of them, the faults that are injected one at a time, and the score, which proves that each check can fail.
//!
//! The list of faults is compiled into every build, so that `checks explain` can name them; everything that runs them
//! needs the feature `rehearsal`.
//!
//! Imports point in one direction: `score` and `faults` may use everything here; `world` uses `standins`, `http` and
//! `postgres`; `standins` uses `http`; `http` and `postgres` use none of the others.

pub mod faults;
#[cfg(feature = "rehearsal")]
pub mod http;
#[cfg(feature = "rehearsal")]
pub mod postgres;
#[cfg(feature = "rehearsal")]
pub mod score;
#[cfg(feature = "rehearsal")]
pub mod shell;
#[cfg(feature = "rehearsal")]
pub mod standins;
#[cfg(feature = "rehearsal")]
pub mod world;
