//! Sealing a document, and telling whether it is still the sealed one.

use aws_lc_rs::rand::SecureRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use jiff::Timestamp;

use crate::certificate::{Certificate, CertificateError, ClinicKey};
use crate::cms;
use crate::revision;

/// Why a document was not sealed.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// The bytes are not a PDF that this crate wrote.
    #[error("this is not a document that can be sealed")]
    NotOurs,
    /// Key and certificate do not belong together.
    #[error("the certificate is not the one of this key")]
    OtherKey,
    /// The signature does not fit the room that is kept for it.
    #[error("the signature is too large")]
    TooLarge,
    /// Signing failed.
    #[error("the document could not be signed")]
    Signing(#[source] CertificateError),
}

/// What is wrong with a seal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BrokenSeal {
    /// There is none.
    #[error("the document carries no seal")]
    Missing,
    /// The document or its seal was changed, or another certificate made it.
    #[error("the document is not the one that was sealed")]
    Altered,
}

/// Adds the clinic's signature to a rendered document.
///
/// # Errors
/// See [`SealError`].
pub fn seal(
    pdf: &[u8],
    key: &ClinicKey,
    certificate: &Certificate,
    at: Timestamp,
    random: &dyn SecureRandom,
) -> Result<Vec<u8>, SealError> {
    if key.public() != certificate.public() {
        return Err(SealError::OtherKey);
    }
    let moment = at
        .to_zoned(jiff::tz::TimeZone::UTC)
        .strftime("%Y%m%d%H%M%S")
        .to_string();
    let mut prepared = revision::with_signature_field(pdf, &moment).ok_or(SealError::NotOurs)?;
    let content =
        around(&prepared.bytes, prepared.gap_start, prepared.gap_end).ok_or(SealError::NotOurs)?;
    let attributes = cms::signed_attributes(certificate, &content, at);
    let signature = key.sign(random, &attributes).map_err(SealError::Signing)?;
    let message = hexadecimal(&cms::signed_data(certificate, &attributes, &signature));
    if message.len() > revision::CONTENTS_DIGITS {
        return Err(SealError::TooLarge);
    }
    let start = prepared.gap_start + 1;
    prepared
        .bytes
        .get_mut(start..start + message.len())
        .ok_or(SealError::TooLarge)?
        .copy_from_slice(message.as_bytes());
    Ok(prepared.bytes)
}

/// When a document was sealed with this certificate, if not one byte of it has changed since.
///
/// The seal is built again from the document, the certificate, the time and the signature value and
/// compared as a whole, so that there is no part of it in which a change would go unnoticed.
///
/// # Errors
/// See [`BrokenSeal`].
pub fn check_seal(pdf: &[u8], certificate: &Certificate) -> Result<Timestamp, BrokenSeal> {
    let (start, end) = revision::gap(pdf).ok_or(BrokenSeal::Missing)?;
    let content = around(pdf, start, end).ok_or(BrokenSeal::Altered)?;
    let range = revision::byte_range(start, end, pdf.len());
    let holds_range = content
        .windows(range.len())
        .any(|window| window == range.as_bytes());
    let digits = pdf.get(start..end).ok_or(BrokenSeal::Altered)?;
    let at = moment(pdf, start).ok_or(BrokenSeal::Altered)?;
    let attributes = cms::signed_attributes(certificate, &content, at);
    let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, certificate.public());
    // An ECDSA signature on P-256 has at most 72 bytes and rarely fewer than 68.
    let genuine = holds_range
        && (60..=72).any(|length| {
            let Some(signature) = signature_value(digits, certificate, &attributes, length) else {
                return false;
            };
            let message = hexadecimal(&cms::signed_data(certificate, &attributes, &signature));
            let expected = format!("<{message:0<width$}>", width = revision::CONTENTS_DIGITS);
            digits == expected.as_bytes() && key.verify(&attributes, &signature).is_ok()
        });
    if genuine {
        Ok(at)
    } else {
        Err(BrokenSeal::Altered)
    }
}

/// All but the signature.
fn around(pdf: &[u8], start: usize, end: usize) -> Option<Vec<u8>> {
    Some([pdf.get(..start)?, pdf.get(end..)?].concat())
}

/// The last bytes of the message, if the signature has this length.
fn signature_value(
    digits: &[u8],
    certificate: &Certificate,
    attributes: &[u8],
    length: usize,
) -> Option<Vec<u8>> {
    let total = cms::signed_data(certificate, attributes, &vec![0; length]).len();
    let from = 1 + (total - length) * 2;
    let digits = std::str::from_utf8(digits.get(from..from + length * 2)?).ok()?;
    let pairs: Vec<char> = digits.chars().collect();
    pairs
        .chunks(2)
        .map(|pair| u8::from_str_radix(&pair.iter().collect::<String>(), 16).ok())
        .collect()
}

/// The time beside the signature.
fn moment(pdf: &[u8], gap_start: usize) -> Option<Timestamp> {
    let from = gap_start.checked_sub(300)?;
    let nearby = String::from_utf8_lossy(pdf.get(from..gap_start)?).into_owned();
    let text = nearby
        .rsplit_once("/M (D:")?
        .1
        .split_once("Z)")?
        .0
        .to_owned();
    let civil = jiff::civil::DateTime::strptime("%Y%m%d%H%M%S", &text).ok()?;
    civil
        .to_zoned(jiff::tz::TimeZone::UTC)
        .ok()
        .map(|zoned| zoned.timestamp())
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            for half in [byte >> 4, byte & 15] {
                text.push(char::from_digit(u32::from(half), 16).unwrap_or('0'));
            }
            text
        })
}
