//! The window of a report and its buckets.
//!
//! Seconds are plain numbers here: milliseconds read as seconds give a year beyond any calendar, for which Chatwoot
//! returns zeros.

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

const DAY: i64 = 86_400;
/// The maximum number of buckets; Chatwoot would time out with more.
const MAX_BUCKETS: i64 = 1_000_000;

/// A half-open window, in seconds since 1970.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Span {
    pub(super) since: i64,
    pub(super) until: i64,
}

impl Span {
    pub(super) fn holds(self, time: Timestamp) -> bool {
        let nanoseconds = time.as_nanosecond();
        let edge = |seconds: i64| i128::from(seconds) * 1_000_000_000;
        edge(self.since) <= nanoseconds && nanoseconds < edge(self.until)
    }

    /// The window of the same length that ends where this one starts.
    pub(super) fn before(self) -> Span {
        let length = self.until.saturating_sub(self.since);
        Span { since: self.since.saturating_sub(length), until: self.since }
    }
}

/// The length of a bucket.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Period {
    Hour,
    Day,
    Week,
    Month,
    Year,
}

impl Period {
    /// The period with that name; a day for an unknown name.
    pub(super) fn named(name: &str) -> Period {
        match name {
            "hour" => Period::Hour,
            "week" => Period::Week,
            "month" => Period::Month,
            "year" => Period::Year,
            _ => Period::Day,
        }
    }

    /// The starts of a window's buckets, in a time zone that is `offset` seconds ahead of UTC. The first can be before
    /// the window. None if there are too many or if they are outside the calendar.
    pub(super) fn edges(self, span: Span, offset: i64) -> Option<Vec<i64>> {
        if span.until <= span.since {
            return Some(Vec::new());
        }
        // Weeks begin on Sunday, and 1970 began on a Thursday.
        let fixed = match self {
            Period::Hour => Some((3_600, 0)),
            Period::Day => Some((DAY, 0)),
            Period::Week => Some((7 * DAY, 3 * DAY)),
            Period::Month | Period::Year => None,
        };
        if let Some((length, shift)) = fixed {
            let local = span.since.checked_add(offset)?;
            let first = local.checked_sub((local.checked_sub(shift)?).rem_euclid(length))? - offset;
            if span.until.checked_sub(first)? / length > MAX_BUCKETS {
                return None;
            }
            let next = |edge: &i64| edge.checked_add(length);
            return Some(
                std::iter::successors(Some(first), next).take_while(|edge| *edge < span.until).collect(),
            );
        }
        let local = Timestamp::from_second(span.since.checked_add(offset)?).ok()?;
        let day = local.to_zoned(TimeZone::UTC).date();
        let (mut start, step) = match self {
            Period::Year => (day.first_of_year(), 1.year()),
            _ => (day.first_of_month(), 1.month()),
        };
        let mut edges = Vec::new();
        loop {
            let edge = start.to_zoned(TimeZone::UTC).ok()?.timestamp().as_second() - offset;
            if edge >= span.until {
                return Some(edges);
            }
            edges.push(edge);
            start = start.checked_add(step).ok()?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Period, Span};

    /// 2026-01-01T00:00:00Z, a Thursday.
    const NEW_YEAR: i64 = 1_767_225_600;

    #[test]
    fn buckets_follow_the_calendar() {
        let span = |since: i64, until: i64| Span { since: NEW_YEAR + since, until: NEW_YEAR + until };
        let edges = |period: Period, span, offset| -> Vec<i64> {
            period.edges(span, offset).expect("edges").iter().map(|edge| edge - NEW_YEAR).collect()
        };
        assert_eq!(edges(Period::Hour, span(1_800, 7_200), 0), [0, 3_600], "the end is excluded");
        assert_eq!(edges(Period::Day, span(10, 86_401), 0), [0, 86_400]);
        assert_eq!(edges(Period::Day, span(10, 20), 3_600), [-3_600], "midnight in a zone an hour ahead");
        assert_eq!(edges(Period::Week, span(0, 1), 0), [-4 * 86_400], "the Sunday before");
        assert_eq!(edges(Period::Month, span(86_400, 32 * 86_400), 0), [0, 31 * 86_400]);
        assert_eq!(edges(Period::Year, span(-1, 1), 0), [-365 * 86_400, 0]);
        assert!(edges(Period::Day, span(5, 5), 0).is_empty());
    }

    #[test]
    fn milliseconds_as_seconds_give_few_or_no_buckets() {
        let far = Span { since: NEW_YEAR * 1_000, until: NEW_YEAR * 1_000 + 3_600_000 };
        assert_eq!(Period::Day.edges(far, 0).map(|edges| edges.len()), Some(42));
        assert_eq!(Period::Hour.edges(Span { since: 0, until: i64::MAX }, 0), None);
        assert_eq!(Period::Month.edges(far, 0), None);
    }

    #[test]
    fn windows_are_half_open_to_the_microsecond() {
        let span = Span { since: 10, until: 20 };
        let at = |text: &str| span.holds(text.parse().expect("a time"));
        assert!(at("1970-01-01T00:00:10Z") && at("1970-01-01T00:00:19.999999Z"));
        assert!(!at("1970-01-01T00:00:09.999999Z") && !at("1970-01-01T00:00:20Z"));
        assert_eq!(span.before(), Span { since: 0, until: 10 });
    }
}
