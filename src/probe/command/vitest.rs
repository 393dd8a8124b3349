//! Vitest's JSON report. The tests are counted again here, one by one: versions of the
//! reporter differ in what they include in the totals, and skipped tests must never
//! count as passed.

use std::io::Read;
use std::path::Path;

use serde::Deserialize;

use crate::outcome::finding::{Claim, Finding};

/// The most bytes of a report that are read.
const MAX_BYTES: u64 = 64 * 1024 * 1024;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    num_total_tests: u64,
    num_passed_tests: u64,
    num_failed_tests: u64,
    success: bool,
    test_results: Vec<TestFile>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TestFile {
    assertion_results: Vec<Test>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Test {
    #[serde(default)]
    full_name: String,
    status: String,
}

/// The argument list that makes vitest write the report to `file`. npm passes only the arguments after a `--` on to
/// a script.
pub(super) fn reported(argv: &[String], file: &Path) -> Vec<String> {
    let mut argv = argv.to_vec();
    let words: Vec<&str> = argv.iter().map(String::as_str).collect();
    let npm_script = matches!(words.as_slice(), ["npm", "run" | "run-script" | "test" | "t", ..]);
    if npm_script && !words.contains(&"--") {
        argv.push("--".to_owned());
    }
    argv.push("--reporter=json".to_owned());
    argv.push(format!("--outputFile={}", file.display()));
    argv
}

/// The report's text.
///
/// # Errors
/// Why there is none, as a sentence.
pub(super) fn read(file: &Path) -> Result<String, String> {
    // Opening a pipe would wait for its writer, and the whole run with it.
    if std::fs::metadata(file).is_ok_and(|m| !m.is_file()) {
        return Err("the report is not a regular file".to_owned());
    }
    let opened = std::fs::File::open(file).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => "the command wrote no report; check that it runs vitest".to_owned(),
        _ => format!("the report cannot be read: {error}"),
    })?;
    let mut text = String::new();
    opened
        .take(MAX_BYTES + 1)
        .read_to_string(&mut text)
        .map_err(|e| format!("the report cannot be read: {e}"))?;
    if text.len() as u64 > MAX_BYTES { Err("the report is larger than 64 MiB".to_owned()) } else { Ok(text) }
}

/// Adds the claims on a report. A report that cannot be read, or whose totals do not match its tests, proves nothing.
pub(super) fn judge(finding: Finding, report: Result<&str, &str>, least: u64) -> Finding {
    let undecided = |finding: Finding, found: &str, why: &str| {
        let claim = Claim::undecided("report", "report", "vitest's JSON report", found).sentence(why);
        finding.claim(claim.fix(
            "check that the command runs vitest and passes --reporter=json and --outputFile=FILE on to it",
        ))
    };
    let text = match report {
        Ok(text) => text,
        Err(why) => return undecided(finding, "none", why),
    };
    let Ok(report) = serde_json::from_str::<Report>(text) else {
        return undecided(finding, "another format", "the report is not the JSON that vitest writes");
    };
    let tests: Vec<&Test> = report.test_results.iter().flat_map(|file| &file.assertion_results).collect();
    let count = |status: &str| tests.iter().filter(|t| t.status == status).count() as u64;
    let (passed, failed, todo) = (count("passed"), count("failed"), count("todo"));
    let all = tests.len() as u64;
    if (all, passed, failed) != (report.num_total_tests, report.num_passed_tests, report.num_failed_tests) {
        let why = format!(
            "the report's totals ({} tests, {} passed, {} failed) do not match its list of tests ({all}, {passed}, {failed})",
            report.num_total_tests, report.num_passed_tests, report.num_failed_tests
        );
        return undecided(finding, "inconsistent totals", &why);
    }
    let number = |code: &str, what: &str, expected: String, found: u64, holds| {
        Claim::compared(code, what, expected, found.to_string(), holds)
    };
    let mut success =
        Claim::compared("success", "success", "true", report.success.to_string(), report.success);
    if !report.success {
        success = success.sentence("vitest reported a failed run: a test failed or a test file did not load");
    }
    let files = report.test_results.len();
    let s = if files == 1 { "" } else { "s" };
    let mut finding = finding
        .claim(number("tests-failed", "tests failed", "0".to_owned(), failed, failed == 0))
        .claim(success)
        .claim(number("tests-passed", "tests passed", format!("at least {least}"), passed, passed >= least))
        .evidence("tests", format!("{all} in {files} file{s}"))
        .evidence("not counted", format!("{} skipped, {todo} todo", all - passed - failed - todo));
    for test in tests.iter().filter(|t| t.status == "failed").take(5) {
        finding = finding.evidence("failed", crate::text::visible(test.full_name.as_bytes()));
    }
    finding
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::outcome::Verdict;

    fn tests(status: &str, count: usize) -> Vec<Value> {
        vec![json!({ "status": status, "fullName": format!("a {status} one"), "title": "one" }); count]
    }

    fn report(passed: usize, failed: usize, skipped: usize, todo: usize) -> Value {
        let all = [
            tests("passed", passed),
            tests("failed", failed),
            tests("skipped", skipped),
            tests("todo", todo),
        ];
        let all = all.concat();
        json!({
            "numTotalTests": all.len(), "numPassedTests": passed, "numFailedTests": failed, "success": failed == 0,
            "numPendingTests": skipped, "numTodoTests": todo,
            "testResults": [{ "name": "a.spec.ts", "status": "passed", "assertionResults": all }],
        })
    }

    fn verdict(report: &Value) -> (Verdict, Finding) {
        let text = report.to_string();
        let finding = judge(Finding::default(), Ok(&text), 16);
        (Verdict::of(&finding.claims), finding)
    }

    fn broken(report: &Value) -> Vec<String> {
        verdict(report).1.claims.into_iter().filter(|c| c.holds == Some(false)).map(|c| c.code).collect()
    }

    #[test]
    fn only_passed_tests_count() {
        assert_eq!(verdict(&report(18, 0, 0, 0)).0, Verdict::Pass);
        assert_eq!(verdict(&report(16, 0, 3, 2)).0, Verdict::Pass);
        assert_eq!(broken(&report(15, 0, 3, 2)), ["tests-passed"]);
        assert_eq!(broken(&report(0, 0, 18, 0)), ["tests-passed"]);
        assert_eq!(broken(&report(0, 0, 0, 0)), ["tests-passed"]);
        assert_eq!(broken(&report(18, 1, 0, 0)), ["tests-failed", "success"]);
        let shown = verdict(&report(16, 0, 3, 2)).1.evidence;
        assert!(shown.iter().any(|e| e.value == "3 skipped, 2 todo"), "{shown:?}");
    }

    #[test]
    fn a_test_file_that_does_not_load_fails() {
        let mut broken_suite = report(18, 0, 0, 0);
        broken_suite["success"] = json!(false);
        assert_eq!(broken(&broken_suite), ["success"]);
    }

    #[test]
    fn totals_that_do_not_match_are_undecided() {
        for (key, value) in [("numTotalTests", 20), ("numPassedTests", 20), ("numFailedTests", 1)] {
            let mut wrong = report(18, 0, 0, 0);
            wrong[key] = json!(value);
            assert_eq!(verdict(&wrong).0, Verdict::Inconclusive, "{key}");
        }
        // An old reporter counts skipped tests as passed.
        let mut old = report(10, 0, 8, 0);
        old["numPassedTests"] = json!(18);
        assert_eq!(verdict(&old).0, Verdict::Inconclusive);
    }

    #[test]
    fn an_invalid_report_is_undecided() {
        let good = report(18, 0, 0, 0);
        for key in ["numTotalTests", "numPassedTests", "numFailedTests", "success", "testResults"] {
            for value in [Value::Null, json!("18"), json!([1])] {
                let mut wrong = good.clone();
                wrong[key] = value;
                assert_eq!(verdict(&wrong).0, Verdict::Inconclusive, "{key}");
            }
        }
        let cut = good.to_string();
        for text in ["", "null", "{}", "[]", "garbage", &cut[..cut.len() - 2]] {
            let finding = judge(Finding::default(), Ok(text), 16);
            assert_eq!(Verdict::of(&finding.claims), Verdict::Inconclusive, "{text}");
        }
        let missing = read(Path::new("/nonexistent/report.json")).expect_err("there is none");
        let finding = judge(Finding::default(), Err(&missing), 16);
        assert_eq!(Verdict::of(&finding.claims), Verdict::Inconclusive);
    }

    #[test]
    fn the_arguments_for_the_report_reach_vitest() {
        let of = |line: &str| {
            let argv: Vec<String> = line.split(' ').map(str::to_owned).collect();
            reported(&argv, Path::new("/r.json")).join(" ")
        };
        let options = "--reporter=json --outputFile=/r.json";
        assert_eq!(of("npx vitest run a.spec.ts"), format!("npx vitest run a.spec.ts {options}"));
        assert_eq!(of("npm run test:webhook"), format!("npm run test:webhook -- {options}"));
        assert_eq!(of("npm test"), format!("npm test -- {options}"));
        assert_eq!(of("npm run t -- a"), format!("npm run t -- a {options}"));
        assert_eq!(of("pnpm run t"), format!("pnpm run t {options}"));
    }
}
