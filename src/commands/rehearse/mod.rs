//! `rehearse`: the tour through a good world, one fault to practise on, and the score.

mod fault;
mod list;
mod score;
mod tour;

pub use fault::{named, stageable};

use anyhow::{Context, Result};
use tokio::runtime::Runtime;

use crate::cli::RehearseArgs;
use crate::ending;
use crate::exit::Exit;
use crate::printer::Printer;

/// Does what was asked: the score, one fault, the list, or with none of them the tour.
///
/// # Errors
/// A world that does not start, a fault that is not known, and a score that cannot be written.
pub fn rehearse(args: &RehearseArgs, printer: &mut Printer) -> Result<Exit> {
    // Wherever it may hang, a second signal ends it.
    ending::arm();
    match (&args.fault, args.score, args.list) {
        (_, true, _) => score::score(args, printer),
        (Some(name), ..) => fault::fault(args, name, printer),
        (None, _, true) => list::list(args.format, printer),
        (None, ..) => tour::tour(args, printer),
    }
}

fn runtime() -> Result<Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().context("the runtime cannot start")
}
