//! The number of messages of an account in a period, from Chatwoot's reports, which count live from the messages
//! table. Requires an administrator's token.

use serde_json::Value;

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// Messages from customers. Neither count includes templates and activities.
    Incoming,
    /// Replies and private notes.
    Outgoing,
}

impl Counted {
    fn metric(self) -> &'static str {
        match self {
            Counted::Incoming => "incoming_messages_count",
            Counted::Outgoing => "outgoing_messages_count",
        }
    }
}

/// The path of the report over `[since, until)`, both in whole epoch seconds. Newer versions may use daily sums
/// unless the report is grouped by hour.
pub fn count_path(account: u64, counted: Counted, since: i64, until: i64) -> String {
    let metric = counted.metric();
    format!(
        "/api/v2/accounts/{account}/reports?metric={metric}&type=account&since={since}&until={until}&group_by=hour"
    )
}

/// The sum of a report's buckets.
///
/// # Errors
/// When the body is not a list of buckets, or the list is empty. Chatwoot returns an empty list when `since` or
/// `until` is missing; a period without messages has buckets of 0.
pub fn read_count(body: &Value) -> Result<u64, String> {
    let buckets = body.as_array().ok_or("JSON that is not the list of buckets of a report")?;
    if buckets.is_empty() {
        return Err(
            "the report has no buckets, which happens when the period is missing from the request".to_owned()
        );
    }
    buckets
        .iter()
        .map(|bucket| bucket.get("value").and_then(whole))
        .try_fold(0_u64, |sum, value| sum.checked_add(value?))
        .ok_or_else(|| "a bucket of the report has no integer count".to_owned())
}

/// A non-negative integer, also when written as `4.0`.
fn whole(value: &Value) -> Option<u64> {
    const LARGEST: f64 = 9_007_199_254_740_992.0;
    let float = || value.as_f64().filter(|f| f.fract() == 0.0 && (0.0..=LARGEST).contains(f));
    // Between 0 and 2^53 because of the filter.
    value.as_u64().or_else(|| float().map(|f| f as u64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn buckets_are_summed() {
        let body = json!([{"value": 4, "timestamp": 1767254400}, {"value": 0, "timestamp": 1767258000}, {"value": 7.0, "timestamp": 1767261600}]);
        assert_eq!(read_count(&body), Ok(11));
        assert_eq!(read_count(&json!([{"value": 0, "timestamp": 1767254400}])), Ok(0));
    }

    #[test]
    fn anything_but_a_report_is_an_error() {
        for body in [
            json!([]),
            json!({}),
            json!(null),
            json!(0),
            json!("[]"),
            json!({"error": "x"}),
            json!([0]),
            json!([{"timestamp": 1}]),
            json!([{"value": null, "timestamp": 1}]),
            json!([{"value": "4", "timestamp": 1}]),
            json!([{"value": -1, "timestamp": 1}]),
            json!([{"value": 0.5, "timestamp": 1}]),
            json!([{"value": 4, "timestamp": 1}, {"value": null, "timestamp": 2}]),
            json!([{"value": u64::MAX, "timestamp": 1}, {"value": 1, "timestamp": 2}]),
        ] {
            assert!(read_count(&body).is_err(), "{body}");
        }
    }

    #[test]
    fn the_report_is_grouped_by_hour() {
        assert_eq!(
            count_path(3, Counted::Incoming, 1767254400, 1767265200),
            "/api/v2/accounts/3/reports?metric=incoming_messages_count&type=account&since=1767254400&until=1767265200&group_by=hour"
        );
        assert!(count_path(3, Counted::Outgoing, 1, 2).contains("metric=outgoing_messages_count"));
    }
}
