//! Every failure that the engine reports: its stable code, its public class, and what can be done.
//!
//! The table below is the only place where an error's texts stand. `js/store/errors.gen.ts` is
//! written from it (`UPDATE=1 cargo test generated`), so that the wasm carries numbers alone.

use super::wire::Opaque;
use super::wire::writer::decimal;

/// The facts about one error code, for the generated table and the error catalogue.
#[derive(Clone, Copy, Debug)]
pub struct ErrorFacts {
    /// The class that JavaScript sees (api.md §8).
    pub class: &'static str,
    /// Stable, for programs.
    pub code: &'static str,
    /// The same request may succeed later without anybody changing anything.
    pub retryable: bool,
    /// Only a new credential can help.
    pub reauth: bool,
    /// With `{0}`, `{1}` for the arguments.
    pub message: &'static str,
    /// What the developer or the visitor can do about it.
    pub advice: &'static str,
}

macro_rules! errors {
    ($($(#[$meta:meta])* $name:ident: $class:literal $code:literal retry $retry:literal reauth $reauth:literal, $message:literal, $advice:literal;)*) => {
        /// A failure, by its stable code.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u16)]
        #[non_exhaustive]
        pub enum ErrorCode { $(#[doc = $message] $(#[$meta])* $name,)* }

        impl ErrorCode {
            /// Every code in the order of its number.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Class, texts and answers of this code.
            pub const fn facts(self) -> ErrorFacts {
                match self {
                    $(Self::$name => ErrorFacts {
                        class: $class, code: $code, retryable: $retry, reauth: $reauth,
                        message: $message, advice: $advice,
                    },)*
                }
            }

            /// The class that JavaScript sees. Apart from [`Self::facts`], so that the wasm carries
            /// no texts for people.
            pub const fn class(self) -> &'static str {
                match self { $(Self::$name => $class,)* }
            }

            /// The number under which JavaScript knows it.
            pub fn number(self) -> u32 {
                self as u32
            }

            /// May the same request succeed later without anybody changing anything?
            pub const fn is_retryable(self) -> bool {
                match self { $(Self::$name => $retry,)* }
            }

            /// Does only a new credential help?
            pub const fn requires_reauth(self) -> bool {
                match self { $(Self::$name => $reauth,)* }
            }
        }
    };
}

errors! {
    Thrown: "" "thrown" retry false reauth false, "{0}",
        "The application's own code rejected; see the error itself.";
    CredentialsMissing: "InvalidCredentialsError" "credentials_missing" retry false reauth true,
        "No credentials available.",
        "Let authenticate() of the credential provider resolve to an object with a token.";
    CredentialsMalformed: "InvalidCredentialsError" "credentials_malformed" retry false reauth true,
        "Invalid JWT token provided in credentials.",
        "Pass the SAT exactly as the space issued it, without quotes or line breaks.";
    CredentialsEmpty: "InvalidCredentialsError" "credentials_empty" retry false reauth true,
        "No valid authentication credentials provided.",
        "The credential needs a token.";
    CredentialsExpired: "InvalidCredentialsError" "credentials_expired" retry false reauth true,
        "Provided credentials have expired.",
        "Fetch a fresh SAT and connect again.";
    CredentialsRejected: "InvalidCredentialsError" "credentials_rejected" retry false reauth true,
        "Credentials were rejected by the space.",
        "Fetch a fresh SAT of the same space and connect again.";
    CredentialsNoSource: "InvalidCredentialsError" "credentials_no_source" retry false reauth true,
        "No credential provider and no cached session. Provide a CredentialProvider or enable persistSession with a prior login.",
        "Construct the client with a provider.";
    CredentialsForeign: "InvalidCredentialsError" "credentials_foreign" retry false reauth true,
        "The credentials lead to a host that allowedHosts does not name.",
        "Fetch a SAT of the right space, or add its domain to allowedHosts.";
    CredentialsExpiryUnit: "InvalidCredentialsError" "credentials_expiry_unit" retry false reauth false,
        "expiry_at must be in milliseconds since 1970; the value given looks like seconds.",
        "Multiply the server's seconds by 1000.";
    CredentialsNotNewer: "InvalidCredentialsError" "credentials_not_newer" retry true reauth false,
        "The renewed credentials end no later than those in force.",
        "Let refresh() issue a new SAT instead of the one that it has issued before.";
    RefreshFailed: "TokenRefreshError" "refresh_failed" retry true reauth false,
        "Credential refresh failed after max retries",
        "The session lives until its credential ends, and refresh() is tried every 30 seconds; see the cause.";
    ProofFailed: "DPoPInitError" "proof_failed" retry true reauth false,
        "Failed to initialize DPoP key pair",
        "The browser could not sign with the client's key; see the cause.";
    ActivationFailed: "DPoPInitError" "activation_failed" retry true reauth false,
        "Failed to activate Client Bound SAT",
        "The session goes on with the SAT of the provider, renewed by its refresh() if it has one; see the cause.";
    DeviceTokenRefused: "DeviceTokenError" "device_token_refused" retry false reauth false,
        "Failed to obtain device token: {0} {1}",
        "Check that the SAT was created with this client's fingerprint and the scope sat:refresh.";
    DeviceTokenMissing: "DeviceTokenError" "device_token_missing" retry false reauth false,
        "Device token response missing token field",
        "Check that the host is a SignalWire space.";
    RotationRefused: "TokenRefreshError" "rotation_refused" retry false reauth false,
        "Failed to refresh device token: {0} {1}",
        "The space does not renew this token; a new SAT is needed.";
    RotationMissing: "TokenRefreshError" "rotation_missing" retry false reauth false,
        "Device token refresh response missing token field",
        "Check that the host is a SignalWire space.";
    RotationFailed: "TokenRefreshError" "rotation_failed" retry false reauth false,
        "Automatic token refresh failed",
        "The session lives until its credential ends. Give the provider a refresh(), which would step in; see the cause.";
    ReauthenticationFailed: "AuthStateHandlerError" "reauthentication_failed" retry true reauth false,
        "Error handling authorization state update",
        "The space did not take the renewed token on the live session; see the cause.";
    RegistrationFailed: "InvalidCredentialsError" "registration_failed" retry true reauth true,
        "Failed to register user, and reauthentication attempt also failed. Please check your credentials.",
        "See the cause; call register() again, or fetch a fresh SAT.";
    EmbedTokenRejected: "RequestError" "embed_token_rejected" retry false reauth true,
        "Failed to fetch SAT using embed token: {0} {1}",
        "Check that the embed token belongs to this host and was not revoked.";
    EmbedServiceFailed: "RequestError" "embed_service_failed" retry true reauth false,
        "Failed to fetch SAT using embed token: {0} {1}",
        "The space could not answer just now; try again in a moment.";
    RequestFailed: "RequestError" "request_failed" retry true reauth false,
        "The request to the space failed.",
        "Check the network, the host name, and that the space allows this page's origin.";
    RequestTimeout: "RequestTimeoutError" "request_timeout" retry true reauth false,
        "Request timeout after {0}ms",
        "The space did not answer in time; try again in a moment.";
    UnexpectedBody: "RequestError" "response_malformed" retry false reauth false,
        "The space gave an answer of an unexpected form.",
        "Check that the host is a SignalWire space.";
    HostInvalid: "InvalidParams" "host_invalid" retry false reauth false,
        "The host is not a valid name, name with port, or URL.",
        "Give a host such as example.signalwire.com, localhost:8080 or https://example.signalwire.com.";
    UserFetchFailed: "UnexpectedError" "user_fetch_failed" retry true reauth false,
        "Unexpected Error at Error fetching user information",
        "The user's profile could not be loaded; the session does not wait for it.";
    ConnectTimeout: "TransportConnectionError" "connect_timeout" retry true reauth false,
        "No connection to the space within {0} ms.",
        "Check the network and that the space is running; the client goes on trying.";
    AuthenticationTimeout: "TransportConnectionError" "authentication_timeout" retry true reauth false,
        "The space did not authenticate the session within {0} ms.",
        "The space is reachable but silent; the client goes on trying.";
    SocketFailed: "WebSocketConnectionError" "socket_failed" retry true reauth false,
        "The connection to the space was lost.",
        "The client reconnects by itself.";
    MessageMalformed: "MessageParseError" "message_malformed" retry false reauth false,
        "Failed to parse incoming WebSocket message",
        "The message was skipped; the session goes on.";
    ConnectRefused: "JSONRPCError" "connect_refused" retry true reauth false, "{0}",
        "The space refused the session for a reason other than the credential.";
    ConnectMalformed: "UnexpectedError" "connect_malformed" retry true reauth false,
        "Unexpected Error at signalwire.connect",
        "The space gave an answer of an unexpected form.";
    RpcRefused: "JSONRPCError" "rpc_refused" retry false reauth false, "{0}",
        "The space refused the request; see the code it gave.";
    RpcTimeout: "RPCTimeoutError" "rpc_timeout" retry true reauth false,
        "RPC request {0} timed out after {1}ms",
        "The space did not answer in time; try again.";
    ClientDisconnected: "TransportConnectionError" "client_disconnected" retry false reauth false,
        "The client was disconnected.",
        "Call connect() first.";
    ClientDestroyed: "TransportConnectionError" "client_destroyed" retry false reauth false,
        "The client was destroyed.",
        "Create a new client.";
    DestinationMissing: "InvalidParams" "destination_missing" retry false reauth false,
        "A call needs a destination.",
        "Pass an address such as /public/sales to dial().";
    NoMedia: "InvalidParams" "no_media" retry false reauth false,
        "The call would neither send nor receive media.",
        "Ask for audio or video, to send or to receive.";
    MediaAccess: "MediaAccessError" "media_access" retry false reauth false,
        "Media access failed for {0} ({1})",
        "Check that a microphone is plugged in and not used by another program.";
    MediaDenied: "MediaAccessError" "media_denied" retry false reauth false,
        "Media access denied for {0} ({1})",
        "Allow the microphone for this page in the browser's site settings.";
    MediaTrack: "MediaTrackError" "media_track" retry true reauth false,
        "Media track {0} failed for {1}",
        "Check the device and try again.";
    OfferFailed: "UnexpectedError" "offer_failed" retry true reauth false,
        "Unexpected Error at createOffer",
        "The browser could not prepare the call.";
    AnswerFailed: "UnexpectedError" "answer_failed" retry true reauth false,
        "Unexpected Error at setRemoteDescription",
        "The browser could not use the space's answer.";
    NoRelayCandidate: "IceGatheringError" "no_relay_candidate" retry true reauth false,
        "No TURN relay answered within {0} ms, and the call may use nothing else.",
        "Check that the TURN servers are reachable, or allow other than relayed connections.";
    InviteMalformed: "UnexpectedError" "invite_malformed" retry false reauth false,
        "Unexpected Error at verto.invite",
        "The space gave an answer of an unexpected form.";
    DialTimeout: "CallCreateError" "call_create_timeout" retry true reauth false,
        "Call create timeout",
        "The space did not answer the call in time; try again.";
    DialFailed: "CallCreateError" "call_create_failed" retry true reauth false,
        "Call creation failed",
        "See the cause.";
    DialForbidden: "CallCreateError" "call_forbidden" retry false reauth false,
        "Call creation failed",
        "This credential may not call that destination.";
    DialUnknown: "CallCreateError" "call_unknown_destination" retry false reauth false,
        "Call creation failed",
        "The space knows no such destination.";
    DialAborted: "AbortError" "aborted" retry false reauth false,
        "The call was aborted.",
        "The application's AbortSignal fired.";
    CallEnded: "UnexpectedError" "call_ended" retry false reauth false,
        "Unexpected Error at a call that has ended",
        "Start a new call.";
    MemberUnknown: "UnexpectedError" "not_joined" retry true reauth false,
        "Unexpected Error at a call that has not joined yet",
        "Wait for self$ before acting on the own member.";
    MediaConnectionFailed: "TransportConnectionError" "media_connection_failed" retry true reauth false,
        "The media connection to the space failed.",
        "Check that the network lets UDP or TURN pass, then call again.";
    SessionLost: "TransportConnectionError" "session_lost" retry true reauth false,
        "The space no longer knows the session to which this call belonged.",
        "Call again.";
    EngineDied: "UnexpectedError" "engine_died" retry true reauth false,
        "Unexpected Error at the engine, which stopped",
        "Everything was closed. Create a new client; please report how it happened.";
    DependencyMissing: "DependencyError" "dependency_missing" retry false reauth false,
        "Dependency {0} is not set or available.",
        "Give what is named, or use a browser that has it.";
    OptionInvalid: "InvalidParams" "option_invalid" retry false reauth false,
        "The option {0} does not have one of its values.",
        "See the documentation of the option for its values.";
}

/// What stands behind a failure.
#[derive(Clone, Debug, PartialEq)]
pub enum Cause {
    /// Another failure of the engine.
    Failure(Box<Failure>),
    /// What the browser or the application threw.
    Thrown(Opaque),
}

/// One failure with its arguments and its cause.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// What failed.
    pub code: ErrorCode,
    /// Arguments of the message, in order. Never a secret.
    pub args: Vec<String>,
    /// The number that the server gave (JSON-RPC), else 0.
    pub number: i32,
    /// `MediaAccessError.fatal`.
    pub fatal: bool,
    /// What stands behind it.
    pub cause: Option<Cause>,
}

impl Failure {
    /// A failure without arguments or cause.
    pub fn new(code: ErrorCode) -> Self {
        Self {
            code,
            args: Vec::new(),
            number: 0,
            fatal: false,
            cause: None,
        }
    }

    /// Adds one argument of the message.
    #[must_use]
    pub fn arg(mut self, value: impl Into<String>) -> Self {
        self.args.push(value.into());
        self
    }

    /// Adds one argument of the message that is a whole number.
    #[must_use]
    pub fn count(self, value: impl Into<u64>) -> Self {
        self.arg(decimal(value.into()))
    }

    /// Sets what the browser or the application threw.
    #[must_use]
    pub fn thrown(mut self, thrown: Option<Opaque>) -> Self {
        self.cause = thrown.map(Cause::Thrown);
        self
    }

    /// Sets another failure as the cause.
    #[must_use]
    pub fn because(mut self, failure: Failure) -> Self {
        self.cause = Some(Cause::Failure(Box::new(failure)));
        self
    }

    /// Sets the server's number.
    #[must_use]
    pub fn number(mut self, number: i32) -> Self {
        self.number = number;
        self
    }

    /// May the same request succeed later without anybody changing anything?
    pub fn is_retryable(&self) -> bool {
        self.code.is_retryable()
    }

    /// Does only a new credential help?
    pub fn requires_reauth(&self) -> bool {
        self.code.requires_reauth()
    }
}

impl From<ErrorCode> for Failure {
    fn from(code: ErrorCode) -> Self {
        Self::new(code)
    }
}
