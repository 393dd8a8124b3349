//! `[targets.NAME.traffic]`: what this target's traffic must be, and how it is
//! watched. The defaults are the checklist's and the runbooks'.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::input::interval::Interval;

/// How traffic is judged and watched.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Traffic {
    /// The success rate must be greater than this.
    pub success_rate: Percent,
    /// The average duration must be smaller than this, in milliseconds.
    pub average_ms: u32,
    /// Fewer deliveries than this can fail a window, and never pass it.
    pub min_events: u64,
    /// The time between two looks at the facts.
    pub tick: Interval,
    /// Facts younger than this are counted again at the next tick, and read again if some came late.
    pub overlap: Interval,
    /// The wait between the window's end and the statement that judges it.
    pub settle: Interval,
    /// The time between two looks at the health of Chatwoot and the Agent SDK.
    pub health_every: Interval,
    /// The time between two readings of `fly logs`.
    pub logs_every: Interval,
    /// How long a customer's message may be without a draft or reply.
    pub patience: Interval,
    /// Whether this shop's messages get drafts or replies at all.
    pub drafts: Drafts,
    /// A log line that contains one of these is an error, whatever its level.
    pub log_errors: Vec<String>,
    /// A log line that contains one of these is counted and warned of: a retry may have mended it.
    pub log_warnings: Vec<String>,
    /// The runbooks' tiers: warnings on windows of their own.
    pub tiers: Vec<Tier>,
    /// `captured_at` of the baseline to compare with; without it the newest good one.
    pub baseline: Option<String>,
}

impl Default for Traffic {
    fn default() -> Traffic {
        let texts = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
        Traffic {
            success_rate: Percent(9500),
            average_ms: 500,
            min_events: 21,
            tick: Interval::seconds(10),
            overlap: Interval::seconds(20),
            settle: Interval::seconds(10),
            health_every: Interval::seconds(60),
            logs_every: Interval::seconds(20),
            patience: Interval::seconds(60),
            drafts: Drafts::On,
            log_errors: texts(&[
                "Webhook sent to dead letter queue",
                "Failed to record retry metrics",
                "Failed to write to dead letter queue",
            ]),
            log_warnings: texts(&["Agent SDK returned non-success"]),
            tiers: Tier::of_the_runbooks(),
            baseline: None,
        }
    }
}

/// Whether customers' messages are answered by a draft or a reply.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Drafts {
    #[default]
    On,
    /// A message without either is not called lost.
    Off,
}

/// One tier of a runbook: exactly one bound, over a window of its own that ends where the watch's ends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tier {
    /// `P0`.
    pub name: String,
    /// The length of its window.
    pub over: Interval,
    /// Fires when the success rate is below this.
    pub success_below: Option<Percent>,
    /// Fires when more dead letters than this were written.
    pub dead_letters_above: Option<u64>,
    /// Fires when deliveries needed more attempts than this on average.
    pub attempts_above: Option<f64>,
}

impl Tier {
    fn new(name: &str, minutes: u64) -> Tier {
        Tier {
            name: name.to_owned(),
            over: Interval::seconds(minutes * 60),
            success_below: None,
            dead_letters_above: None,
            attempts_above: None,
        }
    }

    /// The tiers of the webhook, outage and escalation runbooks.
    fn of_the_runbooks() -> Vec<Tier> {
        let success =
            |name, below, minutes| Tier { success_below: Some(Percent(below)), ..Tier::new(name, minutes) };
        let letters =
            |name, above, minutes| Tier { dead_letters_above: Some(above), ..Tier::new(name, minutes) };
        vec![
            success("P0", 5000, 10),
            success("P1", 8000, 15),
            letters("P2", 10, 60),
            letters("warning", 5, 60),
            success("alert", 9800, 15),
            success("escalation, success", 7000, 30),
            letters("escalation, dead letters", 20, 60),
            Tier { attempts_above: Some(1.5), ..Tier::new("info", 15) },
        ]
    }
}

/// A share in hundredths of a percent: 9500 is 95 %. Written as a number of percent with at most two digits
/// behind the point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Percent(pub u32);

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0 / 100, self.0 % 100) {
            (whole, 0) => write!(f, "{whole} %"),
            (whole, rest) if rest % 10 == 0 => write!(f, "{whole}.{} %", rest / 10),
            (whole, rest) => write!(f, "{whole}.{rest:02} %"),
        }
    }
}

impl Serialize for Percent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(f64::from(self.0) / 100.0)
    }
}

impl<'de> Deserialize<'de> for Percent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Percent, D::Error> {
        let percent = f64::deserialize(deserializer)?;
        let hundredths = (percent * 100.0).round();
        let exact = (hundredths / 100.0 - percent).abs() < 1e-9;
        if !(0.0..=10_000.0).contains(&hundredths) || !exact {
            return Err(serde::de::Error::custom(format!(
                "`{percent}` is no share in percent: write 0 to 100 with at most two digits behind the point"
            )));
        }
        // Within 0 and 10,000 by the check above.
        Ok(Percent(hundredths as u32))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percents_are_read_exactly_or_refused() {
        let read = |text: &str| toml::from_str::<Traffic>(&format!("success_rate = {text}"));
        for (text, hundredths, shown) in [
            ("95", 9500, "95 %"),
            ("99.5", 9950, "99.5 %"),
            ("97.25", 9725, "97.25 %"),
            ("95.05", 9505, "95.05 %"),
        ] {
            let percent = read(text).expect(text).success_rate;
            assert_eq!((percent, percent.to_string().as_str()), (Percent(hundredths), shown));
        }
        for text in ["101", "-1", "95.001", "nan", "inf", "\"95\""] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
