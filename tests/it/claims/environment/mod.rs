//! What can be wrong in the section, one thing at a time: variables, whose values
//! they are, the way to Chatwoot, the webhook's secret, the database, and Fly.

mod database;
mod fly;
mod offline;
mod sandbox;
mod secret;
mod target;
mod variables;
mod way;

use std::fs;

use toml::Table;

use super::Case;
use crate::support::bench::Bench;

pub fn cases() -> Vec<Case> {
    let all =
        [variables::cases(), target::cases(), way::cases(), secret::cases(), database::cases(), fly::cases()];
    all.into_iter().flatten().collect()
}

/// Changes the world's configuration as the tables it consists of.
fn configure(bench: &Bench, change: impl FnOnce(&mut Table)) {
    let path = bench.world.config_path();
    let text = fs::read_to_string(&path).expect("the configuration is there");
    let mut tables: Table = text.parse().expect("the configuration is TOML");
    change(&mut tables);
    fs::write(&path, tables.to_string()).expect("the configuration is ours");
}

/// A target's table.
fn target<'t>(tables: &'t mut Table, name: &str) -> &'t mut Table {
    tables["targets"][name].as_table_mut().expect("a target is a table")
}

/// Puts a variable into an env file beside the environment.
fn env_file(bench: &mut Bench, line: &str) {
    let path = bench.path("other.env");
    fs::write(&path, format!("{line}\n")).expect("a file in the program's home");
    bench.set("HOTDASH_OPS_ENV_FILE", path.display().to_string());
}
