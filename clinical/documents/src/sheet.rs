//! What is printed: words that the caller has already chosen for the reader's language.

use std::fmt;

/// Most medicines on one prescription. More is refused: nobody reads it safely.
pub const MAX_ITEMS: usize = 40;

/// Longest single text, in characters. More is refused, because pages are not endless.
pub const MAX_TEXT_CHARS: usize = 600;

/// Longest payload of the QR code, in bytes. More makes a code that phones do not read.
pub const MAX_PAYLOAD_BYTES: usize = 300;

/// The language of the fixed words and of the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// French.
    French,
    /// English.
    English,
}

/// A clinic as it stands at the top.
#[derive(Debug, Clone)]
pub struct SheetPlace {
    /// Its name.
    pub name: String,
    /// Address and telephone, one line each.
    pub lines: Vec<String>,
}

/// The prescriber or the patient.
#[derive(Clone)]
pub struct SheetPerson {
    /// Full name.
    pub name: String,
    /// What identifies them further: profession and register number, or date of birth and weight.
    pub lines: Vec<String>,
}

impl fmt::Debug for SheetPerson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SheetPerson(..)")
    }
}

/// One medicine.
#[derive(Clone)]
pub struct PrescribedItem {
    /// Name, form and strength.
    pub medicine: String,
    /// How it is taken, in plain words.
    pub directions: String,
    /// How long, how much to dispense, how many repeats, one line each.
    pub details: Vec<String>,
}

impl fmt::Debug for PrescribedItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrescribedItem(..)")
    }
}

/// How a pharmacy finds out whether the paper is genuine.
#[derive(Clone)]
pub struct Verification {
    /// What the QR code holds.
    pub payload: String,
    /// The code to type where a camera is missing.
    pub code: String,
    /// The address of the page that answers, for example `clinic.example/verify`.
    pub address: String,
}

impl fmt::Debug for Verification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Verification(..)")
    }
}

/// Everything that stands on a printed prescription.
#[derive(Clone)]
pub struct PrescriptionSheet {
    /// Language of the fixed words.
    pub language: Language,
    /// The clinic.
    pub clinic: SheetPlace,
    /// Who prescribed.
    pub prescriber: SheetPerson,
    /// For whom.
    pub patient: SheetPerson,
    /// When it was signed, as the reader writes dates.
    pub signed: String,
    /// Until when it can be dispensed, as the reader writes dates.
    pub valid_until: String,
    /// Whether it holds a controlled medicine, which pharmacies keep a record of.
    pub controlled: bool,
    /// The medicines in the prescriber's order.
    pub items: Vec<PrescribedItem>,
    /// How it is verified.
    pub verification: Verification,
}

impl fmt::Debug for PrescriptionSheet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrescriptionSheet({} items)", self.items.len())
    }
}

/// Why a sheet is not printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SheetError {
    /// There is no medicine on it.
    #[error("a prescription needs a medicine")]
    Empty,
    /// More than [`MAX_ITEMS`].
    #[error("too many medicines on one prescription")]
    TooManyItems,
    /// Longer than [`MAX_TEXT_CHARS`], or more than ten lines where lines are listed.
    #[error("a text on the prescription is too long")]
    TextTooLong,
    /// Longer than [`MAX_PAYLOAD_BYTES`].
    #[error("the payload of the QR code is too long")]
    PayloadTooLong,
}

impl PrescriptionSheet {
    /// Refuses what would not fit on pages.
    pub(crate) fn within_limits(&self) -> Result<&Self, SheetError> {
        if self.items.is_empty() {
            return Err(SheetError::Empty);
        }
        if self.items.len() > MAX_ITEMS {
            return Err(SheetError::TooManyItems);
        }
        if self.verification.payload.len() > MAX_PAYLOAD_BYTES {
            return Err(SheetError::PayloadTooLong);
        }
        let listed = [
            &self.clinic.lines,
            &self.prescriber.lines,
            &self.patient.lines,
        ];
        let details = self.items.iter().map(|item| &item.details);
        let lists: Vec<&Vec<String>> = listed.into_iter().chain(details).collect();
        let single = [
            &self.clinic.name,
            &self.prescriber.name,
            &self.patient.name,
            &self.signed,
            &self.valid_until,
            &self.verification.code,
            &self.verification.address,
        ];
        let medicines = self
            .items
            .iter()
            .flat_map(|item| [&item.medicine, &item.directions]);
        let mut texts = single
            .into_iter()
            .chain(medicines)
            .chain(lists.iter().flat_map(|lines| lines.iter()));
        if lists.iter().any(|lines| lines.len() > 10)
            || texts.any(|text| text.chars().count() > MAX_TEXT_CHARS)
        {
            return Err(SheetError::TextTooLong);
        }
        Ok(self)
    }
}
