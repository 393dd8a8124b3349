//! The health check script of the checklist: the checkout's own npm script, or
//! without a checkout the logic that replaces it.

use super::{Access, PROFILE, account_id, alive, ask, liveness, token};
use crate::probe::{CannotAsk, Finding};
use crate::run::context::Asking;

/// Whether Chatwoot answers, its services work, and the account answers the token: what the app's health
/// check script was meant to ask. Nothing is left out silently: without a token or account it cannot be asked.
///
/// # Errors
/// When a variable is missing.
pub async fn status_finding(asking: &Asking<'_>) -> Result<Finding, CannotAsk> {
    let id = account_id(asking.cx)?;
    let paths: Vec<String> = alive::PATHS.iter().map(|path| (*path).to_owned()).collect();
    let (alive, api, profile) = tokio::try_join!(
        liveness(asking, &paths),
        ask(asking, alive::API, Access::Open),
        ask(asking, PROFILE, Access::Token),
    )?;
    let asked = format!("{}, {}", alive.asked, profile.0.asked);
    let finding = alive::services(Finding { asked, ..alive }, &api.1);
    let accepted = token::token(finding, &profile.1);
    Ok(token::account(accepted, &profile.1, id))
}
