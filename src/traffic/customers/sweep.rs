//! Which conversations had activity since an instant, read page by page while
//! customers go on writing. Pure: it says which page to ask for, and takes it.
//!
//! Nothing can be missed, for these reasons. What is looked for has activity since
//! `from`, now and later, so it stands in the upper part of the list, before the
//! first one that is older. Between two pages the list shifts in two ways:
//!
//! * Somebody writes, and a conversation moves to the top, perhaps from a page not
//!   yet read to one that was. The others move down, so they are seen twice, which
//!   does no harm. What moved has at least the activity that the newest one had when
//!   the round began: the next round reads the list again from the top down to
//!   there. One answer is one moment, so a round of one page ends the sweep.
//! * A conversation is deleted, the others move up, and one slips past between two
//!   pages. New ones move them down again; so one can slip past only if more were
//!   deleted than are new, and then `all_count` has fallen: the sweep starts over.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{MOST_CONVERSATIONS, MOST_LISTINGS};
use crate::service::chatwoot::{Entry, Listing};

/// A sweep under way.
#[derive(Clone, Debug)]
pub(super) struct Sweep {
    from: Timestamp,
    /// The newest activity seen of each conversation.
    known: BTreeMap<u64, Timestamp>,
    /// The next page of this round, from 1.
    page: u32,
    /// This round ends where activity is older.
    bound: Timestamp,
    /// The first page of this round, and that of the round before it.
    top: Vec<Entry>,
    last_top: Option<Vec<Entry>>,
    /// `all_count` of the last page.
    count: u64,
    pages: usize,
    done: bool,
}

/// What a sweep wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Next {
    Page(u32),
    /// Every conversation was seen.
    Done,
    /// There are too many; in words.
    TooMany(String),
}

impl Sweep {
    /// Looks for conversations with activity at `from`, a whole second, or later.
    pub(super) fn since(from: Timestamp) -> Sweep {
        Sweep {
            from,
            known: BTreeMap::new(),
            page: 1,
            bound: from,
            top: Vec::new(),
            last_top: None,
            count: 0,
            pages: 0,
            done: false,
        }
    }

    pub(super) fn next(&self) -> Next {
        match self {
            _ if self.known.len() > MOST_CONVERSATIONS => {
                Next::TooMany(format!("more than {MOST_CONVERSATIONS} conversations"))
            }
            _ if self.done => Next::Done,
            _ if self.pages >= MOST_LISTINGS => Next::TooMany(format!(
                "more than {MOST_LISTINGS} pages of conversations, or a list that never rests"
            )),
            _ => Next::Page(self.page),
        }
    }

    /// Takes the page that was asked for.
    pub(super) fn take(&mut self, listing: Listing) {
        self.pages += 1;
        for entry in listing.entries.iter().filter(|e| e.last_activity >= self.from) {
            let newest = self.known.entry(entry.id).or_insert(entry.last_activity);
            *newest = (*newest).max(entry.last_activity);
        }
        let fell = self.pages > 1 && listing.count < self.count;
        self.count = listing.count;
        if fell {
            self.bound = self.from;
            self.last_top = None;
            if self.page > 1 {
                self.page = 1;
                return;
            }
        }
        let ends = listing.entries.last().is_none_or(|oldest| oldest.last_activity < self.bound);
        let first = self.page == 1;
        if first {
            self.top = listing.entries;
            // A list that looks as it did when the last round began has not moved since.
            self.done = ends || self.last_top.as_ref() == Some(&self.top);
        }
        match ends && !first {
            true => {
                self.bound = self.top.first().map_or(self.from, |newest| newest.last_activity.max(self.from));
                self.last_top = Some(std::mem::take(&mut self.top));
                self.page = 1;
            }
            false => self.page += 1,
        }
    }

    /// The conversations seen, by id.
    pub(super) fn conversations(&self) -> Vec<u64> {
        self.known.keys().copied().collect()
    }
}

#[cfg(test)]
mod tests;
