//! The statements that read facts, as text, for both versions of the table (`timestamptz`, or Prisma's `timestamp`
//! without zone, which is UTC) and with the names of this database. Times are the only values in them, and nothing in a
//! fact is cast without a guard, except in the checklist's own statement.

mod by_hand;
#[cfg(test)]
mod tests;
mod window;

use std::time::Duration;

use jiff::Timestamp;

use crate::outcome::window::Window;
use crate::service::postgres::{quote_ident, quote_literal, quote_name};
use crate::settings::Names;

pub use by_hand::explain;
pub(super) use window::Bins;

/// The `fact_type` of deliveries.
pub const RETRY: &str = "support.webhook.retry";
/// The `fact_type` of dead letters.
pub const DEAD_LETTER: &str = "support.webhook.dead_letter";

/// The type of the column with the time of a fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stamp {
    /// `timestamptz`.
    Zoned,
    /// `timestamp` without zone, read as UTC. Compared with times of its own type, so that its index can be used.
    Plain,
}

/// Where facts are read from.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    pub names: Names,
    pub(super) stamp: Stamp,
}

/// Maximum lengths of the texts that leave the server. Texts that are shown are truncated further only after secrets are
/// masked in them: a truncated secret would not be recognised. Values that are read from every fact are truncated by a
/// cast, which is faster because it checks the length before it counts characters.
pub(super) const MAX_MS_CHARS: usize = 12;
const MAX_ATTEMPTS_CHARS: usize = 4;
const MAX_STATUS_CHARS: usize = 400;
const MAX_ERROR_CHARS: usize = 2000;

/// Added to the kind of a sealed fact.
pub(super) const SEALED: u64 = 4;

/// The database's clock, and on a standby the time up to which it has replayed: the epoch if it does not know.
pub(super) const CLOCK: &str = "SELECT now()::text AS now, CASE WHEN pg_is_in_recovery() \
     THEN coalesce(pg_last_xact_replay_timestamp(), TIMESTAMPTZ 'epoch') END::text AS replayed_to";

/// Settings for short statements: compiling them takes longer than running them, and the planner expects only a handful
/// of recent facts and would sort them, although hashing is cheaper.
pub(super) const SHORT: &[&str] = &["SET LOCAL jit = off", "SET LOCAL enable_sort = off"];

impl Source {
    /// Facts with these names, with `timestamptz`.
    pub fn new(names: &Names) -> Source {
        Source { names: names.clone(), stamp: Stamp::Zoned }
    }

    fn table(&self) -> String {
        quote_name(&self.names.facts)
    }

    fn kind(&self) -> String {
        quote_ident(&self.names.fact_type)
    }

    fn at(&self) -> String {
        quote_ident(&self.names.recorded_at)
    }

    fn value(&self) -> String {
        quote_ident(&self.names.value)
    }

    /// A literal of the column's own type.
    fn time(&self, at: Timestamp) -> String {
        let text = quote_literal(&written(at));
        match self.stamp {
            Stamp::Zoned => format!("TIMESTAMPTZ {text}"),
            Stamp::Plain => format!("TIMESTAMP {text}"),
        }
    }

    /// An expression of the database's clock in the column's own type.
    fn in_column_type(&self, moment: &str) -> String {
        match self.stamp {
            Stamp::Zoned => moment.to_owned(),
            Stamp::Plain => format!("({moment} AT TIME ZONE 'UTC')"),
        }
    }

    fn now(&self) -> String {
        self.in_column_type("now()")
    }

    /// `at > from AND at <= to`: the window excludes its start and includes its end.
    fn within(&self, window: Window) -> String {
        let at = self.at();
        format!("{at} > {} AND {at} <= {}", self.time(window.from), self.time(window.to))
    }

    fn is_kind(&self, kind: &str) -> String {
        format!("{} = {}", self.kind(), quote_literal(kind))
    }

    fn is_either_kind(&self) -> String {
        format!("{} IN ({}, {})", self.kind(), quote_literal(RETRY), quote_literal(DEAD_LETTER))
    }

    /// 0 delivered, 1 failed, 2 dead letter. Delivered is exactly the text `true`, as in the checklist.
    fn kind_number(&self) -> String {
        format!(
            "CASE WHEN {} THEN CASE WHEN {}->>'success' = 'true' THEN 0 ELSE 1 END ELSE 2 END",
            self.is_kind(RETRY),
            self.value()
        )
    }

    /// Milliseconds as text, for [`super::read`] to parse.
    fn ms(&self) -> String {
        format!("({}->>'durationMs')::varchar({MAX_MS_CHARS})", self.value())
    }

    fn attempts(&self) -> String {
        format!("({}->>'attempts')::varchar({MAX_ATTEMPTS_CHARS})", self.value())
    }

    /// The facts in `[from, least(now, to))`, grouped.
    pub(super) fn fresh(&self, from: Timestamp, to: Timestamp) -> String {
        let upper = format!("LEAST({}, {})", self.now(), self.time(to));
        self.grouped(&self.kind_number(), from, &upper)
    }

    /// The facts in `[seal, to)`, grouped. For those before `sealed`, [`SEALED`] is added to the kind, because another
    /// column to group by would be slower.
    pub(super) fn tail(&self, seal: Timestamp, to: Timestamp, sealed: Timestamp) -> String {
        let old = format!("CASE WHEN {} < {} THEN {SEALED} ELSE 0 END", self.at(), self.time(sealed));
        self.grouped(&format!("{} + {old}", self.kind_number()), seal, &self.time(to))
    }

    /// The number of facts in `[from, to)`.
    pub(super) fn facts(&self, from: Timestamp, to: Timestamp) -> String {
        let at = self.at();
        format!(
            "SELECT count(*) AS n FROM {} WHERE {} AND {at} >= {} AND {at} < {}",
            self.table(),
            self.is_either_kind(),
            self.time(from),
            self.time(to)
        )
    }

    fn grouped(&self, kind: &str, from: Timestamp, upper: &str) -> String {
        let at = self.at();
        // Comparing digits needs no language-specific collation, and some of those are slower.
        format!(
            "SELECT {kind} AS kind, {} COLLATE \"C\" AS ms, count(*) AS n FROM {} \
             WHERE {} AND {at} >= {} AND {at} < {upper} GROUP BY 1, 2",
            self.ms(),
            self.table(),
            self.is_either_kind(),
            self.time(from),
        )
    }

    /// Deliveries of a period, and how many failed.
    pub(super) fn period(&self, window: Window) -> String {
        format!(
            "SELECT COUNT(*) AS total, COUNT(*) - COALESCE(SUM(CASE WHEN {}->>'success' = 'true' THEN 1 ELSE 0 END), 0) AS bad \
             FROM {} WHERE {} AND {}",
            self.value(),
            self.table(),
            self.is_kind(RETRY),
            self.within(window)
        )
    }

    /// The facts of an alert level's window, grouped.
    pub(super) fn tier(&self, window: Window) -> String {
        format!(
            "SELECT {} AS kind, {} AS attempts, count(*) AS n FROM {} WHERE {} AND {} GROUP BY 1, 2",
            self.kind_number(),
            self.attempts(),
            self.table(),
            self.is_either_kind(),
            self.within(window)
        )
    }

    /// The number of recent deliveries, up to now.
    pub(super) fn recent(&self, over: Duration) -> String {
        let (at, now) = (self.at(), self.now());
        format!(
            "SELECT COUNT(*) AS total FROM {} WHERE {} AND {at} > {now} - interval '{} microseconds' AND {at} <= {now}",
            self.table(),
            self.is_kind(RETRY),
            over.as_micros()
        )
    }
}

/// A time in UTC, as PostgreSQL reads it in both types. A column without zone ignores the `Z`.
fn written(at: Timestamp) -> String {
    whole_micros(at).to_string()
}

/// A time as PostgreSQL can store it: in whole microseconds, and not before year 1.
pub(super) fn whole_micros(at: Timestamp) -> Timestamp {
    let earliest = Timestamp::constant(-62_135_596_800, 0);
    Timestamp::from_microsecond(at.max(earliest).as_microsecond()).unwrap_or(earliest)
}
