//! A keeper owns one server process of the rehearsal and its private directory. It is a small shell that
//! listens on a pipe which only this process holds: when we end, by a drop or by SIGKILL, the pipe closes
//! and the keeper ends the server and removes the directory. Nothing is left behind.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result, bail, ensure};

use crate::rehearsal::shell::quote;

/// The account that servers run as when we are root, because PostgreSQL and PgBouncer refuse root.
const ACCOUNT: &str = "postgres";

/// The longest temporary directory that leaves room for a Unix socket's name (107 bytes in all).
const LONGEST_BASE: usize = 60;

/// One server process, its directory, and the shell that watches over both.
pub struct ProcessGuard {
    shell: Child,
    talk: Mutex<Option<(ChildStdin, BufReader<ChildStdout>)>>,
    directory: PathBuf,
    account: Option<(u32, u32)>,
}

impl ProcessGuard {
    /// Makes a private directory whose name starts with `name` and a keeper for it. `signals` end the
    /// server, the politest first: `["INT", "QUIT", "KILL"]`. Nothing is started yet. As root the server gets
    /// an account of its own.
    pub fn new(name: &str, signals: &[&str]) -> Result<ProcessGuard> {
        let account = account()?;
        let base = std::env::temp_dir();
        let fits = account.is_none() && base.as_os_str().len() <= LONGEST_BASE;
        ProcessGuard::within(if fits { base } else { PathBuf::from("/tmp") }, name, signals, account)
    }

    /// As [`ProcessGuard::new`], for a server that does not mind to run as whoever we are and has no Unix socket, and
    /// for a directory without a server.
    pub fn as_we_are(name: &str, signals: &[&str]) -> Result<ProcessGuard> {
        ProcessGuard::within(std::env::temp_dir(), name, signals, None)
    }

    fn within(
        base: PathBuf,
        name: &str,
        signals: &[&str],
        account: Option<(u32, u32)>,
    ) -> Result<ProcessGuard> {
        let made = tempfile::Builder::new()
            .prefix(&format!("hotdash-{name}-"))
            .tempdir_in(&base)
            .with_context(|| format!("cannot make a directory in {}", base.display()))?;
        let directory = made.path().to_owned();
        if let Some((uid, gid)) = account {
            chown(&directory, Some(uid), Some(gid)).context("cannot give the server its directory")?;
        }
        let mut command = Command::new("/bin/sh");
        command.args(["-c", include_str!("process_guard.sh"), "hotdash-guard"]).arg(&directory).args(signals);
        become_account(&mut command, account);
        settle(&mut command, &directory);
        // A group of its own: Ctrl-C at a terminal is meant for us, and the pipe tells the keeper.
        command.process_group(0);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut shell = command.spawn().context("cannot start /bin/sh")?;
        let talk = shell.stdin.take().zip(shell.stdout.take().map(BufReader::new));
        // From here on the directory is the keeper's to remove.
        let directory = made.keep();
        Ok(ProcessGuard { shell, talk: Mutex::new(talk), directory, account })
    }

    /// The directory that is removed with the server.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Writes a file that only the server may read, and returns its path.
    pub fn write(&self, name: &str, contents: &str) -> Result<PathBuf> {
        let path = self.directory.join(name);
        fs::write(&path, contents).with_context(|| format!("cannot write {}", path.display()))?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).context("cannot protect the file")?;
        if let Some((uid, gid)) = self.account {
            chown(&path, Some(uid), Some(gid)).context("cannot give the server its file")?;
        }
        Ok(path)
    }

    /// Runs a program to its end as the server's account; what it prints goes to the log.
    pub fn run(&self, program: &Path, args: &[String]) -> Result<()> {
        let code = self.say(&words("run", program, args))?;
        ensure!(code == 0, "{} ended with {code}: {}", program.display(), self.tail());
        Ok(())
    }

    /// Starts the server. Whether it is ready is the caller's to find out.
    pub fn start(&self, program: &Path, args: &[String]) -> Result<()> {
        ensure!(!self.alive()?, "the server is running already");
        self.say(&words("start", program, args)).map(|_| ())
    }

    /// True while the server's process exists.
    pub fn alive(&self) -> Result<bool> {
        Ok(self.say("alive")? == 0)
    }

    /// Ends the server by the first of these signals that works within five seconds.
    pub fn end(&self, signals: &[&str]) -> Result<()> {
        let code = self.say(&format!("end {}", signals.join(" ")))?;
        ensure!(code == 0, "the server does not end: {}", self.tail());
        Ok(())
    }

    /// Sends the server a signal and does not wait: `HUP`, `STOP`, `CONT`.
    pub fn signal(&self, signal: &str) -> Result<()> {
        let code = self.say(&format!("kill -s {signal} \"$server\" 2>/dev/null"))?;
        ensure!(code == 0, "the server is not running");
        Ok(())
    }

    /// Everything the server and the programs run here have printed.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.directory.join("log")).unwrap_or_default()).into_owned()
    }

    /// A command that runs as the server's account, without our environment.
    pub fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        become_account(&mut command, self.account);
        settle(&mut command, &self.directory);
        command
    }

    fn tail(&self) -> String {
        let log = self.log();
        let lines: Vec<&str> = log.lines().rev().take(6).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join(" / ")
    }

    fn say(&self, line: &str) -> Result<i32> {
        ensure!(!line.contains('\n'), "an argument of a server must not contain a line break");
        let mut talk = self.talk.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((input, output)) = talk.as_mut() else { bail!("the server's guard is gone") };
        writeln!(input, "{line}").context("the server's guard is gone")?;
        let mut answer = String::new();
        output.read_line(&mut answer).context("the server's guard is gone")?;
        answer.trim().parse().context("the server's guard is gone")
    }
}

impl Drop for ProcessGuard {
    fn drop(&mut self) {
        // Closing the pipe is the order to end; the keeper's own end is its answer.
        *self.talk.get_mut().unwrap_or_else(PoisonError::into_inner) = None;
        let _ = self.shell.wait();
        let _ = fs::remove_dir_all(&self.directory);
    }
}

impl std::fmt::Debug for ProcessGuard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ProcessGuard").field("directory", &self.directory).finish_non_exhaustive()
    }
}

fn words(verb: &str, program: &Path, args: &[String]) -> String {
    let mut line = format!("{verb} {}", quote(&program.display().to_string()));
    for arg in args {
        line.push(' ');
        line.push_str(&quote(arg));
    }
    line
}

fn become_account(command: &mut Command, account: Option<(u32, u32)>) {
    if let Some((uid, gid)) = account {
        command.uid(uid).gid(gid);
    }
}

/// Nothing of our environment. The server's directory is its home, so that what it keeps there goes with it.
fn settle(command: &mut Command, directory: &Path) {
    command.env_clear().env("PATH", path()).env("LC_ALL", "C").env("HOME", directory).current_dir(directory);
}

/// The user and group to run as: none unless we are root.
fn account() -> Result<Option<(u32, u32)>> {
    if !rustix::process::geteuid().is_root() {
        return Ok(None);
    }
    let passwd = fs::read_to_string("/etc/passwd").context("cannot read /etc/passwd")?;
    let entry = passwd.lines().map(|l| l.split(':').collect::<Vec<_>>()).find(|e| e[0] == ACCOUNT);
    let ids = entry.and_then(|e| Some((e.get(2)?.parse().ok()?, e.get(3)?.parse().ok()?)));
    match ids {
        Some(ids) => Ok(Some(ids)),
        None => bail!(
            "PostgreSQL refuses to run as root and there is no user {ACCOUNT}: run as another user, or `apt-get install postgresql`"
        ),
    }
}

fn path() -> String {
    let ours = std::env::var("PATH").unwrap_or_default();
    format!("{ours}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin")
}
