//! Compact JWE with direct encryption (`alg: dir`, `enc: A256GCM`): RFC 7516 §3.1, RFC 7518 §4.5
//! and §5.3.

use aes_gcm::aead::{AeadInOut, KeyInit};
use aes_gcm::{Aes256Gcm, Key, Nonce, Tag};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// A 256-bit key that seals and opens tokens.
pub(crate) struct Sealer {
    cipher: Aes256Gcm,
}

impl Sealer {
    /// Takes the key. It should be random and live no longer than the instance.
    pub(crate) fn new(key: [u8; 32]) -> Self {
        Self {
            cipher: Aes256Gcm::new(&Key::<Aes256Gcm>::from(key)),
        }
    }

    /// Encrypts `payload` under the protected header `header` (JSON text). `iv` must never be used twice.
    pub(crate) fn seal(&self, header: &str, payload: &[u8], iv: [u8; 12]) -> String {
        let header = URL_SAFE_NO_PAD.encode(header);
        let mut text = payload.to_vec();
        let tag = self
            .cipher
            .encrypt_inout_detached(
                &Nonce::from(iv),
                header.as_bytes(),
                text.as_mut_slice().into(),
            )
            .expect("AES-GCM takes 2^36 bytes, a token is far shorter");
        let [iv, text, tag] = [&iv[..], &text, &tag].map(|part| URL_SAFE_NO_PAD.encode(part));
        format!("{header}..{iv}.{text}.{tag}")
    }

    /// Decrypts a token; gives its protected header and its payload. `None` when it was not sealed by
    /// this key or was changed since.
    pub(crate) fn open(&self, token: &str) -> Option<(Vec<u8>, Vec<u8>)> {
        let parts: Vec<&str> = token.split('.').collect();
        let [header, "", iv, text, tag] = parts[..] else {
            return None;
        };
        let iv: [u8; 12] = URL_SAFE_NO_PAD.decode(iv).ok()?.try_into().ok()?;
        let tag: [u8; 16] = URL_SAFE_NO_PAD.decode(tag).ok()?.try_into().ok()?;
        let mut text = URL_SAFE_NO_PAD.decode(text).ok()?;
        let buffer = text.as_mut_slice().into();
        self.cipher
            .decrypt_inout_detached(&Nonce::from(iv), header.as_bytes(), buffer, &Tag::from(tag))
            .ok()?;
        Some((URL_SAFE_NO_PAD.decode(header).ok()?, text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = r#"{"alg":"dir","enc":"A256GCM"}"#;

    /// RFC 7516 appendix A.1: the content encryption is A256GCM, the key being delivered by RSA-OAEP
    /// there; from the content encryption key on, the steps are those of `dir`.
    #[test]
    fn content_encryption_of_rfc_7516_appendix_a_1() {
        let key = [
            177, 161, 244, 128, 84, 143, 225, 115, 63, 180, 3, 255, 107, 154, 212, 246, 138, 7,
            110, 91, 112, 46, 34, 105, 47, 130, 203, 46, 122, 234, 64, 252,
        ];
        let iv = [227, 197, 117, 252, 2, 219, 233, 68, 180, 225, 77, 219];
        let plain = "The true sign of intelligence is not knowledge but imagination.";
        let sealed = Sealer::new(key).seal(
            r#"{"alg":"RSA-OAEP","enc":"A256GCM"}"#,
            plain.as_bytes(),
            iv,
        );
        assert_eq!(
            sealed,
            "eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00ifQ..48V1_ALb6US04U3b.\
             5eym8TW_c8SuK0ltJ3rpYIzOeDQz7TALvtu6UG9oMo4vpzs9tX_EFShS8iB7j6ji\
             SdiwkIr3ajwQzaBtQD_A.XFBoMYUZodetZdvTiFvSkQ"
        );
    }

    #[test]
    fn opens_what_it_sealed_and_nothing_else() {
        let sealer = Sealer::new([7; 32]);
        let token = sealer.seal(HEADER, b"claims", [1; 12]);
        assert_eq!(
            sealer.open(&token),
            Some((HEADER.into(), b"claims".to_vec()))
        );
        assert_eq!(Sealer::new([8; 32]).open(&token), None);
        for changed in token.match_indices(|c: char| c != '.').map(|(at, _)| {
            let mut bytes = token.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            String::from_utf8(bytes).unwrap()
        }) {
            assert_eq!(sealer.open(&changed), None, "{changed}");
        }
        for malformed in [
            "",
            "a.b.c",
            "a.b.c.d.e",
            &token[..token.len() - 1],
            &format!("{token}."),
        ] {
            assert_eq!(sealer.open(malformed), None);
        }
    }
}
