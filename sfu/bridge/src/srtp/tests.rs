//! Vectors of RFC 3711 and packets of libsrtp, replay, and what is forged.

use super::*;

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text
        .bytes()
        .filter(|byte| !byte.is_ascii_whitespace())
        .map(|byte| u8::try_from(char::from(byte).to_digit(16).unwrap()).unwrap())
        .collect();
    digits.chunks(2).map(|two| two[0] << 4 | two[1]).collect()
}

fn srtp(suite: CryptoSuite, master: &str) -> Srtp {
    Srtp::new(&CryptoLine::new(1, suite, hex(master)).unwrap()).unwrap()
}

/// RFC 3711 appendix B.3: session keys of a master key.
#[test]
fn keys_are_derived_as_the_rfc_says() {
    let key = hex("E1F97A0D3E018BE0D64FA32C06DE4139");
    let salt = hex("0EC675AD498AFEEBB6960B3AABE6");
    let of = |label, bytes| derive(&key, &salt, label, bytes).unwrap();
    assert_eq!(of(0, 16), hex("C61E7A93744F39EE10734AFE3FF7A087"));
    assert_eq!(of(2, 14), hex("30CBBC08863D8C85D49DB34A9AE1"));
    assert_eq!(of(1, 20), hex("CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4"));
}

/// RFC 3711 appendix B.2: the key stream of a session key.
#[test]
fn the_key_stream_is_that_of_the_rfc() {
    let key = hex("2B7E151628AED2A6ABF7158809CF4F3C");
    let cipher = EncryptingKey::ctr(UnboundCipherKey::new(&AES_128, &key).unwrap()).unwrap();
    let salt = array(&hex("F0F1F2F3F4F5F6F7F8F9FAFBFCFD")).unwrap();
    let mut stream = [0; 48];
    apply(&cipher, counter_iv(&salt, 0, 0), &mut stream).unwrap();
    let expected = "E03EAD0935C95E80E166B16DD92B4EB4 D23513162B02D0F72A43A2FE4A5F97AB
        41E95B3BB0A2E8DD477901E4FCA894C0";
    assert_eq!(stream.to_vec(), hex(expected));
}

const CLEAR: &str = "800f1234decafbadcafebabe abababababababababababababababab";
const REPORT: &str = "81c8000bcafebabe abababababababababababababababab";

/// What libsrtp makes of its test packets with the keys of its test.
#[test]
fn whole_packets_are_those_of_another_implementation() {
    let master = "e1f97a0d3e018be0d64fa32c06de4139 0ec675ad498afeebb6960b3aabe6";
    let mut ours = srtp(CryptoSuite::AesCm128Sha1Tag80, master);
    let expected = "800f1234decafbadcafebabe 4e55dc4ce79978d88ca4d215949d2402 b78d6acc99ea179b8dbb";
    assert_eq!(ours.seal(&hex(CLEAR)).unwrap(), hex(expected));
    let expected =
        "81c8000bcafebabe 7128035be487b9bdbef89041f977a5a8 80000001 993e08cd54d6c1230798";
    assert_eq!(ours.seal(&hex(REPORT)).unwrap(), hex(expected));
    let master = "000102030405060708090a0b0c0d0e0f a0a1a2a3a4a5a6a7a8a9aaab";
    let mut ours = srtp(CryptoSuite::AesGcm128, master);
    let expected = "800f1234decafbadcafebabe c5002ede04cfdd2eb91159e0880aa06e
        d2976826f796b201df3131a127e8a392";
    assert_eq!(ours.seal(&hex(CLEAR)).unwrap(), hex(expected));
}

fn pairs() -> Vec<(Srtp, Srtp)> {
    let suites = [
        CryptoSuite::AesCm128Sha1Tag80,
        CryptoSuite::AesCm128Sha1Tag32,
        CryptoSuite::AesGcm128,
        CryptoSuite::AesGcm256,
    ];
    suites
        .into_iter()
        .map(|suite| {
            let key: Vec<u8> = (7..).take(suite.key_bytes()).collect();
            let line = CryptoLine::new(1, suite, key).unwrap();
            (Srtp::new(&line).unwrap(), Srtp::new(&line).unwrap())
        })
        .collect()
}

fn packet(sequence: u16) -> Vec<u8> {
    let mut packet = hex(CLEAR);
    packet[2..4].copy_from_slice(&sequence.to_be_bytes());
    packet
}

#[test]
fn what_was_sealed_is_opened_once_over_wraps_losses_and_a_new_order() {
    for (mut ours, mut theirs) in pairs() {
        let mut sealed = Vec::new();
        // Nearly everything is lost meanwhile, for longer than the numbers need to wrap.
        let few = (65_500..65_600_u32).chain((6..9).map(|n| n * 16_384));
        for number in few.chain(134_900..135_000) {
            let clear = packet(u16::try_from(number & 0xFFFF).unwrap());
            let bytes = ours.seal(&clear).unwrap();
            assert!(!bytes.windows(8).any(|it| it == [0xAB; 8]), "in clear");
            match number {
                // The first one tells where the other side stands.
                65_500 => assert_eq!(theirs.open(&bytes).unwrap(), clear),
                65_501..65_560 => sealed.push((clear, bytes)),
                65_560 => {
                    for (clear, bytes) in sealed.drain(..).rev().take(50) {
                        assert_eq!(theirs.open(&bytes).unwrap(), clear);
                        assert_eq!(theirs.open(&bytes), Err(SrtpError::Repeated));
                    }
                }
                _ if number % 16_384 == 0 => assert_eq!(theirs.open(&bytes).unwrap(), clear),
                134_900.. => sealed.push((clear, bytes)),
                _ => {}
            }
        }
        for pair in sealed.chunks(2) {
            for (clear, bytes) in pair.iter().rev() {
                assert_eq!(theirs.open(bytes).unwrap(), *clear);
            }
        }
        for (_, bytes) in &sealed {
            assert_eq!(theirs.open(bytes), Err(SrtpError::Repeated));
        }
    }
}

#[test]
fn no_changed_bit_passes_and_none_changes_anything() {
    for (mut ours, mut theirs) in pairs() {
        for clear in [packet(9), hex(REPORT)] {
            let sealed = ours.seal(&clear).unwrap();
            for bit in 0..sealed.len() * 8 {
                let mut changed = sealed.clone();
                changed[bit / 8] ^= 1 << (bit % 8);
                assert!(theirs.open(&changed).is_err(), "bit {bit}");
            }
            for end in 0..sealed.len() {
                assert!(theirs.open(&sealed[..end]).is_err());
            }
            assert_eq!(theirs.open(&sealed).unwrap(), clear);
            assert_eq!(theirs.open(&sealed), Err(SrtpError::Repeated));
        }
    }
}

#[test]
fn a_header_with_sources_and_extension_stays_in_clear_and_is_signed() {
    for (mut ours, mut theirs) in pairs() {
        let mut clear = hex("910f1234decafbadcafebabe 00000001 bede0001 10203040");
        clear.extend([0xAB; 16]);
        let sealed = ours.seal(&clear).unwrap();
        assert_eq!(sealed[..24], clear[..24]);
        assert_ne!(sealed[24..40], clear[24..40]);
        assert_eq!(theirs.open(&sealed).unwrap(), clear);
    }
}

#[test]
fn another_key_opens_nothing_and_senders_do_not_fill_the_memory() {
    for (mut ours, mut theirs) in pairs() {
        for ssrc in 0..50_u32 {
            let mut clear = packet(7);
            clear[8..12].copy_from_slice(&ssrc.to_be_bytes());
            let sealed = ours.seal(&clear).unwrap();
            assert_eq!(theirs.open(&sealed).unwrap(), clear);
        }
        assert!(ours.streams.len() <= STREAMS_MAX && theirs.streams.len() <= STREAMS_MAX);
        let master = "00".repeat(30);
        let mut other = srtp(CryptoSuite::AesCm128Sha1Tag80, &master);
        let sealed = ours.seal(&packet(8)).unwrap();
        assert!(other.open(&sealed).is_err());
        assert!(other.streams.is_empty());
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
    #[test]
    fn no_bytes_panic_and_none_pass(
        mut bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..120),
        version: bool,
    ) {
        if let (true, Some(first)) = (version, bytes.first_mut()) {
            *first = *first & 0x3F | 0x80;
        }
        for (mut ours, mut theirs) in pairs() {
            proptest::prop_assert!(theirs.open(&bytes).is_err());
            if let Ok(sealed) = ours.seal(&bytes) {
                proptest::prop_assert_eq!(theirs.open(&sealed), Ok(bytes.clone()));
            }
        }
    }
}
