//! Whether `htu` names the place of a request: by its path alone, as the service's clients do, or by its
//! absolute URI (RFC 9449 §4.3, 9), compared after normalisation (RFC 3986 §6.2.2, §6.2.3).

/// Whether `named` is the place of the request at `url`, query and fragment aside.
pub(super) fn is_same(named: &str, url: &str) -> bool {
    let Some(place) = Place::read(url) else {
        return false;
    };
    if named.starts_with('/') {
        normal_path(bare(named)).is_some_and(|path| path == place.path)
    } else {
        Place::read(named).is_some_and(|named| named == place)
    }
}

/// An absolute URI of HTTP, normalised.
#[derive(Debug, PartialEq, Eq)]
struct Place {
    scheme: String,
    authority: String,
    path: String,
}

impl Place {
    fn read(url: &str) -> Option<Self> {
        let (scheme, rest) = bare(url).split_once("://")?;
        let scheme = scheme.to_ascii_lowercase();
        let default_port = match scheme.as_str() {
            "http" => ":80",
            "https" => ":443",
            _ => return None,
        };
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let authority = authority.to_ascii_lowercase();
        let host = authority.strip_suffix(default_port).unwrap_or(&authority);
        let host = host.strip_suffix(':').unwrap_or(host);
        // A name and a password before the host are another way to write a URI that looks like this one.
        if host.is_empty() || host.contains('@') {
            return None;
        }
        Some(Self {
            scheme,
            authority: host.to_owned(),
            path: normal_path(path)?,
        })
    }
}

fn bare(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or_default()
}

/// A path with its escapes normalised and its dot segments removed; `None` for one with a broken escape.
fn normal_path(path: &str) -> Option<String> {
    let path = normal_escapes(path)?;
    let mut kept: Vec<&str> = Vec::new();
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        let is_last = segments.peek().is_none();
        match segment {
            "." => {}
            ".." => {
                kept.pop();
            }
            _ => {
                kept.push(segment);
                continue;
            }
        }
        if is_last {
            kept.push("");
        }
    }
    Some(format!("/{}", kept.join("/")))
}

/// Escapes of unreserved characters undone, the others in capitals (RFC 3986 §6.2.2.1, §6.2.2.2).
fn normal_escapes(path: &str) -> Option<String> {
    let mut pieces = path.split('%');
    let mut normal = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (digits, rest) = piece.split_at_checked(2)?;
        if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let byte = u8::from_str_radix(digits, 16).ok()?;
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            normal.push(char::from(byte));
        } else {
            normal.push('%');
            normal.push_str(&digits.to_ascii_uppercase());
        }
        normal.push_str(rest);
    }
    Some(normal)
}

#[cfg(test)]
mod tests {
    use super::is_same;

    const URL: &str = "http://fabric.localhost:8080/api/fabric/subscriber/devices/token";

    #[test]
    fn a_place_is_named_by_its_path_or_by_its_uri() {
        for named in [
            "/api/fabric/subscriber/devices/token",
            "/api/fabric/./subscriber/x/../devices/token?a=b#c",
            "/api/f%61bric/subscriber/devices/token",
            URL,
            "HTTP://Fabric.LOCALHOST:8080/api/fabric/subscriber/devices/token?q",
        ] {
            assert!(is_same(named, URL), "{named}");
        }
        for named in [
            "",
            "/",
            "api/fabric/subscriber/devices/token",
            "/api/fabric/subscriber/devices/token/",
            "/api/fabric/subscriber/devices/refresh",
            "/API/fabric/subscriber/devices/token",
            "/api/fabric/subscriber/devices%2Ftoken",
            "/api/fabric/subscriber/devices/token%",
            "//fabric.localhost:8080/api/fabric/subscriber/devices/token",
            "https://fabric.localhost:8080/api/fabric/subscriber/devices/token",
            "http://fabric.localhost/api/fabric/subscriber/devices/token",
            "http://fabric.localhost:8080@evil.test/api/fabric/subscriber/devices/token",
            "http://evil.test@fabric.localhost:8080/api/fabric/subscriber/devices/token",
            "ws://fabric.localhost:8080/api/fabric/subscriber/devices/token",
        ] {
            assert!(!is_same(named, URL), "{named}");
        }
    }

    #[test]
    fn a_default_port_and_an_empty_path_are_the_same_as_none() {
        assert!(is_same("https://a.test:443/x", "https://A.test/x"));
        assert!(is_same("https://a.test:/x", "https://a.test/x"));
        assert!(is_same("http://a.test:80", "http://a.test/"));
        assert!(is_same("http://a.test/%7eb/%3a", "http://a.test/~b/%3A"));
        assert!(!is_same("https://a.test:80/x", "https://a.test/x"));
        assert!(!is_same("http://a.test/%C3%A", "http://a.test/%C3%A"));
        assert!(is_same("http://a.test/..", "http://a.test/"));
    }
}
