//! Host names that come from outside: the embed host of the application and the `ch` of a SAT
//! (auth §3.2, REQ-101).

/// How a host is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// `http:`, `ws:`; loopback hosts only.
    Plain,
    /// `https:`, `wss:`.
    Tls,
}

impl Scheme {
    fn of(host: &str, explicit: Option<Self>) -> Self {
        match explicit {
            Some(Self::Tls) => Self::Tls,
            _ if is_loopback(host) => Self::Plain,
            _ => Self::Tls,
        }
    }

    fn rest(self) -> &'static str {
        match self {
            Self::Plain => "http://",
            Self::Tls => "https://",
        }
    }

    fn websocket(self) -> &'static str {
        match self {
            Self::Plain => "ws://",
            Self::Tls => "wss://",
        }
    }
}

/// Where the requests and the socket of a session go: absolute, without a trailing slash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoints {
    /// Base of the REST endpoints.
    pub rest: String,
    /// The socket.
    pub websocket: String,
}

impl Default for Endpoints {
    fn default() -> Self {
        Self {
            rest: "https://fabric.signalwire.com".to_owned(),
            websocket: "wss://puc.signalwire.com".to_owned(),
        }
    }
}

impl Endpoints {
    /// The hosts that a cluster host leads to; `None` when it is no valid host name.
    ///
    /// `ch` is split at its first dot: the whole names the socket, `fabric.` and the rest the REST base.
    pub fn of_cluster(ch: &str, explicit: Option<Scheme>) -> Option<Self> {
        let (_, domain) = ch.split_once('.')?;
        let rest_host = String::from_iter(["fabric.", domain]);
        if !is_authority(ch) || !is_authority(&rest_host) {
            return None;
        }
        Some(Self {
            rest: String::from_iter([Scheme::of(&rest_host, explicit).rest(), &rest_host]),
            websocket: String::from_iter([Scheme::of(ch, explicit).websocket(), ch]),
        })
    }
}

impl Endpoints {
    /// Do both hosts lie in one of these domains? An empty list names any; a domain without a port means
    /// every port (REQ-101).
    pub fn are_within(&self, domains: &[String]) -> bool {
        let inside = |url: &String| {
            let host = split_scheme(url).map_or(url.as_str(), |(_, host)| host);
            domains
                .iter()
                .any(|domain| is_within(&host.to_ascii_lowercase(), domain))
        };
        domains.is_empty() || [&self.rest, &self.websocket].into_iter().all(inside)
    }
}

fn is_within(host: &str, domain: &str) -> bool {
    let domain = domain.trim().to_ascii_lowercase();
    let host = match split_port(&domain).1 {
        Some(_) => host,
        None => split_port(host).0,
    };
    host == domain
        || host
            .strip_suffix(&domain)
            .is_some_and(|rest| !domain.is_empty() && rest.ends_with('.'))
}

/// A host as an application gives it to a provider: a name, name and port, or URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivenHost {
    /// The scheme, where the application spelled one out.
    pub explicit: Option<Scheme>,
    /// Base URL without a trailing slash.
    pub base: String,
}

impl GivenHost {
    /// Reads a name, name and port, or URL (of which scheme, host and port are kept).
    ///
    /// `None` for anything else, and for `http://` to a host that is not loopback.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim().to_ascii_lowercase();
        let (explicit, rest) = match split_scheme(&text) {
            Some(("https" | "wss", rest)) => (Some(Scheme::Tls), rest),
            Some(("http" | "ws", rest)) => (Some(Scheme::Plain), rest),
            Some(_) => return None,
            None => (None, text.as_str()),
        };
        let host = match explicit {
            Some(_) => rest.split(['/', '?', '#']).next()?,
            None => rest.strip_suffix('/').unwrap_or(rest),
        };
        if !is_authority(host) || (explicit == Some(Scheme::Plain) && !is_loopback(host)) {
            return None;
        }
        Some(Self {
            explicit,
            base: String::from_iter([Scheme::of(host, explicit).rest(), host]),
        })
    }
}

/// What stands before `://` and what after it. Splitting at a text of several characters would weigh 2 kB in the wasm.
fn split_scheme(url: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = url.split_once(':')?;
    Some((scheme, rest.strip_prefix("//")?))
}

/// A host name, IPv4 or bracketed IPv6 address, with an optional port.
fn is_authority(text: &str) -> bool {
    let (host, port) = split_port(text);
    let port_fits = port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0));
    port_fits && (is_name(host) || is_bracketed(host))
}

fn split_port(text: &str) -> (&str, Option<&str>) {
    match text.rsplit_once(':') {
        // Inside brackets a colon belongs to the address.
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (text, None),
    }
}

fn is_name(host: &str) -> bool {
    let label_fits = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|c| c.is_ascii_alphanumeric() || c == b'-' || c == b'_')
    };
    host.len() <= 253 && host.split('.').all(label_fits)
}

/// The form of an IPv6 address, as far as it decides where a request goes: the browser reads it for good.
fn is_bracketed(host: &str) -> bool {
    let is_of_address = |byte: u8| byte.is_ascii_hexdigit() || b":.".contains(&byte);
    host.strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .is_some_and(|inner| inner.contains(':') && inner.bytes().all(is_of_address))
}

/// `localhost`, `*.localhost`, 127.0.0.0/8, `[::1]`.
fn is_loopback(host: &str) -> bool {
    let (name, _) = split_port(host);
    name == "localhost" || name.ends_with(".localhost") || name == "[::1]" || is_local_ipv4(name)
}

/// 127.0.0.0/8, all four numbers written out. The parsers of the standard library weigh 2 kB in the wasm.
fn is_local_ipv4(name: &str) -> bool {
    let is_number = |part: &str| part.parse::<u16>().is_ok_and(|number| number < 256);
    name.strip_prefix("127.")
        .is_some_and(|rest| rest.split('.').count() == 3 && rest.split('.').all(is_number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn allowed_domains_hold_their_hosts_and_no_others() {
        let endpoints = Endpoints::of_cluster("puc.Space.test:8443", None).unwrap();
        let within = |domains: &[&str]| {
            let domains: Vec<String> = domains.iter().map(|&one| one.to_owned()).collect();
            endpoints.are_within(&domains)
        };
        assert!(within(&[]));
        assert!(within(&["space.test"]) && within(&["other.test", "Space.test:8443"]));
        assert!(within(&["test"]));
        for domain in [
            "pace.test",
            "space.test:1",
            "puc.space.test",
            "",
            "space.test.evil",
        ] {
            assert!(!within(&[domain]), "{domain}");
        }
    }

    fn base(text: &str) -> Option<String> {
        GivenHost::parse(text).map(|host| host.base)
    }

    #[test]
    fn a_host_is_a_name_a_name_with_port_or_a_url() {
        assert_eq!(
            base("acme.signalwire.com").as_deref(),
            Some("https://acme.signalwire.com")
        );
        assert_eq!(
            base("Acme.SignalWire.com/").as_deref(),
            Some("https://acme.signalwire.com")
        );
        assert_eq!(
            base("acme.test:8443").as_deref(),
            Some("https://acme.test:8443")
        );
        assert_eq!(
            base("https://acme.test/path?x#y").as_deref(),
            Some("https://acme.test")
        );
        assert_eq!(
            base("localhost:8080").as_deref(),
            Some("http://localhost:8080")
        );
        assert_eq!(
            base("embeds.localhost:8080").as_deref(),
            Some("http://embeds.localhost:8080")
        );
        assert_eq!(base("127.0.0.9:80").as_deref(), Some("http://127.0.0.9:80"));
        assert_eq!(base("[::1]:80").as_deref(), Some("http://[::1]:80"));
        assert_eq!(
            base("https://localhost:8080").as_deref(),
            Some("https://localhost:8080")
        );
        assert_eq!(
            base("http://localhost:8080/").as_deref(),
            Some("http://localhost:8080")
        );
        assert_eq!(
            base("HTTPS://LocalHost:1").as_deref(),
            Some("https://localhost:1")
        );
    }

    #[test]
    fn what_is_no_host_is_refused() {
        for text in [
            "",
            " ",
            "a b",
            "a/b",
            "user@host",
            "host:port",
            "host:0",
            "host:70000",
            "ftp://host",
            "http://acme.test",
            "-a.test",
            "a..test",
            "host?x",
            "host#x",
            "a\\b",
            "[::1",
            "[x]",
            "https://",
        ] {
            assert_eq!(base(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_cluster_leads_to_two_hosts_plain_only_on_loopback() {
        let local = Endpoints::of_cluster("puc.localhost:8443", None).unwrap();
        assert_eq!(local.websocket, "ws://puc.localhost:8443");
        assert_eq!(local.rest, "http://fabric.localhost:8443");
        let tls = Endpoints::of_cluster("puc.localhost:8443", Some(Scheme::Tls)).unwrap();
        assert_eq!(tls.websocket, "wss://puc.localhost:8443");
        assert_eq!(tls.rest, "https://fabric.localhost:8443");
        let public = Endpoints::of_cluster("puc.signalwire.com", Some(Scheme::Plain)).unwrap();
        assert_eq!(public, Endpoints::default());
        for bad in [
            "puc.a/b",
            "puc.a b",
            "puc.x@y.test",
            "puc.",
            "puc.test:x",
            "puc.te?st",
        ] {
            assert_eq!(Endpoints::of_cluster(bad, None), None, "{bad}");
        }
    }
}
