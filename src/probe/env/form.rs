//! The form that a value must have, and what is wrong with a malformed value. Such a
//! value is described and never shown: it may be a secret that was pasted into the
//! wrong variable.

use url::Url;

use super::Form;
use crate::service::dsn::Dsn;

impl Form {
    /// The expected form, for a claim.
    pub fn expected(self) -> &'static str {
        match self {
            Form::Url => "an absolute https or http URL with a host, without user, query or whitespace",
            Form::Integer => "a positive whole number",
            Form::Token => "at least 8 printable ASCII characters without whitespace",
            Form::Dsn => "a PostgreSQL connection string",
        }
    }

    /// The part of a well-formed value that may be shown.
    ///
    /// # Errors
    /// What is wrong with a malformed value, to follow the variable's name: `is not a whole number`. It does not
    /// contain the value.
    pub fn judge(self, value: &str) -> Result<String, String> {
        let quoted = |q: char| value.len() > 1 && value.starts_with(q) && value.ends_with(q);
        if quoted('"') || quoted('\'') {
            return Err("is enclosed in quotation marks, which became part of the value".to_owned());
        }
        if value.trim() != value {
            return Err("begins or ends with whitespace".to_owned());
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
    // The parser silently drops tabs and line breaks and accepts other whitespace.
    if value.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err("contains whitespace or control characters".to_owned());
    }
    let url = Url::parse(value).map_err(|error| match error {
        url::ParseError::RelativeUrlWithoutBase => "has no scheme; it must begin with https://".to_owned(),
        other => format!("is not a valid URL: {other}"),
    })?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err("has a scheme other than https or http".to_owned());
    }
    // The parser corrects `https:/host` and `https:host`, but not every program that reads the variable does.
    let after = &value[url.scheme().len()..];
    if !after.starts_with("://") || after.starts_with(":///") || value.contains('\\') {
        return Err("has no :// and host after its scheme".to_owned());
    }
    let Some(host) = url.host_str().filter(|h| !h.is_empty()) else {
        return Err("has no host".to_owned());
    };
    if !url.username().is_empty() || url.password().is_some() {
        return Err("contains a user or a password".to_owned());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("contains a query or a fragment, but paths are appended to it".to_owned());
    }
    let port = url.port().map(|p| format!(":{p}")).unwrap_or_default();
    Ok(format!("{}://{host}{port}", url.scheme()))
}

fn integer(value: &str) -> Result<String, String> {
    let digits = !value.is_empty() && value.chars().all(|c| c.is_ascii_digit());
    match value.parse::<i64>() {
        Ok(number) if digits && number > 0 && !value.starts_with('0') => Ok(value.to_owned()),
        Ok(_) => Err("is not positive, or is written with a sign or leading zeros".to_owned()),
        Err(_) if digits => Err("is too large for an id".to_owned()),
        Err(_) => Err("is not a whole number".to_owned()),
    }
}

fn token(value: &str) -> Result<String, String> {
    let length = value.chars().count();
    if value.chars().any(char::is_whitespace) {
        Err("contains whitespace".to_owned())
    } else if value.chars().any(|c| !c.is_ascii_graphic()) {
        Err("contains characters that are not printable ASCII".to_owned())
    } else if length < 8 {
        Err("has fewer than 8 characters".to_owned())
    } else {
        Ok(format!("{length} characters"))
    }
}

fn dsn(value: &str) -> Result<String, String> {
    Dsn::parse(value).map(|_| "a valid connection string".to_owned()).map_err(|fault| fault.to_string())
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
            (Form::Dsn, "postgres://u:p@db/x?pgbouncer=true&connection_limit=1", "a valid connection string"),
        ] {
            assert_eq!(form.judge(value).as_deref(), Ok(shown), "{value}");
        }
    }

    #[test]
    fn malformed_values_are_rejected_and_not_shown() {
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
    fn an_error_of_a_connection_string_follows_the_variables_name() {
        for (value, begins) in [
            ("mysql://u:p@db/x", "is not a postgres://"),
            ("postgres://u:p@/x", "has no host"),
            ("postgres://u:p@db:port/x", "has an invalid port"),
        ] {
            let wrong = Form::Dsn.judge(value).expect_err(value);
            assert!(wrong.starts_with(begins), "{wrong}");
        }
    }
}
