//! The flags that every run of checks has.

use clap::Args;

use crate::input::format::Format;
use crate::report::{OutputFlags, OutputOptions};
use crate::settings::{CliSettings, ContextFlags, RunFlags};

/// The flags of a run of checks.
#[derive(Debug, Args)]
pub struct RunArgs {
    #[command(flatten)]
    pub context: ContextFlags,
    #[command(flatten)]
    pub run: RunFlags,
    #[command(flatten)]
    pub output: OutputFlags,
}

impl RunArgs {
    /// The part of the flags that goes into the settings.
    pub fn settings(&self) -> CliSettings {
        CliSettings { context: self.context.clone(), run: self.run.clone(), ..CliSettings::default() }
    }

    /// The part of the flags that concerns output; format and notes come from the resolved settings.
    pub fn output_options(&self, format: Format, notes: Vec<String>) -> OutputOptions {
        OutputOptions { format, flags: self.output.clone(), notes }
    }
}
