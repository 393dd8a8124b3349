//! A database that did not answer, as a finding.

use crate::outcome::finding::{Claim, Finding, ProbeError};
use crate::service::postgres::{PgError, Task};

/// Adds the claim that the connection fails with this error.
///
/// # Errors
/// When our side could not connect at all.
pub fn unavailable(finding: Finding, error: &PgError) -> Result<Finding, ProbeError> {
    let advice = error.advice(Task::Connect);
    if error.is_ours() {
        return Err(ProbeError::because(format!("DATABASE_URL: {error}")).hint(advice.fix));
    }
    let mut claim = Claim::compared("connection", "connection", advice.expected, error.to_string(), false)
        .sentence(advice.reason)
        .fix(advice.fix);
    claim.offline = error.offline_host().map(str::to_owned);
    Ok(finding.claim(claim))
}
