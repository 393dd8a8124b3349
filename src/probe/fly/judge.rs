//! What a list of secrets says about the names that are needed. Pure.

use crate::outcome::finding::{Claim, Finding};
use crate::service::fly::{Secret, Status};

const WANTED: &str = "set, and Deployed";

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
        let (found, holds) = list.look(name);
        finding = finding.claim(claim(format!("secret {name}"), found, holds));
    }
    if !one_of.is_empty() {
        let (found, holds) = list.look_any(one_of);
        finding = finding.claim(claim(format!("one of {}", one_of.join(", ")), found, holds));
    }
    match fix(&list, app, all, one_of) {
        Some(fix) => finding.fix(fix),
        None => finding,
    }
}

fn claim(what: String, found: String, holds: Option<bool>) -> Claim {
    match holds {
        Some(holds) => Claim::new(what, WANTED, found, holds),
        None => Claim::open(what, WANTED, found),
    }
}

struct List<'a> {
    secrets: &'a [Secret],
    /// Every secret is `Staged`. So says `fly` also when it could not list the machines, or there are none.
    all_staged: bool,
}

impl<'a> List<'a> {
    fn of(secrets: &'a [Secret]) -> List<'a> {
        let all_staged = !secrets.is_empty() && secrets.iter().all(|s| s.status == Status::Staged);
        List { secrets, all_staged }
    }

    fn count(&self) -> String {
        let deployed = self.secrets.iter().filter(|s| s.status == Status::Deployed).count();
        format!("{} set, {deployed} of them Deployed", self.secrets.len())
    }

    /// What is found of a name, and whether that is what it must be. Of several entries with one name the
    /// worst counts.
    fn look(&self, name: &str) -> (String, Option<bool>) {
        let entries: Vec<&Secret> = self.secrets.iter().filter(|s| s.name == name).collect();
        if entries.is_empty() {
            return (format!("not among the app's {} secrets", self.secrets.len()), Some(false));
        }
        let seen: Vec<(String, Option<bool>)> = entries.iter().map(|s| self.weigh(&s.status)).collect();
        let worst = |wanted| seen.iter().find(|(_, holds)| *holds == wanted).cloned();
        worst(Some(false)).or_else(|| worst(None)).or_else(|| worst(Some(true))).unwrap_or_default()
    }

    fn weigh(&self, status: &Status) -> (String, Option<bool>) {
        match status {
            Status::Deployed => (status.to_string(), Some(true)),
            Status::Staged if self.all_staged => {
                let why = "Staged, as is every secret of the app: fly says so also when it sees no machines";
                (why.to_owned(), None)
            }
            Status::Staged => ("Staged: set, and on no machine yet".to_owned(), Some(false)),
            Status::Partial => ("Partial: on some machines only".to_owned(), Some(false)),
            Status::Absent => {
                let why = "set, and no status: flyctl before 0.4.6, or an app of more than 100 machines";
                (why.to_owned(), None)
            }
            other => (format!("set, and {other}"), None),
        }
    }

    /// One that is deployed is enough; one that may be deployed leaves it open.
    fn look_any(&self, names: &[String]) -> (String, Option<bool>) {
        let seen: Vec<(String, Option<bool>)> = names
            .iter()
            .map(|name| {
                let (found, holds) = self.look(name);
                (format!("{name} {found}"), holds)
            })
            .collect();
        let first = |wanted| seen.iter().find(|(_, holds)| *holds == wanted).cloned();
        first(Some(true)).or_else(|| first(None)).unwrap_or_else(|| {
            let all: Vec<&str> = seen.iter().map(|(found, _)| found.as_str()).collect();
            (all.join("; "), Some(false))
        })
    }
}

/// The command that mends the worst of it.
fn fix(list: &List<'_>, app: &str, all: &[String], one_of: &[String]) -> Option<String> {
    let missing = |name: &&String| !list.secrets.iter().any(|s| s.name == **name);
    let mut lacking: Vec<&str> = all.iter().filter(missing).map(String::as_str).collect();
    if let Some(first) = one_of.first()
        && one_of.iter().all(|name| missing(&name))
    {
        lacking.push(first);
    }
    if !lacking.is_empty() {
        // `import` reads from standard input, so that no value comes into a shell's history.
        let names = lacking.join(", ");
        return Some(format!("fly secrets import -a {app} with a line NAME=VALUE for each of: {names}"));
    }
    let failed = |name: &String| list.look(name).1 == Some(false);
    let none = !one_of.is_empty() && list.look_any(one_of).1 == Some(false);
    if none || all.iter().any(failed) {
        return Some(format!("fly secrets deploy -a {app}"));
    }
    if list.all_staged {
        return Some(format!("fly status -a {app}, then if it has machines: fly secrets deploy -a {app}"));
    }
    let open = |name: &String| list.look(name).1.is_none();
    (all.iter().any(open) || (!one_of.is_empty() && list.look_any(one_of).1.is_none()))
        .then(|| "update flyctl (0.4.6 or newer shows the status), and look at it by hand".to_owned())
}
