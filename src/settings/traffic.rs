//! `[targets.NAME.traffic]`: what is required of this target's traffic and how it is watched. The defaults are those
//! of the checklist and the runbooks.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::input::interval::Interval;

/// How traffic is watched and judged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Traffic {
    /// The success rate must be above this.
    pub success_rate: Percent,
    /// The average duration must be below this, in milliseconds.
    pub average_ms: u32,
    /// A window with fewer deliveries can fail, but not pass.
    pub min_events: u64,
    /// The interval between queries of the facts.
    pub tick: Interval,
    /// Facts younger than this are counted again at the next tick, and again if some arrived late.
    pub overlap: Interval,
    /// The wait between the end of the window and the query that judges it.
    pub settle: Interval,
    /// The interval between health checks of Chatwoot and the Agent SDK.
    pub health_every: Interval,
    /// The interval between calls of `fly logs`.
    pub logs_every: Interval,
    /// How long a customer's message may stay without a draft or reply.
    pub patience: Interval,
    /// Whether messages in this shop get drafts or replies at all.
    pub drafts: Drafts,
    /// A log line that contains one of these is an error, whatever its level.
    pub log_errors: Vec<String>,
    /// A log line that contains one of these is counted as a warning: a retry may have succeeded.
    pub log_warnings: Vec<String>,
    /// The alert tiers of the runbooks: warnings with their own windows.
    pub tiers: Vec<Tier>,
    /// The `captured_at` of the baseline to compare with; by default the newest good one.
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
    /// A message without either does not count as lost.
    Off,
}

/// An alert tier of a runbook: exactly one limit, over its own window, which ends with the watch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tier {
    /// `P0`.
    pub name: String,
    /// The length of the window.
    pub over: Interval,
    /// Fires when the success rate is below this.
    pub success_below: Option<Percent>,
    /// Fires when there are more dead letters than this.
    pub dead_letters_above: Option<u64>,
    /// Fires when the average number of attempts per delivery is above this.
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

/// A percentage in hundredths of a percent: 9500 is 95 %. Written as a number with at most two decimals.
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
                "`{percent}` is not a percentage (0 to 100, at most two decimals)"
            )));
        }
        // Between 0 and 10,000 because of the check above.
        Ok(Percent(hundredths as u32))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_are_parsed_exactly_or_rejected() {
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
