use std::time::Duration;

use super::*;
use crate::outcome::Verdict;
use crate::service::command::NotRun;
use crate::service::fly::{Secret, Status};

fn strings(names: &[&str]) -> Vec<String> {
    names.iter().map(|n| (*n).to_owned()).collect()
}

fn list(secrets: &[(&str, Status)]) -> Answer<Vec<Secret>> {
    let secrets =
        secrets.iter().map(|(name, status)| Secret { name: (*name).to_owned(), status: status.clone() });
    answer(Ok(secrets.collect()))
}

fn answer(secrets: Result<Vec<Secret>, FlyError>) -> Answer<Vec<Secret>> {
    Answer { asked: "fly secrets list -a hotdash-app --json".to_owned(), found: secrets }
}

fn holds(secrets: &[(&str, Status)], all: &[&str], one_of: &[&str]) -> Vec<Option<bool>> {
    let finding = finding(&list(secrets), "hotdash-app", &strings(all), &strings(one_of));
    finding.expect("it can be judged").claims.iter().map(|c| c.holds).collect()
}

#[test]
fn every_status_has_its_verdict() {
    for (status, expected) in [
        (Status::Deployed, Some(true)),
        (Status::Staged, Some(false)),
        (Status::Partial, Some(false)),
        (Status::Unknown, None),
        (Status::Absent, None),
        (Status::Other("New".to_owned()), None),
    ] {
        let secrets = [("A", status.clone()), ("B", Status::Deployed)];
        assert_eq!(holds(&secrets, &["A"], &[]), [expected], "{status:?}");
        assert_eq!(holds(&secrets, &[], &["A", "MISSING"]), [expected], "{status:?}");
    }
}

#[test]
fn a_missing_secret_fails_whatever_the_others_are() {
    assert_eq!(holds(&[], &["A"], &[]), [Some(false)]);
    assert_eq!(holds(&[], &[], &["A", "B"]), [Some(false)]);
    assert_eq!(holds(&[("B", Status::Deployed)], &["A", "B"], &[]), [Some(false), Some(true)]);
    assert_eq!(holds(&[("B", Status::Staged)], &["A", "B"], &[]), [Some(false), None]);
    assert_eq!(holds(&[("a", Status::Deployed)], &["A"], &[]), [Some(false)]);
}

#[test]
fn a_list_of_only_staged_secrets_is_undecided() {
    let staged = [("A", Status::Staged), ("B", Status::Staged)];
    assert_eq!(holds(&staged, &["A"], &["B"]), [None, None]);
    let one_not = [("A", Status::Staged), ("B", Status::Staged), ("C", Status::Unknown)];
    assert_eq!(holds(&one_not, &["A"], &["B"]), [Some(false), Some(false)]);
}

#[test]
fn the_best_of_several_names_counts_and_the_worst_entry_of_one_name() {
    let one_of = |a, b| holds(&[("A", a), ("B", b), ("C", Status::Deployed)], &[], &["A", "B"]);
    assert_eq!(one_of(Status::Staged, Status::Deployed), [Some(true)]);
    assert_eq!(one_of(Status::Staged, Status::Unknown), [None]);
    assert_eq!(one_of(Status::Staged, Status::Partial), [Some(false)]);
    assert_eq!(holds(&[("A", Status::Deployed), ("A", Status::Partial)], &["A"], &[]), [Some(false)]);
    assert_eq!(holds(&[("A", Status::Deployed), ("A", Status::Absent)], &["A"], &[]), [None]);
}

#[test]
fn the_fix_is_the_next_command() {
    let fix = |secrets: &[(&str, Status)], one_of: &[&str]| {
        let answer = list(secrets);
        finding(&answer, "hotdash-app", &strings(&["A"]), &strings(one_of)).expect("it can be judged").fix
    };
    assert_eq!(fix(&[("A", Status::Deployed)], &[]), None);
    let import = fix(&[("B", Status::Deployed)], &["C", "D"]).expect("a fix");
    assert!(import.starts_with("fly secrets import -a hotdash-app") && import.ends_with("A, C"), "{import}");
    let deploy = fix(&[("A", Status::Staged), ("B", Status::Deployed)], &[]);
    assert_eq!(deploy.as_deref(), Some("fly secrets deploy -a hotdash-app"));
    assert!(fix(&[("A", Status::Staged)], &[]).is_some_and(|f| f.starts_with("fly status")));
    assert!(fix(&[("A", Status::Absent)], &[]).is_some_and(|f| f.starts_with("update flyctl")));
}

#[test]
fn trouble_with_fly_never_passes() {
    let ask = |trouble| finding(&answer(Err(trouble)), "hotdash-app", &strings(&["A"]), &[]);
    for trouble in [
        FlyError::NoApp("hotdash-app".to_owned()),
        FlyError::Refused("Unauthorized".to_owned()),
        FlyError::TimedOut(Duration::from_secs(20)),
        FlyError::Said("500".to_owned()),
        FlyError::Unreadable { wanted: "list of secrets", why: "it is null".to_owned() },
    ] {
        let finding = ask(trouble.clone()).expect("fly ran");
        assert_eq!(Verdict::of(&finding.claims), Verdict::Inconclusive, "{trouble:?}");
    }
    for trouble in [
        FlyError::NotRun(NotRun::NotFound { program: "fly".to_owned() }),
        FlyError::NotLoggedIn,
        FlyError::Broken("panicked".to_owned()),
    ] {
        assert!(ask(trouble.clone()).is_err_and(|e| e.hint.is_some()), "{trouble:?}");
    }
}

#[test]
fn a_check_must_name_secrets() {
    let lint =
        |all: &[&str]| Fly::Secrets { app: FlyApp::App, all: strings(all), one_of: vec![] }.lint().len();
    assert_eq!((lint(&["DATABASE_URL"]), lint(&[]), lint(&["database-url"])), (0, 1, 1));
}
