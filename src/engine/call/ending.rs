//! Why a call is over, as the application is told.

use crate::engine::error::{ErrorCode, Failure};
use crate::engine::io::Value;

/// Number and name of every cause that a `verto.bye` may give, and what it means: Q.850 below 128, FreeSWITCH's own
/// above. `docs/end-reasons.md` is written from this table.
pub const CAUSES: &[(i32, &str, EndCode)] = &[
    (1, "UNALLOCATED_NUMBER", EndCode::Unreachable),
    (2, "NO_ROUTE_TRANSIT_NET", EndCode::Unreachable),
    (3, "NO_ROUTE_DESTINATION", EndCode::Unreachable),
    (16, "NORMAL_CLEARING", EndCode::Normal),
    (17, "USER_BUSY", EndCode::Busy),
    (18, "NO_USER_RESPONSE", EndCode::NoAnswer),
    (19, "NO_ANSWER", EndCode::NoAnswer),
    (20, "SUBSCRIBER_ABSENT", EndCode::NotRegistered),
    (21, "CALL_REJECTED", EndCode::Declined),
    (22, "NUMBER_CHANGED", EndCode::Unreachable),
    (25, "EXCHANGE_ROUTING_ERROR", EndCode::Unreachable),
    (27, "DESTINATION_OUT_OF_ORDER", EndCode::Unreachable),
    (28, "INVALID_NUMBER_FORMAT", EndCode::Unreachable),
    (31, "NORMAL_UNSPECIFIED", EndCode::Normal),
    (38, "NETWORK_OUT_OF_ORDER", EndCode::Network),
    (41, "NORMAL_TEMPORARY_FAILURE", EndCode::Network),
    (42, "SWITCH_CONGESTION", EndCode::Network),
    (52, "OUTGOING_CALL_BARRED", EndCode::Forbidden),
    (54, "INCOMING_CALL_BARRED", EndCode::Forbidden),
    (57, "BEARERCAPABILITY_NOTAUTH", EndCode::Forbidden),
    (58, "BEARERCAPABILITY_NOTAVAIL", EndCode::Media),
    (65, "BEARERCAPABILITY_NOTIMPL", EndCode::Media),
    (69, "FACILITY_NOT_IMPLEMENTED", EndCode::Media),
    (88, "INCOMPATIBLE_DESTINATION", EndCode::Media),
    (102, "RECOVERY_ON_TIMER_EXPIRE", EndCode::Network),
    (487, "ORIGINATOR_CANCEL", EndCode::Cancelled),
    (502, "LOSE_RACE", EndCode::Cancelled),
    (602, "ALLOTTED_TIMEOUT", EndCode::Expired),
    (606, "USER_NOT_REGISTERED", EndCode::NotRegistered),
    (804, "MEDIA_TIMEOUT", EndCode::Media),
];

/// The public codes of `endReason`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndCode {
    /// Hung up by either side, for no other reason.
    Normal,
    /// The far end is busy.
    Busy,
    /// The far end declined.
    Declined,
    /// No such destination, or no way to it.
    Unreachable,
    /// The far end is not online.
    NotRegistered,
    /// The credential may not do that.
    Forbidden,
    /// Given up by the caller before it was answered, or answered by another client of the person.
    Cancelled,
    /// Nobody answered.
    NoAnswer,
    /// The time allotted to the call, or the credential, ran out.
    Expired,
    /// The session to the space was lost.
    Network,
    /// No packets flow, or no device could be had.
    Media,
}

impl EndCode {
    /// As the application sees it.
    pub fn text(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Busy => "busy",
            Self::Declined => "declined",
            Self::Unreachable => "unreachable",
            Self::NotRegistered => "not_registered",
            Self::Forbidden => "forbidden",
            Self::Cancelled => "cancelled",
            Self::NoAnswer => "no_answer",
            Self::Expired => "expired",
            Self::Network => "network",
            Self::Media => "media",
        }
    }

    /// What the cause of a `verto.bye` means. A cause that is not known is an ordinary end.
    ///
    /// A server may give the number, the name, or both; the number decides where it is known.
    pub fn of_bye(cause: Option<&str>, cause_code: Option<i32>) -> Self {
        cause_code
            .and_then(Self::of_number)
            .or_else(|| cause.and_then(Self::of_name))
            .unwrap_or(Self::Normal)
    }

    fn of_number(number: i32) -> Option<Self> {
        let known = CAUSES.iter().find(|(own, ..)| *own == number);
        known.map(|(.., code)| *code)
    }

    fn of_name(name: &str) -> Option<Self> {
        let known = CAUSES.iter().find(|(_, own, _)| *own == name);
        known.map(|(.., code)| *code)
    }

    /// What a failure that ends a call means.
    pub fn of_failure(failure: &Failure) -> Self {
        match failure.code {
            ErrorCode::MediaAccess
            | ErrorCode::MediaDenied
            | ErrorCode::NoMedia
            | ErrorCode::OfferFailed
            | ErrorCode::AnswerFailed
            | ErrorCode::NoRelayCandidate
            | ErrorCode::MediaConnectionFailed => Self::Media,
            ErrorCode::RpcRefused if failure.number == FORBIDDEN => Self::Forbidden,
            ErrorCode::RpcRefused | ErrorCode::InviteMalformed => Self::Unreachable,
            ErrorCode::CredentialsExpired => Self::Expired,
            ErrorCode::CredentialsRejected => Self::Forbidden,
            _ => Self::Network,
        }
    }
}

/// The inner error code of an invite that the credential does not allow. The space documents it; the
/// public service's own number is not known.
pub const FORBIDDEN: i32 = -32001;
/// The inner error code of an invite to a destination that does not exist.
pub const NOT_FOUND: i32 = -32004;

/// Why a call is over, complete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndReason {
    /// For programs.
    pub code: EndCode,
    /// Name of the cause, as the space gave it.
    pub cause: Option<String>,
    /// Number of the cause, as the space gave it.
    pub cause_code: Option<i32>,
}

impl From<EndCode> for EndReason {
    fn from(code: EndCode) -> Self {
        Self {
            code,
            cause: None,
            cause_code: None,
        }
    }
}

impl From<EndReason> for Value {
    fn from(reason: EndReason) -> Self {
        Self::EndReason {
            code: reason.code.text(),
            cause: reason.cause,
            cause_code: reason.cause_code,
        }
    }
}

/// `CallError.kind` of a failure (media §1.13).
pub fn kind_of(failure: &Failure) -> &'static str {
    match failure.code.class() {
        "RPCTimeoutError" => "timeout",
        "JSONRPCError" => "signaling",
        "MediaTrackError" | "MediaAccessError" => "media",
        "TransportConnectionError" | "WebSocketConnectionError" => "network",
        _ => "internal",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_a_cause_decides_then_its_name() {
        let rows = [
            (None, None, EndCode::Normal),
            (Some("NORMAL_CLEARING"), Some(16), EndCode::Normal),
            (Some("USER_BUSY"), Some(17), EndCode::Busy),
            (Some("USER_BUSY"), None, EndCode::Busy),
            (None, Some(21), EndCode::Declined),
            (Some("SOMETHING"), Some(19), EndCode::NoAnswer),
            (Some("MEDIA_TIMEOUT"), Some(9_999), EndCode::Media),
            (Some("UNKNOWN"), Some(9_999), EndCode::Normal),
            (None, Some(1), EndCode::Unreachable),
            (None, Some(20), EndCode::NotRegistered),
            (None, Some(52), EndCode::Forbidden),
            (None, Some(602), EndCode::Expired),
            (None, Some(102), EndCode::Network),
            (Some("RECOVERY_ON_TIMER_EXPIRE"), None, EndCode::Network),
        ];
        for (cause, code, expected) in rows {
            assert_eq!(EndCode::of_bye(cause, code), expected, "{cause:?} {code:?}");
        }
    }
}
