//! Names as the configuration writes them and as SQL needs them: exact,
//! case-sensitive, always quoted.

use std::fmt;

pub use crate::service::postgres::{quote_ident as ident, quote_literal as literal};

/// A table's name with an optional schema: `dashboard_facts`, `analytics.dashboard_facts`,
/// `analytics."odd.name"`. Without a schema, the search path decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableName {
    pub schema: Option<String>,
    pub table: String,
}

impl TableName {
    /// Reads a configured name. Double quotes around a part are not part of the name.
    ///
    /// # Errors
    /// A lower-case fragment when the name is not valid: empty, more than two parts, an unclosed quote, a NUL.
    pub fn parse(text: &str) -> Result<TableName, String> {
        let mut parts = parts(text)?;
        if parts.iter().any(|p| p.is_empty()) {
            return Err("it is empty or has an empty part".to_owned());
        }
        match (parts.pop(), parts.pop(), parts.pop()) {
            (Some(table), schema, None) => Ok(TableName { schema, table }),
            _ => Err("it has more than a schema and a table".to_owned()),
        }
    }

    /// The schema for a query's parameter: empty means the search path.
    pub fn schema_or_empty(&self) -> &str {
        self.schema.as_deref().unwrap_or_default()
    }

    /// Quoted, as it goes into a statement.
    pub fn quoted(&self) -> String {
        match &self.schema {
            Some(schema) => format!("{}.{}", ident(schema), ident(&self.table)),
            None => ident(&self.table),
        }
    }
}

impl fmt::Display for TableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.schema {
            Some(schema) => write!(f, "{schema}.{}", self.table),
            None => f.write_str(&self.table),
        }
    }
}

fn parts(text: &str) -> Result<Vec<String>, String> {
    if text.contains('\0') {
        return Err("it contains a NUL".to_owned());
    }
    let mut parts = vec![String::new()];
    let mut rest = text.trim().chars().peekable();
    let mut inside = false;
    while let Some(next) = rest.next() {
        let part = parts.last_mut().expect("it begins with one part and only grows");
        match next {
            '"' if inside && rest.peek() == Some(&'"') => {
                rest.next();
                part.push('"');
            }
            '"' => inside = !inside,
            '.' if !inside => parts.push(String::new()),
            other => part.push(other),
        }
    }
    if inside { Err("a double quote in it is not closed".to_owned()) } else { Ok(parts) }
}

/// A schema and a name, quoted.
pub fn qualified(schema: &str, name: &str) -> String {
    format!("{}.{}", ident(schema), ident(name))
}

/// Columns for an index or a select list, quoted.
pub fn idents(names: &[String]) -> String {
    names.iter().map(|n| ident(n)).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> TableName {
        TableName::parse(text).expect("a name")
    }

    #[test]
    fn a_name_is_used_exactly_as_written() {
        assert_eq!(name("DashboardFact").quoted(), "\"DashboardFact\"");
        assert_eq!(name("app.dashboard_facts").quoted(), "\"app\".\"dashboard_facts\"");
        assert_eq!(name("\"DashboardFact\""), name("DashboardFact"));
        assert_eq!(name("a.\"b.c\"\"d\"").quoted(), "\"a\".\"b.c\"\"d\"");
    }

    #[test]
    fn an_invalid_name_is_rejected() {
        for bad in ["", "  ", ".", "a.", ".b", "a.b.c", "\"a", "\"\"", "a\0b"] {
            assert!(TableName::parse(bad).is_err(), "{bad:?}");
        }
    }
}
