//! What keeps doctors, rooms and devices busy. The schema refuses two at the same time.

use clinical_model::booking::{Appointment, AppointmentStage, Slot};
use clinical_model::{AppointmentId, HoldId, Micros, ResourceId, ServiceId, TenantId, UserId};
use uuid::Uuid;

use super::AppointmentWriteError;
use super::holds::Hold;
use crate::statement::{execute, execute_one, fetch_all, fetch_optional};
use crate::tx::Conn;
use crate::{StoreError, Tx};

/// A room or device that is taken together with the doctor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seat {
    /// Names this occupancy.
    pub id: Uuid,
    /// The room or device.
    pub resource: ResourceId,
}

/// What an appointment takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// What nobody has kept yet.
    Fresh {
        /// The visit and its buffers.
        span: Slot,
        /// Rooms and devices.
        seats: Vec<Seat>,
        /// What is booked.
        service: Option<ServiceId>,
        /// Although the doctor is busy then. Rooms and devices are never overbooked.
        overbooked: bool,
    },
    /// What a hold has kept.
    Held {
        /// The hold; it ends with the booking.
        hold: HoldId,
        /// What is booked.
        service: Option<ServiceId>,
    },
}

impl Claim {
    /// A doctor for a time, and nothing else.
    #[must_use]
    pub const fn plain(span: Slot) -> Self {
        Self::Fresh {
            span,
            seats: Vec::new(),
            service: None,
            overbooked: false,
        }
    }

    pub(super) const fn service(&self) -> Option<ServiceId> {
        match self {
            Self::Fresh { service, .. } | Self::Held { service, .. } => *service,
        }
    }

    pub(super) const fn is_overbooked(&self) -> bool {
        match self {
            Self::Fresh { overbooked, .. } => *overbooked,
            Self::Held { .. } => false,
        }
    }
}

/// One stretch of one person or thing.
struct Occupancy {
    id: Uuid,
    tenant: TenantId,
    who: Uuid,
    appointment: Option<Uuid>,
    hold: Option<Uuid>,
    span: Slot,
    overbooked: bool,
    expires: Option<Micros>,
}

async fn write(tx: &mut Tx, it: &Occupancy, now: Micros) -> Result<(), StoreError> {
    execute_one!(
        tx,
        "INSERT INTO occupancies
             (id, tenant, who, appointment, hold, from_us, until_us, overbooked, expires_us,
              written_us)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        it.id,
        it.tenant.as_uuid(),
        it.who,
        it.appointment,
        it.hold,
        it.span.start.0,
        it.span.end.0,
        it.overbooked,
        it.expires.map(|at| at.0),
        now.0
    )
}

/// Takes what a new appointment needs.
pub(super) async fn occupy(
    tx: &mut Tx,
    appointment: &Appointment,
    claim: &Claim,
    now: Micros,
) -> Result<(), AppointmentWriteError> {
    let id = appointment.id.as_uuid();
    let (span, seats, overbooked) = match claim {
        Claim::Held { hold, .. } => return turn(tx, *hold, id, now).await,
        Claim::Fresh {
            span,
            seats,
            overbooked,
            ..
        } => (*span, seats, *overbooked),
    };
    let of_doctor = Occupancy {
        id,
        tenant: appointment.tenant,
        who: appointment.doctor.as_uuid(),
        appointment: Some(id),
        hold: None,
        span,
        overbooked,
        expires: None,
    };
    write(tx, &of_doctor, now).await?;
    for seat in seats {
        let taken = Occupancy {
            id: seat.id,
            who: seat.resource.as_uuid(),
            overbooked: false,
            ..of_doctor
        };
        write(tx, &taken, now).await?;
    }
    Ok(())
}

/// Makes what a hold kept belong to an appointment.
async fn turn(
    tx: &mut Tx,
    hold: HoldId,
    appointment: Uuid,
    now: Micros,
) -> Result<(), AppointmentWriteError> {
    let turned = execute!(
        tx,
        "UPDATE occupancies SET appointment = $1, hold = NULL, expires_us = NULL
         WHERE hold = $2 AND expires_us > $3",
        appointment,
        hold.as_uuid(),
        now.0
    )?;
    if turned == 0 {
        return Err(AppointmentWriteError::Changed);
    }
    execute_one!(tx, "DELETE FROM holds WHERE id = $1", hold.as_uuid())?;
    Ok(())
}

/// Keeps what a hold needs.
pub(super) async fn keep(
    tx: &mut Tx,
    hold: &Hold,
    (span, seats): (Slot, &[Seat]),
    now: Micros,
) -> Result<(), StoreError> {
    let of_doctor = Occupancy {
        id: hold.id.as_uuid(),
        tenant: hold.tenant,
        who: hold.doctor.as_uuid(),
        appointment: None,
        hold: Some(hold.id.as_uuid()),
        span,
        overbooked: false,
        expires: Some(hold.expires),
    };
    write(tx, &of_doctor, now).await?;
    for seat in seats {
        let taken = Occupancy {
            id: seat.id,
            who: seat.resource.as_uuid(),
            ..of_doctor
        };
        write(tx, &taken, now).await?;
    }
    Ok(())
}

/// Moves what an appointment takes to its new time, or gives it back. To be called before the
/// appointment itself is written.
pub(super) async fn follow(tx: &mut Tx, appointment: &Appointment) -> Result<(), StoreError> {
    let id = appointment.id.as_uuid();
    if appointment.state.stage() == AppointmentStage::Cancelled {
        execute!(tx, "DELETE FROM occupancies WHERE appointment = $1", id)?;
        return Ok(());
    }
    let before = fetch_optional!(
        tx,
        (i64, i64),
        "SELECT start_us, end_us FROM appointments WHERE id = $1",
        id
    )?;
    let Some((start, end)) = before else {
        return Ok(());
    };
    let (later, longer) = (
        appointment.slot.start.since(Micros(start)),
        appointment.slot.end.since(Micros(end)),
    );
    if (later, longer) != (0, 0) {
        execute!(
            tx,
            "UPDATE occupancies SET from_us = from_us + $1, until_us = until_us + $2
             WHERE appointment = $3",
            later,
            longer,
            id
        )?;
    }
    Ok(())
}

/// Ends what expired holds keep of these people and things. They are locked.
///
/// # Errors
/// The store failed.
pub async fn drop_expired(tx: &mut Tx, whose: &[Uuid], now: Micros) -> Result<(), StoreError> {
    for who in whose {
        execute!(
            tx,
            "DELETE FROM occupancies WHERE who = $1 AND expires_us <= $2",
            *who,
            now.0
        )?;
    }
    Ok(())
}

/// The times in `[from, to)` at which a person or a thing is kept for somebody, buffers included.
///
/// # Errors
/// The store failed.
pub async fn busy(
    conn: &mut Conn,
    who: Uuid,
    (from, to): (Micros, Micros),
    now: Micros,
) -> Result<Vec<Slot>, StoreError> {
    let rows = fetch_all!(
        conn,
        (i64, i64),
        "SELECT from_us, until_us FROM occupancies
         WHERE who = $1 AND from_us < $2 AND until_us > $3
           AND (expires_us IS NULL OR expires_us > $4)
         ORDER BY from_us",
        who,
        to.0,
        from.0,
        now.0
    )?;
    Ok(rows
        .into_iter()
        .map(|(start, end)| Slot {
            start: Micros(start),
            end: Micros(end),
        })
        .collect())
}

/// How many pairs of occupancies of a facility share an instant although neither is overbooked: a
/// check for tests and operators, always 0.
///
/// # Errors
/// The store failed.
pub async fn overlaps(conn: &mut Conn, tenant: TenantId) -> Result<i64, StoreError> {
    let (count,) = crate::statement::fetch_one!(
        conn,
        (i64,),
        "SELECT count(*) FROM occupancies a JOIN occupancies b
             ON a.who = b.who AND a.id < b.id AND a.from_us < b.until_us AND b.from_us < a.until_us
         WHERE a.tenant = $1 AND a.overbooked = FALSE AND b.overbooked = FALSE",
        tenant.as_uuid()
    )?;
    Ok(count)
}

/// How many occupancies belong to appointments of a facility that are not cancelled.
///
/// # Errors
/// The store failed.
pub async fn occupied(conn: &mut Conn, tenant: TenantId) -> Result<i64, StoreError> {
    let (count,) = crate::statement::fetch_one!(
        conn,
        (i64,),
        "SELECT count(*) FROM occupancies o JOIN appointments a ON a.id = o.appointment
         WHERE o.tenant = $1 AND a.state <> 'cancelled'",
        tenant.as_uuid()
    )?;
    Ok(count)
}

/// What keeps the doctor busy for an appointment, buffers included.
///
/// # Errors
/// The store failed.
pub async fn span_of(
    conn: &mut Conn,
    (appointment, doctor): (AppointmentId, UserId),
) -> Result<Option<Slot>, StoreError> {
    let row = fetch_optional!(
        conn,
        (i64, i64),
        "SELECT from_us, until_us FROM occupancies WHERE appointment = $1 AND who = $2",
        appointment.as_uuid(),
        doctor.as_uuid()
    )?;
    Ok(row.map(|(start, end)| Slot {
        start: Micros(start),
        end: Micros(end),
    }))
}
