//! The key with which the installation seals documents that leave it.

use aws_lc_rs::rand::SystemRandom;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clinical_documents::{Certificate, CertificateError, ClinicKey};
use clinical_model::Micros;
use jiff::Timestamp;

/// The name in the certificate.
const NAME: &str = "Telehealth Hub";
/// How long the certificate says that it is valid: longer than any prescription.
const LIFE_US: i64 = 3_650 * Micros::DAY;

/// Why there is no seal.
#[derive(Debug, thiserror::Error)]
pub enum SealKeyError {
    /// The kept text is no key with its certificate.
    #[error("the kept seal is damaged")]
    Damaged,
    /// The key or the certificate is not acceptable.
    #[error("the seal could not be made or read")]
    Certificate(#[from] CertificateError),
}

/// Key and certificate of the installation.
pub struct Seal {
    pub(super) key: ClinicKey,
    pub(super) certificate: Certificate,
    /// Where the pages are, without a slash at the end.
    pub(super) site: Option<String>,
}

impl core::fmt::Debug for Seal {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Seal(..)")
    }
}

fn timestamp(at: Micros) -> Result<Timestamp, SealKeyError> {
    Timestamp::from_microsecond(at.0).or(Err(SealKeyError::Damaged))
}

impl Seal {
    /// A new key with its certificate, as a text to keep secret.
    ///
    /// # Errors
    /// The machine gives no randomness.
    pub fn generate(now: Micros) -> Result<String, SealKeyError> {
        let random = SystemRandom::new();
        let bytes = ClinicKey::generate_pkcs8(&random)?;
        let key = ClinicKey::from_pkcs8(&bytes)?;
        let (from, until) = (timestamp(now)?, timestamp(now.plus(LIFE_US))?);
        let certificate = Certificate::self_signed(&key, NAME, from, until, &random)?;
        let (key, certificate) = (STANDARD.encode(bytes), STANDARD.encode(certificate.der()));
        Ok(format!("{key}\n{certificate}\n"))
    }

    /// Reads what [`Seal::generate`] has made.
    ///
    /// # Errors
    /// [`SealKeyError`]
    pub fn from_text(text: &str, site: Option<String>) -> Result<Self, SealKeyError> {
        let (key, certificate) = text.split_once('\n').ok_or(SealKeyError::Damaged)?;
        let bytes = |part: &str| STANDARD.decode(part.trim()).or(Err(SealKeyError::Damaged));
        let key = ClinicKey::from_pkcs8(&bytes(key)?)?;
        let certificate = Certificate::from_der(&bytes(certificate)?, &key, NAME)?;
        Ok(Self {
            key,
            certificate,
            site,
        })
    }
}
