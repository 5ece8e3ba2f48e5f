//! HTML pages: fitted to the address by which they were asked for, and what they may do.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

/// The address that pages are written for: the space's default. A page with absolute addresses, which goes
/// on working when it is saved and opened from disk, so works unchanged there too.
const WRITTEN_FOR: &str = "http://localhost:8080";
/// The domain of the SATs there, the port included (auth.md §3.2).
const WRITTEN_FOR_DOMAIN: &str = "localhost:8080";

/// The page as it is at `base`, the scheme and host of the request.
///
/// A host with anything but the characters of a name, an address or a port is a forgery, and would end up
/// in the markup: such a page stays as it was written.
pub(super) fn fitted(html: &str, base: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._:/[]".contains(c);
    if !base.chars().all(plain) {
        return html.to_owned();
    }
    let domain = match base.rsplit_once(':') {
        Some((_, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => {
            format!("localhost:{port}")
        }
        _ => "localhost".to_owned(),
    };
    html.replace(WRITTEN_FOR, base)
        .replace(WRITTEN_FOR_DOMAIN, &domain)
}

/// The `Content-Security-Policy` of a page, so that it proves what the documentation promises: scripts and
/// wasm of the space itself, connections to its host names, and what stands in the page, by its hash
/// (CSP Level 3 §8.4).
pub(super) fn policy(html: &str) -> String {
    let scripts = hashes(html, "<script>", "</script>");
    let styles = hashes(html, "<style>", "</style>");
    format!(
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'{scripts}; style-src 'self'{styles}; \
         img-src 'self' data:; font-src 'self'; manifest-src 'self'; media-src 'self' blob: mediastream:; \
         connect-src 'self' \
         http://localhost:* https://localhost:* ws://localhost:* wss://localhost:* \
         http://*.localhost:* https://*.localhost:* ws://*.localhost:* wss://*.localhost:*; \
         base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
    )
}

/// A source expression for each element without attributes that stands in the page.
fn hashes(html: &str, open: &str, close: &str) -> String {
    html.split(open)
        .skip(1)
        .filter_map(|rest| rest.split_once(close))
        .map(|(content, _)| {
            let hash = BASE64.encode(digest(&SHA256, content.as_bytes()));
            format!(" 'sha256-{hash}'")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_names_the_address_by_which_it_was_asked_for() {
        let page = r#"<script src="http://localhost:8080/sdk/x.js"></script> localhost:8080"#;
        for (base, expected) in [
            (
                "https://127.0.0.1:4711",
                r#"<script src="https://127.0.0.1:4711/sdk/x.js"></script> localhost:4711"#,
            ),
            (
                "https://space.test",
                r#"<script src="https://space.test/sdk/x.js"></script> localhost"#,
            ),
            ("http://localhost:8080", page),
        ] {
            assert_eq!(fitted(page, base), expected);
        }
        assert_eq!(
            fitted(page, r#"http://localhost"><script>alert(1)</script>"#),
            page
        );
    }

    #[test]
    fn what_stands_in_the_page_may_run_and_nothing_else() {
        let policy =
            policy("<style>b{}</style><script src='/x.js'></script><script>let a;</script>");
        // printf 'let a;' | openssl dgst -sha256 -binary | base64
        let script = "script-src 'self' 'wasm-unsafe-eval' 'sha256-81WALLbUROF1pWdYjuQYKuIcGgY/+TqVJr8UsV6Tkvo=';";
        let style = "style-src 'self' 'sha256-7yqHVAesot11p6HczDsgKRipvI5UPgs97z80zNXlans=';";
        assert!(policy.contains(script), "{policy}");
        assert!(policy.contains(style), "{policy}");
    }
}
