//! The trial of the score: a comparison is taken out of a probe, and the score has to fail.
//!
//! ```text
//! cargo test --locked --features rehearsal --test mutation -- list
//! cargo test --locked --features rehearsal --test mutation -- cover
//! cargo test --locked --features rehearsal --test mutation -- draw --seed 7
//! cargo test --locked --features rehearsal --test mutation -- sweep
//! ```
//!
//! Every place of the sources where a claim is judged is found by a parser. A copy of the tracked files is rewritten
//! once, so that each of these places can be told to hold whatever is compared, and built. `cover` plays the whole
//! score in it and prints in which faults each comparison was false; `draw` takes comparisons out by lot from all of
//! them, each in a whole score of its own, which must end with 1; `sweep` takes out every one, each in a few of the
//! faults that turn it. Needs what the score needs on the native engine; `cover` takes some ten minutes, `draw` as
//! many for each comparison. Not a part of the usual tests for that.

#![allow(clippy::print_stdout, reason = "a trial prints what came of it")]

mod comparisons;
mod copy;
mod makers;
mod rounds;
mod score;

use std::collections::BTreeSet;
use std::process::ExitCode;

use anyhow::{Result, ensure};
use clap::{Parser, Subcommand};

use comparisons::{APART, Comparison};
use copy::Copy;
use score::{Control, Mutants};

/// Takes comparisons out of the probes, and lets the score tell.
#[derive(Parser)]
struct Trial {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Prints every comparison.
    List,
    /// Plays the score, and prints in which faults each comparison was false.
    Cover {
        /// Only these faults, by name or glob, any number of times.
        #[arg(long)]
        only: Vec<String>,
    },
    /// Takes comparisons out by lot: the score must fail for each.
    Draw {
        /// The same seed draws the same comparisons from the same sources.
        #[arg(long)]
        seed: u64,
        #[arg(long, default_value_t = 5)]
        count: usize,
        /// Plays only faults in which the comparison was false, in place of the whole score.
        #[arg(long)]
        quick: bool,
    },
    /// Takes every comparison out, each in faults in which it was false.
    Sweep {
        /// Only these faults, by name or glob, any number of times.
        #[arg(long)]
        only: Vec<String>,
    },
}

fn main() -> Result<ExitCode> {
    let all = comparisons::find()?;
    let good = match Trial::parse().what {
        What::List => list(&all),
        What::Cover { only } => covered(&all, &control(&Copy::make(&all)?, &all, &only)?, !only.is_empty()),
        What::Draw { seed, count, quick } => draw(&all, seed, count, quick)?,
        What::Sweep { only } => {
            let copy = Copy::make(&all)?;
            let control = control(&copy, &all, &only)?;
            let covered = covered(&all, &control, !only.is_empty());
            let chosen = (0..all.len()).filter(|n| !control.of(*n).is_empty()).collect();
            rounds::play(&copy, &all, &control, chosen)? && covered
        }
    };
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn list(all: &[Comparison]) -> bool {
    for comparison in all {
        println!("{}", comparison.id());
    }
    println!("{} comparisons in {} files", all.len(), files(all));
    for (id, why) in APART {
        println!("apart: {id}: {why}");
    }
    true
}

fn files(all: &[Comparison]) -> usize {
    all.iter().map(|comparison| comparison.file.as_str()).collect::<BTreeSet<_>>().len()
}

/// The score with every comparison in its place: what it does not pass without a mutant, no mutant can make it fail.
fn control(copy: &Copy, all: &[Comparison], only: &[String]) -> Result<Control> {
    println!("{} comparisons in {} files", all.len(), files(all));
    let control = Control::play(copy, only)?;
    println!("without a mutant: exit {}, {}", control.score.code, control.score.summary);
    for (fault, why) in control.score.missed() {
        println!("  missed: {fault}: {}", why.join("; "));
    }
    for claim in &control.score.never {
        println!("  never broken: {claim}");
    }
    Ok(control)
}

/// Prints what the control says of each comparison; true when it is as it must be. Of a part of the faults only what
/// was covered is told.
fn covered(all: &[Comparison], control: &Control, partly: bool) -> bool {
    let (seen, unseen): (Vec<usize>, Vec<usize>) = (0..all.len()).partition(|&n| !control.of(n).is_empty());
    for &n in &seen {
        let faults: Vec<&str> = control.of(n).iter().map(String::as_str).collect();
        println!("{}\n    false in {}", all[n].id(), faults.join(", "));
    }
    println!("{} of {} comparisons were false in a fault", seen.len(), all.len());
    if !partly {
        for n in &unseen {
            println!("uncovered: {}", all[*n].id());
        }
    }
    control.score.code == 0 && (partly || unseen.is_empty())
}

fn draw(all: &[Comparison], seed: u64, count: usize, quick: bool) -> Result<bool> {
    ensure!((1..=all.len()).contains(&count), "--count: there are {} comparisons", all.len());
    let mut lot = fastrand::Rng::with_seed(seed);
    let drawn = lot.choose_multiple(0..all.len(), count);
    for &n in &drawn {
        println!("drawn by seed {seed}: {}", all[n].id());
    }
    let copy = Copy::make(all)?;
    let control = control(&copy, all, &[])?;
    if quick {
        return Ok(rounds::play(&copy, all, &control, drawn)? && control.score.code == 0);
    }
    let mut failed = 0;
    for n in drawn {
        failed += usize::from(taken_out(&copy, &all[n], n, &control)?);
    }
    println!("{failed} of {count} comparisons made the score fail when they were gone");
    Ok(failed == count && control.score.code == 0)
}

/// Plays the whole score without one comparison. It has to end with 1, and because of that comparison: a fault that
/// is missed must be one in which it would have been false.
fn taken_out(copy: &Copy, comparison: &Comparison, n: usize, control: &Control) -> Result<bool> {
    let (score, log) = score::play(copy, &Mutants::everywhere(n), &[])?;
    let turned = log.faults_of(n);
    let because: Vec<_> = score
        .missed()
        .filter(|(fault, _)| turned.contains(*fault) && !control.score.is_missed(fault))
        .collect();
    let fails = score.code == 1 && !because.is_empty();
    println!("without {}: exit {}, {}", comparison.id(), score.code, score.summary);
    for (fault, why) in &because {
        println!("  missed: {fault}: {}", why.join("; "));
    }
    for claim in &score.never {
        println!("  never broken: {claim}");
    }
    if !fails {
        println!("  SURVIVED: the score does not miss it");
    }
    Ok(fails)
}
