//! `signalwire.connect` and the requests without params (wire-protocol §3, auth §5).

use super::reader::Reader;
use super::rpc::{finish_request, open_request};
use super::words::{K, Sym};

/// What a client says when a socket opens.
#[derive(Clone, PartialEq, Eq)]
pub struct ConnectRequest {
    /// The SAT. On a resume it is sent even when it has expired (wire-protocol §3.1).
    pub jwt_token: String,
    /// Present together with `protocol` on a resume.
    pub authorization_state: Option<String>,
    /// The protocol of the session to be resumed.
    pub protocol: Option<String>,
    /// The DPoP proof of this request (auth §6.5), where the client has a key.
    pub dpop_token: Option<String>,
}

// A SAT is a secret: it must not reach a log through `{:?}`.
impl std::fmt::Debug for ConnectRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ConnectRequest")
            .field("resume", &self.authorization_state.is_some())
            .finish_non_exhaustive()
    }
}

impl ConnectRequest {
    /// Reads the params. A missing SAT reads as an empty one, which no space accepts.
    pub fn decode<R: Reader>(params: &R) -> Self {
        let token = params
            .get(K::Authentication)
            .and_then(|a| a.str(K::JwtToken));
        Self {
            jwt_token: token.unwrap_or_default(),
            authorization_state: params.str(K::AuthorizationState),
            protocol: params.str(K::Protocol),
            dpop_token: params.str(K::DpopToken),
        }
    }

    /// The frame.
    pub fn write(&self, id: &str) -> String {
        let mut w = open_request(id, Sym::Connect);
        w.open("version");
        w.num("major", 4);
        w.num("minor", 0);
        w.num("revision", 0);
        w.close();
        w.bool("event_acks", true);
        w.open("authentication");
        w.str("jwt_token", &self.jwt_token);
        w.close();
        w.str("agent", "signalwire-js/4.0.0");
        w.strs("contexts", &[]);
        w.strs("eventing", &[]);
        w.strs("topics", &[]);
        w.maybe("dpop_token", self.dpop_token.as_deref());
        w.maybe("authorization_state", self.authorization_state.as_deref());
        w.maybe("protocol", self.protocol.as_deref());
        finish_request(w)
    }
}

/// The parts of the answer to `signalwire.connect` that are used (wire-protocol §3.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectResult {
    /// Names the session: the channel of its events, and half of what a resume needs.
    pub protocol: String,
    /// Servers for every peer connection of the session.
    pub ice_servers: Vec<IceServer>,
    /// The project, which a re-authentication names.
    pub project_id: String,
    /// When the SAT ends, in seconds since the epoch, where the space says it.
    pub expires_at: Option<u64>,
}

/// One STUN or TURN server (`RTCIceServer`).
#[derive(Clone, PartialEq, Eq)]
pub struct IceServer {
    /// Its addresses.
    pub urls: Vec<String>,
    /// For TURN.
    pub username: Option<String>,
    /// For TURN. A secret.
    pub credential: Option<String>,
}

impl std::fmt::Debug for IceServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IceServer")
            .field("urls", &self.urls)
            .finish_non_exhaustive()
    }
}

impl ConnectResult {
    /// Reads the result; `None` unless it has the required shape of wire-protocol §3.2.
    pub fn decode<R: Reader>(result: &R) -> Option<Self> {
        let protocol = result.str(K::Protocol)?;
        result.str(K::Identity)?;
        let authorization = result.get(K::Authorization)?;
        authorization.str(K::Jti)?;
        let project_id = authorization.str(K::ProjectId)?;
        let subscriber = authorization.get(K::FabricSubscriber)?;
        let mut ice_servers = Vec::new();
        result.each(K::IceServers, &mut |server| {
            ice_servers.push(IceServer {
                urls: server.strs(K::Urls),
                username: server.str(K::Username),
                credential: server.str(K::Credential),
            });
        });
        ice_servers.retain(|server| !server.urls.is_empty());
        Some(Self {
            protocol,
            ice_servers,
            project_id,
            expires_at: subscriber.u64(K::ExpiresAt),
        })
    }
}

/// `signalwire.reauthenticate` (auth §5.2), with its proof where the client has a key.
pub fn reauthenticate(
    id: &str,
    project_id: &str,
    jwt_token: &str,
    dpop_token: Option<&str>,
) -> String {
    let mut w = open_request(id, Sym::Reauthenticate);
    w.open("authentication");
    w.str("project", project_id);
    w.str("jwt_token", jwt_token);
    w.close();
    w.maybe("dpop_token", dpop_token);
    finish_request(w)
}

/// A request with empty params: `subscriber.online`, `subscriber.offline`.
pub fn bare_request(id: &str, method: Sym) -> String {
    finish_request(open_request(id, method))
}
