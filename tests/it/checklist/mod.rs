//! The embedded checklist as data: its lines, its claim codes, its fixes, and the examples of its README.

mod claim_codes;
mod fixes;
mod map;
mod readme;
