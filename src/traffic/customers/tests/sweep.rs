use proptest::prelude::*;

use super::super::sweep::*;
use crate::service::chatwoot::{Entry, Listing};
use crate::traffic::customers::tests::samples::at;

/// The list as the server has it: newest activity first.
struct Server {
    list: Vec<(u64, i64)>,
    now: i64,
    next: u64,
    per_page: usize,
}

/// What happens between two pages.
#[derive(Clone, Copy, Debug)]
enum Change {
    /// The conversation at this position gets a message.
    Written(usize),
    Deleted(usize),
    Created,
    Second,
}

impl Server {
    /// `count` conversations, one per second, the newest at second 0.
    fn of(count: u64, per_page: usize) -> Server {
        let list = (0..count).map(|n| (count - n, -(n as i64))).collect();
        Server { list, now: 0, next: count + 1, per_page }
    }

    fn page(&self, page: u32) -> Listing {
        let skipped = (page as usize - 1) * self.per_page;
        let shown = self.list.iter().skip(skipped).take(self.per_page);
        let entries = shown.map(|&(id, activity)| Entry { id, last_activity: at(activity) }).collect();
        Listing { count: self.list.len() as u64, entries }
    }

    fn change(&mut self, change: Change) {
        match change {
            Change::Written(place) if !self.list.is_empty() => {
                let (id, _) = self.list.remove(place % self.list.len());
                self.list.insert(0, (id, self.now));
            }
            Change::Deleted(place) if !self.list.is_empty() => {
                self.list.remove(place % self.list.len());
            }
            Change::Created => {
                self.list.insert(0, (self.next, self.now));
                self.next += 1;
            }
            Change::Second => self.now += 1,
            _ => {}
        }
    }
}

/// Sweeps to the end while the changes happen before each page; returns the conversations found and the pages read.
fn swept(
    server: &mut Server,
    from: i64,
    mut changes: impl Iterator<Item = Vec<Change>>,
) -> (Vec<u64>, usize) {
    let mut sweep = Sweep::since(at(from));
    loop {
        match sweep.next() {
            Next::Page(page) => {
                sweep.take(server.page(page));
                changes.next().into_iter().flatten().for_each(|change| server.change(change));
            }
            end => {
                assert_eq!(end, Next::Done);
                return (sweep.conversations(), sweep.pages);
            }
        }
    }
}

#[test]
fn an_unchanging_list_is_read_to_the_first_old_entry() {
    let unchanged = || std::iter::empty();
    assert_eq!(swept(&mut Server::of(0, 25), -10, unchanged()), (vec![], 1));
    assert_eq!(swept(&mut Server::of(100, 25), -10, unchanged()), ((90..=100).collect(), 1));
    assert_eq!(swept(&mut Server::of(100, 25), -60, unchanged()), ((40..=100).collect(), 4));
    // The end of the list is an empty page.
    assert_eq!(swept(&mut Server::of(3, 25), -10, unchanged()), (vec![1, 2, 3], 3));
    // More than a page of conversations in one second.
    let mut at_once = Server::of(60, 25);
    at_once.list.iter_mut().for_each(|(_, activity)| *activity = 0);
    assert_eq!(swept(&mut at_once, -10, unchanged()), ((1..=60).collect(), 5));
}

#[test]
fn a_conversation_that_moves_to_the_top_is_found_in_the_second_round() {
    let mut server = Server::of(60, 25);
    // After the first page, the conversation at position 55 moves to the top.
    let changes = vec![vec![Change::Second, Change::Written(55)]];
    let (seen, _) = swept(&mut server, -100, changes.into_iter());
    assert_eq!(seen, (1..=60).collect::<Vec<_>>());
}

#[test]
fn a_deletion_between_two_pages_starts_the_sweep_over() {
    let mut server = Server::of(60, 25);
    // The conversation at position 50 moves to position 49, which was already read.
    let (seen, pages) = swept(&mut server, -100, vec![vec![], vec![Change::Deleted(3)]].into_iter());
    assert_eq!(seen, (1..=60).collect::<Vec<_>>());
    assert_eq!(pages, 3 + 4 + 1);
}

#[test]
fn a_list_that_keeps_changing_is_given_up() {
    let mut server = Server::of(50, 5);
    let mut sweep = Sweep::since(at(-100));
    while let Next::Page(page) = sweep.next() {
        sweep.take(server.page(page));
        for _ in 0..7 {
            server.change(Change::Second);
            server.change(Change::Written(40));
        }
    }
    assert!(matches!(sweep.next(), Next::TooMany(_)));
}

#[test]
fn too_many_conversations_are_reported() {
    let server = Server::of(2000, 25);
    let mut sweep = Sweep::since(at(-1999));
    while let Next::Page(page) = sweep.next() {
        sweep.take(server.page(page));
    }
    assert_eq!(sweep.next(), Next::TooMany("more than 1000 conversations".to_owned()));
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        4 => (0_usize..80).prop_map(Change::Written),
        2 => (0_usize..80).prop_map(Change::Deleted),
        2 => Just(Change::Created),
        3 => Just(Change::Second),
    ]
}

proptest! {
    /// Every conversation that had activity since `from` when the sweep began, and still exists, is found.
    #[test]
    fn nothing_is_missed_while_the_list_shifts(
        count in 0_u64..80,
        from in -80_i64..1,
        changes in prop::collection::vec(prop::collection::vec(change(), 0..4), 0..12),
    ) {
        let mut server = Server::of(count, 5);
        let wanted: Vec<u64> = server.list.iter().filter(|(_, activity)| *activity >= from).map(|(id, _)| *id).collect();
        let (seen, _) = swept(&mut server, from, changes.into_iter());
        let there: Vec<u64> = server.list.iter().map(|(id, _)| *id).collect();
        for id in wanted.into_iter().filter(|id| there.contains(id)) {
            prop_assert!(seen.contains(&id), "{} was missed", id);
        }
    }
}
