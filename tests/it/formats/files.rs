//! Reports in files, and the arguments of `--format` and `--report`.

use std::fs;
use std::os::fd::AsRawFd;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use hotdash_ops::testing::input::format::{Format, ReportTarget};
use hotdash_ops::testing::report::{Style, prepare, write_files};

use super::{report_of, sample};

fn target(format: Format, path: impl AsRef<Path>) -> ReportTarget {
    ReportTarget { format, path: path.as_ref().to_owned() }
}

fn write(format: Format, path: &Path) {
    let targets = [target(format, path)];
    prepare(&targets).unwrap();
    write_files(&targets, &sample::mixed(), &Style { colour: true, problems_only: true, ..Style::default() })
        .unwrap();
}

#[test]
fn report_arguments_are_parsed() {
    for format in Format::ALL {
        assert_eq!(format.name().parse::<Format>().unwrap(), format);
    }
    let parsed: ReportTarget = "junit:out:dir/report: 1.xml".parse().unwrap();
    assert_eq!(parsed, target(Format::Junit, "out:dir/report: 1.xml"));
    let refused = [
        ("report.json", "has no format; write FORMAT:PATH"),
        ("json:", "has no path"),
        ("json:-", "use --format json"),
        ("jsno:x", "did you mean json?"),
        ("Table:x", "did you mean table?"),
        ("yaml:x", "use one of table, json, jsonl, junit, prom, markdown, github"),
    ];
    for (argument, why) in refused {
        let error = argument.parse::<ReportTarget>().unwrap_err().to_string();
        assert!(error.contains(why), "{argument}: {error}");
    }
}

#[test]
fn a_report_file_is_complete_and_of_ordinary_mode() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("report");
    for format in Format::ALL {
        fs::write(&path, "what was there before").unwrap();
        write(format, &path);
        assert_eq!(fs::read_to_string(&path).unwrap(), report_of(format, &sample::mixed()), "{format}");
    }
    let ordinary = dir.path().join("ordinary");
    fs::write(&ordinary, "").unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode();
    assert_eq!(mode(&path), mode(&ordinary), "the umask decides");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2, "no temporary file is left");
}

#[test]
fn all_bad_paths_are_named_before_the_run() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    std::os::unix::fs::symlink("nowhere", at("dangling")).unwrap();
    fs::write(at("kept"), "kept").unwrap();
    let same = dir.path().join(".").join("kept");
    let long = at(&"x".repeat(300));
    let targets = [
        target(Format::Json, at("missing/report")),
        target(Format::Json, dir.path()),
        target(Format::Json, format!("{}/", at("new").display())),
        target(Format::Json, "/sys/kernel/report"),
        target(Format::Json, at("dangling")),
        target(Format::Json, at("kept/report")),
        target(Format::Json, &long),
        target(Format::Json, "/dev/fd/999"),
        target(Format::Json, at("kept")),
        target(Format::Table, &same),
    ];
    let error = prepare(&targets).unwrap_err().to_string();
    let expected = [
        "does not exist; create it first",
        "is a directory; name a file in it",
        "is a directory; name a file in it",
        "/sys/kernel/report",
        "is a broken symbolic link",
        "kept/report",
        "File name too long",
        "/dev/fd/999",
        "two reports have the path",
    ];
    let lines: Vec<&str> = error.lines().collect();
    assert_eq!(lines.len(), expected.len(), "{error}");
    for (line, part) in lines.iter().zip(expected) {
        assert!(line.contains(part), "{line} should say {part}");
    }
    assert_eq!(fs::read_to_string(at("kept")).unwrap(), "kept");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2);
}

#[test]
fn a_link_stays_and_what_it_points_to_is_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let (real, link) = (dir.path().join("real"), dir.path().join("link"));
    fs::write(&real, "old").unwrap();
    std::os::unix::fs::symlink("real", &link).unwrap();
    write(Format::Json, &link);
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(fs::read_to_string(&real).unwrap(), report_of(Format::Json, &sample::mixed()));
}

#[test]
fn open_files_and_pipes_are_written_directly() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("open");
    let open = fs::File::create(&path).unwrap();
    fs::write(&path, "before\n").unwrap();
    write(Format::Github, Path::new(&format!("/dev/fd/{}", open.as_raw_fd())));
    let github = report_of(Format::Github, &sample::mixed());
    assert_eq!(fs::read_to_string(&path).unwrap(), format!("before\n{github}"));

    let pipe = dir.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    prepare(&[target(Format::Github, &pipe)]).unwrap();
    let reader = Command::new("cat").arg(&pipe).stdout(Stdio::piped()).spawn().unwrap();
    write(Format::Github, &pipe);
    let read = reader.wait_with_output().unwrap();
    assert_eq!(String::from_utf8(read.stdout).unwrap(), github);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2);
}

#[test]
fn a_report_that_cannot_be_written_does_not_keep_others_back() {
    let dir = tempfile::tempdir().unwrap();
    let good = dir.path().join("good");
    let targets = [target(Format::Json, dir.path().join("gone/report")), target(Format::Json, &good)];
    let error = write_files(&targets, &sample::green(), &Style::default()).unwrap_err().to_string();
    assert!(error.contains("gone/report"), "{error}");
    assert_eq!(fs::read_to_string(&good).unwrap(), report_of(Format::Json, &sample::green()));
    let full = write_files(&[target(Format::Json, "/dev/full")], &sample::green(), &Style::default());
    assert!(full.unwrap_err().to_string().contains("/dev/full"));
}
