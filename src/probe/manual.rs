//! What no program can see: a person looks, and signs off with what was seen.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Asked;
use super::codes::codes;
use crate::context::Asking;
use crate::outcome::finding::{CannotAsk, Claim, Finding};
use crate::settings::Settings;

/// A person's sign-off, given by `--attest ID=EVIDENCE`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Manual {
    /// What the person is asked.
    pub ask: String,
}

const WHAT: &str = "sign-off";
const EXPECTED: &str = "signed off by a person, with what was seen";

impl Manual {
    pub(super) async fn ask(&self, asking: &Asking<'_>) -> Result<Finding, CannotAsk> {
        let id = asking.id;
        Ok(self.judge(id, asking.cx.settings.attest.get(id).map(String::as_str)))
    }

    fn judge(&self, id: &str, evidence: Option<&str>) -> Finding {
        let finding = Finding::about(&self.ask);
        match evidence.map(str::trim).filter(|evidence| !evidence.is_empty()) {
            Some(evidence) => {
                finding.claim(Claim::new(WHAT, EXPECTED, "signed off", true)).evidence("sign-off", evidence)
            }
            None => finding.claim(Claim::open(
                WHAT,
                EXPECTED,
                format!("nobody did: --attest {id}=\"what was seen\""),
            )),
        }
    }

    pub(super) fn explain(&self, _: &Settings) -> Asked {
        Asked {
            question: self.ask.clone(),
            by_hand: vec!["look, then: hotdash-ops gate --attest ID=\"what was seen\"".to_owned()],
            expectations: vec![format!("{WHAT}: {EXPECTED}")],
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
        match self.ask.trim().is_empty() || self.ask.contains('\n') {
            true => vec!["`ask` is not one line that a person can answer".to_owned()],
            false => Vec::new(),
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
    fn only_evidence_of_a_person_passes() {
        let finding = dashboards().judge("success.dashboards", Some("seen by Mara at 10:20"));
        assert_eq!(Verdict::of(&finding.claims), Verdict::Pass);
        assert_eq!(
            (finding.evidence[0].name.as_str(), finding.evidence[0].value.as_str()),
            ("sign-off", "seen by Mara at 10:20")
        );
        for nothing in [None, Some(""), Some(" \t")] {
            let finding = dashboards().judge("success.dashboards", nothing);
            assert_eq!(Verdict::of(&finding.claims), Verdict::Inconclusive, "{nothing:?}");
            assert!(finding.claims[0].found.contains("--attest success.dashboards="), "{:?}", finding.claims);
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
