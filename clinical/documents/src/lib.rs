//! Documents that leave the clinic: signed prescriptions as PDF with a QR code.
//!
//! This crate exists to forbid imports: it makes bytes out of values and knows neither SQL nor HTTP.
//!
//! A [`PrescriptionSheet`] becomes a tagged PDF by [`render()`]; [`seal()`] adds a detached CMS signature
//! of the clinic that readers verify, and [`check_seal`] tells whether a file is still the one that
//! was sealed. The QR code carries what the caller gives, which must not be clinical.

mod sheet;
mod wording;

mod layout;
mod qr;
mod render;

mod certificate;
mod cms;
mod der;
mod revision;
mod seal;

pub use certificate::{Certificate, CertificateError, ClinicKey};
pub use qr::{QrPath, QrPathError, qr_path};
pub use render::{RenderError, render};
pub use seal::{BrokenSeal, SealError, check_seal, seal};
pub use sheet::{
    Language, MAX_ITEMS, MAX_PAYLOAD_BYTES, MAX_TEXT_CHARS, PrescribedItem, PrescriptionSheet,
    SheetError, SheetPerson, SheetPlace, Verification,
};
