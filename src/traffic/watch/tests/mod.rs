//! Watches of a scripted database, in simulated time.

mod early;
mod outages;
mod script;
mod windows;
