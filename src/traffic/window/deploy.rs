//! When the current deploy began, from the list of releases. A past window begins there at the earliest, because earlier
//! traffic belongs to another release. Pure.

use jiff::Timestamp;

use crate::outcome::window::Deploy;
use crate::service::fly::Release;

/// The start of the current deploy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marker {
    /// When the release was created; machines are updated after that.
    pub at: Timestamp,
    /// The number of the release, as in `v42`.
    pub version: u64,
    /// The deploy is not marked as complete. It may be in progress, or its `fly` was killed.
    pub running: bool,
    /// Where this comes from: `release v42`.
    pub source: String,
}

impl From<Marker> for Deploy {
    fn from(marker: Marker) -> Deploy {
        Deploy { at: marker.at, source: marker.source, running: marker.running }
    }
}

/// Finds the newest release that is neither failed nor interrupted. A change of secrets is a release too: it restarts
/// the machines.
///
/// # Errors
/// Why there is none, as a lower-case fragment.
pub fn marker(releases: &[Release], app: &str) -> Result<Marker, String> {
    if releases.is_empty() {
        return Err(format!("`fly releases` lists no release of {app}"));
    }
    let newest = releases.iter().filter(|release| !did_not_complete(release)).max_by_key(|r| r.version);
    let Some(release) = newest else {
        return Err(format!("all {} listed releases of {app} failed or were interrupted", releases.len()));
    };
    let source = format!("release v{}", release.version);
    // An older release must not be used instead: traffic in between would count as this deploy's.
    let Some(at) = release.created_at else {
        return Err(format!("`fly releases` shows no readable time for {source} of {app}"));
    };
    Ok(Marker { at, version: release.version, running: is_running(release), source })
}

/// The status texts are those of flyctl's own `DeployMachinesApp`.
fn did_not_complete(release: &Release) -> bool {
    has_status(release, &["failed", "interrupted"])
}

/// `running` is set at the start; before that the status is `pending`.
fn is_running(release: &Release) -> bool {
    has_status(release, &["running", "pending"])
        || (release.in_progress && !has_status(release, &["complete"]))
}

fn has_status(release: &Release, words: &[&str]) -> bool {
    words.iter().any(|word| release.status.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn release(version: u64, status: &str, at: &str) -> Release {
        let status = status.to_owned();
        Release { version, status, created_at: at.parse().ok(), in_progress: false, image_ref: None }
    }

    const T1: &str = "2026-03-01T10:00:00Z";
    const T2: &str = "2026-03-02T10:00:00Z";

    fn found(releases: &[Release]) -> (u64, bool) {
        let marker = marker(releases, "hotdash-app").expect("a marker");
        (marker.version, marker.running)
    }

    #[test]
    fn the_newest_completed_release_is_the_marker() {
        let good = [release(42, "complete", T2), release(41, "complete", T1)];
        let marker = marker(&good, "hotdash-app").expect("a marker");
        let (at, source) = (T2.parse().expect("a time"), "release v42".to_owned());
        assert_eq!(marker, Marker { at, version: 42, running: false, source: source.clone() });
        assert_eq!(Deploy::from(marker), Deploy { at, source, running: false });
        for nothing in ["failed", "interrupted", "Failed"] {
            assert_eq!(
                found(&[release(42, nothing, T2), release(41, "complete", T1)]),
                (41, false),
                "{nothing}"
            );
        }
        assert_eq!(found(&[release(41, "complete", T1), release(42, "complete", T2)]).0, 42, "in any order");
    }

    #[test]
    fn an_unfinished_deploy_is_reported() {
        for status in ["running", "pending", "Running"] {
            assert_eq!(
                found(&[release(42, status, T2), release(41, "complete", T1)]),
                (42, true),
                "{status}"
            );
        }
        let mut under_way = release(42, "", T2);
        under_way.in_progress = true;
        assert_eq!(found(&[under_way]), (42, true));
        for status in ["complete", "succeeded", ""] {
            assert_eq!(found(&[release(42, status, T2)]), (42, false), "{status}");
        }
    }

    #[test]
    fn without_a_marker_there_is_a_reason() {
        let why = |releases: &[Release]| marker(releases, "hotdash-app").expect_err("no marker");
        assert_eq!(why(&[]), "`fly releases` lists no release of hotdash-app");
        let all = [release(2, "failed", T2), release(1, "interrupted", T1)];
        assert_eq!(why(&all), "all 2 listed releases of hotdash-app failed or were interrupted");
        let timeless = [release(42, "complete", ""), release(41, "complete", T1)];
        assert_eq!(why(&timeless), "`fly releases` shows no readable time for release v42 of hotdash-app");
    }
}
