//! What can be booked, and when all that it needs is free.

use clinical_model::Micros;
use clinical_model::booking::Slot;
use jiff::tz::TimeZone;

use crate::schedule::{Availability, AvailabilityError, Schedule, WallSpan, availability};
use crate::timeline::{Season, holds, intersect, merge, seasons, touches};

/// Longest visit, buffer and step, in minutes.
pub const SERVICE_MIN_MAX: u16 = 720;

/// How long a service takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Service {
    length_min: u16,
    before_min: u16,
    after_min: u16,
    step_min: u16,
}

/// Why a service cannot be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ServiceError {
    /// The visit is empty or too long.
    #[error("a visit takes 5 to {SERVICE_MIN_MAX} minutes")]
    Length,
    /// A buffer is too long.
    #[error("a buffer has at most {SERVICE_MIN_MAX} minutes")]
    Buffer,
    /// The step between two offers is too short or too long.
    #[error("offers are 5 to {SERVICE_MIN_MAX} minutes apart")]
    Step,
}

impl Service {
    /// A visit of `length_min` minutes that keeps its resources for `buffers_min` minutes before
    /// and after, and is offered every `step_min` minutes.
    ///
    /// # Errors
    /// [`ServiceError`] when a number is out of its range.
    pub fn parse(
        length_min: u16,
        buffers_min: (u16, u16),
        step_min: u16,
    ) -> Result<Self, ServiceError> {
        let (before_min, after_min) = buffers_min;
        if !(5..=SERVICE_MIN_MAX).contains(&length_min) {
            return Err(ServiceError::Length);
        }
        if before_min > SERVICE_MIN_MAX || after_min > SERVICE_MIN_MAX {
            return Err(ServiceError::Buffer);
        }
        if !(5..=SERVICE_MIN_MAX).contains(&step_min) {
            return Err(ServiceError::Step);
        }
        Ok(Self {
            length_min,
            before_min,
            after_min,
            step_min,
        })
    }

    /// The offer that begins at `start`.
    #[must_use]
    pub fn from(self, start: Micros) -> Offer {
        let end = start.plus(us(self.length_min));
        Offer {
            visit: Slot { start, end },
            occupied: Slot {
                start: start.plus(-us(self.before_min)),
                end: end.plus(us(self.after_min)),
            },
        }
    }
}

/// A time at which a service can be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Offer {
    /// What the patient sees.
    pub visit: Slot,
    /// What is taken from the resources: the visit and its buffers.
    pub occupied: Slot,
}

/// One of the people and things that a service needs at the same time.
#[derive(Debug, Clone, Copy)]
pub struct Resource<'a> {
    /// When it is available.
    pub schedule: &'a Schedule,
    /// The zone its schedule is written in.
    pub zone: &'a TimeZone,
    /// What it is occupied with, buffers included, in any order.
    pub busy: &'a [Slot],
}

/// The offers that begin in `range`, in order: the visit lies in the open hours of all resources,
/// and the occupied time shares no instant with what any of them is busy with.
///
/// Offers are counted in steps from the beginnings of the hours of `primary`, on its wall clock; one
/// that a change of the clocks would shorten or stretch there does not exist, as with the slots of
/// `clinical-model`.
///
/// # Errors
/// [`AvailabilityError`] when the range or a rule asks for too much.
pub fn offers(
    service: Service,
    primary: Resource<'_>,
    others: &[Resource<'_>],
    range: Slot,
) -> Result<Vec<Offer>, AvailabilityError> {
    // A visit that begins in the range may end after it.
    let needed = Slot {
        start: range.start,
        end: range.end.plus(us(service.length_min)),
    };
    let own = availability(primary.schedule, primary.zone, needed)?;
    let mut open = own.open.clone();
    let mut busy = primary.busy.to_vec();
    for other in others {
        let theirs = availability(other.schedule, other.zone, needed)?;
        open = intersect(&open, &theirs.open);
        busy.extend_from_slice(other.busy);
    }
    let busy = merge(busy);
    let mut offers = starts(service, &own, primary.zone, range, needed);
    offers.retain(|offer| holds(&open, offer.visit) && !touches(&busy, offer.occupied));
    Ok(offers)
}

/// The offer that begins exactly at `start`, if there is one.
///
/// # Errors
/// As [`offers`].
pub fn offer_at(
    service: Service,
    primary: Resource<'_>,
    others: &[Resource<'_>],
    start: Micros,
) -> Result<Option<Offer>, AvailabilityError> {
    let end = start.plus(1);
    if end == start {
        return Ok(None);
    }
    Ok(offers(service, primary, others, Slot { start, end })?.pop())
}

/// All times at which the hours would begin a visit.
fn starts(
    service: Service,
    own: &Availability,
    zone: &TimeZone,
    range: Slot,
    needed: Slot,
) -> Vec<Offer> {
    let seasons = seasons(zone, needed);
    let mut offers = Vec::new();
    for opening in &own.openings {
        for season in &seasons {
            steps(service, *opening, *season, range, &mut offers);
        }
    }
    offers.sort_unstable();
    offers.dedup();
    offers
}

/// The steps of one opening whose visit lies in one season and begins in the range.
fn steps(service: Service, opening: WallSpan, season: Season, range: Slot, into: &mut Vec<Offer>) {
    let (Some(first), Some(close)) = (season.instant(opening.from()), season.instant(opening.to()))
    else {
        return;
    };
    let step = us(service.step_min);
    let earliest = range.start.max(season.span.start);
    let last = close
        .min(season.span.end)
        .plus(-us(service.length_min))
        .min(range.end.plus(-1));
    // Skips the steps before the range without walking them.
    let behind = earliest.since(first).max(0);
    let skipped = behind / step + i64::from(behind % step != 0);
    let mut start = first.plus(skipped.saturating_mul(step));
    while start <= last {
        into.push(service.from(start));
        start = start.plus(step);
    }
}

const fn us(minutes: u16) -> i64 {
    minutes as i64 * Micros::MINUTE
}
