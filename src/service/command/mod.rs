//! Runs a program with an argument list and never a shell: in its own process group, without stdin, with bounded
//! output and bounded time. When the time is up, or when the caller stops waiting, the whole group ends, including
//! everything the program started.

mod capture;
mod group;
mod lookup;

use std::ffi::OsString;
use std::fmt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::net::unix::pipe::Receiver;
use tokio::time::{Instant, sleep_until, timeout};

pub use capture::{Captured, Stream};
use group::Group;

use crate::redact::Redactor;
pub use group::kill_all;

/// How long to wait for output of leftover child processes after the program has ended.
const AFTERMATH: Duration = Duration::from_secs(1);

/// The signal that ends a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// SIGTERM.
    Terminate,
    /// SIGINT, for programs that clean up on it, but not on SIGTERM.
    Interrupt,
}

/// A program to run.
#[derive(Clone)]
pub struct Command {
    /// A path, or a name to look up in the `PATH` of `env`.
    pub program: OsString,
    pub args: Vec<OsString>,
    /// The working directory; the current directory when `None`.
    pub cwd: Option<PathBuf>,
    /// The complete environment of the program.
    pub env: Vec<(OsString, OsString)>,
    /// When to send the stop signal.
    pub deadline: Duration,
    pub stop: Stop,
    /// How long after the stop signal to kill it.
    pub grace: Duration,
    /// How many bytes from the start of stdout are kept for parsing.
    pub head: usize,
    /// Whether stdout is data for this program only: kept for parsing, but neither split into lines nor shown.
    pub data: bool,
    /// Secrets that must not be split when the output is shown in pieces.
    pub redactor: Redactor,
}

impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // No arguments and no environment: both may contain secrets.
        write!(f, "Command({})", self.program.to_string_lossy())
    }
}

/// How a program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It exited with this code.
    Exited(i32),
    /// A signal that we did not send ended it.
    Signalled(i32),
    /// It timed out.
    TimedOut,
}

/// A program that ran.
#[derive(Clone, Debug)]
pub struct Ran {
    pub status: Status,
    pub stdout: Captured,
    pub stderr: Captured,
    pub took: Duration,
    /// True when a child process still held the output open after the program had ended.
    pub left_behind: bool,
}

/// Why a program did not run. Displays as a lower-case fragment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotRun {
    /// The program does not exist.
    NotFound { program: String },
    /// It exists, but is not executable or its interpreter is missing.
    NotExecutable { program: String },
    /// The working directory does not exist or is not accessible.
    Cwd { path: PathBuf, why: String },
    /// Anything else.
    Other { program: String, why: String },
}

impl fmt::Display for NotRun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NotRun::NotFound { program } => write!(f, "{program} is not installed or not in PATH"),
            NotRun::NotExecutable { program } => {
                write!(f, "{program} cannot be executed; check its permissions and its first line")
            }
            NotRun::Cwd { path, why } => write!(f, "cannot run in {}: {why}", path.display()),
            NotRun::Other { program, why } => write!(f, "{program} could not be started: {why}"),
        }
    }
}

impl std::error::Error for NotRun {}

impl Command {
    /// A program with arguments, an empty environment, a time limit of 10 s, SIGTERM with a grace period of 2 s, and
    /// 1 MiB of output.
    pub fn new<A: Into<OsString>>(
        program: impl Into<OsString>,
        args: impl IntoIterator<Item = A>,
    ) -> Command {
        Command {
            program: program.into(),
            args: args.into_iter().map(Into::into).collect(),
            cwd: None,
            env: Vec::new(),
            deadline: Duration::from_secs(10),
            stop: Stop::Terminate,
            grace: Duration::from_secs(2),
            head: capture::HEAD,
            data: false,
            redactor: Redactor::default(),
        }
    }

    /// Copies these variables except those named in `scrub`.
    pub fn inherit(
        mut self,
        variables: impl IntoIterator<Item = (OsString, OsString)>,
        scrub: &[&str],
    ) -> Command {
        self.env.extend(variables.into_iter().filter(|(name, _)| !scrub.iter().any(|s| name == s)));
        self
    }

    /// Sets one variable.
    pub fn set(mut self, name: &str, value: impl Into<OsString>) -> Command {
        self.env.retain(|(n, _)| n != name);
        self.env.push((name.into(), value.into()));
        self
    }
}

/// Runs a program to its end and passes every line of output to `line` as it arrives. Dropping the future kills the
/// program's whole group.
pub async fn run(command: &Command, line: &(dyn Fn(Stream, &str) + Sync)) -> Result<Ran, NotRun> {
    let began = Instant::now();
    let (mut group, stdout, stderr) = start(command)?;
    let mut out = Captured::with_room(command.head);
    out.unseen = command.data;
    let mut err = Captured::default();
    let (mut status, mut ended) = (None, None);
    let left_behind;
    {
        let reading = futures_util::future::join(
            out.read(stdout, &command.redactor, |text| line(Stream::Stdout, text)),
            err.read(stderr, &command.redactor, |text| line(Stream::Stderr, text)),
        );
        let mut reading = std::pin::pin!(reading);
        let mut open = true;
        let mut alarm = std::pin::pin!(sleep_until(began + command.deadline));
        while ended.is_none() {
            tokio::select! {
                () = group.ended() => ended = Some(Instant::now()),
                _ = &mut reading, if open => open = false,
                () = &mut alarm => {
                    if status.is_none() {
                        status = Some(Status::TimedOut);
                        group.signal(command.stop);
                        alarm.as_mut().reset(Instant::now() + command.grace);
                    } else {
                        group.kill();
                        alarm.as_mut().reset(Instant::now() + AFTERMATH);
                    }
                }
            }
        }
        // A child process may hold the pipes open for as long as it lives. If the group got a signal to stop, the child
        // gets the rest of the grace period.
        let patience = match status {
            Some(_) => alarm.deadline().saturating_duration_since(Instant::now()),
            None => AFTERMATH,
        };
        left_behind = open && timeout(patience, &mut reading).await.is_err();
        if left_behind || status.is_some() {
            group.kill();
        }
        if left_behind {
            // Output written before the kill is still read; processes that left the group are not awaited.
            let _ = timeout(AFTERMATH / 10, &mut reading).await;
        }
    }
    out.finish(&command.redactor);
    err.finish(&command.redactor);
    let exit = group.reap().map_err(|e| other(command, &e))?;
    let took = ended.map_or_else(|| began.elapsed(), |e| e - began);
    Ok(Ran { status: status.unwrap_or_else(|| how(exit)), stdout: out, stderr: err, took, left_behind })
}

fn how(exit: ExitStatus) -> Status {
    match exit.code() {
        Some(code) => Status::Exited(code),
        None => Status::Signalled(exit.signal().unwrap_or_default()),
    }
}

fn start(command: &Command) -> Result<(Group, Receiver, Receiver), NotRun> {
    let program = lookup::program(command)?;
    let mut child = std::process::Command::new(program);
    child
        .arg0(&command.program)
        .args(&command.args)
        .env_clear()
        .envs(command.env.iter().map(|(name, value)| (name, value)))
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    if let Some(cwd) = &command.cwd {
        child.current_dir(cwd);
    }
    let mut group = Group::start(&mut child).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound | std::io::ErrorKind::PermissionDenied => {
            NotRun::NotExecutable { program: shown(command) }
        }
        _ => other(command, &error),
    })?;
    let (stdout, stderr) = group.pipes().map_err(|e| other(command, &e))?;
    Ok((group, stdout, stderr))
}

fn shown(command: &Command) -> String {
    command.program.to_string_lossy().into_owned()
}

fn other(command: &Command, error: &std::io::Error) -> NotRun {
    NotRun::Other { program: shown(command), why: error.to_string() }
}
