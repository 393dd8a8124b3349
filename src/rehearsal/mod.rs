//! The stand-ins for what cannot run here, and the sandbox made of them.

pub mod keeper;
pub mod port;
pub mod postgres;
