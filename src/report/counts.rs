//! The counts of a run as words.

use crate::text::plural;

/// How many of `labels` there are of each kind, in words: `45 passed`, `2 failed`, `3 warnings`. Kinds that do not occur
/// are left out.
pub fn counts(labels: impl Iterator<Item = &'static str>) -> Vec<String> {
    let labels: Vec<&str> = labels.collect();
    let words = [
        ("pass", "passed"),
        ("fail", "failed"),
        ("error", "could not run"),
        ("inconclusive", "undecided"),
        ("blocked", "blocked"),
        ("warn", "warning"),
        ("waived", "waived"),
        ("skipped", "skipped"),
    ];
    let counted =
        words.into_iter().map(|(label, word)| (labels.iter().filter(|l| **l == label).count(), word));
    counted
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| match word {
            "warning" => format!("{count} {}", plural(count, word)),
            _ => format!("{count} {word}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_leave_out_zeros_and_have_the_right_plural() {
        let labels = ["warn", "pass", "warn", "error"];
        assert_eq!(counts(labels.into_iter()), ["1 passed", "1 could not run", "2 warnings"]);
        assert_eq!(counts(["warn"].into_iter()), ["1 warning"]);
    }
}
