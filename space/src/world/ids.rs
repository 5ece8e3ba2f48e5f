//! Identifiers and secrets made from the randomness that the caller lends.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::io::Cx;

/// A random UUID, version 4 (RFC 9562 §5.4).
pub(crate) fn uuid(cx: &mut Cx<'_>) -> String {
    let mut bytes = [0_u8; 16];
    (cx.entropy)(&mut bytes);
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = hexadecimal(&bytes);
    format!(
        "{}-{}-{}-{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..]
    )
}

/// `prefix` and 128 random bits in lower-case hexadecimal: the form of C2C and embed tokens.
pub(crate) fn prefixed(prefix: &str, cx: &mut Cx<'_>) -> String {
    let mut bytes = [0_u8; 16];
    (cx.entropy)(&mut bytes);
    format!("{prefix}{}", hexadecimal(&bytes))
}

/// 256 random bits in base64url: an opaque secret.
pub(crate) fn secret(cx: &mut Cx<'_>) -> String {
    let mut bytes = [0_u8; 32];
    (cx.entropy)(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Whether the text has the form of a UUID.
pub(crate) fn is_uuid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
        && groups
            .iter()
            .all(|group| group.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// Compares two secrets in a time that depends on their lengths alone.
pub(crate) fn same_secret(a: &str, b: &str) -> bool {
    a.len() == b.len()
        && a.bytes()
            .zip(b.bytes())
            .fold(0, |diff, (x, y)| diff | (x ^ y))
            == 0
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_has_version_and_variant() {
        let mut entropy = |bytes: &mut [u8]| bytes.fill(0xff);
        let id = uuid(&mut Cx {
            mono: 0,
            wall: 0,
            entropy: &mut entropy,
        });
        assert_eq!(id, "ffffffff-ffff-4fff-bfff-ffffffffffff");
        assert!(is_uuid(&id));
        assert!(!is_uuid("ffffffff-ffff-4fff-bfff-fffffffffffg"));
        assert!(!is_uuid(""));
    }

    #[test]
    fn secrets_are_compared_whole() {
        assert!(same_secret("abc", "abc"));
        assert!(!same_secret("abc", "abd"));
        assert!(!same_secret("abc", "ab"));
    }
}
