//! `baseline`: recording and comparing are runs of checks; `list`, `show` and `--dry-run`
//! only read and print.

use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};
use comfy_table::presets::NOTHING;
use comfy_table::{ContentArrangement, Table};
use serde_json::{Value, json};

use crate::cli::ListFormat;
use crate::exit::Exit;
use crate::printer::{self, Printer};
use crate::redact::Redactor;
use crate::service::dsn::Dsn;
use crate::service::marker::MarkerSink;
use crate::service::postgres::{Session, connect};
use crate::service::tls::Roots;
use crate::settings::{Settings, Traffic};
use crate::traffic::baseline::quality::BaselineQuality;
use crate::traffic::baseline::row::{Row, captured_at};
use crate::traffic::baseline::{Recorded, TABLE, recorded, sql};

/// The time limit for reading the table.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Prints the SQL statements and runs none.
///
/// # Errors
/// Stdout that cannot be written.
pub fn dry_run(settings: &Settings, printer: &mut Printer) -> Result<Exit> {
    let dsn = settings.vars.filled("DATABASE_URL").and_then(|text| Dsn::parse(text.trim()).ok());
    let schema = dsn.and_then(|dsn| dsn.schema);
    let text = format!(
        "-- Nothing was written. `hotdash-ops baseline` reads and judges the numbers first, then inserts them. It\n\
         -- creates {TABLE} only if no such table is in the search path. If an existing table has no column\n\
         -- `details`, only the other columns are written. An existing row of the same minute is kept.\n{}",
        sql::by_hand(&settings.target.names, schema.as_deref())
    );
    let _ = printer.data(&text)?;
    Ok(Exit::Ready)
}

/// Lists the recorded baselines, newest first.
///
/// # Errors
/// No connection string, a sandbox's database behind a real target, stdout that cannot be written.
pub fn list(settings: &Settings, format: ListFormat, printer: &mut Printer) -> Result<Exit> {
    let recorded = match read(settings)? {
        Ok(recorded) => recorded,
        Err(why) => return Ok(unread(settings, &why, printer)),
    };
    let rules = &settings.target.traffic;
    let text = match format {
        ListFormat::Json => {
            document(json!(recorded.rows.iter().map(|r| value(r, rules)).collect::<Vec<_>>()))
        }
        ListFormat::Table if recorded.rows.is_empty() => String::new(),
        ListFormat::Table => table(&recorded.rows, rules),
    };
    if recorded.rows.is_empty() {
        printer.note("no baseline has been recorded yet; `hotdash-ops baseline` records one");
    }
    let _ = printer.data(&clean(settings, &text))?;
    Ok(Exit::Ready)
}

/// Shows one baseline: the newest, or the one captured at `wanted`.
///
/// # Errors
/// As [`list`], and a time at which no baseline, or more than one, was captured.
pub fn show(
    settings: &Settings,
    wanted: Option<&str>,
    format: ListFormat,
    printer: &mut Printer,
) -> Result<Exit> {
    let recorded = match read(settings)? {
        Ok(recorded) => recorded,
        Err(why) => return Ok(unread(settings, &why, printer)),
    };
    let row = match wanted {
        Some(wanted) => captured_at(&recorded.rows, wanted)
            .map_err(|why| anyhow!("{why} (see `hotdash-ops baseline list`)"))?,
        None => match recorded.rows.iter().find(|r| r.captured_at().is_some()).or(recorded.rows.first()) {
            Some(row) => row,
            None => {
                let why = "no baseline has been recorded yet; `hotdash-ops baseline` records one";
                return Ok(unread(settings, why, printer));
            }
        },
    };
    let rules = &settings.target.traffic;
    let text = match format {
        ListFormat::Json => document(json!([value(row, rules)])),
        ListFormat::Table => lines(row, rules),
    };
    let _ = printer.data(&clean(settings, &text))?;
    Ok(Exit::Ready)
}

/// Reports that the table could not be read: exit 3.
fn unread(settings: &Settings, why: &str, printer: &mut Printer) -> Exit {
    printer.error(&clean(settings, &format!("error: {why}")));
    Exit::Undecided
}

fn clean(settings: &Settings, text: &str) -> String {
    let secrets = crate::settings::secret_values(&settings.vars);
    Redactor::new(secrets.iter().map(String::as_str)).apply(text).into_owned()
}

/// The rows, or why they could not be read.
fn read(settings: &Settings) -> Result<Result<Recorded, String>> {
    let Some(url) = settings.vars.filled("DATABASE_URL") else { bail!("DATABASE_URL is not set") };
    let dsn = Dsn::parse(url.trim()).map_err(|fault| anyhow!("DATABASE_URL {fault}"))?;
    let roots = Roots::load(settings.ca_file.as_deref())?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("the runtime cannot start")?;
    let answer = runtime.block_on(async {
        let marker = MarkerSink::default();
        let session = match connect(&dsn, &roots, &marker, TIMEOUT).await {
            Ok(session) => session,
            Err(fault) => return Ok(Err(format!("DATABASE_URL: {fault}"))),
        };
        let answer = rows(settings, &session, &marker).await;
        session.close().await;
        answer
    });
    // A name look-up that hangs in the system's resolver must not delay the end.
    runtime.shutdown_timeout(Duration::from_millis(200));
    answer
}

async fn rows(
    settings: &Settings,
    session: &Session,
    marker: &MarkerSink,
) -> Result<Result<Recorded, String>> {
    if marker.seen() && !settings.target.is_sandbox() {
        bail!(
            "DATABASE_URL points to a sandbox's database, but the target is {}; correct DATABASE_URL, or use --target sandbox",
            settings.target.name
        );
    }
    Ok(match recorded(session).await {
        Ok(Ok(recorded)) => Ok(recorded),
        Ok(Err(unfit)) => Err(format!("{}; {}", unfit.reason(), unfit.fix)),
        Err(fault) => Err(fault.to_string()),
    })
}

fn document(baselines: Value) -> String {
    format!("{:#}\n", json!({ "schema": "hotdash-ops.baselines/1", "baselines": baselines }))
}

fn value(row: &Row, rules: &Traffic) -> Value {
    let quality = BaselineQuality::from_row(row, rules);
    json!({
        "captured_at": row.captured.as_ref().map(|_| row.name()),
        "success_rate": row.success_rate.json(),
        "avg_response_ms": row.avg_response_ms.json(),
        "requests_per_minute": row.requests_per_minute.json(),
        "daily_dlq_count": row.daily_dlq_count.json(),
        "standing": quality.word(),
        "why": quality.why(),
        "details": row.details,
    })
}

fn table(rows: &[Row], rules: &Traffic) -> String {
    let mut table = Table::new();
    table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(printer::width().unwrap_or(160));
    table.set_header([
        "captured_at",
        "success_rate",
        "avg_response_ms",
        "requests_per_minute",
        "daily_dlq_count",
        "standing",
    ]);
    for row in rows {
        table.add_row([
            &*row.name(),
            row.success_rate.shown(),
            row.avg_response_ms.shown(),
            row.requests_per_minute.shown(),
            row.daily_dlq_count.shown(),
            BaselineQuality::from_row(row, rules).word(),
        ]);
    }
    format!("{}\n", table.trim_fmt())
}

fn lines(row: &Row, rules: &Traffic) -> String {
    let quality = BaselineQuality::from_row(row, rules);
    let mut lines = vec![
        ("captured_at", row.name()),
        ("success_rate", row.success_rate.shown().to_owned()),
        ("avg_response_ms", row.avg_response_ms.shown().to_owned()),
        ("requests_per_minute", row.requests_per_minute.shown().to_owned()),
        ("daily_dlq_count", row.daily_dlq_count.shown().to_owned()),
        ("standing", quality.word().to_owned()),
    ];
    if !quality.why().is_empty() {
        lines.push(("why", quality.why()));
    }
    match &row.details {
        Some(d) => {
            lines.push(("window", format!("{} to {}", d.from, d.to)));
            lines.push(("deliveries", format!("{} of {} succeeded, {} timed", d.ok, d.total, d.timed)));
            lines.push(("dead letters", format!("{} in the hour", d.dead_letters)));
        }
        None => lines.push(("counts", "not stored: compared by tolerance only".to_owned())),
    }
    lines.into_iter().map(|(name, value)| format!("{name:<20} {value}\n")).collect()
}
