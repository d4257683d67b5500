//! Place and expected time in the waiting room.

use crate::Micros;
use crate::booking::{Appointment, AppointmentState};

/// Where one stands while waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueuePlace {
    /// 1 is next.
    pub place: u32,
    /// When the doctor is expected to be ready; never before the begin that was booked.
    pub expected: Micros,
}

/// The place of `mine` among the doctor's appointments.
///
/// Who waits is served in the order of the booked times. Every visit is expected to take as long as
/// it was booked for; one that takes longer may end at any moment. Of `others` only those that
/// wait or go on count; `mine` itself is passed over.
#[must_use]
pub fn queue_place(mine: &Appointment, others: &[Appointment], now: Micros) -> QueuePlace {
    let mut ready = now;
    let mut ahead = Vec::new();
    for other in others {
        if other.id == mine.id || other.doctor != mine.doctor {
            continue;
        }
        match other.state {
            AppointmentState::InProgress { since } => {
                ready = ready.max(since.plus(other.slot.length_us()));
            }
            AppointmentState::Arrived { .. } => {
                if (other.slot, other.id) < (mine.slot, mine.id) {
                    ahead.push(other.slot);
                }
            }
            AppointmentState::Booked
            | AppointmentState::Finished { .. }
            | AppointmentState::Cancelled { .. } => {}
        }
    }
    if matches!(mine.state, AppointmentState::InProgress { .. }) {
        return QueuePlace {
            place: 1,
            expected: mine.slot.start.max(now),
        };
    }
    ahead.sort_unstable();
    for slot in &ahead {
        ready = ready.max(slot.start).plus(slot.length_us());
    }
    QueuePlace {
        place: u32::try_from(ahead.len())
            .unwrap_or(u32::MAX)
            .saturating_add(1),
        expected: mine.slot.start.max(ready),
    }
}
