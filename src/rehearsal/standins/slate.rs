//! A slate: a directory of small files from which the shell stand-ins read what they shall answer. It is
//! wiped and written as a whole, so a stand-in never sees half of a change.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, Result};

/// The name under which readers find the files.
const NOW: &str = "now";
/// Older contents stay a while, for stand-ins that are still reading them.
const KEPT: u64 = 20;

/// A directory whose contents are replaced at once.
#[derive(Debug)]
pub struct Slate {
    directory: PathBuf,
    turn: AtomicU64,
}

impl Slate {
    /// Makes the directory `at`, and nothing in it yet.
    pub fn new(at: &Path) -> Result<Slate> {
        fs::create_dir_all(at).with_context(|| format!("cannot make {}", at.display()))?;
        let directory = at.canonicalize().with_context(|| format!("cannot find {}", at.display()))?;
        Ok(Slate { directory, turn: AtomicU64::new(0) })
    }

    /// Where readers find the files written last.
    pub fn now(&self) -> PathBuf {
        self.directory.join(NOW)
    }

    /// Replaces everything by these files: paths below [`Slate::now`], and contents.
    pub fn write(&self, files: &[(String, String)]) -> Result<()> {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        let fresh = self.directory.join(turn.to_string());
        for (name, contents) in files {
            let path = fresh.join(name);
            let parent = path.parent().unwrap_or(&fresh);
            fs::create_dir_all(parent).with_context(|| format!("cannot make {}", parent.display()))?;
            fs::write(&path, contents).with_context(|| format!("cannot write {}", path.display()))?;
        }
        let link = self.directory.join(format!("{NOW}-{turn}"));
        symlink(&fresh, &link).context("cannot link the fresh slate")?;
        fs::rename(&link, self.now()).context("cannot show the fresh slate")?;
        if let Some(old) = turn.checked_sub(KEPT) {
            let _ = fs::remove_dir_all(self.directory.join(old.to_string()));
        }
        Ok(())
    }
}
