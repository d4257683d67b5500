//! What a pass says arrives as it was minted, and nothing else is a pass.
#![expect(clippy::unwrap_used, reason = "tests")]

use aws_lc_rs::signature::Ed25519KeyPair;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use signaling_protocol::{NAME_CHARS_MAX, ParticipantId, Role, RoomId};
use signaling_ticket::{
    KeyError, MintError, OBSERVED_ROOMS_MAX, Observed, PASS_BYTES_MAX, PASS_LIFE_S_MAX, PassError,
    PassKey, Purpose,
};
use uuid::Uuid;

const NOW_US: i64 = 1_800_000_000_500_000;
const NOW_S: i64 = 1_800_000_000;

fn key() -> PassKey {
    PassKey::from_pem(&PassKey::generate().unwrap()).unwrap()
}

fn visit() -> Purpose {
    Purpose::Visit {
        room: RoomId::from_uuid(Uuid::from_u128(1)),
        participant: ParticipantId::from_uuid(Uuid::from_u128(2)),
        name: "Zoé".to_owned(),
        role: Role::Guest,
        relation: Some("sister".to_owned()),
        admitted: true,
    }
}

fn id() -> Uuid {
    Uuid::from_u128(9)
}

/// A token with this header and these claims, signed with the key in `pem`.
fn signed(pem: &str, header: &Value, claims: &Value) -> String {
    let der = EncodingKey::from_ed_pem(pem.as_bytes()).unwrap();
    let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der.as_bytes()).unwrap();
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(header), part(claims));
    let signature = URL_SAFE_NO_PAD.encode(pair.sign(message.as_bytes()));
    format!("{message}.{signature}")
}

fn header_of(key: &PassKey) -> Value {
    json!({"typ": "telehealth-pass+jwt", "alg": "EdDSA", "kid": key.id()})
}

fn claims() -> Value {
    json!({
        "iss": "telehealth-clinic", "aud": "telehealth-signal", "jti": id(),
        "iat": NOW_S, "exp": NOW_S + 60,
        "purpose": {"kind": "connection_test", "participant": Uuid::from_u128(2)},
    })
}

#[test]
fn every_purpose_arrives_as_it_was_minted() {
    let key = key();
    let rooms = vec![RoomId::from_uuid(Uuid::from_u128(5)); OBSERVED_ROOMS_MAX];
    for purpose in [
        visit(),
        Purpose::ConnectionTest {
            participant: ParticipantId::from_uuid(Uuid::from_u128(2)),
        },
        Purpose::Observe {
            rooms: Observed::All,
        },
        Purpose::Observe {
            rooms: Observed::Rooms(rooms),
        },
    ] {
        let token = key.mint(id(), &purpose, NOW_US, 60).unwrap();
        let pass = key.checker().check(&token, NOW_US).unwrap();
        assert_eq!(pass.id, id());
        assert_eq!(pass.purpose, purpose);
        assert_eq!(pass.expires_us, (NOW_S + 60) * 1_000_000);
    }
}

#[test]
fn a_pass_ends_at_its_time() {
    let key = key();
    let token = key.mint(id(), &visit(), NOW_US, 60).unwrap();
    let end_us = (NOW_S + 60) * 1_000_000;
    assert!(key.checker().check(&token, end_us - 1).is_ok());
    assert_eq!(key.checker().check(&token, end_us), Err(PassError::Expired));
}

#[test]
fn a_pass_of_another_key_is_refused_unless_both_are_accepted() {
    let (old, new) = (key(), key());
    let token = old.mint(id(), &visit(), NOW_US, 60).unwrap();
    assert_eq!(
        new.checker().check(&token, NOW_US),
        Err(PassError::UnknownKey)
    );
    assert!(
        new.checker()
            .or(old.checker())
            .check(&token, NOW_US)
            .is_ok()
    );
}

#[test]
fn a_foreign_key_under_our_key_id_is_forged() {
    let key = key();
    let foreign = PassKey::generate().unwrap();
    let token = signed(&foreign, &header_of(&key), &claims());
    assert_eq!(key.checker().check(&token, NOW_US), Err(PassError::Forged));
}

#[test]
fn a_changed_byte_anywhere_is_refused() {
    let key = key();
    let token = key.mint(id(), &visit(), NOW_US, 60).unwrap();
    for at in 0..token.len() {
        let mut bytes = token.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(bytes).unwrap();
        assert!(key.checker().check(&changed, NOW_US).is_err(), "byte {at}");
    }
}

#[test]
fn no_other_algorithm_is_a_signature() {
    let pem = PassKey::generate().unwrap();
    let key = PassKey::from_pem(&pem).unwrap();
    for alg in ["none", "None", "nOnE", "", "HS256", "RS256", "ES256"] {
        let header = json!({"typ": "telehealth-pass+jwt", "alg": alg, "kid": key.id()});
        for token in [
            signed(&pem, &header, &claims()),
            signed(&pem, &header, &claims())
                .rsplit_once('.')
                .map(|(message, _)| format!("{message}."))
                .unwrap(),
        ] {
            assert!(key.checker().check(&token, NOW_US).is_err(), "alg {alg:?}");
        }
    }
    // The public key as an HMAC secret.
    let mut header = Header::new(Algorithm::HS256);
    header.kid = Some(key.id().to_owned());
    let der = EncodingKey::from_ed_pem(pem.as_bytes()).unwrap();
    let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der.as_bytes()).unwrap();
    let public = aws_lc_rs::signature::KeyPair::public_key(&pair);
    let secret = EncodingKey::from_secret(public.as_ref());
    let token = jsonwebtoken::encode(&header, &claims(), &secret).unwrap();
    assert_eq!(key.checker().check(&token, NOW_US), Err(PassError::Header));
}

#[test]
fn a_header_with_anything_more_is_refused() {
    let pem = PassKey::generate().unwrap();
    let key = PassKey::from_pem(&pem).unwrap();
    assert!(
        key.checker()
            .check(&signed(&pem, &header_of(&key), &claims()), NOW_US)
            .is_ok()
    );
    for (name, value) in [
        ("crit", json!(["b64"])),
        ("b64", json!(false)),
        ("zip", json!("DEF")),
        ("jku", json!("https://attacker.example/keys")),
        ("x5u", json!("https://attacker.example/cert")),
        ("cty", json!("JWT")),
        ("typ", json!("JWT")),
        ("extra", json!(1)),
    ] {
        let mut header = header_of(&key);
        header[name] = value;
        let token = signed(&pem, &header, &claims());
        assert_eq!(
            key.checker().check(&token, NOW_US),
            Err(PassError::Header),
            "{name}"
        );
    }
    let mut header = header_of(&key);
    header.as_object_mut().unwrap().remove("kid");
    let token = signed(&pem, &header, &claims());
    assert_eq!(key.checker().check(&token, NOW_US), Err(PassError::Header));
}

#[test]
fn claims_of_another_shape_are_refused() {
    let pem = PassKey::generate().unwrap();
    let key = PassKey::from_pem(&pem).unwrap();
    let long_name = "é".repeat(NAME_CHARS_MAX + 1);
    let visit = |name: &str| {
        json!({"kind": "visit", "room": id(), "participant": id(), "name": name,
               "role": "clinician", "admitted": false})
    };
    for (name, value, error) in [
        ("aud", json!("telehealth-api"), PassError::Audience),
        ("aud", json!(["telehealth-signal"]), PassError::Malformed),
        ("aud", Value::Null, PassError::Malformed),
        ("iss", json!("somebody"), PassError::Issuer),
        ("exp", json!((NOW_S + 60).to_string()), PassError::Malformed),
        ("exp", json!(1.8e9), PassError::Malformed),
        ("exp", json!(-1), PassError::Expired),
        ("exp", json!(u64::MAX), PassError::Malformed),
        ("exp", json!(i64::MAX), PassError::Times),
        ("exp", Value::Null, PassError::Malformed),
        ("iat", json!(NOW_S + 61), PassError::Times),
        ("jti", json!("../etc"), PassError::Malformed),
        ("sub", json!("more"), PassError::Malformed),
        ("purpose", json!({"kind": "root"}), PassError::Malformed),
        ("purpose", visit(""), PassError::Malformed),
        ("purpose", visit("a\u{0}b"), PassError::Malformed),
        ("purpose", visit(&long_name), PassError::Malformed),
    ] {
        let mut claims = claims();
        claims[name] = value.clone();
        let token = signed(&pem, &header_of(&key), &claims);
        assert_eq!(
            key.checker().check(&token, NOW_US),
            Err(error),
            "{name}: {value}"
        );
    }
}

#[test]
fn what_is_no_token_is_refused() {
    let key = key();
    let checker = key.checker();
    let good = key.mint(id(), &visit(), NOW_US, 60).unwrap();
    for token in [
        String::new(),
        ".".to_owned(),
        "..".to_owned(),
        "a.b.c".to_owned(),
        format!("{good}="),
        format!("{good} "),
        format!(" {good}"),
        format!("{good}.{good}"),
        format!(".{good}"),
    ] {
        assert!(checker.check(&token, NOW_US).is_err(), "{token:?}");
    }
    let huge = "A".repeat(PASS_BYTES_MAX + 1);
    assert_eq!(checker.check(&huge, NOW_US), Err(PassError::TooLong));
}

#[test]
fn only_possible_passes_are_minted() {
    let key = key();
    let mint = |purpose: &Purpose, ttl_s| key.mint(id(), purpose, NOW_US, ttl_s);
    assert!(matches!(mint(&visit(), 0), Err(MintError::Life)));
    assert!(mint(&visit(), PASS_LIFE_S_MAX).is_ok());
    assert!(matches!(
        mint(&visit(), PASS_LIFE_S_MAX + 1),
        Err(MintError::Life)
    ));
    let nameless = Purpose::Visit {
        room: RoomId::from_uuid(id()),
        participant: ParticipantId::from_uuid(id()),
        name: " ".to_owned(),
        role: Role::Patient,
        relation: None,
        admitted: false,
    };
    assert!(matches!(mint(&nameless, 60), Err(MintError::Text)));
    let rooms = vec![RoomId::from_uuid(id()); OBSERVED_ROOMS_MAX + 1];
    let wide = Purpose::Observe {
        rooms: Observed::Rooms(rooms),
    };
    assert!(matches!(mint(&wide, 60), Err(MintError::Rooms)));
}

#[test]
fn only_an_ed25519_key_is_a_key() {
    assert!(matches!(PassKey::from_pem("hello"), Err(KeyError::Pem(_))));
    assert!(matches!(PassKey::from_der(b"hello"), Err(KeyError::Der(_))));
    // A key that another program has made: RFC 8410 section 10.3.
    let rfc = "-----BEGIN PRIVATE KEY-----\n\
               MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n\
               -----END PRIVATE KEY-----\n";
    let key = PassKey::from_pem(rfc).unwrap();
    let token = key.mint(id(), &visit(), NOW_US, 60).unwrap();
    assert!(key.checker().check(&token, NOW_US).is_ok());
}

#[test]
fn neither_names_nor_keys_print_themselves() {
    let pem = PassKey::generate().unwrap();
    let key = PassKey::from_pem(&pem).unwrap();
    assert!(!format!("{:?}", visit()).contains("Zoé"));
    assert!(!format!("{:?}", visit()).contains("sister"));
    let body = pem.lines().nth(1).unwrap();
    assert!(!format!("{key:?}").contains(body));
}
