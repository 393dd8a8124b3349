//! A secret, compared by its keyed fingerprint: it belongs to this target and to no
//! other. Nothing here ever shows a value or its fingerprint.

use super::place;
use crate::outcome::finding::{Claim, Finding, ProbeError};
use crate::service::dsn::Dsn;
use crate::settings::fingerprint::{FINGERPRINTED, canonical, fingerprint};
use crate::settings::{Settings, Target};

pub(super) fn judge(
    mut finding: Finding,
    settings: &Settings,
    var: &str,
    value: &str,
) -> Result<Finding, ProbeError> {
    if var == "DATABASE_URL" {
        let dsn = Dsn::parse(value).map_err(|fault| ProbeError::because(format!("DATABASE_URL {fault}")))?;
        if settings.target.is_production() {
            finding = place::of_dsn(finding, var, &dsn);
        }
    }
    let print = Print::new(settings, var, value);
    finding = own(finding, settings, var, &print);
    finding = others(finding, settings, var, &print);
    Ok(own_value(finding, settings, var, value))
}

/// Our value's fingerprint, or why there is none.
enum Print {
    Known(String),
    /// There is no usable key; the reason.
    Keyless(&'static str),
}

impl Print {
    fn new(settings: &Settings, var: &str, value: &str) -> Print {
        match settings.fingerprint_key.as_deref() {
            None => Print::Keyless("no `fingerprint_key` is configured"),
            Some(key) => match fingerprint(key, var, value) {
                Some(print) => Print::Known(print),
                None => Print::Keyless("`fingerprint_key` is not 32 bytes of hex"),
            },
        }
    }

    /// Whether this fingerprint is ours.
    ///
    /// # Errors
    /// Why it cannot be compared.
    fn equals(&self, stored: &str) -> Result<bool, &'static str> {
        let stored = stored.trim();
        // A text that is not a fingerprint differs from every fingerprint, which would prove nothing.
        if stored.len() != 32 || !stored.chars().all(|c| c.is_ascii_hexdigit()) {
            return Err("the configured text is not a fingerprint");
        }
        match self {
            Print::Known(ours) => Ok(ours.eq_ignore_ascii_case(stored)),
            Print::Keyless(why) => Err(why),
        }
    }
}

fn stored<'t>(target: &'t Target, var: &str) -> Option<&'t str> {
    target.fingerprints.get(canonical(var)).map(String::as_str)
}

/// How to store a target's fingerprints.
fn store(target: &str) -> String {
    format!("run `hotdash-ops env fingerprint --target {target}` with the variables of {target}")
}

fn own(finding: Finding, settings: &Settings, var: &str, print: &Print) -> Finding {
    let name = &settings.target.name;
    let Some(own) = stored(&settings.target, var) else {
        return finding
            .evidence("fingerprint", format!("none stored for {name}; to store it, {}", store(name)));
    };
    let (code, expected) = ("fingerprint", format!("the one stored for {name}"));
    finding.claim(match print.equals(own) {
        Ok(true) => Claim::compared(code, code, expected, "the same", true),
        Ok(false) => Claim::compared(code, code, expected, "a different one", false)
            .sentence(format!("{var} does not match the fingerprint stored for {name}"))
            .fix(format!("set {var} to the value of {name}; after a rotation, {}", store(name))),
        Err(why) => Claim::undecided(code, code, expected, "nothing to compare")
            .sentence(format!("the fingerprint of {var} cannot be compared: {why}"))
            .fix(store(name)),
    })
}

/// One claim on all other targets: the value is none of theirs.
fn others(finding: Finding, settings: &Settings, var: &str, print: &Print) -> Finding {
    if settings.others.is_empty() {
        return finding.evidence("other targets", super::NO_OTHERS);
    }
    let (mut same, mut open) = (Vec::new(), Vec::new());
    for other in &settings.others {
        let name = other.name.as_str();
        match stored(other, var).map(|theirs| print.equals(theirs)) {
            Some(Ok(true)) => same.push(name),
            Some(Ok(false)) => {}
            Some(Err(why)) => open.push((name, why)),
            None => open.push((name, "no fingerprint of it is stored")),
        }
    }
    let names: Vec<&str> = settings.others.iter().map(|other| other.name.as_str()).collect();
    let (code, what) = ("other-targets", "other targets");
    let expected = format!("not the fingerprint of {}", names.join(" or "));
    finding.claim(if !same.is_empty() {
        Claim::compared(code, what, expected, format!("the one of {}", same.join(" and ")), false)
            .sentence(format!("{var} has the value of {}", same.join(" and ")))
    } else if let Some((first, _)) = open.first() {
        let why: Vec<String> = open.iter().map(|(name, why)| format!("{name}: {why}")).collect();
        Claim::undecided(code, what, expected, "nothing to compare")
            .sentence(format!("{var} cannot be compared with {}", why.join("; ")))
            .fix(store(first))
    } else {
        Claim::compared(code, what, expected, "a different one", true)
    })
}

/// The value differs from those of the other variables: the one comparison that needs no configuration.
fn own_value(finding: Finding, settings: &Settings, var: &str, value: &str) -> Finding {
    let Some(ours) = secret_of(var, value) else {
        return nothing_compared(finding, settings, var, value, "it has no password");
    };
    let rest: Vec<(&str, String)> = FINGERPRINTED
        .iter()
        .filter(|other| **other != canonical(var))
        .filter_map(|other| {
            let theirs = match *other {
                "CHATWOOT_API_KEY" => settings.vars.chatwoot_token(),
                name => settings.vars.filled(name),
            };
            Some((*other, secret_of(other, theirs?.trim())?))
        })
        .collect();
    if rest.is_empty() {
        return nothing_compared(finding, settings, var, value, "no other secret variable is set");
    }
    let claim = |found: String, holds| {
        Claim::compared("own-value", "own value", "not the value of another secret variable", found, holds)
    };
    finding.claim(match rest.iter().find(|(_, theirs)| *theirs == ours) {
        Some((name, _)) => claim(format!("the same as {name}"), false)
            .sentence(format!("{} is the same as {}", subject(var), subject(name)))
            .fix(format!("set {var} and {name} each to its own value")),
        None => {
            let names: Vec<&str> = rest.iter().map(|(name, _)| *name).collect();
            claim(format!("differs from {}", names.join(", ")), true)
        }
    })
}

/// The variable in a sentence about its secret.
fn subject(var: &str) -> &str {
    if var == "DATABASE_URL" { "the password in DATABASE_URL" } else { var }
}

/// Without a single claim nothing could have failed, so nothing may pass either. A connection string can still
/// be compared with the database that the target names.
fn nothing_compared(finding: Finding, settings: &Settings, var: &str, value: &str, why: &str) -> Finding {
    if !finding.claims.is_empty() {
        return finding.evidence("own value", format!("not compared: {why}"));
    }
    let target = &settings.target;
    let dsn = (var == "DATABASE_URL").then(|| Dsn::parse(value).ok()).flatten();
    finding.claim(match (dsn, &target.database) {
        (Some(dsn), Some(named)) => {
            let found = dsn.database_name();
            Claim::compared("database", "database", named, found, found == named)
        }
        _ => {
            let expected = format!("the one stored for {}", target.name);
            Claim::undecided("fingerprint", "fingerprint", expected, "none stored")
                .sentence(format!(
                    "{var} cannot be checked: no fingerprint is stored for {}, and {why}",
                    target.name
                ))
                .fix(store(&target.name))
        }
    })
}

/// The secret part of a variable's value: for a connection string, the password.
fn secret_of(var: &str, value: &str) -> Option<String> {
    if var != "DATABASE_URL" {
        return Some(value.to_owned());
    }
    let dsn = Dsn::parse(value).ok()?;
    dsn.config.get_password().filter(|p| !p.is_empty()).map(|p| String::from_utf8_lossy(p).into_owned())
}
