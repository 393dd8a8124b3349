//! Facts read from a real PostgreSQL, compared with what `psql` prints.

mod customers;
mod generated;
mod late;
mod nasty;
mod sight;
mod tables;
mod watch;

use std::process::{Command, Stdio};
use std::time::Duration;

use hotdash_ops::testing::outcome::window::Window;
use hotdash_ops::testing::service::dsn::Dsn;
use hotdash_ops::testing::service::marker::MarkerSink;
use hotdash_ops::testing::service::postgres::{PgError, Session, connect};
use hotdash_ops::testing::service::tls::Roots;
use hotdash_ops::testing::settings::Names;
use hotdash_ops::testing::traffic::read;
use hotdash_ops::testing::traffic::sql::Source;
use hotdash_ops::testing::traffic::window::WindowData;
use jiff::{SignedDuration, Timestamp};

use crate::support::server;

/// A session that may take as long as the final query.
async fn open(dsn: &str) -> Session {
    let dsn = Dsn::parse(dsn).expect("a connection string");
    connect(&dsn, &Roots::none(), &MarkerSink::default(), Duration::from_secs(70)).await.expect("it connects")
}

/// A session in a new database changed by `sql`, and what is known of its tables.
async fn spoiled(role: &str, database: &str, sql: &str, names: &Names) -> (Session, read::TableInfo) {
    server().copy(database, sql).expect("a copy of the good database");
    let session = open(&server().login(role, database)).await;
    let info = read::table_info(&session, names).await.expect("the table");
    (session, info)
}

/// The names of the generation that Prisma made.
fn prisma() -> Names {
    Names {
        facts: "DashboardFact".to_owned(),
        fact_type: "factType".to_owned(),
        recorded_at: "createdAt".to_owned(),
        ..Names::default()
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

/// The last minutes up to then.
fn minutes(minutes: i64, to: Timestamp) -> Window {
    Window { from: to - SignedDuration::from_mins(minutes), to }
}

async fn window_data(session: &Session, source: &Source, window: Window) -> WindowData {
    read::window_data(session, source, window, 15).await.expect("an answer")
}

/// What `psql` prints under UTC, as a person would run it: unaligned, and it continues after an error.
fn psql(dsn: &str, script: &str) -> String {
    let mut file = tempfile::tempfile().expect("a temporary file");
    std::io::Write::write_all(&mut file, script.as_bytes()).expect("it is written");
    std::io::Seek::rewind(&mut file).expect("it is rewound");
    let output = Command::new("psql")
        .args(["-XqAt", "-F", "|", "-P", "null=NULL", dsn])
        .env("PGTZ", "UTC")
        .stdin(Stdio::from(file))
        .output()
        .expect("psql runs");
    String::from_utf8(output.stdout).expect("text").trim_end().to_owned()
}

/// The statements of the checklist for `(from, to]`, as written there except for the bounds: rate, total and
/// average, then dead letters.
fn checklist(names: &Names, window: Window) -> [String; 2] {
    let Names { facts, fact_type, value, recorded_at, .. } = names;
    let Window { from, to } = window;
    let bounds = format!("\"{recorded_at}\" > '{from}' AND \"{recorded_at}\" <= '{to}'");
    [
        format!(
            "SELECT
  ROUND(100.0 * SUM(CASE WHEN \"{value}\"->>'success' = 'true' THEN 1 ELSE 0 END) / COUNT(*), 2) as success_rate,
  COUNT(*) as total,
  AVG((\"{value}\"->>'durationMs')::numeric) as avg_duration_ms
FROM \"{facts}\"
WHERE \"{fact_type}\" = 'support.webhook.retry'
  AND {bounds};"
        ),
        format!(
            "SELECT COUNT(*) as dlq_count
FROM \"{facts}\"
WHERE \"{fact_type}\" = 'support.webhook.dead_letter'
  AND {bounds};"
        ),
    ]
}

/// [`WindowData`] in the form of psql's lines.
fn report_of(data: &WindowData) -> String {
    let or_null = |text: &Option<String>| text.clone().unwrap_or_else(|| "NULL".to_owned());

    let (rate, average) = (or_null(&data.success_rate), or_null(&data.durations.average_ms));
    format!("{rate}|{}|{average}\n{}", data.tally.total(), data.tally.dead_letters)
}

/// The SQLSTATE and the text of an error.
fn refusal<T: std::fmt::Debug>(answer: Result<T, PgError>) -> (String, String) {
    let fault = answer.expect_err("a refusal");
    (fault.sqlstate().unwrap_or_default().to_owned(), fault.to_string())
}
