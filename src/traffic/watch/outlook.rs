//! What a window can see, said before it is watched.

use super::forward::TICK_DEADLINE;
use super::reader::{Answer, Reader};
use super::{View, Watch};
use crate::outcome::window::Mode;
use crate::settings::{Percent, Traffic};
use crate::traffic::stats;

/// The failure rates for which it is said how often they fail a window: of a good service, a poor one and a bad one.
const RATES: [f64; 3] = [0.005, 0.02, 0.10];

impl<R: Reader, V: View> Watch<'_, R, V> {
    /// Says that the watch begins, and what its window can see at the recent rate.
    pub(super) async fn announce(&mut self) -> Answer<()> {
        let mut remarks = self.remarks.clone();
        let asked = match self.opening.mode {
            Mode::Forward if self.clocked => self.reader.recent_per_minute(TICK_DEADLINE).await,
            _ => Ok(None),
        };
        match (&asked, self.opening.mode) {
            (_, Mode::Past) => {}
            (Ok(rate), _) => remarks.extend(outlook(*rate, self.window.minutes(), self.rules)),
            (Err(fault), _) => remarks.push(format!("the recent rate is not known: {}", fault.unasked.why)),
        }
        self.view.begins(self.window, &remarks);
        asked.map(|_| ())
    }
}

/// What a window of so many minutes can see when deliveries go on coming as they came in the last hour.
fn outlook(per_minute: Option<f64>, minutes: f64, rules: &Traffic) -> Vec<String> {
    let (Percent(t), least) = (rules.success_rate, rules.min_events);
    let proves = percent(stats::upper_bound(0, least));
    let enough = format!(
        "{least} deliveries are needed for a pass; so many without a failure prove a rate of failures below {proves}"
    );
    let Some(rate) = per_minute else {
        return vec![
            "no delivery in the last hour: the window will hardly see enough to pass".to_owned(),
            enough,
        ];
    };
    let expected = rate * minutes;
    let chance = |p: f64| percent(stats::power(expected, p, t, least));
    let [good, poor, bad] = RATES;
    let mut said = vec![format!(
        "about {expected:.0} deliveries to come ({rate:.1} a minute in the last hour): such a window fails a service with {} failures in {} of cases, with {} in {}, and catches one with {} in {}, if failures are independent",
        percent(good),
        chance(good),
        percent(poor),
        chance(poor),
        percent(bad),
        chance(bad),
    )];
    if expected < least as f64 {
        said.push(
            "they will hardly be enough to pass: a longer window, or --until-enough, sees more".to_owned(),
        );
    }
    said.push(enough);
    said
}

/// A share in percent with one digit.
fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(per_minute: Option<f64>) -> String {
        outlook(per_minute, 15.0, &Traffic::default()).join("\n")
    }

    #[test]
    fn what_a_window_sees_is_said_in_numbers() {
        let two = said(Some(2.0));
        for part in ["about 30 deliveries", "0.5 % failures in 0.9 %", "2.0 % in 11.5 %", "10.0 % in 77.9 %"]
        {
            assert!(two.contains(part), "{part}: {two}");
        }
        assert!(two.contains("below 13.3 %") && !two.contains("hardly"), "{two}");
        assert!(said(Some(0.7)).contains("hardly be enough"), "{}", said(Some(0.7)));
        assert!(said(None).contains("no delivery in the last hour"), "{}", said(None));
    }
}
