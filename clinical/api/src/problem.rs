//! Errors on the wire: RFC 9457.

use serde::{Deserialize, Serialize};

use crate::CandidateView;

/// `application/problem+json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Problem {
    /// A URN made of the code: `urn:telehealth:problem:slot_taken`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The HTTP status.
    pub status: u16,
    /// For programs.
    pub code: ProblemCode,
    /// One sentence for developers, in English; pages show their own words for the code.
    pub title: String,
    /// The field that was refused, as a JSON path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// When the request becomes possible, for `too_early` and `retained`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opens_at_us: Option<i64>,
    /// Seconds to wait, for `rate_limited` and `unavailable`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_s: Option<u32>,
    /// Who may be the same person, for `duplicate`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<CandidateView>,
}

/// What went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ProblemCode {
    /// The body is not the JSON that is asked for, or a parameter is no value of its type. 400
    Malformed,
    /// A value is well-formed and not acceptable; `field` says which. 422
    Invalid,
    /// No valid access token. 401
    Unauthenticated,
    /// Unknown e-mail or wrong password; which one is not said. 401
    LoginFailed,
    /// The sign-in must begin anew with the password. 401
    SignInOver,
    /// A code, a passkey or a password is not accepted; which, is not said. 403
    ProofRefused,
    /// Who asks must prove again who they are: `POST /auth/step-up`. 403
    StepUpNeeded,
    /// Staff without a second factor set one up first. 403
    EnrolmentNeeded,
    /// This role may not do that. 403
    Forbidden,
    /// There is no such thing, or it is not yours to know. 404
    NotFound,
    /// Known path, other method. 405
    MethodNotAllowed,
    /// Somebody else has that time. 409
    SlotTaken,
    /// The thing is in a state in which this cannot be done. 409
    WrongState,
    /// Somebody like that is registered; `candidates` says who. 409
    Duplicate,
    /// The prescription may neither be signed nor handed out, and nothing overrides that. 409
    Contraindicated,
    /// A finding of the safety check needs a reason, or two doctors. 409
    NeedsReason,
    /// The safety check did not answer: nothing was signed or handed out. 503
    CheckFailed,
    /// A request with this idempotency key was carried out before, or is just now. 409
    Repeated,
    /// The idempotency key belonged to another request. 422
    KeyReused,
    /// The thing has changed since it was read. 412
    Changed,
    /// It is not said which version was read: `If-Match` or `version`. 428
    VersionNeeded,
    /// Larger than allowed. 413
    TooLarge,
    /// Not JSON, or a file of a kind that is not taken. 415
    UnsupportedMediaType,
    /// The visit opens later; `opens_at_us` says when. 409
    TooEarly,
    /// The record was erased for ever. 410
    Erased,
    /// The law keeps the record; `opens_at_us` says until when. 409
    Retained,
    /// The visit is over. 410
    Ended,
    /// The appointment was cancelled. 410
    Cancelled,
    /// The link was revoked, replaced or has expired. 410
    LinkRevoked,
    /// Too many tries. 429
    RateLimited,
    /// The store does not answer; nothing was done. 503
    Unavailable,
    /// A bug; nothing was done. 500
    Internal,
}
