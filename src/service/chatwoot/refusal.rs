//! Why Chatwoot rejected a request. Most rejections share the status 401, so the body decides: a wrong token and a
//! valid token with too low a role need different fixes.

use serde_json::Value;

use crate::service::unreachable::Unreachable;

/// Why a request has no usable response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChatwootError {
    /// There was no response, or it was incomplete.
    Unreachable(Unreachable),
    /// Chatwoot rejected the request.
    Refused(Rejection),
    /// A 2xx response in a form that Chatwoot does not document; a lower-case fragment.
    Unreadable(String),
}

/// A response that rejects the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    pub status: u16,
    pub reason: Reason,
    /// The body, if it is one of Chatwoot's own one-line errors, or the target of a redirect. Text from the other side.
    pub said: Option<String>,
}

/// The meaning of a rejection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// No token arrived.
    NoToken,
    /// The token is unknown.
    UnknownToken,
    /// The token belongs to a bot or a platform app.
    NotAUser,
    /// The token belongs to the bot of another account.
    ForeignBot,
    /// The user is not a member of the account.
    NotAMember,
    /// The user's role does not permit this.
    RoleTooLow,
    /// The account is suspended.
    Suspended,
    /// The record, the account or the path does not exist.
    NotFound,
    /// The account's plan does not include the API.
    NoApi,
    /// Too many requests: the question stays open.
    TooMany,
    /// The response redirects to another place.
    Redirected,
    /// The server failed.
    Broken,
    /// Anything else.
    Other,
}

impl Rejection {
    /// Classifies a rejection. `body` is the JSON body, if there is one.
    pub fn of(status: u16, body: Option<&Value>) -> Rejection {
        let said = body.and_then(one_line);
        let reason = match (status, said.as_deref().unwrap_or_default()) {
            (401, "Invalid Access Token") => Reason::UnknownToken,
            (401, "Access to this endpoint is not authorized for bots") => Reason::NotAUser,
            (401, "Bot is not authorized to access this account") => Reason::ForeignBot,
            (401, "You are not authorized to access this account") => Reason::NotAMember,
            (401, "You are not authorized to do this action") => Reason::RoleTooLow,
            (401, "Account is suspended") => Reason::Suspended,
            // The text depends on the installation's language, so the key decides.
            (401, _) if body.is_some_and(|b| b.get("errors").is_some_and(Value::is_array)) => Reason::NoToken,
            (403, "API access is not enabled for this account") => Reason::NoApi,
            (404, _) => Reason::NotFound,
            (429, _) => Reason::TooMany,
            (300..=399, _) => Reason::Redirected,
            (500..=599, _) => Reason::Broken,
            _ => Reason::Other,
        };
        Rejection { status, reason, said }
    }

    /// The rejection in a few words, starting with its status.
    pub fn in_words(&self) -> String {
        let meaning = match self.reason {
            Reason::NoToken => "the server received no token",
            Reason::UnknownToken => "the token is unknown",
            Reason::NotAUser => "the token belongs to a bot or a platform app, not to a user",
            Reason::ForeignBot => "the token belongs to the bot of another account",
            Reason::NotAMember => "the token's user is not a member of this account",
            Reason::RoleTooLow => "the token's role is too low",
            Reason::Suspended => "the account is suspended",
            Reason::NotFound => "not found",
            Reason::NoApi => "the account's plan does not include API access",
            Reason::TooMany => "too many requests",
            Reason::Redirected => "redirected",
            Reason::Broken => "server error",
            Reason::Other => "a response that Chatwoot does not document",
        };
        match &self.said {
            Some(said) => format!("{}: {meaning} (response: `{said}`)", self.status),
            None => format!("{}: {meaning}", self.status),
        }
    }

    /// The fix, when the rejection identifies one.
    pub fn fix(&self) -> Option<&'static str> {
        Some(match self.reason {
            Reason::NoToken => {
                "configure the proxy in front of Chatwoot to pass header names with underscores (nginx: underscores_in_headers on)"
            }
            Reason::UnknownToken => {
                "set CHATWOOT_API_KEY to the access token of an administrator (Chatwoot: Profile Settings, Access Token)"
            }
            Reason::NotAUser | Reason::ForeignBot => {
                "set CHATWOOT_API_KEY to the access token of a user (Chatwoot: Profile Settings, Access Token); bots and platform apps cannot do this"
            }
            Reason::NotAMember => {
                "set CHATWOOT_ACCOUNT_ID to the account id in Chatwoot's URL (/app/accounts/ID), or add the token's user to that account"
            }
            Reason::RoleTooLow => {
                "make the token's user an administrator of the account (Chatwoot: Settings, Agents), or use the token of an administrator"
            }
            Reason::Suspended => {
                "reactivate the account in Chatwoot's super admin console, or set CHATWOOT_ACCOUNT_ID to the right account"
            }
            Reason::NoApi => {
                "enable API access for the account (on Chatwoot Cloud, choose a plan that includes it)"
            }
            Reason::TooMany => {
                "wait a minute and run this again; to exempt this machine, add it to Chatwoot's RACK_ATTACK_ALLOWED_IPS"
            }
            Reason::Redirected => {
                "set CHATWOOT_BASE_URL to the URL it redirects to (often https instead of http)"
            }
            Reason::Broken => {
                "read the log of Chatwoot's web process at this time; after an upgrade, run `rails db:chatwoot_prepare`"
            }
            Reason::NotFound | Reason::Other => return None,
        })
    }
}

/// Chatwoot reports errors under `error` or `message`, and under `errors` when it received no token.
fn one_line(body: &Value) -> Option<String> {
    let text = ["error", "message"].iter().find_map(|key| body.get(key).and_then(Value::as_str));
    let first = || body.get("errors").and_then(|e| e.get(0)).and_then(Value::as_str);
    text.or_else(first).map(str::to_owned)
}

impl From<Unreachable> for ChatwootError {
    fn from(fault: Unreachable) -> ChatwootError {
        ChatwootError::Unreachable(fault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_401_and_similar_status_has_its_own_reason() {
        let cases = [
            (401, json!({"errors": ["You need to sign in or sign up before continuing."]}), Reason::NoToken),
            (401, json!({"errors": ["Sie müssen sich anmelden."]}), Reason::NoToken),
            (401, json!({"error": "Invalid Access Token"}), Reason::UnknownToken),
            (401, json!({"error": "Access to this endpoint is not authorized for bots"}), Reason::NotAUser),
            (401, json!({"error": "Bot is not authorized to access this account"}), Reason::ForeignBot),
            (401, json!({"error": "You are not authorized to access this account"}), Reason::NotAMember),
            (401, json!({"error": "You are not authorized to do this action"}), Reason::RoleTooLow),
            (401, json!({"error": "Account is suspended"}), Reason::Suspended),
            (401, json!({"error": "nope"}), Reason::Other),
            (403, json!({"error": "API access is not enabled for this account"}), Reason::NoApi),
            (403, json!({"error": "blocked by the firewall"}), Reason::Other),
            (404, json!({"error": "Resource could not be found"}), Reason::NotFound),
            (404, json!({"status": 404, "error": "Not Found"}), Reason::NotFound),
            (500, json!({"status": 500, "error": "Internal Server Error"}), Reason::Broken),
        ];
        for (status, body, reason) in cases {
            assert_eq!(Rejection::of(status, Some(&body)).reason, reason, "{body}");
        }
        assert_eq!(Rejection::of(401, None).reason, Reason::Other);
        assert_eq!(Rejection::of(429, None).reason, Reason::TooMany);
        assert_eq!(Rejection::of(302, None).reason, Reason::Redirected);
        assert_eq!(Rejection::of(502, None).reason, Reason::Broken);
    }

    #[test]
    fn each_401_has_its_own_fix() {
        let texts = [
            json!({"errors": ["x"]}),
            json!({"error": "Invalid Access Token"}),
            json!({"error": "Access to this endpoint is not authorized for bots"}),
            json!({"error": "You are not authorized to access this account"}),
            json!({"error": "You are not authorized to do this action"}),
            json!({"error": "Account is suspended"}),
        ];
        let fixes: std::collections::BTreeSet<_> =
            texts.iter().map(|b| Rejection::of(401, Some(b)).fix().expect("it has a fix")).collect();
        assert_eq!(fixes.len(), texts.len());
    }
}
