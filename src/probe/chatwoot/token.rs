//! Whose token it is: accepted, a member of the right account, with the right
//! role. Chatwoot answers 401 to a wrong token and to a right one with too low a
//! role; only the body tells them apart.

use super::{Seen, ask_why, name_of, refused, unanswered};
use crate::outcome::finding::{Claim, Finding};
use crate::service::chatwoot::{Account, Membership, Profile, Reason, Refusal, Trouble, read};
use crate::settings::Target;

/// The token must be accepted as a user's.
pub fn token(finding: Finding, seen: &Seen) -> Finding {
    match read(seen, Profile::read) {
        Ok(profile) => {
            let accounts = profile.accounts.len();
            finding
                .claim(Claim::new("token", "accepted as a user's", "accepted", true))
                .evidence("accounts of its user", accounts.to_string())
        }
        Err(trouble) => ask_why(finding.claim(refused("token", "accepted as a user's", &trouble)), &trouble),
    }
}

/// The token's user must belong to the account, and the account must be active.
pub fn account(finding: Finding, seen: &Seen, id: u64) -> Finding {
    let expected = format!("a member of account {id}");
    let profile = match read(seen, Profile::read) {
        Ok(profile) => profile,
        Err(trouble) => {
            return ask_why(finding.claim(unanswered("membership", expected, &trouble)), &trouble);
        }
    };
    let Some(account) = profile.account(id) else { return stranger(finding, &profile, id) };
    let status = match account.status.as_deref() {
        Some("active") => Claim::new("account status", "active", "active", true),
        Some(other) => Claim::new("account status", "active", name_of(other), false),
        None => Claim::open("account status", "active", "not shown"),
    };
    let suspended = status.holds == Some(false);
    let finding = finding.claim(Claim::new("membership", expected, "a member", true)).claim(status);
    match suspended {
        true => finding.fix("reactivate the account in Chatwoot's super admin console, or set CHATWOOT_ACCOUNT_ID to the right one"),
        false => finding,
    }
}

fn stranger(finding: Finding, profile: &Profile, id: u64) -> Finding {
    let accounts: Vec<String> = profile.accounts.iter().map(|a| a.id.to_string()).collect();
    let found = match accounts.is_empty() {
        true => "a user without any account".to_owned(),
        false => format!("a member of {} only", accounts.join(", ")),
    };
    let claim = Claim::new("membership", format!("a member of account {id}"), found, false);
    let fix = Refusal { status: 401, reason: Reason::NotAMember, said: None }.fix();
    finding.claim(claim).fix(fix.unwrap_or_default())
}

/// The token's role in the account must be administrator: webhooks and reports are refused to any other.
pub fn administrator(finding: Finding, seen: &Seen, id: u64) -> Finding {
    let what = format!("role in account {id}");
    let profile = match read(seen, Profile::read) {
        Ok(profile) => profile,
        Err(trouble) => {
            return ask_why(finding.claim(unanswered(&what, "administrator", &trouble)), &trouble);
        }
    };
    let Some(account) = profile.account(id) else { return stranger(finding, &profile, id) };
    match account.role.as_deref() {
        Some("administrator") => finding.claim(Claim::new(what, "administrator", "administrator", true)),
        Some(_) => {
            let fix = Refusal { status: 401, reason: Reason::RoleTooLow, said: None }.fix();
            let claim = Claim::new(what, "administrator", role(account), false);
            finding.claim(claim).fix(fix.unwrap_or_default())
        }
        None => finding.claim(Claim::open(what, "administrator", "not shown")),
    }
}

fn role(account: &Membership) -> String {
    let plain = name_of(account.role.as_deref().unwrap_or_default());
    let permissions = account.permissions.iter().map(|p| name_of(p)).collect::<Vec<_>>().join(", ");
    match &account.custom_role {
        Some(custom) => format!("{plain} with the custom role `{}` ({permissions})", name_of(custom)),
        None => plain,
    }
}

/// The account must have the configured name: the surest sign that it is the right account.
pub fn account_name(finding: Finding, seen: &Seen, id: u64, target: &Target) -> Finding {
    let account = match read(seen, Account::read) {
        Ok(account) => account,
        Err(Trouble::Refused(refusal)) if refusal.reason == Reason::NotFound => {
            let claim = Claim::new("account name", "an account to read", refusal.in_words(), false);
            let fix = format!(
                "set CHATWOOT_ACCOUNT_ID to an account of the token's user: Chatwoot says 404 for {id} to a stranger, too"
            );
            return finding.claim(claim).fix(fix);
        }
        Err(trouble) => {
            return ask_why(
                finding.claim(unanswered("account name", "an account to read", &trouble)),
                &trouble,
            );
        }
    };
    let found = account.name.as_deref().map(name_of);
    let claim = match (&target.account_name, &account.name) {
        (Some(wanted), Some(name)) => {
            Claim::new("account name", quoted(wanted), quoted(name), wanted == name)
        }
        (Some(wanted), None) => Claim::open("account name", quoted(wanted), "not shown"),
        (None, _) => {
            let line = target.line_to_add("account_name");
            Claim::open(
                "account name",
                "`account_name` of the target",
                format!("`account_name` is not configured: {line}"),
            )
        }
    };
    let finding = if account.id == id {
        finding
    } else {
        finding.claim(Claim::new("account id", id.to_string(), account.id.to_string(), false))
    };
    let finding = match target.account_name {
        Some(_) => finding,
        None => finding.fix(target.line_to_add("account_name")),
    };
    finding.claim(claim).evidence("name", found.unwrap_or_else(|| "not shown".to_owned()))
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
    fn each_refused_token_fails_with_its_own_repair() {
        assert_eq!(of(token(about(), &page(200, ADMIN))), Verdict::Pass);
        let mut fixes = std::collections::BTreeSet::new();
        for (status, body) in REFUSALS {
            let finding = token(about(), &page(*status, body));
            assert_eq!(Verdict::of(&finding.claims), Verdict::Fail, "{body}");
            fixes.insert(finding.fix.expect("it names a repair"));
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
    fn membership_and_status_are_those_of_the_configured_account() {
        assert_eq!(of(account(about(), &page(200, ADMIN), 3)), Verdict::Pass);
        let stranger = account(about(), &page(200, ADMIN), 4);
        assert_eq!(stranger.claims[0].found, "a member of 9, 3 only");
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
    fn the_role_that_counts_is_that_of_the_account() {
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
    fn the_name_is_compared_only_with_a_configured_one() {
        let mut target = Target::default();
        let body = r#"{"id":3,"name":"Nordlicht \u0026 Co","status":"active"}"#;
        let open = account_name(about(), &page(200, body), 3, &target);
        assert!(open.claims[0].found.contains("add `account_name"), "{}", open.claims[0].found);
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
