//! FHIR for what is written elsewhere: prescriptions, appointments, doctors, orders and results are
//! shown to whom their own operations show them, and to nobody else.

use axum::http::StatusCode;
use clinical_fhir::Checked;
use clinical_http::CookiePolicy;
use clinical_model::Email;
use clinical_store::identity::credential_by_email;
use serde_json::{Value, json};

use crate::house::{Answer, House};
use crate::prescriptions::{reasons, request};

struct Ward {
    house: House,
    doctor: String,
    /// A doctor who does not know the patient.
    stranger: String,
    nurse: String,
    lab: String,
    patient: String,
    record: String,
}

impl Ward {
    async fn open() -> Self {
        let house = House::open(CookiePolicy::PlainHttp).await;
        let email = Email::parse("patient@demo.clinic").unwrap();
        let mut conn = house.clinic.db.read().await.unwrap();
        let account = credential_by_email(&mut conn, &email).await.unwrap();
        drop(conn);
        Self {
            doctor: house.token("doctor@demo.clinic").await,
            stranger: house.token("doctor3@demo.clinic").await,
            nurse: house.token("nurse@demo.clinic").await,
            lab: house.token("lab@demo.clinic").await,
            patient: house.token("patient@demo.clinic").await,
            record: account.unwrap().account.patient.unwrap().to_string(),
            house,
        }
    }

    async fn get(&self, path: &str, token: &str) -> Answer {
        let what = format!("GET /fhir/R4{path}");
        self.house.call(&what, Some(token), "").await
    }

    /// A resource that is there and is one of R4.
    async fn there(&self, path: &str, token: &str) -> Value {
        let answer = self.get(path, token).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.body);
        assert_eq!(Checked::parse(answer.body.clone()).err(), None, "{path}");
        answer.body
    }

    async fn refusal(&self, path: &str, token: &str) -> (u16, String) {
        let answer = self.get(path, token).await;
        let word = answer.body["issue"][0]["code"].as_str().unwrap_or_default();
        (answer.status.as_u16(), word.to_owned())
    }

    async fn done(&self, token: &str, what: &str, body: &Value) -> Value {
        let done = self.house.call(what, Some(token), &body.to_string()).await;
        assert!(done.status.is_success(), "{what}: {}", done.body);
        done.body
    }

    /// A signed prescription of one line; its id.
    async fn signed(&self, is_confidential: bool) -> String {
        let (medicine, dose) = if is_confidential {
            ("loratadine", 10.0)
        } else {
            ("paracetamol", 500.0)
        };
        let mut body = request(&self.record, medicine, dose, "mg");
        body["confidential"] = json!(is_confidential);
        let draft = self.done(&self.doctor, "POST /prescriptions", &body).await;
        let id = draft["id"].as_str().unwrap().to_owned();
        let sign = json!({"version": draft["version"], "reasons": reasons(&draft)});
        self.done(
            &self.doctor,
            &format!("POST /prescriptions/{id}/sign"),
            &sign,
        )
        .await;
        id
    }

    /// An order for potassium whose value is verified and not read yet; its id and version.
    async fn verified(&self) -> (String, Value) {
        let order = json!({"patient": self.record, "tests": ["2823-3"], "priority": "urgent",
            "reason": "Fatigue", "release": "after_review"});
        let placed = self.done(&self.doctor, "POST /orders", &order).await;
        let id = placed["id"].as_str().unwrap().to_owned();
        let values = json!({"version": placed["version"], "comment": "Sérum clair",
            "values": [{"code": "2823-3", "value": "5.6", "unit": "mmol/L"}]});
        let entered = format!("POST /orders/{id}/results");
        let entered = self.done(&self.lab, &entered, &values).await;
        let verify = json!({"version": entered["version"]});
        let last = format!("POST /orders/{id}/verify");
        let last = self.done(&self.lab, &last, &verify).await;
        (id, last["version"].clone())
    }
}

fn total(bundle: &Value) -> u64 {
    bundle["total"].as_u64().unwrap()
}

fn of_kind<'a>(bundle: &'a Value, kind: &str) -> Vec<&'a Value> {
    let entries = bundle["entry"].as_array().into_iter().flatten();
    entries
        .map(|it| &it["resource"])
        .filter(|it| it["resourceType"] == kind)
        .collect()
}

#[tokio::test]
async fn a_prescription_is_shown_line_by_line_and_a_confidential_one_not_to_a_nurse() {
    let ward = Ward::open().await;
    let (plain, secret) = (ward.signed(false).await, ward.signed(true).await);
    let all = format!("/MedicationRequest?patient={}", ward.record);
    for (token, count) in [
        (&ward.doctor, 2),
        (&ward.patient, 2),
        (&ward.nurse, 1),
        (&ward.stranger, 0),
    ] {
        let found = ward.there(&all, token).await;
        assert_eq!(total(&found), count);
        assert_eq!(found.to_string().contains(&secret), count == 2);
    }
    // Of whom is clear when a patient asks.
    let own = ward
        .there("/MedicationRequest?status=active", &ward.patient)
        .await;
    assert_eq!(total(&own), 2);
    let unnamed = ward.refusal("/MedicationRequest", &ward.doctor).await;
    assert_eq!(unnamed, (400, "required".to_owned()));
    let elsewhere = ward.refusal(&all, &ward.lab).await;
    assert_eq!(elsewhere, (403, "forbidden".to_owned()));

    let one = format!("/MedicationRequest/{plain}-0");
    let line = ward.there(&one, &ward.doctor).await;
    assert_eq!(
        (&line["status"], &line["intent"]),
        (&json!("active"), &json!("order"))
    );
    let dosage = &line["dosageInstruction"][0];
    assert_eq!(dosage["doseAndRate"][0]["doseQuantity"]["value"], 500);
    assert_eq!(dosage["doseAndRate"][0]["doseQuantity"]["code"], "mg");
    assert_eq!(dosage["timing"]["repeat"]["frequency"], 1);
    assert_eq!(dosage["timing"]["repeat"]["boundsDuration"]["value"], 5);
    assert_eq!(line["dispenseRequest"]["quantity"]["value"], 10);
    assert_eq!(
        line["groupIdentifier"]["value"],
        format!("urn:uuid:{plain}")
    );
    let version = line["meta"]["versionId"].as_str().unwrap();
    let answer = ward.get(&one, &ward.nurse).await;
    assert_eq!(answer.headers["etag"], format!("W/\"{version}\""));
    for (path, token) in [
        (one.clone(), &ward.stranger),
        (format!("/MedicationRequest/{secret}-0"), &ward.nurse),
        (format!("/MedicationRequest/{plain}-1"), &ward.doctor),
        (format!("/MedicationRequest/{plain}-00"), &ward.doctor),
        (format!("/MedicationRequest/{plain}"), &ward.doctor),
        ("/MedicationRequest/x".to_owned(), &ward.doctor),
    ] {
        let refused = ward.refusal(&path, token).await;
        assert_eq!(refused, (404, "not-found".to_owned()), "{path}");
    }
}

#[tokio::test]
async fn prescriptions_are_searched_as_everything_else_and_never_written() {
    let ward = Ward::open().await;
    let (plain, secret) = (ward.signed(false).await, ward.signed(true).await);
    let all = format!("/MedicationRequest?patient={}", ward.record);
    for (query, count) in [
        ("&intent=order&status=active", 2),
        ("&status=completed", 0),
        ("&code=http://www.whocc.no/atc|N02BE01", 1),
        ("&code=urn:telehealth:formulary|paracetamol", 1),
        ("&authoredon=2026-11-23&_sort=-authoredon", 2),
        (&format!("&_id={plain}-0"), 1),
    ] {
        let found = ward.there(&format!("{all}{query}"), &ward.doctor).await;
        assert_eq!(total(&found), count, "{query}");
    }
    let page = format!("{all}&_count=1&_total=accurate&_include=MedicationRequest:requester");
    assert_eq!(
        ward.get(&page, &ward.doctor).await.status,
        StatusCode::BAD_REQUEST
    );
    let page = format!("{all}&_count=1&_total=accurate&_include=MedicationRequest:patient");
    let page = ward.there(&page, &ward.doctor).await;
    assert_eq!(total(&page), 2);
    assert_eq!(of_kind(&page, "MedicationRequest").len(), 1);
    assert_eq!(of_kind(&page, "Patient").len(), 1);
    let about = format!(
        "/Patient?_id={}&_revinclude=MedicationRequest:patient",
        ward.record
    );
    let everything = format!("/Patient/{}/$everything", ward.record);
    for path in [about, everything] {
        let nurse = ward.there(&path, &ward.nurse).await;
        assert_eq!(of_kind(&nurse, "MedicationRequest").len(), 1, "{path}");
        assert!(!nurse.to_string().contains(&secret), "{path}");
        let lab = ward.get(&path, &ward.lab).await;
        assert!(!lab.body.to_string().contains(&plain), "{path}");
    }
    let one = json!({"resourceType": "MedicationRequest", "id": format!("{plain}-0")}).to_string();
    for what in [
        format!("PUT /fhir/R4/MedicationRequest/{plain}-0"),
        "POST /fhir/R4/MedicationRequest".to_owned(),
        format!("DELETE /fhir/R4/MedicationRequest/{plain}-0"),
    ] {
        let body = if what.starts_with("DELETE") { "" } else { &one };
        let refused = ward.house.call(&what, Some(&ward.doctor), body).await;
        assert_eq!(refused.status, StatusCode::METHOD_NOT_ALLOWED, "{what}");
    }
}

#[tokio::test]
async fn appointments_are_shown_to_their_patient_and_their_doctor() {
    let ward = Ward::open().await;
    let own = ward.there("/Appointment?_count=100", &ward.patient).await;
    assert!(total(&own) > 0);
    let me = json!(format!("Patient/{}", ward.record));
    let first = of_kind(&own, "Appointment")[0].clone();
    for it in of_kind(&own, "Appointment") {
        assert_eq!(it["participant"][0]["actor"]["reference"], me);
    }
    let id = first["id"].as_str().unwrap();
    let doctor = first["participant"][1]["actor"]["reference"]
        .as_str()
        .unwrap();
    let read = ward
        .there(&format!("/Appointment/{id}"), &ward.patient)
        .await;
    assert_eq!(read, first);
    let start = first["start"].as_str().unwrap();
    for (query, is_found) in [
        (format!("_id={id}&date={start}"), true),
        (format!("_id={id}&date=gt{start}"), false),
        (
            format!("_id={id}&practitioner={doctor}&actor={doctor}"),
            true,
        ),
        (
            format!("_id={id}&status:not=booked,fulfilled,cancelled"),
            false,
        ),
        (format!("patient={}&_id={id}", ward.record), true),
    ] {
        let found = ward
            .there(&format!("/Appointment?{query}"), &ward.patient)
            .await;
        assert_eq!(total(&found), u64::from(is_found), "{query}");
    }
    let with = format!("/Appointment?_id={id}&_include=Appointment:actor");
    let with = ward.there(&with, &ward.patient).await;
    assert_eq!(of_kind(&with, "Patient").len(), 1);
    assert_eq!(of_kind(&with, "Practitioner").len(), 1);

    let other = ward.house.token("patient2@demo.clinic").await;
    let refused = ward.refusal(&format!("/Appointment/{id}"), &other).await;
    assert_eq!(refused, (404, "not-found".to_owned()));
    let strange = format!("/Appointment?patient={}", ward.record);
    for token in [&other, &ward.stranger] {
        let theirs = ward.there(&strange, token).await;
        assert!(!theirs.to_string().contains(id));
    }
    let unnamed = ward.refusal("/Appointment", &ward.doctor).await;
    assert_eq!(unnamed, (400, "required".to_owned()));
    let nurse = ward.refusal(&strange, &ward.nurse).await;
    assert_eq!(nurse, (403, "forbidden".to_owned()));
}

#[tokio::test]
async fn doctors_are_found_by_name() {
    let ward = Ward::open().await;
    let found = ward
        .there("/Practitioner?name:contains=mbarga", &ward.patient)
        .await;
    assert_eq!(total(&found), 1);
    let doctor = of_kind(&found, "Practitioner")[0];
    let path = format!("/Practitioner/{}", doctor["id"].as_str().unwrap());
    assert_eq!(&ward.there(&path, &ward.lab).await, doctor);
    let unknown = format!("/Practitioner/{}", ward.record);
    let unknown = ward.refusal(&unknown, &ward.patient).await;
    assert_eq!(unknown, (404, "not-found".to_owned()));
}

#[tokio::test]
async fn a_report_is_hidden_from_the_patient_before_it_is_released() {
    let ward = Ward::open().await;
    let (id, version) = ward.verified().await;
    let one = format!("/DiagnosticReport/{id}");
    let all = format!("/DiagnosticReport?patient={}", ward.record);
    let refused = ward.refusal(&one, &ward.patient).await;
    assert_eq!(refused, (404, "not-found".to_owned()));
    assert_eq!(total(&ward.there(&all, &ward.patient).await), 0);
    assert_eq!(total(&ward.there(&all, &ward.stranger).await), 0);
    let everything = format!("/Patient/{}/$everything", ward.record);
    let before = ward.there(&everything, &ward.patient).await;
    assert_eq!(of_kind(&before, "DiagnosticReport").len(), 0);

    let report = ward.there(&one, &ward.doctor).await;
    assert_eq!(
        (&report["status"], &report["conclusion"]),
        (&json!("final"), &json!("Sérum clair"))
    );
    assert_eq!(report["code"]["coding"][0]["code"], "2823-3");
    assert_eq!(report["result"][0]["reference"], "#v0");
    let value = &report["contained"][0];
    assert_eq!(value["valueQuantity"]["value"], 5.6);
    assert_eq!(value["interpretation"][0]["coding"][0]["code"], "H");
    assert_eq!(value["referenceRange"][0]["high"]["value"], 5.3);
    for (query, count) in [("&status=final&code=2823-3", 1), ("&status=amended", 0)] {
        let found = ward.there(&format!("{all}{query}"), &ward.doctor).await;
        assert_eq!(total(&found), count, "{query}");
    }
    let seen = format!("POST /orders/{id}/seen");
    ward.done(&ward.doctor, &seen, &json!({"version": version}))
        .await;
    assert_eq!(ward.there(&one, &ward.patient).await["id"], id);
    assert_eq!(total(&ward.there(&all, &ward.patient).await), 1);
    let lab = ward.refusal(&one, &ward.lab).await;
    assert_eq!(lab, (403, "forbidden".to_owned()));
}

#[tokio::test]
async fn orders_are_shown_to_the_doctor_and_the_department() {
    let ward = Ward::open().await;
    let (id, _) = ward.verified().await;
    let one = format!("/ServiceRequest/{id}");
    let all = format!("/ServiceRequest?patient={}", ward.record);
    let order = ward.there(&one, &ward.doctor).await;
    assert_eq!(
        (&order["status"], &order["priority"]),
        (&json!("completed"), &json!("urgent"))
    );
    let found = ward
        .there(&format!("{all}&authored=2026-11-23"), &ward.doctor)
        .await;
    assert_eq!(total(&found), 1);
    assert_eq!(total(&ward.there(&all, &ward.stranger).await), 0);
    let work = ward
        .there("/ServiceRequest?status=completed&_count=100", &ward.lab)
        .await;
    assert!(work.to_string().contains(&id));
    for (path, token) in [
        (&one, &ward.lab),
        (&one, &ward.patient),
        (&all, &ward.patient),
    ] {
        let refused = ward.refusal(path, token).await;
        assert_eq!(refused, (403, "forbidden".to_owned()), "{path}");
    }
}
