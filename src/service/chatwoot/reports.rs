//! How many messages an account had in a stretch of time, as Chatwoot's reports
//! count them: live, from the table of messages. Administrators only.

use serde_json::Value;

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// Customers' messages; templates and activities are in neither count.
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

/// The report over `[since, until)`, both in whole epoch seconds. Newer versions may answer from daily sums
/// unless the report is by the hour.
pub fn count_path(account: u64, counted: Counted, since: i64, until: i64) -> String {
    let metric = counted.metric();
    format!(
        "/api/v2/accounts/{account}/reports?metric={metric}&type=account&since={since}&until={until}&group_by=hour"
    )
}

/// The sum of a report's buckets.
///
/// # Errors
/// When the body is no list of buckets, or an empty one: that is how Chatwoot answers a question without
/// `since` or `until`, while a stretch in which nobody wrote has buckets of 0.
pub fn read_count(body: &Value) -> Result<u64, String> {
    let buckets = body.as_array().ok_or("JSON, but not a report's list of buckets")?;
    if buckets.is_empty() {
        return Err("a report without a bucket, as for a stretch of time that did not arrive".to_owned());
    }
    buckets
        .iter()
        .map(|bucket| bucket.get("value").and_then(whole))
        .try_fold(0_u64, |sum, value| sum.checked_add(value?))
        .ok_or_else(|| "a bucket of the report has no whole number of messages".to_owned())
}

/// A whole number that is not negative, also where it is written as `4.0`.
fn whole(value: &Value) -> Option<u64> {
    const LARGEST: f64 = 9_007_199_254_740_992.0;
    let float = || value.as_f64().filter(|f| f.fract() == 0.0 && (0.0..=LARGEST).contains(f));
    // Within 0 and 2^53 by the filter.
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
    fn what_is_no_report_is_never_a_count() {
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
    fn the_question_is_by_the_hour() {
        assert_eq!(
            count_path(3, Counted::Incoming, 1767254400, 1767265200),
            "/api/v2/accounts/3/reports?metric=incoming_messages_count&type=account&since=1767254400&until=1767265200&group_by=hour"
        );
        assert!(count_path(3, Counted::Outgoing, 1, 2).contains("metric=outgoing_messages_count"));
    }
}
