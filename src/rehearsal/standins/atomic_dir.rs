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
pub struct AtomicDir {
    directory: PathBuf,
    generation: AtomicU64,
}

impl AtomicDir {
    /// Makes the directory `at`, and nothing in it yet.
    pub fn new(at: &Path) -> Result<AtomicDir> {
        fs::create_dir_all(at).with_context(|| format!("cannot make {}", at.display()))?;
        let directory = at.canonicalize().with_context(|| format!("cannot find {}", at.display()))?;
        Ok(AtomicDir { directory, generation: AtomicU64::new(0) })
    }

    /// Where readers find the files written last.
    pub fn now(&self) -> PathBuf {
        self.directory.join(NOW)
    }

    /// Replaces everything by these files: paths below [`AtomicDir::now`], and contents.
    pub fn write(&self, files: &[(String, String)]) -> Result<()> {
        let generation = self.generation.fetch_add(1, Ordering::Relaxed);
        let fresh = self.directory.join(generation.to_string());
        for (name, contents) in files {
            let path = fresh.join(name);
            let parent = path.parent().unwrap_or(&fresh);
            fs::create_dir_all(parent).with_context(|| format!("cannot make {}", parent.display()))?;
            fs::write(&path, contents).with_context(|| format!("cannot write {}", path.display()))?;
        }
        let link = self.directory.join(format!("{NOW}-{generation}"));
        symlink(&fresh, &link).context("cannot link the fresh files")?;
        fs::rename(&link, self.now()).context("cannot show the fresh files")?;
        if let Some(old) = generation.checked_sub(KEPT) {
            let _ = fs::remove_dir_all(self.directory.join(old.to_string()));
        }
        Ok(())
    }
}
