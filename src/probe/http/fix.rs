//! What to do when a request got no response, for the causes where looking at the service itself would not help.

use super::shell::single_quoted;
use crate::service::tls::TlsError;
use crate::service::unreachable::Unreachable;

/// The fix for a request to the URL in the environment variable `variable`. `None` where the check's own fix is the
/// right one, because the service itself is the likely cause.
pub fn fix_for(fault: &Unreachable, variable: &str) -> Option<String> {
    Some(match fault {
        Unreachable::Unresolvable { host } => format!(
            "correct the host in {variable}, or create its DNS record: dig +short {}",
            single_quoted(host)
        ),
        Unreachable::NoRoute { .. } => {
            format!("check this machine's network and firewall, and the host in {variable}")
        }
        Unreachable::Tls(TlsError::Expired { .. }) => {
            "renew the certificate, and find out why it was not renewed automatically".to_owned()
        }
        Unreachable::Tls(TlsError::NotYetValid { .. }) => {
            "check this machine's clock (date -u); if it is right, issue a new certificate".to_owned()
        }
        Unreachable::Tls(TlsError::UnknownIssuer) => {
            "install the full certificate chain on the server; if the authority is your own, pass its root with --ca-file"
                .to_owned()
        }
        Unreachable::Tls(TlsError::WrongName { .. }) => format!(
            "set {variable} to the host that the certificate was issued for, or issue a certificate for this host"
        ),
        Unreachable::Tls(TlsError::NotTls) => {
            format!("correct the port in {variable}: what listens there does not speak TLS")
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_outside_the_service_has_its_own_fix() {
        let lost = Unreachable::Unresolvable { host: "chat.example".to_owned() };
        assert_eq!(
            fix_for(&lost, "CHATWOOT_BASE_URL").as_deref(),
            Some(
                "correct the host in CHATWOOT_BASE_URL, or create its DNS record: dig +short 'chat.example'"
            )
        );
        let expired = Unreachable::Tls(TlsError::Expired { since: None });
        assert!(fix_for(&expired, "X").is_some_and(|fix| fix.starts_with("renew the certificate")));
        for own in [Unreachable::Refused, Unreachable::Reset, Unreachable::Closed] {
            assert_eq!(fix_for(&own, "X"), None);
        }
    }
}
