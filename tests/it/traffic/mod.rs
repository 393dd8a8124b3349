//! Facts read from a real PostgreSQL.

mod reading;
