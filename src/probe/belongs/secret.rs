//! A secret, known by its keyed fingerprint: it is the one of this target, and none
//! of another's. Nothing here ever shows a value or its fingerprint.

use super::place;
use crate::outcome::finding::{CannotAsk, Claim, Finding};
use crate::service::dsn::Dsn;
use crate::settings::fingerprint::{FINGERPRINTED, canonical, fingerprint};
use crate::settings::{Settings, Target};

pub(super) fn judge(
    mut finding: Finding,
    settings: &Settings,
    var: &str,
    value: &str,
) -> Result<Finding, CannotAsk> {
    if var == "DATABASE_URL" {
        let dsn = Dsn::parse(value).map_err(|fault| CannotAsk::because(format!("DATABASE_URL {fault}")))?;
        if settings.target.is_production() {
            finding = place::of_dsn(finding, &dsn);
        }
    }
    let print = Print::of(settings, var, value);
    finding = own(finding, settings, var, &print);
    finding = others(finding, settings, var, &print);
    Ok(of_its_own(finding, settings, var, value))
}

/// Our value's fingerprint, or why there is none.
enum Print {
    Known(String),
    /// There is no usable key; what is wrong with it.
    Keyless(&'static str),
}

impl Print {
    fn of(settings: &Settings, var: &str, value: &str) -> Print {
        match settings.fingerprint_key.as_deref() {
            None => Print::Keyless("no `fingerprint_key` is configured"),
            Some(key) => match fingerprint(key, var, value) {
                Some(print) => Print::Known(print),
                None => Print::Keyless("`fingerprint_key` is not 32 bytes of hex"),
            },
        }
    }

    /// Whether this fingerprint is ours; `Err` says why that cannot be told.
    fn equals(&self, stored: &str) -> Result<bool, &'static str> {
        let stored = stored.trim();
        // Something that is no fingerprint differs from every fingerprint: that would prove nothing.
        if stored.len() != 32 || !stored.chars().all(|c| c.is_ascii_hexdigit()) {
            return Err("what is configured is no fingerprint");
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

fn write_it(target: &str) -> String {
    format!("with the variables of {target}: `hotdash-ops env fingerprint --target {target}`")
}

fn own(finding: Finding, settings: &Settings, var: &str, print: &Print) -> Finding {
    let name = &settings.target.name;
    let Some(own) = stored(&settings.target, var) else {
        let said = format!("none of {name} is configured; {} writes it", write_it(name));
        return finding.evidence("fingerprint", said);
    };
    let expected = format!("the one configured for {name}");
    match print.equals(own) {
        Ok(true) => finding.claim(Claim::new("fingerprint", expected, "the same", true)),
        Ok(false) => finding
            .claim(Claim::new("fingerprint", expected, "another", false))
            .fix(format!("set {var} to the value of {name}, or after a rotation, {}", write_it(name))),
        Err(why) => finding.claim(Claim::open("fingerprint", expected, why)).fix(write_it(name)),
    }
}

fn others(mut finding: Finding, settings: &Settings, var: &str, print: &Print) -> Finding {
    if settings.others.is_empty() {
        return finding
            .evidence("other targets", "none is configured, so it was compared with no other's value");
    }
    for other in &settings.others {
        let what = format!("fingerprint, against {}", other.name);
        let expected = format!("not the one of {}", other.name);
        finding = match stored(other, var).map(|theirs| print.equals(theirs)) {
            Some(Ok(equal)) => {
                let found = if equal { "the same" } else { "another" };
                finding.claim(Claim::new(what, expected, found, !equal))
            }
            Some(Err(why)) => finding.claim(Claim::open(what, expected, why)).fix(write_it(&other.name)),
            None => {
                let found = format!("none configured for {}", other.name);
                finding.claim(Claim::open(what, expected, found)).fix(write_it(&other.name))
            }
        };
    }
    finding
}

/// The value is no other variable's: the one comparison that needs no configuration.
fn of_its_own(finding: Finding, settings: &Settings, var: &str, value: &str) -> Finding {
    let expected = "not the value of another secret variable";
    let Some(ours) = secret_of(var, value) else {
        return nothing_compared(finding, settings, var, value, "it carries no password");
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
    match rest.iter().find(|(_, theirs)| *theirs == ours) {
        Some((name, _)) => finding
            .claim(Claim::new("of its own", expected, format!("the same as in {name}"), false))
            .fix(format!("set {var} and {name} each to its own value")),
        None => {
            let names: Vec<&str> = rest.iter().map(|(name, _)| *name).collect();
            finding.claim(Claim::new(
                "of its own",
                expected,
                format!("another than in {}", names.join(", ")),
                true,
            ))
        }
    }
}

/// Without a single claim there is nothing that could have gone wrong, so there is nothing to pass either. A
/// connection string can still be held against the database that the target names.
fn nothing_compared(finding: Finding, settings: &Settings, var: &str, value: &str, why: &str) -> Finding {
    if !finding.claims.is_empty() {
        return finding.evidence("of its own", format!("not compared: {why}"));
    }
    let target = &settings.target;
    let dsn = (var == "DATABASE_URL").then(|| Dsn::parse(value).ok()).flatten();
    match (dsn, &target.database) {
        (Some(dsn), Some(named)) => {
            let found = dsn.database_name();
            finding.claim(Claim::new("database", named, found, found == named))
        }
        _ => {
            let expected = format!("a fingerprint of {}", target.name);
            let found = format!("none configured, and {why}");
            finding.claim(Claim::open("fingerprint", expected, found)).fix(write_it(&target.name))
        }
    }
}

/// What is secret in a variable's value: of a connection string, the password.
fn secret_of(var: &str, value: &str) -> Option<String> {
    if var != "DATABASE_URL" {
        return Some(value.to_owned());
    }
    let dsn = Dsn::parse(value).ok()?;
    dsn.config.get_password().filter(|p| !p.is_empty()).map(|p| String::from_utf8_lossy(p).into_owned())
}
