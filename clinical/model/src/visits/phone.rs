//! Into a visit by telephone: the PIN, its hours, and how often one may be wrong.

use core::fmt;

use super::admission::{Admission, JoinRefusal};
use crate::Micros;
use crate::booking::{Appointment, AppointmentStage};

/// Digits of a PIN; what the caller's menu asks for.
pub const PIN_DIGITS: usize = 6;
/// How long after the booked end a PIN still lets in while the visit has not begun, in microseconds.
/// A PIN is shorter than the secret of a link, so it has fewer hours to be guessed in.
pub const PIN_LIFE_US: i64 = 3 * Micros::HOUR;
/// How long before its visit opens a right PIN is told so, in microseconds. Of visits further away a
/// PIN is as unknown as a wrong one.
pub const PIN_TOO_EARLY_US: i64 = 12 * Micros::HOUR;
/// Times that one PIN lets in: a bad line may break often, and a PIN that was passed on ends.
pub const PIN_ENTRIES_MAX: i64 = 30;
/// How long a wrong PIN counts, and how long a lock lasts, in microseconds.
pub const PIN_MEMORY_US: i64 = Micros::HOUR;

/// Six digits that name a visit on the number of its facility.
#[derive(Clone, PartialEq, Eq)]
pub struct PhonePin(String);

/// A text that is no PIN.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a PIN of {PIN_DIGITS} digits")]
pub struct PinError;

impl PhonePin {
    /// The PIN that a keyed hash stands for. The same hash makes the same PIN.
    #[must_use]
    pub fn from_hash(hash: &[u8; 16]) -> Self {
        // 128 bits over a million: no PIN is noticeably likelier than another.
        Self(format!("{:06}", u128::from_be_bytes(*hash) % 1_000_000))
    }

    /// What was typed.
    ///
    /// # Errors
    /// Something else than six digits.
    pub fn parse(text: &str) -> Result<Self, PinError> {
        let is_pin = text.len() == PIN_DIGITS && text.bytes().all(|byte| byte.is_ascii_digit());
        is_pin.then(|| Self(text.to_owned())).ok_or(PinError)
    }

    /// The digits. Not for logs.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The digits in two groups, to be read aloud.
    #[must_use]
    pub fn grouped(&self) -> String {
        let (first, second) = self.0.split_at(PIN_DIGITS / 2);
        format!("{first} {second}")
    }
}

impl fmt::Debug for PhonePin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PhonePin(..)")
    }
}

/// Whose wrong PINs are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PinTrier {
    /// One caller with a number.
    Caller,
    /// All who withhold their number: one of them must not keep all others out.
    Withheld,
    /// Everybody who calls one facility. A caller's number can be forged, so this bounds how many
    /// PINs can be tried at all.
    Facility,
}

impl PinTrier {
    /// Wrong PINs within [`PIN_MEMORY_US`] before a lock. A caller has three calls of three tries.
    #[must_use]
    pub const fn wrong_max(self) -> i64 {
        match self {
            Self::Caller => 9,
            Self::Withheld => 90,
            Self::Facility => 900,
        }
    }
}

impl Appointment {
    /// Lets a caller with the right PIN into the waiting room, as the patient: from 30 minutes before
    /// the begin, until [`PIN_LIFE_US`] after the booked end or, once it has begun, as long as it goes
    /// on.
    ///
    /// # Errors
    /// The first reason why not.
    pub fn admit_caller(&self, now: Micros) -> Result<Admission, JoinRefusal> {
        let admission = self.admit_as_patient(now)?;
        let goes_on = self.state.stage() == AppointmentStage::InProgress;
        if !goes_on && now >= self.slot.end.plus(PIN_LIFE_US) {
            return Err(JoinRefusal::Ended);
        }
        Ok(admission)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pin_is_six_digits_that_are_read_in_two_groups_and_not_printed() {
        let pin = PhonePin::parse("042917").unwrap();
        assert_eq!(pin.grouped(), "042 917");
        assert_eq!(format!("{pin:?}"), "PhonePin(..)");
        for wrong in ["", "04291", "0429170", "04291a", "٤٢٩١٧٣", "04 917"] {
            assert_eq!(PhonePin::parse(wrong), Err(PinError), "{wrong}");
        }
    }

    #[test]
    fn a_hash_makes_one_pin_with_its_zeros() {
        let mut hash = [0; 16];
        hash[15] = 7;
        assert_eq!(PhonePin::from_hash(&hash).expose(), "000007");
        assert_eq!(PhonePin::from_hash(&[0xff; 16]).expose(), "211455");
    }
}
