//! `rehearse`: the tour of a healthy pipeline, one fault for practice, and the score.

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

/// Runs the score, one fault, the list, or by default the tour.
///
/// # Errors
/// A pipeline that does not start, an unknown fault, and output that cannot be written.
pub fn rehearse(args: &RehearseArgs, printer: &mut Printer) -> Result<Exit> {
    // A second signal ends the program even if it hangs.
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
