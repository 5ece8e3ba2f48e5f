//! Ports and connections: TLS and plain text on one port, told apart by the first byte; HTTP/1 on top.

mod files;
mod pages;
mod router;
mod tls;

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::network::Network;

pub(crate) use files::Files;
pub(crate) use router::{Caller, Router};
pub(crate) use tls::acceptor;

/// The first byte of a TLS handshake record (RFC 8446 §5.1).
const TLS_HANDSHAKE: u8 = 0x16;
/// How long a client may take to send the head of a request.
const HEAD_LIMIT: Duration = Duration::from_secs(30);
/// How often a free port is looked for before giving up.
const FREE_PORT_TRIES: usize = 16;

/// One port, bound on every address it is wanted on.
pub(crate) struct Port {
    pub(crate) number: u16,
    listeners: Vec<TcpListener>,
}

impl Port {
    /// Binds the port on both loopback addresses and on `host`, if one is given. 0 picks a free one.
    ///
    /// # Errors
    /// The port is in use, or an address is not one of this machine.
    pub(crate) async fn bind(number: u16, host: Option<IpAddr>) -> io::Result<Self> {
        let mut tries = if number == 0 { FREE_PORT_TRIES } else { 1 };
        loop {
            tries -= 1;
            match Self::bind_all(number, host).await {
                // Free on one address and taken on the next: another may be free on all of them.
                Err(error) if tries > 0 && error.kind() == io::ErrorKind::AddrInUse => {}
                bound => return bound,
            }
        }
    }

    async fn bind_all(number: u16, host: Option<IpAddr>) -> io::Result<Self> {
        let loopback = [
            IpAddr::V4(Ipv4Addr::LOCALHOST),
            IpAddr::V6(Ipv6Addr::LOCALHOST),
        ];
        let mut addresses: Vec<IpAddr> = match host {
            Some(host) if host.is_unspecified() => vec![host],
            Some(host) if !host.is_loopback() => loopback.into_iter().chain([host]).collect(),
            _ => loopback.to_vec(),
        };
        let first = TcpListener::bind(SocketAddr::new(addresses.remove(0), number)).await?;
        let number = first.local_addr()?.port();
        let mut listeners = vec![first];
        for address in addresses {
            match TcpListener::bind(SocketAddr::new(address, number)).await {
                Ok(listener) => listeners.push(listener),
                // A machine without IPv6 is served without it.
                Err(error)
                    if address == Ipv6Addr::LOCALHOST
                        && error.kind() != io::ErrorKind::AddrInUse =>
                {
                    tracing::info!("not listening on [::1]: {error}");
                }
                Err(error) => return Err(error),
            }
        }
        Ok(Self { number, listeners })
    }

    /// Serves the port until the runtime ends; through the delay line, if there is one.
    pub(crate) fn serve(self, router: &Arc<Router>, tls: &TlsAcceptor, network: Option<&Network>) {
        for listener in self.listeners {
            let edge = Edge {
                router: Arc::clone(router),
                tls: tls.clone(),
                network: network.cloned(),
            };
            tokio::spawn(edge.accept(listener));
        }
    }
}

/// What a connection needs.
#[derive(Clone)]
struct Edge {
    router: Arc<Router>,
    tls: TlsAcceptor,
    network: Option<Network>,
}

impl Edge {
    async fn accept(self, listener: TcpListener) {
        loop {
            match listener.accept().await {
                Ok((socket, _)) => {
                    let accepted = Instant::now();
                    tokio::spawn(self.clone().connection(socket, accepted));
                }
                Err(error) => {
                    // Out of file descriptors, most likely: taking a breath lets some go.
                    tracing::warn!("a connection could not be accepted: {error}");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
        }
    }

    async fn connection(self, socket: TcpStream, accepted: Instant) {
        if let Err(error) = self.try_connection(socket, accepted).await {
            tracing::debug!("a connection ended: {error}");
        }
    }

    async fn try_connection(self, socket: TcpStream, accepted: Instant) -> io::Result<()> {
        let mut first = [0];
        if socket.peek(&mut first).await? == 0 {
            return Ok(());
        }
        let caller = Caller {
            scheme: if first[0] == TLS_HANDSHAKE {
                "https"
            } else {
                "http"
            },
            peer: socket.peer_addr()?.ip().to_canonical(),
        };
        match &self.network {
            Some(network) => {
                let stream = network.delay(socket, accepted)?;
                self.secure(stream, caller).await
            }
            None => {
                socket.set_nodelay(true)?;
                self.secure(socket, caller).await
            }
        }
    }

    async fn secure<S>(&self, stream: S, caller: Caller) -> io::Result<()>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        if caller.scheme == "https" {
            let stream = self.tls.accept(stream).await?;
            self.http(stream, caller).await
        } else {
            self.http(stream, caller).await
        }
    }

    async fn http<S>(&self, stream: S, caller: Caller) -> io::Result<()>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let router = &self.router;
        let service = service_fn(|request| Arc::clone(router).answer(request, caller));
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_LIMIT)
            .serve_connection(TokioIo::new(stream), service)
            .with_upgrades()
            .await
            .map_err(io::Error::other)
    }
}
