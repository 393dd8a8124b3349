//! `env fingerprint`: writes keyed fingerprints of the current secrets into the
//! configuration, under the chosen target, so that a later run can tell this
//! target's secrets from another's. Values are never shown or stored.

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
use crate::settings::{Said, Settings, file, gather_for_writing};

/// Writes the fingerprints of the target's variables into the configuration file, which is made if there is
/// none, or with `print_only` prints the lines to stdout.
///
/// # Errors
/// Settings that do not read, no variable that has a fingerprint, a file that cannot be written: exit 2.
pub fn env_fingerprint(said: Said, print_only: bool, printer: &mut Printer) -> Result<Exit> {
    let (resolved, path) = gather_for_writing(said)?;
    for note in &resolved.notes {
        printer.note(&format!("note: {note}"));
    }
    let settings = resolved.settings;
    let key = key(&settings)?;
    let prints = prints(&settings, &key.text, printer)?;
    let target = &settings.target.name;
    let lines = edit::Lines { target, new_key: key.is_new.then_some(key.text.as_str()), prints: &prints };
    if print_only {
        // A reader that has gone away has seen what it wanted.
        let _either_way = printer.data(&lines.block())?;
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
        printer.note(&format!("made a fingerprint_key in {}", path.display()));
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
            "target {} has fingerprints and the configuration no fingerprint_key: put the key back, or remove \
             every fingerprint; a new key would make them all wrong",
            orphan.name
        );
    }
    Ok(Key { text: new_key().map_err(anyhow::Error::msg)?, is_new: true })
}

/// The fingerprints to write; what is odd about them is told.
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
                "{name} differs between the environment and the env file; which one is this target's? unset the other"
            );
        }
        if let Some(name) = names.iter().find(|n| vars.is_not_text(n)) {
            bail!("{name} is not UTF-8 text; set it anew");
        }
        let mut filled = names.iter().filter_map(|n| vars.filled(n)).map(str::trim);
        if let (Some(one), Some(two)) = (filled.next(), filled.next())
            && one != two
        {
            bail!("{} differ; which one is this target's? unset the other", names.join(" and "));
        }
    }
    let prints = fingerprints(key, vars);
    for &var in FINGERPRINTED.iter().filter(|v| !prints.contains_key(**v)) {
        match other_names(var).iter().any(|n| vars.filled(n).is_some()) {
            true => printer.error(&format!(
                "warning: {var} has no fingerprint: it is no connection string of PostgreSQL"
            )),
            false if settings.target.fingerprints.contains_key(var) => {
                printer.note(&format!("{var} is not set: its fingerprint stays as it is"));
            }
            false => printer.note(&format!("{var} is not set: no fingerprint of it")),
        }
    }
    if prints.is_empty() {
        bail!(
            "none of {} is set to something that has a fingerprint; set them, or name a file of them with --env-file",
            FINGERPRINTED.join(", ")
        );
    }
    for other in &settings.others {
        for (var, _) in prints.iter().filter(|(var, print)| other.fingerprints.get(*var) == Some(*print)) {
            printer.error(&format!(
                "warning: {var} is the same for target {}: are these really the variables of {}?",
                other.name, settings.target.name
            ));
        }
    }
    Ok(prints)
}

/// The new text, once it is known to read back as what was meant.
fn checked(
    after: String,
    path: &Path,
    settings: &Settings,
    prints: &BTreeMap<String, String>,
) -> Result<String> {
    let shown = path.display().to_string();
    let config = file::parse(Source { file: &shown, text: &after }, &Redactor::default())?;
    let target = config.targets.iter().find(|t| t.name == settings.target.name);
    let written = target.context("the target is not in it")?;
    let whole = prints.iter().all(|(var, print)| written.fingerprints.get(var) == Some(print));
    if !whole || config.fingerprint_key.is_none() {
        bail!("the fingerprints are not where they should be");
    }
    Ok(after)
}

/// Writes the file whole or not at all: private if it is new, with its own mode if it is not, and through a
/// link to where that leads.
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
