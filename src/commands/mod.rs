//! The verbs, one file each.

pub mod baseline;
pub mod checks;
pub mod env_fingerprint;
pub mod gate;
pub mod overlay_notes;
#[cfg(feature = "rehearsal")]
pub mod rehearse;
pub mod run;
#[cfg(feature = "rehearsal")]
pub mod sandbox;
