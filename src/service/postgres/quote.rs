//! Quotes names and texts in SQL, for statements that are shown for copying and for names, which cannot be
//! parameters.

/// Quotes a name in double quotes without changing its case: `factType` becomes `"factType"`.
pub fn quote_ident(name: &str) -> String {
    format!("\"{}\"", name.replace('\0', "").replace('"', "\"\""))
}

/// Quotes each part of an optionally qualified name: `app.DashboardFact` becomes `"app"."DashboardFact"`. A dot
/// inside double quotes is not a separator.
pub fn quote_name(name: &str) -> String {
    let (mut parts, mut part, mut quoted) = (Vec::new(), String::new(), false);
    for c in name.chars() {
        match c {
            '"' => quoted = !quoted,
            '.' if !quoted => parts.push(std::mem::take(&mut part)),
            c => part.push(c),
        }
    }
    parts.push(part);
    parts.iter().map(|p| quote_ident(p)).collect::<Vec<_>>().join(".")
}

/// Quotes a text in single quotes, safe with any `standard_conforming_strings`.
pub fn quote_literal(text: &str) -> String {
    let text = text.replace('\0', "").replace('\'', "''");
    if text.contains('\\') { format!("E'{}'", text.replace('\\', "\\\\")) } else { format!("'{text}'") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_text_cannot_escape() {
        assert_eq!(quote_ident("factType"), r#""factType""#);
        assert_eq!(quote_ident(r#"a"b; drop table x"#), r#""a""b; drop table x""#);
        assert_eq!(quote_name("app.DashboardFact"), r#""app"."DashboardFact""#);
        assert_eq!(quote_name(r#""odd.name".t"#), r#""odd.name"."t""#);
        assert_eq!(quote_literal("it's"), "'it''s'");
        assert_eq!(quote_literal(r"a\'b"), r"E'a\\''b'");
    }
}
