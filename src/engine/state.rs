//! The list of everything that an application can observe: one row a field.
//!
//! A row says who owns the field, its public name, and how it emits (api.md §2). The engine names
//! fields by number; `js/store/fields.gen.ts` is written from this list (`UPDATE=1 cargo test
//! generated`) and is the only other place that knows them.

/// The kinds of objects that have fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// The client, entity 0.
    Client,
    /// One call.
    Call,
    /// One member of a call.
    Member,
}

/// How a field emits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Emission {
    /// Replays its current value; the text is the initial value in JavaScript, `undefined` for
    /// "nothing to replay yet".
    State(&'static str),
    /// Replays the last so many values.
    Event(u8),
    /// A plain property, without an observable.
    Fact,
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct FieldFacts {
    /// Who owns it.
    pub owner: Owner,
    /// Its public name, without `$`.
    pub name: &'static str,
    /// How it emits.
    pub emission: Emission,
    /// A further equal value is not emitted.
    pub distinct: bool,
    /// Key of the member object on the wire that fills it, or empty where the engine does.
    pub wire: &'static str,
}

macro_rules! fields {
    ($($variant:ident = $owner:ident $name:literal $emission:expr, $distinct:literal $(, $wire:literal)?;)*) => {
        /// A field, by number.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[repr(u16)]
        #[allow(missing_docs)]
        pub enum Field { $($variant,)* }

        impl Field {
            /// Every field in the order of its number.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Its row.
            pub const fn facts(self) -> FieldFacts {
                match self {
                    $(Self::$variant => FieldFacts {
                        owner: Owner::$owner, name: $name, emission: $emission,
                        distinct: $distinct, wire: concat!($($wire)?),
                    },)*
                }
            }

            /// The number under which JavaScript knows it.
            pub fn number(self) -> u32 {
                self as u32
            }
        }
    };
}

use Emission::{Event, Fact, State};

fields! {
    // api.md §5, SignalWire
    ClientConnected = Client "isConnected" State("false"), true;
    ClientReady = Client "ready" State("false"), true;
    ClientErrors = Client "errors" Event(1), false;
    ClientUser = Client "user" State("undefined"), false;
    ClientRegistered = Client "isRegistered" State("false"), true;
    ClientWarnings = Client "warnings" Event(10), false;
    ClientCredentialRefreshed = Client "credentialRefreshed" Event(0), false;
    // api.md §10, SessionState: every call that is not over, newest first
    ClientCalls = Client "calls" State("[]"), false;

    // api.md §5, WebRTCCall
    CallId = Call "id" Fact, true;
    CallTo = Call "to" Fact, true;
    CallToName = Call "toName" Fact, true;
    CallFrom = Call "from" Fact, true;
    CallFromName = Call "fromName" Fact, true;
    CallDirection = Call "direction" Fact, true;
    CallStatus = Call "status" State("\"new\""), true;
    CallErrors = Call "errors" Event(1), false;
    CallEndReason = Call "endReason" Fact, true;
    CallAnswered = Call "answered" Event(1), false;
    CallRecoveryState = Call "recoveryState" State("\"idle\""), true;
    CallRecoveryEvent = Call "recoveryEvent" Event(0), false;
    CallLocalStream = Call "localStream" State("undefined"), false;
    CallRemoteStream = Call "remoteStream" State("undefined"), false;
    CallPeer = Call "rtcPeerConnection" Fact, true;
    CallSelf = Call "self" State("undefined"), false;
    CallSelfId = Call "selfId" State("null"), true;
    CallNodeId = Call "nodeId" State("null"), true;
    CallCapabilities = Call "capabilities" State("undefined"), false;
    CallAddress = Call "address" State("undefined"), false;

    // api.md §5, Participant; wire-protocol §6.2
    MemberName = Member "name" State("undefined"), true, "name";
    MemberType = Member "type" State("undefined"), true, "type";
    MemberHandraised = Member "handraised" State("undefined"), true, "handraised";
    MemberVisible = Member "visible" State("undefined"), true, "visible";
    MemberAudioMuted = Member "audioMuted" State("undefined"), true, "audio_muted";
    MemberVideoMuted = Member "videoMuted" State("undefined"), true, "video_muted";
    MemberDeaf = Member "deaf" State("undefined"), true, "deaf";
    MemberInputVolume = Member "inputVolume" State("undefined"), true, "input_volume";
    MemberOutputVolume = Member "outputVolume" State("undefined"), true, "output_volume";
    MemberInputSensitivity = Member "inputSensitivity" State("undefined"), true, "input_sensitivity";
    MemberEchoCancellation = Member "echoCancellation" State("undefined"), true, "echo_cancellation";
    MemberAutoGain = Member "autoGain" State("undefined"), true, "auto_gain";
    MemberNoiseSuppression = Member "noiseSuppression" State("undefined"), true, "noise_suppression";
    MemberLowbitrate = Member "lowbitrate" State("undefined"), true, "lowbitrate";
    MemberDenoise = Member "denoise" State("undefined"), true, "denoise";
    MemberMeta = Member "meta" State("undefined"), false, "meta";
    MemberUserId = Member "userId" State("undefined"), true, "subscriber_id";
    MemberAddressId = Member "addressId" State("undefined"), true, "address_id";
    MemberNodeId = Member "nodeId" State("undefined"), true, "node_id";
    MemberIsTalking = Member "isTalking" State("undefined"), true, "talking";
    MemberIsAudience = Member "isAudience" Fact, true, "isAudience";
    MemberCallId = Member "callId" Fact, true, "call_id";
    MemberId = Member "id" Fact, true, "member_id";
}
