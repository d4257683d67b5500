//! The clinic, as callers meet it.

use async_trait::async_trait;
use clinical_app::visits::{Desk, PhoneError, admit_by_phone};
use signaling_phone::{Clinic, ClinicDown, Pass, PinAnswer, PinTry};
use signaling_sip::Consent;

/// The desk, at the end of the telephone line.
pub(super) struct ClinicDoor {
    desk: Desk,
}

impl ClinicDoor {
    pub(super) const fn new(desk: Desk) -> Self {
        Self { desk }
    }
}

#[async_trait]
impl Clinic for ClinicDoor {
    async fn check_pin(&self, attempt: PinTry<'_>) -> Result<PinAnswer, ClinicDown> {
        let called = attempt.called.number.expose();
        let caller = attempt.caller.map(signaling_sip::PhoneNumber::expose);
        match admit_by_phone(&self.desk, &called, attempt.pin.expose(), caller.as_deref()).await {
            Ok(entry) => Ok(PinAnswer::Right {
                pass: Pass::new(entry.ticket),
                // Whoever records asks everybody in the visit; nobody is asked for nothing.
                ask_consent: false,
            }),
            Err(PhoneError::NotAccepted) => Ok(PinAnswer::Wrong),
            Err(PhoneError::TooEarly { .. }) => Ok(PinAnswer::TooEarly),
            Err(PhoneError::Over) => Ok(PinAnswer::Over),
            Err(error @ (PhoneError::Pass(_) | PhoneError::Store(_))) => {
                tracing::warn!(%error, "a caller's PIN could not be looked up");
                Err(ClinicDown(Box::new(error)))
            }
        }
    }

    async fn consent(&self, _pass: &Pass, _consent: Consent) -> Result<(), ClinicDown> {
        // Consent is given in the room, which puts it on record; before it nobody is asked.
        Ok(())
    }
}
