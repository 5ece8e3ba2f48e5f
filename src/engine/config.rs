//! What a client is constructed with.

use super::auth::host::GivenHost;
use super::auth::{Endpoints, Scheme};
use super::error::{ErrorCode, Failure};
use super::wire::{K, Reader};

/// The options of the constructor that the engine decides on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// Overrides the socket's URL (REQ-101).
    pub websocket: Option<String>,
    /// Overrides the REST base (REQ-101).
    pub rest: Option<String>,
    /// The scheme that was spelled out in the embed host, where the provider is the embed provider.
    pub scheme: Option<Scheme>,
    /// Calls are to survive a reload: no bye when the page goes away.
    pub reconnect_attached_calls: bool,
    /// There is a provider to ask.
    pub has_provider: bool,
    /// The provider offers `refresh()`.
    pub has_refresh: bool,
    /// The provider is the application's own: it is told the thumbprint of the client's key (REQ-58).
    pub wants_fingerprint: bool,
    /// The provider hands out credentials that cannot register: the embed provider (REQ-85).
    pub outbound_only: bool,
    /// Do not even authenticate before `connect()` (REQ-96).
    pub skip_authentication: bool,
    /// Do not open the socket before `connect()`.
    pub skip_connection: bool,
    /// Do not register before `register()`.
    pub skip_register: bool,
    /// Keep the credential in local storage, and restore it where there is no provider.
    pub persist_session: bool,
    /// The domains that a SAT may lead to; empty for any (REQ-101).
    pub allowed_hosts: Vec<String>,
}

impl Config {
    /// Reads the facade's object: `EngineConfig` of `js/wasm/engine.ts`.
    ///
    /// Fails with [`ErrorCode::HostInvalid`] for an endpoint that is no host or URL.
    pub fn decode<R: Reader>(object: &R) -> Result<Self, Failure> {
        let endpoints = object.get(K::Endpoints);
        let base = |key| match endpoints
            .as_ref()
            .and_then(|e| e.str(key))
            .filter(|t| !t.is_empty())
        {
            Some(text) => GivenHost::parse(&text)
                .map(|host| Some(host.base))
                .ok_or(ErrorCode::HostInvalid),
            None => Ok(None),
        };
        let rest = base(K::Rest)?;
        let websocket = base(K::Websocket)?.map(|url| match url.strip_prefix("http") {
            Some(rest) => String::from_iter(["ws", rest]),
            None => url,
        });
        let embed = object
            .str(K::EmbedHost)
            .and_then(|host| GivenHost::parse(&host));
        let flag = |key| object.bool(key).unwrap_or_default();
        Ok(Self {
            websocket,
            rest,
            scheme: embed.and_then(|host| host.explicit),
            reconnect_attached_calls: flag(K::ReconnectAttachedCalls),
            has_provider: flag(K::HasProvider),
            has_refresh: flag(K::HasRefresh),
            wants_fingerprint: flag(K::WantsFingerprint),
            outbound_only: object.str(K::EmbedHost).is_some(),
            skip_authentication: flag(K::SkipAuthentication),
            skip_connection: flag(K::SkipConnection),
            skip_register: flag(K::SkipRegister),
            persist_session: flag(K::PersistSession),
            allowed_hosts: object.strs(K::AllowedHosts),
        })
    }

    /// The endpoints in force for a credential that leads to `derived`.
    pub fn endpoints(&self, derived: Endpoints) -> Endpoints {
        Endpoints {
            rest: self.rest.clone().unwrap_or(derived.rest),
            websocket: self.websocket.clone().unwrap_or(derived.websocket),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::wire::json::Json;

    fn decode(json: &str) -> Result<Config, ErrorCode> {
        let value: serde_json::Value = serde_json::from_str(json).unwrap();
        Config::decode(&Json(&value)).map_err(|failure| failure.code)
    }

    #[test]
    fn endpoints_may_be_hosts_or_urls() {
        let config = decode(
            r#"{"endpoints":{"websocket":"wss://puc.test:1","rest":"localhost:2"},"embedHost":"https://localhost:3"}"#,
        )
        .unwrap();
        assert_eq!(config.websocket.as_deref(), Some("wss://puc.test:1"));
        assert_eq!(config.rest.as_deref(), Some("http://localhost:2"));
        assert_eq!(config.scheme, Some(Scheme::Tls));
        assert_eq!(
            decode(r#"{"endpoints":{"rest":"no host"}}"#),
            Err(ErrorCode::HostInvalid)
        );
        assert_eq!(decode("{}"), Ok(Config::default()));
    }
}
