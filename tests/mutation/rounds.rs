//! Many comparisons taken out at once, each in faults of its own: a fault is a run of its own, so that what one misses
//! says nothing about the others.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;

use crate::comparisons::Comparison;
use crate::copy::Copy;
use crate::score::{self, Control, Mutants};

/// So many faults may speak for a comparison in one round, where no other needs them.
const TOGETHER: usize = 2;

/// Takes each of the chosen comparisons out, in faults in which it was false, until one of them is missed. True when
/// that was so for all.
pub fn play(copy: &Copy, all: &[Comparison], control: &Control, chosen: Vec<usize>) -> Result<bool> {
    let count = chosen.len();
    let mut left: BTreeMap<usize, Vec<String>> =
        chosen.into_iter().map(|n| (n, candidates(control, n))).collect();
    let mut survived = Vec::new();
    loop {
        let taken = assign(&mut left);
        if taken.is_empty() {
            break;
        }
        let faults: Vec<String> = taken.iter().map(|(fault, _)| fault.clone()).collect();
        println!("a round of {} faults for {} comparisons", faults.len(), left.len());
        let (score, log) = score::play(copy, &Mutants::by_fault(taken.clone()), &faults)?;
        let missed: BTreeMap<_, _> = score.missed().collect();
        for (fault, n) in &taken {
            let turned = log.faults_of(*n).contains(fault);
            if let Some(why) = missed.get(fault).filter(|_| turned)
                && left.remove(n).is_some()
            {
                println!("without {}\n    missed: {fault}: {}", all[*n].id(), why.join("; "));
            }
        }
        survived.extend(left.iter().filter(|(_, more)| more.is_empty()).map(|(n, _)| *n));
        left.retain(|_, more| !more.is_empty());
    }
    survived.extend(left.into_keys());
    for &n in &survived {
        let faults: Vec<_> = control.of(n).iter().map(String::as_str).collect();
        println!("SURVIVED: {}\n    false in {}", all[n].id(), faults.join(", "));
    }
    println!("{} of {count} comparisons made the score fail when they were gone", count - survived.len());
    Ok(survived.is_empty())
}

/// The faults that may speak for a comparison, the quickest last.
fn candidates(control: &Control, n: usize) -> Vec<String> {
    let mut faults: Vec<String> = control.of(n).iter().cloned().collect();
    faults.sort_by_key(|fault| std::cmp::Reverse(control.score.took_ms(fault)));
    faults
}

/// Gives every comparison one fault of its own, and then more while there are some: those with the fewest choose
/// first. What was given is taken from the candidates.
fn assign(left: &mut BTreeMap<usize, Vec<String>>) -> Vec<(String, usize)> {
    let mut taken: Vec<(String, usize)> = Vec::new();
    let mut used: BTreeSet<String> = BTreeSet::new();
    let mut order: Vec<usize> = left.keys().copied().collect();
    for _ in 0..TOGETHER {
        order.sort_by_key(|n| left[n].len());
        for n in &order {
            let Some(faults) = left.get_mut(n) else { continue };
            let Some(at) = faults.iter().rposition(|fault| !used.contains(fault)) else { continue };
            let fault = faults.remove(at);
            used.insert(fault.clone());
            taken.push((fault, *n));
        }
    }
    taken
}
