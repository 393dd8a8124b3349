//! Where the name of the table leads, what stands there, and whether a baseline can
//! be read from it and written into it. Nothing is tried that is known to be refused,
//! so that every refusal says what to do.

use super::{TABLE, Unfit};

/// What the catalogue says of the table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The schema in which a new table would stand; `None` when the search path names none that exists.
    pub schema: Option<String>,
    pub role: String,
    /// Whether this role may create a table there.
    pub may_create: bool,
    pub found: Option<Found>,
    /// Every schema that has a relation of this name.
    pub schemas: Option<String>,
}

/// The relation that the name leads to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    pub schema: String,
    /// `relkind` of the catalogue.
    pub kind: String,
    pub may_insert: bool,
    pub may_select: bool,
    pub columns: Vec<Column>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Column {
    pub name: String,
    /// `typcategory` of the catalogue: N numbers, D times.
    pub category: String,
    pub type_name: String,
}

/// The checklist's columns and the kind of value each holds.
const COLUMNS: [(&str, &str); 5] = [
    ("captured_at", "D"),
    ("success_rate", "N"),
    ("avg_response_ms", "N"),
    ("requests_per_minute", "N"),
    ("daily_dlq_count", "N"),
];

impl Found {
    /// Whether it keeps the counts behind the numbers.
    pub fn keeps_details(&self) -> bool {
        self.columns.iter().any(|c| c.name == "details" && c.type_name == "jsonb")
    }

    /// Columns that are missing or hold something else.
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
    /// Something of this name that holds no baselines, or may not be read, or is out of reach.
    pub fn readable(&self) -> Result<Option<&Found>, Unfit> {
        let Some(found) = &self.found else {
            return match &self.schemas {
                None => Ok(None),
                Some(schemas) => Err(self.out_of_reach(schemas)),
            };
        };
        let unlike = found.unlike();
        if !unlike.is_empty() {
            return Err(Unfit::new(
                what(),
                "the checklist's columns",
                unlike.join(", "),
                format!(
                    "rename it, and run again: ALTER TABLE {TABLE} RENAME TO {TABLE}_old; a new one is then created, nothing of the old one is lost"
                ),
            ));
        }
        if !found.may_select {
            return Err(self.lacks("SELECT"));
        }
        Ok(Some(found))
    }

    /// The table to write into; `None` when it is still to be created, and may be.
    ///
    /// # Errors
    /// Whatever would refuse the row or the table.
    pub fn writable(&self) -> Result<Option<&Found>, Unfit> {
        if let Some(found) = self.found.as_ref().filter(|f| !matches!(f.kind.as_str(), "r" | "p")) {
            let kind = match found.kind.as_str() {
                "v" => "a view",
                "m" => "a materialized view",
                "f" => "a foreign table, which this transaction cannot guard",
                _ => "no table",
            };
            return Err(Unfit::new(
                what(),
                "a table",
                format!("{kind} in schema {}", found.schema),
                format!(
                    "rename it (ALTER VIEW {TABLE} RENAME TO ..), or set a search_path that leads to a table"
                ),
            ));
        }
        if let Some(found) = self.readable()? {
            return if found.may_insert { Ok(Some(found)) } else { Err(self.lacks("INSERT")) };
        }
        let create = "a place to create it";
        match &self.schema {
            None => Err(Unfit::new(
                what(),
                create,
                "no schema of the search_path exists",
                format!("name one: ALTER ROLE {} SET search_path = public", self.role),
            )),
            Some(schema) if !self.may_create => Err(Unfit::new(
                what(),
                create,
                format!("no such table, and {} may create none in schema {schema}", self.role),
                format!(
                    "let the owner run what `hotdash-ops baseline --dry-run` prints from CREATE on and GRANT SELECT, INSERT ON {TABLE} TO {}; or GRANT CREATE ON SCHEMA {schema} TO {}",
                    self.role, self.role
                ),
            )),
            Some(_) => Ok(None),
        }
    }

    fn lacks(&self, permission: &str) -> Unfit {
        Unfit::new(
            what(),
            format!("{permission} permission"),
            format!("{} has none", self.role),
            format!("let the owner run: GRANT SELECT, INSERT ON {TABLE} TO {}", self.role),
        )
    }

    fn out_of_reach(&self, schemas: &str) -> Unfit {
        Unfit::new(
            what(),
            "to be reached by its name",
            format!("it stands in schema {schemas}, which the search_path does not lead to"),
            format!(
                "ALTER ROLE {} SET search_path = {}, {schemas}; a second table would split the history (a `schema=` in DATABASE_URL replaces the path)",
                self.role,
                self.schema.as_deref().unwrap_or("public")
            ),
        )
    }
}

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

    fn spoiled(spoil: fn(&mut Found)) -> Place {
        let mut place = good();
        spoil(place.found.as_mut().expect("a table"));
        place
    }

    #[test]
    fn a_table_of_the_checklist_takes_a_row_and_none_is_created() {
        let place = good();
        let found = place.writable().expect("it fits").expect("it is there");
        assert!(!found.keeps_details());
        let nothing = Place { found: None, schemas: None, ..good() };
        assert_eq!((nothing.writable(), nothing.readable()), (Ok(None), Ok(None)));
    }

    #[test]
    fn what_does_not_fit_is_told_with_what_to_do() {
        for (place, found, fix) in [
            (spoiled(|f| f.columns.truncate(4)), "daily_dlq_count is missing", "RENAME TO"),
            (spoiled(|f| f.columns[1].category = "S".into()), "success_rate is numeric", "RENAME TO"),
            (spoiled(|f| f.columns[0].type_name = "date".into()), "captured_at is date", "RENAME TO"),
            (spoiled(|f| f.kind = "v".into()), "a view", "ALTER VIEW"),
            (spoiled(|f| f.kind = "f".into()), "foreign table", "search_path"),
            (spoiled(|f| f.may_insert = false), "app has none", "GRANT SELECT, INSERT"),
            (spoiled(|f| f.may_select = false), "app has none", "GRANT SELECT, INSERT"),
            (
                Place { found: None, schemas: Some("stats".into()), ..good() },
                "schema stats",
                "search_path = public, stats",
            ),
            (
                Place { found: None, schemas: None, may_create: false, ..good() },
                "may create none",
                "GRANT CREATE",
            ),
            (Place { found: None, schemas: None, schema: None, ..good() }, "no schema", "search_path"),
        ] {
            let unfit = place.writable().expect_err(found);
            assert!(unfit.found.contains(found) && unfit.fix.contains(fix), "{unfit:?}");
        }
    }

    #[test]
    fn a_view_can_be_read_from() {
        assert!(
            spoiled(|f| (f.kind, f.may_insert) = ("v".into(), false)).readable().expect("fits").is_some()
        );
    }
}
