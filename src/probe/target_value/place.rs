//! What production requires of an address: https, and a machine other than this one.

use url::Url;

use crate::outcome::finding::{Claim, Finding};
use crate::service::dsn::{Dsn, Server};
use crate::service::unreachable::is_loopback;

const ELSEWHERE: &str = "a machine other than this one";

/// Names by which containers reach the machine they run on.
const CONTAINER_HOSTS: &[&str] =
    &["host.docker.internal", "gateway.docker.internal", "host.containers.internal", "localhost.localdomain"];

/// Adds the claims on the URL in the variable `var`.
pub(super) fn of_url(finding: Finding, var: &str, url: &Url) -> Finding {
    let host = url.host_str().unwrap_or_default();
    let local = this_machine(host);
    let mut claim = machine(host, !host.is_empty() && !local);
    if local {
        claim = claim.sentence(format!("{var} points to this machine ({host})"));
    }
    let https = url.scheme() == "https";
    finding
        .claim(Claim::compared("scheme", "scheme", "https in production", url.scheme(), https))
        .claim(claim)
}

/// Adds the claim on the connection string in the variable `var`: none of its servers is this machine.
pub(super) fn of_dsn(finding: Finding, var: &str, dsn: &Dsn) -> Finding {
    let local = |s: &&Server| {
        s.is_socket() || this_machine(&s.host) || s.address.is_some_and(|a| this_machine(&a.to_string()))
    };
    finding.claim(match dsn.servers.iter().find(local) {
        Some(server) if server.is_socket() => {
            machine("a Unix socket", false).sentence(format!("{var} uses a Unix socket of this machine"))
        }
        Some(server) => {
            machine(&server.host, false).sentence(format!("{var} points to this machine ({})", server.host))
        }
        None => {
            let hosts: Vec<&str> = dsn.servers.iter().map(|s| s.host.as_str()).collect();
            machine(&hosts.join(", "), !hosts.is_empty())
        }
    })
}

fn machine(found: &str, holds: bool) -> Claim {
    Claim::compared("not-this-machine", "machine", ELSEWHERE, found, holds)
}

/// The same in words, for `checks explain`.
pub(super) fn expectations(url: bool) -> Vec<String> {
    let scheme = url.then(|| "scheme: https in production".to_owned());
    scheme.into_iter().chain([format!("machine: {ELSEWHERE}")]).collect()
}

/// True for every name and address by which a program reaches the machine it runs on.
fn this_machine(host: &str) -> bool {
    let bare = host.trim_matches(['[', ']']).trim_end_matches('.').to_ascii_lowercase();
    let mapped = bare.parse::<std::net::Ipv6Addr>().ok().and_then(|a| a.to_ipv4_mapped());
    is_loopback(&bare)
        || CONTAINER_HOSTS.contains(&bare.as_str())
        || mapped.is_some_and(|a| a.is_loopback() || a.is_unspecified())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_of_this_machine_is_recognised() {
        for host in [
            "localhost",
            "LOCALHOST",
            "localhost.",
            "app.localhost",
            "127.0.0.1",
            "127.8.8.8",
            "0.0.0.0",
            "::1",
            "[::1]",
            "::",
            "::ffff:127.0.0.1",
            "host.docker.internal",
            "localhost.localdomain",
        ] {
            assert!(this_machine(host), "{host}");
        }
        for host in [
            "chat.hotrodan.com",
            "localhost.hotrodan.com",
            "notlocalhost",
            "128.0.0.1",
            "10.0.0.1",
            "hotdash-db.internal",
            "fdaa:0:1::3",
            "top1.nearest.of.hotdash-db.internal",
        ] {
            assert!(!this_machine(host), "{host}");
        }
    }

    #[test]
    fn unusual_spellings_of_loopback_addresses_are_recognised() {
        for url in ["https://2130706433/", "https://0x7f.1/", "https://127.1/", "https://[::1]/"] {
            let url = Url::parse(url).expect("it is a URL");
            let finding = of_url(Finding::default(), "CHATWOOT_BASE_URL", &url);
            assert_eq!(finding.claims[1].holds, Some(false), "{url}");
        }
    }

    #[test]
    fn one_local_server_of_several_fails() {
        let holds = |text: &str| {
            let dsn = Dsn::parse(text).expect("it parses");
            of_dsn(Finding::default(), "DATABASE_URL", &dsn).claims[0].holds
        };
        assert_eq!(holds("postgres://u:p@db.hotrodan.com/x"), Some(true));
        assert_eq!(holds("postgres://u:p@hotdash-db.internal/x?sslmode=disable"), Some(true));
        assert_eq!(holds("postgres://u:p@db.hotrodan.com,localhost/x"), Some(false));
        assert_eq!(holds("postgres://u:p@/x?host=/var/run/postgresql"), Some(false));
        assert_eq!(holds("host=db.hotrodan.com hostaddr=127.0.0.1 user=u"), Some(false));
    }
}
