//! Whose token it is: accepted by Chatwoot, of a member of the right account, with
//! the right role. Chatwoot answers 401 both to a wrong token and to a valid one
//! whose role is too low; only the body shows the difference.

use super::{Seen, name_of, refused, unanswered};
use crate::outcome::finding::{Claim, Finding};
use crate::service::chatwoot::{Account, ChatwootError, Membership, Profile, Reason, Rejection, read};
use crate::settings::Target;

/// Chatwoot must accept the token as a user's.
pub fn token(finding: Finding, seen: &Seen) -> Finding {
    let expected = "accepted as a user's";
    match read(seen, Profile::read) {
        Ok(profile) => finding
            .claim(Claim::compared("token", "token", expected, "accepted", true))
            .evidence("accounts of its user", profile.accounts.len().to_string()),
        Err(trouble) => {
            let problem = match &trouble {
                ChatwootError::Refused(refusal) if rejects_token(refusal.reason) => {
                    "Chatwoot rejects the token"
                }
                _ => "Chatwoot does not return the profile of the token's user",
            };
            finding.claim(refused("token", "token", expected, problem, &trouble))
        }
    }
}

fn rejects_token(reason: Reason) -> bool {
    matches!(reason, Reason::UnknownToken | Reason::NotAUser | Reason::ForeignBot)
}

/// What the claims on an account say when the profile cannot be read.
const NO_PROFILE: &str = "Chatwoot does not return the accounts of the token's user";

/// The token's user must belong to the account, and the account must be active.
pub fn account(finding: Finding, seen: &Seen, id: u64) -> Finding {
    let expected = format!("a member of account {id}");
    let profile = match read(seen, Profile::read) {
        Ok(profile) => profile,
        Err(trouble) => {
            return finding.claim(unanswered("membership", "membership", expected, NO_PROFILE, &trouble));
        }
    };
    let Some(account) = profile.account(id) else { return not_a_member(finding, &profile, id) };
    let (code, what, active) = ("account-status", "account status", "active");
    let status = match account.status.as_deref() {
        Some("active") => Claim::compared(code, what, active, active, true),
        Some(other) => Claim::compared(code, what, active, name_of(other), false).fix(
            "reactivate the account in Chatwoot's super admin console, or set CHATWOOT_ACCOUNT_ID to the right account",
        ),
        None => Claim::undecided(code, what, active, "not shown")
            .sentence(format!("Chatwoot does not show the status of account {id}"))
            .fix("check in Chatwoot's super admin console that the account is active"),
    };
    finding.claim(Claim::compared("membership", "membership", expected, "a member", true)).claim(status)
}

fn not_a_member(finding: Finding, profile: &Profile, id: u64) -> Finding {
    let accounts: Vec<String> = profile.accounts.iter().map(|a| a.id.to_string()).collect();
    let (found, sentence) = match accounts.len() {
        0 => ("no account".to_owned(), "the token's user belongs to no account".to_owned()),
        count => {
            let noun = if count == 1 { "account" } else { "accounts" };
            let only = format!("{noun} {}", accounts.join(", "));
            let sentence = format!("the token's user is not a member of account {id}, only of {only}");
            (format!("a member of {only}"), sentence)
        }
    };
    let expected = format!("a member of account {id}");
    let mut claim = Claim::compared("membership", "membership", expected, found, false).sentence(sentence);
    claim.fix = fix_of(Reason::NotAMember);
    finding.claim(claim)
}

/// The token's role in the account must be administrator: Chatwoot shows webhooks and reports to no other role.
pub fn administrator(finding: Finding, seen: &Seen, id: u64) -> Finding {
    let (code, what, expected) = ("role", format!("role in account {id}"), "administrator");
    let profile = match read(seen, Profile::read) {
        Ok(profile) => profile,
        Err(trouble) => {
            return finding.claim(unanswered(code, &what, expected, NO_PROFILE, &trouble));
        }
    };
    let Some(account) = profile.account(id) else { return not_a_member(finding, &profile, id) };
    finding.claim(match account.role.as_deref() {
        Some("administrator") => Claim::compared(code, what, expected, expected, true),
        Some(_) => {
            let mut claim = Claim::compared(code, what, expected, role(account), false);
            claim.fix = fix_of(Reason::RoleTooLow);
            claim
        }
        None => Claim::undecided(code, what, expected, "not shown")
            .sentence(format!("Chatwoot does not show the role of the token's user in account {id}")),
    })
}

fn fix_of(reason: Reason) -> Option<String> {
    Rejection { status: 401, reason, said: None }.fix().map(str::to_owned)
}

fn role(account: &Membership) -> String {
    let plain = name_of(account.role.as_deref().unwrap_or_default());
    let permissions = account.permissions.iter().map(|p| name_of(p)).collect::<Vec<_>>().join(", ");
    match &account.custom_role {
        Some(custom) => format!("{plain} with the custom role `{}` ({permissions})", name_of(custom)),
        None => plain,
    }
}

/// The account must have the configured name: the best proof that it is the right account.
pub fn account_name(finding: Finding, seen: &Seen, id: u64, target: &Target) -> Finding {
    let (code, what) = ("account-name", "account name");
    let account = match read(seen, Account::read) {
        Ok(account) => account,
        Err(ChatwootError::Refused(refusal)) if refusal.reason == Reason::NotFound => {
            let claim = Claim::compared(code, what, "an account", name_of(&refusal.in_words()), false)
                .sentence(format!(
                    "Chatwoot returns {} for account {id}: it does not exist, or the token's user is not a member",
                    refusal.status
                ))
                .fix("set CHATWOOT_ACCOUNT_ID to the number in Chatwoot's address bar (/app/accounts/ID)");
            return finding.claim(claim);
        }
        Err(trouble) => {
            let problem = format!("Chatwoot does not return account {id}");
            return finding.claim(unanswered(code, what, "an account", &problem, &trouble));
        }
    };
    let claim = match (&target.account_name, &account.name) {
        (Some(wanted), Some(name)) => {
            Claim::compared(code, what, quoted(wanted), quoted(name), wanted == name)
        }
        (Some(wanted), None) => Claim::undecided(code, what, quoted(wanted), "not shown")
            .sentence(format!("Chatwoot does not show the name of account {id}")),
        (None, _) => Claim::undecided(code, what, "`account_name` of the target", "not configured")
            .sentence(format!("`account_name` is not configured for {}", target.name))
            .fix(target.line_to_add("account_name")),
    };
    let finding = if account.id == id {
        finding
    } else {
        let other =
            Claim::compared("account-id", "account id", id.to_string(), account.id.to_string(), false);
        finding.claim(other.fix(
            "find out why Chatwoot returns another account's record: check for a cache or proxy in front of it",
        ))
    };
    let shown = account.name.as_deref().map_or("not shown".to_owned(), name_of);
    finding.claim(claim).evidence("name", shown)
}

fn quoted(name: &str) -> String {
    format!("`{}`", name_of(name))
}

#[cfg(test)]
mod tests {
    use super::super::samples::{lost, page};
    use super::*;
    use crate::outcome::Verdict;

    const ADMIN: &str = r#"{"access_token":"t","role":"agent","account_id":9,"accounts":[{"id":9,"name":"Other","status":"active","role":"agent","permissions":["agent"]},{"id":3,"name":"Nordlicht \u0026 Co","status":"active","active_at":null,"role":"administrator","permissions":["administrator"]}]}"#;
    const REFUSALS: &[(u16, &str)] = &[
        (401, r#"{"errors":["You need to sign in or sign up before continuing."]}"#),
        (401, r#"{"error":"Invalid Access Token"}"#),
        (401, r#"{"error":"Access to this endpoint is not authorized for bots"}"#),
        (401, r#"{"error":"You are not authorized to access this account"}"#),
        (401, r#"{"error":"Account is suspended"}"#),
        (403, r#"{"error":"API access is not enabled for this account"}"#),
    ];

    fn of(finding: Finding) -> Verdict {
        Verdict::of(&finding.claims)
    }

    fn about() -> Finding {
        Finding::about("x")
    }

    #[test]
    fn each_rejected_token_fails_with_its_own_fix() {
        assert_eq!(of(token(about(), &page(200, ADMIN))), Verdict::Pass);
        let mut fixes = std::collections::BTreeSet::new();
        for (status, body) in REFUSALS {
            let mut finding = token(about(), &page(*status, body));
            assert_eq!(Verdict::of(&finding.claims), Verdict::Fail, "{body}");
            fixes.insert(finding.claims.remove(0).fix.expect("it has a fix"));
        }
        assert_eq!(fixes.len(), REFUSALS.len());
        for seen in [
            page(200, "<html>"),
            page(200, "{}"),
            page(200, r#"{"accounts":null}"#),
            page(302, ""),
            page(502, ""),
            lost(),
        ] {
            assert_eq!(of(token(about(), &seen)), Verdict::Fail, "{seen:?}");
        }
        assert_eq!(of(token(about(), &page(429, "Retry later\n"))), Verdict::Inconclusive);
    }

    #[test]
    fn membership_and_status_are_checked_for_the_configured_account() {
        assert_eq!(of(account(about(), &page(200, ADMIN), 3)), Verdict::Pass);
        let stranger = account(about(), &page(200, ADMIN), 4);
        assert_eq!(
            stranger.claims[0].reason(),
            "the token's user is not a member of account 4, only of accounts 9, 3"
        );
        assert_eq!(of(stranger), Verdict::Fail);
        let suspended =
            ADMIN.replace(r#""status":"active","active_at""#, r#""status":"suspended","active_at""#);
        assert_eq!(of(account(about(), &page(200, &suspended), 3)), Verdict::Fail);
        let silent = ADMIN.replace(r#""status":"active","active_at""#, r#""active_at""#);
        assert_eq!(of(account(about(), &page(200, &silent), 3)), Verdict::Inconclusive);
        assert_eq!(of(account(about(), &page(401, REFUSALS[1].1), 3)), Verdict::Inconclusive);
        assert_eq!(of(account(about(), &lost(), 3)), Verdict::Fail);
    }

    #[test]
    fn only_the_role_in_the_configured_account_counts() {
        assert_eq!(of(administrator(about(), &page(200, ADMIN), 3)), Verdict::Pass);
        assert_eq!(of(administrator(about(), &page(200, ADMIN), 9)), Verdict::Fail);
        assert_eq!(of(administrator(about(), &page(200, ADMIN), 4)), Verdict::Fail);
        let silent = r#"{"accounts":[{"id":3,"role":null}]}"#;
        assert_eq!(of(administrator(about(), &page(200, silent), 3)), Verdict::Inconclusive);
        let custom = r#"{"accounts":[{"id":3,"role":"agent","permissions":["report_manage"],"custom_role":{"name":"Reports"}}]}"#;
        let finding = administrator(about(), &page(200, custom), 3);
        assert_eq!(finding.claims[0].found, "agent with the custom role `Reports` (report_manage)");
        assert_eq!(of(finding), Verdict::Fail);
    }

    #[test]
    fn the_name_is_compared_with_the_configured_one() {
        let mut target = Target::default();
        let body = r#"{"id":3,"name":"Nordlicht \u0026 Co","status":"active"}"#;
        let open = account_name(about(), &page(200, body), 3, &target);
        assert!(open.claims[0].fix.as_deref().is_some_and(|fix| fix.contains("add `account_name")));
        assert_eq!(of(open), Verdict::Inconclusive);
        target.account_name = Some("Nordlicht & Co".to_owned());
        assert_eq!(of(account_name(about(), &page(200, body), 3, &target)), Verdict::Pass);
        assert_eq!(of(account_name(about(), &page(200, body), 4, &target)), Verdict::Fail);
        assert_eq!(
            of(account_name(about(), &page(200, r#"{"id":3,"name":null}"#), 3, &target)),
            Verdict::Inconclusive
        );
        assert_eq!(
            of(account_name(about(), &page(404, r#"{"error":"Resource could not be found"}"#), 3, &target)),
            Verdict::Fail
        );
        target.account_name = Some("nordlicht & co".to_owned());
        assert_eq!(of(account_name(about(), &page(200, body), 3, &target)), Verdict::Fail);
    }
}
