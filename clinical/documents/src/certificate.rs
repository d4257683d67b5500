//! The clinic's signing key and its self-signed certificate (X.509, ECDSA P-256 with SHA-256).

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SecureRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use jiff::Timestamp;

use crate::der;

/// Longest name in a certificate, in characters (X.520 `ub-organization-name`).
const MAX_NAME_CHARS: usize = 64;

/// Why there is no key or certificate.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// The key could not be made or read.
    #[error("the signing key cannot be used")]
    Key,
    /// The name is empty or too long for a certificate.
    #[error("the name does not fit a certificate")]
    Name,
    /// Signing failed inside the library.
    #[error("the certificate could not be signed")]
    Signing,
}

/// The private key with which a clinic seals documents.
pub struct ClinicKey {
    pair: EcdsaKeyPair,
}

impl fmt::Debug for ClinicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClinicKey(..)")
    }
}

impl ClinicKey {
    /// A new key as PKCS#8, to be kept encrypted and read by [`ClinicKey::from_pkcs8`].
    ///
    /// # Errors
    /// [`CertificateError::Key`] when there is no randomness.
    pub fn generate_pkcs8(random: &dyn SecureRandom) -> Result<Vec<u8>, CertificateError> {
        EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, random)
            .map(|document| document.as_ref().to_vec())
            .or(Err(CertificateError::Key))
    }

    /// Reads a key.
    ///
    /// # Errors
    /// [`CertificateError::Key`] when the bytes are not such a key.
    pub fn from_pkcs8(bytes: &[u8]) -> Result<Self, CertificateError> {
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, bytes)
            .map(|pair| Self { pair })
            .or(Err(CertificateError::Key))
    }

    /// The public key as an uncompressed point.
    pub(crate) fn public(&self) -> &[u8] {
        self.pair.public_key().as_ref()
    }

    pub(crate) fn sign(
        &self,
        random: &dyn SecureRandom,
        message: &[u8],
    ) -> Result<Vec<u8>, CertificateError> {
        self.pair
            .sign(random, message)
            .map(|signature| signature.as_ref().to_vec())
            .or(Err(CertificateError::Signing))
    }
}

/// A certificate of a clinic, as it lies in every document that it sealed.
#[derive(Clone, PartialEq, Eq)]
pub struct Certificate {
    der: Vec<u8>,
    issuer: Vec<u8>,
    serial: Vec<u8>,
    public: Vec<u8>,
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificate({} bytes)", self.der.len())
    }
}

impl Certificate {
    /// A certificate for the clinic's name. The caller keeps `from`, `until` and the name: with the
    /// same key they give a certificate of the same identity, whose signature alone differs.
    ///
    /// # Errors
    /// See [`CertificateError`].
    pub fn self_signed(
        key: &ClinicKey,
        clinic: &str,
        from: Timestamp,
        until: Timestamp,
        random: &dyn SecureRandom,
    ) -> Result<Self, CertificateError> {
        if clinic.trim().is_empty() || clinic.chars().count() > MAX_NAME_CHARS {
            return Err(CertificateError::Name);
        }
        let fingerprint = digest(&SHA256, key.public());
        // Twenty bytes at most, positive, and the same for the same key.
        let serial: Vec<u8> = [&[0x01], fingerprint.as_ref()]
            .concat()
            .into_iter()
            .take(17)
            .collect();
        let key_id: Vec<u8> = fingerprint.as_ref().iter().copied().take(20).collect();
        let name = name(clinic);
        let algorithm = der::sequence(&[&der::oid(der::ECDSA_WITH_SHA256)]);
        let content = der::sequence(&[
            &der::context(0, &der::unsigned(&[2])),
            &der::unsigned(&serial),
            &algorithm,
            &name,
            &der::sequence(&[&der::time(from), &der::time(until)]),
            &name,
            &public_key_info(key.public()),
            &der::context(3, &extensions(&key_id)),
        ]);
        let signature = key.sign(random, &content)?;
        Ok(Self {
            der: der::sequence(&[&content, &algorithm, &der::bits(&signature)]),
            issuer: name,
            serial: der::unsigned(&serial),
            public: key.public().to_vec(),
        })
    }

    /// A certificate that [`Certificate::self_signed`] made, from its kept bytes.
    ///
    /// # Errors
    /// [`CertificateError::Key`] when it is not the certificate of this key and name.
    pub fn from_der(bytes: &[u8], key: &ClinicKey, clinic: &str) -> Result<Self, CertificateError> {
        let fingerprint = digest(&SHA256, key.public());
        let serial: Vec<u8> = [&[0x01], fingerprint.as_ref()]
            .concat()
            .into_iter()
            .take(17)
            .collect();
        let (issuer, serial, public) =
            (name(clinic), der::unsigned(&serial), key.public().to_vec());
        let holds = |part: &[u8]| bytes.windows(part.len()).any(|window| window == part);
        if holds(&issuer) && holds(&serial) && holds(&public) {
            Ok(Self {
                der: bytes.to_vec(),
                issuer,
                serial,
                public,
            })
        } else {
            Err(CertificateError::Key)
        }
    }

    /// The certificate as DER, to be kept and to be given to whoever verifies.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    pub(crate) fn issuer_and_serial(&self) -> Vec<u8> {
        der::sequence(&[&self.issuer, &self.serial])
    }

    pub(crate) fn public(&self) -> &[u8] {
        &self.public
    }
}

/// Common name and organisation are both the clinic.
fn name(clinic: &str) -> Vec<u8> {
    let attribute = |kind: u8| {
        let pair = der::sequence(&[&der::oid(&[0x55, 0x04, kind]), &der::utf8(clinic)]);
        der::set_of(vec![pair])
    };
    der::sequence(&[&attribute(10), &attribute(3)])
}

fn public_key_info(point: &[u8]) -> Vec<u8> {
    // id-ecPublicKey 1.2.840.10045.2.1 on prime256v1 1.2.840.10045.3.1.7
    let algorithm = der::sequence(&[
        &der::oid(&[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01]),
        &der::oid(&[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07]),
    ]);
    der::sequence(&[&algorithm, &der::bits(point)])
}

fn extensions(key_id: &[u8]) -> Vec<u8> {
    let critical = [0x01, 0x01, 0xff];
    // digitalSignature and nonRepudiation: bits 0 and 1, six bits unused.
    let usage = der::tlv(0x03, &[6, 0xc0]);
    der::sequence(&[
        &der::sequence(&[
            &der::oid(&[0x55, 0x1d, 0x13]),
            &critical,
            &der::octets(&der::sequence(&[])),
        ]),
        &der::sequence(&[
            &der::oid(&[0x55, 0x1d, 0x0f]),
            &critical,
            &der::octets(&usage),
        ]),
        &der::sequence(&[
            &der::oid(&[0x55, 0x1d, 0x0e]),
            &der::octets(&der::octets(key_id)),
        ]),
    ])
}
