//! How progress is shown, as a pure function of facts about the process.

use std::io::IsTerminal;

use crate::input::format::Format;

/// The facts that decide how progress is shown.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    pub stdout_terminal: bool,
    pub stderr_terminal: bool,
    /// The variable `CI` is set, and not to `false` or `0`.
    pub ci: bool,
    /// `NO_COLOR` is set and not empty.
    pub no_color: bool,
    /// `TERM=dumb`: cursor movements are not understood.
    pub dumb: bool,
    pub quiet: bool,
    /// The format on stdout.
    pub format: Format,
}

impl Facts {
    /// The facts of this process; the only function here that reads its surroundings.
    pub fn here(format: Format, quiet: bool) -> Facts {
        let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        Facts {
            stdout_terminal: std::io::stdout().is_terminal(),
            stderr_terminal: std::io::stderr().is_terminal(),
            ci: set("CI").is_some_and(|value| value != "false" && value != "0"),
            no_color: set("NO_COLOR").is_some(),
            dumb: set("TERM").is_some_and(|value| value == "dumb"),
            quiet,
            format,
        }
    }

    /// Whether stdout can have colours.
    pub fn stdout_colour(&self) -> bool {
        self.stdout_terminal && !self.no_color && !self.dumb
    }

    /// How progress is shown.
    pub fn drawing(&self) -> Drawing {
        // JSON lines on the same terminal would tear a bar apart, and they show the progress themselves.
        let stream = self.format == Format::Jsonl;
        let way = if self.quiet || (stream && self.stdout_terminal) {
            DrawMode::Silent
        } else if self.stderr_terminal && !self.ci && !self.dumb && !stream {
            DrawMode::Bar
        } else {
            DrawMode::Lines
        };
        Drawing {
            way,
            colour: self.stderr_terminal && !self.no_color && !self.dumb,
            live: self.stderr_terminal && way != DrawMode::Silent,
        }
    }
}

/// How progress is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drawing {
    pub way: DrawMode,
    pub colour: bool,
    /// Whether the output of running commands is shown as it comes.
    pub live: bool,
}

/// The kinds of progress display.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DrawMode {
    /// A bar that is redrawn in place and removed at the end.
    Bar,
    /// One line per finished check and per tick of a watch.
    Lines,
    Silent,
}
