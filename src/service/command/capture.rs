//! Bounded output: the beginning for parsers, the last lines for people, and every line as it arrives.

use std::collections::VecDeque;
use std::sync::LazyLock;

use regex::Regex;
use tokio::io::AsyncReadExt;
use tokio::net::unix::pipe::Receiver;

use crate::redact::Redactor;
use crate::text::visible;

/// How many bytes from the start are kept for parsing, unless the command sets its own limit.
pub(super) const HEAD: usize = 1024 * 1024;
/// How many of the last lines are kept for display.
const TAIL: usize = 40;
/// Longer lines are shown in pieces of at most this many bytes. Secrets are masked before a line is split, because
/// half a secret is not recognised later. Lines are split only where no token can be, because not all secrets are known.
const LINE: usize = 4096;
/// No encoding of a secret is longer. Anything that starts earlier than this before the end of the buffer is
/// complete.
const LONGEST: usize = 8192;
/// Shown in place of a piece that has no safe place to split.
const RUN: &str = "(a long run without spaces or quotes was omitted)";

/// Colours and cursor movements, which only have a meaning in the program's own terminal.
static ESCAPES: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\^_])")
        .expect("the pattern is valid")
});

/// The output that a line came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    Stdout,
    Stderr,
}

/// What a program wrote to one of its outputs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Captured {
    /// The beginning, unchanged: the first 1 MiB, or the limit of [`Command::head`](super::Command::head).
    pub head: Vec<u8>,
    /// Whether there was more output after the head.
    pub truncated: bool,
    /// The last 40 lines, safe to display.
    pub tail: VecDeque<String>,
    /// The total number of bytes.
    pub bytes: u64,
    /// The maximum length of the head.
    room: usize,
    /// No line is shown or kept in the tail.
    pub(super) unseen: bool,
    unfinished: Vec<u8>,
    /// Inside a run that is being omitted.
    in_run: bool,
}

impl Default for Captured {
    fn default() -> Captured {
        Captured::with_room(HEAD)
    }
}

impl Captured {
    /// An empty capture whose head holds up to `room` bytes.
    pub(super) fn with_room(room: usize) -> Captured {
        Captured {
            head: Vec::new(),
            truncated: false,
            tail: VecDeque::new(),
            bytes: 0,
            room,
            unseen: false,
            unfinished: Vec::new(),
            in_run: false,
        }
    }

    /// The head as text. Invalid UTF-8 is replaced; nothing else changes.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.head).into_owned()
    }

    /// The last lines as one text.
    pub fn last_lines(&self) -> String {
        Vec::from(self.tail.clone()).join("\n")
    }

    /// Reads to the end of the pipe. A broken pipe counts as the end.
    pub(super) async fn read(&mut self, mut pipe: Receiver, secrets: &Redactor, line: impl Fn(&str)) {
        let mut buffer = vec![0; 16 * 1024];
        loop {
            match pipe.read(&mut buffer).await {
                Ok(0) | Err(_) => break,
                Ok(count) => self.take(&buffer[..count], secrets, &line),
            }
        }
        self.end_line(secrets, &line);
    }

    /// Keeps an unterminated last line when reading stops early.
    pub(super) fn finish(&mut self, secrets: &Redactor) {
        self.end_line(secrets, &|_: &str| {});
    }

    fn take(&mut self, bytes: &[u8], secrets: &Redactor, line: &impl Fn(&str)) {
        self.bytes += bytes.len() as u64;
        let room = self.room.saturating_sub(self.head.len()).min(bytes.len());
        self.head.extend_from_slice(&bytes[..room]);
        self.truncated |= room < bytes.len();
        if self.unseen {
            return;
        }
        for piece in bytes.split_inclusive(|b| *b == b'\n') {
            self.unfinished.extend_from_slice(piece);
            if self.unfinished.ends_with(b"\n") {
                self.end_line(secrets, line);
            } else {
                self.shorten(LONGEST, secrets, line);
            }
        }
    }

    /// Shows the rest of a line that has ended.
    fn end_line(&mut self, secrets: &Redactor, line: &impl Fn(&str)) {
        let after_run = self.in_run;
        self.shorten(0, secrets, line);
        self.in_run = false;
        let rest = std::mem::take(&mut self.unfinished);
        if !(rest.is_empty() || (after_run && rest == b"\n")) {
            self.show(&rest, line);
        }
    }

    /// Shows pieces of a line that is too long, and omits runs that have no place to split. The last `kept` bytes stay
    /// in the buffer: they may contain the start of a secret that is still incomplete.
    fn shorten(&mut self, kept: usize, secrets: &Redactor, line: &impl Fn(&str)) {
        let length = if self.in_run { 0 } else { LINE };
        if self.unfinished.len() <= length + kept {
            return;
        }
        self.mask(secrets);
        loop {
            let whole = self.unfinished.len().saturating_sub(kept);
            if self.in_run {
                let end = self.unfinished[..whole].iter().position(|b| is_edge(*b));
                self.unfinished.drain(..end.unwrap_or(whole));
                self.in_run = end.is_none();
                if self.in_run {
                    return;
                }
            } else if whole > LINE {
                match self.unfinished[..LINE].iter().rposition(|b| is_edge(*b)) {
                    Some(at) => {
                        let rest = self.unfinished.split_off(at + 1);
                        let full = std::mem::replace(&mut self.unfinished, rest);
                        self.show(&full, line);
                    }
                    None => {
                        self.show(RUN.as_bytes(), line);
                        self.in_run = true;
                    }
                }
            } else {
                return;
            }
        }
    }

    /// Masks the secrets in the buffer, except in an incomplete last character.
    fn mask(&mut self, secrets: &Redactor) {
        let bytes = &self.unfinished;
        let begun = (1..=bytes.len().min(3)).find(|n| bytes[bytes.len() - n] >= 0xc0).unwrap_or(0);
        let part = self.unfinished.split_off(bytes.len() - begun);
        let text = String::from_utf8_lossy(&self.unfinished);
        self.unfinished = secrets.apply(&text).into_owned().into_bytes();
        self.unfinished.extend(part);
    }

    fn show(&mut self, bytes: &[u8], line: &impl Fn(&str)) {
        let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
        let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
        // If a line redraws itself, only its final content counts.
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

/// True where a token ends: whitespace, line ends and quotes.
fn is_edge(byte: u8) -> bool {
    byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\'' | b'`')
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    fn lines(chunks: &[&str]) -> Vec<String> {
        lines_without(&Redactor::default(), chunks.iter().map(|chunk| chunk.as_bytes()))
    }

    fn lines_without<'a>(secrets: &Redactor, chunks: impl Iterator<Item = &'a [u8]>) -> Vec<String> {
        let seen = Mutex::new(Vec::new());
        let mut captured = Captured::default();
        let mut bytes = 0;
        for chunk in chunks {
            bytes += chunk.len() as u64;
            captured.take(chunk, secrets, &|line: &str| seen.lock().unwrap().push(line.to_owned()));
        }
        captured.finish(secrets);
        assert_eq!(captured.bytes, bytes);
        captured.tail.into()
    }

    #[test]
    fn no_token_is_split() {
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

    #[test]
    fn a_known_secret_is_masked_before_a_line_is_split() {
        let secret = "one two \"three\" 'four' five é six";
        let redactor = Redactor::new([secret]);
        for lead in [4000, 4066, 4080, 4095, 4096, 8190, 12_280, 20_000] {
            for filler in ["x", "x "] {
                let text = format!("{}{secret} end\n", filler.repeat(lead / filler.len()));
                for chunk in [1 << 20, 16 * 1024, 1001] {
                    // A short line is masked where it is displayed.
                    let lines = lines_without(&redactor, text.as_bytes().chunks(chunk));
                    let shown = lines.iter().map(|line| redactor.apply(line)).collect::<Vec<_>>().join("|");
                    for word in ["one", "two", "three", "four", "five", "six", "é"] {
                        assert!(!shown.contains(word), "{lead} {chunk}: {word}");
                    }
                    assert!(shown.ends_with(" end"), "{lead} {chunk}: {shown}");
                }
            }
        }
    }

    #[test]
    fn a_character_that_arrives_in_two_parts_is_kept() {
        let text = "é ".repeat(20_000);
        for chunk in [1, 4097, 16 * 1024 + 1] {
            let shown = lines_without(&Redactor::default(), text.as_bytes().chunks(chunk)).concat();
            assert!(!shown.is_empty() && shown.chars().all(|c| c == 'é' || c == ' '), "{chunk}");
        }
    }
}
