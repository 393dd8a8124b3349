//! What no program can check: a person looks and signs off with what they saw.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Explanation;
use super::codes::codes;
use crate::context::Attempt;
use crate::outcome::finding::{Claim, Finding, ProbeError};
use crate::settings::Settings;

/// A person's sign-off, given by `--attest ID=EVIDENCE`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Manual {
    /// The question to the person, one line.
    pub ask: String,
}

const SIGN_OFF: &str = "sign-off";
const EXPECTED: &str = "signed off by a person, with what they saw";

impl Manual {
    pub(super) async fn ask(&self, attempt: &Attempt<'_>) -> Result<Finding, ProbeError> {
        let id = attempt.id;
        Ok(self.judge(id, attempt.cx.settings.attest.get(id).map(String::as_str)))
    }

    fn judge(&self, id: &str, evidence: Option<&str>) -> Finding {
        let finding = Finding::about(&self.ask);
        match evidence.map(str::trim).filter(|evidence| !evidence.is_empty()) {
            Some(evidence) => finding
                .claim(Claim::compared(SIGN_OFF, SIGN_OFF, EXPECTED, "signed off", true))
                .evidence(SIGN_OFF, evidence),
            None => finding.claim(
                Claim::undecided(SIGN_OFF, SIGN_OFF, EXPECTED, "not signed off")
                    .sentence(format!("not signed off: look, then run with --attest {id}=\"what you saw\"")),
            ),
        }
    }

    pub(super) fn explain(&self, _: &Settings) -> Explanation {
        Explanation {
            question: self.ask.clone(),
            by_hand: vec!["look, then: hotdash-ops gate --attest ID=\"what you saw\"".to_owned()],
            expectations: vec![format!("{SIGN_OFF}: {EXPECTED}")],
        }
    }

    /// The codes of the claims that it can make.
    pub(super) fn claims(&self) -> Vec<String> {
        codes(["sign-off"])
    }

    pub(super) fn variables(&self) -> BTreeSet<String> {
        BTreeSet::new()
    }

    pub(super) fn lint(&self) -> Vec<String> {
        if self.ask.trim().is_empty() || self.ask.contains('\n') {
            vec!["`ask` must be one line with a question for a person".to_owned()]
        } else {
            Vec::new()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::Verdict;

    fn dashboards() -> Manual {
        Manual { ask: "do the dashboards show traffic?".to_owned() }
    }

    #[test]
    fn only_a_sign_off_with_evidence_passes() {
        let finding = dashboards().judge("success.dashboards", Some("seen by Mara at 10:20"));
        assert_eq!(Verdict::of(&finding.claims), Verdict::Pass);
        assert_eq!(
            (finding.evidence[0].name.as_str(), finding.evidence[0].value.as_str()),
            ("sign-off", "seen by Mara at 10:20")
        );
        for nothing in [None, Some(""), Some(" \t")] {
            let finding = dashboards().judge("success.dashboards", nothing);
            assert_eq!(Verdict::of(&finding.claims), Verdict::Inconclusive, "{nothing:?}");
            let reason = finding.claims[0].reason();
            assert!(reason.contains("--attest success.dashboards="), "{reason}");
        }
    }

    #[test]
    fn a_question_is_one_line() {
        assert!(dashboards().lint().is_empty());
        for ask in ["", "  ", "one\ntwo"] {
            assert_eq!(Manual { ask: ask.to_owned() }.lint().len(), 1, "{ask:?}");
        }
    }
}
