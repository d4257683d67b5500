//! Every operation as nobody, as every role, and as a stranger.

use std::collections::{BTreeMap, BTreeSet};

use axum::http::StatusCode;
use clinical_app::demo::DEMO_ACCOUNTS;
use clinical_http::{CookiePolicy, Who, operations};
use clinical_model::{Email, Role};
use clinical_store::identity::credential_by_email;
use serde_json::{Value, json};

use crate::house::House;
use crate::prescriptions::{reasons, request};

pub(crate) struct Row {
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    who: &'static str,
    is_owned: bool,
    pub(crate) body: &'static str,
}

impl Row {
    pub(crate) fn lets_in(&self, role: Role) -> bool {
        matches!(self.who, "public" | "signed_in")
            || self.who.split(',').any(|word| word == role.as_str())
    }
}

pub(crate) fn rows() -> Vec<Row> {
    include_str!("../../../../docs/permissions.txt")
        .lines()
        .filter(|line| !line.starts_with('#') && !line.starts_with("WS ") && !line.is_empty())
        .map(|line| {
            let mut words = line.split_whitespace();
            let [method, path, who, owned] = [(); 4].map(|()| words.next().unwrap());
            assert!(matches!(owned, "own" | "any"), "{line}");
            let body = ["[{\"", "{\""]
                .into_iter()
                .filter_map(|it| line.find(it))
                .min();
            let body = body.map_or("", |at| line.split_at(at).1);
            Row {
                method,
                path,
                who,
                is_owned: owned == "own",
                body,
            }
        })
        .collect()
}

#[test]
fn the_table_the_router_and_the_openapi_text_name_the_same_operations_and_callers() {
    let word = |who: Who| match who {
        Who::Public => "public".to_owned(),
        Who::SignedIn => "signed_in".to_owned(),
        Who::Roles(roles) => roles
            .iter()
            .map(|role| role.as_str())
            .collect::<Vec<_>>()
            .join(","),
    };
    let table: BTreeMap<String, String> = rows()
        .iter()
        .map(|row| (format!("{} {}", row.method, row.path), row.who.to_owned()))
        .collect();
    let router: BTreeMap<String, String> = operations()
        .map(|it| (format!("{} {}", it.method, it.path), word(it.who)))
        .collect();
    assert_eq!(
        table, router,
        "permissions.txt and the tables in routes/ differ"
    );

    let text = serde_json::to_value(clinical_http::openapi()).unwrap();
    let mut described = BTreeMap::new();
    for (path, methods) in text["paths"].as_object().unwrap() {
        let path = path.strip_prefix("/api/v1").unwrap();
        for (method, operation) in methods.as_object().unwrap() {
            let who = match &operation["x-roles"] {
                Value::Array(roles) => roles
                    .iter()
                    .map(|it| it.as_str().unwrap())
                    .collect::<Vec<_>>()
                    .join(","),
                other => other.as_str().unwrap_or("not said").to_owned(),
            };
            described.insert(format!("{} {path}", method.to_uppercase()), who);
        }
    }
    assert_eq!(
        described, router,
        "the OpenAPI text and the tables in routes/ differ"
    );
}

/// The parties of the appointment, the doctor who will see the same patient, and the nurse who is on
/// duty.
const PARTIES: [&str; 4] = [
    "patient@demo.clinic",
    "doctor@demo.clinic",
    "doctor2@demo.clinic",
    "nurse@demo.clinic",
];

/// An id of nothing.
const NOTHING: &str = "00000000-0000-7000-8000-000000000000";

/// Signed-in people and things of theirs.
pub(crate) struct Cast {
    /// One account of every role, none of them a party of the appointment or on duty.
    pub(crate) strangers: Vec<(Role, String)>,
    pub(crate) patient: String,
    pub(crate) doctor: String,
    pub(crate) appointment: String,
    guest: String,
    pub(crate) doctor_id: String,
    /// The patient's record.
    pub(crate) record: String,
    /// A prescription of the doctor for the patient, signed and not transmitted.
    prescription: String,
    /// A result of the doctor's order for the patient, verified, read and released.
    result: String,
    /// An order of the doctor for the patient, without a value.
    pub(crate) order: String,
    /// A thread of the patient with the doctor.
    thread: String,
    /// A time that is kept for the patient.
    hold: String,
    /// A place of the patient in the waiting list.
    waiting: String,
    /// What the patient says of the family.
    pub(crate) entry: String,
    /// A paper that the patient brings.
    document: String,
    /// A recording of the appointment.
    recording: String,
    /// An interview of the patient, waiting for the complaint.
    interview: String,
}

impl Cast {
    pub(crate) async fn gather(house: &House) -> Self {
        let mut strangers = Vec::new();
        for role in Role::ALL {
            let account = DEMO_ACCOUNTS
                .iter()
                .filter(|it| it.role == role)
                .find(|it| !PARTIES.contains(&it.email))
                .unwrap();
            strangers.push((role, house.token(account.email).await));
        }
        let patient = house.token("patient@demo.clinic").await;
        let doctor = house.token("doctor@demo.clinic").await;
        let me = house.call("GET /me", Some(&doctor), "").await;
        let doctor_id = me.body["id"].as_str().unwrap().to_owned();
        let path = format!(
            "GET /doctors/{doctor_id}/slots?from_us={}&days=2",
            crate::house::MONDAY
        );
        let slots = house.call(&path, Some(&patient), "").await;
        let start_us = &slots.body["slots"][20]["start_us"];
        let body = json!({"doctor": doctor_id, "start_us": start_us}).to_string();
        let booked = house
            .call("POST /appointments", Some(&patient), &body)
            .await;
        assert_eq!(booked.status, StatusCode::CREATED, "{}", booked.body);
        let appointment = booked.body["id"].as_str().unwrap().to_owned();
        let invite = format!("POST /appointments/{appointment}/guests");
        let body = json!({"name": "Paul", "relation": "son"}).to_string();
        let invited = house.call(&invite, Some(&patient), &body).await;
        let email = Email::parse("patient@demo.clinic").unwrap();
        let mut tx = house.clinic.db.read().await.unwrap();
        let account = credential_by_email(&mut tx, &email).await.unwrap().unwrap();
        let record = account.account.patient.unwrap().to_string();
        drop(tx);
        let start_us = &slots.body["slots"][40]["start_us"];
        let body = json!({"doctor": doctor_id, "start_us": start_us}).to_string();
        let held = house.call("POST /holds", Some(&patient), &body).await;
        assert_eq!(held.status, StatusCode::CREATED, "{}", held.body);
        let admin = house.token("admin@demo.clinic").await;
        let body = r#"{"code":"w","length_min":15,"step_min":15,"modality":"video","active":true}"#;
        let service = house.call("POST /services", Some(&admin), body).await;
        let until_us = crate::house::MONDAY + 86_400_000_000;
        let body = json!({"service": service.body["id"], "from_us": 0, "until_us": until_us});
        let waits = house
            .call("POST /waiting-list", Some(&patient), &body.to_string())
            .await;
        assert_eq!(waits.status, StatusCode::CREATED, "{}", waits.body);
        let prescription = prescribed(house, &doctor, &record).await;
        let (order, result) = crate::results::ordered(house, &doctor, &record).await;
        let thread = begun(house, &patient, &doctor_id).await;
        let entry = told(house, &patient, &record).await;
        let document = brought(house, &patient, &record).await;
        let recording = crate::recordings::recorded(house, &appointment).await;
        let interview = interviewed(house, &patient).await;
        Self {
            strangers,
            interview,
            order,
            result,
            thread,
            prescription,
            waiting: waits.body["id"].as_str().unwrap().to_owned(),
            hold: held.body["id"].as_str().unwrap().to_owned(),
            entry,
            document,
            recording: recording.to_string(),
            record,
            patient,
            doctor,
            appointment,
            guest: invited.body["id"].as_str().unwrap().to_owned(),
            doctor_id,
        }
    }

    pub(crate) fn what(&self, row: &Row) -> String {
        let id = match row.path.split('/').nth(1) {
            Some("doctors") => &self.doctor_id,
            Some("patients" | "fhir") => &self.record,
            Some("waiting-list") => &self.waiting,
            Some("holds") => &self.hold,
            Some("prescriptions") => &self.prescription,
            Some("orders") => &self.order,
            Some("results") => &self.result,
            Some("threads") => &self.thread,
            Some("entries") => &self.entry,
            Some("documents") => &self.document,
            Some("recordings") => &self.recording,
            Some("triage") => &self.interview,
            _ => &self.appointment,
        };
        let path = row
            .path
            .replace("{id}", id)
            .replace("{kind}", "Patient")
            .replace("{version}", "1")
            .replace("{guest}", &self.guest)
            .replace("{grant}", NOTHING)
            .replace("{secret}", NOTHING)
            .replace("{call}", NOTHING)
            .replace("{contact}", NOTHING)
            .replace("{lock}", "00")
            .replace("{name}", "none")
            .replace("{prescription}", &self.prescription)
            .replace("{line}", "0")
            .replace("{file}", "1")
            .replace("{slug}", "paracetamol")
            .replace("{code}", "0000");
        let now = crate::house::MONDAY;
        let query = match (row.method, row.path) {
            ("GET", "/results/series") => "?code=2823-3".to_owned(),
            ("GET", "/holidays") => "?country=CM&year=2026".to_owned(),
            ("GET", "/calendar") => format!("?from_us={now}&to_us={}&by=clinician", now + 1),
            ("GET", "/doctors/{id}/slots" | "/services/{id}/openings") => {
                format!("?from_us={now}&days=1")
            }
            ("GET", "/appointments") => format!("?from_us={now}&to_us={}", now + 86_400_000_000),
            _ => String::new(),
        };
        format!("{} {path}{query}", row.method)
    }
}

/// A signed prescription.
async fn prescribed(house: &House, doctor: &str, record: &str) -> String {
    let body = request(record, "paracetamol", 500.0, "mg").to_string();
    let draft = house.call("POST /prescriptions", Some(doctor), &body).await;
    assert_eq!(draft.status, StatusCode::CREATED, "{}", draft.body);
    let id = draft.body["id"].as_str().unwrap().to_owned();
    let body = json!({"version": 1, "reasons": reasons(&draft.body)}).to_string();
    let sign = format!("POST /prescriptions/{id}/sign");
    let signed = house.call(&sign, Some(doctor), &body).await;
    assert_eq!(signed.status, StatusCode::OK, "{}", signed.body);
    id
}

/// A thread with a first message.
async fn begun(house: &House, patient: &str, doctor: &str) -> String {
    let body = json!({"people": [doctor], "subject": "Question", "text": "Bonjour"}).to_string();
    let made = house.call("POST /threads", Some(patient), &body).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    made.body["id"].as_str().unwrap().to_owned()
}

/// An interview that was begun.
async fn interviewed(house: &House, patient: &str) -> String {
    let body = r#"{"language":"en"}"#;
    let what = "POST /triage/interviews";
    let made = house.call(what, Some(patient), body).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    made.body["id"].as_str().unwrap().to_owned()
}

/// A fact of the family in the patient's words.
async fn told(house: &House, patient: &str, record: &str) -> String {
    let body = json!({"fact": {"kind": "family_history", "relative": "MTH", "conditions": [
        {"code": {"system": "icd10", "code": "E11", "display": "Diabète"}}]}});
    let what = format!("POST /patients/{record}/entries");
    let made = house.call(&what, Some(patient), &body.to_string()).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    made.body["id"].as_str().unwrap().to_owned()
}

/// A paper of the patient.
async fn brought(house: &House, patient: &str, record: &str) -> String {
    let made = house
        .upload((patient, record), ("text/plain", b"Bilan"))
        .await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    made.body["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn every_operation_refuses_nobody_wrong_roles_and_strangers() {
    let house = House::open(CookiePolicy::PlainHttp).await;
    let cast = Cast::gather(&house).await;
    let mut mistakes = BTreeSet::new();
    for row in rows() {
        let what = cast.what(&row);
        let nobody = house.call(&what, None, row.body).await;
        let is_turned_away =
            nobody.status == StatusCode::UNAUTHORIZED && nobody.code() == "unauthenticated";
        if is_turned_away == (row.who == "public") {
            mistakes.insert(format!("nobody, {what}: {}", nobody.status));
        }
        for (role, token) in &cast.strangers {
            let answer = house.call(&what, Some(token), row.body).await;
            let got = answer.status;
            let is_let_in =
                !matches!(got.as_u16(), 400 | 401 | 500..) && answer.code() != "forbidden";
            let expected = match (row.lets_in(*role), row.is_owned) {
                _ if row.who == "public" => continue,
                (false, _) => got == StatusCode::FORBIDDEN && answer.code() == "forbidden",
                // An admin is nobody's stranger in the facility; what they find there is not
                // clinical.
                (true, true) if *role == Role::Admin => is_let_in,
                (true, true) => got == StatusCode::NOT_FOUND,
                (true, false) => is_let_in,
            };
            if !expected {
                mistakes.insert(format!("{role}, {what}: {got}"));
            }
        }
        if row.is_owned {
            let parties = [(Role::Patient, &cast.patient), (Role::Doctor, &cast.doctor)];
            for (role, token) in parties.into_iter().filter(|(role, _)| row.lets_in(*role)) {
                let answer = house.call(&what, Some(token), row.body).await;
                // A party is past the question who it is; state and values are another matter. The
                // second party finds a removed guest gone.
                let names_nothing = row.path.contains("{grant}");
                let is_gone = (row.method == "DELETE" || names_nothing)
                    && answer.status == StatusCode::NOT_FOUND;
                if matches!(answer.code(), "unauthenticated" | "forbidden" | "not_found")
                    && !is_gone
                {
                    mistakes.insert(format!("own {role}, {what}: {}", answer.status));
                }
            }
        }
    }
    assert!(mistakes.is_empty(), "{mistakes:#?}");
}
