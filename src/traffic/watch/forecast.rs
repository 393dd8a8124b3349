//! What a window can prove, shown before the watch begins.

use super::reader::{QueryResult, Reader};
use super::tick_loop::TICK_DEADLINE;
use super::{View, Watch};
use crate::outcome::window::Mode;
use crate::settings::{Percent, Traffic};
use crate::traffic::stats;

/// The failure rates of a good, a poor and a bad service, for which the chance of failing the window is shown.
const RATES: [f64; 3] = [0.005, 0.02, 0.10];

impl<R: Reader, V: View> Watch<'_, R, V> {
    /// Announces the watch, and what its window can prove at the recent rate.
    pub(super) async fn announce(&mut self) -> QueryResult<()> {
        let mut remarks = self.remarks.clone();
        let asked = match self.plan.mode {
            Mode::Forward if self.clocked => self.reader.recent_per_minute(TICK_DEADLINE).await,
            _ => Ok(None),
        };
        match (&asked, self.plan.mode) {
            (_, Mode::Past) => {}
            (Ok(rate), _) => remarks.extend(forecast(*rate, self.window.minutes(), self.rules)),
            (Err(fault), _) => remarks.push(format!("the recent rate is unknown: {}", fault.error.why)),
        }
        self.view.begins(self.window, &remarks);
        asked.map(|_| ())
    }
}

/// What a window of `minutes` can prove if deliveries keep coming at the rate of the last hour.
fn forecast(per_minute: Option<f64>, minutes: f64, rules: &Traffic) -> Vec<String> {
    let (Percent(t), least) = (rules.success_rate, rules.min_events);
    let proves = percent(stats::upper_bound(0, least));
    let enough = format!(
        "a pass needs at least {least} deliveries ({least} without a failure show a failure rate below {proves})"
    );
    let Some(rate) = per_minute else {
        return vec![
            "no delivery in the last hour: probably too few for a pass; use a longer window or --until-enough"
                .to_owned(),
            enough,
        ];
    };
    let expected = rate * minutes;
    let chance = |p: f64| percent(stats::power(expected, p, t, least));
    let [good, poor, bad] = RATES;
    let mut forecast = vec![
        format!("about {expected:.0} deliveries expected ({rate:.1} per minute in the last hour)"),
        format!(
            "chance that this window fails: {} at a true failure rate of {}, {} at {}, {} at {} (if failures are independent)",
            chance(good),
            percent(good),
            chance(poor),
            percent(poor),
            chance(bad),
            percent(bad),
        ),
    ];
    if expected < least as f64 {
        forecast
            .push("probably too few deliveries for a pass: use a longer window or --until-enough".to_owned());
    }
    forecast.push(enough);
    forecast
}

/// A share in percent with one decimal.
fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(per_minute: Option<f64>) -> String {
        forecast(per_minute, 15.0, &Traffic::default()).join("\n")
    }

    #[test]
    fn the_forecast_states_its_numbers() {
        let two = shown(Some(2.0));
        for part in [
            "about 30 deliveries",
            "0.9 % at a true failure rate of 0.5 %",
            "11.5 % at 2.0 %",
            "77.9 % at 10.0 %",
        ] {
            assert!(two.contains(part), "{part}: {two}");
        }
        assert!(two.contains("below 13.3 %") && !two.contains("too few"), "{two}");
        assert!(shown(Some(0.7)).contains("probably too few"), "{}", shown(Some(0.7)));
        assert!(shown(None).contains("no delivery in the last hour"), "{}", shown(None));
    }
}
