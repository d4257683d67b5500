//! The clinic, as callers meet it.

use async_trait::async_trait;
use clinical_app::TenantId;
use clinical_app::visits::{
    CallCaps, CapReached as Reached, ChargeError, Desk, PhoneError, admit_by_phone, begin_charge,
    end_charge,
};
use clinical_model::CallId;
use signaling_phone::{
    Allowance, CapReached, Charge, Clinic, ClinicDown, NotCharged, Pass, PinAnswer, PinTry,
};
use signaling_sip::Consent;

/// The desk, at the end of the telephone line.
pub(super) struct ClinicDoor {
    desk: Desk,
    /// One call is charged after the other, so that two do not get the same minutes. Whoever waits for it
    /// waits for the store.
    books: tokio::sync::Mutex<()>,
}

impl ClinicDoor {
    pub(super) fn new(desk: Desk) -> Self {
        Self {
            desk,
            books: tokio::sync::Mutex::default(),
        }
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

    async fn begin_call(&self, charge: Charge) -> Result<Allowance, NotCharged> {
        let down = |error: Box<dyn core::error::Error + Send + Sync>| ClinicDown(error);
        let facility: TenantId = charge
            .facility
            .parse()
            .map_err(|error| down(Box::new(error)))?;
        let caps = CallCaps {
            day_s: i64::from(charge.minutes_per_day_max).saturating_mul(60),
            minute_micros: charge.minute_micros,
            month_micros: charge.month_micros,
        };
        let _one_by_one = self.books.lock().await;
        match begin_charge(&self.desk, (facility, &charge.trunk), caps).await {
            Ok(granted) => Ok(Allowance {
                id: granted.id.as_uuid().as_u128(),
                seconds: u64::try_from(granted.seconds).unwrap_or(0),
            }),
            Err(ChargeError::Cap(Reached::Minutes)) => Err(CapReached::Minutes.into()),
            Err(ChargeError::Cap(Reached::Budget)) => Err(CapReached::Budget.into()),
            Err(error @ ChargeError::Store(_)) => Err(down(Box::new(error)).into()),
        }
    }

    async fn end_call(&self, id: u128, talked_s: u64) {
        let id = CallId::from_uuid(uuid::Uuid::from_u128(id));
        let talked_s = i64::try_from(talked_s).unwrap_or(i64::MAX);
        if let Err(error) = end_charge(&self.desk, id, talked_s).await {
            tracing::warn!(%error, "what a call cost is not in the books; what was set aside counts");
        }
    }
}
