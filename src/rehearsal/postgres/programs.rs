//! Finds PostgreSQL's programs: Debian keeps them outside of PATH, in one directory per version.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

/// The programs of one PostgreSQL installation.
#[derive(Clone, Debug)]
pub struct Programs {
    pub initdb: PathBuf,
    pub postgres: PathBuf,
    pub pg_basebackup: PathBuf,
    pub psql: PathBuf,
}

impl Programs {
    /// The newest version under /usr/lib/postgresql, else the one in PATH.
    pub fn find() -> Result<Programs> {
        let mut versions: Vec<(u32, PathBuf)> = std::fs::read_dir("/usr/lib/postgresql")
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
            .collect();
        versions.sort();
        let installed = versions.into_iter().rev().map(|(_, directory)| directory);
        let path = std::env::var_os("PATH").unwrap_or_default();
        for directory in installed.chain(std::env::split_paths(&path)) {
            if let Some(programs) = Programs::within(&directory) {
                return Ok(programs);
            }
        }
        bail!(
            "no PostgreSQL found under /usr/lib/postgresql or in PATH: `apt-get install postgresql` (initdb, postgres, pg_basebackup and psql are required)"
        )
    }

    fn within(directory: &Path) -> Option<Programs> {
        let program = |name: &str| Some(directory.join(name)).filter(|path| path.is_file());
        Some(Programs {
            initdb: program("initdb")?,
            postgres: program("postgres")?,
            pg_basebackup: program("pg_basebackup")?,
            psql: program("psql")?,
        })
    }
}
