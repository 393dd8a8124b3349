//! Adds lines to a configuration and leaves every other byte of it as it was.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use toml_edit::{DocumentMut, InlineTable, Item, Table, Value, value};

/// What is to stand in the configuration.
#[derive(Clone, Copy)]
pub(super) struct Lines<'a> {
    pub target: &'a str,
    /// The key, when the configuration has none yet.
    pub new_key: Option<&'a str>,
    pub prints: &'a BTreeMap<String, String>,
}

impl Lines<'_> {
    /// The lines alone, to be pasted.
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

    /// The configuration's text with the lines in it.
    ///
    /// # Errors
    /// Text that is no TOML, or a shape into which no table can be put.
    pub fn added_to(&self, text: &str) -> Result<String> {
        // The editor writes line feeds alone and drops a byte order mark; both are put back as they were.
        let (mark, body) = text.strip_prefix('\u{feff}').map_or(("", text), |body| ("\u{feff}", body));
        let crlf = body.contains("\r\n") && body.matches('\n').count() == body.matches("\r\n").count();
        let mut document: DocumentMut = body.parse().context("it is no TOML")?;
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

/// The table of this name, made if it is not there: inline where the table around it is.
fn under<'t>(outer: &'t mut Item, name: &str, implicit: bool) -> Result<&'t mut Item> {
    let inline = outer.is_inline_table();
    let table =
        outer.as_table_like_mut().with_context(|| format!("what `{name}` belongs under is no table"))?;
    if table.get(name).is_none_or(Item::is_none) {
        let mut new = Table::new();
        // A header that nothing stands under is left out.
        new.set_implicit(implicit);
        table.insert(name, if inline { value(InlineTable::new()) } else { Item::Table(new) });
    }
    table.get_mut(name).context("a table that was just there is gone")
}

/// Sets a value; what stands beside an old one, a comment for example, stays.
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
