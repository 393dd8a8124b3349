//! Releases of an app, in the formats of `fly releases`.

use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::answers::SET_AT;

/// The number of releases that flyctl requests; it has no flag for more.
const LISTED: usize = 25;

/// One release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Release {
    pub version: u32,
    /// `complete`, `failed`, `interrupted`, `running`, `pending`, ..
    #[serde(default = "complete")]
    pub status: String,
    pub created_at: Timestamp,
}

fn complete() -> String {
    "complete".to_owned()
}

/// The history of an app whose last deploy succeeded, after one that failed.
pub(super) fn good(newest: u32) -> Vec<Release> {
    let last: Timestamp = SET_AT.parse().unwrap_or(Timestamp::UNIX_EPOCH);
    let release = |age: u32, status: &str| Release {
        version: newest.saturating_sub(age),
        status: status.to_owned(),
        created_at: last.saturating_sub((24 * i64::from(age)).hours()).unwrap_or(last),
    };
    vec![release(0, "complete"), release(1, "failed"), release(2, "complete")]
}

/// The format of `--json`. Fields that flyctl does not request have their zero value.
pub(super) fn list(app: &str, releases: &[Release]) -> Value {
    let entry = |release: &Release| {
        json!({
            "ID": format!("release-{}", release.version), "Version": release.version,
            "Stable": release.status == "complete", "InProgress": false, "Reason": "", "Description": "Release",
            "Status": release.status, "DeploymentStrategy": "", "Metadata": null,
            "User": { "ID": "u1", "Name": "Operator", "Email": "operator@hotdash.example", "EnablePaidHobby": false },
            "EvaluationID": "", "CreatedAt": release.created_at,
            "ImageRef": format!("registry.fly.io/{app}:deployment-{}", release.version),
        })
    };
    releases.iter().take(LISTED).map(entry).collect()
}

/// The format for people.
pub(super) fn table(releases: &[Release]) -> String {
    let mut table = "VERSION\tSTATUS\tDESCRIPTION\tUSER\tDATE\n".to_owned();
    for release in releases.iter().take(LISTED) {
        let date = release.created_at.strftime("%b %-d %Y %H:%M");
        table.push_str(&format!(
            "v{}\t{}\tRelease\toperator@hotdash.example\t{date}\n",
            release.version, release.status
        ));
    }
    table
}
