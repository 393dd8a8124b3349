//! What a waiver does to an outcome. A valid one lets the run go on; one that has
//! expired lets nothing through and is told in any case, also where the check passes.

use std::fmt;

use serde::Serialize;

use super::{Outcome, Verdict, Why};

/// A named, dated permission to go on although a check does not pass.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Waiver {
    /// Why it may be waived.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// The last day on which it holds, `YYYY-MM-DD`, in UTC.
    pub expires: String,
    /// False once it has expired: then it waives nothing.
    pub valid: bool,
    /// Where it is written: `ops/checks/waivers.toml:3`.
    pub origin: String,
}

impl fmt::Display for Waiver {
    /// `of Ada until 2026-01-31 (ops/checks/waivers.toml:3): the role change is ordered`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Waiver { reason, owner, expires, valid, origin } = self;
        match valid {
            true => write!(f, "of {owner} until {expires} ({origin}): {reason}"),
            false => write!(f, "of {owner}, expired on {expires} ({origin}), waives nothing: {reason}"),
        }
    }
}

impl Outcome {
    /// True when a valid waiver covers it.
    pub fn waived(&self) -> bool {
        self.waiver.as_ref().is_some_and(|waiver| waiver.valid)
    }

    /// True when a waiver covered it that has expired.
    pub fn lapsed(&self) -> bool {
        self.waiver.as_ref().is_some_and(|waiver| !waiver.valid)
    }

    /// True when only a valid waiver lets it through: it did not pass, or under `strict`, not without a warning.
    pub fn let_through(&self, strict: bool) -> bool {
        self.waived() && (self.verdict != Verdict::Pass || (strict && !self.warnings.is_empty()))
    }

    /// Says of an expired waiver that it is one: in the reason, or where the check passes, as a warning. To be
    /// called once, when the verdict is known.
    pub fn tell_expiry(&mut self) {
        let Some(waiver) = self.waiver.as_ref().filter(|waiver| !waiver.valid) else { return };
        let expired =
            format!("the waiver of {} expired on {} ({})", waiver.owner, waiver.expires, waiver.origin);
        match self.verdict {
            Verdict::Pass => {
                self.warnings.push(format!("{expired}; the check passes without it: take it out"));
            }
            Verdict::Skipped(Why::Excluded(_)) => {}
            _ if self.reason.is_empty() => self.reason = expired,
            _ => self.reason = format!("{}; {expired}", self.reason),
        }
    }
}
