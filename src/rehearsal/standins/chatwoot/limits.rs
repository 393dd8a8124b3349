//! The rack-attack limits that a client can reach: requests per minute with one token in one account, checked before
//! routing. Chatwoot exempts requests from loopback; the stand-in treats them as remote.

use jiff::Timestamp;

use super::rails::Refusal;
use super::state::{State, Used};
use crate::rehearsal::http::Request;

/// Requests per minute to `GET .../conversations/meta`, from 4.12 on.
const META_PER_MINUTE: u32 = 30;

impl State {
    /// Counts a request against its limit, and rejects it when the limit is used up.
    pub(super) fn limit(
        &mut self,
        request: &Request,
        segments: &[&str],
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let (name, account, most) = match segments {
            ["api", "v2", "accounts", account, "reports", ..] => {
                ("reports", account, self.reports_per_minute)
            }
            ["api", "v1", "accounts", account, "conversations", "meta"]
                if request.verb() == "GET" && self.at_least(4, 12) =>
            {
                ("meta", account, META_PER_MINUTE)
            }
            _ => return Ok(()),
        };
        let token = self.token(request).unwrap_or_default();
        let key = format!("{name}:{token}:{account}");
        let minute = now.as_second().div_euclid(60);
        self.limited.retain(|_, used| used.minute == minute);
        let used = self.limited.entry(key).or_insert(Used { minute, count: 0 });
        used.count += 1;
        if used.count > most { Err(Refusal::Throttled) } else { Ok(()) }
    }
}
