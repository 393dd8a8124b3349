//! The memory of a watch.

use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use hotdash_ops::testing::outcome::window::Window;
use hotdash_ops::testing::rehearsal::postgres::{DATABASE, Native, READER};
use hotdash_ops::testing::rehearsal::standins::fly::Fly;
use hotdash_ops::testing::service::fly::{LogBatch, LogLine};
use hotdash_ops::testing::settings::Traffic;
use hotdash_ops::testing::traffic::logs::{LogReading, LogTexts, MAX_BATCH_LINES};
use hotdash_ops::testing::traffic::window::End;
use jiff::{SignedDuration, Timestamp};

use crate::PER_SECOND;
use crate::table::{Bound, Table};

/// Whose log is read.
const APP: &str = "hotdash-app";

/// The memory of the real program over a window: measured early, in the middle and late.
pub fn of_monitor(server: &Native, table: &mut Table) -> Result<()> {
    let home = tempfile::tempdir()?;
    let bin = home.path().join("bin");
    let fly = Fly::install(&bin, &home.path().join("fly"))?;
    let path = std::env::join_paths([bin, "/usr/bin".into(), "/bin".into()])?;
    let mut child = Command::new(env!("CARGO_BIN_EXE_hotdash-ops"))
        .args(["monitor", "--minutes", "1.2", "--target", "sandbox", "--no-journal", "--quiet"])
        .args([
            "--only",
            "traffic.success-rate",
            "--only",
            "traffic.average",
            "--only",
            "traffic.dead-letters",
            "--only",
            "traffic.no-errors-in-logs",
        ])
        .env_clear()
        .env("HOME", home.path())
        .env("PATH", path)
        .env("FLY_API_TOKEN", "a token of the stand-in")
        .env("DATABASE_URL", server.login(READER, DATABASE))
        .env("HOTDASH_OPS_CONFIG", config(home.path())?)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    // Facts and log lines go on while it watches, so that every tick has its rows.
    let mut sizes = Vec::new();
    for second in 0..70 {
        server.psql(
            DATABASE,
            "insert into dashboard_facts (fact_type, value)
             select 'support.webhook.retry', jsonb_build_object('attempts', 1, 'success', true, 'durationMs', 100 + n)
             from generate_series(1, 40) n",
        )?;
        for n in 0..PER_SECOND {
            fly.log(APP, "info", &format!("webhook {n} of second {second}"), Timestamp::now())?;
        }
        std::thread::sleep(Duration::from_secs(1));
        if [10, 40, 68].contains(&second) {
            sizes.push(resident(child.id()).context("monitor ended before its window")?);
        }
    }
    child.kill().context("monitor cannot be ended")?;
    child.wait()?;
    let (least, most) = (sizes.iter().min().copied().unwrap_or(0), sizes.iter().max().copied().unwrap_or(0));
    let mb = |kb: u64| kb as f64 / 1024.0;
    let shown: Vec<String> = sizes.iter().map(|&kb| format!("{:.1}", mb(kb))).collect();
    table.judge(
        &format!("memory of monitor after 10, 40, 68 s: {} MB; the most", shown.join(", ")),
        mb(most),
        Bound::AtMost(25.0),
    );
    table.judge("the most : the least of these", most as f64 / least.max(1) as f64, Bound::AtMost(1.1));
    Ok(())
}

/// The memory of what is kept of a log over a day, by this process's own: in `monitor` it would take the day.
pub fn of_a_day_of_log(table: &mut Table) -> Result<()> {
    let from = Timestamp::now();
    let end = End::new(Window { from, to: from + SignedDuration::from_hours(24) });
    let apart = SignedDuration::from_secs(1) / i32::try_from(PER_SECOND)?;
    let resident = || resident(std::process::id()).context("this process has no memory");
    let (before, mut early) = (resident()?, None);
    let mut reading = LogReading::new(LogTexts::from(&Traffic::default()));
    // The first line lies at the window's edge, so that the first reading reaches back to it.
    let (mut batch, mut now, mut lines) =
        (LogBatch { lines: Vec::new(), partial: None }, from - apart, 0_u64);
    while now < end.window.to {
        // Each reading has half of its lines from the one before.
        batch.lines.drain(..batch.lines.len().saturating_sub(MAX_BATCH_LINES / 2));
        while batch.lines.len() < MAX_BATCH_LINES {
            now += apart;
            lines += 1;
            let message = format!("webhook {lines} was forwarded");
            batch.lines.push(LogLine::new(Some(now), "info", &message, "e2865013b06789"));
        }
        reading.take(now, end, &batch);
        if early.is_none() && now.duration_since(from) > SignedDuration::from_mins(15) {
            early = Some(resident()?);
        }
    }
    let late = resident()?;
    let judged = reading.judge(from, now);
    ensure!(judged.covered.is_ok() && judged.lines_inside + 1 == lines, "the log was not judged: {judged:?}");
    let grown = |kb: u64| kb.saturating_sub(before) as f64 / 1024.0;
    table.judge(
        &format!(
            "{lines} log lines in 24 h: {:.1} MB after 15 min; at the end",
            grown(early.unwrap_or(before))
        ),
        grown(late),
        Bound::AtMost(4.0),
    );
    Ok(())
}

fn config(home: &std::path::Path) -> Result<std::path::PathBuf> {
    let path = home.join("config.toml");
    std::fs::write(
        &path,
        format!(
            "[targets.sandbox]\nfly_app = \"{APP}\"\n[targets.sandbox.traffic]\ntick = \"1s\"\noverlap = \"20s\"\n"
        ),
    )?;
    Ok(path)
}

/// Resident memory of a process in kB.
fn resident(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?.trim().trim_end_matches(" kB").parse().ok()
}
