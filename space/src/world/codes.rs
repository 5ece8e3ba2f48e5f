//! Every code by which the space refuses something over the socket or ends a call.
//!
//! A client tells the refusals of an invite apart by the number of the nested error (layer C of
//! wire-protocol §2.3): [`DESTINATION_FORBIDDEN`] and [`DESTINATION_NOT_FOUND`]. Both are fatal for
//! that call; [`AUTHENTICATION_FAILED`], [`REQUESTER_REFUSED`] and [`INVALID_PARAMS`] are the three
//! that a client may survive (§2.6). The numbers of destinations are the space's own: those of the public
//! service are not known.

/// JSON-RPC 2.0: the frame is no request that could be carried out.
pub const INVALID_REQUEST: i32 = -32600;
/// JSON-RPC 2.0: the method does not exist.
pub const METHOD_NOT_FOUND: i32 = -32601;
/// JSON-RPC 2.0: the params do not fit. Recoverable.
pub const INVALID_PARAMS: i32 = -32602;
/// The socket is not authenticated.
pub const NOT_AUTHENTICATED: i32 = -32000;
/// The credential may not dial this destination.
pub const DESTINATION_FORBIDDEN: i32 = -32001;
/// On connect and reauthenticate: the SAT or its proof is bad. On a call: there is no such call for this session. Recoverable.
pub const AUTHENTICATION_FAILED: i32 = -32002;
/// The same number, in its meaning on a call (wire-protocol §2.3).
pub const INVALID_CALL_REFERENCE: i32 = AUTHENTICATION_FAILED;
/// On connect: the resume state is bad. On reauthenticate: the SAT is another's. Recoverable.
pub const REQUESTER_REFUSED: i32 = -32003;
/// Nothing answers to this destination.
pub const DESTINATION_NOT_FOUND: i32 = -32004;

/// Why a call ended: a name and the number of Q.850 or FreeSWITCH (wire-protocol §5.7).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// `NORMAL_CLEARING`.
    pub name: String,
    /// 16.
    pub code: i32,
}

impl Cause {
    fn new(name: &str, code: i32) -> Self {
        Self {
            name: name.to_owned(),
            code,
        }
    }

    /// Somebody hung up.
    pub fn normal() -> Self {
        Self::new("NORMAL_CLEARING", 16)
    }

    /// The called party is busy.
    pub fn busy() -> Self {
        Self::new("USER_BUSY", 17)
    }

    /// Nobody answered in time.
    pub fn no_answer() -> Self {
        Self::new("NO_ANSWER", 19)
    }

    /// The called party declined.
    pub fn rejected() -> Self {
        Self::new("CALL_REJECTED", 21)
    }

    /// The destination exists and cannot be reached.
    pub fn out_of_order() -> Self {
        Self::new("DESTINATION_OUT_OF_ORDER", 27)
    }

    /// The caller gave up while it rang.
    pub fn caller_gave_up() -> Self {
        Self::new("ORIGINATOR_CANCEL", 487)
    }

    /// Another client of the called person answered.
    pub fn answered_elsewhere() -> Self {
        Self::new("LOSE_RACE", 502)
    }

    /// The called person has no client online.
    pub fn not_registered() -> Self {
        Self::new("USER_NOT_REGISTERED", 606)
    }

    /// The offer could not be accepted.
    pub fn incompatible() -> Self {
        Self::new("INCOMPATIBLE_DESTINATION", 88)
    }

    /// The media of the call is gone, or never came.
    pub fn media_timeout() -> Self {
        Self::new("MEDIA_TIMEOUT", 804)
    }

    /// The credential of the call has expired.
    pub fn allotted_timeout() -> Self {
        Self::new("ALLOTTED_TIMEOUT", 602)
    }

    /// The client of the call is gone.
    pub fn client_gone() -> Self {
        Self::new("RECOVERY_ON_TIMER_EXPIRE", 102)
    }
}
