//! What can be wrong with the token (unknown, a bot's, another account's, an agent's) and with the account.

use serde_json::{Value, json};

use super::{answer, person, state, token};
use crate::claims::Case;
use crate::support::bench::Bench;

const TOKEN: &str = "chatwoot.token";
const ACCOUNT: &str = "chatwoot.account";
const ADMINISTRATOR: &str = "chatwoot.administrator";
const NAME: &str = "chatwoot.account-name";

const PROFILE: &str = "GET /api/v1/profile";
const RECORD: &str = "GET /api/v1/accounts/3";

pub fn cases() -> Vec<Case> {
    let all = [tokens(), accounts(), roles(), names()];
    all.into_iter().flatten().collect()
}

/// Makes the profile contain this as its only account.
fn profile(bench: &Bench, account: Value) {
    answer(bench, PROFILE, json!({ "patch": { "accounts": [account] } }));
}

fn tokens() -> Vec<Case> {
    const WHAT: &str = "token";
    let refused = |name| Case::new(name, TOKEN, WHAT);
    vec![
        refused("the token is not known")
            .says("Chatwoot rejects the token: 401: the token is unknown")
            .arrange(|b| token(b, "hunter2hunter2hunter2xyz")),
        refused("the token was reset")
            .says("set CHATWOOT_API_KEY to the access token of an administrator")
            .arrange(|b| {
                let people = json!({ "administrator": { "token": "unusedUnusedUnusedUnused" } });
                state(b, json!({ "people": people }));
            }),
        refused("a bot's token").says("belongs to a bot or a platform app, not to a user").arrange(|b| {
            let bot = b.world.chatwoot.update(|state| state.bots["bot"].token.clone());
            token(b, bot);
        }),
        refused("a platform app's token").says("set CHATWOOT_API_KEY to the access token of a user").arrange(
            |b| {
                let platform = b.world.chatwoot.update(|state| state.platform_token.clone());
                token(b, platform);
            },
        ),
        refused("a proxy drops the token's header")
            .says("nginx: underscores_in_headers on")
            .arrange(|b| state(b, json!({ "drops_underscore_headers": true }))),
        refused("the rate limit is used up")
            .verdict("inconclusive", 3)
            .says("wait a minute and run this again")
            .arrange(|b| state(b, json!({ "throttled": true }))),
        refused("the profile fails")
            .says("Chatwoot does not return the profile of the token's user: 500")
            .arrange(|b| answer(b, PROFILE, json!({ "status": 500 }))),
        refused("a firewall forbids it")
            .says("403: a response that Chatwoot does not document (response: `blocked`)")
            .arrange(|b| answer(b, PROFILE, json!({ "status": 403, "json": { "error": "blocked" } }))),
        refused("the profile is a page")
            .says("200, but an HTML page")
            .arrange(|b| answer(b, PROFILE, json!({ "status": 200, "body": "<html>sign in</html>" }))),
        refused("the profile lists no accounts")
            .says("the profile has no list of accounts")
            .arrange(|b| answer(b, PROFILE, json!({ "patch": { "accounts": null } }))),
        refused("the profile is empty")
            .says("an empty body")
            .arrange(|b| answer(b, PROFILE, json!({ "status": 200, "body": "" }))),
        refused("the profile redirects to a sign-in page")
            .says("302: redirected (response: `https://login.hotrodan.test/sign_in`)")
            .arrange(|b| answer(b, PROFILE, json!({ "location": "https://login.hotrodan.test/sign_in" }))),
        refused("the connection is cut").says("reset").arrange(|b| {
            answer(b, PROFILE, json!({ "behaviour": "reset" }));
        }),
        refused("there is no response in time")
            .says("no complete response within 10s")
            .arrange(|b| answer(b, PROFILE, json!({ "behaviour": "stall" }))),
        Case::new("there is no token, so it is not checked", TOKEN, "")
            .verdict("skipped", 1)
            .says("blocked by environment.chatwoot-api-key")
            .arrange(|b| b.unset("CHATWOOT_API_KEY")),
        Case::good("the token of another account's user is valid", TOKEN).arrange(|b| person(b, "stranger")),
    ]
}

fn accounts() -> Vec<Case> {
    const MEMBER: &str = "membership";
    const STATUS: &str = "account status";
    let outside = |name| Case::new(name, ACCOUNT, MEMBER);
    vec![
        outside("the user belongs to another account only")
            .says("the token's user is not a member of account 3, only of account 5")
            .arrange(|b| person(b, "stranger")),
        outside("the account is another one")
            .says("the token's user is not a member of account 5, only of account 3")
            .arrange(|b| b.set("CHATWOOT_ACCOUNT_ID", "5")),
        outside("there is no such account")
            .says("set CHATWOOT_ACCOUNT_ID to the account id in Chatwoot's URL")
            .arrange(|b| b.set("CHATWOOT_ACCOUNT_ID", "404")),
        outside("the user belongs to no account").says("the token's user belongs to no account").arrange(
            |b| {
                answer(b, PROFILE, json!({ "patch": { "accounts": [] } }));
            },
        ),
        outside("the rate limit is used up")
            .verdict("inconclusive", 3)
            .says("429")
            .arrange(|b| state(b, json!({ "throttled": true }))),
        outside("the token is rejected, and its own check is skipped")
            .verdict("inconclusive", 3)
            .without(TOKEN)
            .says("401: the token is unknown")
            .arrange(|b| token(b, "hunter2hunter2hunter2xyz")),
        Case::new("the account is suspended", ACCOUNT, STATUS)
            .says("reactivate the account in Chatwoot's super admin console")
            .arrange(|b| state(b, json!({ "accounts": { "3": { "status": "suspended" } } }))),
        Case::new("the user's own account is suspended", ACCOUNT, STATUS)
            .says("account status: expected active, found suspended")
            .arrange(|b| {
                person(b, "owner");
                b.set("CHATWOOT_ACCOUNT_ID", "4");
            }),
        Case::new("the account's status is not shown", ACCOUNT, STATUS)
            .verdict("inconclusive", 3)
            .says("Chatwoot does not show the status of account 3")
            .arrange(|b| profile(b, json!({ "id": 3, "role": "administrator" }))),
        Case::new("the account's status is unknown to us", ACCOUNT, STATUS)
            .says("found on_hold")
            .arrange(|b| profile(b, json!({ "id": 3, "role": "administrator", "status": "on_hold" }))),
        Case::new("the account's id is not a number", ACCOUNT, "")
            .verdict("skipped", 1)
            .says("blocked by environment.chatwoot-account-id")
            .arrange(|b| b.set("CHATWOOT_ACCOUNT_ID", "three")),
    ]
}

fn roles() -> Vec<Case> {
    const WHAT: &str = "role";
    let case = |name| Case::new(name, ADMINISTRATOR, WHAT);
    vec![
        case("the role is agent")
            .says("make the token's user an administrator of the account")
            .arrange(|b| person(b, "agent")),
        case("a custom role is not administrator")
            .says("found agent with the custom role `Reports` (report_manage)")
            .arrange(|b| {
                profile(
                    b,
                    json!({ "id": 3, "status": "active", "role": "agent", "permissions": ["report_manage"],
                            "custom_role": { "id": 4, "name": "Reports" } }),
                );
            }),
        case("administrator, but of another account").says("found agent").arrange(|b| {
            let accounts = json!([{ "id": 5, "status": "active", "role": "administrator" },
                                  { "id": 3, "status": "active", "role": "agent" }]);
            answer(b, PROFILE, json!({ "patch": { "role": "administrator", "accounts": accounts } }));
        }),
        case("the role is not shown")
            .verdict("inconclusive", 3)
            .says("Chatwoot does not show the role of the token's user in account 3")
            .arrange(|b| profile(b, json!({ "id": 3, "status": "active", "role": null }))),
        Case::new("the user is not a member, so the role is not checked", ADMINISTRATOR, "")
            .verdict("skipped", 1)
            .says("blocked by chatwoot.account")
            .arrange(|b| person(b, "stranger")),
    ]
}

fn names() -> Vec<Case> {
    const WHAT: &str = "account name";
    let case = |name| Case::new(name, NAME, WHAT);
    let open = |name| case(name).verdict("inconclusive", 3);
    vec![
        case("the name is different")
            .says("expected `Nordlicht & Co`, found `Suedlicht & Co`")
            .arrange(|b| state(b, json!({ "accounts": { "3": { "name": "Suedlicht & Co" } } }))),
        case("the name differs in case")
            .says("found `NORDLICHT & CO`")
            .arrange(|b| state(b, json!({ "accounts": { "3": { "name": "NORDLICHT & CO" } } }))),
        open("no name is configured").says("add `account_name = ").arrange(|b| b.drop_config("account_name")),
        open("no name is shown")
            .says("Chatwoot does not show the name of account 3")
            .arrange(|b| answer(b, RECORD, json!({ "patch": { "name": null } }))),
        open("the plan has no API")
            .says("enable API access for the account (on Chatwoot Cloud, choose a plan that includes it)")
            .arrange(|b| state(b, json!({ "accounts": { "3": { "api_enabled": false } } }))),
        open("the rate limit is used up").says("429").arrange(|b| {
            answer(b, RECORD, json!({ "status": 429, "body": "Retry later\n" }));
        }),
        open("the record is a page").says("an HTML page").arrange(|b| {
            answer(b, RECORD, json!({ "status": 200, "body": "<html></html>" }));
        }),
        case("the record fails").says("Chatwoot does not return account 3: 500").arrange(|b| {
            answer(b, RECORD, json!({ "status": 500 }));
        }),
        case("the record is not found")
            .says(
                "Chatwoot returns 404 for account 3: it does not exist, or the token's user is not a member",
            )
            .arrange(|b| answer(b, RECORD, json!({ "status": 404 }))),
        Case::new("Chatwoot returns another account's record", NAME, "account id")
            .says("account id: expected 3, found 5")
            .arrange(|b| answer(b, RECORD, json!({ "patch": { "id": 5 } }))),
        Case::new("the account is suspended, so its name is not checked", NAME, "")
            .verdict("skipped", 1)
            .says("blocked by chatwoot.account")
            .arrange(|b| state(b, json!({ "accounts": { "3": { "status": "suspended" } } }))),
    ]
}
