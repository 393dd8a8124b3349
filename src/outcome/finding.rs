//! What a probe returns: claims and evidence, or why it could not run. A probe
//! states facts; the engine judges them.

use std::collections::BTreeSet;

use serde::Serialize;

/// One comparison: what was compared, the value that was expected, and the value that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Claim {
    /// Stable and kebab-case, unique within its check: `http-status`. Faults, tests and labels refer to it, so that
    /// the words for people can be edited. A code never changes its meaning.
    pub code: String,
    /// The thing compared, lower case: `http status`.
    pub what: String,
    pub expected: String,
    pub found: String,
    /// `None` when the evidence is not enough to decide.
    pub holds: Option<bool>,
    /// One sentence that is shown instead of `expected A, found B`: `Chatwoot does not answer`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sentence: Option<String>,
    /// The fix for this claim's own cause. It takes precedence over the finding's fix and the check's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
    /// Set when the claim does not hold only because this host's name did not resolve or had no
    /// route. If that is so for every one of at least two remote hosts, the machine is offline
    /// and the engine reports an error instead of a failure.
    #[serde(skip)]
    pub offline: Option<String>,
    /// Set when the claim does not hold because there was no response, or a 5xx, as is usual while a service
    /// starts. Only then is a check that allows for a cold start run again.
    #[serde(skip)]
    pub starting: bool,
}

impl Claim {
    /// A claim that holds or does not.
    pub fn compared(
        code: impl Into<String>,
        what: impl Into<String>,
        expected: impl Into<String>,
        found: impl Into<String>,
        holds: bool,
    ) -> Claim {
        Claim {
            code: code.into(),
            what: what.into(),
            expected: expected.into(),
            found: found.into(),
            holds: Some(holds),
            sentence: None,
            fix: None,
            offline: None,
            starting: false,
        }
    }

    /// A claim that cannot be decided, with what is missing as `found`.
    pub fn undecided(
        code: impl Into<String>,
        what: impl Into<String>,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) -> Claim {
        Claim { holds: None, ..Claim::compared(code, what, expected, found, false) }
    }

    /// Shows this sentence as the reason, instead of the two values.
    pub fn sentence(mut self, sentence: impl Into<String>) -> Claim {
        self.sentence = Some(sentence.into());
        self
    }

    /// What to do when this claim does not hold or cannot be decided.
    pub fn fix(mut self, fix: impl Into<String>) -> Claim {
        self.fix = Some(fix.into());
        self
    }

    /// Why it does not hold, in one line: the sentence, or the two values.
    pub fn reason(&self) -> String {
        match &self.sentence {
            Some(sentence) => sentence.clone(),
            None => format!("{}: expected {}, found {}", self.what, self.expected, self.found),
        }
    }
}

/// A kebab-case form of `text`: `http status` is `http-status`. A text without ASCII letters and digits is `claim`.
pub fn slug(text: &str) -> String {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    match words.map(str::to_ascii_lowercase).collect::<Vec<_>>().join("-") {
        empty if empty.is_empty() => "claim".to_owned(),
        slug => slug,
    }
}

/// Makes the codes of one check's claims unique: a repeated `status` becomes `status-2`. Only an operator's own check
/// can repeat one.
pub fn number_repeats<'a>(codes: impl Iterator<Item = &'a mut String>) {
    let mut seen = BTreeSet::new();
    for code in codes {
        let mut number = 2;
        let plain = code.clone();
        while !seen.insert(code.clone()) {
            *code = format!("{plain}-{number}");
            number += 1;
        }
    }
}

/// A fact that supports the claims or helps the reader. It is not judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Evidence {
    pub name: String,
    pub value: String,
}

/// What a probe found.
#[derive(Clone, Debug, Default)]
pub struct Finding {
    /// What was checked, in one line: `GET https://chat.example/api`.
    pub asked: String,
    pub claims: Vec<Claim>,
    pub evidence: Vec<Evidence>,
    /// Shown even when the check passes.
    pub warnings: Vec<String>,
    /// A better fix than the check's own, if there is one (a statement to run).
    pub fix: Option<String>,
}

impl Finding {
    /// An empty finding about `asked`.
    pub fn about(asked: impl Into<String>) -> Finding {
        Finding { asked: asked.into(), ..Finding::default() }
    }

    /// Adds a claim.
    pub fn claim(mut self, claim: Claim) -> Finding {
        self.claims.push(claim);
        self
    }

    /// Adds evidence.
    pub fn evidence(mut self, name: impl Into<String>, value: impl Into<String>) -> Finding {
        self.evidence.push(Evidence { name: name.into(), value: value.into() });
        self
    }

    /// Adds a warning, which is shown even when the check passes.
    pub fn warn(mut self, warning: impl Into<String>) -> Finding {
        self.warnings.push(warning.into());
        self
    }

    /// Replaces the check's own fix when the check does not pass, or passes with a warning.
    pub fn fix(mut self, fix: impl Into<String>) -> Finding {
        self.fix = Some(fix.into());
        self
    }
}

/// Our side could not run the probe: a variable or a program is missing, or a file cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProbeError {
    /// A lower-case fragment: `DATABASE_URL is not set`.
    pub why: String,
    /// What to do about it, if the check's own fix does not apply.
    pub hint: Option<String>,
    /// Facts that help to find the cause.
    pub evidence: Vec<Evidence>,
}

impl ProbeError {
    /// An error with this reason, a lower-case fragment.
    pub fn because(why: impl Into<String>) -> ProbeError {
        ProbeError { why: why.into(), hint: None, evidence: Vec::new() }
    }

    /// Adds what to do about it.
    pub fn hint(mut self, hint: impl Into<String>) -> ProbeError {
        self.hint = Some(hint.into());
        self
    }

    /// Adds evidence.
    pub fn evidence(mut self, name: impl Into<String>, value: impl Into<String>) -> ProbeError {
        self.evidence.push(Evidence { name: name.into(), value: value.into() });
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeated_codes_are_numbered() {
        let mut codes = ["status", "body", "status", "status-2", "status"].map(str::to_owned);
        number_repeats(codes.iter_mut());
        assert_eq!(codes, ["status", "body", "status-2", "status-2-2", "status-3"]);
    }

    #[test]
    fn every_text_has_a_slug() {
        for (text, expected) in
            [("http status", "http-status"), ("/Data/x_1", "data-x-1"), ("空き容量", "claim")]
        {
            assert_eq!(slug(text), expected);
        }
    }
}
