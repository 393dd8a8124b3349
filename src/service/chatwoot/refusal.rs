//! Why Chatwoot did not give what was asked for. Most refusals share the status
//! 401, so the body is read: a wrong token and a right token with too low a role
//! need different repairs.

use serde_json::Value;

use crate::service::unreachable::Unreachable;

/// What stands between a question and its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Nobody answered, or not the whole of it.
    Unreachable(Unreachable),
    /// An answer that refuses.
    Refused(Refusal),
    /// A 2xx answer that is not what Chatwoot documents; a lower-case fragment.
    Unreadable(String),
}

/// An answer other than the one asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub status: u16,
    pub reason: Reason,
    /// What the body says, when it is one of Chatwoot's own one-line errors, or where a redirect leads to;
    /// written by the other side.
    pub said: Option<String>,
}

/// What a refusal means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// No token arrived.
    NoToken,
    /// The token is not known.
    UnknownToken,
    /// The token is that of a bot or of a platform app.
    NotAUser,
    /// The token is that of another account's bot.
    ForeignBot,
    /// The user does not belong to the account.
    NotAMember,
    /// The user's role may not do this.
    RoleTooLow,
    /// The account is suspended.
    Suspended,
    /// There is no such record, or no such account, or no such path.
    NotFound,
    /// The account's plan has no API.
    NoApi,
    /// Too many requests: says nothing about the question.
    TooMany,
    /// The answer points elsewhere.
    Redirected,
    /// The server broke.
    Broken,
    /// Anything else.
    Other,
}

impl Refusal {
    /// Reads a refusal. `body` is the JSON body, if it is one.
    pub fn of(status: u16, body: Option<&Value>) -> Refusal {
        let said = body.and_then(one_line);
        let reason = match (status, said.as_deref().unwrap_or_default()) {
            (401, "Invalid Access Token") => Reason::UnknownToken,
            (401, "Access to this endpoint is not authorized for bots") => Reason::NotAUser,
            (401, "Bot is not authorized to access this account") => Reason::ForeignBot,
            (401, "You are not authorized to access this account") => Reason::NotAMember,
            (401, "You are not authorized to do this action") => Reason::RoleTooLow,
            (401, "Account is suspended") => Reason::Suspended,
            // The text follows the installation's language, so the key has to tell.
            (401, _) if body.is_some_and(|b| b.get("errors").is_some_and(Value::is_array)) => Reason::NoToken,
            (403, "API access is not enabled for this account") => Reason::NoApi,
            (404, _) => Reason::NotFound,
            (429, _) => Reason::TooMany,
            (300..=399, _) => Reason::Redirected,
            (500..=599, _) => Reason::Broken,
            _ => Reason::Other,
        };
        Refusal { status, reason, said }
    }

    /// The refusal in a few words, its status first.
    pub fn in_words(&self) -> String {
        let meaning = match self.reason {
            Reason::NoToken => "no token arrived",
            Reason::UnknownToken => "the token is not known",
            Reason::NotAUser => "the token is a bot's or a platform app's, not a user's",
            Reason::ForeignBot => "the token is that of another account's bot",
            Reason::NotAMember => "the token's user is not a member of this account",
            Reason::RoleTooLow => "the token's role is too low",
            Reason::Suspended => "the account is suspended",
            Reason::NotFound => "not found",
            Reason::NoApi => "the account's plan has no API access",
            Reason::TooMany => "too many requests, so nothing is known",
            Reason::Redirected => "a redirect elsewhere",
            Reason::Broken => "the server broke",
            Reason::Other => "an answer that Chatwoot does not document",
        };
        match &self.said {
            Some(said) => format!("{}: {meaning} (it says `{said}`)", self.status),
            None => format!("{}: {meaning}", self.status),
        }
    }

    /// What to do about it, when the refusal tells.
    pub fn fix(&self) -> Option<&'static str> {
        Some(match self.reason {
            Reason::NoToken => {
                "the token was sent and did not arrive: let the proxy before Chatwoot pass header names with underscores (nginx: underscores_in_headers on)"
            }
            Reason::UnknownToken => {
                "copy the access token of an administrator again (Chatwoot: Profile Settings, Access Token) into CHATWOOT_API_KEY"
            }
            Reason::NotAUser | Reason::ForeignBot => {
                "put a user's token into CHATWOOT_API_KEY (Chatwoot: Profile Settings, Access Token); a bot's or platform app's cannot do this"
            }
            Reason::NotAMember => {
                "set CHATWOOT_ACCOUNT_ID to the account in Chatwoot's address bar (/app/accounts/ID), or add the token's user to that account"
            }
            Reason::RoleTooLow => {
                "make the token's user an administrator of the account (Chatwoot: Settings, Agents), or use an administrator's token"
            }
            Reason::Suspended => {
                "reactivate the account in Chatwoot's super admin console, or set CHATWOOT_ACCOUNT_ID to the right one"
            }
            Reason::NoApi => "enable API access for the account (Chatwoot cloud: the plan decides)",
            Reason::TooMany => {
                "wait a minute and run it again; RACK_ATTACK_ALLOWED_IPS of Chatwoot can exempt this machine"
            }
            Reason::Redirected => {
                "set CHATWOOT_BASE_URL to the address it redirects to (often https in place of http)"
            }
            Reason::Broken => {
                "read Chatwoot's log (web process) at this time; after an upgrade run `rails db:chatwoot_prepare`"
            }
            Reason::NotFound | Reason::Other => return None,
        })
    }
}

/// Chatwoot's errors stand under `error` or `message`, and under `errors` when no token arrived.
fn one_line(body: &Value) -> Option<String> {
    let text = ["error", "message"].iter().find_map(|key| body.get(key).and_then(Value::as_str));
    let first = || body.get("errors").and_then(|e| e.get(0)).and_then(Value::as_str);
    text.or_else(first).map(str::to_owned)
}

impl From<Unreachable> for Trouble {
    fn from(fault: Unreachable) -> Trouble {
        Trouble::Unreachable(fault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_eight_ways_to_say_401_and_their_neighbours_are_told_apart() {
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
            assert_eq!(Refusal::of(status, Some(&body)).reason, reason, "{body}");
        }
        assert_eq!(Refusal::of(401, None).reason, Reason::Other);
        assert_eq!(Refusal::of(429, None).reason, Reason::TooMany);
        assert_eq!(Refusal::of(302, None).reason, Reason::Redirected);
        assert_eq!(Refusal::of(502, None).reason, Reason::Broken);
    }

    #[test]
    fn each_repair_of_a_401_is_its_own() {
        let texts = [
            json!({"errors": ["x"]}),
            json!({"error": "Invalid Access Token"}),
            json!({"error": "Access to this endpoint is not authorized for bots"}),
            json!({"error": "You are not authorized to access this account"}),
            json!({"error": "You are not authorized to do this action"}),
            json!({"error": "Account is suspended"}),
        ];
        let fixes: std::collections::BTreeSet<_> =
            texts.iter().map(|b| Refusal::of(401, Some(b)).fix().expect("it has a repair")).collect();
        assert_eq!(fixes.len(), texts.len());
    }
}
