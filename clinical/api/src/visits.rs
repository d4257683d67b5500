//! Entering a visit, its guests, its note, its summary.
//!
//! - `POST /join` [`JoinRequest`] -> [`JoinView`] (no account; the token is the right)
//! - `POST /join/queue` [`JoinRequest`] -> [`QueueView`] (no account)
//! - `POST /join/test` [`JoinRequest`] -> [`TestTicket`] (no account)
//! - `POST /appointments/{id}/join` -> [`JoinView`] (its doctor; patients use their link)
//! - `POST /connection-tests` -> [`TestTicket`] (any signed-in person)
//! - `POST /appointments/{id}/guests` [`GuestRequest`] -> 201 [`GuestView`] (its doctor, its patient)
//! - `DELETE /appointments/{id}/guests/{guest}` -> 204 (its doctor, its patient)
//! - `GET /appointments/{id}/note`, `PUT /appointments/{id}/note` [`NoteRequest`],
//!   `POST /appointments/{id}/note/sign` [`SignNoteRequest`] -> [`NoteView`] (its doctor)
//! - `GET /appointments/{id}/note/draft` -> [`NoteDraftView`] (its doctor)
//! - `GET /appointments/{id}/summary` -> [`SummaryView`] (its patient, its doctor)
//!
//! Refusals of `/join`: `too_early` with `opens_at_us`, `ended`, `cancelled`, `link_revoked`,
//! `not_found`.

use clinical_model::{AppointmentId, GuestId};
use serde::{Deserialize, Serialize};

/// The secret of a join link, in the body so that no log of addresses has it.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct JoinRequest {
    /// From the fragment of the link.
    pub token: String,
}

impl core::fmt::Debug for JoinRequest {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("JoinRequest(..)")
    }
}

/// Everything needed to enter: whom one will meet, and a one-use ticket for the WebSocket.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct JoinView {
    /// One-use pass for [`signal_path`](JoinView::signal_path), valid for a minute.
    pub ticket: String,
    /// Path of the WebSocket on this server.
    pub signal_path: String,
    /// The appointment.
    #[cfg_attr(feature = "schema", schema(value_type = String, format = Uuid))]
    pub appointment: AppointmentId,
    /// My name in the visit.
    pub my_name: String,
    /// `clinician`, `patient` or `guest`.
    pub my_role: String,
    /// The doctor's display name.
    pub doctor_name: String,
    /// Begin, Unix microseconds.
    pub start_us: i64,
    /// End, Unix microseconds.
    pub end_us: i64,
    /// Place in the queue.
    pub queue: QueueView,
    /// How to come by telephone instead; only the patient is told, and only if there is a number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<PhoneWayView>,
}

impl core::fmt::Debug for JoinView {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("JoinView(..)")
    }
}

/// How to come into a visit by telephone.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct PhoneWayView {
    /// What to call, in international form with its plus.
    pub number: String,
    /// Six digits to type then; whoever has them waits at the visit's door.
    pub pin: String,
}

impl core::fmt::Debug for PhoneWayView {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("PhoneWayView(..)")
    }
}

/// Whether and how an appointment can be reached by telephone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct PhoneAccessView {
    /// None: the facility has no number, or the visit is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub way: Option<PhoneWayView>,
}

/// Where one stands while waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct QueueView {
    /// 1 is next.
    pub place: u32,
    /// When the doctor is expected to be ready, Unix microseconds.
    pub expected_us: i64,
}

/// A one-use pass for a connection test.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct TestTicket {
    /// The pass.
    pub ticket: String,
    /// Path of the WebSocket on this server.
    pub signal_path: String,
}

impl core::fmt::Debug for TestTicket {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("TestTicket(..)")
    }
}

/// Invite a third person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct GuestRequest {
    /// Display name, 1 ..= 80 characters.
    pub name: String,
    /// Relation to the patient, 1 ..= 80 characters: daughter, interpreter, colleague.
    pub relation: String,
}

/// An invited person and their way in, shown once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct GuestView {
    /// The guest.
    #[cfg_attr(feature = "schema", schema(value_type = String, format = Uuid))]
    pub id: GuestId,
    /// Display name.
    pub name: String,
    /// Relation to the patient.
    pub relation: String,
    /// The way in.
    pub link: crate::JoinLink,
}

/// Save the draft of a note.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NoteRequest {
    /// At most 20,000 characters.
    pub text: String,
    /// The version that was edited; 0 for a new note. Another value is answered with `changed`.
    pub version: u32,
}

/// Sign a note as it was last saved. From then on it can not be changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SignNoteRequest {
    /// The version that was read.
    pub version: u32,
}

/// Where a note stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum NoteState {
    /// Only its author sees it.
    Draft,
    /// Part of the record; the patient sees it.
    Signed,
}

/// A doctor's note of one visit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct NoteView {
    /// The text; empty for a new note.
    pub text: String,
    /// 0 before the first save.
    pub version: u32,
    /// Draft or signed.
    pub state: NoteState,
    /// When it was signed, Unix microseconds.
    pub signed_us: Option<i64>,
}

/// Who spoke in a visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Speaker {
    /// The doctor or another clinician.
    Clinician,
    /// The patient.
    Patient,
    /// A relative, an interpreter, a colleague.
    Guest,
}

/// A part of a note.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum NoteSection {
    /// Why the patient came.
    Reason,
    /// How it began and went on.
    History,
    /// Medicines, and what is not borne.
    Medicines,
    /// What was seen, heard or measured.
    Findings,
    /// What the doctor thinks it is.
    Assessment,
    /// What is done from here on.
    Plan,
    /// Everything else.
    Other,
}

/// A sentence that was said, as captions understood it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct SaidSentence {
    /// When, Unix microseconds.
    pub at_us: i64,
    /// By whom.
    pub speaker: Speaker,
    /// Their name in the visit.
    pub name: String,
    /// The words.
    pub text: String,
}

/// One section of a draft.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct DraftSection {
    /// Which.
    pub section: NoteSection,
    /// In order of time; at least one.
    pub sentences: Vec<SaidSentence>,
}

/// What a note can be made of: what was said, sorted by rules. It is no part of the record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct NoteDraftView {
    /// In the order of a note; empty when there were no captions, or nothing is kept any more.
    pub sections: Vec<DraftSection>,
    /// Greetings and unanswered questions that are left out.
    pub left_out: u32,
    /// When the first of it is deleted, Unix microseconds; none when there is nothing.
    pub until_us: Option<i64>,
}

/// One chat message in the summary.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ChatLine {
    /// Author's name.
    pub from_name: String,
    /// Unix microseconds.
    pub at_us: i64,
    /// The text.
    pub text: String,
}

/// What the patient takes home.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct SummaryView {
    /// The appointment.
    pub appointment: crate::AppointmentView,
    /// The signed note; none while the doctor still writes.
    pub note: Option<NoteView>,
    /// What was written during the visit.
    pub chat: Vec<ChatLine>,
}
