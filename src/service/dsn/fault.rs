//! What can be wrong with a DSN. No fault carries any of its text, except the names
//! of parts and of well-known schemes.

use std::fmt;

/// Why a DSN cannot be used. Names the part, never the value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DsnFault {
    /// There is nothing in it.
    Empty,
    /// It is in quotation marks, which belong to the file it was copied from.
    Quoted,
    /// White space at an end, which libpq would take as part of the last value.
    Spaces,
    /// A NUL or another character that no DSN has.
    Control,
    /// Not `postgres://` or `postgresql://`; what is known about the scheme it has.
    Scheme(&'static str),
    /// A part is missing.
    Missing(&'static str),
    /// A part is not UTF-8 after percent-decoding.
    NotUtf8(String),
    /// A part has a value that cannot be used; which values can.
    Value { part: &'static str, allowed: &'static str },
    /// The `key=value` form breaks off; after which key.
    Unfinished(String),
}

impl DsnFault {
    pub(super) fn value(part: &'static str, allowed: &'static str) -> DsnFault {
        DsnFault::Value { part, allowed }
    }
}

impl fmt::Display for DsnFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DsnFault::Empty => write!(f, "is empty; set it to postgresql://USER:PASSWORD@HOST:PORT/DATABASE"),
            DsnFault::Quoted => write!(f, "begins with a quotation mark; set it without quotation marks"),
            DsnFault::Spaces => write!(f, "begins or ends with white space; set it again without"),
            DsnFault::Control => write!(f, "has a control character in it; set it again without"),
            DsnFault::Scheme(hint) => write!(f, "is not a postgres:// or postgresql:// URL{hint}"),
            DsnFault::Missing(part) => {
                write!(f, "names no {part}; write postgresql://USER:PASSWORD@HOST:PORT/DATABASE")
            }
            DsnFault::NotUtf8(part) => write!(f, "its {part} is not UTF-8; check its percent-encoding"),
            DsnFault::Value { part, allowed } => write!(f, "its {part} cannot be used; it must be {allowed}"),
            DsnFault::Unfinished(key) => {
                write!(
                    f,
                    "is neither a URL nor complete key=value pairs (at {key}); look for a missing quote"
                )
            }
        }
    }
}

impl std::error::Error for DsnFault {}
