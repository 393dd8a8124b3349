//! The real vitest in the place of its stand-in: its own report is what the
//! check of the support webhook tests reads.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::bench::{Bench, Ran};

fn real() -> PathBuf {
    let modules = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/real/vitest/node_modules");
    assert!(modules.join(".bin/vitest").exists(), "vitest is missing: `bash .ci/test` installs it");
    modules
}

/// A world whose checkout has the real vitest, and whose test file `edit` has changed and committed.
fn ask(edit: fn(String) -> String) -> Ran {
    let bench = Bench::new();
    let checkout = bench.world.checkout.path().to_path_buf();
    let modules = checkout.join("node_modules");
    fs::remove_dir_all(&modules).expect("the stand-ins' tools");
    std::os::unix::fs::symlink(real(), &modules).expect("a link");
    fs::write(checkout.join(".gitignore"), "node_modules\n").expect("the checkout is ours");
    let spec = checkout.join("tests/integration/support.webhook.spec.ts");
    let text = fs::read_to_string(&spec).expect("the spec is there");
    fs::write(&spec, edit(text)).expect("the checkout is ours");
    let commit = std::process::Command::new("git")
        .args(["commit", "-q", "-a", "-m", "another spec"])
        .current_dir(&checkout)
        .status();
    assert!(commit.expect("git runs").success());
    bench.preflight(&["--only", "quality.webhook-tests", "--no-journal"])
}

#[test]
fn eighteen_real_tests_pass() {
    let ran = ask(|text| text);
    assert_eq!(ran.code, 0, "{}", ran.problems());
    let outcome = ran.outcome("quality.webhook-tests").to_string();
    assert!(outcome.contains("18"), "{outcome}");
}

#[test]
fn skipped_and_failing_real_tests_do_not_count() {
    let skipping = ask(|text| text.replacen("it.each([429", "it.skip.each([429", 1));
    assert_eq!(skipping.code, 1, "{}", skipping.stdout);
    let claims = skipping.outcome("quality.webhook-tests")["claims"].to_string();
    assert!(claims.contains("14"), "{claims}");
    let failing = ask(|text| text + "\nit('fails', () => { throw new Error('as it should') })\n");
    assert_eq!((failing.code, failing.verdict("quality.webhook-tests").as_str()), (1, "fail"));
    let empty = ask(|_| "import { it } from 'vitest'\nit.todo('later')\n".to_owned());
    assert_ne!(empty.code, 0, "{}", empty.stdout);
}
