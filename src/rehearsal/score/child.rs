//! Runs the program's binary once, and makes sure that it ends.

use std::collections::BTreeMap;
use std::fmt;
use std::os::fd::AsFd;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use tokio::io::AsyncReadExt;
use tokio::process::{Child, Command};

use super::fault_run::{Run, RunOptions, arguments};
use super::run_result::RunResult;
use crate::rehearsal::faults::Fault;

/// A run that takes longer is treated as one that does not end.
const RUN_TIMEOUT: Duration = Duration::from_secs(180);
/// How long a run has to exit after SIGTERM.
const EXIT_TIMEOUT: Duration = Duration::from_secs(8);

/// Where a run's output goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// Its json report is captured for the score.
    Json,
    /// Its table goes to stderr, because our stdout has other data.
    Terminal,
}

/// A finished run.
#[derive(Clone, Debug)]
pub struct Finished {
    named: String,
    /// The exit code.
    pub code: i32,
    stdout: String,
    stderr: String,
    /// The secrets in its output, by variable.
    leaks: Vec<String>,
}

impl Finished {
    /// The result of the run.
    ///
    /// # Errors
    /// A run without a report.
    pub fn result(&self) -> Result<RunResult> {
        let result = RunResult::read(self.code, &self.stdout).with_context(|| self.to_string())?;
        Ok(RunResult { leaks: self.leaks.clone(), ..result })
    }
}

impl fmt::Display for Finished {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, exit {}: {}", self.named, self.code, self.stderr.trim())
    }
}

/// Runs a verb to its end.
///
/// # Errors
/// A program that cannot be started, that does not end, or that is ended by a signal.
pub async fn run(
    options: &RunOptions,
    variables: &BTreeMap<String, String>,
    verb: Run,
    fault: Option<&Fault>,
    output: Output,
) -> Result<Finished> {
    let mut command = Command::new(&options.program);
    command.env_clear().envs(variables).args(arguments(options, verb, fault));
    command.stdin(Stdio::null()).kill_on_drop(true);
    match output {
        Output::Json => {
            command.args(["--format", "json"]).stdout(Stdio::piped()).stderr(Stdio::piped());
        }
        Output::Terminal => {
            let stderr = std::io::stderr().as_fd().try_clone_to_owned().context("cannot duplicate stderr")?;
            command.stdout(Stdio::from(stderr));
        }
    }
    let named = format!("hotdash-ops {}", verb.words().join(" "));
    let mut child = ChildGuard::new(command.spawn().with_context(|| format!("cannot run {named}"))?);
    let (status, stdout, stderr) = match tokio::time::timeout(RUN_TIMEOUT, child.finish()).await {
        Ok(finished) => finished?,
        Err(_) => bail!("{named} did not end within {} s", RUN_TIMEOUT.as_secs()),
    };
    let code = status.code().with_context(|| format!("{named} was ended by a signal"))?;
    let leaks = leaks(variables, &stdout, &stderr);
    Ok(Finished { named, code, stdout, stderr, leaks })
}

/// The variables whose values must not be in any output.
const SECRETS: [&str; 4] =
    ["CHATWOOT_API_KEY", "CHATWOOT_API_TOKEN", "CHATWOOT_WEBHOOK_SECRET", "DATABASE_URL"];
/// A shorter value can be part of a word.
const MIN_SECRET_CHARS: usize = 12;
/// What faults use as a secret of their own.
const CANARY: &str = "hunter2";

fn leaks(variables: &BTreeMap<String, String>, stdout: &str, stderr: &str) -> Vec<String> {
    let values = SECRETS.iter().filter_map(|&name| Some((name, variables.get(name)?.trim())));
    let dsn = variables.get("DATABASE_URL").and_then(|dsn| url::Url::parse(dsn.trim()).ok());
    let password =
        dsn.as_ref().and_then(url::Url::password).map(|password| ("the password of DATABASE_URL", password));
    values
        .chain(password)
        .filter(|(_, value)| value.len() >= MIN_SECRET_CHARS)
        .chain([("the fault", CANARY)])
        .filter(|(_, value)| stdout.contains(value) || stderr.contains(value))
        .map(|(name, _)| name.to_owned())
        .collect()
}

/// A child process that gets SIGTERM when this is dropped, so that it can stop what it has started.
pub struct ChildGuard(Option<Child>);

impl ChildGuard {
    /// Takes ownership of a child process.
    pub fn new(child: Child) -> ChildGuard {
        ChildGuard(Some(child))
    }

    /// Waits until it exits, and returns what it wrote to pipes.
    ///
    /// # Errors
    /// Output that is not UTF-8.
    pub async fn finish(&mut self) -> Result<(ExitStatus, String, String)> {
        let child = self.0.as_mut().context("the run has already ended")?;
        let (mut out, mut err) = (String::new(), String::new());
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let reading_out = async {
            match stdout {
                Some(mut pipe) => pipe.read_to_string(&mut out).await.map(|_| ()),
                None => Ok(()),
            }
        };
        let reading_err = async {
            match stderr {
                Some(mut pipe) => pipe.read_to_string(&mut err).await.map(|_| ()),
                None => Ok(()),
            }
        };
        let (read_out, read_err, status) = tokio::join!(reading_out, reading_err, child.wait());
        read_out.context("cannot read its stdout")?;
        read_err.context("cannot read its stderr")?;
        let status = status.context("cannot wait for the run")?;
        self.0 = None;
        Ok((status, out, err))
    }
}

impl Drop for ChildGuard {
    fn drop(&mut self) {
        let Some(mut child) = self.0.take() else { return };
        let Some(pid) = child.id().and_then(|id| Pid::from_raw(id.cast_signed())) else { return };
        // It may just have exited.
        let _ = kill_process(pid, Signal::TERM);
        let deadline = std::time::Instant::now() + EXIT_TIMEOUT;
        while std::time::Instant::now() < deadline {
            if !matches!(child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}
