//! The SAT: its header, its claims, how it is issued and read (auth §3).

use serde_json::{Value, json};

use super::io::Cx;
use super::jwe::Sealer;

/// Seconds that a token lives unless the request says otherwise.
pub(crate) const LIFETIME: u64 = 7200;
/// Seconds that a refresh token outlives its SAT.
pub(crate) const REFRESH_MARGIN: u64 = 300;
/// Seconds that a SAT with the refresh scope lives when it is not yet bound to a key (auth §4.2).
pub(crate) const UNBOUND_LIFETIME: u64 = 60;
/// The one scope that exists.
pub(crate) const REFRESH_SCOPE: &str = "sat:refresh";

/// What a token lets its bearer do (auth §3.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A full subscriber: dials anything, can be called.
    Subscriber,
    /// A guest whom the project let in: dials the addresses of a list.
    Guest,
    /// Whom a subscriber invited: dials the inviter.
    Invite,
    /// A visitor who exchanged an embed token: dials the pinned address and nothing else.
    EmbedGuest,
}

impl Kind {
    /// The name on the wire.
    pub fn text(self) -> &'static str {
        match self {
            Self::Subscriber => "subscriber",
            Self::Guest => "guest",
            Self::Invite => "invite",
            Self::EmbedGuest => "embed_guest",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        [
            Self::Subscriber,
            Self::Guest,
            Self::Invite,
            Self::EmbedGuest,
        ]
        .into_iter()
        .find(|kind| kind.text() == text)
    }
}

/// What stands inside a SAT.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Claims {
    pub(crate) jti: String,
    /// Counts the tokens of a space: what was issued before a revocation and what after.
    pub(crate) serial: u64,
    /// The id of the first SAT of those that came of each other: its own, for that one.
    pub(crate) family: String,
    pub(crate) kind: Kind,
    pub(crate) project_id: String,
    pub(crate) space_id: String,
    /// Of a subscriber; of anybody else, an id of this token's bearer alone.
    pub(crate) subscriber_id: String,
    pub(crate) application_id: Option<String>,
    /// Seconds since the epoch.
    pub(crate) issued_at: u64,
    /// Seconds since the epoch.
    pub(crate) expires_at: u64,
    pub(crate) refreshable: bool,
    /// Thumbprint of the key that the bearer must prove (RFC 7800, RFC 7638).
    pub(crate) bound_to: Option<String>,
    /// The ids of the addresses that may be dialled; `None` for all.
    pub(crate) allowed_addresses: Option<Vec<String>>,
    /// The subscriber id of who made an invite.
    pub(crate) inviter: Option<String>,
    /// The public token that an embed guest came with.
    pub(crate) embed_token: Option<String>,
    /// What the header says about where the space is, where the issuer wanted it otherwise (auth §4.4).
    pub(crate) ch: Option<String>,
}

impl Claims {
    /// The subscriber without whom the token is nothing.
    pub(crate) fn subscriber(&self) -> Option<&str> {
        match self.kind {
            Kind::Subscriber => Some(&self.subscriber_id),
            Kind::Invite => self.inviter.as_deref(),
            Kind::Guest | Kind::EmbedGuest => None,
        }
    }

    /// Whether the token may dial this address.
    pub(crate) fn reaches(&self, address_id: &str) -> bool {
        self.allowed_addresses
            .as_ref()
            .is_none_or(|ids| ids.iter().any(|id| id == address_id))
    }

    /// Whether it has expired.
    pub(crate) fn expired(&self, cx: &Cx<'_>) -> bool {
        self.expires_at <= cx.seconds()
    }

    /// The scopes as a list.
    pub(crate) fn scope(&self) -> Vec<&'static str> {
        if self.refreshable {
            vec![REFRESH_SCOPE]
        } else {
            Vec::new()
        }
    }

    /// The object of the same name in the connect result and in the token (auth §3.3).
    pub(crate) fn fabric_subscriber(&self) -> Value {
        json!({
            "version": 1,
            "expires_at": self.expires_at,
            "subscriber_id": self.subscriber_id,
            "application_id": self.application_id,
            "project_id": self.project_id,
            "space_id": self.space_id,
        })
    }

    fn payload(&self) -> Value {
        let mut payload = json!({
            "jti": self.jti,
            "serial": self.serial,
            "family": self.family,
            "kind": self.kind.text(),
            "project_id": self.project_id,
            "space_id": self.space_id,
            "iat": self.issued_at,
            "exp": self.expires_at,
            "scope": self.scope(),
            "fabric_subscriber": self.fabric_subscriber(),
        });
        if let Some(jkt) = &self.bound_to {
            payload["cnf"] = json!({ "jkt": jkt });
        }
        if let Some(ids) = &self.allowed_addresses {
            payload["allowed_addresses"] = json!(ids);
        }
        let optional = [
            ("inviter", &self.inviter),
            ("embed_token", &self.embed_token),
            ("ch", &self.ch),
        ];
        for (key, value) in optional {
            if let Some(value) = value {
                payload[key] = json!(value);
            }
        }
        payload
    }

    fn read(payload: &Value) -> Option<Self> {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let subscriber = &payload["fabric_subscriber"];
        Some(Self {
            jti: text(&payload["jti"])?,
            serial: payload["serial"].as_u64()?,
            family: text(&payload["family"])?,
            kind: Kind::parse(payload["kind"].as_str()?)?,
            project_id: text(&payload["project_id"])?,
            space_id: text(&payload["space_id"])?,
            subscriber_id: text(&subscriber["subscriber_id"])?,
            application_id: text(&subscriber["application_id"]),
            issued_at: payload["iat"].as_u64()?,
            expires_at: payload["exp"].as_u64()?,
            refreshable: payload["scope"]
                .as_array()?
                .iter()
                .any(|scope| scope == REFRESH_SCOPE),
            bound_to: text(&payload["cnf"]["jkt"]),
            allowed_addresses: payload["allowed_addresses"]
                .as_array()
                .map(|ids| ids.iter().filter_map(text).collect()),
            inviter: text(&payload["inviter"]),
            embed_token: text(&payload["embed_token"]),
            ch: text(&payload["ch"]),
        })
    }
}

/// Issues and reads the tokens of one instance.
pub(crate) struct Mint {
    sealer: Sealer,
    ch: String,
}

impl Mint {
    /// With a fresh random key; `ch` is what the header says about where the space is (auth §3.2).
    pub(crate) fn new(ch: String, cx: &mut Cx<'_>) -> Self {
        let mut key = [0; 32];
        (cx.entropy)(&mut key);
        Self {
            sealer: Sealer::new(key),
            ch,
        }
    }

    /// A SAT with these claims.
    pub(crate) fn sat(&self, claims: &Claims, cx: &mut Cx<'_>) -> String {
        self.seal("SAT", claims, cx)
    }

    /// A refresh token of this id, for a SAT with these claims.
    pub(crate) fn refresh(&self, claims: &Claims, jti: &str, cx: &mut Cx<'_>) -> String {
        let claims = Claims {
            jti: jti.to_owned(),
            expires_at: claims.expires_at.saturating_add(REFRESH_MARGIN),
            ..claims.clone()
        };
        self.seal("Refresh", &claims, cx)
    }

    fn seal(&self, typ: &str, claims: &Claims, cx: &mut Cx<'_>) -> String {
        let mut iv = [0; 12];
        (cx.entropy)(&mut iv);
        let ch = claims.ch.as_ref().unwrap_or(&self.ch);
        let header = json!({ "alg": "dir", "enc": "A256GCM", "typ": typ, "ch": ch });
        let payload = claims.payload().to_string();
        self.sealer
            .seal(&header.to_string(), payload.as_bytes(), iv)
    }

    /// The claims of a SAT of this instance, expired or not; `None` for anything else, a refresh token included.
    pub(crate) fn open(&self, token: &str) -> Option<Claims> {
        self.unseal("SAT", token)
    }

    /// The same for a refresh token: its own id and expiry, and the other claims of its SAT.
    pub(crate) fn open_refresh(&self, token: &str) -> Option<Claims> {
        self.unseal("Refresh", token)
    }

    fn unseal(&self, typ: &str, token: &str) -> Option<Claims> {
        let (header, payload) = self.sealer.open(token)?;
        let header: Value = serde_json::from_slice(&header).ok()?;
        if header["typ"] != typ {
            return None;
        }
        Claims::read(&serde_json::from_slice(&payload).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    fn claims() -> Claims {
        Claims {
            jti: "j".into(),
            serial: 7,
            family: "j".into(),
            kind: Kind::EmbedGuest,
            project_id: "p".into(),
            space_id: "s".into(),
            subscriber_id: "u".into(),
            application_id: None,
            issued_at: 1,
            expires_at: 100,
            refreshable: true,
            bound_to: Some("k".into()),
            allowed_addresses: Some(vec!["a".into()]),
            inviter: Some("i".into()),
            embed_token: Some("c2t_x".into()),
            ch: None,
        }
    }

    #[test]
    fn a_sat_opens_with_its_claims_and_a_refresh_token_is_not_a_sat() {
        let mut count = 0_u8;
        let mut entropy = |bytes: &mut [u8]| {
            count = count.wrapping_add(1);
            bytes.fill(count);
        };
        let mut cx = Cx {
            mono: 0,
            wall: 0,
            entropy: &mut entropy,
        };
        let mint = Mint::new("puc.localhost:1".into(), &mut cx);
        let sat = mint.sat(&claims(), &mut cx);
        let header = URL_SAFE_NO_PAD
            .decode(sat.split('.').next().unwrap())
            .unwrap();
        let header: Value = serde_json::from_slice(&header).unwrap();
        assert_eq!(
            header,
            json!({ "alg": "dir", "enc": "A256GCM", "typ": "SAT", "ch": "puc.localhost:1" })
        );
        assert_eq!(mint.open(&sat), Some(claims()));
        let elsewhere = Claims {
            ch: Some("us-central".into()),
            ..claims()
        };
        let sat_of_elsewhere = mint.sat(&elsewhere, &mut cx);
        assert_eq!(mint.open(&sat_of_elsewhere), Some(elsewhere));
        let refresh = mint.refresh(&claims(), "r", &mut cx);
        assert_eq!(mint.open(&refresh), None);
        assert_eq!(mint.open_refresh(&sat), None);
        let opened = mint.open_refresh(&refresh).unwrap();
        assert_eq!((opened.jti.as_str(), opened.expires_at), ("r", 400));
        assert_eq!(opened.family, claims().family);
        assert_eq!(
            Mint::new("puc.localhost:1".into(), &mut cx).open(&sat),
            None
        );
    }

    #[test]
    fn reach_is_the_list_or_everything() {
        assert!(claims().reaches("a"));
        assert!(!claims().reaches("b"));
        assert!(
            Claims {
                allowed_addresses: None,
                ..claims()
            }
            .reaches("b")
        );
    }
}
