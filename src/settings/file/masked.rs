//! Errors about a file that may contain a secret by mistake. They are shown with their line, with possible secrets
//! masked.

use std::sync::LazyLock;

use regex::Regex;

use crate::input::source::Problem;
use crate::redact::{MASK, Redactor};

/// Long runs of the characters of tokens; hosts and paths have dots and slashes in between.
static LONG: LazyLock<Regex> =
    LazyLock::new(|| Regex::new("[A-Za-z0-9+_=-]{20,}").expect("the pattern is valid"));
/// The user in a URL, which may be a token alone.
static USER: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"://[^\s/?#"']+@"#).expect("the pattern is valid"));
/// A key and the character that ends it.
static KEY: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"([\w.-]+)["']?\s*[=:]"#).expect("the pattern is valid"));
/// How serde quotes a string of the wrong type.
static SHOWN: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"string ".*","#).expect("the pattern is valid"));

/// Whether a configuration key has the name of a secret.
pub(super) fn is_secret_key(key: &str) -> bool {
    let key = key.to_ascii_lowercase().replace('-', "_");
    let last = key.rsplit('.').next().unwrap_or(&key);
    ["token", "secret", "password", "passwd", "api_key", "apikey", "credential", "private"]
        .iter()
        .any(|word| last.contains(word))
        || ["_key", "_dsn", "_pat", "database_url"].iter().any(|end| last.ends_with(end))
        || ["key", "dsn", "direct_url"].contains(&last)
}

/// The text with known secrets, secrets by pattern and everything that looks like a token masked.
pub(in crate::settings) fn words(redactor: &Redactor, text: &str) -> String {
    let text = redactor.apply(text);
    let text = USER.replace_all(&text, format!("://{MASK}@"));
    LONG.replace_all(&text, |found: &regex::Captures<'_>| {
        let run = &found[0];
        if is_token(run) { MASK.to_owned() } else { run.to_owned() }
    })
    .into_owned()
}

/// Letters mixed with digits, or upper case mixed with lower case: names are not written in this way.
fn is_token(run: &str) -> bool {
    let any = |of: fn(&u8) -> bool| run.as_bytes().iter().any(of);
    let letters = any(u8::is_ascii_alphabetic);
    (letters && any(u8::is_ascii_digit)) || (any(u8::is_ascii_uppercase) && any(u8::is_ascii_lowercase))
}

/// The problem with every possible secret masked. `text` is the whole file.
pub(in crate::settings) fn problem(redactor: &Redactor, problem: Problem, text: &str) -> Problem {
    let mut problem = problem;
    let message = SHOWN.replace_all(&problem.message, "a string,");
    problem.message = words(redactor, &message);
    let Some((gutter, shown, carets)) = parts(&problem.excerpt) else { return problem };
    let masked = line(redactor, &shown, text, problem.line);
    if masked == shown {
        return problem;
    }
    // The caret is kept only if its target is still there, which is before the first difference.
    let same = shown.chars().zip(masked.chars()).take_while(|(a, b)| a == b).count();
    let column = carets.chars().take_while(|c| *c == ' ').count();
    let width = carets.trim_start().chars().count().min(masked.chars().count().saturating_sub(column)).max(1);
    let pad = " ".repeat(gutter.len());
    problem.excerpt = format!("{pad} |\n{gutter} | {masked}");
    if column <= same {
        problem.excerpt.push_str(&format!("\n{pad} | {}{}", " ".repeat(column), "^".repeat(width)));
    }
    problem
}

fn parts(excerpt: &str) -> Option<(String, String, String)> {
    let mut lines = excerpt.lines().skip(1);
    let (gutter, shown) = lines.next()?.split_once(" | ")?;
    let (_, carets) = lines.next()?.split_once(" | ")?;
    Some((gutter.to_owned(), shown.to_owned(), carets.to_owned()))
}

fn line(redactor: &Redactor, shown: &str, text: &str, number: usize) -> String {
    let secret = KEY.captures_iter(shown).find(|found| is_secret_key(&found[1]));
    if let Some(found) = secret {
        let end = found.get(0).map_or(0, |m| m.end());
        return format!("{} {MASK}", &shown[..end]);
    }
    let continues_a_secret = !KEY.is_match(shown)
        && text
            .lines()
            .take(number.saturating_sub(1))
            .filter_map(|earlier| KEY.captures(earlier))
            .last()
            .is_some_and(|found| is_secret_key(&found[1]));
    if continues_a_secret && !shown.trim_start().starts_with('[') {
        return MASK.to_owned();
    }
    words(redactor, shown)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::source::Source;

    fn masked(text: &str, at: &str) -> String {
        let start = text.find(at).expect("the text contains it");
        let source = Source { file: "c.toml", text };
        let redactor = Redactor::new(["known-secret"]);
        problem(&redactor, source.problem(Some(start..start + at.len()), "wrong"), text).to_string()
    }

    #[test]
    fn values_of_secrets_are_masked() {
        for text in [
            "api_token = \"hunter2\" x",
            "x = { password = \"hunter2\" } y",
            "CHATWOOT_API_KEY: hunter2",
            "client-secret = hunter2",
            "fingerprint_key = \"hunter2",
            "secret = \"\"\"\nhunter2\n\"\"\" x",
            "a = \"postgres://u:hunter2@h/d\" x",
            "a = \"known-secret hunter\" x".replace("hunter", "").as_str(),
        ] {
            let at = if text.contains("hunter2") { "hunter2" } else { "known" };
            let shown = masked(text, at);
            assert!(shown.contains(MASK), "{shown}");
            assert!(!shown.contains("hunter2") && !shown.contains("known-secret"), "{shown}");
        }
    }

    #[test]
    fn tokens_are_masked_and_names_are_not() {
        let shown = masked("fly_app = \"aB3dE5gH7jK9mN1pQ3sT5v\" x", "fly_app");
        assert!(!shown.contains("aB3d"), "{shown}");
        assert!(shown.ends_with("  | ^^^^^^^"), "the caret is before the mask: {shown}");
        for text in ["fly_agent_app = \"hotdash-agent-service\"", "e = \"conversation_status_changed\""] {
            assert!(masked(text, "=").contains(text), "{}", masked(text, "="));
        }
    }

    #[test]
    fn a_caret_after_the_mask_is_omitted() {
        let shown = masked("a = \"postgres://u:hunter2@h/d\" x", " x");
        assert!(!shown.contains('^'), "{shown}");
    }
}
