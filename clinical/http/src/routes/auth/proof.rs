//! Proofs as they come from outside.

use clinical_api::{CeremonyView, ProblemCode, ProofRequest};
use clinical_app::identity::{Evidence, EvidenceError, PasskeyOffer};
use clinical_model::CeremonyId;

use crate::error::ApiError;

pub(crate) fn evidence(request: ProofRequest) -> Evidence {
    match request {
        ProofRequest::Password { password } => Evidence::Password(password),
        ProofRequest::App { code } => Evidence::App(code),
        ProofRequest::RecoveryCode { code } => Evidence::RecoveryCode(code),
        ProofRequest::Passkey {
            ceremony,
            credential,
        } => Evidence::Passkey {
            ceremony: ceremony.as_uuid(),
            answer: credential,
        },
    }
}

pub(crate) fn refused(error: EvidenceError) -> ApiError {
    match error {
        EvidenceError::Refused => ProblemCode::ProofRefused.into(),
        EvidenceError::Limited(limited) => limited.into(),
        EvidenceError::Password(error) => error.into(),
        EvidenceError::Store(error) => error.into(),
    }
}

pub(crate) fn ceremony(offer: PasskeyOffer) -> CeremonyView {
    CeremonyView {
        ceremony: CeremonyId::from_uuid(offer.ceremony),
        options: offer.options_json,
    }
}
