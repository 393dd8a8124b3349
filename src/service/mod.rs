//! The outside world, one client each.
