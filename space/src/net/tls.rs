//! A self-signed certificate for the names of this machine.

use std::io;
use std::sync::Arc;

use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// The names of the certificate. Browsers take no wildcard directly below a top-level name, so the hosts
/// of the space stand there one by one as well.
const NAMES: [&str; 7] = [
    "localhost",
    "*.localhost",
    "puc.localhost",
    "fabric.localhost",
    "embeds.localhost",
    "127.0.0.1",
    "::1",
];

/// TLS 1.2 and 1.3 with a key of this instance.
///
/// # Errors
/// The key or the certificate could not be made.
pub(crate) fn acceptor() -> io::Result<TlsAcceptor> {
    let made =
        rcgen::generate_simple_self_signed(NAMES.map(str::to_owned)).map_err(io::Error::other)?;
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .map_err(io::Error::other)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}
