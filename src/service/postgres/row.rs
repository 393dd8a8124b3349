//! A row of a result, and how its values are read. A value that is missing, unexpectedly NULL or of another type is an
//! error, never a default.

use std::sync::Arc;

use jiff::Timestamp;

use super::PgError;

/// A row of a result. Every value is text or NULL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    columns: Arc<[String]>,
    /// All values, one after another. A tick has hundreds of rows, and one allocation for each value would cost more
    /// than everything else that is done with it here.
    text: String,
    /// The range of each value in `text`.
    places: Vec<Option<(usize, usize)>>,
}

impl Row {
    pub(super) fn new(columns: &Arc<[String]>) -> Row {
        Row { columns: Arc::clone(columns), text: String::new(), places: Vec::with_capacity(columns.len()) }
    }

    pub(super) fn push(&mut self, value: Option<&str>) {
        self.places.push(value.map(|value| (self.text.len(), self.text.len() + value.len())));
        self.text.push_str(value.unwrap_or_default());
    }

    /// The size of all values in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.text.len()
    }

    fn value(&self, at: usize) -> Option<&str> {
        let (from, to) = (*self.places.get(at)?)?;
        self.text.get(from..to)
    }

    fn position(&self, column: &str) -> Option<usize> {
        self.columns.iter().position(|c| c == column)
    }

    /// The value of a column; `None` when it is NULL or there is no such column.
    pub fn get(&self, column: &str) -> Option<&str> {
        self.value(self.position(column)?)
    }

    /// The value of a column that may be NULL.
    ///
    /// # Errors
    /// When there is no such column.
    pub fn optional(&self, column: &str) -> Result<Option<&str>, PgError> {
        let at =
            self.position(column).ok_or_else(|| PgError::unexpected(format!("it has no column {column}")))?;
        Ok(self.value(at))
    }

    /// The value of a column that is never NULL.
    ///
    /// # Errors
    /// When it is NULL, or there is no such column.
    pub fn text(&self, column: &str) -> Result<&str, PgError> {
        self.optional(column)?.ok_or_else(|| PgError::unexpected(format!("{column} is NULL")))
    }

    /// A boolean, as a cast to text or the simple protocol writes it.
    ///
    /// # Errors
    /// When it is anything else.
    pub fn flag(&self, column: &str) -> Result<bool, PgError> {
        match self.text(column)? {
            "t" | "true" => Ok(true),
            "f" | "false" => Ok(false),
            _ => Err(PgError::unexpected(format!("{column} is neither true nor false"))),
        }
    }

    /// A whole number of 0 or more.
    ///
    /// # Errors
    /// When it is anything else.
    pub fn count(&self, column: &str) -> Result<u64, PgError> {
        self.text(column)?.parse().map_err(|_| PgError::unexpected(format!("{column} is not a count")))
    }

    /// A time with its offset, as PostgreSQL writes it with the settings of a session here, or NULL.
    ///
    /// # Errors
    /// When it is anything else.
    pub fn time(&self, column: &str) -> Result<Option<Timestamp>, PgError> {
        let Some(text) = self.optional(column)? else { return Ok(None) };
        text.parse().map(Some).map_err(|_| PgError::unexpected(format!("{column} is not a time")))
    }

    /// Whether any value of the row satisfies the predicate.
    pub fn any(&self, is: impl Fn(&str) -> bool) -> bool {
        (0..self.places.len()).filter_map(|at| self.value(at)).any(is)
    }

    /// The names of the columns, in order.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_what_its_column_requires_or_an_error() {
        let names: Arc<[String]> = ["n", "at", "on", "nothing"].map(str::to_owned).into();
        let mut row = Row::new(&names);
        for value in [Some("12"), Some("2025-11-23 10:00:00.5+00"), Some("t"), None] {
            row.push(value);
        }
        assert_eq!((row.text("n"), row.count("n"), row.flag("on")), (Ok("12"), Ok(12), Ok(true)));
        let at = row.time("at").unwrap().unwrap();
        assert_eq!(at.to_string(), "2025-11-23T10:00:00.5Z");
        assert_eq!((row.time("nothing"), row.optional("nothing")), (Ok(None), Ok(None)));
        for wrong in [
            row.text("nothing").err(),
            row.text("absent").err(),
            row.optional("absent").err(),
            row.count("at").err(),
            row.time("n").err(),
            row.flag("n").err(),
        ] {
            assert!(matches!(wrong, Some(PgError::Unexpected(_))), "{wrong:?}");
        }
    }
}
