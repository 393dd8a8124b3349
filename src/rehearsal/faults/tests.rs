//! The rules that every fault file keeps.

use super::*;
use crate::checklist;

fn faults() -> Vec<Fault> {
    load().unwrap_or_else(|problems| panic!("{problems}"))
}

#[test]
fn every_check_has_a_fault() {
    let list = checklist::load().expect("the embedded checklist");
    let unproven: Vec<&str> = list
        .checks()
        .map(|check| check.id.as_str())
        .filter(|id| !proving(id).any(|fault| !fault.is_good))
        .collect();
    assert!(unproven.is_empty(), "no fault breaks {unproven:?}");
}

#[test]
fn faults_refer_to_existing_checks() {
    let list = checklist::load().expect("the embedded checklist");
    for fault in faults() {
        for expectation in &fault.expectations {
            assert!(list.get(&expectation.check).is_some(), "{}: {}", fault.name, expectation.check);
        }
        for text in &fault.also {
            let pattern = glob::Pattern::new(text).expect("a glob");
            assert!(list.checks().any(|check| pattern.matches(&check.id)), "{}: {text}", fault.name);
        }
        for id in &fault.withheld {
            assert!(list.get(id).is_some_and(|check| check.entry.probe.is_manual()), "{}: {id}", fault.name);
        }
    }
}

#[test]
fn expected_texts_are_not_part_of_the_usual_fix() {
    let list = checklist::load().expect("the embedded checklist");
    let mut usual = Vec::new();
    for fault in faults() {
        for expectation in &fault.expectations {
            let fix = list.get(&expectation.check).expect("the check").entry.fix.to_string();
            if !expectation.says.is_empty() && fix.contains(&expectation.says) {
                usual.push(format!("{}: {}", fault.name, expectation.says));
            }
        }
    }
    assert!(usual.is_empty(), "a text that is always there shows nothing:\n{}", usual.join("\n"));
}

#[test]
fn names_are_kebab_case_and_descriptions_are_sentences() {
    for fault in faults() {
        let plain = fault.name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
        assert!(plain && !fault.name.is_empty(), "{}", fault.name);
        assert!(!fault.about.ends_with('.') && fault.about.contains(' '), "{}: {}", fault.name, fault.about);
    }
}
