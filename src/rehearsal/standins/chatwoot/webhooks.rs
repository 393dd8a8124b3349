//! Account webhooks: list, create, update, delete. For administrators only; the role is checked before the record.

use serde_json::{Map, Value, json};

use super::caller::Open;
use super::rails::{self, Refusal};
use super::state::{self, State, Webhook};
use crate::rehearsal::http::{Answer, Request};

/// The events that a webhook can subscribe to; the first eight are the default.
pub const EVENTS: [&str; 12] = [
    "conversation_status_changed",
    "conversation_updated",
    "conversation_created",
    "contact_created",
    "contact_updated",
    "message_created",
    "message_updated",
    "webwidget_triggered",
    "inbox_created",
    "inbox_updated",
    "conversation_typing_on",
    "conversation_typing_off",
];
const DEFAULT_EVENTS: usize = 8;

/// The table's columns: a flat body with any of these keys is read as a webhook.
const COLUMNS: [&str; 10] = [
    "id",
    "account_id",
    "inbox_id",
    "url",
    "created_at",
    "updated_at",
    "webhook_type",
    "subscriptions",
    "name",
    "secret",
];
const MAX_LENGTH: usize = 255;

impl State {
    fn enter_webhooks(&self, request: &Request, account: &str) -> Result<u64, Refusal> {
        let entered = self.enter(request, account, Open::ToPeople)?;
        entered.administrator()?;
        Ok(entered.account)
    }

    pub(super) fn list_webhooks(&self, request: &Request, account: &str) -> Result<Answer, Refusal> {
        let account = self.enter_webhooks(request, account)?;
        let own = self.webhooks.iter().filter(|webhook| webhook.account_id == account);
        let shown = own.map(|webhook| self.show(webhook)).collect::<Result<Vec<_>, _>>()?;
        Ok(rails::ok(&json!({"payload": {"webhooks": shown}})))
    }

    pub(super) fn create_webhook(
        &mut self,
        request: &Request,
        account: &str,
        body: &Map<String, Value>,
    ) -> Result<Answer, Refusal> {
        let account = self.enter_webhooks(request, account)?;
        let mut webhook = Webhook {
            id: self.webhooks.iter().map(|webhook| webhook.id).max().unwrap_or(0).max(self.last_webhook_id)
                + 1,
            account_id: account,
            name: None,
            url: String::new(),
            subscriptions: EVENTS[..DEFAULT_EVENTS].iter().map(|event| (*event).to_owned()).collect(),
            inbox_id: None,
            secret: state::token(),
        };
        assign(&mut webhook, permitted(body)?);
        self.validate(&webhook)?;
        let shown = self.show(&webhook)?;
        self.last_webhook_id = webhook.id;
        self.webhooks.push(webhook);
        Ok(rails::ok(&json!({"payload": {"webhook": shown}})))
    }

    pub(super) fn update_webhook(
        &mut self,
        request: &Request,
        account: &str,
        id: &str,
        body: &Map<String, Value>,
    ) -> Result<Answer, Refusal> {
        let at = self.find_webhook(request, account, id)?;
        let mut webhook = self.webhooks[at].clone();
        assign(&mut webhook, permitted(body)?);
        self.validate(&webhook)?;
        let shown = self.show(&webhook)?;
        self.webhooks[at] = webhook;
        Ok(rails::ok(&json!({"payload": {"webhook": shown}})))
    }

    pub(super) fn delete_webhook(
        &mut self,
        request: &Request,
        account: &str,
        id: &str,
    ) -> Result<Answer, Refusal> {
        let at = self.find_webhook(request, account, id)?;
        let gone = self.webhooks.remove(at);
        self.last_webhook_id = self.last_webhook_id.max(gone.id);
        Ok(rails::empty())
    }

    fn find_webhook(&self, request: &Request, account: &str, id: &str) -> Result<usize, Refusal> {
        let account = self.enter_webhooks(request, account)?;
        let id: u64 = id.parse().map_err(|_| Refusal::NotFound)?;
        let mut known = self.webhooks.iter();
        known.position(|webhook| webhook.account_id == account && webhook.id == id).ok_or(Refusal::NotFound)
    }

    /// A webhook as JSON. From 4.12 on the view reads the secret, which fails when the migration did not run.
    fn show(&self, webhook: &Webhook) -> Result<Value, Refusal> {
        let mut shown = json!({
            "id": webhook.id,
            "name": webhook.name,
            "url": webhook.url,
            "account_id": webhook.account_id,
            "subscriptions": webhook.subscriptions,
        });
        if self.at_least(4, 12) {
            if !self.migrated {
                return Err(Refusal::Unhandled);
            }
            shown["secret"] = json!(webhook.secret);
        }
        let inboxes = &mut self.inboxes.iter();
        if let Some(inbox) = inboxes.find(|inbox| Some(inbox.id) == webhook.inbox_id) {
            shown["inbox"] = json!({"id": inbox.id, "name": inbox.name});
        }
        Ok(shown)
    }

    fn validate(&self, webhook: &Webhook) -> Result<(), Refusal> {
        let mut faults: Vec<(&'static str, &str, &str)> = Vec::new();
        if webhook.name.as_ref().is_some_and(|name| name.chars().count() > MAX_LENGTH) {
            faults.push(("name", "Name", "is too long (maximum is 255 characters)"));
        }
        if webhook.url.chars().count() > MAX_LENGTH {
            faults.push(("url", "Url", "is too long (maximum is 255 characters)"));
        }
        let twin = |known: &Webhook| {
            known.account_id == webhook.account_id && known.url == webhook.url && known.id != webhook.id
        };
        if self.webhooks.iter().any(twin) {
            faults.push(("url", "Url", "has already been taken"));
        }
        if !has_http_url(&webhook.url) {
            faults.push(("url", "Url", "is invalid"));
        }
        let allowed = webhook.subscriptions.iter().all(|event| EVENTS.contains(&event.as_str()));
        if webhook.subscriptions.is_empty() || !allowed {
            faults.push(("subscriptions", "Subscriptions", "Invalid events"));
        }
        if faults.is_empty() {
            return Ok(());
        }
        let message =
            faults.iter().map(|(_, label, text)| format!("{label} {text}")).collect::<Vec<_>>().join(", ");
        let mut attributes: Vec<&'static str> = faults.iter().map(|(attribute, _, _)| *attribute).collect();
        attributes.dedup();
        Err(Refusal::Invalid(message, attributes))
    }
}

/// The pattern is not anchored: a URL anywhere in the text is accepted.
fn has_http_url(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    ["http://", "https://"].iter().any(|scheme| {
        text.match_indices(scheme).any(|(at, _)| {
            text[at + scheme.len()..]
                .chars()
                .next()
                .is_some_and(|next| next.is_ascii_alphanumeric() || next == '[')
        })
    })
}

/// The fields of a webhook in a body: under `webhook`, or at the top level.
fn permitted(body: &Map<String, Value>) -> Result<Map<String, Value>, Refusal> {
    let flat = || body.iter().filter(|(key, _)| COLUMNS.contains(&key.as_str()));
    match body.get("webhook") {
        None => {
            let fields: Map<_, _> = flat().map(|(key, value)| (key.clone(), value.clone())).collect();
            if fields.is_empty() { Err(Refusal::Missing("webhook")) } else { Ok(fields) }
        }
        Some(Value::Object(fields)) if !fields.is_empty() => Ok(fields.clone()),
        Some(Value::Object(_) | Value::Null | Value::Bool(false)) => Err(Refusal::Missing("webhook")),
        Some(Value::String(text)) if text.is_empty() => Err(Refusal::Missing("webhook")),
        Some(Value::Array(list)) if list.is_empty() => Err(Refusal::Missing("webhook")),
        // A scalar or a list has no fields to permit, and Chatwoot does not rescue that.
        Some(_) => Err(Refusal::Unhandled),
    }
}

/// Sets the fields that were sent; a field that is absent or has the wrong type is unchanged.
fn assign(webhook: &mut Webhook, fields: Map<String, Value>) {
    for (key, value) in fields {
        match (key.as_str(), value) {
            ("url", value) => {
                if let Some(text) = scalar(&value) {
                    webhook.url = text.unwrap_or_default();
                }
            }
            ("name", value) => {
                if let Some(text) = scalar(&value) {
                    webhook.name = text;
                }
            }
            ("inbox_id", value) => {
                if let Some(text) = scalar(&value) {
                    webhook.inbox_id = text.and_then(|text| text.parse().ok());
                }
            }
            // A list that holds anything but scalars is dropped as a whole; null and other types are dropped as well.
            ("subscriptions", Value::Array(list)) => {
                let texts: Option<Vec<_>> = list.iter().filter(|item| !item.is_null()).map(scalar).collect();
                if let Some(texts) = texts {
                    webhook.subscriptions = texts.into_iter().flatten().collect();
                }
            }
            _ => {}
        }
    }
}

/// A scalar as a column accepts it (null becomes none); nothing for a list or an object.
fn scalar(value: &Value) -> Option<Option<String>> {
    match value {
        Value::Null => Some(None),
        Value::String(text) => Some(Some(text.clone())),
        Value::Number(number) => Some(Some(number.to_string())),
        Value::Bool(flag) => Some(Some(flag.to_string())),
        Value::Array(_) | Value::Object(_) => None,
    }
}
