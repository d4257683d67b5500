//! The doctor's note of a visit: drafted, saved, signed, never changed again.

use core::fmt;

use crate::booking::{WordingError, parse_wording};
use crate::{AppointmentId, Micros, NoteId, UserId};

/// Longest note, in characters.
pub const NOTE_CHARS_MAX: usize = 20_000;

/// The text of a note: at most 20,000 characters; a draft may be empty.
#[derive(Clone, PartialEq, Eq)]
pub struct NoteText(String);

impl NoteText {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<&str> for NoteText {
    type Error = WordingError;

    fn try_from(text: &str) -> Result<Self, WordingError> {
        parse_wording(text, NOTE_CHARS_MAX).map(Self)
    }
}

impl fmt::Debug for NoteText {
    /// Health data never reaches a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NoteText(..)")
    }
}

/// Where a note stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoteState {
    /// Only its author sees it.
    Draft,
    /// Part of the record.
    Signed {
        /// Since when.
        at: Micros,
    },
}

/// A note that was saved at least once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// Its name.
    pub id: NoteId,
    /// Of which visit.
    pub appointment: AppointmentId,
    /// Who writes it.
    pub author: UserId,
    /// What it says.
    pub text: NoteText,
    /// Draft or signed.
    pub state: NoteState,
    /// Counts its savings, from 1.
    pub version: u32,
}

/// Why a note was not saved or signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoteRefusal {
    /// It was signed before.
    #[error("a signed note does not change")]
    AlreadySigned,
    /// Another version than the one that was read.
    #[error("the note is at version {current}")]
    Changed {
        /// The version it has.
        current: u32,
    },
    /// There is nothing to sign.
    #[error("an empty note cannot be signed")]
    Empty,
}

impl Note {
    /// The first saving of a note.
    #[must_use]
    pub const fn first(
        id: NoteId,
        appointment: AppointmentId,
        author: UserId,
        text: NoteText,
    ) -> Self {
        Self {
            id,
            appointment,
            author,
            text,
            state: NoteState::Draft,
            version: 1,
        }
    }

    /// Saves another text over the version that was read.
    ///
    /// # Errors
    /// The note is signed, or has changed since it was read.
    pub fn edit(self, read: u32, text: NoteText) -> Result<Self, NoteRefusal> {
        let mut note = self.unsigned(read)?;
        note.text = text;
        note.version = note.version.saturating_add(1);
        Ok(note)
    }

    /// Signs the version that was read. The version number stays: signing changes no word.
    ///
    /// # Errors
    /// The note is signed, has changed since it was read, or is empty.
    pub fn sign(self, read: u32, now: Micros) -> Result<Self, NoteRefusal> {
        let mut note = self.unsigned(read)?;
        if note.text.as_str().is_empty() {
            return Err(NoteRefusal::Empty);
        }
        note.state = NoteState::Signed { at: now };
        Ok(note)
    }

    fn unsigned(self, read: u32) -> Result<Self, NoteRefusal> {
        if matches!(self.state, NoteState::Signed { .. }) {
            return Err(NoteRefusal::AlreadySigned);
        }
        if self.version != read {
            return Err(NoteRefusal::Changed {
                current: self.version,
            });
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn note(text: &str) -> Note {
        Note::first(
            NoteId::from_uuid(Uuid::from_u128(1)),
            AppointmentId::from_uuid(Uuid::from_u128(2)),
            UserId::from_uuid(Uuid::from_u128(3)),
            NoteText::try_from(text).unwrap(),
        )
    }

    #[test]
    fn a_signed_note_does_not_change() {
        let signed = note("Paludisme simple.").sign(1, Micros(5)).unwrap();
        assert_eq!(signed.state, NoteState::Signed { at: Micros(5) });
        let other = NoteText::try_from("other").unwrap();
        assert_eq!(
            signed.clone().edit(1, other),
            Err(NoteRefusal::AlreadySigned)
        );
        assert_eq!(signed.sign(1, Micros(6)), Err(NoteRefusal::AlreadySigned));
    }

    #[test]
    fn an_old_version_is_neither_saved_nor_signed() {
        let text = NoteText::try_from("b").unwrap();
        let second = note("a").edit(1, text.clone()).unwrap();
        assert_eq!(second.version, 2);
        let changed = Err(NoteRefusal::Changed { current: 2 });
        assert_eq!(second.clone().edit(1, text), changed);
        assert_eq!(second.sign(1, Micros(1)), changed);
    }

    #[test]
    fn an_empty_note_is_saved_but_not_signed() {
        assert_eq!(note(" \n").sign(1, Micros(1)), Err(NoteRefusal::Empty));
    }

    #[test]
    fn a_note_is_bounded_and_does_not_print_itself() {
        let max = "é".repeat(NOTE_CHARS_MAX);
        assert!(NoteText::try_from(max.as_str()).is_ok());
        assert_eq!(
            NoteText::try_from(format!("{max}é").as_str()),
            Err(WordingError::TooLong {
                max: NOTE_CHARS_MAX
            })
        );
        assert_eq!(format!("{:?}", note("toux").text), "NoteText(..)");
    }
}
