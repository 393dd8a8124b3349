//! The only place that writes to stdout and stderr. Stdout is data, in one format; stderr is for people. A reader that
//! goes away (`| head`) is not an error: the run quietly ends with its own exit code.

use std::io::{self, ErrorKind, Write};

use anyhow::{Context, Result};

/// Whether the output has a reader.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// It was written.
    Yes,
    /// The reader has closed its end. Continue without writing.
    Closed,
}

/// Stdout and stderr, and whether notes are written.
pub struct Printer {
    out: Box<dyn Write + Send>,
    err: Box<dyn Write + Send>,
    quiet: bool,
    closed: bool,
}

impl Printer {
    /// The process's own streams. `quiet` suppresses notes, never data or errors.
    pub fn new(quiet: bool) -> Printer {
        Printer::to(Box::new(io::stdout()), stderr(), quiet)
    }

    /// Other streams instead.
    pub fn to(out: Box<dyn Write + Send>, err: Box<dyn Write + Send>, quiet: bool) -> Printer {
        Printer { out, err, quiet, closed: false }
    }

    /// Writes data to stdout immediately, unchanged. Once the reader is gone, does nothing.
    ///
    /// An error is for example a full disk behind `>`: then the data is incomplete, and the caller must not exit as if it
    /// were complete.
    pub fn data(&mut self, text: &str) -> Result<Sent> {
        if self.closed {
            return Ok(Sent::Closed);
        }
        match self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush()) {
            Ok(()) => Ok(Sent::Yes),
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                self.closed = true;
                Ok(Sent::Closed)
            }
            Err(error) => Err(error).context("cannot write to stdout"),
        }
    }

    /// Writes a line for the operator to stderr, unless quiet.
    pub fn note(&mut self, line: &str) {
        if !self.quiet {
            self.error(line);
        }
    }

    /// Writes a line for the operator to stderr, even when quiet.
    pub fn error(&mut self, line: &str) {
        // If stderr is closed or full, there is no place left to report it.
        let _nowhere_to_tell = writeln!(self.err, "{line}").and_then(|()| self.err.flush());
    }
}

/// The width of the terminal on stdout, in columns; `None` when stdout is not a terminal.
pub fn width() -> Option<u16> {
    let size = rustix::termios::tcgetwinsize(io::stdout()).ok()?;
    (size.ws_col > 0).then_some(size.ws_col)
}

/// The same for stderr.
pub fn stderr_width() -> Option<u16> {
    let size = rustix::termios::tcgetwinsize(io::stderr()).ok()?;
    (size.ws_col > 0).then_some(size.ws_col)
}

/// The process's stderr, for code that writes its own lines (see [`crate::progress`]).
pub fn stderr() -> Box<dyn Write + Send> {
    Box::new(io::stderr())
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    /// A stream that keeps its input until it fails.
    #[derive(Clone, Default)]
    struct Stream {
        kept: Arc<Mutex<Vec<u8>>>,
        fails: Option<ErrorKind>,
    }

    impl Write for Stream {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.kept.lock().unwrap().extend(bytes);
            self.fails.map_or(Ok(bytes.len()), |kind| Err(kind.into()))
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Stream {
        fn failing(kind: ErrorKind) -> Stream {
            Stream { fails: Some(kind), ..Stream::default() }
        }
        fn text(&self) -> String {
            String::from_utf8(self.kept.lock().unwrap().clone()).unwrap()
        }
    }

    #[test]
    fn quiet_suppresses_only_notes() {
        let (out, err) = (Stream::default(), Stream::default());
        let mut printer = Printer::to(Box::new(out.clone()), Box::new(err.clone()), true);
        assert_eq!(printer.data("{}\n").unwrap(), Sent::Yes);
        printer.note("a note");
        printer.error("an error");
        assert_eq!((out.text().as_str(), err.text().as_str()), ("{}\n", "an error\n"));
        let mut printer = Printer::to(Box::new(out), Box::new(err.clone()), false);
        printer.note("a note");
        assert_eq!(err.text(), "an error\na note\n");
    }

    #[test]
    fn nothing_is_written_to_a_closed_stdout() {
        let out = Stream::failing(ErrorKind::BrokenPipe);
        let mut printer = Printer::to(Box::new(out.clone()), Box::new(Stream::default()), false);
        assert_eq!(printer.data("one\n").unwrap(), Sent::Closed);
        assert_eq!(printer.data("two\n").unwrap(), Sent::Closed);
        assert_eq!(out.text(), "one\n", "nothing is written after the first time");
    }

    #[test]
    fn a_full_disk_is_an_error_and_a_broken_stderr_is_not() {
        let full = || Box::new(Stream::failing(ErrorKind::StorageFull));
        let mut printer = Printer::to(full(), full(), false);
        printer.error("goes nowhere");
        let error = printer.data("data\n").unwrap_err();
        assert!(format!("{error:#}").starts_with("cannot write to stdout: "), "{error:#}");
    }
}
