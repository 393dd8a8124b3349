//! Compares a list of secrets with the names that are needed. Pure.

use crate::outcome::finding::{Claim, Finding, slug};
use crate::service::fly::{Secret, Status};

const WANTED: &str = "set and deployed";

/// One claim for each name of `all`, and one for `one_of` together.
pub(super) fn judge(
    finding: Finding,
    app: &str,
    secrets: &[Secret],
    all: &[String],
    one_of: &[String],
) -> Finding {
    let list = List::of(secrets);
    let mut finding = finding.evidence("secrets", list.count());
    for name in all {
        let (found, holds) = list.status(name);
        let sentence = format!("secret {name} is {found}");
        let code = format!("secret-{}", slug(name));
        finding = finding.claim(claim(code, format!("secret {name}"), found, holds, sentence));
    }
    if !one_of.is_empty() {
        let (found, holds) = list.best_status(one_of);
        let what = format!("one of {}", one_of.join(", "));
        let sentence = found.clone();
        finding = finding.claim(claim("one-of".to_owned(), what, found, holds, sentence));
    }
    match fix(&list, app, all, one_of) {
        Some(fix) => finding.fix(fix),
        None => finding,
    }
}

fn claim(code: String, what: String, found: String, holds: Option<bool>, sentence: String) -> Claim {
    match holds {
        Some(true) => Claim::compared(code, what, WANTED, found, true),
        Some(false) => Claim::compared(code, what, WANTED, found, false).sentence(sentence),
        None => Claim::undecided(code, what, WANTED, found).sentence(sentence),
    }
}

/// `1 secret`, `2 secrets`.
fn secrets_in_words(count: usize) -> String {
    format!("{count} secret{}", if count == 1 { "" } else { "s" })
}

struct List<'a> {
    secrets: &'a [Secret],
    /// Every secret is `Staged`. `fly` also reports this when it cannot list the machines, or there are none.
    all_staged: bool,
}

impl<'a> List<'a> {
    fn of(secrets: &'a [Secret]) -> List<'a> {
        let all_staged = !secrets.is_empty() && secrets.iter().all(|s| s.status == Status::Staged);
        List { secrets, all_staged }
    }

    fn count(&self) -> String {
        let deployed = self.secrets.iter().filter(|s| s.status == Status::Deployed).count();
        format!("{} set, {deployed} of them deployed", self.secrets.len())
    }

    /// The status of a name, to follow `is`, and whether it is deployed. If there are several entries with this
    /// name, the worst counts.
    fn status(&self, name: &str) -> (String, Option<bool>) {
        let entries: Vec<&Secret> = self.secrets.iter().filter(|s| s.name == name).collect();
        if entries.is_empty() {
            return (format!("not set (the app has {})", secrets_in_words(self.secrets.len())), Some(false));
        }
        let seen: Vec<(String, Option<bool>)> = entries.iter().map(|s| self.weigh(&s.status)).collect();
        let worst = |wanted| seen.iter().find(|(_, holds)| *holds == wanted).cloned();
        worst(Some(false)).or_else(|| worst(None)).or_else(|| worst(Some(true))).unwrap_or_default()
    }

    fn weigh(&self, status: &Status) -> (String, Option<bool>) {
        match status {
            Status::Deployed => (status.to_string(), Some(true)),
            Status::Staged if self.all_staged => {
                let why =
                    "Staged, like every secret of the app (fly also reports this when it sees no machines)";
                (why.to_owned(), None)
            }
            Status::Staged => ("Staged, not yet on any machine".to_owned(), Some(false)),
            Status::Partial => ("Partial, on some machines only".to_owned(), Some(false)),
            Status::Absent => {
                let why =
                    "set, without a status (flyctl before 0.4.6, or an app with more than 100 machines)";
                (why.to_owned(), None)
            }
            other => (format!("set, with {other}"), None),
        }
    }

    /// One that is deployed is enough; if one may be deployed, it cannot be decided. The status is a sentence.
    fn best_status(&self, names: &[String]) -> (String, Option<bool>) {
        let seen: Vec<(String, Option<bool>)> = names
            .iter()
            .map(|name| {
                let (found, holds) = self.status(name);
                (format!("{name} is {found}"), holds)
            })
            .collect();
        let first = |wanted| seen.iter().find(|(_, holds)| *holds == wanted).cloned();
        first(Some(true)).or_else(|| first(None)).unwrap_or_else(|| {
            let all: Vec<&str> = seen.iter().map(|(found, _)| found.as_str()).collect();
            (all.join("; "), Some(false))
        })
    }
}

/// The command that fixes the worst problem.
fn fix(list: &List<'_>, app: &str, all: &[String], one_of: &[String]) -> Option<String> {
    let missing = |name: &&String| !list.secrets.iter().any(|s| s.name == **name);
    let mut lacking: Vec<&str> = all.iter().filter(missing).map(String::as_str).collect();
    if let Some(first) = one_of.first()
        && one_of.iter().all(|name| missing(&name))
    {
        lacking.push(first);
    }
    if !lacking.is_empty() {
        // `import` reads standard input, so that no value gets into a shell's history.
        let names = lacking.join(", ");
        return Some(format!("fly secrets import -a {app} with a line NAME=VALUE for each of: {names}"));
    }
    let failed = |name: &String| list.status(name).1 == Some(false);
    let none = !one_of.is_empty() && list.best_status(one_of).1 == Some(false);
    if none || all.iter().any(failed) {
        return Some(format!("fly secrets deploy -a {app}"));
    }
    if list.all_staged {
        return Some(format!("fly status -a {app}; if it has machines: fly secrets deploy -a {app}"));
    }
    let open = |name: &String| list.status(name).1.is_none();
    (all.iter().any(open) || (!one_of.is_empty() && list.best_status(one_of).1.is_none()))
        .then(|| "update flyctl to 0.4.6 or later, which shows the status: fly version upgrade".to_owned())
}
