//! The caller's profile and an account: `GET /api/v1/profile` and `GET /api/v1/accounts/{id}`.

use serde_json::{Map, Value, json};

use super::rails::{self, Refusal};
use super::state::{Membership, Person, State};
use crate::rehearsal::http::{Answer, Request};

impl State {
    /// The profile does not check accounts: a suspended one is listed with its status.
    pub(super) fn profile(&self, request: &Request) -> Result<Answer, Refusal> {
        let person = self.person(request)?;
        let latest = person.memberships.iter().max_by_key(|(_, membership)| &membership.active_at);
        let accounts: Vec<Value> = person
            .memberships
            .iter()
            .filter_map(|(id, membership)| self.membership(*id, membership))
            .collect();
        Ok(rails::ok(&json!({
            "access_token": person.token,
            "account_id": latest.map(|(id, _)| id),
            "available_name": person.available_name,
            "avatar_url": "",
            "confirmed": true,
            "display_name": person.available_name,
            "message_signature": null,
            "email": person.email,
            "id": person.id,
            "inviter_id": null,
            "name": person.name,
            "provider": "email",
            "pubsub_token": person.pubsub_token,
            "role": latest.map(|(_, membership)| membership.role),
            "ui_settings": {},
            "uid": person.email,
            "type": null,
            "accounts": accounts,
        })))
    }

    fn membership(&self, id: u64, membership: &Membership) -> Option<Value> {
        let account = self.accounts.get(&id)?;
        let mut shown = json!({
            "id": id,
            "name": account.name,
            "status": account.status,
            "active_at": membership.active_at,
            "role": membership.role,
            "permissions": [membership.role],
            "availability": "online",
            "availability_status": "offline",
            "auto_offline": true,
        });
        if self.enterprise {
            shown["custom_role_id"] = Value::Null;
            shown["custom_role"] = Value::Null;
        }
        Some(shown)
    }

    /// Looks only among the caller's own accounts: a stranger gets 404, and a suspended account is returned.
    pub(super) fn account(&self, request: &Request, id: &str) -> Result<Answer, Refusal> {
        let person: &Person = self.person(request)?;
        let (id, account) = self.account_record(id)?;
        if !person.memberships.contains_key(&id) {
            return Err(Refusal::NotFound);
        }
        if !account.api_enabled {
            return Err(Refusal::ApiDisabled);
        }
        let features: Map<String, Value> =
            account.features.iter().map(|name| (name.clone(), true.into())).collect();
        let mut shown = json!({
            "settings": {},
            "created_at": account.created_at,
            "domain": null,
            "features": features,
            "id": id,
            "locale": account.locale,
            "name": account.name,
            "support_email": account.support_email,
            "status": account.status,
            "cache_keys": {"label": "0000000000", "inbox": "1767261600", "team": "0000000000"},
            "latest_chatwoot_version": null,
        });
        if self.enterprise {
            shown["subscribed_features"] = json!([]);
        }
        Ok(rails::ok(&shown))
    }
}
