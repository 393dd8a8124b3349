//! Resolves names to addresses and connects to them, and reports the most informative failure.

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

use super::unreachable::Unreachable;

/// The addresses of a host, which may be an address itself. Addresses without a route from here are dropped while
/// others remain, so that an IPv6 address on a machine without IPv6 does not hide the result of the other address.
/// Has no time limit; the caller sets one.
pub async fn resolve(host: &str) -> Result<Vec<IpAddr>, Unreachable> {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    if let Ok(address) = bare.parse::<IpAddr>() {
        return Ok(vec![address]);
    }
    let unresolvable = || Unreachable::Unresolvable { host: host.to_owned() };
    let mut addresses: Vec<IpAddr> = Vec::new();
    for found in tokio::net::lookup_host((bare, 0)).await.map_err(|_| unresolvable())? {
        if !addresses.contains(&found.ip()) {
            addresses.push(found.ip());
        }
    }
    if addresses.is_empty() {
        return Err(unresolvable());
    }
    let routed: Vec<IpAddr> = addresses.iter().copied().filter(|a| has_route(*a)).collect();
    Ok(if routed.is_empty() { addresses } else { routed })
}

/// Consults the routing table. Connecting a datagram socket sends nothing.
fn has_route(address: IpAddr) -> bool {
    let any: IpAddr = match address {
        IpAddr::V4(_) => std::net::Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) => std::net::Ipv6Addr::UNSPECIFIED.into(),
    };
    UdpSocket::bind((any, 0)).and_then(|socket| socket.connect((address, 9))).is_ok()
}

/// Connects to the first address that answers. Each gets an equal share of the remaining time. If none answers,
/// returns the failure that is most informative about the remote side.
pub async fn dial(
    addresses: &[IpAddr],
    port: u16,
    host: &str,
    deadline: Instant,
) -> Result<(TcpStream, SocketAddr), Unreachable> {
    let began = Instant::now();
    let mut worst: Option<Unreachable> = None;
    for (tried, address) in addresses.iter().enumerate() {
        let at = SocketAddr::new(*address, port);
        let share = shared(deadline, addresses.len() - tried);
        let failure = match timeout_at(share, TcpStream::connect(at)).await {
            Ok(Ok(stream)) => {
                // Without this option, a request takes some milliseconds longer, but works.
                let _ = stream.set_nodelay(true);
                return Ok((stream, at));
            }
            Ok(Err(error)) => Unreachable::from_error(&error, host, began.elapsed()),
            Err(_) => Unreachable::TimedOut { after: began.elapsed() },
        };
        if worst.as_ref().is_none_or(|w| failure.weight() > w.weight()) {
            worst = Some(failure);
        }
    }
    Err(worst.unwrap_or_else(|| Unreachable::Unresolvable { host: host.to_owned() }))
}

/// The time by which one of `left` attempts must finish.
pub(crate) fn shared(deadline: Instant, left: usize) -> Instant {
    let now = Instant::now();
    let parts = u32::try_from(left.max(1)).unwrap_or(u32::MAX);
    now + deadline.saturating_duration_since(now).max(Duration::ZERO) / parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
    }

    #[test]
    fn an_address_resolves_to_itself() {
        assert_eq!(run(resolve("127.0.0.1")).unwrap(), ["127.0.0.1".parse::<IpAddr>().unwrap()]);
        assert_eq!(run(resolve("[::1]")).unwrap(), ["::1".parse::<IpAddr>().unwrap()]);
    }

    #[test]
    fn a_reserved_name_does_not_resolve() {
        let fault = run(resolve("chat.invalid")).unwrap_err();
        assert_eq!(fault, Unreachable::Unresolvable { host: "chat.invalid".to_owned() });
        assert_eq!(fault.offline_host(), Some("chat.invalid"));
    }

    #[test]
    fn a_closed_port_refuses_and_an_open_one_after_it_answers() {
        run(async {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            let port = listener.local_addr().unwrap().port();
            let deadline = Instant::now() + Duration::from_secs(5);
            let both = ["127.0.0.2".parse().unwrap(), "127.0.0.1".parse().unwrap()];
            let (_, at) = dial(&both, port, "h", deadline).await.unwrap();
            assert_eq!(at.ip(), both[1]);
            // Bound but not listening, the port refuses connections and no other process can take it meanwhile.
            let closed = tokio::net::TcpSocket::new_v4().unwrap();
            closed.bind("127.0.0.1:0".parse().unwrap()).unwrap();
            let port = closed.local_addr().unwrap().port();
            let fault = dial(&both[1..], port, "h", deadline).await.unwrap_err();
            assert_eq!(fault, Unreachable::Refused);
        });
    }
}
