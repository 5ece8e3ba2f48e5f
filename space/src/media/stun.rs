//! STUN Binding (RFC 8489 §6.3, §14.2): tells a client the address that it is seen at.

use std::net::SocketAddr;

const BINDING_REQUEST: [u8; 2] = 0x0001_u16.to_be_bytes();
const BINDING_SUCCESS: [u8; 2] = 0x0101_u16.to_be_bytes();
const MAGIC_COOKIE: [u8; 4] = 0x2112_a442_u32.to_be_bytes();
const XOR_MAPPED_ADDRESS: [u8; 2] = 0x0020_u16.to_be_bytes();
const FAMILY_IPV4: u8 = 0x01;
const HEADER: usize = 20;

/// The answer to a Binding request from `source`; `None` when `datagram` is none, or came over IPv6.
///
/// Any user may ask: a STUN server for address discovery needs no credentials (RFC 8489 §12.1).
pub(super) fn binding_answer(datagram: &[u8], source: SocketAddr) -> Option<Vec<u8>> {
    let SocketAddr::V4(source) = source else {
        return None;
    };
    let header = datagram.get(..HEADER)?;
    let (kind, rest) = header.split_at(2);
    let (length, rest) = rest.split_at(2);
    let (cookie, transaction) = rest.split_at(4);
    let length = u16::from_be_bytes([*length.first()?, *length.get(1)?]);
    if kind != BINDING_REQUEST
        || cookie != MAGIC_COOKIE
        || datagram.len() != HEADER + usize::from(length)
    {
        return None;
    }

    let port = source.port().to_be_bytes();
    let mut attribute = vec![0, FAMILY_IPV4];
    attribute.extend(
        port.iter()
            .zip(MAGIC_COOKIE)
            .map(|(byte, mask)| byte ^ mask),
    );
    attribute.extend(
        source
            .ip()
            .octets()
            .iter()
            .zip(MAGIC_COOKIE)
            .map(|(byte, mask)| byte ^ mask),
    );

    let mut answer = Vec::with_capacity(HEADER + 4 + attribute.len());
    answer.extend(BINDING_SUCCESS);
    answer.extend(12_u16.to_be_bytes());
    answer.extend(MAGIC_COOKIE);
    answer.extend(transaction);
    answer.extend(XOR_MAPPED_ADDRESS);
    answer.extend(8_u16.to_be_bytes());
    answer.extend(attribute);
    Some(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRANSACTION: [u8; 12] = [
        0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae,
    ];

    fn request() -> Vec<u8> {
        [&BINDING_REQUEST[..], &[0, 0], &MAGIC_COOKIE, &TRANSACTION].concat()
    }

    /// The mapped address of RFC 5769 §2.2: 192.0.2.1, port 32853.
    #[test]
    fn answers_with_the_mapped_address_of_the_published_vector() {
        let source = "192.0.2.1:32853".parse().expect("an address");
        let answer = binding_answer(&request(), source).expect("an answer");
        assert_eq!(
            answer[..8],
            [0x01, 0x01, 0x00, 0x0c, 0x21, 0x12, 0xa4, 0x42]
        );
        assert_eq!(answer[8..20], TRANSACTION);
        assert_eq!(
            answer[20..],
            [
                0x00, 0x20, 0x00, 0x08, 0x00, 0x01, 0xa1, 0x47, 0xe1, 0x12, 0xa6, 0x43
            ]
        );
    }

    #[test]
    fn answers_nothing_else() {
        let source: SocketAddr = "192.0.2.1:32853".parse().expect("an address");
        let allocate = {
            let mut datagram = request();
            datagram[1] = 0x03;
            datagram
        };
        let mut cookie = request();
        cookie[4] = 0;
        let mut length = request();
        length[3] = 4;
        for datagram in [&allocate[..], &cookie, &length, &request()[..19], &[]] {
            assert_eq!(binding_answer(datagram, source), None);
        }
        assert_eq!(
            binding_answer(&request(), "[::1]:5".parse().expect("an address")),
            None
        );
    }
}
