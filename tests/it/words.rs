//! The language rules, as far as a pattern can hold them: what people read is plain English.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use regex::Regex;

/// Forms that no text may have, and what to write instead.
const FORBIDDEN: &[(&str, &str)] = &[
    (r"\b[Mm]end(s|ed|ing)?\b", "fix"),
    (r"\b[Ii]s no \w+", "is not a .."),
    (r"\b[Ll]ook (what|why|which|whether|how)\b", "find out why; check that"),
    (r"\bin the way\b", "blocking"),
    (r"\btold\b", "reported, shown"),
    (r"\bturns? (it |them )?(false|red)\b", "fails, breaks"),
    (r"\banew\b", "again"),
    (r"\bleads? to\b", "points to"),
    (r"\bstands? in\b", "is in"),
    (r"\bwhom\b", "who"),
    (r"\b(was|were|is|are) (not )?asked\b", "checked, run"),
    (r"\bbut for\b", "except for"),
    (r"\bmoreover\b", "also"),
    (r"\bof its own accord\b", "by itself"),
];

/// Where a form is right: the file's ending, and the text around it.
const EXCEPTIONS: &[(&str, &str)] = &[
    ("tests/it/words.rs", ""),
    // The checklist's own words.
    ("support-deploy-checklist.md", ""),
    // Recorded answers of Chatwoot.
    ("tests/standins/chatwoot/answers", ""),
];

fn texts(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            texts(&path, found);
        } else {
            found.push(path);
        }
    }
}

/// `is no` reads well in these.
const PLAIN: &str = r"\b[Tt]here is no\b|\bis no (longer|worse|better|more|less)\b";

fn excepted(name: &str, line: &str) -> bool {
    EXCEPTIONS.iter().any(|(file, text)| name.contains(file) && line.contains(text))
}

fn complaints(name: &str, text: &str) -> Vec<String> {
    static PATTERNS: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
        FORBIDDEN.iter().map(|(form, better)| (Regex::new(form).expect("a pattern"), *better)).collect()
    });
    static READS_WELL: LazyLock<Regex> = LazyLock::new(|| Regex::new(PLAIN).expect("a pattern"));
    let mut wrong = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let read = READS_WELL.replace_all(line, "");
        for (pattern, better) in PATTERNS.iter() {
            if let Some(found) = pattern.find(&read)
                && !excepted(name, line)
            {
                wrong.push(format!("{name}:{}: `{}`: write {better}", at + 1, found.as_str()));
            }
        }
    }
    wrong
}

fn help(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_hotdash-ops"))
        .args(arguments)
        .arg("--help")
        .output()
        .expect("the program runs");
    assert!(output.status.success(), "{arguments:?}");
    String::from_utf8(output.stdout).expect("help is UTF-8")
}

#[test]
fn no_text_has_a_forbidden_form() {
    let mut files: Vec<PathBuf> =
        ["README.md", "Cargo.toml", ".ci/parts", ".ci/run", ".ci/test", ".github/CHANGELOG.md"]
            .map(PathBuf::from)
            .into();
    for folder in ["checks", "src", "tests", "benches"] {
        texts(Path::new(folder), &mut files);
    }
    assert!(files.len() > 400, "{} files", files.len());
    let mut wrong: Vec<String> = files
        .iter()
        .flat_map(|file| {
            let text =
                std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
            complaints(&file.display().to_string(), &text)
        })
        .collect();
    for verb in [
        &[][..],
        &["preflight"],
        &["monitor"],
        &["gate"],
        &["baseline"],
        &["baseline", "compare"],
        &["status"],
        &["checks", "list"],
        &["checks", "explain"],
        &["checks", "lint"],
        &["checks", "schema"],
        &["env", "fingerprint"],
        &["sandbox"],
        &["rehearse"],
    ] {
        wrong.extend(complaints(&format!("hotdash-ops {} --help", verb.join(" ")), &help(verb)));
    }
    assert!(wrong.is_empty(), "{} places:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn a_forbidden_form_is_found_and_a_plain_sentence_is_not() {
    assert_eq!(complaints("a.md", "Then mend the call.\nFix the call.").len(), 1);
    assert_eq!(complaints("a.md", "`x` is no URL").len(), 1);
    assert!(complaints("a.md", "it is no longer there; is not a URL; there is no page").is_empty());
    assert_eq!(complaints("a.md", "So it is told, and the check was asked.").len(), 2);
}
