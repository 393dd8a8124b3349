//! The effect of a waiver on an outcome. A valid waiver lets the run continue; an expired one has no effect and is
//! always reported, even when the check passes.

use std::fmt;

use serde::Serialize;

use super::{Outcome, Verdict, Why};

/// A named, dated permission to continue although a check does not pass.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Waiver {
    /// The reason.
    pub reason: String,
    /// The person responsible for it.
    pub owner: String,
    /// The last day on which it is valid, `YYYY-MM-DD`, in UTC.
    pub expires: String,
    /// False once it has expired: then it has no effect.
    pub valid: bool,
    /// Its position: `ops/checks/waivers.toml:3`.
    pub origin: String,
}

impl fmt::Display for Waiver {
    /// `by Ada until 2026-01-31 (ops/checks/waivers.toml:3): the role change is ordered`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Waiver { reason, owner, expires, valid, origin } = self;
        if *valid {
            write!(f, "by {owner} until {expires} ({origin}): {reason}")
        } else {
            write!(f, "by {owner}, expired on {expires} and without effect ({origin}): {reason}")
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

    /// True when only a valid waiver lets it through: it did not pass or, under `strict`, passed with a warning.
    pub fn let_through(&self, strict: bool) -> bool {
        self.waived() && (self.verdict != Verdict::Pass || (strict && !self.warnings.is_empty()))
    }

    /// Reports an expired waiver: in the reason or, if the check passes, as a warning. To be called once, when the
    /// verdict is known.
    pub fn tell_expiry(&mut self) {
        let Some(waiver) = self.waiver.as_ref().filter(|waiver| !waiver.valid) else { return };
        let expired =
            format!("the waiver by {} expired on {} ({})", waiver.owner, waiver.expires, waiver.origin);
        match self.verdict {
            Verdict::Pass => {
                self.warnings.push(format!("{expired}; the check passes without it, so remove the waiver"));
            }
            Verdict::Skipped(Why::Excluded(_)) => {}
            _ if self.reason.is_empty() => self.reason = expired,
            _ => self.reason = format!("{}; {expired}", self.reason),
        }
    }
}
