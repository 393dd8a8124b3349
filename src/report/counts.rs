//! The counts of a run as words.

use crate::outcome::report::Tally;
use crate::text::{checks, plural};

/// The counts of a run in one line: `52 checks: 45 pass, 2 fail, 3 blocked, 2 skipped; 3 warnings`.
/// `blocked` are those of the skipped that wait for another check.
pub fn counts(tally: &Tally, blocked: usize) -> String {
    let named = [
        (tally.pass, "pass"),
        (tally.fail, "fail"),
        (tally.inconclusive, "inconclusive"),
        (tally.error, "error"),
        (blocked, "blocked"),
        (tally.skipped.saturating_sub(blocked), "skipped"),
    ];
    let parts: Vec<String> =
        named.iter().filter(|(count, _)| *count > 0).map(|(count, name)| format!("{count} {name}")).collect();
    let mut line = checks(tally.planned);
    if !parts.is_empty() {
        line.push_str(": ");
        line.push_str(&parts.join(", "));
    }
    if tally.warnings > 0 {
        line.push_str(&format!("; {} {}", tally.warnings, plural(tally.warnings, "warning")));
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_name_only_what_there_is() {
        let tally = Tally { planned: 5, pass: 2, skipped: 3, warnings: 1, ..Tally::default() };
        assert_eq!(counts(&tally, 0), "5 checks: 2 pass, 3 skipped; 1 warning");
        assert_eq!(counts(&tally, 2), "5 checks: 2 pass, 2 blocked, 1 skipped; 1 warning");
        assert_eq!(counts(&Tally::default(), 0), "0 checks");
    }
}
