//! Finds the conversations with activity since a time, page by page, while customers keep writing. Pure: it decides which
//! page to read next, and takes the result.
//!
//! No conversation can be missed. Those with activity since `from` are at the top of the list, above the first older one.
//! Between two pages the list can shift in two ways:
//!
//! * Someone writes, and a conversation moves to the top, perhaps from a page not yet read to one already read. The others
//!   move down and are seen twice, which does no harm. The moved conversation's activity is at least as new as the newest
//!   one was when the round began, so the next round reads the list again from the top down to that point. A page is a
//!   single moment, so a round of one page ends the sweep.
//! * A conversation is deleted, the others move up, and one slips between two pages. New conversations move them down
//!   again, so this can happen only if more were deleted than created; then `all_count` has decreased, and the sweep
//!   starts over.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{MAX_CONVERSATIONS, MAX_LISTINGS};
use crate::service::chatwoot::{Entry, Listing};

/// A sweep in progress.
#[derive(Clone, Debug)]
pub(super) struct Sweep {
    from: Timestamp,
    /// The newest activity seen of each conversation.
    known: BTreeMap<u64, Timestamp>,
    /// The next page of this round, from 1.
    page: u32,
    /// This round ends at the first older activity.
    bound: Timestamp,
    /// The first page of this round, and that of the round before it.
    top: Vec<Entry>,
    last_top: Option<Vec<Entry>>,
    /// `all_count` of the last page.
    count: u64,
    pub(super) pages: usize,
    done: bool,
}

/// The next step of a sweep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Next {
    Page(u32),
    /// Every conversation was found.
    Done,
    /// There are too many; a description.
    TooMany(String),
}

impl Sweep {
    /// Finds conversations with activity at or after `from`, a whole second.
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
            _ if self.known.len() > MAX_CONVERSATIONS => {
                Next::TooMany(format!("more than {MAX_CONVERSATIONS} conversations"))
            }
            _ if self.done => Next::Done,
            _ if self.pages >= MAX_LISTINGS => Next::TooMany(format!(
                "more than {MAX_LISTINGS} pages of conversations, or a list that keeps changing"
            )),
            _ => Next::Page(self.page),
        }
    }

    /// Takes the requested page.
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
            // A list that looks as it did when the last round began has not changed since.
            self.done = ends || self.last_top.as_ref() == Some(&self.top);
        }
        if ends && !first {
            self.bound = self.top.first().map_or(self.from, |newest| newest.last_activity.max(self.from));
            self.last_top = Some(std::mem::take(&mut self.top));
            self.page = 1;
        } else {
            self.page += 1;
        }
    }

    /// The ids of the conversations found.
    pub(super) fn conversations(&self) -> Vec<u64> {
        self.known.keys().copied().collect()
    }
}
