//! A copy of a recording, to take away.

use clinical_model::{Micros, ParticipantUuid, RecordingId};
use clinical_store::booking;

use super::play::{Opened, admit, opened};
use super::ticket::Purpose;
use super::view::people;
use super::{Archive, RecordingsError};
use crate::{Actor, Clinic};

/// A copy that may be fetched now.
pub struct CopyTicket {
    /// The ticket.
    pub ticket: String,
    /// What opens the copy, if it is sealed. It is told once.
    pub words: Option<String>,
    /// Until when the ticket is valid.
    pub until: Micros,
}

impl core::fmt::Debug for CopyTicket {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("CopyTicket(..)")
    }
}

/// What a copy is made of.
pub struct Copied {
    /// What opens the recording.
    pub opened: Opened,
    /// When it began.
    pub started: Micros,
    /// The people of the visit.
    pub names: Vec<(ParticipantUuid, String)>,
    /// What the copy is to be sealed with, if it is.
    pub words: Option<String>,
}

impl core::fmt::Debug for Copied {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Copied(..)")
    }
}

/// Lets the actor take a copy of a recording, within some minutes. Each time is in the audit.
///
/// # Errors
/// [`RecordingsError::NotFound`], [`RecordingsError::WrongState`] when it is not ready, and
/// [`RecordingsError::Store`]
pub async fn copy(
    clinic: &Clinic,
    archive: &Archive,
    actor: &Actor,
    (id, is_sealed): (RecordingId, bool),
) -> Result<CopyTicket, RecordingsError> {
    let act = match is_sealed {
        true => ("recordings.copy_sealed", Purpose::SealedCopy),
        false => ("recordings.copy", Purpose::Copy),
    };
    let admitted = admit(clinic, archive, actor, id, act).await?;
    Ok(CopyTicket {
        words: is_sealed.then(|| archive.tickets.words(&admitted.ticket)),
        ticket: admitted.ticket,
        until: admitted.until,
    })
}

/// What the ticket of a copy opens.
///
/// # Errors
/// [`RecordingsError::Ticket`], [`RecordingsError::NotFound`] and [`RecordingsError::Store`]
pub async fn open_copy(
    clinic: &Clinic,
    archive: &Archive,
    ticket: &str,
    id: RecordingId,
) -> Result<Copied, RecordingsError> {
    let verified = archive.tickets.verify(ticket, clinic.clock.now());
    let verified = verified.filter(|it| it.recording == id && it.purpose != Purpose::Play);
    let is_sealed = verified.ok_or(RecordingsError::Ticket)?.purpose == Purpose::SealedCopy;
    let mut conn = clinic.db.read().await?;
    let (recording, opened) = opened(&mut conn, id).await?;
    let visit = booking::find(&mut conn, recording.appointment).await?;
    Ok(Copied {
        opened,
        started: recording.started,
        names: visit.as_ref().map(people).unwrap_or_default(),
        words: is_sealed.then(|| archive.tickets.words(ticket)),
    })
}
