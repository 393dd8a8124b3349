//! A copy of the tracked files in which every comparison can be taken out, built.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

use crate::comparisons::{Comparison, Kind, tracked};
use crate::score::wait;

/// Where a run of the score gets its variables, and what the copy adds to them.
const PLAYER: &str = "src/rehearsal/score/child.rs";
const VARIABLES: &str = "command.env_clear().envs(variables)";
const AND_MORE: &str = ".envs(crate::mutation::passed_on(fault.map(|fault| fault.name.as_str())))";

/// The copy, which is gone when this is dropped.
pub struct Copy {
    pub folder: TempDir,
}

impl Copy {
    /// Copies, rewrites and builds. Some two minutes.
    ///
    /// # Errors
    /// A place that is no longer what it was, and a build that fails.
    pub fn make(all: &[Comparison]) -> Result<Copy> {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let copy = Copy { folder: TempDir::with_prefix("hotdash-ops-mutation.")? };
        for name in tracked()? {
            let (from, to) = (here.join(&name), copy.path(&name));
            fs::create_dir_all(to.parent().unwrap_or(&to))?;
            fs::copy(&from, &to).with_context(|| format!("cannot copy {name}"))?;
        }
        copy.rewrite(all)?;
        seed(&here.join("target/debug"), &copy.path("target/debug"))?;
        copy.build()?;
        Ok(copy)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The program of the copy.
    pub fn program(&self) -> PathBuf {
        self.path("target/debug/hotdash-ops")
    }

    fn rewrite(&self, all: &[Comparison]) -> Result<()> {
        // From the end of each file, so that what stands before keeps its place.
        for (number, comparison) in all.iter().enumerate().rev() {
            let path = self.path(&comparison.file);
            let mut text = fs::read_to_string(&path)?;
            let function = match comparison.is {
                Kind::Holds => "holds",
                Kind::MayHold => "may_hold",
                Kind::Fails => "fails",
            };
            let inner = text[comparison.at.clone()].to_owned();
            let outer = format!("crate::mutation::{function}({number}, {inner})");
            text.replace_range(comparison.at.clone(), &outer);
            fs::write(&path, text)?;
        }
        let player = fs::read_to_string(self.path(PLAYER))?;
        ensure!(player.matches(VARIABLES).count() == 1, "{PLAYER} gives its runs no `{VARIABLES}` any more");
        fs::write(self.path(PLAYER), player.replace(VARIABLES, &format!("{VARIABLES}{AND_MORE}")))?;
        fs::write(self.path("src/mutation.rs"), include_str!("mutant.rs"))?;
        let library = fs::read_to_string(self.path("src/lib.rs"))?;
        fs::write(self.path("src/lib.rs"), format!("{library}\npub mod mutation;\n"))?;
        Ok(())
    }

    /// Built as this trial itself was, so that what both depend on is there already.
    fn build(&self) -> Result<()> {
        let mut cargo = Command::new(env!("CARGO"));
        cargo
            .args(["test", "--no-run", "--locked", "--features", "rehearsal", "--test", "mutation"])
            .args(["--target-dir", "target"])
            .current_dir(self.folder.path());
        let (code, _) = wait(cargo, false)?;
        ensure!(code == 0, "the copy does not build");
        Ok(())
    }
}

/// Puts what was already compiled of others into the copy. What is large is linked, and never written to again; what
/// cargo notes about it is copied.
fn seed(from: &Path, to: &Path) -> Result<()> {
    for (name, link) in [("deps", true), ("build", false), (".fingerprint", false)] {
        if from.join(name).is_dir() {
            take_over(&from.join(name), &to.join(name), link)?;
        }
    }
    Ok(())
}

fn take_over(from: &Path, to: &Path, link: bool) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let name = entry.file_name();
        let words = name.to_string_lossy();
        if ["hotdash", "libhotdash"].iter().any(|own| words.starts_with(own)) {
            continue;
        }
        let there = to.join(&name);
        if entry.file_type()?.is_dir() {
            take_over(&entry.path(), &there, link)?;
        } else if !link || fs::hard_link(entry.path(), &there).is_err() {
            copied(&entry.path(), &there)?;
        }
    }
    Ok(())
}

/// With its time, by which cargo tells what is fresh. A file that another build has just replaced is not needed.
fn copied(from: &Path, to: &Path) -> Result<()> {
    let Ok(time) = fs::metadata(from).and_then(|meta| meta.modified()) else { return Ok(()) };
    fs::copy(from, to).with_context(|| format!("cannot copy {}", from.display()))?;
    fs::File::options().write(true).open(to)?.set_modified(time)?;
    Ok(())
}
