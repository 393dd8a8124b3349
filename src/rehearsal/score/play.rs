//! Plays one fault: a world of its own, the fault put into it, and the program run in it as an operator runs it.

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

/// The window of a watch in minutes: enough deliveries to judge at [`PER_MINUTE`], and several looks at health.
pub const MINUTES: &str = "0.2";
/// Customers' messages a minute.
pub const PER_MINUTE: f64 = 120.0;

/// A verb as the score runs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Run {
    Preflight,
    Monitor,
    Gate,
    Baseline,
    Compare,
}

impl Run {
    /// True for a run that watches traffic.
    pub fn watches(self) -> bool {
        matches!(self, Run::Monitor | Run::Gate)
    }

    /// The verb as it is called.
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

/// What a scene needs beside its fault.
#[derive(Clone, Debug)]
pub struct RunOptions {
    /// The program to run.
    pub program: PathBuf,
    /// The operator's own checks, if any.
    pub checks: Option<PathBuf>,
    /// The manual checks, all of which are signed off unless a fault withholds it.
    pub manual: Vec<String>,
}

/// A good world on a good database of its own.
pub struct TestWorld {
    pub world: World,
    database: TestDatabase,
}

impl TestWorld {
    /// Starts what these runs need, and this fault if there is one.
    ///
    /// # Errors
    /// A world that does not start.
    pub async fn new(databases: &DatabaseFactory, runs: &[Run], fault: Option<&Fault>) -> Result<TestWorld> {
        let killed =
            fault.is_some_and(|fault| stages(fault).any(|stage| stage.server == Some(Server::Killed)));
        let database = databases.create(killed).await?;
        let served = Database::Of(Arc::clone(&database.postgres), database.name.clone());
        let mut world = World::start(served).await?;
        // A hundred worlds need not start Node a thousand times.
        if !npm::is_missing() {
            npm::install(&world.folder().join("bin"))?;
        }
        if runs.iter().any(|run| run.watches()) {
            let habits = Habits { per_minute: PER_MINUTE, ..Habits::default() };
            world.start_traffic(habits, Setup::Healthy).await?;
        }
        Ok(TestWorld { world, database })
    }

    /// The version of its PostgreSQL.
    ///
    /// # Errors
    /// A server that does not answer.
    pub async fn version(&self) -> Result<String> {
        self.database.postgres.version().await
    }

    /// Ends the world, and then its database.
    pub async fn end(self) {
        drop(self.world);
        self.database.remove().await;
    }

    /// The world, before anything in it has been changed.
    pub fn faulted(&self) -> FaultedWorld<'_> {
        FaultedWorld::new(&self.world, &self.database)
    }
}

/// Plays a fault, or with none the good world, and gives what the runs told.
///
/// # Errors
/// A world that does not start, a fault that cannot be put into it, and a run that leaves no report.
pub async fn play(
    options: &RunOptions,
    databases: &DatabaseFactory,
    runs: &[Run],
    fault: Option<&Fault>,
) -> Result<Vec<RunResult>> {
    let test_world = TestWorld::new(databases, runs, fault).await?;
    let mut faulted = test_world.faulted();
    let finished = perform(options, &mut faulted, runs, fault, Output::Json).await;
    drop(faulted);
    test_world.end().await;
    finished?.into_iter().map(|run| run.result()).collect()
}

/// Puts the fault into the scene and runs the program in it, as often as there are runs, at the same time.
///
/// # Errors
/// A fault that cannot be put into the world, and a run that cannot be started or does not end.
pub async fn perform(
    options: &RunOptions,
    faulted: &mut FaultedWorld<'_>,
    runs: &[Run],
    fault: Option<&Fault>,
    output: Output,
) -> Result<Vec<Finished>> {
    if runs.contains(&Run::Compare) {
        let captured = run(options, &faulted.variables, Run::Baseline, None, Output::Json).await?;
        ensure!(captured.code == 0, "the good hour makes no baseline: {captured}");
    }
    let mut later = None;
    if let Some(fault) = fault {
        faulted.set(&fault.stage).await.context("the fault cannot be staged")?;
        later = fault.later.as_ref();
    }
    let variables = faulted.variables.clone();
    let all = join_all(runs.iter().map(|&verb| run(options, &variables, verb, fault, output)));
    let changing = async {
        if let Some(later) = later {
            tokio::time::sleep(later.after.0).await;
            faulted.set(&later.stage).await.context("the fault cannot be staged later")?;
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

/// What the verb is called with.
pub fn arguments(options: &RunOptions, verb: Run, fault: Option<&Fault>) -> Vec<String> {
    let mut words: Vec<String> = verb.words().iter().map(|&word| word.to_owned()).collect();
    words.push("--no-journal".to_owned());
    if let Some(checks) = &options.checks {
        words.extend(["--checks".to_owned(), checks.display().to_string()]);
    }
    let more = fault.map(|fault| fault.args.as_slice()).unwrap_or_default();
    if verb.watches() && !more.iter().any(|word| word == "--minutes") {
        words.extend(["--minutes".to_owned(), MINUTES.to_owned()]);
    }
    if verb == Run::Gate {
        let withheld = fault.map(|fault| fault.withheld.as_slice()).unwrap_or_default();
        for id in options.manual.iter().filter(|id| !withheld.contains(id)) {
            words.extend(["--attest".to_owned(), format!("{id}=seen in the rehearsal")]);
        }
    }
    words.extend(more.iter().cloned());
    words
}
