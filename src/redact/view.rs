//! Readings of a text that may contain a secret: unchanged, percent-decoded, with JSON or HTML escapes decoded, and
//! combinations of these in two layers. Each byte of a reading records where in the text it came from.

use std::ops::Range;

/// A reading of a text.
pub struct View {
    pub bytes: Vec<u8>,
    /// The position of each byte in the text; empty for the text itself.
    from: Vec<Range<usize>>,
}

impl View {
    /// The range of the text that corresponds to a range of this reading.
    pub fn origin(&self, range: Range<usize>) -> Range<usize> {
        if self.from.is_empty() || range.is_empty() {
            return range;
        }
        self.from[range.start].start..self.from[range.end - 1].end
    }
}

/// Every reading of the text, without duplicates.
pub fn all(text: &str) -> Vec<View> {
    let mut views = vec![View { bytes: text.as_bytes().to_vec(), from: Vec::new() }];
    let mut layer = 0..1;
    for _ in 0..2 {
        let next = views.len();
        for at in layer {
            for (mark, escape) in [(b'%', percent as Escape), (b'\\', json), (b'&', html)] {
                if views[at].bytes.contains(&mark)
                    && let Some(view) = decode(&views[at], escape)
                {
                    views.push(view);
                }
            }
        }
        layer = next..views.len();
    }
    views
}

/// Decodes an escape at the start of `bytes`: its length and what it stands for.
type Escape = fn(&[u8]) -> Option<(usize, Vec<u8>)>;

fn decode(view: &View, escape: Escape) -> Option<View> {
    let (mut bytes, mut from) = (Vec::with_capacity(view.bytes.len()), Vec::new());
    let (mut at, mut changed) = (0, false);
    while at < view.bytes.len() {
        if let Some((length, decoded)) = escape(&view.bytes[at..]) {
            let origin = view.origin(at..at + length);
            from.extend(decoded.iter().map(|_| origin.clone()));
            bytes.extend(decoded);
            (at, changed) = (at + length, true);
        } else {
            from.push(view.origin(at..at + 1));
            bytes.push(view.bytes[at]);
            at += 1;
        }
    }
    changed.then_some(View { bytes, from })
}

fn percent(bytes: &[u8]) -> Option<(usize, Vec<u8>)> {
    let [b'%', high, low, ..] = bytes else { return None };
    Some((3, vec![(hex(*high)? << 4) | hex(*low)?]))
}

fn json(bytes: &[u8]) -> Option<(usize, Vec<u8>)> {
    let [b'\\', kind, ..] = bytes else { return None };
    let plain = match kind {
        b'"' | b'\\' | b'/' | b'\'' => *kind,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'b' => 8,
        b'f' => 12,
        b'u' => return unicode(bytes),
        _ => return None,
    };
    Some((2, vec![plain]))
}

/// `\u00e9`, a surrogate pair of such escapes, or Rust's `\u{e9}`.
fn unicode(bytes: &[u8]) -> Option<(usize, Vec<u8>)> {
    if bytes.get(2) == Some(&b'{') {
        let close = bytes.iter().take(11).position(|b| *b == b'}')?;
        let digits = std::str::from_utf8(&bytes[3..close]).ok()?;
        return utf8(u32::from_str_radix(digits, 16).ok()?).map(|c| (close + 1, c));
    }
    let first = four(bytes.get(2..6)?)?;
    if let Some([b'\\', b'u', rest @ ..]) = bytes.get(6..12)
        && let Some(second) = four(rest)
        && (0xd800..0xdc00).contains(&first)
        && (0xdc00..0xe000).contains(&second)
    {
        return utf8(0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00)).map(|c| (12, c));
    }
    utf8(first).map(|c| (6, c))
}

/// `&quot;`, `&#39;` or `&#x27;`, as in HTML error pages.
fn html(bytes: &[u8]) -> Option<(usize, Vec<u8>)> {
    let [b'&', rest @ ..] = bytes else { return None };
    let end = rest.iter().take(10).position(|b| *b == b';')?;
    let name = std::str::from_utf8(&rest[..end]).ok()?;
    let code = match name {
        "amp" => u32::from('&'),
        "lt" => u32::from('<'),
        "gt" => u32::from('>'),
        "quot" => u32::from('"'),
        "apos" => u32::from('\''),
        _ => match name.strip_prefix("#x").or_else(|| name.strip_prefix("#X")) {
            Some(digits) => u32::from_str_radix(digits, 16).ok()?,
            None => name.strip_prefix('#')?.parse().ok()?,
        },
    };
    utf8(code).map(|c| (end + 2, c))
}

fn four(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |n, d| Some((n << 4) | u32::from(hex(*d)?)))
}

fn utf8(code: u32) -> Option<Vec<u8>> {
    char::from_u32(code).map(|c| c.to_string().into_bytes())
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|d| u8::try_from(d).ok())
}
