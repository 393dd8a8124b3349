//! The statements that read facts, as text: for either generation of the table
//! (`timestamptz`, or Prisma's `timestamp` without zone, which is UTC) and with the
//! names of this database. No value stands in them but times, and nothing in a fact
//! is cast without a guard, except in the checklist's own statement.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::window::Window;
use crate::service::postgres::{quote_ident, quote_literal, quote_name};
use crate::settings::Names;

/// The facts of deliveries.
pub const RETRY: &str = "support.webhook.retry";
/// The facts of dead letters.
pub const DEAD_LETTER: &str = "support.webhook.dead_letter";

/// The type of the column that says when a fact was recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stamp {
    /// `timestamptz`.
    Zoned,
    /// `timestamp` without zone, read as UTC. It is compared with times of its own type, so that its index serves.
    Plain,
}

/// What answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Engine {
    Postgres,
    /// It knows neither `jit` nor recovery.
    Cockroach,
}

/// Where facts are read from.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    pub names: Names,
    pub(super) stamp: Stamp,
    pub(super) engine: Engine,
}

/// The setting in which a transaction keeps up to when everything can have been seen.
const EDGE: &str = "hotdash_ops.visible_to";

/// How long each text may be that leaves the server. Those that are told are cut again when secrets are masked in
/// them, and only then: what is left of a secret at a cut is recognised by nobody.
const MS: usize = 12;
const ATTEMPTS: usize = 4;
const STATUS: usize = 400;
const ERROR: usize = 2000;

impl Source {
    /// The facts of these names on a PostgreSQL, dated with their zone.
    pub fn usual(names: &Names) -> Source {
        Source { names: names.clone(), stamp: Stamp::Zoned, engine: Engine::Postgres }
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

    /// A time of the column's own type.
    fn time(&self, at: Timestamp) -> String {
        let text = quote_literal(&written(at));
        match self.stamp {
            Stamp::Zoned => format!("TIMESTAMPTZ {text}"),
            Stamp::Plain => format!("TIMESTAMP {text}"),
        }
    }

    /// A moment of the database's clock in the column's own type.
    fn of_its_type(&self, moment: &str) -> String {
        match self.stamp {
            Stamp::Zoned => moment.to_owned(),
            Stamp::Plain => format!("({moment} AT TIME ZONE 'UTC')"),
        }
    }

    fn now(&self) -> String {
        self.of_its_type("now()")
    }

    /// `at > from AND at <= to`: the window's own edges.
    fn within(&self, window: Window) -> String {
        let at = self.at();
        format!("{at} > {} AND {at} <= {}", self.time(window.from), self.time(window.to))
    }

    fn of(&self, kind: &str) -> String {
        format!("{} = {}", self.kind(), quote_literal(kind))
    }

    fn of_both(&self) -> String {
        format!("{} IN ({}, {})", self.kind(), quote_literal(RETRY), quote_literal(DEAD_LETTER))
    }

    /// 0 delivered, 1 failed, 2 dead letter. Delivered is exactly the text `true`, as the checklist says.
    fn sort(&self) -> String {
        format!(
            "CASE WHEN {} THEN CASE WHEN {}->>'success' = 'true' THEN 0 ELSE 1 END ELSE 2 END",
            self.of(RETRY),
            self.value()
        )
    }

    /// Whole milliseconds as text, for [`super::counts`] to parse.
    fn ms(&self) -> String {
        format!("left(split_part({}->>'durationMs', '.', 1), {MS})", self.value())
    }

    fn attempts(&self) -> String {
        format!("left({}->>'attempts', {ATTEMPTS})", self.value())
    }

    /// The database's clock, and on a standby up to when it has replayed; a standby that does not know is as
    /// old as can be.
    pub(super) fn clock(&self) -> String {
        match self.engine {
            Engine::Postgres => "SELECT now()::text AS now, CASE WHEN pg_is_in_recovery() \
                 THEN coalesce(pg_last_xact_replay_timestamp(), TIMESTAMPTZ 'epoch') END::text AS replayed_to"
                .to_owned(),
            Engine::Cockroach => "SELECT now()::text AS now, NULL::text AS replayed_to".to_owned(),
        }
    }

    /// The first statement of a tick: its clock, and up to when everything can have been seen. What a standby has
    /// replayed moves on from one statement to the next, so that it is asked once and left in the transaction
    /// for [`Source::tick`].
    pub(super) fn edge(&self) -> String {
        match self.engine {
            Engine::Postgres => format!(
                "SELECT now()::text AS now, set_config('{EDGE}', (CASE WHEN pg_is_in_recovery() \
                 THEN LEAST(now(), coalesce(pg_last_xact_replay_timestamp(), TIMESTAMPTZ 'epoch')) \
                 ELSE now() END)::text, true) AS visible"
            ),
            Engine::Cockroach => "SELECT now()::text AS now, now()::text AS visible".to_owned(),
        }
    }

    /// One tick: the facts in `[seal, least(now, to))`, grouped. Those that are older than the overlap are sealed.
    pub(super) fn tick(&self, seal: Timestamp, to: Timestamp, overlap: Duration) -> String {
        let (at, to) = (self.at(), self.time(to));
        let visible = match self.engine {
            // A query of its own is asked once, and not for every row.
            Engine::Postgres => format!("(SELECT current_setting('{EDGE}')::timestamptz)"),
            Engine::Cockroach => "now()".to_owned(),
        };
        format!(
            "SELECT {at} < LEAST({}, {to}) - interval '{} microseconds' AS sealed, {} AS kind, {} AS ms, \
             count(*) AS n FROM {} WHERE {} AND {at} >= {} AND {at} < LEAST({}, {to}) GROUP BY 1, 2, 3",
            self.of_its_type(&visible),
            overlap.as_micros(),
            self.sort(),
            self.ms(),
            self.table(),
            self.of_both(),
            self.time(seal),
            self.now(),
        )
    }

    /// What the checklist selects.
    fn checklist(&self) -> String {
        let value = self.value();
        format!(
            "ROUND(100.0 * SUM(CASE WHEN {value}->>'success' = 'true' THEN 1 ELSE 0 END) / COUNT(*), 2) AS success_rate, \
             COUNT(*) AS total, AVG(({value}->>'durationMs')::numeric) AS avg_duration_ms"
        )
    }

    /// The parts of its quotients.
    fn parts(&self) -> String {
        let value = self.value();
        format!(
            "SUM(CASE WHEN {value}->>'success' = 'true' THEN 1 ELSE 0 END) AS ok, \
             SUM(({value}->>'durationMs')::numeric) AS sum_ms, COUNT({value}->>'durationMs') AS timed"
        )
    }

    /// The checklist's own statement, only bounded.
    pub(super) fn letter(&self, window: Window) -> String {
        format!(
            "SELECT {}, {} FROM {} WHERE {} AND {}",
            self.checklist(),
            self.parts(),
            self.table(),
            self.of(RETRY),
            self.within(window)
        )
    }

    /// The same where a duration makes the checklist's own fail: what is no plain number is counted and not
    /// averaged. A JSON number is one unless it is absurdly long, so that no sum of them overflows.
    /// `OFFSET 0` keeps the planner from asking the pattern again for every use of the duration.
    pub(super) fn guarded(&self, window: Window) -> String {
        let value = self.value();
        format!(
            "SELECT ROUND(100.0 * SUM(good) / COUNT(*), 2) AS success_rate, COUNT(*) AS total, \
             AVG(ms) AS avg_duration_ms, SUM(good) AS ok, SUM(ms) AS sum_ms, COUNT(ms) AS timed, \
             COUNT(d) - COUNT(ms) AS unreadable \
             FROM (SELECT good, d, CASE WHEN (num AND length(d) <= 400) \
                     OR d ~ '^[+-]?([0-9]{{1,15}}([.][0-9]{{0,20}})?|[.][0-9]{{1,20}})$' THEN d::numeric END AS ms \
                   FROM (SELECT CASE WHEN {value}->>'success' = 'true' THEN 1 ELSE 0 END AS good, \
                                trim({value}->>'durationMs') AS d, \
                                jsonb_typeof(({value}->'durationMs')::jsonb) = 'number' AS num \
                         FROM {} WHERE {} AND {} OFFSET 0) AS a OFFSET 0) AS b",
            self.table(),
            self.of(RETRY),
            self.within(window)
        )
    }

    /// Dead letters in the window, and facts dated after the database's clock.
    pub(super) fn dead_and_future(&self, window: Window) -> String {
        let (table, at) = (self.table(), self.at());
        format!(
            "SELECT (SELECT COUNT(*) FROM {table} WHERE {} AND {}) AS dlq_count, \
             (SELECT COUNT(*) FROM {table} WHERE {} AND {at} > {}) AS future",
            self.of(DEAD_LETTER),
            self.within(window),
            self.of_both(),
            self.now()
        )
    }

    /// The tick's statement over the whole window, with what only the last word asks: attempts, and of
    /// failures their bin and status (`12=503`, or `12` without one) in one column, so that what a failure is
    /// is asked once more and not three times.
    pub(super) fn pass(&self, window: Window, bins: Option<Bins>) -> String {
        let value = self.value();
        let bin = bins.map_or("0".to_owned(), |bins| self.bin(window, bins));
        format!(
            "SELECT {} AS kind, {} AS ms, {} AS attempts, \
             CASE WHEN {} AND ({value}->>'success' = 'true') IS NOT TRUE \
             THEN concat({bin}, '=' || left({value}->>'finalStatus', {STATUS})) END AS failure, \
             count(*) AS n FROM {} WHERE {} AND {} GROUP BY 1, 2, 3, 4",
            self.sort(),
            self.ms(),
            self.attempts(),
            self.of(RETRY),
            self.table(),
            self.of_both(),
            self.within(window)
        )
    }

    /// Deliveries by bin. It reads nothing of a fact but its time, so that an index can answer it alone.
    pub(super) fn totals(&self, window: Window, bins: Bins) -> String {
        format!(
            "SELECT {} AS bin, count(*) AS n FROM {} WHERE {} AND {} GROUP BY 1",
            self.bin(window, bins),
            self.table(),
            self.of(RETRY),
            self.within(window)
        )
    }

    /// Which of the equal bins `(from + i*w, from + (i+1)*w]` a fact is in: exact, in whole microseconds.
    fn bin(&self, window: Window, bins: Bins) -> String {
        let since = format!("{} - {}", self.at(), self.time(window.from));
        let Bins { count, micros } = bins;
        format!("((date_part('epoch', {since}) * 1000000)::bigint * {count} + {}) / {micros} - 1", micros - 1)
    }

    /// Dead letters by their error.
    pub(super) fn errors(&self, window: Window) -> String {
        format!(
            "SELECT left({}->>'lastError', {ERROR}) AS error, count(*) AS n FROM {} WHERE {} AND {} \
             GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 1000",
            self.value(),
            self.table(),
            self.of(DEAD_LETTER),
            self.within(window)
        )
    }

    /// The messages of dead letters: the id and nothing else, and only where it is a number.
    pub(super) fn messages(&self, window: Window) -> String {
        let value = self.value();
        format!(
            "SELECT DISTINCT {value}->'payload'->>'id' AS id FROM {} WHERE {} AND {} \
             AND {value}->'payload'->>'event' = 'message_created' AND {value}->'payload'->>'id' ~ '^[0-9]{{1,18}}$'",
            self.table(),
            self.of(DEAD_LETTER),
            self.within(window)
        )
    }

    /// Deliveries of a stretch, and how many failed.
    pub(super) fn stretch(&self, window: Window) -> String {
        format!(
            "SELECT COUNT(*) AS total, COUNT(*) - COALESCE(SUM(CASE WHEN {}->>'success' = 'true' THEN 1 ELSE 0 END), 0) AS bad \
             FROM {} WHERE {} AND {}",
            self.value(),
            self.table(),
            self.of(RETRY),
            self.within(window)
        )
    }

    /// What a tier asks of its window, grouped.
    pub(super) fn tier(&self, window: Window) -> String {
        format!(
            "SELECT {} AS kind, {} AS attempts, count(*) AS n FROM {} WHERE {} AND {} GROUP BY 1, 2",
            self.sort(),
            self.attempts(),
            self.table(),
            self.of_both(),
            self.within(window)
        )
    }

    /// Deliveries up to now.
    pub(super) fn recent(&self, over: Duration) -> String {
        let (at, now) = (self.at(), self.now());
        format!(
            "SELECT COUNT(*) AS total FROM {} WHERE {} AND {at} > {now} - interval '{} microseconds' AND {at} <= {now}",
            self.table(),
            self.of(RETRY),
            over.as_micros()
        )
    }
}

/// Equal parts of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bins {
    pub(super) count: i64,
    /// The whole window's length in microseconds.
    pub(super) micros: i64,
}

impl Bins {
    /// `None` where there is nothing to divide.
    pub(super) fn of(window: Window, count: usize) -> Option<Bins> {
        let micros = i64::try_from(window.length().as_micros()).ok().filter(|m| *m > 0)?;
        let count = i64::try_from(count).ok().filter(|c| *c > 0 && micros.checked_mul(*c).is_some())?;
        Some(Bins { count, micros })
    }

    /// When a bin begins, which is not in it itself; `None` when that is no time.
    pub(super) fn begin(self, window: Window, at: i64) -> Option<Timestamp> {
        let since = i128::from(self.micros) * i128::from(at) / i128::from(self.count.max(1));
        window.from.checked_add(SignedDuration::from_micros(i64::try_from(since).ok()?)).ok()
    }
}

/// A time as PostgreSQL reads it in either type: in UTC. A column without zone ignores the `Z`.
fn written(at: Timestamp) -> String {
    whole_micros(at).to_string()
}

/// What PostgreSQL keeps of a time: whole microseconds, and no year before the first.
pub(super) fn whole_micros(at: Timestamp) -> Timestamp {
    let earliest = Timestamp::constant(-62_135_596_800, 0);
    Timestamp::from_microsecond(at.max(earliest).as_microsecond()).unwrap_or(earliest)
}

/// What a person would ask of the last minutes to see the same numbers: the checklist's statement, dead letters,
/// and where failures lie. A session elsewhere would read a column without zone by its own clock.
pub fn explain(names: &Names, minutes: f64) -> Vec<String> {
    let source = Source::usual(names);
    let (at, value, table) = (source.at(), source.value(), source.table());
    let window = format!("{at} > now() - interval '{minutes} minutes' AND {at} <= now()");
    let asked = |list: &str, kind: &str, more: &str| {
        format!(
            "SET LOCAL TimeZone = 'UTC'; SELECT {list} FROM {table} WHERE {} AND {window}{more}",
            source.of(kind)
        )
    };
    let letter = format!("{}, {}", source.checklist(), source.parts());
    vec![
        asked(&letter, RETRY, ""),
        asked("COUNT(*) AS dlq_count", DEAD_LETTER, ""),
        asked(
            &format!("{value}->>'finalStatus' AS status, COUNT(*) AS failures"),
            RETRY,
            &format!(" AND ({value}->>'success' = 'true') IS NOT TRUE GROUP BY 1 ORDER BY 2 DESC"),
        ),
        asked(
            &format!("left({value}->>'lastError', {ERROR}) AS error, COUNT(*) AS dead_letters"),
            DEAD_LETTER,
            " GROUP BY 1 ORDER BY 2 DESC",
        ),
    ]
}
