//! Recognises values that somebody still has to fill in. The rules match whole words
//! and whole values, because a random token must never be taken for a placeholder:
//! a false alarm here would teach people to skip the check.

use url::Url;

use super::Form;
use crate::service::dsn::Dsn;

/// The sign by which a value is recognised as a placeholder, without the value itself; `None` for a real value.
pub fn placeholder(form: Form, value: &str) -> Option<&'static str> {
    let value = unquoted(value.trim());
    if let Some(sign) = template(value) {
        return Some(sign);
    }
    match form {
        Form::Url => match Url::parse(value) {
            Ok(url) => url.host_str().and_then(host),
            Err(_) => phrase(value).or_else(|| generic(value)),
        },
        Form::Dsn => connection(value),
        Form::Integer | Form::Token => phrase(value).or_else(|| generic(value)),
    }
}

/// Marks of a template that nobody has filled in.
fn template(value: &str) -> Option<&'static str> {
    let wrapped = |open: char, close: char| {
        value.strip_prefix(open).and_then(|v| v.strip_suffix(close)).is_some_and(|inner| !inner.is_empty())
    };
    let variable = |text: &str| {
        !text.is_empty() && text.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
    };
    if value.contains("${") || value.contains("$(") || value.contains("{{") {
        Some("an unfilled `${...}`")
    } else if value.strip_prefix('$').is_some_and(variable) {
        Some("the name of a variable instead of its value")
    } else if wrapped('<', '>') || angled(value) {
        Some("an unfilled `<...>`")
    } else if wrapped('[', ']') && !value.contains(':') {
        Some("an unfilled `[...]`")
    } else {
        None
    }
}

/// `https://<your-host>/`, but not the `<` and `>` that a password may contain by chance.
fn angled(value: &str) -> bool {
    value.split('<').skip(1).any(|rest| {
        rest.split_once('>').is_some_and(|(inner, _)| {
            inner.len() > 2 && inner.chars().all(|c| c.is_ascii_alphabetic() || " _-.".contains(c))
        })
    })
}

/// Phrases from examples, matched as whole words.
fn phrase(value: &str) -> Option<&'static str> {
    let words = words(value);
    let has = |word: &str| words.iter().any(|w| w == word);
    let pair = |one: &str, two: &str| words.windows(2).any(|w| w[0] == one && w[1] == two);
    if words.first().is_some_and(|w| w == "your" || w == "yours") || (has("your") && words.len() > 1) {
        return Some("a `your_...`");
    }
    if words.iter().any(|w| listed(YOURS, w)) {
        return Some("a `your...`");
    }
    if has("changeme")
        || has("changeit")
        || has("changethis")
        || pair("change", "me")
        || pair("change", "this")
    {
        return Some("a `changeme`");
    }
    if has("replaceme") || pair("replace", "me") || pair("replace", "with") || pair("replace", "this") {
        return Some("a `replace me`");
    }
    if pair("goes", "here") || pair("key", "here") || pair("token", "here") || pair("secret", "here") {
        return Some("a `... here`");
    }
    if let Some(sign) = WORDS.iter().find(|(word, _)| has(word)).map(|(_, sign)| *sign) {
        return Some(sign);
    }
    if words.iter().any(|w| w.len() >= 3 && w.chars().all(|c| c == 'x')) || run(value, 'x') {
        return Some("a row of x");
    }
    if run(value, '*') || run(value, '.') || run(value, '-') || run(value, '?') {
        return Some("a masked value");
    }
    let mut letters = value.chars();
    let first = letters.next()?;
    (value.len() >= 3 && letters.all(|c| c == first)).then_some("one repeated character")
}

/// Words that no real value contains as a separate word.
const WORDS: &[(&str, &str)] = &[
    ("placeholder", "the word placeholder"),
    ("dummy", "the word dummy"),
    ("todo", "the word TODO"),
    ("tbd", "the word TBD"),
    ("fixme", "the word FIXME"),
    ("redacted", "the word redacted"),
    ("example", "the word example"),
];

const YOURS: &str = "yourdomain yourcompany yourapp yourhost yoursite yourserver yourname yourproject yourorg \
    yourtoken yourkey yourapikey yoursecret yourpassword yourdatabase";

/// A value that consists only of words that describe such values: `api_key`, `my-secret-token`.
fn generic(value: &str) -> Option<&'static str> {
    const VOCABULARY: &str = "a access account admin agent api apikey base bar baz chatwoot database enter fake foo foobar \
        here host id insert key my mysecret nil none null number pass password sample sdk secret set \
        some something test testing the token undefined unset url value webhook";
    const KEYBOARD: &str = "12345678 123456789 1234567890 0123456789 abcdefgh abcdefghij abc12345 asdfasdf asdfghjkl \
        qwertyui qwertyuiop deadbeef password1 password123 secret123 token123 test1234";
    let words = words(value);
    if !words.is_empty() && words.iter().all(|w| listed(VOCABULARY, w)) {
        return Some("only words that describe such a value");
    }
    listed(KEYBOARD, &value.to_ascii_lowercase()).then_some("a keyboard sequence")
}

/// Hosts from examples: reserved ones, which nobody can own (RFC 2606), and made-up ones.
pub(super) fn host(host: &str) -> Option<&'static str> {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let within =
        |name: &str| host == name || host.strip_suffix(name).is_some_and(|front| front.ends_with('.'));
    if ["example.com", "example.net", "example.org", "example", "invalid"].into_iter().any(within) {
        return Some("a host reserved for examples");
    }
    if host == "host" || host == "hostname" {
        return Some("the word host instead of a host");
    }
    let label = |l: &str| {
        l == "your"
            || l.starts_with("your-")
            || l.starts_with("your_")
            || listed(YOURS, l)
            || l.contains("yourdomain")
    };
    if host.split('.').any(|l| label(l) || l.split(['-', '_']).any(|w| listed(YOURS, w))) {
        return Some("a `your...` in the host");
    }
    let words = host.split(['.', '-', '_']);
    words
        .clone()
        .find_map(|w| WORDS.iter().find(|(word, _)| *word == w && *word != "example").map(|(_, sign)| *sign))
        .or_else(|| words.clone().any(|w| w == "changeme").then_some("a `changeme`"))
        .or_else(|| {
            words
                .clone()
                .any(|w| w.len() >= 3 && w.chars().all(|c| c == 'x'))
                .then_some("a row of x in the host")
        })
}

/// A connection string: host, user, password and database, each by its own rule. A password may be any word,
/// so only phrases that ask to be replaced count there.
fn connection(value: &str) -> Option<&'static str> {
    if value.contains("[YOUR-PASSWORD]") {
        return Some("a password that is still to be filled in");
    }
    let Ok(dsn) = Dsn::parse(value) else { return phrase(value) };
    let password = dsn.config.get_password().and_then(|p| std::str::from_utf8(p).ok());
    dsn.servers
        .iter()
        .filter(|s| !s.is_socket())
        .find_map(|s| host(&s.host))
        .or_else(|| password.and_then(|p| template(p).or_else(|| phrase(p))))
        .or_else(|| phrase(&dsn.user))
        .or_else(|| phrase(dsn.database_name()))
}

/// True when the list, whose words are separated by spaces, contains the word.
fn listed(list: &str, word: &str) -> bool {
    list.split_whitespace().any(|w| w == word)
}

fn run(value: &str, of: char) -> bool {
    const LONG: usize = 6;
    let mut length = 0;
    value.chars().any(|c| {
        length = if c.eq_ignore_ascii_case(&of) { length + 1 } else { 0 };
        length >= LONG
    })
}

fn words(value: &str) -> Vec<String> {
    value
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|w| !w.is_empty())
        .map(str::to_ascii_lowercase)
        .collect()
}

fn unquoted(value: &str) -> &str {
    ['"', '\'', '`']
        .into_iter()
        .find_map(|q| value.strip_prefix(q).and_then(|v| v.strip_suffix(q)))
        .unwrap_or(value)
}

#[cfg(test)]
mod tests;
