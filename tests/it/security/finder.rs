//! Finds secrets in whatever form they may have left: plain, URL-encoded, in
//! base64 wherever it begins, escaped as in JSON and XML, in hex, and in part.

use std::collections::BTreeSet;
use std::path::Path;

use aho_corasick::AhoCorasick;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};

/// This many bytes of a secret in a row are a leak; a text cut at the wrong place shows no more than them.
const PIECE: usize = 10;

/// Looks for a set of secrets.
pub struct Finder {
    search: AhoCorasick,
    /// What each pattern of the search is: secret and form.
    meaning: Vec<String>,
}

impl Finder {
    /// For secrets by name. None of them may be shorter than twice the piece that counts as a leak, and none
    /// may begin or end with characters that are not secret: pieces of it would be found everywhere.
    pub fn new<'a>(secrets: impl IntoIterator<Item = (&'a str, &'a str)>) -> Finder {
        let (mut patterns, mut meaning) = (Vec::new(), Vec::new());
        for (name, secret) in secrets {
            assert!(secret.len() >= 2 * PIECE, "{name} is too short to be recognised in other text");
            for (form, text) in forms(secret) {
                let bytes = text.as_bytes();
                let length = (bytes.len() * PIECE / secret.len()).max(PIECE);
                for piece in bytes.windows(length) {
                    patterns.push(piece.to_vec());
                    meaning.push(format!("{name} ({form})"));
                }
            }
        }
        Finder { search: AhoCorasick::new(&patterns).expect("patterns that can be searched for"), meaning }
    }

    /// The secrets in a text and the forms they have there.
    pub fn text(&self, text: impl AsRef<[u8]>) -> BTreeSet<String> {
        let hits = self.search.find_overlapping_iter(text.as_ref());
        hits.map(|hit| self.meaning[hit.pattern().as_usize()].clone()).collect()
    }

    /// The text around the first few, for the person who has to fix it.
    pub fn excerpts(&self, text: &str) -> Vec<String> {
        let mut seen = 0;
        let mut all = Vec::new();
        for hit in self.search.find_overlapping_iter(text) {
            if hit.start() >= seen && all.len() < 5 {
                seen = hit.end() + 100;
                let around = &text.as_bytes()[hit.start().saturating_sub(80)..seen.min(text.len())];
                let meaning = &self.meaning[hit.pattern().as_usize()];
                all.push(format!("{meaning} in: {}", String::from_utf8_lossy(around)));
            }
        }
        all
    }

    /// The same for every file below a folder, and for their names.
    pub fn below(&self, folder: &Path) -> BTreeSet<String> {
        let mut all = BTreeSet::new();
        for entry in std::fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display())) {
            let path = entry.expect("an entry").path();
            let mut hits = self.text(path.as_os_str().as_encoded_bytes());
            if path.is_dir() {
                all.extend(self.below(&path));
            } else {
                hits.extend(self.text(std::fs::read(&path).expect("the file is ours")));
            }
            all.extend(hits.into_iter().map(|hit| format!("{}: {hit}", path.display())));
        }
        all
    }
}

/// A text in every form in which it could leave, by name.
pub fn forms(secret: &str) -> Vec<(&'static str, String)> {
    let percent = |kept: &str, lower: bool| -> String {
        let escaped = |b: u8| if lower { format!("%{b:02x}") } else { format!("%{b:02X}") };
        let one = |b: u8| match b.is_ascii_alphanumeric() || kept.as_bytes().contains(&b) {
            true => char::from(b).to_string(),
            false => escaped(b),
        };
        secret.bytes().map(one).collect()
    };
    let json = serde_json::to_string(secret).expect("a string is JSON");
    let json = json[1..json.len() - 1].to_owned();
    let ascii: String = json
        .chars()
        .map(|c| if c.is_ascii() { c.to_string() } else { format!("\\u{:04x}", u32::from(c)) })
        .collect();
    let twice = serde_json::to_string(&json).expect("a string is JSON");
    let xml = ["&amp;", "&lt;", "&gt;", "&quot;", "&#39;"]
        .into_iter()
        .zip(["&", "<", ">", "\"", "'"])
        .fold(secret.to_owned(), |text, (to, from)| text.replace(from, to));
    let hex: String = secret.bytes().map(|b| format!("{b:02x}")).collect();
    let mut all = vec![
        ("plain", secret.to_owned()),
        ("url", percent("-._~", false)),
        ("url, lower case", percent("-._~", true)),
        ("url, as a form", percent("-._*", false).replace("%20", "+")),
        ("url, as encodeURIComponent does", percent("-._~!'()*", false)),
        ("url, every byte", secret.bytes().map(|b| format!("%{b:02X}")).collect()),
        ("json", json.clone()),
        ("json, ASCII only", ascii),
        ("json, slashes escaped", json.replace('/', "\\/")),
        ("json in json", twice[1..twice.len() - 1].to_owned()),
        ("xml", xml),
        ("hex", hex.clone()),
        ("HEX", hex.to_uppercase()),
    ];
    for offset in 0..3 {
        all.push(("base64", base64_inside(&STANDARD, secret, offset)));
        all.push(("base64url", base64_inside(&URL_SAFE, secret, offset)));
    }
    all
}

/// The digits that hold bits of the secret alone when it begins `offset` bytes after a multiple of three.
fn base64_inside(engine: &impl Engine, secret: &str, offset: usize) -> String {
    let whole = engine.encode([vec![0; offset], secret.as_bytes().to_vec()].concat());
    let digits = whole.trim_end_matches('=');
    let shared = usize::from(!(offset + secret.len()).is_multiple_of(3));
    digits[[0, 2, 3][offset]..digits.len() - shared].to_owned()
}

const SECRET: &str = "k3/Wq+Zp\"x\\V 7&<é%J>m'Lb9TdRfYc";

fn finder() -> Finder {
    Finder::new([("the planted one", SECRET)])
}

#[test]
fn a_leak_planted_in_any_form_is_found() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("a/b/leak");
    std::fs::create_dir_all(file.parent().expect("a folder")).expect("the folder is ours");
    let plant = |text: &str| {
        std::fs::write(&file, format!("before {text} after")).expect("the folder is ours");
        finder().below(folder.path())
    };
    assert_eq!(plant("nothing"), BTreeSet::new());
    for (form, text) in forms(SECRET) {
        let hits = plant(&text);
        assert!(hits.iter().any(|hit| hit.contains("leak: the planted one")), "{form}: {hits:?}");
        assert!(hits.iter().any(|hit| hit.contains(form)), "{form} is taken for something else: {hits:?}");
    }
}

#[test]
fn a_leak_in_the_encoding_of_another_library_is_found() {
    for front in ["", "u", "us", "user:", "{\"a\":1,"] {
        for engine in [&STANDARD, &URL_SAFE] {
            let text = engine.encode(format!("{front}{SECRET}@host"));
            assert!(!finder().text(&text).is_empty(), "behind {front:?}: {text}");
        }
    }
    let form: String = url::form_urlencoded::byte_serialize(SECRET.as_bytes()).collect();
    let debug = format!("{SECRET:?}");
    let url = url::Url::parse(&format!("https://h/?q={SECRET}")).expect("a URL").to_string();
    for text in [form, debug, url, hex::encode(SECRET), serde_json::json!({ "a": [SECRET] }).to_string()] {
        assert!(!finder().text(&text).is_empty(), "{text}");
    }
}

#[test]
fn a_leak_in_part_is_found_and_clean_text_is_clean() {
    let part = |from: usize, to: usize| finder().text(&SECRET.as_bytes()[from..to]);
    assert!(!part(0, 12).is_empty() && !part(SECRET.len() - 12, SECRET.len()).is_empty());
    assert!(!finder().text(&hex::encode(SECRET)[10..36]).is_empty());
    assert!(part(0, 8).is_empty(), "a few letters are no leak");
    assert!(finder().text("nothing to see: ***, a text of 32 characters").is_empty());
}

#[test]
fn a_leak_in_the_name_of_a_file_is_found() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::create_dir(folder.path().join(hex::encode(SECRET))).expect("the folder is ours");
    assert!(!finder().below(folder.path()).is_empty());
}
