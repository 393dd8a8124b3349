//! The results, and the bounds that they must meet.

use std::time::Duration;

/// Measured times.
#[derive(Default)]
pub struct Times(Vec<Duration>);

impl Times {
    pub fn add(&mut self, took: Duration) {
        self.0.push(took);
    }

    pub fn median_ms(&self) -> f64 {
        let mut all = self.0.clone();
        all.sort_unstable();
        all.get(all.len() / 2).map_or(0.0, |took| took.as_secs_f64() * 1e3)
    }
}

/// What a value must meet.
#[derive(Clone, Copy)]
pub enum Bound {
    AtLeast(f64),
    AtMost(f64),
    /// For information.
    None,
}

/// The printed table.
pub struct Table {
    /// Whether every bound holds so far.
    pub holds: bool,
}

impl Default for Table {
    fn default() -> Table {
        Table { holds: true }
    }
}

impl Table {
    pub fn head(&self) {
        println!("{:<86} {:>10} {:>10} {:>8}  bound", "what", "ms", "ms", "ratio");
    }

    pub fn row(&mut self, what: &str, over: &Times, under: &Times, bound: Bound) {
        let (a, b) = (over.median_ms(), under.median_ms());
        let (ratio, verdict) = (a / b, self.verdict(a / b, bound));
        println!("{what:<86} {a:>10.2} {b:>10.2} {ratio:>8.2}  {verdict}");
    }

    pub fn judge(&mut self, what: &str, value: f64, bound: Bound) {
        let verdict = self.verdict(value, bound);
        println!("{what:<86} {:>10} {:>10} {value:>8.2}  {verdict}", "", "");
    }

    fn verdict(&mut self, value: f64, bound: Bound) -> String {
        let (holds, words) = match bound {
            Bound::AtLeast(least) => (value >= least, format!("at least {least}")),
            Bound::AtMost(most) => (value <= most, format!("at most {most}")),
            Bound::None => return String::new(),
        };
        self.holds &= holds;
        format!("{words}: {}", if holds { "holds" } else { "DOES NOT HOLD" })
    }
}
