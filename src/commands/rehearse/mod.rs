//! `rehearse`: the tour through a good world, a fault for practice, and the score.

mod fault;
mod list;
mod score;
mod tour;

pub use fault::{ensure_supported, named};

use anyhow::{Context, Result};
use tokio::runtime::Runtime;

use crate::cli::RehearseArgs;
use crate::ending;
use crate::exit::Exit;
use crate::printer::Printer;

/// Runs the score, one fault or the list; the tour by default.
///
/// # Errors
/// A world that does not start, an unknown fault, and an error writing to stdout.
pub fn rehearse(args: &RehearseArgs, printer: &mut Printer) -> Result<Exit> {
    // A second signal ends the program wherever it hangs.
    ending::arm();
    match (&args.fault, args.score, args.list) {
        (_, true, _) => score::score(args, printer),
        (Some(name), ..) => fault::fault(args, name, printer),
        (None, _, true) => list::list(args.format, printer),
        (None, ..) => tour::tour(args, printer),
    }
}

fn runtime() -> Result<Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot start the runtime")
}
