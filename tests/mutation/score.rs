//! The score of the copy, and what its comparisons wrote down meanwhile.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use hotdash_ops::testing::ending::Signals;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tokio::io::AsyncReadExt;

use crate::copy::Copy;

/// What the score calls a world without a fault.
const GOOD: &str = "good world";

/// Which comparisons are taken out, by fault.
pub struct Mutants(Vec<(String, usize)>);

impl Mutants {
    pub fn none() -> Mutants {
        Mutants(Vec::new())
    }

    /// The same one in every fault, and in the good world.
    pub fn everywhere(number: usize) -> Mutants {
        Mutants(vec![("*".to_owned(), number)])
    }

    /// One in each of these faults.
    pub fn by_fault(taken: Vec<(String, usize)>) -> Mutants {
        Mutants(taken)
    }

    fn lines(&self) -> String {
        self.0.iter().map(|(fault, number)| format!("{fault} {number}\n")).collect()
    }
}

/// What the score reported.
pub struct Score {
    pub code: i32,
    pub summary: String,
    /// The claims that no fault broke.
    pub never: Vec<String>,
    /// Claims that one did.
    proved: BTreeSet<String>,
    faults: BTreeMap<String, Played>,
}

struct Played {
    missed: bool,
    /// Whether every check ran and counted: only then does each of their false comparisons count.
    whole: bool,
    why: Vec<String>,
    took_ms: u64,
}

impl Score {
    fn read(code: i32, text: &str) -> Result<Score> {
        let document: Value = serde_json::from_str(text).context("the score left no json")?;
        let mut faults = BTreeMap::new();
        for played in document["faults"].as_array().context("a score without faults")? {
            let name = played["name"].as_str().context("a fault without a name")?.to_owned();
            let one = Played {
                missed: played["result"] == "missed",
                whole: name == GOOD || (played["is_narrow"] == false && played["is_good"] == false),
                why: texts(&played["why"]),
                took_ms: played["took_ms"].as_u64().unwrap_or_default(),
            };
            // Of the good worlds one that was not good counts.
            if one.missed || !faults.contains_key(&name) {
                faults.insert(name, one);
            }
        }
        let claims = document["claims"].as_array().context("a score without claims")?.iter();
        let proved = claims
            .filter(|row| row["standing"] == "proved")
            .filter_map(|row| Some(format!("{}: {}", row["check"].as_str()?, row["claim"].as_str()?)))
            .collect();
        let summary = document["summary"].as_str().context("a score without a summary")?.to_owned();
        Ok(Score { code, summary, never: texts(&document["never_turned"]), proved, faults })
    }

    /// The faults, or good worlds, that were missed, and why.
    pub fn missed(&self) -> impl Iterator<Item = (&String, &Vec<String>)> {
        self.faults.iter().filter(|(_, played)| played.missed).map(|(name, played)| (name, &played.why))
    }

    /// What to play so that these are played again: the good world always is, whichever faults are selected.
    fn again(&self, missed: Vec<String>) -> Vec<String> {
        let mut faults: Vec<String> = missed.into_iter().filter(|name| name != GOOD).collect();
        if faults.is_empty() {
            let others = self.faults.iter().filter(|(name, _)| *name != GOOD);
            faults.extend(others.min_by_key(|(_, played)| played.took_ms).map(|(name, _)| name.clone()));
        }
        faults
    }

    /// Takes over what some faults said when they were played again.
    fn correct(&mut self, second: Score) {
        self.never.retain(|claim| !second.proved.contains(claim));
        self.faults.extend(second.faults);
        let missed = self.missed().count();
        self.code = i32::from(missed > 0 || !self.never.is_empty());
        let count = self.faults.len();
        self.summary =
            format!("{missed} of {count} faults missed at last, {} claims never broken", self.never.len());
    }

    pub fn is_missed(&self, fault: &str) -> bool {
        self.faults.get(fault).is_some_and(|played| played.missed)
    }

    pub fn took_ms(&self, fault: &str) -> u64 {
        self.faults.get(fault).map_or(u64::MAX, |played| played.took_ms)
    }
}

fn texts(list: &Value) -> Vec<String> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Which comparisons were false, or would have been, and in which faults.
pub struct Log(BTreeMap<usize, BTreeSet<String>>);

impl Log {
    fn read(text: &str) -> Result<Log> {
        let mut by_number: BTreeMap<usize, BTreeSet<String>> = BTreeMap::new();
        for line in text.lines() {
            let (number, fault) = line.split_once(' ').with_context(|| format!("a log's line: {line}"))?;
            by_number.entry(number.parse()?).or_default().insert(fault.to_owned());
        }
        Ok(Log(by_number))
    }

    fn extend(&mut self, more: Log) {
        for (number, faults) in more.0 {
            self.0.entry(number).or_default().extend(faults);
        }
    }

    pub fn faults_of(&self, number: usize) -> BTreeSet<String> {
        self.0.get(&number).cloned().unwrap_or_default()
    }
}

/// The score with every comparison in its place.
pub struct Control {
    pub score: Score,
    of: BTreeMap<usize, BTreeSet<String>>,
}

impl Control {
    pub fn play(copy: &Copy, only: &[String]) -> Result<Control> {
        let (mut score, mut log) = play(copy, &Mutants::none(), only)?;
        let missed: Vec<String> = score.missed().map(|(name, _)| name.clone()).collect();
        if !missed.is_empty() {
            // A machine that is busy with something else makes a watch thin: what was missed gets a second hearing.
            println!("missed at first: {}", missed.join(", "));
            let (second, more) = play(copy, &Mutants::none(), &score.again(missed))?;
            score.correct(second);
            log.extend(more);
        }
        // What was not caught with every comparison in its place says nothing about one that is gone.
        let caught = |fault: &String| score.faults.get(fault).is_some_and(|one| one.whole && !one.missed);
        let of =
            log.0.into_iter().map(|(n, faults)| (n, faults.into_iter().filter(caught).collect())).collect();
        Ok(Control { of, score })
    }

    /// The faults in which a comparison was false.
    pub fn of(&self, number: usize) -> &BTreeSet<String> {
        static NONE: BTreeSet<String> = BTreeSet::new();
        self.of.get(&number).unwrap_or(&NONE)
    }
}

/// Plays the score of the copy on the native engine.
///
/// # Errors
/// A score that was interrupted, or refused.
pub fn play(copy: &Copy, mutants: &Mutants, only: &[String]) -> Result<(Score, Log)> {
    let log = copy.path("mutants.log");
    fs::write(&log, "")?;
    let mut command = Command::new(copy.program());
    command.args(["rehearse", "--score", "--postgres", "native", "--format", "json"]);
    for fault in only {
        command.args(["--only", fault]);
    }
    command.env("MUTANT_LOG", &log).env("MUTANTS", mutants.lines()).stdin(Stdio::null());
    let (code, stdout) = wait(command, true)?;
    ensure!(matches!(code, 0 | 1), "the score ended with {code}");
    Ok((Score::read(code, &stdout)?, Log::read(&fs::read_to_string(&log)?)?))
}

/// Runs a program to its end. A signal is handed on to it and then ends the trial, so that the copy is removed.
pub fn wait(command: Command, listens: bool) -> Result<(i32, String)> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut signals = Signals::listen().context("no way to hear Ctrl-C")?;
        let mut command = tokio::process::Command::from(command);
        if listens {
            command.stdout(Stdio::piped());
        }
        let mut child = command.spawn().context("a program of the trial cannot be started")?;
        let pipe = child.stdout.take();
        let reading = async {
            let mut text = String::new();
            if let Some(mut pipe) = pipe {
                pipe.read_to_string(&mut text).await?;
            }
            Ok::<String, std::io::Error>(text)
        };
        let ended = tokio::select! {
            ended = async { tokio::join!(reading, child.wait()) } => Some(ended),
            _ = signals.next() => None,
        };
        if let Some((text, status)) = ended {
            return Ok((status?.code().context("a program of the trial was ended by a signal")?, text?));
        }
        if let Some(pid) = child.id().and_then(|id| Pid::from_raw(id.cast_signed())) {
            // It may just have ended.
            let _ = kill_process(pid, Signal::TERM);
        }
        child.wait().await?;
        bail!("interrupted")
    })
}
