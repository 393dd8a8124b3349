//! Unknown secrets, recognised by the text around them.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::MASK;

/// Names with secret values, by their endings: `access_token`, `PGPASSWORD`, `client_secret`.
const NAMES: &str = r"[a-z0-9_.-]*(?:password|passwd|secret|api_key|apikey|api-key|private_key|_token)";

/// Each has the groups `keep` (the text before the secret, which stays) and `value` (the secret).
static PATTERNS: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    let names = [
        // A password in the user information of a URL, even with an unencoded `@`.
        r#"(?<keep>[a-z][a-z0-9+.-]*://[^\s:/?#@"'<>]*:)(?<value>[^\s/?#"'<>]+)@"#.to_owned(),
        r"(?<keep>\bbearer\s+)(?<value>[a-z0-9._~+/=-]{8,})".to_owned(),
        r"(?<keep>\bbasic\s+)(?<value>[a-z0-9+/_-]{8,}=*)".to_owned(),
        r"(?<keep>\bflyv1\s+)(?<value>[^\s\x22']+)".to_owned(),
        r"(?<keep>)(?<value>\bfm[0-9]r?_[a-z0-9+/=_,-]{8,})".to_owned(),
        // JSON: a string under the name of a secret, and the same inside another JSON string. The closing quotation mark is
        // optional, because the text may have been cut.
        format!(r#"(?<keep>"(?:{NAMES}|authorization)"\s*:\s*")(?<value>(?:[^"\\]|\\.)+)"#),
        format!(r#"(?<keep>\\+"(?:{NAMES}|authorization)\\+"\s*:\s*\\+")(?<value>[^"\\]+)"#),
        // Headers. Prose such as `webhook secret: missing` must stay readable, so only names of headers match here.
        r#"(?<keep>\b(?:api_access_token|x-api-key|authorization|cookie)["']?\s*:\s*["']?(?:bearer |basic |flyv1 )?)(?<value>[^\s"',]+)"#
            .to_owned(),
        // In a query or as a flag the bare names are enough; elsewhere `key=` is too common a word.
        r#"(?<keep>(?:[?&]|(?:^|\s)--?)(?:token|key|signature|sig|code)=)(?<value>[^\s&"',;#]{8,})"#.to_owned(),
        format!(r#"(?<keep>\b(?:{NAMES})=)(?<value>'[^']*'|"[^"]*"|[^\s&"',;]+)"#),
    ];
    names.iter().map(|p| Regex::new(&format!("(?is){p}")).expect("the pattern is valid")).collect()
});

/// Masks every match. Returns true when there was one.
pub fn mask(text: &mut Cow<'_, str>) -> bool {
    let mut changed = false;
    for pattern in PATTERNS.iter() {
        if let Cow::Owned(masked) = pattern.replace_all(text, masked)
            && masked != **text
        {
            *text = Cow::Owned(masked);
            changed = true;
        }
    }
    changed
}

fn masked(found: &Captures<'_>) -> String {
    let (whole, keep, value) = (&found[0], &found["keep"], &found["value"]);
    if is_placeholder(value) {
        return whole.to_owned();
    }
    format!("{keep}{MASK}{}", &whole[keep.len() + value.len()..])
}

/// `$NAME`, `${NAME}`, `<token>`, `***`: placeholders in a command for copying. Our own instructions use `PASSWORD`;
/// if that is somebody's real password, it is masked by its value.
fn is_placeholder(value: &str) -> bool {
    let bare = value.trim_matches(['"', '\'']);
    let name = bare.strip_prefix("${").and_then(|n| n.strip_suffix('}')).or_else(|| bare.strip_prefix('$'));
    bare.is_empty()
        || bare == "PASSWORD"
        || bare.bytes().all(|b| b == b'*')
        || (bare.starts_with('<') && bare.ends_with('>'))
        || name.is_some_and(|n| {
            n.starts_with(|c: char| c.is_ascii_uppercase() || c == '_')
                && n.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
        })
}
