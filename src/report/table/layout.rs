//! Columns: how wide each is, and rows laid out in them. The columns of check rows are
//! the same in every section, so that they line up down the page.

use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Table, Width};

use crate::outcome::Outcome;
use crate::outcome::report::Report;

use super::super::badge;
use crate::text;

/// Between two columns.
const GAP: usize = 2;
/// A time is at most `59 m 59 s` wide.
const TIME: usize = 9;
/// A title with less room than this moves below the id.
const TITLE: usize = 24;

/// One column: its width without the gap, and its alignment.
#[derive(Clone, Copy)]
pub struct Column {
    width: usize,
    right: bool,
}

impl Column {
    /// A left-aligned column.
    pub fn left(width: usize) -> Column {
        Column { width, right: false }
    }

    /// Gives the last column the rest of `room`.
    pub fn fill(columns: &[Column], room: usize) -> Vec<Column> {
        let mut columns = columns.to_vec();
        if let Some((last, others)) = columns.split_last_mut() {
            let taken: usize = others.iter().map(|c| c.width + GAP).sum();
            last.width = room.saturating_sub(taken).max(16);
        }
        columns
    }

    /// Shares `room` among the columns of `rows`: those that need less than an even share get what
    /// they need, and the others share the rest.
    pub fn share(rows: &[Vec<String>], room: usize) -> Vec<Column> {
        let count = rows.iter().map(Vec::len).max().unwrap_or(0);
        let wanted: Vec<usize> = (0..count)
            .map(|n| rows.iter().filter_map(|r| r.get(n)).map(|c| c.chars().count()).max().unwrap_or(0))
            .collect();
        let mut order: Vec<usize> = (0..count).collect();
        order.sort_by_key(|n| wanted[*n]);
        let mut left = room.saturating_sub(GAP * count.saturating_sub(1));
        let mut widths = vec![0; count];
        for (done, n) in order.into_iter().enumerate() {
            widths[n] = wanted[n].min(left / (count - done)).max(1);
            left = left.saturating_sub(widths[n]);
        }
        widths.into_iter().map(Column::left).collect()
    }
}

/// The columns of a check's row.
pub struct Columns {
    /// The width of the page; wider than requested if an id would not fit otherwise.
    pub width: usize,
    badge: usize,
    id: usize,
    title: Option<usize>,
}

impl Columns {
    /// Fits the rows of `report` to a page of `width` columns.
    pub fn fit(report: &Report, width: usize) -> Columns {
        let widest = |width: fn(&Outcome) -> usize| report.outcomes().map(width).max().unwrap_or(0);
        let badge = widest(|o| badge(o).chars().count());
        let id = widest(|o| text::plain(&o.id).chars().count());
        let time = widest(|o| took(o).chars().count()).min(TIME);
        let fixed = badge + GAP + GAP + time;
        let width = width.max(fixed + id).max(48);
        let title = width.saturating_sub(fixed + id + GAP);
        if title >= TITLE {
            Columns { width, badge, id, title: Some(title) }
        } else {
            Columns { width, badge, id: width - fixed, title: None }
        }
    }

    /// The columns, left to right.
    pub fn row(&self) -> Vec<Column> {
        let title = self.title.map(Column::left);
        let time = self.width - self.badge - self.id - 2 * GAP - self.title.map_or(0, |t| t + GAP);
        [
            Some(Column::left(self.badge)),
            Some(Column::left(self.id)),
            title,
            Some(Column { width: time, right: true }),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// The cells of `outcome`, as many as there are columns.
    pub fn cells(&self, badge: &str, outcome: &Outcome) -> Vec<String> {
        let (id, title) = (text::plain(&outcome.id), text::cell(&outcome.title, 160));
        let named = match self.title {
            Some(_) => vec![id, title],
            None => vec![format!("{id}\n{title}")],
        };
        [vec![badge.to_owned()], named, vec![took(outcome)]].concat()
    }
}

fn took(outcome: &Outcome) -> String {
    if outcome.attempts == 0 { String::new() } else { text::took(outcome.took_ms) }
}

/// Lays one row out in `columns`: as many lines as its highest cell needs, without trailing blanks.
pub fn grid(cells: &[String], columns: &[Column]) -> Vec<String> {
    let mut table = Table::new();
    table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.add_row(cells);
    let last = columns.len().saturating_sub(1);
    for (number, (column, shape)) in table.column_iter_mut().zip(columns).enumerate() {
        let gap = if number == last { 0 } else { GAP };
        let width = u16::try_from(shape.width + gap).unwrap_or(u16::MAX);
        column.set_padding((0, u16::try_from(gap).unwrap_or(0)));
        column.set_constraint(ColumnConstraint::Absolute(Width::Fixed(width)));
        if shape.right {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.lines().map(|line| line.trim_end().to_owned()).collect()
}
