//! What people write: words of the command line, durations, templates, and the files they come from.

pub mod format;
pub mod interval;
pub mod selection;
pub mod source;
pub mod template;
