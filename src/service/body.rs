//! Parses an HTTP body as JSON or describes what it is instead, so that a person can find out which program
//! answered.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::error::Category;
use serde_json::{Map, Value};

use super::http::Answer;

/// The response body as JSON.
///
/// # Errors
/// What the body is instead, as a fragment: `an HTML page, not JSON`.
pub fn json(answer: &Answer) -> Result<Value, String> {
    if answer.truncated {
        return Err(format!(
            "a body of more than {} bytes, which was not read completely",
            answer.body.len()
        ));
    }
    parse(&answer.body)
}

/// Parses bytes as JSON, with the same errors as [`json`].
///
/// # Errors
/// What the bytes are instead.
pub fn parse(bytes: &[u8]) -> Result<Value, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "a body that is not UTF-8 text".to_owned())?;
    let text = text.trim_start_matches('\u{feff}').trim_start();
    if text.is_empty() {
        return Err("an empty body".to_owned());
    }
    if text.starts_with('<') {
        return Err("an HTML page, not JSON".to_owned());
    }
    serde_json::from_str(text).map(|Once(value)| value).map_err(|error| match error.classify() {
        Category::Eof => "truncated JSON".to_owned(),
        Category::Data => "JSON with a duplicate key".to_owned(),
        _ => "a body that is not JSON".to_owned(),
    })
}

/// JSON in which no object has a duplicate key. Parsers disagree on which value counts, and a bad value must not
/// hide behind a good one.
pub(super) struct Once(pub(super) Value);

impl<'de> Deserialize<'de> for Once {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Once, D::Error> {
        from.deserialize_any(Reader).map(Once)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(Once(value)) = list.next_element()? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some((key, Once(value))) = entries.next_entry::<String, Once>()? {
            if map.insert(key, value).is_some() {
                return Err(A::Error::custom("duplicate key"));
            }
        }
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn malformed_json_is_described() {
        let why = |bytes: &[u8]| parse(bytes).expect_err("it is not JSON");
        assert_eq!(why(b""), "an empty body");
        assert_eq!(why(b"  \n"), "an empty body");
        assert_eq!(why(b"<!DOCTYPE html><html>"), "an HTML page, not JSON");
        assert_eq!(why(b"Retry later\n"), "a body that is not JSON");
        assert_eq!(why(b"{\"version\":\"4.8"), "truncated JSON");
        assert_eq!(why(b"{} trailing"), "a body that is not JSON");
        assert_eq!(why(b"{\"a\":\"\0\"}"), "a body that is not JSON");
        assert_eq!(why(&[0xff, 0xfe, 0]), "a body that is not UTF-8 text");
        for twice in
            [r#"{"status":"failing","status":"ok"}"#, r#"[{"a":[{"b":1,"b":1}]}]"#, r#"{"a":1,"\u0061":2}"#]
        {
            assert_eq!(why(twice.as_bytes()), "JSON with a duplicate key");
        }
        let all = r#"{"a":[null,true,-1,18446744073709551615,1.5,"x",{}],"b":{"a":[]}}"#;
        assert_eq!(parse(all.as_bytes()).map(|v| v.to_string()), Ok(all.to_owned()));
        assert_eq!(parse(b"\xef\xbb\xbf{}"), Ok(serde_json::json!({})));
        assert!(parse("[".repeat(100_000).as_bytes()).is_err());
    }
}
