//! `env fingerprint`: writes keyed fingerprints of the current secrets to the
//! configuration, under the chosen target, so that a later run can detect that one
//! target uses another's secrets. Values are never shown or stored.

mod edit;

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::exit::Exit;
use crate::input::source::Source;
use crate::printer::Printer;
use crate::redact::Redactor;
use crate::settings::fingerprint::{FINGERPRINTED, fingerprints, new_key};
use crate::settings::{CliSettings, Settings, file, gather_for_writing};

/// Writes the fingerprints of the target's variables to the configuration file, which is created if it does not
/// exist, or with `print_only` prints the lines to stdout.
///
/// # Errors
/// Invalid settings, no variable with a fingerprint, a file that cannot be written: exit 2.
pub fn env_fingerprint(flags: CliSettings, print_only: bool, printer: &mut Printer) -> Result<Exit> {
    let (resolved, path) = gather_for_writing(flags)?;
    for note in &resolved.notes {
        printer.note(&format!("note: {note}"));
    }
    let settings = resolved.settings;
    let key = key(&settings)?;
    let prints = prints(&settings, &key.text, printer)?;
    let target = &settings.target.name;
    let lines = edit::Lines { target, new_key: key.is_new.then_some(key.text.as_str()), prints: &prints };
    if print_only {
        let _ = printer.data(&lines.block())?;
        return Ok(Exit::Ready);
    }
    let before = settings.config.as_ref().map(fs::read_to_string).transpose();
    let before = before.with_context(|| format!("{} cannot be read", path.display()))?.unwrap_or_default();
    let after = lines.added_to(&before).and_then(|after| checked(after, &path, &settings, &prints));
    let by_hand =
        || format!("{} cannot be edited in place; add these lines:\n{}", path.display(), lines.block());
    let after = after.with_context(by_hand)?;
    write(&path, &after)?;
    if key.is_new {
        printer.note(&format!("created a fingerprint_key in {}", path.display()));
    }
    let names = prints.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
    printer.note(&format!("wrote the fingerprints of {names} for target {target} to {}", path.display()));
    Ok(Exit::Ready)
}

struct Key {
    text: String,
    is_new: bool,
}

fn key(settings: &Settings) -> Result<Key> {
    if let Some(text) = settings.fingerprint_key.clone() {
        return Ok(Key { text, is_new: false });
    }
    let mut all = settings.others.iter().chain([&settings.target]);
    if let Some(orphan) = all.find(|t| !t.fingerprints.is_empty()) {
        bail!(
            "target {} has fingerprints, but the configuration has no fingerprint_key: restore the key, or remove \
             all fingerprints, because they are useless without it",
            orphan.name
        );
    }
    Ok(Key { text: new_key().map_err(anyhow::Error::msg)?, is_new: true })
}

/// The fingerprints to write. Warnings and notes about them go to stderr.
fn prints(settings: &Settings, key: &str, printer: &mut Printer) -> Result<BTreeMap<String, String>> {
    let vars = &settings.vars;
    let other_names = |var: &'static str| match var {
        "CHATWOOT_API_KEY" => [Some(var), Some("CHATWOOT_API_TOKEN")].into_iter().flatten().collect(),
        _ => vec![var],
    };
    for &var in FINGERPRINTED {
        let names = other_names(var);
        if let Some(name) = names.iter().find(|n| vars.disagrees(n)) {
            bail!(
                "{name} differs between the environment and the env file; remove the one that is not this target's"
            );
        }
        if let Some(name) = names.iter().find(|n| vars.is_not_text(n)) {
            bail!("{name} is not UTF-8 text; set it again");
        }
        let mut filled = names.iter().filter_map(|n| vars.filled(n)).map(str::trim);
        if let (Some(one), Some(two)) = (filled.next(), filled.next())
            && one != two
        {
            bail!("{} differ; unset the one that is not this target's", names.join(" and "));
        }
    }
    let prints = fingerprints(key, vars);
    for &var in FINGERPRINTED.iter().filter(|v| !prints.contains_key(**v)) {
        if other_names(var).iter().any(|n| vars.filled(n).is_some()) {
            printer.error(&format!(
                "warning: {var} has no fingerprint: it is not a PostgreSQL connection string"
            ));
        } else if settings.target.fingerprints.contains_key(var) {
            printer.note(&format!("{var} is not set: its fingerprint is unchanged"));
        } else {
            printer.note(&format!("{var} is not set: no fingerprint"));
        }
    }
    if prints.is_empty() {
        bail!("none of {} has a usable value; set at least one, or use --env-file", FINGERPRINTED.join(", "));
    }
    for other in &settings.others {
        for (var, _) in prints.iter().filter(|(var, print)| other.fingerprints.get(*var) == Some(*print)) {
            printer.error(&format!(
                "warning: {var} is the same as for target {}: check that these are the variables of {}",
                other.name, settings.target.name
            ));
        }
    }
    Ok(prints)
}

/// The new text, after checking that it reads back as intended.
fn checked(
    after: String,
    path: &Path,
    settings: &Settings,
    prints: &BTreeMap<String, String>,
) -> Result<String> {
    let shown = path.display().to_string();
    let config = file::parse(Source { file: &shown, text: &after }, &Redactor::default())?;
    let target = config.targets.iter().find(|t| t.name == settings.target.name);
    let written = target.context("the target is missing after the edit")?;
    let whole = prints.iter().all(|(var, print)| written.fingerprints.get(var) == Some(print));
    if !whole || config.fingerprint_key.is_none() {
        bail!("the fingerprints are missing after the edit");
    }
    Ok(after)
}

/// Writes the file atomically. A new file is private, an existing one keeps its mode, and a symbolic link is
/// followed.
fn write(path: &Path, text: &str) -> Result<()> {
    let cannot = || format!("cannot write {}", path.display());
    let real = match fs::symlink_metadata(path) {
        Ok(_) => fs::canonicalize(path).with_context(cannot)?,
        Err(_) => path.to_owned(),
    };
    let folder = match real.parent() {
        Some(folder) if folder != Path::new("") => folder.to_owned(),
        _ => PathBuf::from("."),
    };
    fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder).with_context(cannot)?;
    let mode = fs::metadata(&real).map_or(0o600, |m| m.permissions().mode() & 0o7777);
    let mut file =
        tempfile::Builder::new().prefix(".hotdash-ops.").tempfile_in(&folder).with_context(cannot)?;
    file.write_all(text.as_bytes())
        .and_then(|()| file.as_file().set_permissions(Permissions::from_mode(mode)))
        .and_then(|()| file.as_file().sync_all())
        .with_context(cannot)?;
    file.persist(&real).map_err(|e| e.error).with_context(cannot)?;
    Ok(())
}

#[cfg(test)]
mod tests;
