//! The notes of a run about the operator's own checks.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::checklist::Check;
use crate::engine::plan::Plan;
use crate::settings::Settings;
use crate::text;

/// The day by which waivers expire, in UTC.
pub fn today(now: Timestamp) -> Date {
    now.to_zoned(TimeZone::UTC).date()
}

/// How many checks of a run are the operator's own, and each waiver that has expired.
pub fn notes(plan: &Plan, settings: &Settings) -> Vec<String> {
    let Some(dir) = &settings.checks else { return Vec::new() };
    let checks = || plan.steps.iter().map(|step| &*step.check);
    let count = |what: fn(&Check) -> bool| checks().filter(|check| what(check)).count();
    let (added, replaced, waived) = (
        count(|check| check.folder.is_some() && check.replaces.is_none()),
        count(|check| check.replaces.is_some()),
        count(|check| check.waiver.as_ref().is_some_and(|waiver| waiver.valid)),
    );
    let mut notes = vec![format!(
        "with your own checks from {}: {} added, {replaced} replaced, {waived} waived",
        dir.display(),
        text::checks(added)
    )];
    notes.extend(checks().filter_map(|check| {
        let waiver = check.waiver.as_ref().filter(|waiver| !waiver.valid)?;
        let (id, owner, expires) = (&check.id, &waiver.owner, &waiver.expires);
        Some(format!(
            "the waiver by {owner} for {id} expired on {expires} and has no effect: renew it or remove it from {}",
            waiver.origin
        ))
    }));
    notes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_is_in_utc() {
        let at = |time: &str| today(time.parse().expect("a time")).to_string();
        assert_eq!(at("2026-01-31T23:59:59Z"), "2026-01-31");
        assert_eq!(at("2026-02-01T00:30:00+02:00"), "2026-01-31");
    }
}
