//! The detached signature (CMS `SignedData`, RFC 5652) of one signer, as PDF wants it.

use jiff::Timestamp;

use aws_lc_rs::digest::{SHA256, digest};

use crate::certificate::Certificate;
use crate::der;

/// 1.2.840.113549.1.7.1
const DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01];
/// 1.2.840.113549.1.7.2
const SIGNED_DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02];
/// 1.2.840.113549.1.9.3
const CONTENT_TYPE: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x03];
/// 1.2.840.113549.1.9.4
const MESSAGE_DIGEST: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x04];
/// 1.2.840.113549.1.9.5
const SIGNING_TIME: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x05];
/// 1.2.840.113549.1.9.16.2.47
const SIGNING_CERTIFICATE_V2: &[u8] = &[
    0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x02, 0x2f,
];

/// What is signed: the digest of the document, the time, and which certificate.
pub(crate) fn signed_attributes(
    certificate: &Certificate,
    content: &[u8],
    at: Timestamp,
) -> Vec<u8> {
    let attribute =
        |kind: &[u8], value: Vec<u8>| der::sequence(&[&der::oid(kind), &der::set_of(vec![value])]);
    let fingerprint = digest(&SHA256, certificate.der());
    let reference = der::sequence(&[&der::sequence(&[&der::sequence(&[&der::octets(
        fingerprint.as_ref(),
    )])])]);
    der::set_of(vec![
        attribute(CONTENT_TYPE, der::oid(DATA)),
        attribute(SIGNING_TIME, der::time(at)),
        attribute(
            MESSAGE_DIGEST,
            der::octets(digest(&SHA256, content).as_ref()),
        ),
        attribute(SIGNING_CERTIFICATE_V2, reference),
    ])
}

/// The whole message. Equal inputs give equal bytes, which is how a seal is checked.
pub(crate) fn signed_data(
    certificate: &Certificate,
    attributes: &[u8],
    signature: &[u8],
) -> Vec<u8> {
    let hash = der::sequence(&[&der::oid(der::SHA256)]);
    // Inside the signer the set carries the tag [0] instead of its own.
    let mut tagged = attributes.to_vec();
    if let Some(tag) = tagged.first_mut() {
        *tag = 0xa0;
    }
    let signer = der::sequence(&[
        &der::unsigned(&[1]),
        &certificate.issuer_and_serial(),
        &hash,
        &tagged,
        &der::sequence(&[&der::oid(der::ECDSA_WITH_SHA256)]),
        &der::octets(signature),
    ]);
    let content = der::sequence(&[
        &der::unsigned(&[1]),
        &der::set_of(vec![hash]),
        &der::sequence(&[&der::oid(DATA)]),
        &der::context(0, certificate.der()),
        &der::set_of(vec![signer]),
    ]);
    der::sequence(&[&der::oid(SIGNED_DATA), &der::context(0, &content)])
}
