//! Adds lines to a configuration without changing any other byte of it.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use toml_edit::{DocumentMut, InlineTable, Item, Table, Value, value};

/// The lines to add to the configuration.
#[derive(Clone, Copy)]
pub(super) struct Lines<'a> {
    pub target: &'a str,
    /// The key, if the configuration has none yet.
    pub new_key: Option<&'a str>,
    pub prints: &'a BTreeMap<String, String>,
}

impl Lines<'_> {
    /// The lines alone, for pasting.
    pub fn block(&self) -> String {
        let mut text = String::new();
        if let Some(key) = self.new_key {
            text.push_str(&format!("# at the top of the file:\nfingerprint_key = \"{key}\"\n\n"));
        }
        text.push_str(&format!("[targets.{}.fingerprints]\n", self.target));
        for (var, print) in self.prints {
            text.push_str(&format!("{var} = \"{print}\"\n"));
        }
        text
    }

    /// The configuration's text with the lines added.
    ///
    /// # Errors
    /// Text that is not TOML, or a value where a table is needed.
    pub fn added_to(&self, text: &str) -> Result<String> {
        // toml_edit writes plain line feeds and drops a byte order mark; both are restored.
        let (mark, body) = text.strip_prefix('\u{feff}').map_or(("", text), |body| ("\u{feff}", body));
        let crlf = body.contains("\r\n") && body.matches('\n').count() == body.matches("\r\n").count();
        let mut document: DocumentMut = body.parse().context("it is not valid TOML")?;
        if let Some(key) = self.new_key {
            document.insert("fingerprint_key", value(key));
        }
        let targets = under(document.as_item_mut(), "targets", true)?;
        let target = under(targets, self.target, true)?;
        let prints = under(target, "fingerprints", false)?;
        for (var, print) in self.prints {
            set(prints, var, print);
        }
        let edited = document.to_string();
        let edited = if crlf { edited.replace("\r\n", "\n").replace('\n', "\r\n") } else { edited };
        Ok(format!("{mark}{edited}"))
    }
}

/// The table of this name, created if missing; inline if the outer table is inline.
fn under<'t>(outer: &'t mut Item, name: &str, implicit: bool) -> Result<&'t mut Item> {
    let inline = outer.is_inline_table();
    let table =
        outer.as_table_like_mut().with_context(|| format!("the parent of `{name}` is not a table"))?;
    if table.get(name).is_none_or(Item::is_none) {
        let mut new = Table::new();
        // An implicit table gets no header of its own.
        new.set_implicit(implicit);
        table.insert(name, if inline { value(InlineTable::new()) } else { Item::Table(new) });
    }
    table.get_mut(name).context("a table that was just inserted is missing")
}

/// Sets a value. Comments next to an old value are kept.
fn set(table: &mut Item, key: &str, text: &str) {
    match table.get_mut(key) {
        Some(Item::Value(old)) => {
            let mut new = Value::from(text);
            *new.decor_mut() = old.decor().clone();
            *old = new;
        }
        _ => {
            if let Some(table) = table.as_table_like_mut() {
                table.insert(key, value(text));
            }
        }
    }
}
