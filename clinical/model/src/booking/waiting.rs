//! Who waits for a time that becomes free, and which times suit them.

use super::Slot;
use crate::{Micros, UserId};

/// How long an offered time is kept, in microseconds: two hours, so that a message is read.
pub const OFFER_US: i64 = 2 * Micros::HOUR;
/// How long before its begin a time is offered at the latest, in microseconds.
pub const OFFER_LEAD_US: i64 = Micros::HOUR;
/// How long before its begin an offer ends at the latest, in microseconds.
const OFFER_ENDS_BEFORE_US: i64 = 30 * Micros::MINUTE;

/// Parts of the day, on the doctor's wall clock: morning until noon, afternoon until five, evening.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayParts {
    /// Before noon.
    pub morning: bool,
    /// From noon until five.
    pub afternoon: bool,
    /// From five.
    pub evening: bool,
}

impl DayParts {
    /// The number that stands for them in the store.
    #[must_use]
    pub fn bits(self) -> i64 {
        i64::from(self.morning) + 2 * i64::from(self.afternoon) + 4 * i64::from(self.evening)
    }

    /// What a number stands for; nothing for 0 and for more than 7.
    #[must_use]
    pub fn from_bits(bits: i64) -> Option<Self> {
        (1..=7).contains(&bits).then_some(Self {
            morning: bits & 1 != 0,
            afternoon: bits & 2 != 0,
            evening: bits & 4 != 0,
        })
    }

    /// Whether an hour of the day, 0 to 23, lies in them.
    #[must_use]
    pub const fn hold(self, hour: i8) -> bool {
        match hour {
            ..12 => self.morning,
            12..17 => self.afternoon,
            17.. => self.evening,
        }
    }
}

/// Which times suit somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wish {
    /// With whom; none for anybody.
    pub doctor: Option<UserId>,
    /// Not before.
    pub from: Micros,
    /// Not after.
    pub until: Micros,
    /// When on a day.
    pub parts: DayParts,
}

impl Wish {
    /// Whether a visit that begins in that hour of the doctor's day suits.
    #[must_use]
    pub fn suits(&self, doctor: UserId, visit: Slot, hour: i8) -> bool {
        self.doctor.is_none_or(|it| it == doctor)
            && self.from <= visit.start
            && visit.end <= self.until
            && self.parts.hold(hour)
    }
}

/// Until when a time that begins at `start` is offered; nothing if it begins too soon.
#[must_use]
pub fn offer_expiry(start: Micros, now: Micros) -> Option<Micros> {
    (start.since(now) >= OFFER_LEAD_US)
        .then(|| now.plus(OFFER_US).min(start.plus(-OFFER_ENDS_BEFORE_US)))
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_wish_is_for_a_doctor_a_range_and_parts_of_the_day() {
        let doctor = |n| UserId::from_uuid(Uuid::from_u128(n));
        let wish = Wish {
            doctor: Some(doctor(1)),
            from: Micros(100),
            until: Micros(200),
            parts: DayParts::from_bits(5).unwrap(),
        };
        let visit = |start, end| Slot {
            start: Micros(start),
            end: Micros(end),
        };
        assert!(wish.suits(doctor(1), visit(100, 200), 11));
        assert!(wish.suits(doctor(1), visit(100, 200), 17));
        assert!(!wish.suits(doctor(1), visit(100, 200), 12));
        assert!(!wish.suits(doctor(2), visit(100, 200), 11));
        assert!(!wish.suits(doctor(1), visit(99, 200), 11));
        assert!(!wish.suits(doctor(1), visit(100, 201), 11));
    }

    #[test]
    fn an_offer_ends_before_its_time_begins_and_is_not_made_for_the_next_hour() {
        let now = Micros(0);
        let at = |minutes: i64| now.plus(minutes * Micros::MINUTE);
        assert_eq!(offer_expiry(at(59), now), None);
        assert_eq!(offer_expiry(at(60), now), Some(at(30)));
        assert_eq!(offer_expiry(at(600), now), Some(at(120)));
        for bits in 1..=7 {
            assert_eq!(DayParts::from_bits(bits).map(DayParts::bits), Some(bits));
        }
        assert_eq!(DayParts::from_bits(0), None);
    }
}
