//! Variables that are not text: a fault file cannot contain such bytes.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use crate::support::bench::{Bench, finish};

#[test]
fn bytes_that_are_not_text_fail() {
    let bench = Bench::new();
    for (name, check, exit) in [
        ("CHATWOOT_BASE_URL", "environment.chatwoot-base-url", 1),
        ("CHATWOOT_ACCOUNT_ID", "environment.chatwoot-account-id", 1),
        ("CHATWOOT_WEBHOOK_SECRET", "environment.webhook-secret", 3),
        ("DATABASE_URL", "environment.database-url", 1),
    ] {
        let mut command = bench.command();
        command.env(name, OsStr::from_bytes(b"hunter2\xff\xfehunter2"));
        command.args(["preflight", "--format", "json", "--no-journal", "--only", check]);
        let ran = finish(&mut command);
        assert_eq!(ran.code, exit, "{name}: {}", ran.stderr);
        let outcome = ran.outcome(check);
        assert_eq!(outcome["verdict"], "fail", "{name}");
        assert!(outcome["reason"].to_string().contains("not UTF-8 text"), "{name}: {outcome:#}");
        assert!(!ran.stdout.contains("hunter2") && !ran.stderr.contains("hunter2"), "{name} is shown");
    }
}
