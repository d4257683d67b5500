//! `Idempotency-Key`: sent twice, done once.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use clinical_http::CookiePolicy;
use serde_json::{Value, json};

use crate::house::{Answer, House, MONDAY};

struct Patient {
    house: House,
    token: String,
    doctor: Value,
}

impl Patient {
    async fn arrive() -> Self {
        let house = House::open(CookiePolicy::PlainHttp).await;
        let token = house.token("patient@demo.clinic").await;
        let doctor = house.token("doctor@demo.clinic").await;
        let doctor = house.call("GET /me", Some(&doctor), "").await.body["id"].clone();
        Self {
            house,
            token,
            doctor,
        }
    }

    /// The body of a booking of the `n`th free time.
    async fn booking(&self, n: usize) -> String {
        let doctor = self.doctor.as_str().unwrap();
        let path = format!("GET /doctors/{doctor}/slots?from_us={MONDAY}&days=3");
        let free = self.house.call(&path, Some(&self.token), "").await.body;
        json!({"doctor": doctor, "start_us": free["slots"][n]["start_us"]}).to_string()
    }

    async fn book(&self, token: &str, key: &str, body: &str) -> Answer {
        let request = Request::post("/api/v1/appointments")
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", "application/json")
            .header("idempotency-key", key)
            .body(Body::from(body.to_owned()))
            .unwrap();
        self.house.send(request).await
    }

    async fn appointments(&self) -> usize {
        let path = format!(
            "GET /appointments?from_us={MONDAY}&to_us={}",
            MONDAY + 30 * 86_400_000_000
        );
        let list = self.house.call(&path, Some(&self.token), "").await.body;
        list.as_array().unwrap().len()
    }
}

#[tokio::test]
async fn the_same_request_is_answered_again_and_not_carried_out_again() {
    let patient = Patient::arrive().await;
    let body = patient.booking(30).await;
    let before = patient.appointments().await;
    let first = patient.book(&patient.token, "k-1", &body).await;
    assert_eq!(first.status, StatusCode::CREATED, "{}", first.body);
    assert!(!first.headers.contains_key("idempotency-replayed"));
    for _ in 0..3 {
        let again = patient.book(&patient.token, "k-1", &body).await;
        assert_eq!(again.status, StatusCode::CREATED);
        assert_eq!(again.body, first.body);
        assert_eq!(again.headers["idempotency-replayed"], "true");
        assert_eq!(again.headers["content-type"], first.headers["content-type"]);
    }
    assert_eq!(patient.appointments().await, before + 1);
}

#[tokio::test]
async fn a_key_asks_for_one_thing_only() {
    let patient = Patient::arrive().await;
    let first = patient.booking(30).await;
    let booked = patient.book(&patient.token, "k-1", &first).await;
    assert_eq!(booked.status, StatusCode::CREATED, "{}", booked.body);
    let other = patient.booking(40).await;
    let refused = patient.book(&patient.token, "k-1", &other).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(refused.code(), "key_reused");
}

#[tokio::test]
async fn keys_of_two_people_are_two_keys() {
    let patient = Patient::arrive().await;
    let body = patient.booking(30).await;
    let mine = patient.book(&patient.token, "k-1", &body).await;
    assert_eq!(mine.status, StatusCode::CREATED, "{}", mine.body);
    let other = patient.house.token("patient2@demo.clinic").await;
    let theirs = patient.book(&other, "k-1", &body).await;
    assert_eq!(
        theirs.code(),
        "slot_taken",
        "they are told of the time, not of my answer"
    );
}

#[tokio::test]
async fn what_was_refused_may_be_asked_again_with_the_same_key() {
    let patient = Patient::arrive().await;
    let body = patient.booking(30).await;
    let nonsense = json!({"doctor": patient.doctor, "start_us": MONDAY + 1}).to_string();
    let refused = patient.book(&patient.token, "k-1", &nonsense).await;
    assert!(refused.status.is_client_error());
    let booked = patient.book(&patient.token, "k-1", &body).await;
    assert_eq!(booked.status, StatusCode::CREATED, "{}", booked.body);
}

#[tokio::test]
async fn a_key_that_is_none_is_refused() {
    let patient = Patient::arrive().await;
    let body = patient.booking(30).await;
    let long = "k".repeat(129);
    for bad in ["", long.as_str()] {
        let refused = patient.book(&patient.token, bad, &body).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST);
        assert_eq!(refused.body["field"], "idempotency-key");
    }
}

#[tokio::test]
async fn of_many_at_once_one_is_carried_out() {
    let patient = Patient::arrive().await;
    let body = patient.booking(30).await;
    let before = patient.appointments().await;
    let racing = (0..12).map(|_| patient.book(&patient.token, "k-1", &body));
    let answers = futures_util::future::join_all(racing).await;
    let created: Vec<&Answer> = answers
        .iter()
        .filter(|it| it.status == StatusCode::CREATED)
        .collect();
    assert!(!created.is_empty());
    assert!(created.iter().all(|it| it.body == created[0].body));
    for other in answers.iter().filter(|it| it.status != StatusCode::CREATED) {
        assert_eq!(other.code(), "repeated");
    }
    assert_eq!(patient.appointments().await, before + 1);
}
