//! The only place that writes to stdout and stderr. Stdout is data, in one
//! format; stderr is for people. A reader that goes away (`| head`) is no error:
//! the run ends with its own exit code, quietly.

use std::io::{self, ErrorKind, Write};

use anyhow::{Context, Result};

/// Whether what was written has a reader.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// It was written.
    Yes,
    /// The reader has closed its end. There is no one to tell; go on without writing.
    Closed,
}

/// Stdout and stderr, and whether the operator wants to hear more than the data.
pub struct Printer {
    out: Box<dyn Write + Send>,
    err: Box<dyn Write + Send>,
    quiet: bool,
    closed: bool,
}

impl Printer {
    /// The process's own streams. `quiet` keeps notes from being written, never data or errors.
    pub fn new(quiet: bool) -> Printer {
        Printer::to(Box::new(io::stdout()), stderr(), quiet)
    }

    /// Other streams in their place.
    pub fn to(out: Box<dyn Write + Send>, err: Box<dyn Write + Send>, quiet: bool) -> Printer {
        Printer { out, err, quiet, closed: false }
    }

    /// Writes data to stdout at once, as given. Once the reader is gone nothing more is tried.
    ///
    /// An error is for example a full disk behind `>`: then the data is not whole, and the caller
    /// must not end as if it were.
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

    /// Tells the operator something on stderr, a line; not when quiet.
    pub fn note(&mut self, line: &str) {
        if !self.quiet {
            self.error(line);
        }
    }

    /// Tells the operator something on stderr that must be told even when quiet.
    pub fn error(&mut self, line: &str) {
        // Where stderr is closed or full there is no place left to say so.
        let _nowhere_to_tell = writeln!(self.err, "{line}").and_then(|()| self.err.flush());
    }
}

/// The width of the terminal that stdout is, in columns; `None` when it is none.
pub fn width() -> Option<u16> {
    let size = rustix::termios::tcgetwinsize(io::stdout()).ok()?;
    (size.ws_col > 0).then_some(size.ws_col)
}

/// The same of stderr.
pub fn stderr_width() -> Option<u16> {
    let size = rustix::termios::tcgetwinsize(io::stderr()).ok()?;
    (size.ws_col > 0).then_some(size.ws_col)
}

/// The process's stderr, for those who write lines of their own (see [`crate::progress`]).
pub fn stderr() -> Box<dyn Write + Send> {
    Box::new(io::stderr())
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    /// A stream that keeps what it gets, until it fails.
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
    fn quiet_silences_notes_and_nothing_else() {
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
    fn a_closed_stdout_is_told_once_and_then_left_alone() {
        let out = Stream::failing(ErrorKind::BrokenPipe);
        let mut printer = Printer::to(Box::new(out.clone()), Box::new(Stream::default()), false);
        assert_eq!(printer.data("one\n").unwrap(), Sent::Closed);
        assert_eq!(printer.data("two\n").unwrap(), Sent::Closed);
        assert_eq!(out.text(), "one\n", "nothing is tried after the first time");
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
