//! URLs that are safe to display: without the parts that may contain secrets.

use url::Url;

use super::http::Answer;

/// Longer paths are not shown.
const LONGEST: usize = 200;

/// The URL without user information.
pub fn without_user(url: &Url) -> String {
    let mut url = url.clone();
    // Both calls fail only for URLs that cannot have user information.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.to_string()
}

/// Origin and path of a URL with a host; a query is shown as `?...`. `None` for any other text.
pub fn bare(text: &str) -> Option<String> {
    let url = Url::parse(text.trim()).ok().filter(Url::has_host)?;
    let path = if url.path().len() > LONGEST { "/..." } else { url.path() };
    let query = if url.query().is_some() { "?..." } else { "" };
    Some(format!("{}{path}{query}", url.origin().ascii_serialization()))
}

/// The target of a redirect that was not followed.
pub fn redirect(answer: &Answer) -> Option<String> {
    let location = answer.header("location").filter(|_| (300..400).contains(&answer.status))?;
    let there = Url::parse(&answer.url).and_then(|url| url.join(location)).ok();
    Some(there.and_then(|url| bare(url.as_str())).unwrap_or_else(|| "an unreadable URL".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn possible_secrets_are_removed_from_a_url() {
        assert_eq!(
            bare(" https://u:pw@A.example:8443/x?token=1#f").as_deref(),
            Some("https://a.example:8443/x?...")
        );
        assert_eq!(bare("https://a.example").as_deref(), Some("https://a.example/"));
        assert_eq!(
            bare(&format!("https://a.example/{}", "x".repeat(300))).as_deref(),
            Some("https://a.example/...")
        );
        assert_eq!(bare("apiTokenAAAAAAAAAAAAAAAA"), None);
        assert_eq!(bare("data:text/plain,secret"), None);
        let url = Url::parse("https://u:pw@a.example/x").expect("a URL");
        assert_eq!(without_user(&url), "https://a.example/x");
    }
}
