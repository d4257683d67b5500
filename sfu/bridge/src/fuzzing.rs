//! What must hold of protected packets, whoever sent them. For the fuzz targets only.

use sfu_phone::{CryptoLine, CryptoSuite};

use crate::srtp::{Srtp, SrtpError};

/// Packets of one input.
const PACKETS_MAX: usize = 64;
const SUITES: [CryptoSuite; 4] = [
    CryptoSuite::AesCm128Sha1Tag80,
    CryptoSuite::AesCm128Sha1Tag32,
    CryptoSuite::AesGcm128,
    CryptoSuite::AesGcm256,
];

/// A byte for the suite, then packets behind a byte with their length each. What we protect, the other
/// end opens as the same and once; what was changed anywhere, it does not open; and what comes from
/// strangers is not opened and disturbs nothing.
pub fn srtp(bytes: &[u8]) {
    let Some((suite, mut rest)) = bytes.split_first() else {
        return;
    };
    let suite = SUITES.into_iter().cycle().nth(usize::from(suite % 4));
    let Some(suite) = suite else {
        return;
    };
    let (Some(mut ours), Some(mut theirs)) = (keys(suite), keys(suite)) else {
        return;
    };
    for _ in 0..PACKETS_MAX {
        let Some((length, after)) = rest.split_first() else {
            return;
        };
        let packet = after.get(..usize::from(*length)).unwrap_or(after);
        rest = after.get(packet.len()..).unwrap_or_default();
        alone(suite, packet);
        assert!(theirs.open(packet).is_err(), "a stranger was believed");
        if let Ok(sealed) = ours.seal(packet) {
            // Old ones are refused in a stream that goes on; none is opened as something else.
            let opened = theirs.open(&sealed);
            assert!(opened.is_err() || opened.as_deref() == Ok(packet));
        }
    }
}

fn keys(suite: CryptoSuite) -> Option<Srtp> {
    let line = CryptoLine::new(1, suite, vec![7; suite.key_bytes()]).ok()?;
    Srtp::new(&line).ok()
}

/// The first packet of a call.
fn alone(suite: CryptoSuite, packet: &[u8]) {
    let (Some(mut ours), Some(mut theirs)) = (keys(suite), keys(suite)) else {
        return;
    };
    let Ok(sealed) = ours.seal(packet) else {
        return;
    };
    assert!(sealed.len() >= packet.len().saturating_add(4));
    for at in [0, sealed.len() / 2, sealed.len().saturating_sub(1)] {
        let mut forged = sealed.clone();
        if let Some(byte) = forged.get_mut(at) {
            *byte ^= 1;
        }
        assert!(
            theirs.open(&forged).is_err(),
            "a changed packet was believed"
        );
        let cut = sealed.get(..at).unwrap_or_default();
        assert!(theirs.open(cut).is_err(), "half a packet was believed");
    }
    assert_eq!(theirs.open(&sealed).as_deref(), Ok(packet));
    assert_eq!(theirs.open(&sealed), Err(SrtpError::Repeated));
}
