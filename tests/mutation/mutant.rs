//! Only in the copy that the trial makes: what every comparison goes through.

use std::fs::OpenOptions;
use std::io::Write;

use crate::outcome::finding::Claim;

/// Whether this comparison has been taken out. One that would have been false is written down.
fn taken_out(number: usize, is_false: bool) -> bool {
    if !is_false {
        return false;
    }
    let said = |name: &str| std::env::var(name).unwrap_or_default();
    let line = format!("{number} {}\n", said("MUTANT_FAULT"));
    let file = OpenOptions::new().append(true).create(true).open(said("MUTANT_LOG"));
    let written = file.and_then(|mut file| file.write_all(line.as_bytes()));
    // A comparison of another program than the score's has no log.
    let _ = written;
    said("MUTANT") == number.to_string()
}

pub fn holds(number: usize, holds: bool) -> bool {
    taken_out(number, !holds) || holds
}

pub fn may_hold(number: usize, holds: Option<bool>) -> Option<bool> {
    if taken_out(number, holds == Some(false)) { Some(true) } else { holds }
}

pub fn fails(number: usize, mut claim: Claim) -> Claim {
    claim.holds = may_hold(number, claim.holds);
    claim
}

/// What a run of this fault gets, besides its world's own variables: `MUTANTS` has a line `FAULT NUMBER` for each
/// fault that is played without a comparison, or `* NUMBER` for all.
pub fn passed_on(fault: Option<&str>) -> Vec<(String, String)> {
    let said = |name: &str| std::env::var(name).unwrap_or_default();
    let fault = fault.unwrap_or("good-world");
    let mut passed =
        vec![("MUTANT_LOG".to_owned(), said("MUTANT_LOG")), ("MUTANT_FAULT".to_owned(), fault.to_owned())];
    let number = said("MUTANTS").lines().find_map(|line| {
        let (of, number) = line.split_once(' ')?;
        (of == "*" || of == fault).then(|| number.to_owned())
    });
    passed.extend(number.map(|number| ("MUTANT".to_owned(), number)));
    passed
}
