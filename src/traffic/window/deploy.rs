//! When the current deploy began, from the list of releases. A past window begins there at the earliest, because earlier
//! traffic belongs to another release. Pure.

use crate::outcome::window::Deploy;
use crate::service::fly::Release;

/// The current deploy: the newest release that is neither failed nor interrupted. It begins when the release was created;
/// machines are updated after that. A change of secrets is a release too: it restarts the machines.
///
/// # Errors
/// Why there is none, as a lower-case fragment.
pub fn current_deploy(releases: &[Release], app: &str) -> Result<Deploy, String> {
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
    Ok(Deploy { at, source, running: is_running(release) })
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

    fn found(releases: &[Release]) -> (String, bool) {
        let deploy = current_deploy(releases, "hotdash-app").expect("a deploy");
        (deploy.source, deploy.running)
    }

    fn version(version: u64, running: bool) -> (String, bool) {
        (format!("release v{version}"), running)
    }

    #[test]
    fn the_newest_completed_release_is_the_deploy() {
        let good = [release(42, "complete", T2), release(41, "complete", T1)];
        let (at, source) = (T2.parse().expect("a time"), "release v42".to_owned());
        assert_eq!(current_deploy(&good, "hotdash-app"), Ok(Deploy { at, source, running: false }));
        for nothing in ["failed", "interrupted", "Failed"] {
            assert_eq!(
                found(&[release(42, nothing, T2), release(41, "complete", T1)]),
                version(41, false),
                "{nothing}"
            );
        }
        assert_eq!(
            found(&[release(41, "complete", T1), release(42, "complete", T2)]),
            version(42, false),
            "in any order"
        );
    }

    #[test]
    fn an_unfinished_deploy_is_reported() {
        for status in ["running", "pending", "Running"] {
            assert_eq!(
                found(&[release(42, status, T2), release(41, "complete", T1)]),
                version(42, true),
                "{status}"
            );
        }
        let mut under_way = release(42, "", T2);
        under_way.in_progress = true;
        assert_eq!(found(&[under_way]), version(42, true));
        for status in ["complete", "succeeded", ""] {
            assert_eq!(found(&[release(42, status, T2)]), version(42, false), "{status}");
        }
    }

    #[test]
    fn without_a_deploy_there_is_a_reason() {
        let why = |releases: &[Release]| current_deploy(releases, "hotdash-app").expect_err("no deploy");
        assert_eq!(why(&[]), "`fly releases` lists no release of hotdash-app");
        let all = [release(2, "failed", T2), release(1, "interrupted", T1)];
        assert_eq!(why(&all), "all 2 listed releases of hotdash-app failed or were interrupted");
        let timeless = [release(42, "complete", ""), release(41, "complete", T1)];
        assert_eq!(why(&timeless), "`fly releases` shows no readable time for release v42 of hotdash-app");
    }
}
