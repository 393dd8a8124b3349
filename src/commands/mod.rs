//! The verbs, one file each.

pub mod baseline;
pub mod checks;
pub mod env_fingerprint;
pub mod gate;
#[cfg(feature = "rehearsal")]
pub mod rehearse;
pub mod run;
#[cfg(feature = "rehearsal")]
pub mod sandbox;
