//! A guard for one server process of the rehearsal and its private directory. It is a small shell that reads from a
//! pipe held open only by this process: when this process ends, even by SIGKILL, the pipe closes, and the guard stops
//! the server and removes the directory.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result, bail, ensure};

use crate::rehearsal::shell::quote;

/// The account that servers run as if we are root, because PostgreSQL and PgBouncer do not run as root.
const ACCOUNT: &str = "postgres";

/// The maximum length of a temporary directory that leaves room for a Unix socket's path (107 bytes).
const MAX_BASE_LENGTH: usize = 60;

/// A server process, its directory, and the shell that guards both.
pub struct ProcessGuard {
    shell: Child,
    pipes: Mutex<Option<(ChildStdin, BufReader<ChildStdout>)>>,
    directory: PathBuf,
    account: Option<(u32, u32)>,
}

impl ProcessGuard {
    /// Creates a private directory whose name starts with `name`, and a guard for it. `signals` stop the server, the
    /// gentlest first: `["INT", "QUIT", "KILL"]`. The server is not started yet. If we are root, it runs as a separate
    /// account.
    pub fn new(name: &str, signals: &[&str]) -> Result<ProcessGuard> {
        let account = account()?;
        let base = std::env::temp_dir();
        let fits = account.is_none() && base.as_os_str().len() <= MAX_BASE_LENGTH;
        ProcessGuard::within(if fits { base } else { PathBuf::from("/tmp") }, name, signals, account)
    }

    /// As [`ProcessGuard::new`], for a server that can run as the current user and has no Unix socket, and for a
    /// directory without a server.
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
            .with_context(|| format!("cannot create a directory in {}", base.display()))?;
        let directory = made.path().to_owned();
        if let Some((uid, gid)) = account {
            chown(&directory, Some(uid), Some(gid))
                .context("cannot change the owner of the server's directory")?;
        }
        let mut command = Command::new("/bin/sh");
        command.args(["-c", include_str!("process_guard.sh"), "hotdash-guard"]).arg(&directory).args(signals);
        become_account(&mut command, account);
        set_environment(&mut command, &directory);
        // A separate process group: Ctrl-C at a terminal must reach only us; the guard notices when the pipe closes.
        command.process_group(0);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut shell = command.spawn().context("cannot start /bin/sh")?;
        let pipes = shell.stdin.take().zip(shell.stdout.take().map(BufReader::new));
        // From here on the guard removes the directory.
        let directory = made.keep();
        Ok(ProcessGuard { shell, pipes: Mutex::new(pipes), directory, account })
    }

    /// The directory that is removed with the server.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Writes a file that only the server can read, and returns its path.
    pub fn write(&self, name: &str, contents: &str) -> Result<PathBuf> {
        let path = self.directory.join(name);
        fs::write(&path, contents).with_context(|| format!("cannot write {}", path.display()))?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600))
            .context("cannot restrict access to the file")?;
        if let Some((uid, gid)) = self.account {
            chown(&path, Some(uid), Some(gid)).context("cannot change the owner of the server's file")?;
        }
        Ok(path)
    }

    /// Runs a program as the server's account and waits for it; its output goes to the log.
    pub fn run(&self, program: &Path, args: &[String]) -> Result<()> {
        let code = self.send(&words("run", program, args))?;
        ensure!(code == 0, "{} exited with {code}: {}", program.display(), self.tail());
        Ok(())
    }

    /// Starts the server. The caller has to wait until it is ready.
    pub fn start(&self, program: &Path, args: &[String]) -> Result<()> {
        ensure!(!self.alive()?, "the server is already running");
        self.send(&words("start", program, args)).map(|_| ())
    }

    /// Whether the server's process exists.
    pub fn alive(&self) -> Result<bool> {
        Ok(self.send("alive")? == 0)
    }

    /// Stops the server with the first of these signals that works within five seconds.
    pub fn end(&self, signals: &[&str]) -> Result<()> {
        let code = self.send(&format!("end {}", signals.join(" ")))?;
        ensure!(code == 0, "the server does not stop: {}", self.tail());
        Ok(())
    }

    /// Sends the server a signal (`HUP`, `STOP`, `CONT`) without waiting.
    pub fn signal(&self, signal: &str) -> Result<()> {
        let code = self.send(&format!("kill -s {signal} \"$server\" 2>/dev/null"))?;
        ensure!(code == 0, "the server is not running");
        Ok(())
    }

    /// The output of the server and of the programs run here.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.directory.join("log")).unwrap_or_default()).into_owned()
    }

    /// A command that runs as the server's account, without our environment.
    pub fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        become_account(&mut command, self.account);
        set_environment(&mut command, &self.directory);
        command
    }

    fn tail(&self) -> String {
        let log = self.log();
        let lines: Vec<&str> = log.lines().rev().take(6).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join(" / ")
    }

    fn send(&self, line: &str) -> Result<i32> {
        ensure!(!line.contains('\n'), "an argument of a server must not contain a line break");
        let mut pipes = self.pipes.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((input, output)) = pipes.as_mut() else { bail!("the server's guard has exited") };
        writeln!(input, "{line}").context("the server's guard has exited")?;
        let mut answer = String::new();
        output.read_line(&mut answer).context("the server's guard has exited")?;
        answer.trim().parse().context("the server's guard has exited")
    }
}

impl Drop for ProcessGuard {
    fn drop(&mut self) {
        // Closing the pipe stops the guard; its exit shows that it is done.
        *self.pipes.get_mut().unwrap_or_else(PoisonError::into_inner) = None;
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

/// Clears the environment. The server's directory is its home, so its files there are removed with it.
fn set_environment(command: &mut Command, directory: &Path) {
    command.env_clear().env("PATH", path()).env("LC_ALL", "C").env("HOME", directory).current_dir(directory);
}

/// The user and group to run as; none unless we are root.
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
            "PostgreSQL does not run as root and there is no user {ACCOUNT}: run as another user, or `apt-get install postgresql`"
        ),
    }
}

fn path() -> String {
    let ours = std::env::var("PATH").unwrap_or_default();
    format!("{ours}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin")
}
