//! What answers say of sessions and descriptions.

use rsipstack::sip::prelude::HeadersExt;
use rsipstack::sip::{Header, StatusCode};
use signaling_sip::{SESSION_MIN_S, SdpError, SessionTerms, SessionTimer};

use crate::message::{header, tokens};

/// Headers of an answer that agrees on a session timer.
pub(crate) fn timer_headers(timer: Option<&SessionTimer>, terms: SessionTerms) -> Vec<Header> {
    let Some(timer) = timer else {
        return Vec::new();
    };
    let mut headers = vec![header("Session-Expires", timer.header())];
    if timer.must_be_required() && terms.is_supported {
        headers.push(header("Require", "timer"));
    }
    headers
}

/// 422 with what is taken.
pub(crate) fn too_small() -> (StatusCode, Vec<Header>) {
    let min = header("Min-SE", SESSION_MIN_S.to_string());
    (StatusCode::SessionIntervalTooSmall, vec![min])
}

/// The code of a description that is not taken.
pub(crate) const fn code_of(error: SdpError) -> StatusCode {
    match error {
        SdpError::Form | SdpError::Long => StatusCode::BadRequest,
        SdpError::Address | SdpError::NoSound | SdpError::Codec | SdpError::Security => {
            StatusCode::NotAcceptableHere
        }
    }
}

/// Whether the other end takes UPDATE.
pub(crate) fn takes_update(message: &impl HeadersExt) -> bool {
    tokens(message, "Allow")
        .iter()
        .any(|method| method == "update")
}
