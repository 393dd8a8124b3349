//! The codes of the claims that a check can make, known without a run: `checks list --claims` shows them, and the
//! tests fail when a run makes a claim that is not listed.

/// True when `code` is one of `listed`. A listed code with a `*` stands for one claim for each name that the
/// configuration or a program gives: `tier-*`.
pub fn is_listed(listed: &[String], code: &str) -> bool {
    listed.iter().any(|known| match known.split_once('*') {
        None => known == code,
        Some((before, after)) => {
            let name = code.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
            name.is_some_and(|name| !name.is_empty())
        }
    })
}

pub(super) fn codes<const N: usize>(list: [&str; N]) -> Vec<String> {
    list.map(str::to_owned).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_a_name_and_never_for_nothing() {
        let listed = codes(["window", "tier-*"]);
        for code in ["window", "tier-p0", "tier-two-hours"] {
            assert!(is_listed(&listed, code), "{code}");
        }
        for code in ["window-2", "tier-", "tier", "tiers", ""] {
            assert!(!is_listed(&listed, code), "{code}");
        }
        assert!(is_listed(&codes(["*"]), "free-space"));
    }
}
