//! The words of the protocol: the keys that the engine reads ([`K`]) and the values on which it
//! decides ([`Sym`]).
//!
//! Both are plain numbers on the way between JavaScript and wasm; the texts are handed over once
//! ([`K::joined`], [`Sym::joined`]).

macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($variant:ident = $text:literal,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u16)]
        #[allow(missing_docs)]
        pub enum $name { $($variant,)* }

        impl $name {
            /// Every word, in the order of its index.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];
            const TEXTS: &'static [&'static str] = &[$($text,)*];

            /// The word as it stands on the wire.
            pub fn text(self) -> &'static str {
                Self::TEXTS.get(self as usize).copied().unwrap_or_default()
            }

            /// The word with this text, if it is known.
            pub fn parse(text: &str) -> Option<Self> {
                let index = Self::TEXTS.iter().position(|known| *known == text)?;
                Self::ALL.get(index).copied()
            }

            /// The word at this index of [`Self::ALL`].
            pub fn at(index: u32) -> Option<Self> {
                Self::ALL.get(usize::try_from(index).ok()?).copied()
            }

            /// Its index in [`Self::ALL`].
            pub fn index(self) -> u32 {
                self as u32
            }

            /// All texts in order, separated by line feeds: what JavaScript is told once.
            pub fn joined() -> &'static str {
                concat!($($text, "\n",)*).trim_ascii_end()
            }
        }
    };
}

words! {
    /// A key of an object that the engine reads, on the wire or in the application's options.
    K {
        // JSON-RPC envelope (wire-protocol §2)
        Id = "id", Method = "method", Params = "params", Result = "result", Error = "error",
        Code = "code", Message = "message",
        // session (wire-protocol §3)
        Authentication = "authentication", JwtToken = "jwt_token", Project = "project",
        AuthorizationState = "authorization_state", Protocol = "protocol", Identity = "identity",
        Authorization = "authorization", Jti = "jti", ProjectId = "project_id",
        FabricSubscriber = "fabric_subscriber", SubscriberId = "subscriber_id",
        IceServers = "ice_servers", Urls = "urls", Username = "username", Credential = "credential",
        EventAcks = "event_acks", Agent = "agent", DpopToken = "dpop_token",
        // events (wire-protocol §6)
        EventType = "event_type", EventChannel = "event_channel", NodeId = "node_id",
        Timestamp = "timestamp",
        CallId = "call_id", OriginCallId = "origin_call_id", RoomSessionId = "room_session_id",
        RoomSession = "room_session", RoomId = "room_id", MemberId = "member_id",
        Capabilities = "capabilities", Members = "members", Member = "member",
        Reason = "reason",
        // webrtc.verto (wire-protocol §5)
        VertoCallId = "callID", Subscribe = "subscribe", Sdp = "sdp", CallerName = "caller_id_name", CallerNumber = "caller_id_number",
        CalleeName = "callee_id_name", CalleeNumber = "callee_id_number",
        CallStateKey = "call_state", DialogParams = "dialogParams",
        DestinationNumber = "destination_number", Attach = "attach", Reattaching = "reattaching",
        UserVariables = "userVariables", MemberCallId = "memberCallId", ScreenShare = "screenShare",
        AdditionalDevice = "additionalDevice", Cause = "cause", CauseCode = "causeCode",
        Action = "action", Dtmf = "dtmf", Sessid = "sessid", VertoMemberId = "memberID",
        EventChannelList = "eventChannel", Destination = "destination",
        // call methods (wire-protocol §7)
        SelfMember = "self", Target = "target", Targets = "targets", Channels = "channels",
        // the header of a SAT (auth §3.1)
        Ch = "ch",
        // REST (auth §4)
        Token = "token", ExpiresAt = "expires_at", ExpiresIn = "expires_in", Errors = "errors", Data = "data",
        TokenKind = "token_kind", SatClaims = "sat_claims", Scope = "scope",
        // client-bound tokens (auth §6, §7.9 5)
        Cnf = "cnf", Jkt = "jkt", DpopNonce = "dpop_nonce",
        // the application's objects (auth §2, api §6, §10)
        ExpiryAt = "expiry_at", CredentialAuthorizationState = "authorizationState",
        Endpoints = "endpoints", Websocket = "websocket", Rest = "rest", EmbedHost = "embedHost",
        SkipConnection = "skipConnection", ReconnectAttachedCalls = "reconnectAttachedCalls",
        HasProvider = "hasProvider", HasRefresh = "hasRefresh",
        WantsFingerprint = "wantsFingerprint",
        SkipAuthentication = "skipAuthentication", SkipRegister = "skipRegister",
        PersistSession = "persistSession", AllowedHosts = "allowedHosts",
        Audio = "audio", Video = "video", ReceiveAudio = "receiveAudio",
        ReceiveVideo = "receiveVideo", FallbackToReceiveOnly = "fallbackToReceiveOnly",
        InputAudioDeviceConstraints = "inputAudioDeviceConstraints",
        InputVideoDeviceConstraints = "inputVideoDeviceConstraints",
        InputAudioStream = "inputAudioStream", InputVideoStream = "inputVideoStream",
        RelayOnly = "relayOnly", NodeIdOption = "nodeId",
    }
}

words! {
    /// A value on which the engine decides: a method, an event type, a message.
    Sym {
        // methods of the server's requests (wire-protocol §2.5)
        Event = "signalwire.event", Ping = "signalwire.ping", Disconnect = "signalwire.disconnect",
        // methods of the client's requests (wire-protocol §4)
        Connect = "signalwire.connect", Reauthenticate = "signalwire.reauthenticate",
        Online = "subscriber.online", Offline = "subscriber.offline", Verto = "webrtc.verto",
        Mute = "call.mute", Unmute = "call.unmute",
        // event types (wire-protocol §6.3)
        AuthorizationState = "signalwire.authorization.state", WebrtcMessage = "webrtc.message",
        CallJoined = "call.joined", CallLeft = "call.left", CallUpdated = "call.updated",
        CallState = "call.state", MemberJoined = "member.joined",
        MemberUpdated = "member.updated", MemberTalking = "member.talking",
        MemberLeft = "member.left", LayoutChanged = "layout.changed",
        // inner verto methods (wire-protocol §5.3 – §5.8)
        Invite = "verto.invite", Answer = "verto.answer", Media = "verto.media", Bye = "verto.bye",
        Modify = "verto.modify", Info = "verto.info", VertoPing = "verto.ping",
        Pong = "verto.pong", VertoSubscribe = "verto.subscribe",
        // answers
        CallCreated = "CALL CREATED", Ringing = "ringing", UpdateMedia = "updateMedia", Hold = "hold",
        Unhold = "unhold", Transfer = "transfer",
        Audio = "audio", Video = "video",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_found_by_its_text_and_by_its_index() {
        for &key in K::ALL {
            assert_eq!(K::parse(key.text()), Some(key));
            assert_eq!(K::at(key.index()), Some(key));
        }
        for &sym in Sym::ALL {
            assert_eq!(Sym::parse(sym.text()), Some(sym));
        }
        assert_eq!(Sym::parse("verto.unknown"), None);
        assert_eq!(K::at(60_000), None);
        assert_eq!(K::joined().split('\n').count(), K::ALL.len());
    }
}
