use super::*;
use serde_json::json;

const NOW: Micros = Micros(1_800_000_000 * Micros::SECOND);

fn key() -> AccessKey {
    AccessKey::from_pem(&AccessKey::generate().unwrap()).unwrap()
}

fn access() -> Access {
    Access {
        user: UserId::from_uuid(Uuid::from_u128(1)),
        session: SessionId::from_uuid(Uuid::from_u128(2)),
    }
}

fn claims() -> serde_json::Value {
    json!({
        "iss": ISSUER, "aud": AUDIENCE, "sub": Uuid::from_u128(1), "sid": Uuid::from_u128(2),
        "iat": seconds(NOW), "exp": seconds(NOW) + i64::from(ACCESS_LIFE_S),
    })
}

fn signed(key: &AccessKey, header: &Header, claims: &serde_json::Value) -> String {
    jsonwebtoken::encode(header, claims, &key.private).unwrap()
}

fn unsigned(header: &serde_json::Value, claims: &serde_json::Value, signature: &str) -> String {
    let part = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.{signature}", part(header), part(claims))
}

#[test]
fn a_token_is_valid_for_ten_minutes_and_not_longer() {
    let key = key();
    let token = key.sign(access(), NOW).unwrap();
    assert_eq!(key.verify(&token, NOW).unwrap(), access());
    let last = NOW.plus(i64::from(ACCESS_LIFE_S) * Micros::SECOND - 1);
    assert_eq!(key.verify(&token, last).unwrap(), access());
    assert!(matches!(
        key.verify(&token, last.plus(1)),
        Err(AccessTokenError::Time)
    ));
}

#[test]
fn the_hand_made_claims_of_these_tests_are_the_real_ones() {
    let key = key();
    let token = signed(&key, &header(&key.id), &claims());
    assert_eq!(key.verify(&token, NOW).unwrap(), access());
}

#[test]
fn a_token_of_another_key_is_refused() {
    let (ours, theirs) = (key(), key());
    let token = theirs.sign(access(), NOW).unwrap();
    assert!(matches!(
        ours.verify(&token, NOW),
        Err(AccessTokenError::UnknownKey)
    ));
    let lying = signed(&theirs, &header(&ours.id), &claims());
    assert!(matches!(
        ours.verify(&lying, NOW),
        Err(AccessTokenError::Forged(_))
    ));
}

#[test]
fn an_older_key_verifies_for_the_time_of_a_change() {
    let (new, old) = (key(), key());
    let token = old.sign(access(), NOW).unwrap();
    assert!(new.or_accept(old).verify(&token, NOW).is_ok());
}

#[test]
fn foreign_headers_are_refused_even_with_a_good_signature() {
    let key = key();
    let mut headers = Vec::new();
    for change in 0..5 {
        let mut changed = header(&key.id);
        match change {
            0 => changed.typ = Some("JWT".to_owned()),
            1 => changed.typ = None,
            2 => changed.crit = Some(vec!["exp".to_owned()]),
            3 => changed.jku = Some("https://example.org/keys".to_owned()),
            _ => changed.extras.insert("b64", false),
        }
        headers.push(changed);
    }
    for changed in headers {
        let token = signed(&key, &changed, &claims());
        assert!(key.verify(&token, NOW).is_err(), "{changed:?}");
    }
}

#[test]
fn other_algorithms_are_refused() {
    let key = key();
    let secret = EncodingKey::from_secret(key.private.as_bytes());
    let mut hs256 = header(&key.id);
    hs256.alg = Algorithm::HS256;
    let confused = jsonwebtoken::encode(&hs256, &claims(), &secret).unwrap();
    assert!(key.verify(&confused, NOW).is_err());
    for algorithm in ["none", "None", "nOnE", ""] {
        let head = json!({"typ": TYPE, "alg": algorithm, "kid": key.id});
        for signature in ["", "AA"] {
            let token = unsigned(&head, &claims(), signature);
            assert!(key.verify(&token, NOW).is_err(), "{algorithm}");
        }
    }
}

#[test]
fn claims_that_are_not_exactly_ours_are_refused() {
    let key = key();
    let far = seconds(NOW) + 365 * 86_400;
    let changes = [
        ("aud", json!("telehealth-signal")),
        ("aud", json!([AUDIENCE])),
        ("aud", serde_json::Value::Null),
        ("iss", json!("somebody")),
        ("exp", json!("9999999999")),
        ("exp", json!(far)),
        ("exp", json!(-1)),
        ("exp", json!(1.5)),
        ("exp", serde_json::Value::Null),
        ("iat", json!(far)),
        ("sub", json!("admin")),
        ("sid", serde_json::Value::Null),
        ("role", json!("admin")),
    ];
    for (name, value) in changes {
        let mut changed = claims();
        let fields = changed.as_object_mut().unwrap();
        if value.is_null() {
            fields.remove(name);
        } else {
            fields.insert(name.to_owned(), value.clone());
        }
        let token = signed(&key, &header(&key.id), &changed);
        assert!(key.verify(&token, NOW).is_err(), "{name}: {value}");
    }
}

#[test]
fn texts_that_are_no_token_are_refused() {
    let key = key();
    let good = key.sign(access(), NOW).unwrap();
    let mut flipped = good.clone().into_bytes();
    if let Some(byte) = flipped.get_mut(good.len() / 2) {
        *byte = if *byte == b'A' { b'B' } else { b'A' };
    }
    let texts = [
        String::new(),
        "a.b.c".to_owned(),
        format!("{good}.x"),
        format!("{good}="),
        format!(" {good}"),
        "x".repeat(TOKEN_BYTES_MAX + 1),
        String::from_utf8(flipped).unwrap(),
    ];
    for text in texts {
        assert!(key.verify(&text, NOW).is_err(), "{text}");
    }
}

#[test]
fn a_refresh_token_survives_its_cookie_and_nothing_else_is_one() {
    let token = RefreshToken::new(access().session, [7; 32]);
    let text = token.to_cookie_value();
    assert_eq!(RefreshToken::parse(&text), Some(token));
    for bad in [
        "",
        ".",
        "x.y",
        &text.replace('.', ""),
        &format!("{text}A"),
        &text.replace('0', "g"),
    ] {
        assert_eq!(RefreshToken::parse(bad), None, "{bad}");
    }
}

#[test]
fn the_next_refresh_token_is_the_same_for_everybody_who_shows_the_same() {
    let pem = AccessKey::generate().unwrap();
    let (one, two) = (
        AccessKey::from_pem(&pem).unwrap(),
        AccessKey::from_pem(&pem).unwrap(),
    );
    let token = RefreshToken::new(access().session, [7; 32]);
    assert_eq!(one.next(&token), two.next(&token));
    assert_ne!(one.next(&token), token);
    assert_ne!(one.next(&token), key().next(&token));
}
