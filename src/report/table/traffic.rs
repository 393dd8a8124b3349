//! The numbers of a watched window, below the sections whose checks judge them.

use super::super::traffic::{Extent, PROVISIONAL, facts, window};
use super::{GUTTER, Ink, Page};
use crate::text;

impl Page<'_> {
    /// With `--problems` this shows only that nothing was judged.
    pub(super) fn traffic(&self, lines: &mut Vec<String>) {
        let Some(traffic) = &self.report.traffic else { return };
        let title = self.paint(Ink::Bold, "Traffic");
        if self.style.problems_only {
            if traffic.provisional {
                lines.push(format!("{title} · {}", self.paint(Ink::Yellow, PROVISIONAL)));
                lines.push(String::new());
            }
            return;
        }
        lines.push(format!("{title}{}", self.paint(Ink::Dim, &format!(" · {}", window(traffic)))));
        let gutter = self.paint(Ink::Dim, GUTTER);
        let names = |facts: &[(&str, String)]| facts.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
        let all = self.style.verbose > 0;
        let width = names(&facts(traffic, Extent { width: 0, all }));
        // A sparkline must fit on one line.
        let room = self.room().saturating_sub(width + 2);
        let shown_facts = facts(traffic, Extent { width: room, all });
        let mut before = "";
        for (name, value) in &shown_facts {
            let shown = if *name == before { "" } else { *name };
            before = name;
            let value = match *name {
                "latency" => value.clone(),
                _ => text::plain(value),
            };
            for line in self.pairs(&[(shown, value)], width) {
                let line = match *name {
                    "provisional" => self.paint(Ink::Yellow, &line),
                    _ => line,
                };
                lines.push(format!("{gutter}{line}").trim_end().to_owned());
            }
        }
        lines.push(String::new());
    }
}
