//! How the process ends. The work runs in a thread of its own and the main thread only waits for it, so that a blocked
//! pipe or a hanging file system cannot keep an operator from ending the program, and so that a panic yields a
//! documented exit code.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::exit::Exit;
use crate::outcome::report::Stopped;
use crate::printer::Printer;
use crate::service::command;

/// How long the work may take to end by itself after the first signal. A second signal ends the process at once.
const TIMEOUT: Duration = Duration::from_secs(5);
/// The usual stack size of a main thread; other threads get less by default.
const STACK: usize = 8 * 1024 * 1024;

static END: OnceLock<Sender<Exit>> = OnceLock::new();

/// Runs the work and returns its exit; after [`arm`], the exit of a signal when the work does not end.
pub fn guard(work: impl FnOnce() -> Exit + Send + 'static) -> Exit {
    std::panic::set_hook(Box::new(|panic| {
        // Only the place: the message of a panic may contain anything.
        let place = panic.location().map(|l| format!(" at {}:{}", l.file(), l.line())).unwrap_or_default();
        Printer::new(false).error(&format!("error: a bug in hotdash-ops{place}; please report it"));
    }));
    wait_for(work)
}

fn wait_for(work: impl FnOnce() -> Exit + Send + 'static) -> Exit {
    let (end, ended) = channel();
    // Set once per process; a second call would only lose the handling of signals.
    let _ = END.set(end.clone());
    let work = move || {
        let exit = catch_unwind(AssertUnwindSafe(work)).unwrap_or(Exit::Undecided);
        // The main thread waits for this and nothing else.
        let _ = end.send(exit);
    };
    match thread::Builder::new().name("work".to_owned()).stack_size(STACK).spawn(work) {
        Ok(_) => ended.recv().unwrap_or(Exit::Undecided),
        Err(_) => Exit::Undecided,
    }
}

/// Starts the handling of signals: from now on the work reacts to the first signal, and this ends the process if the
/// work does not. Until then signals have their usual effect. Call it when the work starts to listen for signals.
pub fn arm() {
    // Without this thread the work still ends by itself.
    let _ = thread::Builder::new().name("signals".to_owned()).spawn(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let (Ok(runtime), Some(end)) = (runtime, END.get()) else { return };
        let how = runtime.block_on(async {
            let mut signals = Signals::listen()?;
            let how = signals.next().await;
            // A second signal or the end of the grace period: both end the process.
            let _ = tokio::time::timeout(TIMEOUT, signals.next()).await;
            Some(how)
        });
        let Some(how) = how else { return };
        command::kill_all();
        // A separate thread, because the process must end even if stderr is blocked.
        thread::spawn(|| Printer::new(false).error("error: forced to end; the report is incomplete"));
        thread::sleep(Duration::from_millis(100));
        let _ = end.send(match how {
            Stopped::Interrupted => Exit::Interrupted,
            _ => Exit::Terminated,
        });
    });
}

/// The signals that stop a run.
pub struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hangup: Option<Signal>,
}

impl Signals {
    /// `None` where signals cannot be handled; they then keep their usual effect.
    pub fn listen() -> Option<Signals> {
        Some(Signals {
            interrupt: signal(SignalKind::interrupt()).ok()?,
            terminate: signal(SignalKind::terminate()).ok()?,
            // Closing the terminal would otherwise leave the programs of the run behind. Under `nohup` SIGHUP is ignored.
            hangup: if hangup_ignored() { None } else { signal(SignalKind::hangup()).ok() },
        })
    }

    /// Waits for the next signal.
    pub async fn next(&mut self) -> Stopped {
        let hangup = async {
            match &mut self.hangup {
                Some(hangup) => hangup.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = self.interrupt.recv() => Stopped::Interrupted,
            _ = self.terminate.recv() => Stopped::Terminated,
            _ = hangup => Stopped::Terminated,
        }
    }
}

/// Whether SIGHUP was ignored when this program was started; assumed where it cannot be determined.
fn hangup_ignored() -> bool {
    static IGNORED: OnceLock<bool> = OnceLock::new();
    *IGNORED.get_or_init(|| {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let mask = status.lines().find_map(|l| l.strip_prefix("SigIgn:"));
        mask.and_then(|m| u64::from_str_radix(m.trim(), 16).ok()).is_none_or(|m| m & 1 == 1)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_outside_of_a_probe_is_undecided() {
        assert_eq!(wait_for(|| Exit::NotReady), Exit::NotReady);
        assert_eq!(wait_for(|| panic!("on purpose")), Exit::Undecided);
    }
}
