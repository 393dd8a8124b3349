//! Stand-ins for `npm` and `npx`, for machines without Node: they run only the scripts of the rehearsal's checkout.

use std::path::Path;

use anyhow::Result;

use crate::rehearsal::shell::write_programs;

/// True when PATH lacks `npm` or `npx`.
pub fn is_missing() -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = |name: &str| std::env::split_paths(&path).any(|directory| directory.join(name).is_file());
    !(found("npm") && found("npx"))
}

/// Writes the programs `npm` and `npx` into `bin`.
pub fn install(bin: &Path) -> Result<()> {
    let programs = [("npm", include_str!("tools/npm.sh")), ("npx", include_str!("tools/npx.sh"))];
    write_programs(bin, &programs.map(|(name, text)| (name, text.to_owned())))
}
