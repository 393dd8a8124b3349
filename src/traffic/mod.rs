//! Watching traffic: the facts of a window, and what Chatwoot and Fly report about the same time. Ticks feed the live
//! display; every verdict comes from one statement over the whole window ([`window::WindowData`]), which is the checklist's own
//! SQL with a time range. Counting, statistics and judging are pure; only the watch itself and its readers are not.

pub mod baseline;
pub mod customers;
pub mod judge;
pub mod logs;
pub mod read;
pub mod sql;
pub mod stats;
pub mod watch;
pub mod window;
