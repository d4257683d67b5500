//! Services, holds, calendars: from what an admin offers to what a patient's calendar shows.

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use clinical_http::CookiePolicy;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::house::{House, MONDAY};

const MINUTE: i64 = 60_000_000;
const DAY: i64 = 1_440 * MINUTE;

async fn text_of(house: &House, path: &str, token: Option<&str>) -> (StatusCode, String, String) {
    let mut request = Request::get(format!("/api/v1{path}"));
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let request = request.body(Body::empty()).unwrap();
    let response = house.router.clone().oneshot(request).await.unwrap();
    let kind = response.headers().get("content-type");
    let kind = kind.map_or("", |it| it.to_str().unwrap()).to_owned();
    let status = response.status();
    let bytes = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    (status, kind, String::from_utf8(bytes.to_vec()).unwrap())
}

async fn made(house: &House, what: &str, token: &str, body: &Value) -> Value {
    let answer = house.call(what, Some(token), &body.to_string()).await;
    assert!(answer.status.is_success(), "{what}: {}", answer.body);
    answer.body
}

#[tokio::test]
async fn a_service_with_a_room_is_offered_held_booked_and_found_in_calendars() {
    let house = House::open(CookiePolicy::PlainHttp).await;
    let admin = house.token("admin@demo.clinic").await;
    let nurse = house.token("nurse@demo.clinic").await;
    let patient = house.token("patient@demo.clinic").await;
    let room = json!({"is_room": true, "name": "Salle 9", "zone": "Africa/Douala", "active": true});
    let room = made(&house, "POST /resources", &admin, &room).await;
    let service = json!({"code": "echo-9", "length_min": 30, "after_min": 10, "step_min": 30,
        "modality": "in_person", "active": true, "needs": [[room["id"]]]});
    let service = made(&house, "POST /services", &admin, &service).await;
    let id = service["id"].as_str().unwrap();
    let path = format!("GET /services/{id}/openings?from_us={MONDAY}&days=2");
    let openings = house.call(&path, Some(&patient), "").await.body;
    let first = openings[0].clone();
    let wish = json!({"doctor": first["doctor"], "service": id, "start_us": first["start_us"]});
    let held = made(&house, "POST /holds", &patient, &wish).await;
    assert_eq!(held["left_s"], 300);

    let other = house.token("patient2@demo.clinic").await;
    let again = house
        .call("POST /holds", Some(&other), &wish.to_string())
        .await;
    assert_eq!(
        again.code(),
        "slot_taken",
        "what is held is not offered twice"
    );
    let hold = held["id"].as_str().unwrap();
    let strange = house
        .call(&format!("GET /holds/{hold}"), Some(&other), "")
        .await;
    assert_eq!(strange.status, StatusCode::NOT_FOUND);

    let book = format!("POST /holds/{hold}/book");
    let booked = made(&house, &book, &patient, &json!({"reason": "Contrôle"})).await;
    assert_eq!(booked["service"]["modality"], "in_person");
    assert!(booked["link"]["token"].is_string());
    let to = MONDAY + 2 * DAY;
    let path = format!("GET /calendar?from_us={MONDAY}&to_us={to}&by=resource");
    let calendar = house.call(&path, Some(&nurse), "").await.body;
    let entries = calendar["entries"].as_array().unwrap();
    let entry = entries.iter().find(|it| it["who"] == room["id"]).unwrap();
    assert_eq!(entry["appointment"]["patient_name"], "Brigitte Eyenga");
    let kept = entry["to_us"].as_i64().unwrap() - entry["from_us"].as_i64().unwrap();
    assert_eq!(
        kept,
        40 * MINUTE,
        "the room is kept for the visit and what comes after it"
    );

    let path = format!(
        "/appointments/{}/calendar.ics",
        booked["id"].as_str().unwrap()
    );
    let (status, kind, text) = text_of(&house, &path, Some(&patient)).await;
    assert_eq!(
        (status, kind.as_str()),
        (StatusCode::OK, "text/calendar; charset=utf-8")
    );
    assert!(text.starts_with("BEGIN:VCALENDAR\r\n") && !text.contains("Contrôle"));
    let feed = made(&house, "POST /me/calendar-feed", &patient, &json!({})).await;
    let address = feed["path"]
        .as_str()
        .unwrap()
        .strip_prefix("/api/v1")
        .unwrap();
    let (status, _, text) = text_of(&house, address, None).await;
    assert_eq!(status, StatusCode::OK);
    assert!(text.contains(booked["id"].as_str().unwrap()));
    house
        .call("DELETE /me/calendar-feed", Some(&patient), "")
        .await;
    assert_eq!(
        text_of(&house, address, None).await.0,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn a_changed_service_or_plan_is_not_written_over() {
    let house = House::open(CookiePolicy::PlainHttp).await;
    let admin = house.token("admin@demo.clinic").await;
    let service = json!({"code": "x-1", "length_min": 15, "step_min": 15, "modality": "video",
        "active": true});
    let made = made(&house, "POST /services", &admin, &service).await;
    let twice = house
        .call("POST /services", Some(&admin), &service.to_string())
        .await;
    assert_eq!(
        (twice.code(), &twice.body["field"]),
        ("invalid", &json!("code"))
    );
    let change = format!("PUT /services/{}", made["id"].as_str().unwrap());
    let mut newer = service.clone();
    newer["version"] = json!(1);
    newer["active"] = json!(false);
    let first = house.call(&change, Some(&admin), &newer.to_string()).await;
    assert_eq!(first.body["version"], 2);
    let second = house.call(&change, Some(&admin), &newer.to_string()).await;
    assert_eq!(second.status, StatusCode::PRECONDITION_FAILED);

    let doctor = house.token("doctor@demo.clinic").await;
    let me = house.call("GET /me", Some(&doctor), "").await.body;
    let plan = format!("/doctors/{}/plan", me["id"].as_str().unwrap());
    let body = json!({"version": 0, "holidays": "CM",
        "rules": [{"rule": "FREQ=WEEKLY;BYDAY=SA", "anchor": 20_261_128, "start_min": 540,
            "length_min": 120}]});
    let put = format!("PUT {plan}");
    let written = house.call(&put, Some(&doctor), &body.to_string()).await;
    assert_eq!(written.body["version"], 1);
    let stale = house.call(&put, Some(&admin), &body.to_string()).await;
    assert_eq!(stale.status, StatusCode::PRECONDITION_FAILED);
    let read = house.call(&format!("GET {plan}"), Some(&admin), "").await;
    assert_eq!(read.body, written.body);
}
