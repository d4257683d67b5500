//! One-time codes and recovery codes.
#![expect(clippy::unwrap_used, reason = "tests")]

use aws_lc_rs::hmac;
use clinical_factors::{
    CODE_TEXT_BYTES_MAX, OneTimeCode, OneTimeCodeError, RECOVERY_CODES, RECOVERY_RANDOM_BYTES,
    RecoveryCode, RecoverySheet, STEP_S, TimeStep, TotpSecret, WINDOW_STEPS, spend,
};
use proptest::prelude::*;

/// RFC 6238 by its text: HMAC-SHA-1 over the step, dynamic truncation, six digits.
fn by_the_rfc(secret: &[u8], unix_s: u64) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let tag = hmac::sign(&key, &(unix_s / 30).to_be_bytes());
    let mac = tag.as_ref();
    let offset = usize::from(mac[19] & 15);
    let number = mac[offset..offset + 4]
        .iter()
        .fold(0_u64, |number, byte| number * 256 + u64::from(*byte))
        % (1 << 31);
    format!("{:06}", number % 1_000_000)
}

fn code(text: &str) -> OneTimeCode {
    OneTimeCode::parse(text).unwrap()
}

#[test]
fn the_vectors_of_rfc_6238_are_accepted() {
    // Appendix B shows eight digits; six are their end.
    let secret = TotpSecret::from_random(*b"12345678901234567890");
    for (unix_s, eight) in [
        (59, "94287082"),
        (1_111_111_109, "07081804"),
        (1_111_111_111, "14050471"),
        (1_234_567_890, "89005924"),
        (2_000_000_000, "69279037"),
        (20_000_000_000, "65353130"),
    ] {
        let six = eight.get(2..).unwrap();
        let step = secret.verify(&code(six), unix_s, None).unwrap();
        assert_eq!(step, TimeStep::at(unix_s));
        assert_eq!(by_the_rfc(secret.as_bytes(), unix_s), six);
    }
}

#[test]
fn a_code_is_accepted_once() {
    let secret = TotpSecret::from_random([3; 20]);
    let now = 1_800_000_000;
    let typed = code(&by_the_rfc(secret.as_bytes(), now));
    let accepted = secret.verify(&typed, now, None).unwrap();
    assert_eq!(
        secret.verify(&typed, now, Some(accepted)),
        Err(OneTimeCodeError::Replayed)
    );
    // Nor is the code of a step before the accepted one, though the window would allow it.
    let older = code(&by_the_rfc(secret.as_bytes(), now - STEP_S));
    assert_eq!(
        secret.verify(&older, now, Some(accepted)),
        Err(OneTimeCodeError::Replayed)
    );
    let next = code(&by_the_rfc(secret.as_bytes(), now + STEP_S));
    assert!(secret.verify(&next, now + STEP_S, Some(accepted)).is_ok());
}

#[test]
fn the_window_is_one_step_to_each_side() {
    let secret = TotpSecret::from_random([9; 20]);
    let now = 1_800_000_000;
    for distance in 0..=4_u64 {
        for at in [now - distance * STEP_S, now + distance * STEP_S] {
            let outcome = secret.verify(&code(&by_the_rfc(secret.as_bytes(), at)), now, None);
            assert_eq!(outcome.is_ok(), distance <= WINDOW_STEPS, "{distance}");
        }
    }
}

#[test]
fn an_app_reads_the_address() {
    let secret = TotpSecret::from_random(*b"12345678901234567890");
    assert_eq!(secret.to_base32(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
    let text = secret
        .uri("Clinique Étoile & Co", "awa+1@clinic.example")
        .unwrap();
    let uri = url::Url::parse(&text).unwrap();
    assert_eq!((uri.scheme(), uri.host_str()), ("otpauth", Some("totp")));
    assert_eq!(
        uri.path(),
        "/Clinique%20%C3%89toile%20%26%20Co:awa%2B1%40clinic.example"
    );
    let value = |name| {
        uri.query_pairs()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    };
    assert_eq!(value("secret").unwrap(), secret.to_base32());
    assert_eq!(value("issuer").unwrap(), "Clinique Étoile & Co");
    for (issuer, account) in [
        ("", "a"),
        ("a", ""),
        ("a:b", "c"),
        ("a", "b:c"),
        ("a", &"x".repeat(121)),
    ] {
        assert!(secret.uri(issuer, account).is_err(), "{issuer} {account}");
    }
}

#[test]
fn secrets_do_not_print_themselves() {
    let secret = TotpSecret::from_random([1; 20]);
    assert_eq!(format!("{secret:?}"), "TotpSecret(..)");
    assert_eq!(format!("{:?}", code("123456")), "OneTimeCode(..)");
    let sheet = RecoverySheet::from_random(&[1; RECOVERY_RANDOM_BYTES]);
    let printed = format!("{sheet:?} {:?}", sheet.codes()[0].hash());
    assert!(!printed.contains(&sheet.codes()[0].reveal()));
    assert!(!printed.contains('1'));
}

#[test]
fn a_secret_comes_back_from_storage_and_nothing_else_does() {
    let secret = TotpSecret::from_random([5; 20]);
    assert_eq!(TotpSecret::from_stored(secret.as_bytes()), Ok(secret));
    for length in [0, 19, 21, 4096] {
        assert!(TotpSecret::from_stored(&vec![5; length]).is_err());
    }
}

#[test]
fn texts_that_are_no_code_are_refused() {
    for text in [
        "",
        "12345",
        "1234567",
        "12345a",
        "+12345",
        "-12345",
        "１２３４５６",
        "123 45",
        "123\t456",
        &" ".repeat(CODE_TEXT_BYTES_MAX + 1),
    ] {
        assert_eq!(
            OneTimeCode::parse(text).unwrap_err(),
            OneTimeCodeError::Malformed,
            "{text}"
        );
    }
    assert_eq!(code("123 456"), code("123456"));
}

#[test]
fn a_sheet_has_ten_different_codes_of_eighty_bits() {
    let random: [u8; RECOVERY_RANDOM_BYTES] = core::array::from_fn(|at| u8::try_from(at).unwrap());
    let sheet = RecoverySheet::from_random(&random);
    let texts: std::collections::BTreeSet<_> =
        sheet.codes().iter().map(RecoveryCode::reveal).collect();
    assert_eq!(texts.len(), RECOVERY_CODES);
    assert!(texts.iter().all(|text| text.len() == 19));
    // 00 01 02 03 04 05 06 07 08 09 in groups of five bits.
    assert_eq!(sheet.codes()[0].reveal(), "000G-40R4-0M30-E209");
    // Every bit counts: another bit is another code.
    let mut seen = std::collections::BTreeSet::new();
    for bit in 0..80 {
        let mut random = [0; RECOVERY_RANDOM_BYTES];
        random[bit / 8] = 1 << (bit % 8);
        assert!(seen.insert(RecoverySheet::from_random(&random).codes()[0].reveal()));
    }
}

#[test]
fn a_recovery_code_is_found_however_it_is_typed_and_works_once() {
    let random: [u8; RECOVERY_RANDOM_BYTES] =
        core::array::from_fn(|at| u8::try_from(at).unwrap().wrapping_mul(7));
    let sheet = RecoverySheet::from_random(&random);
    let mut unused: Vec<_> = sheet.codes().iter().map(RecoveryCode::hash).collect();
    let shown = sheet.codes()[4].reveal();
    let typed = RecoveryCode::parse(
        &shown
            .to_lowercase()
            .replace('-', " ")
            .replace('0', "o")
            .replace('1', "l"),
    )
    .unwrap();
    let place = spend(&unused, &typed).unwrap();
    assert_eq!(place, 4);
    unused.remove(place);
    assert_eq!(spend(&unused, &typed), None);
    for text in [
        "",
        "0000",
        "U000-0000-0000-0000",
        &"0".repeat(17),
        &"-".repeat(41),
        "é",
    ] {
        assert!(RecoveryCode::parse(text).is_err(), "{text}");
    }
}

proptest! {
    #[test]
    fn every_code_of_an_independent_implementation_is_accepted(
        secret in prop::array::uniform20(any::<u8>()),
        unix_s in 0_u64..1 << 40,
    ) {
        let outcome = TotpSecret::from_random(secret)
            .verify(&code(&by_the_rfc(&secret, unix_s)), unix_s, None);
        // Two neighbours may share a code; the older one is named then.
        prop_assert!(outcome.is_ok_and(|step| step <= TimeStep::at(unix_s)));
    }

    #[test]
    fn no_text_makes_a_parser_panic(text in ".{0,64}") {
        let _either = OneTimeCode::parse(&text);
        let _either = RecoveryCode::parse(&text);
    }

    #[test]
    fn what_is_shown_is_read_back(random in prop::collection::vec(any::<u8>(), RECOVERY_RANDOM_BYTES)) {
        let sheet = RecoverySheet::from_random(&random.try_into().unwrap());
        for code in sheet.codes() {
            prop_assert_eq!(&RecoveryCode::parse(&code.reveal()).unwrap(), code);
        }
    }
}
