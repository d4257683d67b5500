//! Booking, visiting and writing notes over HTTP, in the demo clinic.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, StatusCode};
use clinical_app::demo::{DEMO_PASSWORD, seed};
use clinical_app::identity::SignIn;
use clinical_app::prescribing::{Checker, Dispensary, Seal};
use clinical_app::triage::Triage;
use clinical_app::visits::LiveVisits;
use clinical_app::{AccessKey, Clinic, Desk, Entropy, ManualClock};
use clinical_http::{ApiState, CookiePolicy, router};
use clinical_model::Micros;
use clinical_store::testbed::TestDb;
use serde_json::{Value, json};
use signaling_ticket::PassKey;
use tower::ServiceExt as _;

/// Monday, 23 November 2026, 08:00 UTC.
const MONDAY: i64 = 1_795_420_800_000_000;

struct House {
    _db: TestDb,
    clock: Arc<ManualClock>,
    router: Router,
    _effects: tokio::sync::mpsc::Receiver<clinical_app::visits::LiveEffect>,
}

fn new_seal() -> Seal {
    Seal::from_text(&Seal::generate(Micros(MONDAY)).unwrap(), None).unwrap()
}

impl House {
    async fn open() -> Self {
        let db = TestDb::sqlite().await;
        let clock = Arc::new(ManualClock::at(Micros(MONDAY)));
        let clinic = Clinic {
            db: db.clone(),
            clock: clock.clone(),
            entropy: Arc::new(Entropy::seeded(3)),
        };
        let access = AccessKey::from_pem(&PassKey::generate().unwrap()).unwrap();
        let sign_in = SignIn::new(access, &clinic.entropy).unwrap();
        let passes = PassKey::from_pem(&PassKey::generate().unwrap()).unwrap();
        let (live, effects) = LiveVisits::channel();
        let desk = Desk::new(clinic.clone(), Arc::new(passes), live);
        seed(&desk, sign_in.passwords()).await.unwrap();
        let router = router(ApiState {
            clinic,
            sign_in: Arc::new(sign_in),
            cookies: CookiePolicy::PlainHttp,
            desk,
            dispensary: Arc::new(Dispensary::new(Checker::shipped(), new_seal())),
            recordings: None,
            mailroom: None,
            triage: Triage::new(None),
        });
        Self {
            _db: db,
            clock,
            router,
            _effects: effects,
        }
    }

    async fn sign_in(&self, email: &str) -> Person<'_> {
        let nobody = Person {
            house: self,
            token: None,
            id: String::new(),
        };
        let body = json!({"email": email, "password": DEMO_PASSWORD});
        let (status, token) = nobody.call(Method::POST, "/auth/login", body).await;
        assert_eq!(status, StatusCode::OK, "{token}");
        Person {
            house: self,
            token: Some(text(&token["access_token"])),
            id: text(&token["me"]["id"]),
        }
    }

    const fn nobody(&self) -> Person<'_> {
        Person {
            house: self,
            token: None,
            id: String::new(),
        }
    }
}

struct Person<'a> {
    house: &'a House,
    token: Option<String>,
    id: String,
}

impl Person<'_> {
    async fn call(&self, method: Method, path: &str, body: Value) -> (StatusCode, Value) {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("/api/v1{path}"));
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let body = if body.is_null() {
            Body::empty()
        } else {
            request = request.header("content-type", "application/json");
            Body::from(body.to_string())
        };
        let request = request.body(body).unwrap();
        let response = self.house.router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let bytes = to_bytes(response.into_body(), 1 << 20).await.unwrap();
        (status, serde_json::from_slice(&bytes).unwrap_or_default())
    }

    async fn get(&self, path: &str) -> (StatusCode, Value) {
        self.call(Method::GET, path, Value::Null).await
    }

    async fn post(&self, path: &str, body: Value) -> (StatusCode, Value) {
        self.call(Method::POST, path, body).await
    }

    async fn delete(&self, path: &str) -> StatusCode {
        self.call(Method::DELETE, path, Value::Null).await.0
    }

    async fn book(&self, doctor: &Person<'_>, start_us: i64) -> (StatusCode, Value) {
        let body = json!({"doctor": doctor.id, "start_us": start_us, "reason": "Toux"});
        self.post("/appointments", body).await
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[track_caller]
fn refused(answer: (StatusCode, Value), status: u16, code: &str) -> Value {
    assert_eq!(answer.0.as_u16(), status, "{}", answer.1);
    assert_eq!(answer.1["code"], code, "{}", answer.1);
    answer.1
}

#[tokio::test]
async fn a_patient_books_a_free_time_and_enters_by_the_link() {
    let house = House::open().await;
    let patient = house.sign_in("patient@demo.clinic").await;
    let doctor = house.sign_in("doctor@demo.clinic").await;
    let (status, doctors) = patient.get("/doctors").await;
    assert_eq!(
        (status, doctors.as_array().unwrap().len()),
        (StatusCode::OK, 3)
    );
    let path = format!("/doctors/{}/slots?from_us={MONDAY}&days=1", doctor.id);
    let (_, slots) = patient.get(&path).await;
    assert_eq!(slots["zone"], "Africa/Douala");
    let start_us = slots["slots"][0]["start_us"].as_i64().unwrap();
    let (status, booked) = patient.book(&doctor, start_us).await;
    assert_eq!(
        (status, &booked["state"]),
        (StatusCode::CREATED, &json!("booked"))
    );
    let id = text(&booked["id"]);
    let (status, seen) = doctor.get(&format!("/appointments/{id}")).await;
    assert_eq!(
        (status, &seen["patient_name"]),
        (StatusCode::OK, &json!("Brigitte Eyenga"))
    );
    assert!(seen.get("link").is_none(), "a link is shown once");

    let token = json!({"token": booked["link"]["token"]});
    let (status, entry) = house.nobody().post("/join", token.clone()).await;
    assert_eq!(
        (status, &entry["my_role"]),
        (StatusCode::OK, &json!("patient"))
    );
    assert_eq!(entry["signal_path"], "/signal/v1");
    let (status, queue) = house.nobody().post("/join/queue", token.clone()).await;
    assert_eq!((status, &queue["place"]), (StatusCode::OK, &json!(1)));
    let (status, _) = house.nobody().post("/join/test", token.clone()).await;
    assert_eq!(status, StatusCode::OK);
    let (status, entry) = doctor
        .post(&format!("/appointments/{id}/join"), Value::Null)
        .await;
    assert_eq!(
        (status, &entry["my_role"]),
        (StatusCode::OK, &json!("clinician"))
    );

    let (_, fresh) = patient
        .post(&format!("/appointments/{id}/link"), Value::Null)
        .await;
    refused(
        house.nobody().post("/join", token).await,
        410,
        "link_revoked",
    );
    assert_eq!(
        patient.delete(&format!("/appointments/{id}/link")).await,
        StatusCode::NO_CONTENT
    );
    let token = json!({"token": fresh["token"]});
    refused(
        house.nobody().post("/join", token).await,
        410,
        "link_revoked",
    );
    refused(
        house.nobody().post("/join", json!({"token": "x"})).await,
        404,
        "not_found",
    );
}

#[tokio::test]
async fn a_taken_time_and_an_impossible_one_are_refused_by_name() {
    let house = House::open().await;
    let patient = house.sign_in("patient@demo.clinic").await;
    let other = house.sign_in("patient2@demo.clinic").await;
    let doctor = house.sign_in("doctor@demo.clinic").await;
    let (status, booked) = patient.book(&doctor, MONDAY).await;
    assert_eq!(status, StatusCode::CREATED);
    refused(other.book(&doctor, MONDAY).await, 409, "slot_taken");
    let odd = refused(other.book(&doctor, MONDAY + 1).await, 422, "invalid");
    assert_eq!(odd["field"], "start_us");
    let nobody = refused(other.book(&patient, MONDAY).await, 422, "invalid");
    assert_eq!(nobody["field"], "doctor");
    refused(doctor.book(&doctor, MONDAY).await, 403, "forbidden");
    let long = json!({"doctor": doctor.id, "start_us": MONDAY, "reason": "a".repeat(501)});
    let long = refused(other.post("/appointments", long).await, 422, "invalid");
    assert_eq!(long["field"], "reason");
    let more = json!({"doctor": doctor.id, "start_us": MONDAY, "urgent": true});
    refused(other.post("/appointments", more).await, 400, "malformed");
    let path = format!("/appointments/{}/reschedule", text(&booked["id"]));
    let moved = patient
        .post(&path, json!({"start_us": MONDAY + 15 * Micros::MINUTE}))
        .await;
    assert_eq!(moved.0, StatusCode::OK);
    assert_eq!(other.book(&doctor, MONDAY).await.0, StatusCode::CREATED);
    refused(
        patient.post(&path, json!({"start_us": MONDAY})).await,
        409,
        "slot_taken",
    );
}

#[tokio::test]
async fn the_wrong_patient_and_the_wrong_doctor_find_nothing() {
    let house = House::open().await;
    let patient = house.sign_in("patient@demo.clinic").await;
    let doctor = house.sign_in("doctor@demo.clinic").await;
    let wrong = [
        house.sign_in("patient2@demo.clinic").await,
        house.sign_in("doctor2@demo.clinic").await,
    ];
    let (_, booked) = patient.book(&doctor, MONDAY).await;
    let it = format!("/appointments/{}", text(&booked["id"]));
    let guest = json!({"name": "Chantal", "relation": "daughter"});
    let (status, invited) = patient.post(&format!("{it}/guests"), guest.clone()).await;
    assert_eq!(status, StatusCode::CREATED);
    let guest_path = format!("{it}/guests/{}", text(&invited["id"]));
    for person in &wrong {
        refused(person.get(&it).await, 404, "not_found");
        refused(person.get(&format!("{it}/summary")).await, 404, "not_found");
        refused(
            person.post(&format!("{it}/cancel"), Value::Null).await,
            404,
            "not_found",
        );
        refused(
            person.post(&format!("{it}/link"), Value::Null).await,
            404,
            "not_found",
        );
        refused(
            person.post(&format!("{it}/guests"), guest.clone()).await,
            404,
            "not_found",
        );
        let to = json!({"start_us": MONDAY + 15 * Micros::MINUTE});
        refused(
            person.post(&format!("{it}/reschedule"), to).await,
            404,
            "not_found",
        );
        assert_eq!(
            person.delete(&format!("{it}/link")).await,
            StatusCode::NOT_FOUND
        );
        assert_eq!(person.delete(&guest_path).await, StatusCode::NOT_FOUND);
    }
    let [_, doctor2] = &wrong;
    refused(doctor2.get(&format!("{it}/note")).await, 404, "not_found");
    refused(
        doctor2.post(&format!("{it}/join"), Value::Null).await,
        404,
        "not_found",
    );
    let note = json!({"text": "x", "version": 0});
    let put = doctor2.call(Method::PUT, &format!("{it}/note"), note).await;
    refused(put, 404, "not_found");
    refused(patient.get(&format!("{it}/note")).await, 403, "forbidden");
    refused(patient.get("/appointments/7").await, 400, "malformed");
    assert_eq!(patient.delete(&guest_path).await, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn the_door_says_when_it_opens_and_that_it_was_cancelled() {
    let house = House::open().await;
    let patient = house.sign_in("patient@demo.clinic").await;
    let doctor = house.sign_in("doctor@demo.clinic").await;
    let start_us = MONDAY + 60 * Micros::MINUTE;
    let (_, booked) = patient.book(&doctor, start_us).await;
    let token = json!({"token": booked["link"]["token"]});
    let early = refused(
        house.nobody().post("/join", token.clone()).await,
        409,
        "too_early",
    );
    assert_eq!(early["opens_at_us"], json!(start_us - 30 * Micros::MINUTE));
    house.clock.advance(30 * Micros::MINUTE);
    assert_eq!(
        house.nobody().post("/join", token.clone()).await.0,
        StatusCode::OK
    );
    // Access tokens live for ten minutes only.
    let doctor = house.sign_in("doctor@demo.clinic").await;
    let path = format!("/appointments/{}/cancel", text(&booked["id"]));
    let (status, cancelled) = doctor.post(&path, Value::Null).await;
    assert_eq!(
        (status, &cancelled["state"]),
        (StatusCode::OK, &json!("cancelled"))
    );
    refused(doctor.post(&path, Value::Null).await, 409, "wrong_state");
    refused(house.nobody().post("/join", token).await, 410, "cancelled");
}

#[tokio::test]
async fn a_note_is_saved_signed_and_read_by_the_patient() {
    let house = House::open().await;
    let patient = house.sign_in("patient@demo.clinic").await;
    let doctor = house.sign_in("doctor@demo.clinic").await;
    let (_, booked) = patient.book(&doctor, MONDAY).await;
    let it = format!("/appointments/{}", text(&booked["id"]));
    let note = format!("{it}/note");
    let save = async |words: &str, version: u32| {
        let body = json!({"text": words, "version": version});
        doctor.call(Method::PUT, &note, body).await
    };
    assert_eq!(doctor.get(&note).await.1["version"], 0);
    assert_eq!(save("Repos.", 0).await.1["version"], 1);
    let changed = refused(save("Autre", 0).await, 412, "changed");
    assert_eq!(changed["field"], "version");
    refused(save(&"a".repeat(20_001), 1).await, 422, "invalid");
    let (_, draft) = patient.get(&format!("{it}/summary")).await;
    assert!(draft["note"].is_null());
    let sign = format!("{note}/sign");
    refused(
        doctor.post(&sign, json!({"version": 2})).await,
        412,
        "changed",
    );
    let (status, signed) = doctor.post(&sign, json!({"version": 1})).await;
    assert_eq!(
        (status, &signed["state"]),
        (StatusCode::OK, &json!("signed"))
    );
    refused(save("Autre", 1).await, 409, "wrong_state");
    let (_, summary) = patient.get(&format!("{it}/summary")).await;
    assert_eq!(summary["note"]["text"], "Repos.");
    assert_eq!(summary["appointment"]["has_summary"], true);
}

#[tokio::test]
async fn hours_and_lists_refuse_what_is_out_of_range() {
    let house = House::open().await;
    let doctor = house.sign_in("doctor3@demo.clinic").await;
    let (_, hours) = doctor.get("/hours").await;
    assert_eq!(hours["slot_min"], 30);
    let (status, same) = doctor.call(Method::PUT, "/hours", hours.clone()).await;
    assert_eq!((status, &same), (StatusCode::OK, &hours));
    let mut wrong = hours.clone();
    wrong["hours"][2]["weekday"] = json!(8);
    let answer = doctor.call(Method::PUT, "/hours", wrong).await;
    assert_eq!(refused(answer, 422, "invalid")["field"], "hours[2].weekday");
    let mut wrong = hours;
    wrong["zone"] = json!("Nowhere/Land");
    let answer = doctor.call(Method::PUT, "/hours", wrong).await;
    assert_eq!(refused(answer, 422, "invalid")["field"], "zone");
    let to = MONDAY + 401 * Micros::DAY;
    let list = doctor
        .get(&format!("/appointments?from_us={MONDAY}&to_us={to}"))
        .await;
    assert_eq!(refused(list, 422, "invalid")["field"], "to_us");
    refused(
        doctor.get("/appointments?from_us=soon&to_us=1").await,
        400,
        "malformed",
    );
    let slots = format!("/doctors/{}/slots?from_us={MONDAY}&days=32", doctor.id);
    assert_eq!(
        refused(doctor.get(&slots).await, 422, "invalid")["field"],
        "days"
    );
}

#[tokio::test]
async fn only_doctors_and_admins_watch() {
    let house = House::open().await;
    for email in ["doctor@demo.clinic", "admin@demo.clinic"] {
        let person = house.sign_in(email).await;
        let (status, pass) = person.post("/observe", Value::Null).await;
        assert_eq!(status, StatusCode::OK);
        assert!(!text(&pass["ticket"]).is_empty());
        let (status, _) = person.post("/connection-tests", Value::Null).await;
        assert_eq!(status, StatusCode::OK);
    }
    for email in ["patient@demo.clinic", "nurse@demo.clinic"] {
        let person = house.sign_in(email).await;
        refused(person.post("/observe", Value::Null).await, 403, "forbidden");
    }
    refused(
        house.nobody().post("/observe", Value::Null).await,
        401,
        "unauthenticated",
    );
}
