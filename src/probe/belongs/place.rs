//! What production asks of an address: https, and another machine than this one.

use url::Url;

use crate::outcome::finding::{Claim, Finding};
use crate::service::dsn::{Dsn, Server};
use crate::service::unreachable::is_loopback;

const ELSEWHERE: &str = "a machine other than this one";

/// Names that containers have for the machine they run on.
const CONTAINER_HOSTS: &[&str] =
    &["host.docker.internal", "gateway.docker.internal", "host.containers.internal", "localhost.localdomain"];

/// Adds the claims on a URL.
pub(super) fn of_url(finding: Finding, url: &Url) -> Finding {
    let host = url.host_str().unwrap_or_default();
    let local = this_machine(host);
    let found = if local { format!("{host}, which is this machine") } else { host.to_owned() };
    finding
        .claim(Claim::new("scheme", "https in production", url.scheme(), url.scheme() == "https"))
        .claim(Claim::new("place", ELSEWHERE, found, !host.is_empty() && !local))
}

/// Adds the claim on a connection string: none of its servers is this machine.
pub(super) fn of_dsn(finding: Finding, dsn: &Dsn) -> Finding {
    let local = |s: &&Server| {
        s.is_socket() || this_machine(&s.host) || s.address.is_some_and(|a| this_machine(&a.to_string()))
    };
    let (found, holds) = match dsn.servers.iter().find(local) {
        Some(server) if server.is_socket() => ("a Unix socket of this machine".to_owned(), false),
        Some(server) => (format!("{}, which is this machine", server.host), false),
        None => {
            let hosts: Vec<&str> = dsn.servers.iter().map(|s| s.host.as_str()).collect();
            (hosts.join(", "), !hosts.is_empty())
        }
    };
    finding.claim(Claim::new("place", ELSEWHERE, found, holds))
}

/// The same in words, for `checks explain`.
pub(super) fn expectations(url: bool) -> Vec<String> {
    let scheme = url.then(|| "scheme: https in production".to_owned());
    scheme.into_iter().chain([format!("place: {ELSEWHERE}")]).collect()
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
    fn this_machine_has_many_names() {
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
    fn the_parser_sees_through_odd_addresses() {
        for url in ["https://2130706433/", "https://0x7f.1/", "https://127.1/", "https://[::1]/"] {
            let url = Url::parse(url).expect("it is a URL");
            let finding = of_url(Finding::default(), &url);
            assert_eq!(finding.claims[1].holds, Some(false), "{url}");
        }
    }

    #[test]
    fn one_local_server_of_several_is_enough() {
        let holds =
            |text: &str| of_dsn(Finding::default(), &Dsn::parse(text).expect("it parses")).claims[0].holds;
        assert_eq!(holds("postgres://u:p@db.hotrodan.com/x"), Some(true));
        assert_eq!(holds("postgres://u:p@hotdash-db.internal/x?sslmode=disable"), Some(true));
        assert_eq!(holds("postgres://u:p@db.hotrodan.com,localhost/x"), Some(false));
        assert_eq!(holds("postgres://u:p@/x?host=/var/run/postgresql"), Some(false));
        assert_eq!(holds("host=db.hotrodan.com hostaddr=127.0.0.1 user=u"), Some(false));
    }
}
