//! A value that may be shown, compared with what the configuration says of this
//! target and of the others.

use url::Url;

use super::place;
use crate::outcome::finding::{CannotAsk, Claim, Finding};
use crate::probe::Form;
use crate::settings::Settings;

/// The keys of a target that a variable can be compared with.
pub(super) const KEYS: &[&str] = &["chatwoot_host", "agent_host", "account_id"];

pub(super) fn judge(
    finding: Finding,
    settings: &Settings,
    var: &str,
    key: &str,
    value: &str,
) -> Result<Finding, CannotAsk> {
    let form = if key == "account_id" { Form::Integer } else { Form::Url };
    form.judge(value).map_err(|wrong| CannotAsk::because(format!("{var} is malformed: {wrong}")))?;
    let malformed = || CannotAsk::because(format!("{var} is malformed"));
    let (what, url) = match form {
        Form::Url => ("host", Some(Url::parse(value).map_err(|_| malformed())?)),
        _ => ("account id", None),
    };
    let scheme = url.as_ref().map(Url::scheme);
    let ours = url.as_ref().map_or_else(|| id(value), host).ok_or_else(malformed)?;
    let mut finding = finding;
    if let Some(url) = &url
        && settings.target.is_production()
    {
        finding = place::of_url(finding, url);
    }
    let own = settings.target.text(key);
    let own_normal = own.as_deref().and_then(|text| normal(text, scheme));
    finding = match (&own, &own_normal) {
        (None, _) => {
            let line = settings.target.line_to_add(key);
            let expected = format!("the `{key}` of {}", settings.target.name);
            finding
                .claim(Claim::open(what, expected, format!("{ours}, and none configured: {line}")))
                .fix(line)
        }
        (Some(_), None) => {
            let found = format!("{ours}, and a configured `{key}` that is none");
            finding.claim(Claim::open(what, format!("the `{key}` of {}", settings.target.name), found))
        }
        (Some(text), Some(normal)) => finding.claim(Claim::new(what, text, &ours, *normal == ours)),
    };
    Ok(others(finding, settings, key, what, &ours, own_normal.as_deref(), scheme))
}

/// One claim for each other target that names a value of its own.
fn others(
    mut finding: Finding,
    settings: &Settings,
    key: &str,
    what: &str,
    ours: &str,
    own: Option<&str>,
    scheme: Option<&str>,
) -> Finding {
    if settings.others.is_empty() {
        return finding
            .evidence("other targets", "none is configured, so it was compared with no other's value");
    }
    for other in &settings.others {
        let theirs = other.text(key).and_then(|text| normal(&text, scheme));
        finding = match theirs {
            None => {
                let said = format!("no usable `{key}` is configured there, so it was not compared");
                finding.evidence(format!("target {}", other.name), said)
            }
            Some(theirs) if own == Some(theirs.as_str()) => {
                let said = format!("shares this `{key}` with {}", settings.target.name);
                finding.evidence(format!("target {}", other.name), said)
            }
            Some(theirs) => {
                let claim = format!("{what}, against {}", other.name);
                finding.claim(Claim::new(claim, format!("not {theirs}"), ours, theirs != ours))
            }
        };
    }
    finding
}

/// A configured text in the form in which it can be compared.
fn normal(text: &str, scheme: Option<&str>) -> Option<String> {
    let Some(scheme) = scheme else { return id(text) };
    let text = text.trim();
    if text.is_empty() || text.contains(['/', '@', '?', '#', ' ']) {
        return None;
    }
    host(&Url::parse(&format!("{scheme}://{text}")).ok()?)
}

/// Host and port; the scheme's own port is dropped by the parser.
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
