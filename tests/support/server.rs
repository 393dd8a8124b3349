//! The PostgreSQL that tests share.

use std::sync::OnceLock;

use hotdash_ops::testing::rehearsal::postgres::{Native, Options};

/// One cluster for all tests that only need a database of their own in it. It ends with this process.
pub fn server() -> &'static Native {
    static SERVER: OnceLock<Native> = OnceLock::new();
    SERVER.get_or_init(|| {
        Native::start(&Options::default())
            .unwrap_or_else(|error| panic!("these tests need PostgreSQL: {error:#}"))
    })
}
