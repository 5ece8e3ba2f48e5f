//! A running space.

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::{Arc, mpsc};
use std::{fmt, io};

use serde_json::Value;
use tokio::runtime::{Builder, Runtime};

use crate::control::FrontDesk;
use crate::driver::Driver;
use crate::media::{Media, MediaConfig};
use crate::net::{Files, Port, Router, acceptor};
use crate::network::Network;
use crate::world::{self, IceServer};

/// How a space is started. The default suits a test: free ports, media on the loopback interface alone.
#[derive(Clone, Debug)]
pub struct Config {
    /// The port; 0 picks a free one.
    pub port: u16,
    /// The port without delay; 0 picks a free one, `None` takes the next after [`Config::port`] if it is
    /// free, else any.
    pub undelayed_port: Option<u16>,
    /// A further address to listen on, beside the loopback ones.
    pub host: Option<IpAddr>,
    /// Media candidates on 127.0.0.1 alone, so that no packet leaves the machine.
    pub loopback_media: bool,
    /// Directory of the pages.
    pub www: PathBuf,
    /// Directory of the built package, served under `/sdk/`.
    pub sdk: PathBuf,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            port: 0,
            undelayed_port: Some(0),
            host: None,
            loopback_media: true,
            www: "www".into(),
            sdk: "dist".into(),
        }
    }
}

/// Why a space could not start.
#[derive(Debug)]
pub enum StartError {
    /// A port cannot be listened on.
    Port {
        /// Which.
        port: u16,
        /// Why.
        source: io::Error,
    },
    /// Something else that the operating system refused.
    System(io::Error),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Port { port, source } if source.kind() == io::ErrorKind::AddrInUse => {
                write!(
                    f,
                    "port {port} is in use: give another, or 0 for a free one"
                )
            }
            Self::Port { port, source } => write!(f, "cannot listen on port {port}: {source}"),
            Self::System(source) => write!(f, "the space cannot start: {source}"),
        }
    }
}

impl std::error::Error for StartError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Port { source, .. } | Self::System(source) => Some(source),
        }
    }
}

impl From<io::Error> for StartError {
    fn from(source: io::Error) -> Self {
        Self::System(source)
    }
}

/// A running space. Dropped means stopped: its ports are closed and its calls are over.
pub struct Space {
    runtime: Option<Runtime>,
    info: Value,
    port: u16,
    undelayed_port: u16,
}

impl Space {
    /// Starts a space with its own threads; it serves when this returns. Blocks for some milliseconds.
    ///
    /// # Errors
    /// A port is in use, or the operating system refuses something.
    pub fn start(config: Config) -> Result<Self, StartError> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("space")
            .enable_all()
            .build()?;
        let (done, started) = mpsc::channel();
        runtime.spawn(async move {
            // The other end waits; it cannot be gone.
            drop(done.send(open(config).await));
        });
        let opened = started.recv().map_err(io::Error::other)??;
        let Opened {
            info,
            port,
            undelayed_port,
        } = opened;
        Ok(Self {
            runtime: Some(runtime),
            info,
            port,
            undelayed_port,
        })
    }

    /// What `GET /.space/info` answers.
    pub fn info(&self) -> &Value {
        &self.info
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The port without delay.
    pub fn undelayed_port(&self) -> u16 {
        self.undelayed_port
    }
}

impl Drop for Space {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

struct Opened {
    info: Value,
    port: u16,
    undelayed_port: u16,
}

async fn open(config: Config) -> Result<Opened, StartError> {
    let port = bind(config.port, config.host).await?;
    let undelayed = bind_undelayed(&config, port.number).await?;
    let network = Network::default();
    let media_config = MediaConfig {
        loopback_media: config.loopback_media,
        ..MediaConfig::default()
    };
    let (media, events) = Media::start(media_config, network.clone())?;
    let ice_servers = media.ice_servers().into_iter().map(|server| IceServer {
        urls: server.urls,
        username: Some(server.username),
        credential: Some(server.credential),
    });
    let world = world::Config {
        ch: format!("puc.localhost:{}", port.number),
        ice_servers: ice_servers.collect(),
    };
    let handle = Driver::start(world, media, events)?;
    let ports = [port.number, undelayed.number];
    let desk = FrontDesk {
        handle: handle.clone(),
        network: network.clone(),
        ports,
    };
    let info = desk
        .info()
        .await
        .ok_or_else(|| io::Error::other("the world has ended"))?;
    let router = Arc::new(Router {
        handle,
        desk,
        files: Files {
            www: config.www,
            sdk: config.sdk,
        },
        open: config.host.is_some_and(|host| !host.is_loopback()),
    });
    let tls = acceptor()?;
    port.serve(&router, &tls, Some(&network));
    undelayed.serve(&router, &tls, None);
    Ok(Opened {
        info,
        port: ports[0],
        undelayed_port: ports[1],
    })
}

async fn bind(port: u16, host: Option<IpAddr>) -> Result<Port, StartError> {
    Port::bind(port, host)
        .await
        .map_err(|source| StartError::Port { port, source })
}

async fn bind_undelayed(config: &Config, port: u16) -> Result<Port, StartError> {
    match config.undelayed_port {
        Some(wanted) => bind(wanted, config.host).await,
        None => match bind(port.wrapping_add(1), config.host).await {
            Ok(bound) => Ok(bound),
            Err(_) => bind(0, config.host).await,
        },
    }
}
