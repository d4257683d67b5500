//! Requests that are not what is asked for: each gets its problem.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use clinical_http::CookiePolicy;

use crate::house::{Answer, House};

async fn login_with(house: &House, kind: &str, body: String) -> Answer {
    let request = Request::post("/api/v1/auth/login").header("content-type", kind);
    house.send(request.body(Body::from(body)).unwrap()).await
}

#[tokio::test]
async fn bodies_of_another_shape_are_refused_by_name_of_the_field() {
    let house = House::open(CookiePolicy::PlainHttp).await;
    let json = "application/json";
    let cases = [
        (json, "{".to_owned(), 400, "malformed"),
        (json, "{\"email\":\"a@b\"}".to_owned(), 400, "malformed"),
        (
            json,
            "{\"email\":\"a@b\",\"password\":\"x\"} x".to_owned(),
            400,
            "malformed",
        ),
        ("text/plain", "{}".to_owned(), 415, "unsupported_media_type"),
        (
            json,
            format!("\"{}\"", "x".repeat(140_000)),
            413,
            "too_large",
        ),
    ];
    for (kind, body, status, code) in cases {
        let answer = login_with(&house, kind, body).await;
        assert_eq!(
            (answer.status.as_u16(), answer.code()),
            (status, code),
            "{}",
            answer.body
        );
        assert_eq!(
            answer.headers.get("content-type").unwrap(),
            "application/problem+json"
        );
        assert_eq!(answer.headers.get("cache-control").unwrap(), "no-store");
    }
    let typed = login_with(
        &house,
        json,
        "{\"email\":\"a@b\",\"password\":1}".to_owned(),
    )
    .await;
    assert_eq!(typed.body["field"], "password");
    let unknown = "{\"email\":\"a@b\",\"password\":\"x\",\"admin\":true}".to_owned();
    assert_eq!(
        login_with(&house, json, unknown).await.body["field"],
        "admin"
    );
}

#[tokio::test]
async fn unknown_paths_and_methods_are_problems() {
    let house = House::open(CookiePolicy::PlainHttp).await;
    let path = house.call("GET /nothing", None, "").await;
    assert_eq!(
        (path.status, path.code()),
        (StatusCode::NOT_FOUND, "not_found")
    );
    let method = house.call("DELETE /me", None, "").await;
    assert_eq!(method.code(), "method_not_allowed");
    assert_eq!(method.headers.get("allow").unwrap(), "GET");
}

#[tokio::test]
async fn a_token_counts_in_one_authorization_header_only() {
    let house = House::open(CookiePolicy::PlainHttp).await;
    let token = house.token("patient@demo.clinic").await;
    let twice = Request::get("/api/v1/me")
        .header("authorization", format!("Bearer {token}"))
        .header("authorization", format!("Bearer {token}"));
    let answer = house.send(twice.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.code(), "unauthenticated");
    assert_eq!(answer.headers.get("www-authenticate").unwrap(), "Bearer");
    let query = format!("GET /me?access_token={token}");
    assert_eq!(house.call(&query, None, "").await.code(), "unauthenticated");
}
