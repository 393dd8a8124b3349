//! How it is asked: a closed set of kinds, one file per kind.

mod finding;

pub use finding::{CannotAsk, Claim, Evidence, Finding};
