//! Playing a recording: a ticket for some minutes, and what it opens.

use clinical_model::recordings::{Recording, RecordingState};
use clinical_model::{Micros, RecordingId};
use clinical_store::Conn;
use clinical_store::recordings as store;

use super::shelf::Secret;
use super::ticket::{PLAY_LIFE_US, Purpose, Ticket};
use super::{Archive, RecordingsError, entry, known};
use crate::{Actor, Clinic};

/// A ticket, for a cookie that scripts cannot read.
pub struct Play {
    /// The ticket.
    pub ticket: String,
    /// Until when it opens the media.
    pub until: Micros,
}

impl core::fmt::Debug for Play {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Play(..)")
    }
}

/// A recording whose media may be read now.
pub struct Opened {
    /// Which one.
    pub id: RecordingId,
    /// What opens it.
    pub secret: Secret,
}

impl core::fmt::Debug for Opened {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Opened({})", self.id)
    }
}

/// Lets the actor play a recording for some minutes. Each time is in the audit.
///
/// # Errors
/// [`RecordingsError::NotFound`], [`RecordingsError::WrongState`] when it is not ready, and
/// [`RecordingsError::Store`]
pub async fn play(
    clinic: &Clinic,
    archive: &Archive,
    actor: &Actor,
    id: RecordingId,
) -> Result<Play, RecordingsError> {
    let act = ("recordings.play", Purpose::Play);
    admit(clinic, archive, actor, id, act).await
}

/// A ticket for one of the purposes, if the recording is ready and the actor may know of it.
pub(super) async fn admit(
    clinic: &Clinic,
    archive: &Archive,
    actor: &Actor,
    id: RecordingId,
    (action, purpose): (&'static str, Purpose),
) -> Result<Play, RecordingsError> {
    let now = clinic.clock.now();
    let mut tx = clinic.db.look().await?;
    let recording = known(&mut tx, actor, id, now).await?;
    if recording.state != RecordingState::Ready {
        return Err(RecordingsError::WrongState);
    }
    tx.commit(entry(actor, action, &recording, now)).await?;
    let until = Micros(now.0.saturating_add(PLAY_LIFE_US));
    let ticket = archive.tickets.sign(Ticket {
        purpose,
        recording: id,
        user: actor.user,
        until,
    });
    Ok(Play { ticket, until })
}

/// What a ticket opens. A recording that was deleted since opens no more.
///
/// # Errors
/// [`RecordingsError::Ticket`], [`RecordingsError::NotFound`] and [`RecordingsError::Store`]
pub async fn open_media(
    clinic: &Clinic,
    archive: &Archive,
    ticket: &str,
    id: RecordingId,
) -> Result<Opened, RecordingsError> {
    let ticket = archive.tickets.verify(ticket, clinic.clock.now());
    ticket
        .filter(|it| it.recording == id && it.purpose == Purpose::Play)
        .ok_or(RecordingsError::Ticket)?;
    let mut conn = clinic.db.read().await?;
    let (_, opened) = opened(&mut conn, id).await?;
    Ok(opened)
}

/// What opens a recording that is ready.
pub(super) async fn opened(
    conn: &mut Conn,
    id: RecordingId,
) -> Result<(Recording, Opened), RecordingsError> {
    let found = store::by_id(conn, id).await?;
    let recording = found.filter(|it| it.state == RecordingState::Ready);
    let recording = recording.ok_or(RecordingsError::NotFound)?;
    let secret = store::secret(conn, &recording).await?;
    let secret = secret.ok_or(RecordingsError::NotFound)?;
    Ok((recording, Opened { id, secret }))
}
