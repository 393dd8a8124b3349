//! What can be wrong in the section, one thing at a time.

use super::Case;

pub fn cases() -> Vec<Case> {
    Vec::new()
}
