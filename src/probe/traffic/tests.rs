use super::*;
use crate::outcome::window::Mode;
use crate::settings::{Drafts, Target, Vars, Watch};

const ALL: [Traffic; 8] = [
    Traffic::SuccessRate,
    Traffic::DeadLetters,
    Traffic::Average,
    Traffic::Delivered,
    Traffic::NoLostMessage,
    Traffic::FewerFacts,
    Traffic::Tiers,
    Traffic::Database,
];

fn settings(minutes: Option<u64>) -> Settings {
    let watch = |minutes: u64| Watch {
        mode: Mode::Forward,
        length: Some(std::time::Duration::from_secs(60 * minutes)),
        since: None,
        full: false,
        until_enough: false,
        budget: std::time::Duration::from_secs(3600),
        criteria: false,
    };
    Settings {
        target: Target::default(),
        others: Vec::new(),
        vars: Vars::default(),
        config: None,
        fingerprint_key: None,
        app_dir: None,
        ca_file: None,
        checks: None,
        selection: Default::default(),
        strict: false,
        timeout: crate::input::interval::Interval::seconds(60),
        watch: minutes.map(watch),
        attest: Default::default(),
        runs_dir: None,
    }
}

#[test]
fn the_explanation_has_the_checklists_own_statements() {
    let by_hand = |claim: Traffic, minutes| claim.explain(&settings(minutes)).by_hand.join("\n");
    let rate = by_hand(Traffic::SuccessRate, Some(30));
    assert!(rate.contains("AS success_rate") && rate.contains("interval '\\''30 minutes'\\''"), "{rate}");
    assert!(!rate.contains("dead_letter"), "{rate}");
    let dead = by_hand(Traffic::DeadLetters, None);
    assert!(dead.contains("AS dlq_count") && dead.contains("15 minutes"), "{dead}");
    assert!(!dead.contains("support.webhook.retry"), "{dead}");
    for claim in ALL {
        let asked = claim.explain(&settings(None));
        assert!(!asked.by_hand.is_empty() && !asked.expectations.is_empty(), "{claim:?}");
    }
}

#[test]
fn the_explanation_has_the_targets_thresholds() {
    let mut settings = settings(None);
    settings.target.traffic.success_rate = crate::settings::Percent(9950);
    settings.target.traffic.drafts = Drafts::Off;
    assert!(Traffic::SuccessRate.explain(&settings).expectations[0].ends_with("above 99.5 %"));
    assert!(Traffic::NoLostMessage.explain(&settings).expectations[0].contains("drafts"));
}

#[test]
fn only_checks_of_messages_read_chatwoots_variables() {
    for claim in ALL {
        let names = claim.variables();
        let chatwoot = names.iter().any(|name| name.starts_with("CHATWOOT_"));
        assert_eq!(chatwoot, claim.needs_chatwoot(), "{claim:?}");
        assert!(names.contains("DATABASE_URL"));
    }
}
