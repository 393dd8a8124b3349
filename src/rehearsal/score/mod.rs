//! The score: every fault runs once, and every claim of every check has to be broken by one of them. It is a mutation
//! test of the product: if a comparison is missing in a probe, a fault is not caught.

pub mod child;
pub mod fault_result;
pub mod fault_run;
pub mod judge;
pub mod matrix;
pub mod render;
pub mod run_result;

use std::collections::{BTreeSet, VecDeque};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use tokio::runtime::Runtime;
use tokio::sync::{mpsc, watch};

use crate::checklist::Checklist;
use crate::ending::Signals;
use crate::engine::verb::{BASELINE, COMPARE, GATE, MONITOR, PREFLIGHT, Verb, asked_by};
use crate::outcome::report::Stopped;
use crate::rehearsal::faults::Fault;
use crate::rehearsal::postgres::Engine;
use crate::rehearsal::postgres::database::DatabaseFactory;
use fault_result::FaultResult;
use fault_run::{Run, RunOptions, run_fault};
use matrix::Matrix;
use run_result::RunResult;

/// The scored verbs, in the order of the checklist.
const VERBS: [(Run, Verb); 5] = [
    (Run::Preflight, PREFLIGHT),
    (Run::Monitor, MONITOR),
    (Run::Baseline, BASELINE),
    (Run::Compare, COMPARE),
    (Run::Gate, GATE),
];
/// How many worlds run at the same time; most of the time they wait.
const MAX_CONCURRENT_WORLDS: usize = 6;
/// The approximate duration of a fault with traffic, of one without, and of one in which only some checks run, with
/// [`MAX_CONCURRENT_WORLDS`] on one machine.
const SECONDS_PER_FAULT: [u64; 3] = [24, 8, 3];

/// The input of a score.
pub struct Scoring {
    pub faults: Vec<Fault>,
    pub list: Checklist,
    pub databases: DatabaseFactory,
    pub program: PathBuf,
    /// The folder of the operator's own checks.
    pub checks: Option<PathBuf>,
}

/// The progress of a score.
pub enum Event<'a> {
    /// The number of worlds, and approximately how long they take.
    Started { faults: usize, expected: Duration },
    /// A fault, or the good world, has finished.
    Finished { played: &'a FaultResult, left: usize },
}

/// One world: with a fault, or the good one without.
struct Job {
    fault: Option<Fault>,
    runs: Vec<Run>,
}

impl Job {
    fn watches(&self) -> bool {
        self.runs.iter().any(|run| run.watches())
    }
}

/// A finished job.
pub struct Done {
    job: Job,
    result: Result<Vec<RunResult>>,
    took: Duration,
}

impl Scoring {
    /// The checks in the operator's own files.
    fn own(&self) -> BTreeSet<String> {
        self.list.checks().filter(|check| check.folder.is_some()).map(|check| check.id.clone()).collect()
    }

    fn jobs(&self) -> (VecDeque<Job>, Vec<(Fault, FaultResult)>) {
        let mut unsupported = Vec::new();
        let wanted: BTreeSet<Run> = self.faults.iter().flat_map(|fault| runs_of(fault, &self.list)).collect();
        let mut jobs: Vec<Job> =
            [vec![Run::Monitor, Run::Gate], vec![Run::Preflight], vec![Run::Baseline], vec![Run::Compare]]
                .into_iter()
                // Selected faults need only some of the good worlds.
                .map(|runs| runs.into_iter().filter(|run| wanted.contains(run)).collect::<Vec<Run>>())
                .filter(|runs| !runs.is_empty())
                .map(|runs| Job { fault: None, runs })
                .collect();
        for fault in &self.faults {
            if let Some(why) =
                fault.native_only.as_ref().filter(|_| self.databases.engine() != Engine::Native)
            {
                unsupported.push((fault.clone(), FaultResult::unsupported(fault, why)));
                continue;
            }
            jobs.push(Job { fault: Some(fault.clone()), runs: runs_of(fault, &self.list) });
        }
        // Long jobs start first, so that nothing waits for them at the end.
        jobs.sort_by_key(|job| !job.watches());
        (jobs.into(), unsupported)
    }

    /// Runs everything and returns the matrix, or the signal that ended it. Blocks the calling thread.
    ///
    /// # Errors
    /// The signal.
    pub fn run(
        &self,
        runtime: &Runtime,
        mut signals: Signals,
        on_event: &mut dyn FnMut(Event<'_>),
    ) -> Result<Matrix, Stopped> {
        let (jobs, unsupported) = self.jobs();
        let total = jobs.len();
        on_event(Event::Started { faults: total, expected: expected(&jobs) });
        let jobs = Mutex::new(jobs);
        let options = RunOptions {
            program: self.program.clone(),
            checks: self.checks.clone(),
            manual: manual(&self.list),
        };
        let mut matrix = Matrix::new(self.databases.engine().name(), &self.list, self.own(), unsupported);
        let (halt, halted) = watch::channel(false);
        let (done, mut results) = mpsc::unbounded_channel();
        let stopped = std::thread::scope(|threads| {
            for _ in 0..MAX_CONCURRENT_WORLDS.min(total) {
                let (done, halted) = (done.clone(), halted.clone());
                let (jobs, options, databases) = (&jobs, &options, &self.databases);
                threads.spawn(move || work(jobs, options, databases, halted, &done));
            }
            drop(done);
            runtime.block_on(async {
                let mut left = total;
                loop {
                    tokio::select! {
                        result = results.recv() => match result {
                            // Workers end when no job is left.
                            None => return None,
                            Some(done) => {
                                left -= 1;
                                let played = matrix.add(done);
                                on_event(Event::Finished { played: &played, left });
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
            None => Ok(matrix.finished(&self.faults)),
        }
    }
}

/// The runs that include the checks which a fault breaks.
pub fn runs_of(fault: &Fault, list: &Checklist) -> Vec<Run> {
    let includes = |verb: Verb| {
        let list = asked_by(verb, list);
        fault.expectations.iter().any(|expectation| list.get(&expectation.check).is_some())
    };
    VERBS.into_iter().filter(|&(_, verb)| includes(verb)).map(|(run, _)| run).collect()
}

/// The manual checks of the gate, the only verb that accepts sign-offs.
pub fn manual(list: &Checklist) -> Vec<String> {
    asked_by(GATE, list)
        .checks()
        .filter(|check| check.entry.probe.is_manual())
        .map(|check| check.id.clone())
        .collect()
}

fn runtime() -> Result<Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot start the runtime")
}

/// The approximate duration of all jobs.
fn expected(jobs: &VecDeque<Job>) -> Duration {
    let [watching, whole, narrow] = SECONDS_PER_FAULT;
    let seconds = |job: &Job| match &job.fault {
        _ if job.watches() => watching,
        Some(fault) if fault.is_narrow() => narrow,
        _ => whole,
    };
    let sum: u64 = jobs.iter().map(seconds).sum();
    Duration::from_secs(sum.div_ceil(MAX_CONCURRENT_WORLDS as u64).max(watching))
}

/// Runs jobs until none is left, each in its own world on its own runtime.
fn work(
    jobs: &Mutex<VecDeque<Job>>,
    options: &RunOptions,
    databases: &DatabaseFactory,
    mut halted: watch::Receiver<bool>,
    done: &mpsc::UnboundedSender<Done>,
) {
    let mut kept = None;
    loop {
        // The list is consistent after a panic elsewhere: items are only removed.
        let next = jobs.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        let Some(job) = next else { return };
        let began = Instant::now();
        let result = runtime().and_then(|runtime| {
            let result = runtime.block_on(async {
                tokio::select! {
                    result = run_fault(options, databases, &job.runs, job.fault.as_ref(), &mut kept) => result,
                    _ = halted.wait_for(|&halt| halt) => Err(anyhow::anyhow!("interrupted")),
                }
            });
            runtime.shutdown_timeout(Duration::from_secs(1));
            result
        });
        // If the receiver is gone, the score has ended.
        if *halted.borrow() || done.send(Done { job, result, took: began.elapsed() }).is_err() {
            return;
        }
    }
}
