//! What the search path finds under the table's name, and whether a baseline can be read from it and written to it. This
//! is checked before anything is written, so that every error has a fix of its own.

use super::{BaselineError, TABLE};

/// What the catalogue knows about the table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The schema in which a new table would be created; `None` when no schema of the search path exists.
    pub schema: Option<String>,
    pub role: String,
    /// Whether this role may create a table there.
    pub may_create: bool,
    pub found: Option<Found>,
    /// Every schema with a relation of this name.
    pub schemas: Option<String>,
}

/// The relation that the search path finds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    pub schema: String,
    /// The catalogue's `relkind`.
    pub kind: String,
    pub may_insert: bool,
    pub may_select: bool,
    pub columns: Vec<Column>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Column {
    pub name: String,
    /// The catalogue's `typcategory`: N for numbers, D for times.
    pub category: String,
    pub type_name: String,
}

/// The checklist's columns and the category of each.
const COLUMNS: [(&str, &str); 5] = [
    ("captured_at", "D"),
    ("success_rate", "N"),
    ("avg_response_ms", "N"),
    ("requests_per_minute", "N"),
    ("daily_dlq_count", "N"),
];

impl Found {
    /// Whether it has a column for the counts behind the numbers.
    pub fn keeps_details(&self) -> bool {
        self.columns.iter().any(|c| c.name == "details" && c.type_name == "jsonb")
    }

    /// Columns that are missing or have another type.
    fn unlike(&self) -> Vec<String> {
        let unlike = |(name, category): &(&str, &str)| match self.columns.iter().find(|c| c.name == *name) {
            None => Some(format!("{name} is missing")),
            Some(c)
                if c.category != *category || (*category == "D" && !c.type_name.starts_with("timestamp")) =>
            {
                Some(format!("{name} is {}", c.type_name))
            }
            Some(_) => None,
        };
        COLUMNS.iter().filter_map(unlike).collect()
    }
}

impl Place {
    /// The table to read baselines from; `None` when there is none.
    ///
    /// # Errors
    /// If the relation is not a table of baselines, is not readable, or is outside the search path.
    pub fn readable(&self) -> Result<Option<&Found>, BaselineError> {
        let Some(found) = &self.found else {
            return match &self.schemas {
                None => Ok(None),
                Some(schemas) => Err(self.out_of_reach(schemas)),
            };
        };
        let unlike = found.unlike();
        if !unlike.is_empty() {
            let unlike = unlike.join(", ");
            let sentence = format!("table {TABLE} does not have the checklist's columns: {unlike}");
            return Err(BaselineError::new(
                CODE,
                what(),
                "the checklist's columns",
                unlike,
                format!(
                    "rename it and run again: ALTER TABLE {TABLE} RENAME TO {TABLE}_old (the old table is kept, a new one is created)"
                ),
            )
            .sentence(sentence));
        }
        if !found.may_select {
            return Err(self.lacks("SELECT"));
        }
        Ok(Some(found))
    }

    /// The table to write to; `None` when it does not exist and may be created.
    ///
    /// # Errors
    /// Whatever would prevent writing the row or creating the table.
    pub fn writable(&self) -> Result<Option<&Found>, BaselineError> {
        if let Some(found) = self.found.as_ref().filter(|f| !matches!(f.kind.as_str(), "r" | "p")) {
            let kind = match found.kind.as_str() {
                "v" => "a view",
                "m" => "a materialized view",
                "f" => "a foreign table, which this transaction cannot protect",
                _ => "not a table",
            };
            return Err(BaselineError::new(
                CODE,
                what(),
                "a table",
                format!("{kind} in schema {}", found.schema),
                format!(
                    "rename it (ALTER VIEW {TABLE} RENAME TO ...), or set a search_path that finds a table"
                ),
            ));
        }
        if let Some(found) = self.readable()? {
            return if found.may_insert { Ok(Some(found)) } else { Err(self.lacks("INSERT")) };
        }
        let create = "an existing table, or a schema to create it in";
        match &self.schema {
            None => Err(BaselineError::new(
                CODE,
                what(),
                create,
                "no schema of the search_path exists",
                format!("set one: ALTER ROLE {} SET search_path = public", self.role),
            )
            .sentence(format!("table {TABLE} cannot be created: no schema of the search_path exists"))),
            Some(schema) if !self.may_create => Err(BaselineError::new(
                CODE,
                what(),
                create,
                format!("no permission to create it in schema {schema}"),
                format!(
                    "have the owner run what `hotdash-ops baseline --dry-run` prints from CREATE on, and GRANT SELECT, INSERT ON {TABLE} TO {}; or GRANT CREATE ON SCHEMA {schema} TO {}",
                    self.role, self.role
                ),
            )
            .sentence(format!(
                "table {TABLE} does not exist, and {} has no permission to create it in schema {schema}",
                self.role
            ))),
            Some(_) => Ok(None),
        }
    }

    fn lacks(&self, permission: &str) -> BaselineError {
        BaselineError::new(
            CODE,
            what(),
            format!("{permission} permission"),
            format!("{} has none", self.role),
            format!("have the owner run: GRANT SELECT, INSERT ON {TABLE} TO {}", self.role),
        )
        .sentence(format!("{} has no {permission} permission on table {TABLE}", self.role))
    }

    fn out_of_reach(&self, schemas: &str) -> BaselineError {
        BaselineError::new(
            CODE,
            what(),
            "in the search_path",
            format!("in schema {schemas}"),
            format!(
                "ALTER ROLE {} SET search_path = {}, {schemas}; a second table would split the history (a `schema=` in DATABASE_URL replaces the search_path)",
                self.role,
                self.schema.as_deref().unwrap_or("public")
            ),
        )
        .sentence(format!("table {TABLE} is in schema {schemas}, which is not in the search_path"))
    }
}

const CODE: &str = "table-support-baseline";

fn what() -> String {
    format!("table {TABLE}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &str, category: &str, type_name: &str) -> Column {
        Column { name: name.into(), category: category.into(), type_name: type_name.into() }
    }

    fn good() -> Place {
        let mut columns = vec![column("captured_at", "D", "timestamp without time zone")];
        columns.extend(COLUMNS[1..].iter().map(|(name, _)| column(name, "N", "numeric")));
        let found =
            Found { schema: "public".into(), kind: "r".into(), may_insert: true, may_select: true, columns };
        Place {
            schema: Some("public".into()),
            role: "app".into(),
            may_create: true,
            found: Some(found),
            schemas: Some("public".into()),
        }
    }

    fn changed(change: fn(&mut Found)) -> Place {
        let mut place = good();
        change(place.found.as_mut().expect("a table"));
        place
    }

    #[test]
    fn the_checklists_own_table_is_writable() {
        let place = good();
        let found = place.writable().expect("it fits").expect("it is there");
        assert!(!found.keeps_details());
        let nothing = Place { found: None, schemas: None, ..good() };
        assert_eq!((nothing.writable(), nothing.readable()), (Ok(None), Ok(None)));
    }

    #[test]
    fn every_obstacle_has_its_own_fix() {
        for (place, found, fix) in [
            (changed(|f| f.columns.truncate(4)), "daily_dlq_count is missing", "RENAME TO"),
            (changed(|f| f.columns[1].category = "S".into()), "success_rate is numeric", "RENAME TO"),
            (changed(|f| f.columns[0].type_name = "date".into()), "captured_at is date", "RENAME TO"),
            (changed(|f| f.kind = "v".into()), "a view", "ALTER VIEW"),
            (changed(|f| f.kind = "f".into()), "foreign table", "search_path"),
            (changed(|f| f.may_insert = false), "app has none", "GRANT SELECT, INSERT"),
            (changed(|f| f.may_select = false), "app has none", "GRANT SELECT, INSERT"),
            (
                Place { found: None, schemas: Some("stats".into()), ..good() },
                "schema stats",
                "search_path = public, stats",
            ),
            (
                Place { found: None, schemas: None, may_create: false, ..good() },
                "no permission to create",
                "GRANT CREATE",
            ),
            (Place { found: None, schemas: None, schema: None, ..good() }, "no schema", "search_path"),
        ] {
            let unfit = place.writable().expect_err(found);
            assert!(unfit.fails().found.contains(found) && unfit.fix.contains(fix), "{unfit:?}");
        }
    }

    #[test]
    fn a_view_is_readable() {
        assert!(
            changed(|f| (f.kind, f.may_insert) = ("v".into(), false)).readable().expect("fits").is_some()
        );
    }
}
