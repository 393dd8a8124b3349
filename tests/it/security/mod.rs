//! Canary secrets in every variable appear nowhere: not in any format, file,
//! journal, message or argument list, and not in any encoding, not even in part.
//! First the finder is shown to find.

mod finder;
mod misplaced;
mod planted;
mod processes;
mod worlds;
