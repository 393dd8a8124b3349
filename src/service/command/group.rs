//! A program and everything it starts, as one process group. The leader is reaped only after the last signal was
//! sent, so that its process id cannot have been reused.

use std::io;
use std::os::fd::OwnedFd;
use std::process::{Child, Command, ExitStatus};
use std::sync::{Mutex, PoisonError};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use tokio::net::unix::pipe::Receiver;
use tokio::signal::unix::{Signal as Listener, SignalKind, signal};

use super::Stop;

/// The leaders that are still running, for [`kill_all`].
static RUNNING: Mutex<Vec<Pid>> = Mutex::new(Vec::new());

/// Kills every process group that is still running, for a process that exits without waiting.
pub fn kill_all() {
    for leader in RUNNING.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
        // The only possible failure is that no process is left to receive it.
        let _ = kill_process_group(leader, Signal::KILL);
    }
}

fn forget(leader: Pid) {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner).retain(|known| *known != leader);
}

pub struct Group {
    /// `None` once reaped.
    child: Option<Child>,
    leader: Pid,
    children: Listener,
}

impl Group {
    /// Starts the command, which must have a process group of its own.
    pub fn start(command: &mut Command) -> io::Result<Group> {
        // Subscribing before the start makes sure that no exit is missed.
        let children = signal(SignalKind::child())?;
        let child = command.spawn()?;
        let leader = Pid::from_child(&child);
        RUNNING.lock().unwrap_or_else(PoisonError::into_inner).push(leader);
        Ok(Group { child: Some(child), leader, children })
    }

    /// The program's output, for non-blocking reads.
    pub fn pipes(&mut self) -> io::Result<(Receiver, Receiver)> {
        let missing = || io::Error::other("the program has no output");
        let child = self.child.as_mut().ok_or_else(missing)?;
        let stdout = OwnedFd::from(child.stdout.take().ok_or_else(missing)?);
        let stderr = OwnedFd::from(child.stderr.take().ok_or_else(missing)?);
        Ok((Receiver::from_owned_fd(stdout)?, Receiver::from_owned_fd(stderr)?))
    }

    /// Waits until the leader has ended, without reaping it.
    pub async fn ended(&mut self) {
        let look = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        while let Ok(None) = waitid(WaitId::Pid(self.leader), look) {
            if self.children.recv().await.is_none() {
                return;
            }
        }
    }

    /// Sends the stop signal to the whole group.
    pub fn signal(&self, stop: Stop) {
        self.send(match stop {
            Stop::Terminate => Signal::TERM,
            Stop::Interrupt => Signal::INT,
        });
    }

    /// Kills the whole group.
    pub fn kill(&self) {
        self.send(Signal::KILL);
    }

    fn send(&self, signal: Signal) {
        if self.child.is_some() {
            // The only possible failure is that no process is left to receive it.
            let _ = kill_process_group(self.leader, signal);
        }
    }

    /// The exit status of the leader. Call it after [`Group::ended`]; no signal is sent after it.
    pub fn reap(&mut self) -> io::Result<ExitStatus> {
        forget(self.leader);
        match self.child.take() {
            Some(mut child) => child.wait(),
            None => Err(io::Error::other("the program was already reaped")),
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
        forget(self.leader);
        if let Some(mut child) = self.child.take() {
            // A killed process ends soon, but not at once, and the caller must not wait here.
            let reaper = std::thread::Builder::new().name("reaper".to_owned());
            let _ = reaper.spawn(move || child.wait());
        }
    }
}
