//! Runs one fault: starts a world, injects the fault, and runs the program in it as an operator would.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use futures_util::future::join_all;

use super::child::{Finished, Output, run};
use super::run_result::RunResult;
use crate::rehearsal::faults::injection::FaultedWorld;
use crate::rehearsal::faults::{Fault, Server, WorldChange};
use crate::rehearsal::postgres::database::{DatabaseFactory, TestDatabase};
use crate::rehearsal::standins::checkout::npm;
use crate::rehearsal::standins::customers::Habits;
use crate::rehearsal::world::setup::Setup;
use crate::rehearsal::world::{Database, World};

/// The window of a watch in minutes: enough deliveries for a verdict at [`PER_MINUTE`], and several health probes.
pub const MINUTES: &str = "0.2";
/// Customers' messages per minute.
pub const PER_MINUTE: f64 = 120.0;

/// A verb that the score runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Run {
    Preflight,
    Monitor,
    Gate,
    Baseline,
    Compare,
}

impl Run {
    /// Whether the run watches traffic.
    pub fn watches(self) -> bool {
        matches!(self, Run::Monitor | Run::Gate)
    }

    /// The verb's words on the command line.
    pub fn words(self) -> &'static [&'static str] {
        match self {
            Run::Preflight => &["preflight"],
            Run::Monitor => &["monitor"],
            Run::Gate => &["gate"],
            Run::Baseline => &["baseline"],
            Run::Compare => &["baseline", "compare"],
        }
    }
}

/// The settings shared by all runs.
#[derive(Clone, Debug)]
pub struct RunOptions {
    /// The program to run.
    pub program: PathBuf,
    /// The operator's own checks, if any.
    pub checks: Option<PathBuf>,
    /// The manual checks; all are signed off unless a fault withholds one.
    pub manual: Vec<String>,
}

/// A good world with its own database.
pub struct TestWorld {
    pub world: World,
    database: TestDatabase,
}

impl TestWorld {
    /// Starts what these runs and this fault need.
    ///
    /// # Errors
    /// A world that does not start.
    pub async fn new(databases: &DatabaseFactory, runs: &[Run], fault: Option<&Fault>) -> Result<TestWorld> {
        let killed =
            fault.is_some_and(|fault| stages(fault).any(|stage| stage.server == Some(Server::Killed)));
        TestWorld::with(databases.create(killed).await?, runs).await
    }

    async fn with(database: TestDatabase, runs: &[Run]) -> Result<TestWorld> {
        let served = Database::Of(Arc::clone(&database.postgres), database.name.clone());
        let mut world = World::start(served).await?;
        // Hundreds of worlds should not start Node thousands of times.
        if !npm::is_missing() {
            npm::install(&world.folder().join("bin"))?;
        }
        if runs.iter().any(|run| run.watches()) {
            let habits = Habits { per_minute: PER_MINUTE, ..Habits::default() };
            world.start_traffic(habits, Setup::Healthy).await?;
        }
        Ok(TestWorld { world, database })
    }

    /// The version of PostgreSQL.
    ///
    /// # Errors
    /// A server that does not answer.
    pub async fn version(&self) -> Result<String> {
        self.database.postgres.version().await
    }

    /// Stops the world, then removes its database.
    pub async fn end(self) {
        drop(self.world);
        self.database.remove().await;
    }

    /// The world, ready for a fault.
    pub fn faulted(&self) -> FaultedWorld<'_> {
        FaultedWorld::new(&self.world, &self.database)
    }
}

/// Runs a fault, or the good world without one, and returns the results of the runs. `kept` is a good database that
/// the faults which do not change it use one after the other; creating one takes longer than such a run.
///
/// # Errors
/// A world that does not start, a fault that cannot be injected, and a run without a report.
pub async fn run_fault(
    options: &RunOptions,
    databases: &DatabaseFactory,
    runs: &[Run],
    fault: Option<&Fault>,
    kept: &mut Option<TestDatabase>,
) -> Result<Vec<RunResult>> {
    let keeps = fault.is_some_and(Fault::keeps_the_database);
    let test_world = match kept.take_if(|_| keeps) {
        Some(database) => TestWorld::with(database, runs).await?,
        None => TestWorld::new(databases, runs, fault).await?,
    };
    let mut faulted = test_world.faulted();
    let finished = inject_and_run(options, &mut faulted, runs, fault, Output::Json).await;
    drop(faulted);
    if keeps {
        *kept = Some(test_world.database);
    } else {
        test_world.end().await;
    }
    finished?.into_iter().map(|run| run.result()).collect()
}

/// Injects the fault and runs the program once for each of `runs`, concurrently.
///
/// # Errors
/// A fault that cannot be injected, and a run that cannot be started or does not end.
pub async fn inject_and_run(
    options: &RunOptions,
    faulted: &mut FaultedWorld<'_>,
    runs: &[Run],
    fault: Option<&Fault>,
    output: Output,
) -> Result<Vec<Finished>> {
    if runs.contains(&Run::Compare) {
        let captured = run(options, &faulted.variables, Run::Baseline, None, Output::Json).await?;
        ensure!(captured.code == 0, "cannot record a baseline in the good world: {captured}");
    }
    let mut later = None;
    if let Some(fault) = fault {
        faulted.apply(&fault.stage).await.context("cannot inject the fault")?;
        later = fault.later.as_ref();
    }
    let variables = faulted.variables.clone();
    let all = join_all(runs.iter().map(|&verb| run(options, &variables, verb, fault, output)));
    let changing = async {
        if let Some(later) = later {
            tokio::time::sleep(later.after.0).await;
            faulted.apply(&later.stage).await.context("cannot inject the fault's later change")?;
        }
        Ok::<(), anyhow::Error>(())
    };
    let (finished, changed) = tokio::join!(all, changing);
    changed?;
    finished.into_iter().collect()
}

fn stages(fault: &Fault) -> impl Iterator<Item = &WorldChange> {
    std::iter::once(&fault.stage).chain(fault.later.iter().map(|later| later.stage.as_ref()))
}

/// The arguments of a run.
pub fn arguments(options: &RunOptions, verb: Run, fault: Option<&Fault>) -> Vec<String> {
    let mut words: Vec<String> = verb.words().iter().map(|&word| word.to_owned()).collect();
    words.push("--no-journal".to_owned());
    if let Some(checks) = &options.checks {
        words.extend(["--checks".to_owned(), checks.display().to_string()]);
    }
    for (option, selectors) in fault.iter().flat_map(|f| [("--only", &f.only), ("--skip", &f.skip)]) {
        words.extend(selectors.iter().flat_map(|word| [option.to_owned(), word.clone()]));
    }
    let more = fault.map(|fault| fault.args.as_slice()).unwrap_or_default();
    if verb.watches() && !more.iter().any(|word| word == "--minutes") {
        words.extend(["--minutes".to_owned(), MINUTES.to_owned()]);
    }
    if verb == Run::Gate {
        let withheld = fault.map(|fault| fault.withheld.as_slice()).unwrap_or_default();
        for id in options.manual.iter().filter(|id| !withheld.contains(id)) {
            words.extend(["--attest".to_owned(), format!("{id}=confirmed in the rehearsal")]);
        }
    }
    words.extend(more.iter().cloned());
    words
}
