//! One run of the program in a scene, by its own binary: what it is called with is decided elsewhere, and that it ends
//! is seen to here.

use std::collections::BTreeMap;
use std::fmt;
use std::os::fd::AsFd;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use tokio::io::AsyncReadExt;
use tokio::process::{Child, Command};

use super::play::{Run, RunOptions, arguments};
use super::run_result::RunResult;
use crate::rehearsal::faults::Fault;

/// What one run may take before it counts as one that does not end.
const PATIENCE: Duration = Duration::from_secs(180);
/// What a run that is told to end may take.
const GRACE: Duration = Duration::from_secs(8);

/// Who listens to a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// The score, which reads its json.
    Json,
    /// A person at the terminal: its table goes to stderr, where ours has other data.
    Terminal,
}

/// A run that has ended.
#[derive(Clone, Debug)]
pub struct Finished {
    named: String,
    /// The exit code.
    pub code: i32,
    stdout: String,
    stderr: String,
}

impl Finished {
    /// What it told.
    ///
    /// # Errors
    /// A run that left no report.
    pub fn result(&self) -> Result<RunResult> {
        RunResult::read(self.code, &self.stdout).with_context(|| self.to_string())
    }
}

impl fmt::Display for Finished {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, exit {}: {}", self.named, self.code, self.stderr.trim())
    }
}

/// Runs a verb in a scene to its end.
///
/// # Errors
/// A program that cannot be started, and one that does not end or is ended by a signal.
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
            let stderr = std::io::stderr().as_fd().try_clone_to_owned().context("stderr is closed")?;
            command.stdout(Stdio::from(stderr));
        }
    }
    let named = format!("hotdash-ops {}", verb.words().join(" "));
    let mut child = Ending::of(command.spawn().with_context(|| format!("cannot run {named}"))?);
    let (status, stdout, stderr) = match tokio::time::timeout(PATIENCE, child.finish()).await {
        Ok(finished) => finished?,
        Err(_) => bail!("{named} does not end within {} s", PATIENCE.as_secs()),
    };
    let code = status.code().with_context(|| format!("{named} was ended by a signal"))?;
    Ok(Finished { named, code, stdout, stderr })
}

/// A child that is told to end when nobody waits for it any more, so that it can end what it has started.
pub struct Ending(Option<Child>);

impl Ending {
    /// Takes a child over.
    pub fn of(child: Child) -> Ending {
        Ending(Some(child))
    }

    /// Waits for its end, and gives what it wrote to pipes.
    ///
    /// # Errors
    /// Output that is no text.
    pub async fn finish(&mut self) -> Result<(ExitStatus, String, String)> {
        let child = self.0.as_mut().context("the run is over")?;
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
        let (read, result, status) = tokio::join!(reading_out, reading_err, child.wait());
        read.context("its stdout")?;
        result.context("its stderr")?;
        let status = status.context("the run is lost")?;
        self.0 = None;
        Ok((status, out, err))
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        let Some(mut child) = self.0.take() else { return };
        let Some(pid) = child.id().and_then(|id| Pid::from_raw(id.cast_signed())) else { return };
        // It may just have ended.
        let _ = kill_process(pid, Signal::TERM);
        let deadline = std::time::Instant::now() + GRACE;
        while std::time::Instant::now() < deadline {
            if !matches!(child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}
