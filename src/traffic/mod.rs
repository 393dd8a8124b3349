//! Watching traffic: the facts of a window, and what Chatwoot and Fly report about the same time. Ticks feed the live
//! display; every verdict comes from one statement over the whole window ([`full::WindowData`]), which is the checklist's own
//! SQL with a time range. Counting, statistics and judging are pure; only the watch itself and its readers are not.

pub mod baseline;
pub mod counts;
pub mod customers;
pub mod deploy;
pub mod full;
pub mod health;
pub mod judge;
pub mod logs;
pub mod loss;
pub mod measure;
pub mod opening;
pub mod query;
pub mod read;
pub mod silence;
pub mod stats;
pub mod summary;
pub mod watch;
pub mod watched;
