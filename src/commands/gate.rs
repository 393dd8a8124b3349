//! The gate refuses thresholds looser than the checklist's.

use anyhow::{Result, bail};

use crate::settings::{Target, Traffic};

/// Refuses a target whose thresholds are looser than the checklist's.
///
/// # Errors
/// Every looser key, with the checklist's value.
pub fn refuse_looser(target: &Target) -> Result<()> {
    let looser = looser(target);
    if looser.is_empty() {
        return Ok(());
    }
    bail!(
        "the gate does not allow thresholds looser than the checklist's; change under [targets.{}.traffic]: {}",
        target.name,
        looser.join("; ")
    )
}

fn looser(target: &Target) -> Vec<String> {
    let (traffic, checklist) = (&target.traffic, Traffic::default());
    let mut found = Vec::new();
    if traffic.success_rate < checklist.success_rate {
        found.push(format!("success_rate = {} (at least {})", traffic.success_rate, checklist.success_rate));
    }
    if traffic.average_ms > checklist.average_ms {
        found.push(format!("average_ms = {} (at most {})", traffic.average_ms, checklist.average_ms));
    }
    if traffic.min_events < checklist.min_events {
        found.push(format!("min_events = {} (at least {})", traffic.min_events, checklist.min_events));
    }
    // With few probes, a service that was down for half the window can look healthy in each of them.
    if traffic.health_every.0 > checklist.health_every.0 {
        found.push(format!("health_every = {} (at most {})", traffic.health_every, checklist.health_every));
    }
    // A message that can wait longer than the window never counts as lost.
    if traffic.patience.0 > checklist.patience.0 {
        found.push(format!("patience = {} (at most {})", traffic.patience, checklist.patience));
    }
    // Deliveries still running at the end of the window would be missed. In a sandbox they are quick.
    if traffic.settle.0 < checklist.settle.0 && !target.is_sandbox() {
        found.push(format!("settle = {} (at least {})", traffic.settle, checklist.settle));
    }
    for text in checklist.log_errors.iter().filter(|text| !traffic.log_errors.contains(text)) {
        found.push(format!("log_errors does not contain \"{text}\""));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::interval::Interval;
    use crate::settings::Percent;

    #[test]
    fn stricter_thresholds_are_accepted_and_looser_ones_are_refused() {
        let mut target = Target::default();
        refuse_looser(&target).expect("the checklist's own");
        target.traffic.success_rate = Percent(9900);
        target.traffic.average_ms = 300;
        target.traffic.min_events = 59;
        target.traffic.log_errors.push("out of memory".to_owned());
        target.traffic.health_every = Interval::seconds(10);
        target.traffic.patience = Interval::seconds(30);
        target.traffic.settle = Interval::seconds(20);
        refuse_looser(&target).expect("stricter");
        target.traffic.success_rate = Percent(9499);
        target.traffic.average_ms = 501;
        target.traffic.min_events = 20;
        target.traffic.health_every = Interval::seconds(3600);
        target.traffic.patience = Interval::seconds(1740);
        target.traffic.settle = Interval::seconds(1);
        target.traffic.log_errors.remove(0);
        let why = refuse_looser(&target).expect_err("looser").to_string();
        for key in [
            "success_rate = 94.99 %",
            "average_ms = 501",
            "min_events = 20",
            "health_every = ",
            "patience = ",
            "settle = 1s (at least 10s)",
            "log_errors does not contain",
        ] {
            assert!(why.contains(key), "{key}: {why}");
        }
    }
}
