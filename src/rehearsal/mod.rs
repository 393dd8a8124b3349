//! The stand-ins for what cannot run here, and the sandbox made of them.

pub mod checkout;
pub mod fly;
pub mod keeper;
pub mod port;
pub mod postgres;
pub mod slate;
