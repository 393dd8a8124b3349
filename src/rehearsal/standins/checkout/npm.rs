//! Stand-ins for `npm` and `npx`, for machines without Node: they run only the scripts of the rehearsal's checkout.

use std::path::Path;

use anyhow::{Context, Result};

use crate::rehearsal::shell::write_program;

/// True when PATH lacks `npm` or `npx`.
pub fn is_missing() -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = |name: &str| std::env::split_paths(&path).any(|directory| directory.join(name).is_file());
    !(found("npm") && found("npx"))
}

/// Writes the programs `npm` and `npx` into `bin`.
pub fn install(bin: &Path) -> Result<()> {
    std::fs::create_dir_all(bin).with_context(|| format!("cannot create {}", bin.display()))?;
    write_program(&bin.join("npm"), include_str!("tools/npm.sh"))?;
    write_program(&bin.join("npx"), include_str!("tools/npx.sh"))
}
