//! A directory of small files from which the shell stand-ins read their answers. It is replaced as a whole, so a
//! stand-in never sees half of a change.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, Result};

/// The symbolic link under which readers find the current files.
const NOW: &str = "now";
/// How many older versions are kept for stand-ins that are still reading them.
const KEPT: u64 = 20;

/// A directory whose contents are replaced atomically.
#[derive(Debug)]
pub struct AtomicDir {
    directory: PathBuf,
    generation: AtomicU64,
}

impl AtomicDir {
    /// Creates the directory `at`, without contents.
    pub fn new(at: &Path) -> Result<AtomicDir> {
        fs::create_dir_all(at).with_context(|| format!("cannot create {}", at.display()))?;
        let directory = at.canonicalize().with_context(|| format!("cannot find {}", at.display()))?;
        Ok(AtomicDir { directory, generation: AtomicU64::new(0) })
    }

    /// The path of the current files.
    pub fn now(&self) -> PathBuf {
        self.directory.join(NOW)
    }

    /// Replaces all files: paths relative to [`AtomicDir::now`], and contents.
    pub fn write(&self, files: &[(String, String)]) -> Result<()> {
        let generation = self.generation.fetch_add(1, Ordering::Relaxed);
        let fresh = self.directory.join(generation.to_string());
        for (name, contents) in files {
            let path = fresh.join(name);
            let parent = path.parent().unwrap_or(&fresh);
            fs::create_dir_all(parent).with_context(|| format!("cannot create {}", parent.display()))?;
            fs::write(&path, contents).with_context(|| format!("cannot write {}", path.display()))?;
        }
        let link = self.directory.join(format!("{NOW}-{generation}"));
        symlink(&fresh, &link).context("cannot link the new files")?;
        fs::rename(&link, self.now()).context("cannot activate the new files")?;
        if let Some(old) = generation.checked_sub(KEPT) {
            let _ = fs::remove_dir_all(self.directory.join(old.to_string()));
        }
        Ok(())
    }
}
