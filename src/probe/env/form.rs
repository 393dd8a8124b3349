//! What a value must look like, and what is wrong with one that does not. A value
//! that is wrong is described and never shown: it may be a secret that was pasted
//! into the wrong variable.

use url::Url;

use super::Form;
use crate::service::dsn::Dsn;

impl Form {
    /// What is expected, as a claim says it.
    pub fn expected(self) -> &'static str {
        match self {
            Form::Url => "an absolute https or http URL with a host, without user, query and white space",
            Form::Integer => "a positive whole number",
            Form::Token => "at least 8 printable ASCII characters without white space",
            Form::Dsn => "a PostgreSQL connection string",
        }
    }

    /// What may be shown of a well-formed value.
    ///
    /// # Errors
    /// What is wrong with a malformed one, a fragment that does not contain it.
    pub fn judge(self, value: &str) -> Result<String, String> {
        let quoted = |q: char| value.len() > 1 && value.starts_with(q) && value.ends_with(q);
        if quoted('"') || quoted('\'') {
            return Err("the value stands in quotation marks, which became part of it".to_owned());
        }
        if value.trim() != value {
            return Err("white space at an end of the value".to_owned());
        }
        match self {
            Form::Url => url(value),
            Form::Integer => integer(value),
            Form::Token => token(value),
            Form::Dsn => dsn(value),
        }
    }
}

fn url(value: &str) -> Result<String, String> {
    // The parser drops tabs and line breaks silently and lets others pass.
    if value.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err("white space or control characters in the URL".to_owned());
    }
    let url = Url::parse(value).map_err(|error| match error {
        url::ParseError::RelativeUrlWithoutBase => "no scheme; begin with https://".to_owned(),
        other => format!("no URL: {other}"),
    })?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err("a scheme other than https or http".to_owned());
    }
    // `https:/host` and `https:host` are mended by the parser, but not by every program that reads the variable.
    let after = &value[url.scheme().len()..];
    if !after.starts_with("://") || after.starts_with(":///") || value.contains('\\') {
        return Err("the scheme is not followed by :// and a host".to_owned());
    }
    let Some(host) = url.host_str().filter(|h| !h.is_empty()) else {
        return Err("no host".to_owned());
    };
    if !url.username().is_empty() || url.password().is_some() {
        return Err("a user or a password in the URL".to_owned());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("a query or a fragment in the URL; paths are appended to it".to_owned());
    }
    let port = url.port().map(|p| format!(":{p}")).unwrap_or_default();
    Ok(format!("{}://{host}{port}", url.scheme()))
}

fn integer(value: &str) -> Result<String, String> {
    let digits = !value.is_empty() && value.chars().all(|c| c.is_ascii_digit());
    match value.parse::<i64>() {
        Ok(number) if digits && number > 0 && !value.starts_with('0') => Ok(value.to_owned()),
        Ok(_) => Err("a number that is not positive, or is written with a sign or leading zeros".to_owned()),
        Err(_) if digits => Err("a number that is too large for an id".to_owned()),
        Err(_) => Err("something that is no whole number".to_owned()),
    }
}

fn token(value: &str) -> Result<String, String> {
    let length = value.chars().count();
    if value.chars().any(char::is_whitespace) {
        Err("white space in the value".to_owned())
    } else if value.chars().any(|c| !c.is_ascii_graphic()) {
        Err("characters that are not printable ASCII".to_owned())
    } else if length < 8 {
        Err("fewer than 8 characters".to_owned())
    } else {
        Ok(format!("{length} characters"))
    }
}

fn dsn(value: &str) -> Result<String, String> {
    Dsn::parse(value).map(|_| "one that parses".to_owned()).map_err(|fault| format!("a value that {fault}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn well_formed_values() {
        for (form, value, shown) in [
            (Form::Url, "https://chat.hotrodan.com", "https://chat.hotrodan.com"),
            (Form::Url, "HTTP://Chat.hotrodan.com:8080/base/", "http://chat.hotrodan.com:8080"),
            (Form::Url, "https://[::1]:443", "https://[::1]"),
            (Form::Integer, "3", "3"),
            (Form::Token, "uVWhz1Jp", "8 characters"),
            (Form::Dsn, "postgres://u:p@db/x?pgbouncer=true&connection_limit=1", "one that parses"),
        ] {
            assert_eq!(form.judge(value).as_deref(), Ok(shown), "{value}");
        }
    }

    #[test]
    fn malformed_values_are_refused_and_not_shown() {
        let long = "9".repeat(40);
        for (form, value) in [
            (Form::Url, "chat.hotrodan.com"),
            (Form::Url, "chat.hotrodan.com:443"),
            (Form::Url, "/rails/health"),
            (Form::Url, "ftp://chat.hotrodan.com"),
            (Form::Url, "postgres://u:p@db/x"),
            (Form::Url, "https://"),
            (Form::Url, "https:///chat"),
            (Form::Url, "https:chat.hotrodan.com"),
            (Form::Url, "https://user:hunter22@chat.hotrodan.com"),
            (Form::Url, "https://user@chat.hotrodan.com"),
            (Form::Url, "https://chat.hotrodan.com?token=hunter22"),
            (Form::Url, "https://chat.hotrodan.com/#top"),
            (Form::Url, "https://chat. hotrodan.com"),
            (Form::Url, "https://chat.hotrodan.com\n"),
            (Form::Url, "https://chat.hot\trodan.com"),
            (Form::Url, "\"https://chat.hotrodan.com\""),
            (Form::Url, "https://chat.hotrodan.com:99999"),
            (Form::Url, "hunter22hunter22"),
            (Form::Integer, "hunter22"),
            (Form::Integer, "0"),
            (Form::Integer, "-3"),
            (Form::Integer, "+3"),
            (Form::Integer, "03"),
            (Form::Integer, "3.0"),
            (Form::Integer, "3 "),
            (Form::Integer, "٣"),
            (Form::Integer, &long),
            (Form::Token, "short"),
            (Form::Token, "two words"),
            (Form::Token, "Bearer hunter22"),
            (Form::Token, "hunter22hunter22\r"),
            (Form::Token, "hunter\u{200b}22hunter"),
            (Form::Token, "“hunter22”"),
            (Form::Token, "'hunter22'"),
            (Form::Dsn, "mysql://u:hunter22@db/x"),
            (Form::Dsn, "hunter22"),
        ] {
            let wrong = form.judge(value).expect_err(value);
            assert!(!wrong.contains("hunter") && !wrong.contains("hotrodan"), "{wrong}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_connection_string_is_a_phrase() {
        for (value, begins) in [
            ("mysql://u:p@db/x", "a value that is not a postgres://"),
            ("postgres://u:p@/x", "a value that has no host"),
            ("postgres://u:p@db:port/x", "a value that has an invalid port"),
        ] {
            let wrong = Form::Dsn.judge(value).expect_err(value);
            assert!(wrong.starts_with(begins), "{wrong}");
        }
    }
}
