//! Conventions of Rails: how it escapes JSON, parses a body and reports errors.

use serde_json::{Map, Value, json};

use crate::rehearsal::http::{Answer, Request};

/// A 200 with a JSON body.
pub(super) fn ok(body: &Value) -> Answer {
    reply(200, body)
}

/// An empty 200 whose content type is JSON.
pub(super) fn empty() -> Answer {
    Answer::new(200, "application/json", "")
}

fn reply(status: u16, body: &Value) -> Answer {
    Answer::new(status, "application/json; charset=utf-8", text(body))
}

/// A document serialized as Rails does it.
pub(super) fn text(body: &Value) -> String {
    escape(&body.to_string())
}

/// A query parameter by name; the last one wins, and an empty one counts as absent.
pub(super) fn query(request: &Request, name: &str) -> Option<String> {
    let pairs = url::form_urlencoded::parse(request.query.as_bytes());
    let last = pairs.filter(|(key, _)| key == name).last().map(|(_, value)| value.into_owned());
    last.filter(|value| !value.is_empty())
}

/// A number as Ruby's `to_i` parses it: the leading digits, zero without any.
pub(super) fn to_i(text: &str) -> i64 {
    let text = text.trim_start();
    let signed = usize::from(text.starts_with(['-', '+']));
    let digits = text[signed..].bytes().take_while(u8::is_ascii_digit).count();
    text[..signed + digits].parse().unwrap_or(0)
}

/// In JSON these characters occur only inside strings, so replacing them in the text is exact.
fn escape(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for character in json.chars() {
        match character {
            '&' | '<' | '>' | '\u{2028}' | '\u{2029}' => {
                escaped.push_str(&format!("\\u{:04x}", u32::from(character)))
            }
            other => escaped.push(other),
        }
    }
    escaped
}

/// The body's parameters: only a JSON object has any; a body that is declared as JSON and is not valid is a 400.
pub(super) fn parameters(request: &Request) -> Result<Map<String, Value>, Refusal> {
    if !request.is_json() || request.body.is_empty() {
        return Ok(Map::new());
    }
    match serde_json::from_slice(&request.body) {
        Ok(Value::Object(parameters)) => Ok(parameters),
        Ok(_) => Ok(Map::new()),
        Err(_) => Err(Refusal::BadRequest),
    }
}

/// Every error of the account API.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    Throttled,
    NotRouted,
    BadRequest,
    NotSignedIn,
    UnknownToken,
    NotForBots,
    ForeignBot,
    Suspended,
    NotMember,
    ApiDisabled,
    Role,
    NotFound,
    /// A validation error: the message and the attributes.
    Invalid(String, Vec<&'static str>),
    /// A missing parameter.
    Missing(&'static str),
    /// A valid request that Chatwoot cannot carry out, with the message of the exception.
    Unprocessable(String),
    Unhandled,
}

impl Refusal {
    pub(super) fn answer(self, request: &Request) -> Answer {
        let error = |status, text: &str| reply(status, &json!({ "error": text }));
        match self {
            // The gem's default response: plain text without Retry-After.
            Refusal::Throttled => Answer::new(429, "text/plain", "Retry later\n"),
            Refusal::NotRouted if wants_json(request) => page(404, "Not Found"),
            Refusal::NotRouted => Answer::new(404, "text/html; charset=utf-8", NOT_FOUND_PAGE),
            Refusal::BadRequest => page(400, "Bad Request"),
            Refusal::Unhandled => page(500, "Internal Server Error"),
            Refusal::NotSignedIn => {
                reply(401, &json!({"errors": ["You need to sign in or sign up before continuing."]}))
            }
            Refusal::UnknownToken => error(401, "Invalid Access Token"),
            Refusal::NotForBots => error(401, "Access to this endpoint is not authorized for bots"),
            Refusal::ForeignBot => error(401, "Bot is not authorized to access this account"),
            Refusal::Suspended => error(401, "Account is suspended"),
            Refusal::NotMember => error(401, "You are not authorized to access this account"),
            Refusal::ApiDisabled => error(403, "API access is not enabled for this account"),
            Refusal::Role => error(401, "You are not authorized to do this action"),
            Refusal::NotFound => error(404, "Resource could not be found"),
            Refusal::Invalid(message, attributes) => {
                reply(422, &json!({"message": message, "attributes": attributes}))
            }
            Refusal::Unprocessable(text) => error(422, &text),
            Refusal::Missing(parameter) => {
                error(422, &format!("param is missing or the value is empty: {parameter}"))
            }
        }
    }
}

fn page(status: u16, text: &str) -> Answer {
    reply(status, &json!({"status": status, "error": text}))
}

/// Rails takes the first type in Accept, unless the list looks like a browser's (for example with `*/*`).
fn wants_json(request: &Request) -> bool {
    let accept = request.header("accept").unwrap_or_default();
    let mut types = accept.split(',').map(|one| one.split(';').next().unwrap_or_default().trim());
    types.next() == Some("application/json") && !types.any(|one| one == "*/*")
}

const NOT_FOUND_PAGE: &str = "<!DOCTYPE html>
<html>
<head>
  <title>The page you were looking for doesn't exist (404)</title>
  <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">
</head>
<body>
  <div class=\"dialog\">
    <h1>The page you were looking for doesn't exist.</h1>
    <p>You may have mistyped the address or the page may have moved.</p>
  </div>
</body>
</html>
";

#[cfg(test)]
mod tests {
    use super::{escape, to_i};

    #[test]
    fn html_characters_are_escaped_as_in_rails() {
        assert_eq!(escape("{\"a\":\"<b> & \u{2028}ü\"}"), "{\"a\":\"\\u003cb\\u003e \\u0026 \\u2028ü\"}");
    }

    #[test]
    fn numbers_are_parsed_as_in_ruby() {
        assert_eq!(["12", " 7x", "-3", "x", "", "+"].map(to_i), [12, 7, -3, 0, 0, 0]);
    }
}
