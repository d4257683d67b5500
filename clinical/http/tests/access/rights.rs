//! A copy of everything, requests and their answers, and emergencies, over HTTP.

use std::io::{Cursor, Read as _};
use std::time::Instant;

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use clinical_app::Passwords;
use clinical_app::demo::DEMO_PASSWORD;
use clinical_app::identity::{NewUser, create_user};
use clinical_http::CookiePolicy;
use clinical_model::access::Label;
use clinical_model::chart::{
    Code, CodeSystem, Entry, EntryStatus, Fact, Observation, ObservationCategory, Quantity, Value,
};
use clinical_model::patients::{Demographics, Patient, PatientState, Sex};
use clinical_model::text::{CodeText, Line};
use clinical_model::{
    Account, AuditActor, AuditEntry, Email, EntryId, Micros, PatientId, Position, Role,
};
use clinical_store::identity::credential_by_email;
use serde_json::json;
use tower::ServiceExt as _;
use uuid::Uuid;
use zip::ZipArchive;

use crate::house::{House, MONDAY};

/// Ten years of a busy record.
const FACTS: i64 = 5_000;

async fn account(house: &House, email: &str) -> Account {
    let mut conn = house.clinic.db.read().await.unwrap();
    let found = credential_by_email(&mut conn, &Email::parse(email).unwrap()).await;
    found.unwrap().unwrap().account
}

fn measured(of: &Account, n: i64) -> Entry {
    Entry {
        id: EntryId::from_uuid(Uuid::new_v4()),
        tenant: of.tenant,
        patient: of.patient.unwrap(),
        fact: Fact::Observation(Observation {
            code: Code {
                system: CodeSystem::Loinc,
                code: CodeText::try_from("29463-7").unwrap(),
                display: Line::try_from("Poids <b>& taille").unwrap(),
            },
            category: ObservationCategory::VitalSigns,
            value: Value::Quantity(Quantity {
                value: format!("{}.5", 50 + n % 50).parse().unwrap(),
                unit: Line::try_from("kg").unwrap(),
            }),
            components: Vec::new(),
            interpretation: None,
            range: None,
            note: None,
        }),
        label: Label::Normal,
        status: EntryStatus::Active,
        effective: Micros(MONDAY - n * Micros::HOUR),
        recorded: Micros(MONDAY),
        author: of.id,
        appointment: None,
        version: 1,
    }
}

async fn download(house: &House, token: &str, path: &str, language: &str) -> (StatusCode, Vec<u8>) {
    let request = Request::post(format!("/api/v1{path}"))
        .header("authorization", format!("Bearer {token}"))
        .header("host", "clinic.example")
        .header("content-type", "application/json");
    let body = Body::from(json!({ "language": language }).to_string());
    let response = house.router.clone().oneshot(request.body(body).unwrap());
    let (parts, body) = response.await.unwrap().into_parts();
    (
        parts.status,
        to_bytes(body, 1 << 26).await.unwrap().to_vec(),
    )
}

fn part(archive: &mut ZipArchive<Cursor<Vec<u8>>>, name: &str) -> String {
    let mut text = String::new();
    archive
        .by_name(name)
        .unwrap()
        .read_to_string(&mut text)
        .unwrap();
    text
}

#[tokio::test]
async fn a_copy_of_five_thousand_facts_is_a_zip_with_a_bundle_and_a_page() {
    let house = House::open(CookiePolicy::PlainHttp).await;
    let patient = account(&house, "patient@demo.clinic").await;
    let mut tx = house.clinic.db.begin().await.unwrap();
    for n in 0..FACTS {
        clinical_store::chart::insert(&mut tx, &measured(&patient, n))
            .await
            .unwrap();
    }
    let entry = AuditEntry::done(AuditActor::System, "test.facts", Micros(MONDAY));
    tx.commit(entry).await.unwrap();
    let token = house.token("patient@demo.clinic").await;
    let path = format!("/patients/{}/exports", patient.patient.unwrap());

    let begun = Instant::now();
    let (status, bytes) = download(&house, &token, &path, "fr").await;
    println!(
        "{FACTS} facts: {:?}, {} bytes",
        begun.elapsed(),
        bytes.len()
    );
    assert_eq!(status, StatusCode::OK);
    let mut archive = ZipArchive::new(Cursor::new(bytes)).unwrap();
    let bundle: serde_json::Value =
        serde_json::from_str(&part(&mut archive, "fhir-bundle.json")).unwrap();
    assert_eq!(
        (&bundle["resourceType"], &bundle["type"]),
        (&json!("Bundle"), &json!("collection"))
    );
    let entries = bundle["entry"].as_array().unwrap();
    let kind = |it: &&serde_json::Value| it["resource"]["resourceType"] == "Observation";
    assert!(entries.iter().filter(kind).count() >= 5_000);
    let whole = format!(
        "https://clinic.example/fhir/R4/Patient/{}",
        patient.patient.unwrap()
    );
    assert_eq!(entries[0]["fullUrl"], json!(whole));
    let page = part(&mut archive, "dossier.html");
    assert!(page.starts_with("<!DOCTYPE html>\n<html lang=\"fr\">") && page.contains("<main>"));
    assert!(
        page.contains("Poids &lt;b&gt;&amp; taille"),
        "what is written is no markup"
    );
    assert!(
        !page.contains("<script") && !page.contains("src="),
        "it needs nothing else"
    );
    let rest: serde_json::Value = serde_json::from_str(&part(&mut archive, "record.json")).unwrap();
    assert!(
        rest["accesses"]
            .as_array()
            .unwrap()
            .iter()
            .any(|it| it["action"] == "rights.export")
    );

    let (status, bytes) = download(&house, &token, &path, "en").await;
    assert_eq!(status, StatusCode::OK);
    let mut archive = ZipArchive::new(Cursor::new(bytes)).unwrap();
    assert!(part(&mut archive, "record.html").contains("Who looked at my record"));
    for _ in 2..5 {
        assert_eq!(
            download(&house, &token, &path, "en").await.0,
            StatusCode::OK
        );
    }
    let (status, _) = download(&house, &token, &path, "en").await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn an_erasure_is_refused_with_the_law_and_its_date() {
    let house = House::open(CookiePolicy::PlainHttp).await;
    let record = account(&house, "patient@demo.clinic")
        .await
        .patient
        .unwrap();
    let patient = house.token("patient@demo.clinic").await;
    let mut tx = house.clinic.db.begin().await.unwrap();
    let of = account(&house, "patient@demo.clinic").await;
    clinical_store::chart::insert(&mut tx, &measured(&of, 0))
        .await
        .unwrap();
    let entry = AuditEntry::done(AuditActor::System, "test.facts", Micros(MONDAY));
    tx.commit(entry).await.unwrap();
    let ask = format!("POST /patients/{record}/erasure-requests");
    let asked = house.call(&ask, Some(&patient), "").await;
    assert_eq!(asked.status, StatusCode::CREATED, "{}", asked.body);
    assert_eq!(asked.body["law"], "house");
    assert_eq!(
        house.call(&ask, Some(&patient), "").await.code(),
        "wrong_state"
    );
    let admin = house.token("admin@demo.clinic").await;
    let answer = format!(
        "POST /requests/{}/answer",
        asked.body["id"].as_str().unwrap()
    );
    let accept = json!({"version": 1, "accept": true}).to_string();
    let kept = house.call(&answer, Some(&admin), &accept).await;
    assert_eq!(
        (kept.status, kept.code()),
        (StatusCode::CONFLICT, "retained")
    );
    assert_eq!(kept.body["opens_at_us"], asked.body["kept_until_us"]);
}

/// Somebody who has registered and never came.
async fn newcomer(house: &House, email: &str) -> PatientId {
    let tenant = account(house, "patient@demo.clinic").await.tenant;
    let id = PatientId::from_uuid(Uuid::new_v4());
    let patient = Patient {
        id,
        tenant,
        demographics: Demographics {
            family: Line::try_from("Nkolo").unwrap(),
            given: Line::try_from("Marthe").unwrap(),
            sex: Sex::Female,
            birth: None,
            phones: Vec::new(),
            email: None,
            address: None,
            blood_group: None,
            language: None,
            identifiers: Vec::new(),
            emergency: None,
            deceased: None,
        },
        state: PatientState::Active,
        version: 1,
        chart_version: 0,
    };
    let mut tx = house.clinic.db.begin().await.unwrap();
    clinical_store::patients::insert(&mut tx, &patient, Micros(MONDAY))
        .await
        .unwrap();
    let entry = AuditEntry::done(AuditActor::System, "test.patient", Micros(MONDAY));
    tx.commit(entry).await.unwrap();
    let new = NewUser {
        email: email.to_owned(),
        name: "Marthe Nkolo".to_owned(),
        position: Position::without_profile(Role::Patient).unwrap(),
        tenant,
        patient: Some(id),
        factor_grace: Micros(i64::MAX),
        password: DEMO_PASSWORD.to_owned(),
    };
    let passwords = Passwords::new(&house.clinic.entropy).unwrap();
    create_user(&house.clinic, &passwords, AuditActor::System, new)
        .await
        .unwrap();
    id
}

#[tokio::test]
async fn who_never_came_is_erased_for_ever_by_an_administrator_with_a_fresh_proof() {
    let house = House::open(CookiePolicy::PlainHttp).await;
    let email = "marthe@demo.clinic";
    let record = newcomer(&house, email).await;
    let patient = house.token(email).await;
    let ask = format!("POST /patients/{record}/erasure-requests");
    let asked = house.call(&ask, Some(&patient), "").await;
    assert_eq!(asked.status, StatusCode::CREATED, "{}", asked.body);
    assert!(asked.body["law"].is_null());
    let answer = format!(
        "POST /requests/{}/answer",
        asked.body["id"].as_str().unwrap()
    );
    let accept = json!({"version": 1, "accept": true}).to_string();
    let admin = house.token("admin@demo.clinic").await;
    house.clock.set(Micros(MONDAY + 6 * Micros::MINUTE));
    let stale = house.call(&answer, Some(&admin), &accept).await;
    assert_eq!(
        (stale.status, stale.code()),
        (StatusCode::FORBIDDEN, "step_up_needed")
    );
    let admin = house.token("admin@demo.clinic").await;
    let done = house.call(&answer, Some(&admin), &accept).await;
    assert_eq!(
        (done.status, &done.body["state"]),
        (StatusCode::OK, &json!("accepted"))
    );
    let gone = house.call("GET /me", Some(&patient), "").await;
    assert_eq!(gone.code(), "unauthenticated", "the account is shut");
    let login = house.login(email, DEMO_PASSWORD).await;
    assert_eq!(login.code(), "login_failed");
    let chain = house
        .call(
            &format!("GET /patients/{record}/accesses"),
            Some(&admin),
            "",
        )
        .await;
    assert_eq!(chain.body["looks"][0]["action"], "rights.erase");
    let nurse = house.token("nurse@demo.clinic").await;
    let read = format!("GET /patients/{record}/requests");
    let erased = house.call(&read, Some(&nurse), "").await;
    assert_eq!((erased.status, erased.code()), (StatusCode::GONE, "erased"));
}

#[tokio::test]
async fn the_glass_needs_a_fresh_proof_and_the_register_an_administrator() {
    let house = House::open(CookiePolicy::PlainHttp).await;
    let record = account(&house, "patient@demo.clinic")
        .await
        .patient
        .unwrap();
    let nurse = house.token("nurse@demo.clinic").await;
    house.clock.set(Micros(MONDAY + 6 * Micros::MINUTE));
    let body = json!({"patient": record, "reason": "unconscious", "words": "Found at the market"});
    let body = body.to_string();
    let stale = house.call("POST /break-glass", Some(&nurse), &body).await;
    assert_eq!(
        (stale.status, stale.code()),
        (StatusCode::FORBIDDEN, "step_up_needed")
    );
    let nurse = house.token("nurse@demo.clinic").await;
    let taken = house.call("POST /break-glass", Some(&nurse), &body).await;
    assert_eq!(taken.status, StatusCode::CREATED, "{}", taken.body);
    let running = house.call("GET /break-glass", Some(&nurse), "").await;
    assert_eq!(running.body[0]["id"], taken.body["id"]);
    let end = format!(
        "POST /break-glass/{}/end",
        taken.body["id"].as_str().unwrap()
    );
    let ended = house.call(&end, Some(&nurse), "").await;
    assert_eq!(ended.status, StatusCode::NO_CONTENT);

    let admin = house.token("admin@demo.clinic").await;
    let register = house.call("GET /admin/register", Some(&admin), "").await;
    let rows = register.body.as_array().unwrap();
    assert!(rows.iter().any(|row| row["domain"] == "prescribing"));
    let words = house.call("GET /consent-wordings", Some(&nurse), "").await;
    let words = words.body.as_array().unwrap().clone();
    assert!(
        words
            .iter()
            .any(|it| it["purpose"] == "research" && it["current"] == true)
    );
}
