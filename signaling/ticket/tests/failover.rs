//! A failover ticket is good for one session of one room, for a moment, at nodes alone.
#![expect(clippy::unwrap_used, reason = "tests")]

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use proptest::prelude::*;
use serde_json::{Value, json};
use signaling_protocol::{Grants, ParticipantId, RoomId};
use signaling_ticket::{
    FAILOVER_BYTES_MAX, FAILOVER_LIFE_S, FAILOVER_NODES_MAX, Failover, FailoverError, FailoverKey,
    PassKey, Purpose,
};
use uuid::Uuid;

const NOW_US: i64 = 1_800_000_000_000_000;
const SECRET: [u8; 32] = [7; 32];

fn room(n: u128) -> RoomId {
    RoomId::from_uuid(Uuid::from_u128(n))
}

fn failover() -> Failover {
    Failover {
        room: room(1),
        participant: ParticipantId::from_uuid(Uuid::from_u128(2)),
        session: [3; 32],
        epoch: 4,
        nodes: vec!["b".to_owned(), "c".to_owned()],
        encrypted: true,
        grants: Grants::ALL,
    }
}

fn check(ticket: &str, now_us: i64) -> Result<Failover, FailoverError> {
    FailoverKey::new(&SECRET).check(ticket, (room(1), &[3; 32]), now_us)
}

fn ticket() -> String {
    FailoverKey::new(&SECRET).mint(&failover(), NOW_US).unwrap()
}

#[test]
fn what_was_signed_is_read_and_names_nobody() {
    let ticket = ticket();
    assert_eq!(check(&ticket, NOW_US), Ok(failover()));
    assert!(ticket.len() < 600, "{} bytes", ticket.len());
    assert_eq!(
        format!("{:?}", FailoverKey::new(&SECRET)),
        "FailoverKey(..)"
    );
}

#[test]
fn what_a_clinician_has_taken_away_stays_taken_away() {
    let mut curbed = failover();
    curbed.encrypted = false;
    curbed.grants.publish.camera = false;
    let ticket = FailoverKey::new(&SECRET).mint(&curbed, NOW_US).unwrap();
    assert_eq!(check(&ticket, NOW_US), Ok(curbed));
    assert!(ticket.len() < 700, "{} bytes", ticket.len());
}

#[test]
fn it_lives_for_a_moment() {
    let ticket = ticket();
    let later = |s: i64| NOW_US + s * 1_000_000;
    assert!(check(&ticket, later(FAILOVER_LIFE_S - 1)).is_ok());
    assert_eq!(
        check(&ticket, later(FAILOVER_LIFE_S)),
        Err(FailoverError::Time)
    );
    assert_eq!(check(&ticket, later(-61)), Err(FailoverError::Time));
}

#[test]
fn it_is_worth_nothing_beside_another_token_or_in_another_room() {
    let key = FailoverKey::new(&SECRET);
    for (room, session) in [(room(1), [4; 32]), (room(2), [3; 32])] {
        let found = key.check(&ticket(), (room, &session), NOW_US);
        assert_eq!(found, Err(FailoverError::Session));
    }
}

#[test]
fn another_cluster_another_door_and_a_pass_are_refused() {
    let other = FailoverKey::new(&[8; 32])
        .mint(&failover(), NOW_US)
        .unwrap();
    assert_eq!(check(&other, NOW_US), Err(FailoverError::Foreign));
    let pass = PassKey::from_pem(&PassKey::generate().unwrap()).unwrap();
    let purpose = Purpose::ConnectionTest {
        participant: failover().participant,
    };
    let token = pass.mint(Uuid::nil(), &purpose, NOW_US, 60).unwrap();
    assert_eq!(check(&token, NOW_US), Err(FailoverError::Foreign));
    assert!(pass.checker().check(&ticket(), NOW_US).is_err());
    assert_eq!(
        check(&"a".repeat(FAILOVER_BYTES_MAX + 1), NOW_US),
        Err(FailoverError::TooLong)
    );
}

/// Signed with the right key, and with other claims or another header.
fn signed(change: impl FnOnce(&mut Header, &mut Value)) -> String {
    let mut header = jsonwebtoken::decode_header(ticket()).unwrap();
    let now_s = NOW_US / 1_000_000;
    let session = base64::Engine::encode(
        &base64::engine::general_purpose::URL_SAFE_NO_PAD,
        [3_u8; 32],
    );
    let mut claims = json!({
        "iss": "telehealth-signal", "aud": "telehealth-failover", "iat": now_s, "exp": now_s + 180,
        "room": room(1), "sub": failover().participant, "ses": session, "epoch": 4, "nodes": ["b", "c"],
        "enc": true,
    });
    change(&mut header, &mut claims);
    encode(&header, &claims, &EncodingKey::from_secret(&SECRET)).unwrap()
}

#[test]
fn a_good_signature_alone_is_not_enough() {
    assert_eq!(check(&signed(|_, _| ()), NOW_US), Ok(failover()));
    let other = |name: &'static str, value: Value| {
        check(&signed(move |_, claims| claims[name] = value), NOW_US)
    };
    assert_eq!(
        other("aud", json!("telehealth-signal")),
        Err(FailoverError::Audience)
    );
    assert_eq!(other("iss", json!("x")), Err(FailoverError::Audience));
    assert_eq!(
        other("exp", json!(NOW_US / 1_000_000 + 181)),
        Err(FailoverError::Time)
    );
    assert_eq!(other("name", json!("x")), Err(FailoverError::Foreign));
    assert_eq!(other("epoch", json!(-1)), Err(FailoverError::Foreign));
    let silent = signed(|_, claims| {
        claims.as_object_mut().unwrap().remove("enc");
    });
    assert_eq!(check(&silent, NOW_US), Err(FailoverError::Foreign));
    let typed = signed(|header, _| header.typ = Some("JWT".to_owned()));
    assert_eq!(check(&typed, NOW_US), Err(FailoverError::Foreign));
    let stronger = signed(|header, _| header.alg = Algorithm::HS512);
    assert_eq!(check(&stronger, NOW_US), Err(FailoverError::Foreign));
    let many = signed(|_, claims| claims["nodes"] = json!(vec!["a"; 50]));
    assert_eq!(
        check(&many, NOW_US).unwrap().nodes.len(),
        FAILOVER_NODES_MAX
    );
}

proptest! {
    #[test]
    fn whatever_is_changed_in_it_it_is_refused(at in 0_usize..400, byte in b'!'..=b'~') {
        let mut bytes = ticket().into_bytes();
        let at = at % bytes.len();
        prop_assume!(bytes[at] != byte);
        bytes[at] = byte;
        let changed = String::from_utf8(bytes).unwrap();
        // The last digit of a signature has two bits that count for nothing; they are refused as well.
        prop_assert!(check(&changed, NOW_US).is_err(), "{at}");
    }

    #[test]
    fn any_text_is_refused_and_nothing_breaks(text in ".{0,200}") {
        prop_assert!(check(&text, NOW_US).is_err());
    }
}
