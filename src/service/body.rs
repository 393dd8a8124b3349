//! A body as JSON, or what it is instead, in words for the person who has to find
//! out who answered.

use serde_json::Value;
use serde_json::error::Category;

use super::http::Answer;

/// The answer's body as JSON.
///
/// # Errors
/// What it is instead, a fragment: `an HTML page, not JSON`.
pub fn json(answer: &Answer) -> Result<Value, String> {
    if answer.truncated {
        return Err(format!("a body of more than {} bytes, not read to its end", answer.body.len()));
    }
    parse(&answer.body)
}

/// Bytes as JSON, with the errors of [`json`].
///
/// # Errors
/// What they are instead.
pub fn parse(bytes: &[u8]) -> Result<Value, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "a body that is not UTF-8 text".to_owned())?;
    let text = text.trim_start_matches('\u{feff}').trim_start();
    if text.is_empty() {
        return Err("an empty body".to_owned());
    }
    if text.starts_with('<') {
        return Err("an HTML page, not JSON".to_owned());
    }
    serde_json::from_str(text).map_err(|error| match error.classify() {
        Category::Eof => "JSON that breaks off".to_owned(),
        _ => "a body that is not JSON".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_whole_json_is_named() {
        let why = |bytes: &[u8]| parse(bytes).expect_err("it is no JSON");
        assert_eq!(why(b""), "an empty body");
        assert_eq!(why(b"  \n"), "an empty body");
        assert_eq!(why(b"<!DOCTYPE html><html>"), "an HTML page, not JSON");
        assert_eq!(why(b"Retry later\n"), "a body that is not JSON");
        assert_eq!(why(b"{\"version\":\"4.8"), "JSON that breaks off");
        assert_eq!(why(b"{} trailing"), "a body that is not JSON");
        assert_eq!(why(b"{\"a\":\"\0\"}"), "a body that is not JSON");
        assert_eq!(why(&[0xff, 0xfe, 0]), "a body that is not UTF-8 text");
        assert_eq!(parse(b"\xef\xbb\xbf{}"), Ok(serde_json::json!({})));
        assert!(parse("[".repeat(100_000).as_bytes()).is_err());
    }
}
