//! The errors of a DSN. They contain none of its text except the names of parts and of well-known schemes.

use std::fmt;

/// Why a DSN cannot be used. Names the part and never its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DsnError {
    /// It is empty.
    Empty,
    /// It is in quotation marks, which belong to the file it was copied from.
    Quoted,
    /// Whitespace at the start or end, which libpq would treat as part of the value.
    Spaces,
    /// It contains a NUL or another control character.
    Control,
    /// The scheme is not `postgres://` or `postgresql://`; with a hint about the scheme.
    Scheme(&'static str),
    /// A part is missing.
    Missing(&'static str),
    /// A part is not UTF-8 after percent-decoding.
    NotUtf8(String),
    /// A part has an unusable value; with the allowed values.
    Value { part: &'static str, allowed: &'static str },
    /// The `key=value` form is incomplete; with the last key.
    Unfinished(String),
}

impl DsnError {
    pub(super) fn value(part: &'static str, allowed: &'static str) -> DsnError {
        DsnError::Value { part, allowed }
    }
}

impl fmt::Display for DsnError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DsnError::Empty => write!(f, "is empty; set it to postgresql://USER:PASSWORD@HOST:PORT/DATABASE"),
            DsnError::Quoted => write!(f, "starts with a quotation mark; set it without quotation marks"),
            DsnError::Spaces => write!(f, "starts or ends with whitespace; remove it"),
            DsnError::Control => write!(f, "contains a control character; remove it"),
            DsnError::Scheme(hint) => write!(f, "is not a postgres:// or postgresql:// URL{hint}"),
            DsnError::Missing(part) => {
                write!(f, "has no {part}; write postgresql://USER:PASSWORD@HOST:PORT/DATABASE")
            }
            DsnError::NotUtf8(part) => {
                write!(f, "contains a {part} that is not UTF-8; check its percent-encoding")
            }
            DsnError::Value { part, allowed } => write!(f, "has an invalid {part}; it must be {allowed}"),
            DsnError::Unfinished(key) => {
                write!(
                    f,
                    "is neither a URL nor complete key=value pairs (at {key}); check for a missing quote"
                )
            }
        }
    }
}

impl std::error::Error for DsnError {}
