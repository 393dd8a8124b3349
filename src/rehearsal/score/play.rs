//! Plays one fault: a world of its own, the fault put into it, and the program run in it as an operator runs it.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use futures_util::future::join_all;

use super::child::{Ear, Finished, run};
use super::told::Told;
use crate::rehearsal::faults::stage::Scene;
use crate::rehearsal::faults::{Fault, Server, Stage};
use crate::rehearsal::postgres::base::{Base, Bases};
use crate::rehearsal::standins::checkout::npm;
use crate::rehearsal::standins::customers::Habits;
use crate::rehearsal::world::setting::Setting;
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
pub struct Playing {
    /// The program to run.
    pub program: PathBuf,
    /// The operator's own checks, if any.
    pub checks: Option<PathBuf>,
    /// The manual checks, all of which are signed off unless a fault withholds it.
    pub manual: Vec<String>,
}

/// A good world on a good database of its own.
pub struct Ground {
    pub world: World,
    base: Base,
}

impl Ground {
    /// Starts what these runs need, and this fault if there is one.
    ///
    /// # Errors
    /// A world that does not start.
    pub async fn new(bases: &Bases, runs: &[Run], fault: Option<&Fault>) -> Result<Ground> {
        let killed =
            fault.is_some_and(|fault| stages(fault).any(|stage| stage.server == Some(Server::Killed)));
        let base = bases.base(killed).await?;
        let database = Database::Of(Arc::clone(&base.postgres), base.name.clone());
        let mut world = World::start(database).await?;
        // A hundred worlds need not start Node a thousand times.
        if !npm::is_missing() {
            npm::install(&world.folder().join("bin"))?;
        }
        if runs.iter().any(|run| run.watches()) {
            let habits = Habits { per_minute: PER_MINUTE, ..Habits::default() };
            world.start_traffic(habits, Setting::Healthy).await?;
        }
        Ok(Ground { world, base })
    }

    /// The version of its PostgreSQL.
    ///
    /// # Errors
    /// A server that does not answer.
    pub async fn version(&self) -> Result<String> {
        self.base.postgres.version().await
    }

    /// Ends the world, and then its database.
    pub async fn end(self) {
        drop(self.world);
        self.base.remove().await;
    }

    /// The world, before anything in it has been changed.
    pub fn scene(&self) -> Scene<'_> {
        Scene::new(&self.world, &self.base)
    }
}

/// Plays a fault, or with none the good world, and gives what the runs told.
///
/// # Errors
/// A world that does not start, a fault that cannot be put into it, and a run that leaves no report.
pub async fn play(
    playing: &Playing,
    bases: &Bases,
    runs: &[Run],
    fault: Option<&Fault>,
) -> Result<Vec<Told>> {
    let ground = Ground::new(bases, runs, fault).await?;
    let mut scene = ground.scene();
    let heard = perform(playing, &mut scene, runs, fault, Ear::Score).await;
    drop(scene);
    ground.end().await;
    heard?.into_iter().map(|heard| heard.told()).collect()
}

/// Puts the fault into the scene and runs the program in it, as often as there are runs, at the same time.
///
/// # Errors
/// A fault that cannot be put into the world, and a run that cannot be started or does not end.
pub async fn perform(
    playing: &Playing,
    scene: &mut Scene<'_>,
    runs: &[Run],
    fault: Option<&Fault>,
    ear: Ear,
) -> Result<Vec<Finished>> {
    if runs.contains(&Run::Compare) {
        let captured = run(playing, &scene.variables, Run::Baseline, None, Ear::Score).await?;
        ensure!(captured.code == 0, "the good hour makes no baseline: {captured}");
    }
    let mut later = None;
    if let Some(fault) = fault {
        scene.set(&fault.stage).await.context("the fault cannot be staged")?;
        later = fault.later.as_ref();
    }
    let variables = scene.variables.clone();
    let all = join_all(runs.iter().map(|&verb| run(playing, &variables, verb, fault, ear)));
    let changing = async {
        if let Some(later) = later {
            tokio::time::sleep(later.after.0).await;
            scene.set(&later.stage).await.context("the fault cannot be staged later")?;
        }
        Ok::<(), anyhow::Error>(())
    };
    let (finished, changed) = tokio::join!(all, changing);
    changed?;
    finished.into_iter().collect()
}

fn stages(fault: &Fault) -> impl Iterator<Item = &Stage> {
    std::iter::once(&fault.stage).chain(fault.later.iter().map(|later| later.stage.as_ref()))
}

/// What the verb is called with.
pub fn arguments(playing: &Playing, verb: Run, fault: Option<&Fault>) -> Vec<String> {
    let mut words: Vec<String> = verb.words().iter().map(|&word| word.to_owned()).collect();
    words.push("--no-journal".to_owned());
    if let Some(checks) = &playing.checks {
        words.extend(["--checks".to_owned(), checks.display().to_string()]);
    }
    let more = fault.map(|fault| fault.args.as_slice()).unwrap_or_default();
    if verb.watches() && !more.iter().any(|word| word == "--minutes") {
        words.extend(["--minutes".to_owned(), MINUTES.to_owned()]);
    }
    if verb == Run::Gate {
        let withheld = fault.map(|fault| fault.withheld.as_slice()).unwrap_or_default();
        for id in playing.manual.iter().filter(|id| !withheld.contains(id)) {
            words.extend(["--attest".to_owned(), format!("{id}=seen in the rehearsal")]);
        }
    }
    words.extend(more.iter().cloned());
    words
}
