//! URLs as they may be shown: without the parts in which people put secrets.

use url::Url;

use super::http::Answer;

/// The longest path that is shown whole.
const LONGEST: usize = 200;

/// The URL without user information.
pub fn without_user(url: &Url) -> String {
    let mut url = url.clone();
    // Both fail only for URLs that cannot have user information.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.to_string()
}

/// Origin and path of a URL with a host; a query is told by `?...`. `None` for any other text.
pub fn bare(text: &str) -> Option<String> {
    let url = Url::parse(text.trim()).ok().filter(Url::has_host)?;
    let path = if url.path().len() > LONGEST { "/..." } else { url.path() };
    let query = if url.query().is_some() { "?..." } else { "" };
    Some(format!("{}{path}{query}", url.origin().ascii_serialization()))
}

/// Where a redirect that was not followed leads to.
pub fn redirect(answer: &Answer) -> Option<String> {
    let location = answer.header("location").filter(|_| (300..400).contains(&answer.status))?;
    let there = Url::parse(&answer.url).and_then(|url| url.join(location)).ok();
    Some(there.and_then(|url| bare(url.as_str())).unwrap_or_else(|| "an unreadable place".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_secret_in_a_url_is_left_out() {
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
