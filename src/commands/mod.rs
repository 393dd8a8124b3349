//! The verbs, one file each.

pub mod run;
#[cfg(feature = "rehearsal")]
pub mod sandbox;
