//! Signing in, refreshing and signing out over HTTP.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use clinical_app::demo::DEMO_PASSWORD;
use clinical_app::identity::set_disabled;
use clinical_http::CookiePolicy;
use clinical_model::{AuditActor, Micros};

use crate::house::House;

const PATIENT: &str = "patient@demo.clinic";

#[tokio::test]
async fn an_unknown_user_and_a_wrong_password_get_the_same_answer() {
    let house = House::open(CookiePolicy::PlainHttp).await;
    let unknown = house.login("nobody@demo.clinic", DEMO_PASSWORD).await;
    let wrong = house.login(PATIENT, "not the password").await;
    let garbage = house.login("not an address", "").await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    assert_eq!(wrong.code(), "login_failed");
    assert_eq!((unknown.status, &unknown.body), (wrong.status, &wrong.body));
    assert_eq!((garbage.status, &garbage.body), (wrong.status, &wrong.body));
    assert_eq!(unknown.headers, wrong.headers);
}

#[tokio::test]
async fn guessing_is_limited_and_says_when_to_try_again() {
    let house = House::open(CookiePolicy::PlainHttp).await;
    for _ in 0..10 {
        assert_eq!(
            house.login(PATIENT, "not the password").await.code(),
            "login_failed"
        );
    }
    let limited = house.login(PATIENT, DEMO_PASSWORD).await;
    assert_eq!(limited.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(limited.headers.get("retry-after").unwrap(), "90");
    house.clock.advance(90 * Micros::SECOND);
    assert_eq!(
        house.login(PATIENT, DEMO_PASSWORD).await.status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn signing_out_ends_the_access_token_at_once() {
    let house = House::open(CookiePolicy::PlainHttp).await;
    let signed_in = house.login(PATIENT, DEMO_PASSWORD).await;
    let token = signed_in.body["access_token"].as_str().unwrap();
    assert_eq!(
        house.call("GET /me", Some(token), "").await.status,
        StatusCode::OK
    );
    let out = house.with_cookie("logout", &signed_in.cookie()).await;
    assert_eq!(out.status, StatusCode::NO_CONTENT);
    assert!(
        out.headers
            .get("set-cookie")
            .unwrap()
            .to_str()
            .unwrap()
            .contains("Max-Age=0")
    );
    assert_eq!(
        house.call("GET /me", Some(token), "").await.code(),
        "unauthenticated"
    );
    let again = house.with_cookie("refresh", &signed_in.cookie()).await;
    assert_eq!(again.code(), "unauthenticated");
}

#[tokio::test]
async fn a_refresh_token_works_once_and_its_reuse_ends_the_sign_in() {
    let house = House::open(CookiePolicy::PlainHttp).await;
    let first = house.login(PATIENT, DEMO_PASSWORD).await;
    let second = house.with_cookie("refresh", &first.cookie()).await;
    assert_eq!(second.status, StatusCode::OK, "{}", second.body);
    assert_ne!(first.cookie(), second.cookie());
    // Another tab that showed the same token in the same moment gets the same next one.
    let tab = house.with_cookie("refresh", &first.cookie()).await;
    assert_eq!(
        (tab.status, tab.cookie()),
        (StatusCode::OK, second.cookie())
    );
    house.clock.advance(11 * Micros::SECOND);
    let thief = house.with_cookie("refresh", &first.cookie()).await;
    assert_eq!(thief.code(), "unauthenticated");
    let owner = house.with_cookie("refresh", &second.cookie()).await;
    assert_eq!(owner.code(), "unauthenticated", "the family has ended");
    let token = second.body["access_token"].as_str().unwrap();
    assert_eq!(
        house.call("GET /me", Some(token), "").await.code(),
        "unauthenticated"
    );
}

#[tokio::test]
async fn another_site_can_not_use_the_cookie() {
    let house = House::open(CookiePolicy::PlainHttp).await;
    let cookie = house.login(PATIENT, DEMO_PASSWORD).await.cookie();
    for what in ["refresh", "logout"] {
        let request = Request::post(format!("/api/v1/auth/{what}")).header("cookie", &cookie);
        let answer = house.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.code(), "forbidden", "{what}");
    }
    assert_eq!(
        house.with_cookie("refresh", &cookie).await.status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn the_cookie_is_for_our_pages_and_https_only() {
    for (policy, secure) in [
        (CookiePolicy::Secure, true),
        (CookiePolicy::PlainHttp, false),
    ] {
        let house = House::open(policy).await;
        let answer = house.login(PATIENT, DEMO_PASSWORD).await;
        let cookie = answer.headers.get("set-cookie").unwrap().to_str().unwrap();
        for part in [
            "HttpOnly",
            "SameSite=Strict",
            "Path=/api/v1/auth;",
            "Max-Age=43200",
        ] {
            assert!(cookie.contains(part), "{part} is missing in {cookie}");
        }
        assert_eq!(cookie.contains("Secure"), secure);
    }
}

#[tokio::test]
async fn a_shut_account_is_out_at_once() {
    let house = House::open(CookiePolicy::PlainHttp).await;
    let signed_in = house.login(PATIENT, DEMO_PASSWORD).await;
    let token = signed_in.body["access_token"].as_str().unwrap();
    let me = house.call("GET /me", Some(token), "").await;
    let user = me.body["id"].as_str().unwrap().parse().unwrap();
    set_disabled(&house.clinic, AuditActor::System, user, true)
        .await
        .unwrap();
    assert_eq!(
        house.call("GET /me", Some(token), "").await.code(),
        "unauthenticated"
    );
    let refreshed = house.with_cookie("refresh", &signed_in.cookie()).await;
    assert_eq!(refreshed.code(), "unauthenticated");
    assert_eq!(
        house.login(PATIENT, DEMO_PASSWORD).await.code(),
        "login_failed"
    );
}

#[tokio::test]
async fn an_access_token_ends_after_ten_minutes() {
    let house = House::open(CookiePolicy::PlainHttp).await;
    let token = house.token(PATIENT).await;
    house.clock.advance(600 * Micros::SECOND);
    assert_eq!(
        house.call("GET /me", Some(&token), "").await.code(),
        "unauthenticated"
    );
}
