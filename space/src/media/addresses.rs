//! The addresses at which the space offers media.

use std::net::{IpAddr, Ipv4Addr, UdpSocket};

/// Any global address does: connecting a UDP socket sends nothing, it only asks for the route.
const ELSEWHERE: (Ipv4Addr, u16) = (Ipv4Addr::new(198, 51, 100, 1), 9);

/// The machine's own address first, because Firefox never reaches 127.0.0.1; 127.0.0.1 second, because
/// it is there with every interface down. With `loopback_only`, 127.0.0.1 alone.
pub(super) fn usable(loopback_only: bool) -> Vec<IpAddr> {
    let own = if loopback_only { None } else { own_address() };
    own.into_iter()
        .chain([Ipv4Addr::LOCALHOST])
        .map(IpAddr::V4)
        .collect()
}

/// The address from which this machine would talk to the world; `None` without a route.
fn own_address() -> Option<Ipv4Addr> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    socket.connect(ELSEWHERE).ok()?;
    match socket.local_addr().ok()?.ip() {
        IpAddr::V4(ip) if !ip.is_loopback() && !ip.is_unspecified() => Some(ip),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_is_always_there_and_last() {
        let addresses = usable(false);
        assert_eq!(addresses.last(), Some(&IpAddr::V4(Ipv4Addr::LOCALHOST)));
        assert_eq!(addresses.iter().filter(|ip| ip.is_loopback()).count(), 1);
        assert!(addresses.len() <= 2);
    }

    #[test]
    fn loopback_alone_when_asked_for() {
        assert_eq!(usable(true), [IpAddr::V4(Ipv4Addr::LOCALHOST)]);
    }
}
