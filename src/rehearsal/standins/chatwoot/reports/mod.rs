//! Reports, for administrators: computed from the stored records, over `[since, until)`, with empty buckets as zeros.
//!
//! The oddities are Chatwoot's: a window without a start or an end gives an empty list, an unknown metric an empty
//! object, a missing or unknown type a 500, and private notes count as outgoing messages.

mod buckets;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::caller::Open;
use super::conversation::{Conversation, Measure};
use super::message::{Kind, Message, Sender};
use super::rails::{self, Refusal};
use super::state::State;
use crate::rehearsal::http::{Answer, Request};
use buckets::{Period, Span};

/// What a metric counts.
#[derive(Clone, Copy)]
enum Metric {
    Conversations,
    Messages(Kind),
    Count(Measure),
    Average(Measure),
    /// Counted, but nothing here ever creates one.
    Never,
}

impl Metric {
    fn named(name: &str) -> Option<Metric> {
        Some(match name {
            "conversations_count" => Metric::Conversations,
            "incoming_messages_count" => Metric::Messages(Kind::Incoming),
            "outgoing_messages_count" => Metric::Messages(Kind::Outgoing),
            "resolutions_count" => Metric::Count(Measure::Resolution),
            "bot_handoffs_count" => Metric::Count(Measure::BotHandoff),
            "bot_resolutions_count" => Metric::Never,
            "avg_first_response_time" => Metric::Average(Measure::FirstResponse),
            "avg_resolution_time" => Metric::Average(Measure::Resolution),
            "reply_time" => Metric::Average(Measure::Reply),
            _ => return None,
        })
    }
}

/// What a report is limited to.
#[derive(Clone, Copy)]
enum Scope {
    Account,
    Inbox(u64),
    Agent(u64),
}

impl Scope {
    /// Conversations are never assigned here, so an agent has only the messages it wrote.
    fn has(self, within: &Conversation) -> bool {
        match self {
            Scope::Account => true,
            Scope::Inbox(id) => within.inbox_id == id,
            Scope::Agent(_) => false,
        }
    }

    fn has_message(self, within: &Conversation, message: &Message) -> bool {
        match self {
            Scope::Agent(id) => message.sender == Some(Sender::User(id)),
            Scope::Account | Scope::Inbox(_) => self.has(within),
        }
    }
}

impl State {
    pub(super) fn report(&self, request: &Request, account: &str) -> Result<Answer, Refusal> {
        let account = self.enter_reports(request, account)?;
        let Some(metric) = rails::query(request, "metric").as_deref().and_then(Metric::named) else {
            return Ok(rails::ok(&json!({})));
        };
        let scope = self.scope(request, account)?;
        let Some(span) = span(request)? else { return Ok(rails::ok(&json!([]))) };
        let period = Period::named(&rails::query(request, "group_by").unwrap_or_default());
        let offset = rails::query(request, "timezone_offset").and_then(|hours| hours.parse::<f64>().ok());
        let edges = period.edges(span, (offset.unwrap_or(0.0) * 3600.0) as i64).ok_or(Refusal::Unhandled)?;
        let mut buckets = vec![(0_u64, 0.0); edges.len()];
        self.each(account, scope, metric, span, |at, seconds| {
            let bucket = edges.partition_point(|edge| *edge <= at.as_second());
            if let Some((count, sum)) = bucket.checked_sub(1).and_then(|bucket| buckets.get_mut(bucket)) {
                *count += 1;
                *sum += seconds;
            }
        });
        let shown = edges.iter().zip(buckets).map(|(edge, (count, sum))| match metric {
            Metric::Average(_) => {
                let value = if count == 0 { json!(0) } else { json!(sum / count as f64) };
                json!({"value": value, "timestamp": edge, "count": count})
            }
            _ => json!({"value": count, "timestamp": edge}),
        });
        Ok(rails::ok(&shown.collect()))
    }

    pub(super) fn report_summary(&self, request: &Request, account: &str) -> Result<Answer, Refusal> {
        let account = self.enter_reports(request, account)?;
        let scope = self.scope(request, account)?;
        let span = span(request)?;
        let mut summary = self.summary(account, scope, span);
        summary["previous"] = self.summary(account, scope, span.map(Span::before));
        Ok(rails::ok(&summary))
    }

    fn enter_reports(&self, request: &Request, account: &str) -> Result<u64, Refusal> {
        let entered = self.enter(request, account, Open::ToPeople)?;
        entered.administrator()?;
        Ok(entered.account)
    }

    fn scope(&self, request: &Request, account: u64) -> Result<Scope, Refusal> {
        let id = rails::query(request, "id").and_then(|id| id.parse::<u64>().ok());
        let id = || id.ok_or(Refusal::NotFound);
        match rails::query(request, "type").as_deref() {
            Some("account") => Ok(Scope::Account),
            Some("inbox") => {
                let id = id()?;
                let known = self.inboxes.iter().any(|inbox| inbox.id == id && inbox.account_id == account);
                known.then_some(Scope::Inbox(id)).ok_or(Refusal::NotFound)
            }
            Some("agent") => {
                let id = id()?;
                let known = self.user(id).is_some_and(|person| person.memberships.contains_key(&account));
                known.then_some(Scope::Agent(id)).ok_or(Refusal::NotFound)
            }
            // There are no labels and no teams.
            Some("label" | "team") => Err(Refusal::NotFound),
            _ => Err(Refusal::Unhandled),
        }
    }

    fn summary(&self, account: u64, scope: Scope, span: Option<Span>) -> Value {
        let all = |metric| {
            let (mut count, mut sum) = (0_u64, 0.0);
            if let Some(span) = span {
                self.each(account, scope, metric, span, |_, seconds| {
                    count += 1;
                    sum += seconds;
                });
            }
            (count, (count > 0).then(|| sum / count as f64))
        };
        json!({
            "conversations_count": all(Metric::Conversations).0,
            "incoming_messages_count": all(Metric::Messages(Kind::Incoming)).0,
            "outgoing_messages_count": all(Metric::Messages(Kind::Outgoing)).0,
            "avg_first_response_time": all(Metric::Average(Measure::FirstResponse)).1,
            "avg_resolution_time": all(Metric::Average(Measure::Resolution)).1,
            "resolutions_count": all(Metric::Count(Measure::Resolution)).0,
            "reply_time": all(Metric::Average(Measure::Reply)).1,
        })
    }

    /// The times of everything that the metric counts in the span, with the seconds if it measures durations.
    fn each(
        &self,
        account: u64,
        scope: Scope,
        metric: Metric,
        span: Span,
        mut found: impl FnMut(Timestamp, f64),
    ) {
        for within in self.conversations.of(account) {
            match metric {
                Metric::Conversations => {
                    if scope.has(within) && span.holds(within.created_at) {
                        found(within.created_at, 0.0);
                    }
                }
                Metric::Messages(kind) => {
                    let counts = |message: &&Message| {
                        message.kind == kind
                            && span.holds(message.created_at)
                            && scope.has_message(within, message)
                    };
                    within.messages.iter().filter(counts).for_each(|message| found(message.created_at, 0.0));
                }
                Metric::Count(what) | Metric::Average(what) if scope.has(within) => {
                    let own = within.measured.iter().filter(|one| one.what == what && span.holds(one.at));
                    own.for_each(|one| found(one.at, one.seconds));
                }
                Metric::Count(_) | Metric::Average(_) | Metric::Never => {}
            }
        }
    }
}

/// The requested window; none when an edge is missing, a 500 when one is not a number.
fn span(request: &Request) -> Result<Option<Span>, Refusal> {
    let (Some(since), Some(until)) = (rails::query(request, "since"), rails::query(request, "until")) else {
        return Ok(None);
    };
    let seconds = |text: String| text.parse::<i64>().map_err(|_| Refusal::Unhandled);
    Ok(Some(Span { since: seconds(since)?, until: seconds(until)? }))
}
