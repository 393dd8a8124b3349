//! A variable is set, has one value, is well-formed and is not a placeholder.

mod form;
mod placeholder;

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Explanation;
use super::codes::codes;
use crate::context::Attempt;
use crate::outcome::finding::{Claim, Finding, ProbeError};
use crate::settings::{Settings, Vars};

/// A variable of the pipeline is set, has one value, is well-formed and is not a placeholder.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Env {
    /// The variable's name.
    pub var: String,
    /// Other names in use for the same variable. A different value in one of them is a failure.
    #[serde(default)]
    pub aliases: Vec<String>,
    pub form: Form,
}

/// The form that a value must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// An absolute http or https URL with a host.
    Url,
    /// A positive whole number.
    Integer,
    /// Printable, without whitespace, at least 8 characters.
    Token,
    /// A PostgreSQL connection string.
    Dsn,
}

impl Env {
    pub(super) async fn ask(&self, attempt: &Attempt<'_>) -> Result<Finding, ProbeError> {
        Ok(self.judge(&attempt.cx.settings.vars))
    }

    /// The claims on a snapshot of variables. Pure.
    fn judge(&self, vars: &Vars) -> Finding {
        let finding = Finding::about(format!("the variable {}", self.names().join(" or ")));
        let filled: Vec<(&str, &str)> =
            self.names().into_iter().filter_map(|n| Some((n, vars.filled(n)?))).collect();
        let not_text: Vec<&str> = self.names().into_iter().filter(|n| vars.is_not_text(n)).collect();
        let set = |found, holds| Claim::compared("set", "set", "a value that is not empty", found, holds);
        let Some((name, value)) = filled.first().copied() else {
            let empty = self.names().into_iter().find(|n| vars.get(n).is_some());
            return finding.claim(match (not_text.first(), empty) {
                (Some(name), _) => set("bytes that are not UTF-8 text".to_owned(), false)
                    .sentence(format!("{name} contains bytes that are not UTF-8 text")),
                (None, Some(name)) => {
                    set("an empty value".to_owned(), false).sentence(format!("{name} is empty"))
                }
                (None, None) => set("nothing".to_owned(), false).sentence(format!("{} is not set", self.var)),
            });
        };
        let finding = finding
            .claim(set(format!("{name} is set"), true))
            .claim(self.one_value(vars, &filled, &not_text));
        let form = |found, holds| Claim::compared("form", "form", self.form.expected(), found, holds);
        let finding = finding.claim(match self.form.judge(value) {
            Ok(shown) => form(shown, true),
            Err(wrong) => form(format!("a value that {wrong}"), false).sentence(format!("{name} {wrong}")),
        });
        let value_is =
            |found, holds| Claim::compared("value", "value", "a real value, not a placeholder", found, holds);
        finding.claim(match placeholder::placeholder(self.form, value) {
            Some(sign) => value_is(sign, false).sentence(format!("{name} looks like a placeholder ({sign})")),
            None => value_is("no sign of a placeholder", true),
        })
    }

    fn one_value(&self, vars: &Vars, filled: &[(&str, &str)], not_text: &[&str]) -> Claim {
        let names = filled.iter().map(|(n, _)| *n).collect::<Vec<_>>().join(" and ");
        let claim = |found: String, holds| {
            Claim::compared("one-value", "one value", "the same value wherever it is set", found, holds)
        };
        if filled.windows(2).any(|pair| pair[0].1 != pair[1].1) {
            return claim("different values".to_owned(), false)
                .sentence(format!("{names} have different values"))
                .fix(format!("give {names} the same value, or unset all but one of them"));
        }
        if let Some(name) = not_text.first() {
            return claim("bytes that are not UTF-8 text".to_owned(), false)
                .sentence(format!("{name} contains bytes that are not UTF-8 text"))
                .fix(format!("unset {name}, or give it the value of {names}"));
        }
        if let Some(name) = self.names().into_iter().find(|n| vars.disagrees(n)) {
            return claim("different values".to_owned(), false)
                .sentence(format!("{name} differs between the environment and the env file"))
                .fix(format!(
                    "give {name} the same value in the environment and in the env file, or remove it from one of them"
                ));
        }
        let found = if filled.len() > 1 { format!("{names} are equal") } else { "one value".to_owned() };
        claim(found, true)
    }

    fn names(&self) -> Vec<&str> {
        std::iter::once(self.var.as_str()).chain(self.aliases.iter().map(String::as_str)).collect()
    }

    pub(super) fn explain(&self, _settings: &Settings) -> Explanation {
        let names = self.names();
        let by_hand = names
            .iter()
            .map(|n| format!("test -n \"${n}\" && echo '{n} is set' || echo '{n} is not set'"))
            .collect();
        Explanation {
            question: format!("is {} set to a well-formed value?", names.join(" or ")),
            by_hand,
            expectations: vec![
                "set: a value that is not empty".to_owned(),
                "one value: the same value wherever it is set".to_owned(),
                format!("form: {}", self.form.expected()),
                "value: a real value, not a placeholder".to_owned(),
            ],
        }
    }

    /// The codes of the claims that it can make.
    pub(super) fn claims(&self) -> Vec<String> {
        codes(["set", "one-value", "form", "value"])
    }

    pub(super) fn variables(&self) -> BTreeSet<String> {
        self.names().into_iter().map(str::to_owned).collect()
    }

    pub(super) fn lint(&self) -> Vec<String> {
        self.names()
            .into_iter()
            .filter(|n| !is_name(n))
            .map(|n| format!("`{n}` is not the name of a variable (A-Z, 0-9 and _)"))
            .collect()
    }
}

/// True for a valid name of a variable: upper-case letters, digits and `_`.
pub(super) fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_uppercase())
        && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> Env {
        Env {
            var: "CHATWOOT_API_KEY".to_owned(),
            aliases: vec!["CHATWOOT_API_TOKEN".to_owned()],
            form: Form::Token,
        }
    }

    fn vars(pairs: &[(&str, &str)]) -> Vars {
        Vars::new(pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())))
    }

    fn broken(finding: &Finding) -> Vec<&str> {
        finding.claims.iter().filter(|c| c.holds != Some(true)).map(|c| c.code.as_str()).collect()
    }

    #[test]
    fn each_claim_fails_alone() {
        let env = key();
        for (pairs, expected) in [
            (&[("CHATWOOT_API_KEY", "uVWhz1JpMCyK")][..], &[][..]),
            (&[("CHATWOOT_API_TOKEN", "uVWhz1JpMCyK")], &[]),
            (&[("CHATWOOT_API_KEY", ""), ("CHATWOOT_API_TOKEN", "uVWhz1JpMCyK")], &[]),
            (&[("CHATWOOT_API_KEY", "uVWhz1JpMCyK"), ("CHATWOOT_API_TOKEN", "uVWhz1JpMCyK")], &[]),
            (&[], &["set"]),
            (&[("CHATWOOT_API_KEY", "")], &["set"]),
            (&[("CHATWOOT_API_KEY", " \t")], &["set"]),
            (
                &[("CHATWOOT_API_KEY", "uVWhz1JpMCyK"), ("CHATWOOT_API_TOKEN", "another1JpMCyK")],
                &["one-value"],
            ),
            (&[("CHATWOOT_API_KEY", "short7")], &["form"]),
            (&[("CHATWOOT_API_KEY", "your_api_key")], &["value"]),
        ] {
            let finding = env.judge(&vars(pairs));
            assert_eq!(broken(&finding), expected, "{pairs:?}");
            assert!(!finding.claims.is_empty());
        }
    }

    #[test]
    fn bytes_and_disagreement_are_failures() {
        let env = key();
        let mut only_bytes = vars(&[]);
        only_bytes.mark_not_text("CHATWOOT_API_KEY");
        assert_eq!(broken(&env.judge(&only_bytes)), ["set"]);
        let mut one_of_two = vars(&[("CHATWOOT_API_TOKEN", "uVWhz1JpMCyK")]);
        one_of_two.mark_not_text("CHATWOOT_API_KEY");
        assert_eq!(broken(&env.judge(&one_of_two)), ["one-value"]);
        let mut torn = vars(&[("CHATWOOT_API_KEY", "uVWhz1JpMCyK")]);
        torn.mark_disagreeing("CHATWOOT_API_KEY");
        assert_eq!(broken(&env.judge(&torn)), ["one-value"]);
    }

    #[test]
    fn no_value_is_ever_shown() {
        for value in ["hunter22hunter22", "hunter22 hunter22", "hun ter"] {
            let finding =
                key().judge(&vars(&[("CHATWOOT_API_KEY", value), ("CHATWOOT_API_TOKEN", "hunter33")]));
            assert!(!format!("{finding:?}").contains("hun"), "{finding:?}");
        }
    }

    #[test]
    fn an_invalid_name_is_rejected() {
        let env = Env { var: "lower".to_owned(), aliases: vec!["1ST".to_owned()], form: Form::Token };
        assert_eq!(env.lint().len(), 2);
        assert!(key().lint().is_empty());
    }
}
