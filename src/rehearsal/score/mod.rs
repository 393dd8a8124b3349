//! The score: every fault is played once, and every claim of every check has to be turned false by one of them. It is
//! the product's own mutation test: a comparison that is gone from a probe leaves a fault that nobody caught.

pub mod child;
pub mod judge;
pub mod matrix;
pub mod play;
pub mod tell;
pub mod told;

use std::collections::{BTreeSet, VecDeque};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use tokio::runtime::Runtime;
use tokio::sync::{mpsc, watch};

use super::base::Bases;
use super::faults::Fault;
use super::postgres::Engine;
use crate::checklist::Checklist;
use crate::ending::Signals;
use crate::engine::verb::{BASELINE, COMPARE, GATE, MONITOR, PREFLIGHT, Verb, asked_by};
use crate::outcome::report::Stopped;
use matrix::{Matrix, Played};
use play::{Playing, Run};
use told::Told;

/// The verbs that are scored, in the order of the checklist.
const VERBS: [(Run, Verb); 5] = [
    (Run::Preflight, PREFLIGHT),
    (Run::Monitor, MONITOR),
    (Run::Baseline, BASELINE),
    (Run::Compare, COMPARE),
    (Run::Gate, GATE),
];
/// Worlds at a time, most of which wait.
const TOGETHER: usize = 6;
/// About what a fault costs, in seconds, when [`TOGETHER`] worlds share the machine.
const COSTS: (u64, u64) = (24, 8);

/// What is scored, and with what.
pub struct Scoring {
    pub faults: Vec<Fault>,
    pub list: Checklist,
    pub bases: Bases,
    pub program: PathBuf,
    /// The operator's own checks.
    pub checks: Option<PathBuf>,
}

/// What happens while faults are played.
pub enum Event<'a> {
    /// How many runs there will be, and about how long they take.
    Begins { faults: usize, expected: Duration },
    /// A fault, or the good world, has been played.
    Played { played: &'a Played, left: usize },
}

/// One world to play: a fault's, or with none the good one.
struct Job {
    fault: Option<Fault>,
    runs: Vec<Run>,
}

impl Job {
    fn watches(&self) -> bool {
        self.runs.iter().any(|run| run.watches())
    }
}

/// A job that was played.
pub struct Done {
    job: Job,
    told: Result<Vec<Told>>,
    took: Duration,
}

impl Scoring {
    /// Checks that stand in the operator's own files.
    fn own(&self) -> BTreeSet<String> {
        self.list.checks().filter(|check| check.folder.is_some()).map(|check| check.id.clone()).collect()
    }

    fn jobs(&self) -> (VecDeque<Job>, Vec<(Fault, Played)>) {
        let mut unstaged = Vec::new();
        let wanted: BTreeSet<Run> = self.faults.iter().flat_map(|fault| runs_of(fault, &self.list)).collect();
        let mut jobs: Vec<Job> =
            [vec![Run::Monitor, Run::Gate], vec![Run::Preflight], vec![Run::Baseline], vec![Run::Compare]]
                .into_iter()
                // A part of the faults needs a part of the good world.
                .map(|runs| runs.into_iter().filter(|run| wanted.contains(run)).collect::<Vec<Run>>())
                .filter(|runs| !runs.is_empty())
                .map(|runs| Job { fault: None, runs })
                .collect();
        for fault in &self.faults {
            if let Some(why) = fault.native_only.as_ref().filter(|_| self.bases.engine() != Engine::Native) {
                unstaged.push((fault.clone(), Played::unstaged(fault, why)));
                continue;
            }
            jobs.push(Job { fault: Some(fault.clone()), runs: runs_of(fault, &self.list) });
        }
        // What takes long begins first, so that nothing waits for it at the end.
        jobs.sort_by_key(|job| !job.watches());
        (jobs.into(), unstaged)
    }

    /// Plays everything and gives the matrix, or which signal ended it. The calling thread waits.
    ///
    /// # Errors
    /// The signal.
    pub fn play(
        &self,
        runtime: &Runtime,
        mut signals: Signals,
        on_event: &mut dyn FnMut(Event<'_>),
    ) -> Result<Matrix, Stopped> {
        let (jobs, unstaged) = self.jobs();
        let total = jobs.len();
        on_event(Event::Begins { faults: total, expected: expected(&jobs) });
        let jobs = Mutex::new(jobs);
        let playing = Playing {
            program: self.program.clone(),
            checks: self.checks.clone(),
            manual: manual(&self.list),
        };
        let mut matrix = Matrix::new(self.bases.engine().name(), &self.list, self.own(), unstaged);
        let (halt, halted) = watch::channel(false);
        let (done, mut results) = mpsc::unbounded_channel();
        let stopped = std::thread::scope(|threads| {
            for _ in 0..TOGETHER.min(total) {
                let (done, halted) = (done.clone(), halted.clone());
                let (jobs, playing, bases) = (&jobs, &playing, &self.bases);
                threads.spawn(move || work(jobs, playing, bases, halted, &done));
            }
            drop(done);
            runtime.block_on(async {
                let mut left = total;
                loop {
                    tokio::select! {
                        result = results.recv() => match result {
                            // Workers end when there is nothing left to play.
                            None => return None,
                            Some(done) => {
                                left -= 1;
                                let played = matrix.take(done);
                                on_event(Event::Played { played: &played, left });
                            }
                        },
                        how = signals.next() => {
                            // A worker that is gone has nothing to end.
                            let _ = halt.send(true);
                            return Some(how);
                        }
                    }
                }
            })
        });
        match stopped {
            Some(how) => Err(how),
            None => Ok(matrix.sealed(&self.faults)),
        }
    }
}

/// The runs in which the checks that a fault turns are asked.
pub fn runs_of(fault: &Fault, list: &Checklist) -> Vec<Run> {
    let asks = |verb: Verb| {
        let list = asked_by(verb, list);
        fault.turns.iter().any(|turn| list.get(&turn.check).is_some())
    };
    VERBS.into_iter().filter(|&(_, verb)| asks(verb)).map(|(run, _)| run).collect()
}

/// The checks that only a person can sign off, of the one verb that takes sign-offs.
pub fn manual(list: &Checklist) -> Vec<String> {
    asked_by(GATE, list)
        .checks()
        .filter(|check| check.entry.probe.is_manual())
        .map(|check| check.id.clone())
        .collect()
}

fn runtime() -> Result<Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().context("the runtime cannot start")
}

/// About how long the jobs take, in all.
fn expected(jobs: &VecDeque<Job>) -> Duration {
    let (watching, quick) = COSTS;
    let sum: u64 = jobs.iter().map(|job| if job.watches() { watching } else { quick }).sum();
    Duration::from_secs(sum.div_ceil(TOGETHER as u64).max(watching))
}

/// Plays jobs until there are none left, each in worlds of its own on a runtime of its own.
fn work(
    jobs: &Mutex<VecDeque<Job>>,
    playing: &Playing,
    bases: &Bases,
    mut halted: watch::Receiver<bool>,
    done: &mpsc::UnboundedSender<Done>,
) {
    loop {
        // A list is whole after a panic elsewhere: it is only taken from.
        let next = jobs.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        let Some(job) = next else { return };
        let began = Instant::now();
        let told = runtime().and_then(|runtime| {
            let told = runtime.block_on(async {
                tokio::select! {
                    told = play::play(playing, bases, &job.runs, job.fault.as_ref()) => told,
                    _ = halted.wait_for(|&halt| halt) => Err(anyhow::anyhow!("interrupted")),
                }
            });
            runtime.shutdown_timeout(Duration::from_secs(1));
            told
        });
        // Where nobody listens any more, the score has ended.
        if *halted.borrow() || done.send(Done { job, told, took: began.elapsed() }).is_err() {
            return;
        }
    }
}
