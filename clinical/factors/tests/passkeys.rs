//! Registration and sign-in with a software authenticator, and what must be refused.
#![expect(clippy::unwrap_used, reason = "tests")]

mod authenticator;

use authenticator::Device;
use clinical_factors::{
    AccountHandle, Assertion, Attestation, Authentication, CeremonyState, Offer, PASSKEYS_MAX,
    Passkey, PasskeyError, PasskeyName, RESPONSE_BYTES_MAX, RelyingParty,
};
use serde_json::Value;

const ID: &str = "clinic.example";
const ORIGIN: &str = "https://clinic.example";
const ACCOUNT: AccountHandle = AccountHandle::new([7; 16]);

fn site() -> RelyingParty {
    RelyingParty::new(ID, ORIGIN, "Clinic").unwrap()
}

fn offer(site: &RelyingParty, present: &[Passkey]) -> Offer {
    let name = PasskeyName::parse("doctor@clinic.example").unwrap();
    site.begin_registration(ACCOUNT, &name, present).unwrap()
}

fn register(site: &RelyingParty, device: &mut Device) -> Result<Passkey, PasskeyError> {
    let offer = offer(site, &[]);
    let answer = Attestation::parse(&device.create(&offer.options_json)).unwrap();
    site.finish_registration(&offer.state, &answer, &[])
}

fn sign_in(
    site: &RelyingParty,
    device: &mut Device,
    passkey: &Passkey,
) -> Result<Passkey, PasskeyError> {
    let passkeys = [passkey.clone()];
    let offer = site
        .begin_authentication(Authentication::Of(&passkeys))
        .unwrap();
    let answer = Assertion::parse(&device.get(&offer.options_json)).unwrap();
    site.finish_authentication(&offer.state, &answer, ACCOUNT, &passkeys)
        .map(|signed_in| signed_in.passkey)
}

#[test]
fn a_registered_passkey_signs_in_again_and_again() {
    let site = site();
    let mut device = Device::new(ID, ORIGIN);
    let mut passkey = register(&site, &mut device).unwrap();
    assert_eq!(passkey.credential_id(), device.credential_id);
    for _ in 0..3 {
        passkey = sign_in(&site, &mut device, &passkey).unwrap();
    }
}

#[test]
fn passkeys_and_ceremonies_survive_being_stored() {
    let site = site();
    let mut device = Device::new(ID, ORIGIN);
    let first = offer(&site, &[]);
    let state = CeremonyState::from_bytes(&first.state.to_bytes().unwrap()).unwrap();
    let answer = Attestation::parse(&device.create(&first.options_json)).unwrap();
    let passkey = site.finish_registration(&state, &answer, &[]).unwrap();
    let passkey = Passkey::from_bytes(&passkey.to_bytes().unwrap()).unwrap();

    let second = site
        .begin_authentication(Authentication::Discoverable)
        .unwrap();
    let state = CeremonyState::from_bytes(&second.state.to_bytes().unwrap()).unwrap();
    let answer = Assertion::parse(&device.get(&second.options_json)).unwrap();
    let signed_in = site
        .finish_authentication(&state, &answer, ACCOUNT, &[passkey])
        .unwrap();
    assert!(signed_in.changed, "the counter has grown");
}

#[test]
fn a_device_finds_the_account_when_nobody_named_it() {
    let site = site();
    let mut device = Device::new(ID, ORIGIN);
    let passkey = register(&site, &mut device).unwrap();
    let offer = site
        .begin_authentication(Authentication::Discoverable)
        .unwrap();
    let options: Value = serde_json::from_str(&offer.options_json).unwrap();
    assert_eq!(options["allowCredentials"], serde_json::json!([]));
    let answer = Assertion::parse(&device.get(&offer.options_json)).unwrap();
    assert_eq!(answer.account(), Some(ACCOUNT));
    site.finish_authentication(&offer.state, &answer, ACCOUNT, &[passkey])
        .unwrap();
}

#[test]
fn an_answer_that_names_another_account_is_refused() {
    let site = site();
    let mut device = Device::new(ID, ORIGIN);
    let passkey = register(&site, &mut device).unwrap();
    device.user_handle = Some(vec![8; 16]);
    assert_eq!(
        sign_in(&site, &mut device, &passkey).unwrap_err(),
        PasskeyError::Unknown
    );
}

#[test]
fn both_ceremonies_ask_the_device_to_verify_its_user() {
    let site = site();
    let mut device = Device::new(ID, ORIGIN);
    let registration: Value = serde_json::from_str(&offer(&site, &[]).options_json).unwrap();
    let selection = &registration["authenticatorSelection"];
    assert_eq!(selection["userVerification"], "required");
    assert_eq!(selection["residentKey"], "preferred");
    let passkey = register(&site, &mut device).unwrap();
    let begun = site
        .begin_authentication(Authentication::Of(core::slice::from_ref(&passkey)))
        .unwrap();
    let options: Value = serde_json::from_str(&begun.options_json).unwrap();
    assert_eq!(options["userVerification"], "required");
    assert_eq!(options["allowCredentials"].as_array().unwrap().len(), 1);
}

#[test]
fn a_device_that_has_not_verified_its_user_is_refused_in_both_ceremonies() {
    let site = site();
    let mut device = Device::new(ID, ORIGIN);
    device.verifies = false;
    assert_eq!(
        register(&site, &mut device).unwrap_err(),
        PasskeyError::NotVerified
    );
    device.verifies = true;
    let passkey = register(&site, &mut device).unwrap();
    device.verifies = false;
    assert_eq!(
        sign_in(&site, &mut device, &passkey).unwrap_err(),
        PasskeyError::NotVerified
    );
}

#[test]
fn an_answer_given_to_another_site_is_refused() {
    let site = site();
    let foreign = "https://clinic.example.evil.test";
    let mut device = Device::new(ID, foreign);
    assert_eq!(
        register(&site, &mut device).unwrap_err(),
        PasskeyError::Origin
    );
    device.origin = ORIGIN.to_owned();
    let passkey = register(&site, &mut device).unwrap();
    for origin in [
        foreign,
        "http://clinic.example",
        "https://sub.clinic.example",
        "https://clinic.example:8443",
    ] {
        device.origin = origin.to_owned();
        assert_eq!(
            sign_in(&site, &mut device, &passkey).unwrap_err(),
            PasskeyError::Origin,
            "{origin}"
        );
    }
}

#[test]
fn an_answer_to_another_challenge_is_refused() {
    let site = site();
    let mut device = Device::new(ID, ORIGIN);
    let passkeys = [register(&site, &mut device).unwrap()];
    let by = Authentication::Of(&passkeys);
    let first = site.begin_authentication(by).unwrap();
    let second = site.begin_authentication(by).unwrap();
    let answer = Assertion::parse(&device.get(&first.options_json)).unwrap();
    let refusal = site
        .finish_authentication(&second.state, &answer, ACCOUNT, &passkeys)
        .unwrap_err();
    assert_eq!(refusal, PasskeyError::Challenge);

    let (one, two) = (offer(&site, &[]), offer(&site, &[]));
    let answer = Attestation::parse(&device.create(&one.options_json)).unwrap();
    assert_eq!(
        site.finish_registration(&two.state, &answer, &[])
            .unwrap_err(),
        PasskeyError::Challenge
    );
}

#[test]
fn a_replayed_answer_is_refused_by_a_new_ceremony_and_by_the_counter() {
    let site = site();
    let mut device = Device::new(ID, ORIGIN);
    let passkeys = [register(&site, &mut device).unwrap()];
    let begun = site
        .begin_authentication(Authentication::Of(&passkeys))
        .unwrap();
    let answer = Assertion::parse(&device.get(&begun.options_json)).unwrap();
    let stored = [site
        .finish_authentication(&begun.state, &answer, ACCOUNT, &passkeys)
        .unwrap()
        .passkey];

    let later = site
        .begin_authentication(Authentication::Of(&stored))
        .unwrap();
    assert_eq!(
        site.finish_authentication(&later.state, &answer, ACCOUNT, &stored)
            .unwrap_err(),
        PasskeyError::Challenge
    );
    // Should a caller forget to remove the state, the counter still tells.
    assert_eq!(
        site.finish_authentication(&begun.state, &answer, ACCOUNT, &stored)
            .unwrap_err(),
        PasskeyError::CounterRegressed
    );
}

#[test]
fn a_counter_that_went_back_is_reported_as_such() {
    let site = site();
    let mut device = Device::new(ID, ORIGIN);
    device.counter = 10;
    let passkey = register(&site, &mut device).unwrap();
    let passkey = sign_in(&site, &mut device, &passkey).unwrap();
    for copied in [5, 10] {
        device.counter = copied; // One is added when signing: 6 and 11, and 11 is stored.
        assert_eq!(
            sign_in(&site, &mut device, &passkey).unwrap_err(),
            PasskeyError::CounterRegressed
        );
    }
    device.counter = 11;
    sign_in(&site, &mut device, &passkey).unwrap();
}

#[test]
fn a_device_that_never_counts_may_sign_in_often() {
    let site = site();
    let mut device = Device::new(ID, ORIGIN);
    let mut passkey = register(&site, &mut device).unwrap();
    for _ in 0..2 {
        let passkeys = [passkey.clone()];
        let begun = site
            .begin_authentication(Authentication::Of(&passkeys))
            .unwrap();
        let json = device.get_without_counting(&begun.options_json);
        let answer = Assertion::parse(&json).unwrap();
        passkey = site
            .finish_authentication(&begun.state, &answer, ACCOUNT, &passkeys)
            .unwrap()
            .passkey;
    }
}

#[test]
fn a_signature_of_another_key_is_refused() {
    let site = site();
    let mut device = Device::new(ID, ORIGIN);
    let passkey = register(&site, &mut device).unwrap();
    let mut thief = Device::new(ID, ORIGIN);
    thief.credential_id.clone_from(&device.credential_id);
    thief.counter = 100;
    assert_eq!(
        sign_in(&site, &mut thief, &passkey).unwrap_err(),
        PasskeyError::Wrong
    );
    let mut stranger = Device::new(ID, ORIGIN);
    assert_eq!(
        sign_in(&site, &mut stranger, &passkey).unwrap_err(),
        PasskeyError::Unknown
    );
}

#[test]
fn a_passkey_is_registered_once() {
    let site = site();
    let mut device = Device::new(ID, ORIGIN);
    let passkey = register(&site, &mut device).unwrap();
    let present = [passkey];
    let again = offer(&site, &present);
    let answer = Attestation::parse(&device.create(&again.options_json)).unwrap();
    assert_eq!(
        site.finish_registration(&again.state, &answer, &present)
            .unwrap_err(),
        PasskeyError::Registered
    );
}

#[test]
fn a_state_works_for_its_own_kind_of_ceremony_only() {
    let site = site();
    let mut device = Device::new(ID, ORIGIN);
    let passkeys = [register(&site, &mut device).unwrap()];
    let registration = offer(&site, &[]);
    let authentication = site
        .begin_authentication(Authentication::Of(&passkeys))
        .unwrap();
    let made = Attestation::parse(&device.create(&registration.options_json)).unwrap();
    let signed = Assertion::parse(&device.get(&authentication.options_json)).unwrap();
    assert_eq!(
        site.finish_registration(&authentication.state, &made, &[])
            .unwrap_err(),
        PasskeyError::Stored
    );
    assert_eq!(
        site.finish_authentication(&registration.state, &signed, ACCOUNT, &passkeys)
            .unwrap_err(),
        PasskeyError::Stored
    );
}

#[test]
fn lists_and_texts_have_an_end() {
    let site = site();
    let mut device = Device::new(ID, ORIGIN);
    let passkey = register(&site, &mut device).unwrap();
    let name = PasskeyName::parse("a").unwrap();
    let full = vec![passkey; PASSKEYS_MAX];
    assert_eq!(
        site.begin_registration(ACCOUNT, &name, &full).unwrap_err(),
        PasskeyError::TooMany
    );
    let long = " ".repeat(RESPONSE_BYTES_MAX + 1);
    assert_eq!(
        Assertion::parse(&long).unwrap_err(),
        PasskeyError::Malformed
    );
    assert_eq!(
        Attestation::parse(&long).unwrap_err(),
        PasskeyError::Malformed
    );
    for text in ["", "{}", "[]", "null", "{\"id\":1}"] {
        assert_eq!(Assertion::parse(text).unwrap_err(), PasskeyError::Malformed);
        assert_eq!(
            Attestation::parse(text).unwrap_err(),
            PasskeyError::Malformed
        );
    }
    for name in ["", "  ", "a\nb", &"x".repeat(65)] {
        assert_eq!(PasskeyName::parse(name).unwrap_err(), PasskeyError::Name);
    }
    assert_eq!(
        site.begin_authentication(Authentication::Of(&[]))
            .unwrap_err(),
        PasskeyError::Unknown
    );
    assert_eq!(
        CeremonyState::from_bytes(b"{}").unwrap_err(),
        PasskeyError::Stored
    );
}

#[test]
fn every_cut_of_an_answer_is_refused_without_a_panic() {
    let site = site();
    let mut device = Device::new(ID, ORIGIN);
    let registration = offer(&site, &[]);
    let whole = device.create(&registration.options_json);
    let json: Value = serde_json::from_str(&whole).unwrap();
    let object = json["response"]["attestationObject"].as_str().unwrap();
    for length in 0..object.len() {
        let mut cut = json.clone();
        cut["response"]["attestationObject"] = object.get(..length).unwrap().into();
        let outcome = Attestation::parse(&cut.to_string())
            .and_then(|answer| site.finish_registration(&registration.state, &answer, &[]));
        assert!(outcome.is_err(), "{length} letters of it were accepted");
    }
}

#[test]
fn a_site_needs_a_secure_origin_and_a_domain_of_it() {
    assert!(RelyingParty::new("localhost", "http://localhost:8080", "Clinic").is_ok());
    assert!(RelyingParty::new("example.org", "https://clinic.example.org", "Clinic").is_ok());
    for (id, origin) in [
        ("clinic.example", "http://clinic.example"),
        ("other.example", "https://clinic.example"),
        ("example", "https://clinic-example"),
        ("127.0.0.1", "http://127.0.0.1:8080"),
        ("127.0.0.1", "https://127.0.0.1"),
        ("clinic.example", "clinic.example"),
    ] {
        assert!(RelyingParty::new(id, origin, "Clinic").is_err(), "{origin}");
    }
}

#[test]
fn nothing_that_proves_prints_itself() {
    let site = site();
    let mut device = Device::new(ID, ORIGIN);
    let begun = offer(&site, &[]);
    let answer = Attestation::parse(&device.create(&begun.options_json)).unwrap();
    let passkey = site
        .finish_registration(&begun.state, &answer, &[])
        .unwrap();
    assert_eq!(format!("{answer:?}"), "Attestation(..)");
    assert_eq!(format!("{passkey:?}"), "Passkey(..)");
    assert_eq!(format!("{:?}", begun.state), "CeremonyState(..)");
}
