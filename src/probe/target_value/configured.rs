//! A value that may be shown, compared with what the configuration holds for this
//! target and for the others.

use url::Url;

use super::place;
use crate::outcome::finding::{Claim, Finding, ProbeError};
use crate::probe::Form;
use crate::settings::Settings;

/// The keys of a target that a variable can be compared with.
pub(super) const KEYS: &[&str] = &["chatwoot_host", "agent_host", "account_id"];

/// The variable, its value in the form in which it is compared, and the key it is compared with.
struct Value<'a> {
    var: &'a str,
    key: &'a str,
    ours: String,
    /// The URL's scheme, which decides the default port; `None` for an id.
    scheme: Option<String>,
}

impl Value<'_> {
    fn code(&self) -> &'static str {
        if self.scheme.is_some() { "host" } else { "account-id" }
    }

    fn what(&self) -> &'static str {
        if self.scheme.is_some() { "host" } else { "account id" }
    }

    /// A configured text in the form in which it is compared.
    fn normal(&self, text: &str) -> Option<String> {
        let Some(scheme) = &self.scheme else { return id(text) };
        let text = text.trim();
        if text.is_empty() || text.contains(['/', '@', '?', '#', ' ']) {
            return None;
        }
        host(&Url::parse(&format!("{scheme}://{text}")).ok()?)
    }
}

pub(super) fn judge(
    finding: Finding,
    settings: &Settings,
    var: &str,
    key: &str,
    value: &str,
) -> Result<Finding, ProbeError> {
    let form = if key == "account_id" { Form::Integer } else { Form::Url };
    form.judge(value).map_err(|wrong| ProbeError::because(format!("{var} {wrong}")))?;
    let malformed = || ProbeError::because(format!("{var} is malformed"));
    let url = match form {
        Form::Url => Some(Url::parse(value).map_err(|_| malformed())?),
        _ => None,
    };
    let scheme = url.as_ref().map(|url| url.scheme().to_owned());
    let ours = url.as_ref().map_or_else(|| id(value), host).ok_or_else(malformed)?;
    let value = Value { var, key, ours, scheme };
    let mut finding = finding;
    if let Some(url) = &url
        && settings.target.is_production()
    {
        finding = place::of_url(finding, var, url);
    }
    let own = settings.target.text(key);
    let own_normal = own.as_deref().and_then(|text| value.normal(text));
    finding = finding.claim(own_claim(&value, settings, own.as_deref(), own_normal.as_deref()));
    Ok(others(finding, settings, &value, own_normal.as_deref()))
}

/// The claim that the value is the one configured for this target.
fn own_claim(value: &Value<'_>, settings: &Settings, own: Option<&str>, own_normal: Option<&str>) -> Claim {
    let Value { var, key, ours, .. } = value;
    let target = &settings.target.name;
    let undecided = || {
        let expected = format!("the `{key}` of {target}");
        Claim::undecided(value.code(), value.what(), expected, ours)
    };
    match (own, own_normal) {
        (None, _) => undecided()
            .sentence(format!("`{key}` is not configured for {target}, so {var} ({ours}) cannot be checked"))
            .fix(settings.target.line_to_add(key)),
        (Some(_), None) => undecided()
            .sentence(format!("the `{key}` configured for {target} is not a valid {}", value.what()))
            .fix(format!("correct `{key}` under [targets.{target}] in the configuration")),
        (Some(text), Some(normal)) => {
            Claim::compared(value.code(), value.what(), text, ours, normal == ours.as_str())
        }
    }
}

/// One claim on the other targets that have a value of their own.
fn others(mut finding: Finding, settings: &Settings, value: &Value<'_>, own: Option<&str>) -> Finding {
    let Value { var, key, ours, .. } = value;
    if settings.others.is_empty() {
        return finding.evidence("other targets", super::NO_OTHERS);
    }
    let mut compared = Vec::new();
    for other in &settings.others {
        let evidence = format!("target {}", other.name);
        match other.text(key).and_then(|text| value.normal(&text)) {
            None => {
                let why = format!("not compared: no valid `{key}` is configured for it");
                finding = finding.evidence(evidence, why);
            }
            Some(theirs) if own == Some(theirs.as_str()) => {
                let why = format!("shares this `{key}` with {}", settings.target.name);
                finding = finding.evidence(evidence, why);
            }
            Some(theirs) => compared.push((other.name.as_str(), theirs)),
        }
    }
    if compared.is_empty() {
        return finding;
    }
    let values: Vec<String> = compared.iter().map(|(name, theirs)| format!("{theirs} ({name})")).collect();
    let expected = format!("not {}", values.join(" or "));
    let same: Vec<&str> =
        compared.iter().filter(|(_, theirs)| theirs == ours).map(|(name, _)| *name).collect();
    let claim = Claim::compared("other-targets", "other targets", expected, ours, same.is_empty());
    if same.is_empty() {
        return finding.claim(claim);
    }
    let verb = if value.scheme.is_some() { "points to" } else { "is" };
    let names = same.join(" and ");
    finding.claim(claim.sentence(format!("{var} {verb} the {} of {names} ({ours})", value.what())))
}

/// Host and port; the parser drops the scheme's default port.
fn host(url: &Url) -> Option<String> {
    let host = url.host_str()?.trim_end_matches('.');
    if host.is_empty() {
        return None;
    }
    Some(url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")))
}

fn id(text: &str) -> Option<String> {
    text.trim().parse::<u64>().ok().map(|n| n.to_string())
}
