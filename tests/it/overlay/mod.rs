//! An operator's own checks over the checklist (`--checks DIR`), through the real
//! binary. Most need no world: a command of one's own answers alone.

mod commands;
mod directory;
mod marks;
mod replaced;
mod results;
mod waivers;

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use crate::support::bench::{Ran, finish, program};

/// A home with a directory of own checks in it, called `ops`.
pub struct OwnChecks {
    home: tempfile::TempDir,
}

/// A section with one check, a command that prints the `result.json` next to it.
const DISK: &str = r#"
title = "Our hosts"
about = "What the pipeline stands on is well."

[[check]]
id = "disk"
title = "a tenth of the disk is free"
fix = "make room"
probe.command = { name = "disk", run = ["bin/disk"], result = "json" }
"#;

/// A result whose one claim passes.
const GOOD: &str = r#"{ "schema": "hotdash-ops.check/1", "claims": [
  { "what": "free space", "expected": "at least 10 %", "found": "43 %", "holds": true } ] }"#;

impl OwnChecks {
    /// An empty directory.
    pub fn new() -> OwnChecks {
        let own = OwnChecks { home: tempfile::tempdir().expect("a temporary home") };
        std::fs::create_dir(own.dir()).expect("the home is ours");
        own
    }

    /// A directory with one check whose command is this shell script.
    pub fn running(script: &str) -> OwnChecks {
        OwnChecks::new().file("preflight/hosts.toml", DISK).script("bin/disk", script)
    }

    pub fn dir(&self) -> PathBuf {
        self.home.path().join("ops")
    }

    pub fn home(&self) -> PathBuf {
        self.home.path().to_owned()
    }

    /// Writes a file into the directory.
    pub fn file(self, path: &str, text: &str) -> OwnChecks {
        let path = self.dir().join(path);
        std::fs::create_dir_all(path.parent().expect("it has a folder")).expect("the home is ours");
        std::fs::write(path, text).expect("the home is ours");
        self
    }

    /// Writes a program into the directory.
    pub fn script(self, path: &str, script: &str) -> OwnChecks {
        let own = self.file(path, &format!("#!/bin/sh\n{script}\n"));
        let mode = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(own.dir().join(path), mode).expect("the home is ours");
        own
    }

    /// The program, started in the home, with the directory named as `ops`.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = program(self.home.path());
        command.args(arguments).args(["--checks", "ops"]);
        command
    }

    pub fn ops(&self, arguments: &[&str]) -> Ran {
        finish(&mut self.command(arguments))
    }

    /// Runs some checks; the report is on stdout.
    pub fn ask(&self, only: &[&str]) -> Ran {
        let mut arguments = vec!["preflight", "--format", "json", "--no-journal"];
        arguments.extend(only.iter().flat_map(|only| ["--only", only]));
        self.ops(&arguments)
    }

    /// A call that is rejected because of the directory.
    #[track_caller]
    pub fn refused(&self) -> String {
        let ran = self.ops(&["checks", "list"]);
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{}", ran.stderr);
        // Every command that reads the directory reports the same.
        for verb in [&["preflight", "--quiet"][..], &["checks", "lint"], &["checks", "explain", "schema"]] {
            let other = self.ops(verb);
            assert_eq!((other.code, &other.stderr), (2, &ran.stderr), "{verb:?}");
        }
        ran.stderr
    }
}

/// A file of waivers, the first of them in line 1: id and the last day.
pub fn waivers(of: &[(&str, &str)]) -> String {
    of.iter()
        .map(|(id, expires)| {
            format!(
                "[[waive]]\nid = \"{id}\"\nreason = \"it is being fixed\"\nowner = \"Ada\"\nexpires = \"{expires}\"\n"
            )
        })
        .collect()
}
