//! Output within bounds: the beginning for parsers, the last lines for people, and
//! every line as it comes.

use std::collections::VecDeque;
use std::sync::LazyLock;

use regex::Regex;
use tokio::io::AsyncReadExt;
use tokio::net::unix::pipe::Receiver;

use crate::service::text::visible;

/// How much of the beginning is kept for parsing.
const HEAD: usize = 1024 * 1024;
/// How many of the last lines are kept for showing.
const TAIL: usize = 40;
/// Longer lines are shown in pieces of at most this many bytes, cut where no token can be: redaction, which
/// comes later, does not recognise half a secret.
const LINE: usize = 4096;
/// What is shown of a piece in which there is no such place.
const RUN: &str = "(a long run without a blank or a quote is left out)";

/// Colours and cursor movements, which mean nothing outside the program's own terminal.
static ESCAPES: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\^_])")
        .expect("a pattern of ours is valid")
});

/// Which output a line came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    Stdout,
    Stderr,
}

/// What a program wrote to one of its outputs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Captured {
    /// The first MiB, as written.
    pub head: Vec<u8>,
    /// Whether more came after the head.
    pub truncated: bool,
    /// The last 40 lines, made fit to be shown.
    pub tail: VecDeque<String>,
    /// How many bytes came in all.
    pub bytes: u64,
    unfinished: Vec<u8>,
    /// Inside of a run that is left out.
    in_run: bool,
}

impl Captured {
    /// The head as text: what is not UTF-8 is replaced, nothing else is changed.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.head).into_owned()
    }

    /// The last lines as one text.
    pub fn last_lines(&self) -> String {
        Vec::from(self.tail.clone()).join("\n")
    }

    /// Reads to the end of the pipe. A pipe that breaks has ended.
    pub(super) async fn read(&mut self, mut pipe: Receiver, line: impl Fn(&str)) {
        let mut buffer = vec![0; 16 * 1024];
        loop {
            match pipe.read(&mut buffer).await {
                Ok(0) | Err(_) => break,
                Ok(count) => self.take(&buffer[..count], &line),
            }
        }
        if !self.unfinished.is_empty() {
            let rest = std::mem::take(&mut self.unfinished);
            self.show(&rest, &line);
        }
    }

    /// Keeps a last line that never ended, when reading was given up.
    pub(super) fn finish(&mut self) {
        let rest = std::mem::take(&mut self.unfinished);
        if !rest.is_empty() {
            self.show(&rest, &|_| {});
        }
    }

    fn take(&mut self, bytes: &[u8], line: &impl Fn(&str)) {
        self.bytes += bytes.len() as u64;
        let room = (HEAD - self.head.len()).min(bytes.len());
        self.head.extend_from_slice(&bytes[..room]);
        self.truncated |= room < bytes.len();
        for piece in bytes.split_inclusive(|b| *b == b'\n') {
            self.unfinished.extend_from_slice(piece);
            self.leave_out_run();
            while self.unfinished.len() > LINE {
                let cut = self.unfinished[..LINE].iter().rposition(|b| is_edge(*b));
                match cut {
                    Some(at) => {
                        let rest = self.unfinished.split_off(at + 1);
                        let full = std::mem::replace(&mut self.unfinished, rest);
                        self.show(&full, line);
                    }
                    None => {
                        self.show(RUN.as_bytes(), line);
                        self.in_run = true;
                        self.leave_out_run();
                    }
                }
            }
            if self.unfinished.ends_with(b"\n") {
                let whole = std::mem::take(&mut self.unfinished);
                self.show(&whole, line);
            }
        }
    }

    /// Drops what has come of a run that is left out, up to its end.
    fn leave_out_run(&mut self) {
        if self.in_run {
            let end = self.unfinished.iter().position(|b| is_edge(*b));
            self.in_run = end.is_none();
            self.unfinished.drain(..end.unwrap_or(self.unfinished.len()));
        }
    }

    fn show(&mut self, bytes: &[u8], line: &impl Fn(&str)) {
        let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
        let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
        // Of a line that redraws itself, what stood there last.
        let last = bytes.rsplit(|b| *b == b'\r').next().unwrap_or(bytes);
        let text = String::from_utf8_lossy(last);
        let text = visible(ESCAPES.replace_all(&text, "").as_bytes());
        line(&text);
        if self.tail.len() == TAIL {
            self.tail.pop_front();
        }
        self.tail.push_back(text);
    }
}

/// True where a token ends: blanks, line ends and quotes.
fn is_edge(byte: u8) -> bool {
    byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\'' | b'`')
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    fn lines(chunks: &[&str]) -> Vec<String> {
        let seen = Mutex::new(Vec::new());
        let mut captured = Captured::default();
        for chunk in chunks {
            captured.take(chunk.as_bytes(), &|line: &str| seen.lock().unwrap().push(line.to_owned()));
        }
        captured.finish();
        assert_eq!(captured.bytes as usize, chunks.iter().map(|c| c.len()).sum::<usize>());
        captured.tail.into()
    }

    #[test]
    fn no_token_is_cut_in_two() {
        let secret = "0123SECRETcanary9876zz";
        for lead in 4060..4110 {
            let blank = format!("{} {secret} end\n", "x ".repeat(lead / 2));
            let run = format!("{}{secret} end\nnext\n", "x".repeat(lead));
            for text in [blank, run] {
                for chunk in [1 << 20, 1000, 7] {
                    let chunks: Vec<&str> =
                        text.as_bytes().chunks(chunk).map(|c| std::str::from_utf8(c).unwrap()).collect();
                    for line in lines(&chunks) {
                        let part = (4..secret.len()).any(|n| line.ends_with(&secret[..n]))
                            || (1..secret.len() - 4).any(|n| line.starts_with(&secret[n..]));
                        assert!(!part, "{lead} {chunk}: {}", &line[line.len().saturating_sub(60)..]);
                    }
                }
            }
        }
        assert_eq!(lines(&[&"x".repeat(9000), " end\n", "next\n"]), [RUN, " end", "next"]);
    }
}
