//! `POST .../conversations/{id}/toggle_status`: one of the few endpoints open to bots. Here the record is looked for
//! before anything else is asked of the caller.

use serde_json::{Map, Value, json};

use super::caller::Open;
use super::rails::{self, Refusal};
use super::state::State;
use crate::rehearsal::server::{Answer, Request};

const STATUSES: [&str; 4] = ["open", "resolved", "pending", "snoozed"];

impl State {
    pub(super) fn toggle_status(
        &mut self,
        request: &Request,
        account: &str,
        id: &str,
        body: &Map<String, Value>,
    ) -> Result<Answer, Refusal> {
        let entered = self.enter(request, account, Open::ToBotsToo)?;
        let id: u64 = id.parse().map_err(|_| Refusal::NotFound)?;
        let mut known = self.conversations.iter_mut();
        let conversation = known
            .find(|known| known.account_id == entered.account && known.id == id)
            .ok_or(Refusal::NotFound)?;
        let wanted = match body.get("status").and_then(Value::as_str) {
            Some(status) => *STATUSES.iter().find(|known| **known == status).ok_or(Refusal::Unhandled)?,
            None if conversation.status == "open" => "resolved",
            None => "open",
        };
        // A bot's hand-off goes another way in Chatwoot and returns nothing.
        let handed_off = entered.role.is_none() && conversation.status == "pending" && wanted == "open";
        wanted.clone_into(&mut conversation.status);
        let success = if handed_off { Value::Null } else { Value::Bool(true) };
        Ok(rails::ok(&json!({"payload": {
            "success": success,
            "conversation_id": id,
            "current_status": wanted,
            "snoozed_until": null,
        }})))
    }
}
