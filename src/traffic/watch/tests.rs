//! Watches of a scripted database, in a time of their own.

mod early;
mod outages;
mod script;
mod windows;
