//! A prescription from the doctor to the pharmacy, and everything that must not get past it.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use clinical_app::prescribing::{CheckFailed, Checker};
use clinical_http::CookiePolicy;
use clinical_model::access::Label;
use clinical_model::chart::{
    ClinicalStatus, Code, CodeSystem, Condition, Entry, EntryStatus, Fact, Verification,
};
use clinical_model::text::{CodeText, Line};
use clinical_model::{AuditActor, AuditEntry, Email, EntryId, Micros, PatientId, TenantId, UserId};
use clinical_store::identity::credential_by_email;
use clinical_store::on_both_engines;
use clinical_store::testbed::TestDb;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::house::{Answer, House, MONDAY};

pub(crate) struct Ward {
    house: House,
    doctor: String,
    pharmacist: String,
    patient: String,
    record: PatientId,
    tenant: TenantId,
    author: UserId,
}

pub(crate) fn request(patient: &str, medicine: &str, dose: f64, unit: &str) -> Value {
    json!({"patient": patient, "valid_days": 30, "lines": [{
        "medicine": medicine, "dose": dose, "unit": unit, "per_day": 1.0,
        "route": if unit == "g" { "intravenous" } else { "oral" },
        "duration_days": 5, "quantity": 10, "repeats": 0}]})
}

/// Reasons for all findings that need one.
pub(crate) fn reasons(draft: &Value) -> Vec<Value> {
    let mut rules: Vec<&str> = draft["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|it| it["level"] == "justify")
        .map(|it| it["rule"].as_str().unwrap())
        .collect();
    rules.sort_unstable();
    rules.dedup();
    rules
        .into_iter()
        .map(|rule| json!({"rule": rule, "code": "monitored"}))
        .collect()
}

impl Ward {
    async fn open() -> Self {
        Self::open_on(TestDb::sqlite().await).await
    }

    async fn open_on(db: TestDb) -> Self {
        let house = House::over(db, CookiePolicy::PlainHttp).await;
        let email = Email::parse("patient@demo.clinic").unwrap();
        let mut conn = house.clinic.db.read().await.unwrap();
        let account = credential_by_email(&mut conn, &email).await.unwrap();
        let account = account.unwrap().account;
        drop(conn);
        Self {
            doctor: house.token("doctor@demo.clinic").await,
            pharmacist: house.token("pharmacist@demo.clinic").await,
            patient: house.token("patient@demo.clinic").await,
            record: account.patient.unwrap(),
            tenant: account.tenant,
            author: account.id,
            house,
        }
    }

    async fn send(&self, token: &str, what: &str, body: &Value) -> Answer {
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        self.house.call(what, Some(token), &body).await
    }

    async fn draft(&self, body: &Value) -> Value {
        let made = self.send(&self.doctor, "POST /prescriptions", body).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
        made.body
    }

    async fn step(&self, token: &str, it: &Value, verb: &str, more: Value) -> Answer {
        let id = it["id"].as_str().unwrap();
        let mut body = more;
        body["version"] = it["version"].clone();
        self.send(token, &format!("POST /prescriptions/{id}/{verb}"), &body)
            .await
    }

    async fn sign(&self, draft: &Value) -> Answer {
        let reasons = reasons(draft);
        self.step(&self.doctor, draft, "sign", json!({"reasons": reasons}))
            .await
    }

    async fn transmitted(&self, body: &Value) -> Value {
        let draft = self.draft(body).await;
        let signed = self.sign(&draft).await;
        assert_eq!(signed.status, StatusCode::OK, "{}", signed.body);
        let sent = self
            .step(&self.doctor, &signed.body, "transmit", json!({}))
            .await;
        assert_eq!(sent.status, StatusCode::OK, "{}", sent.body);
        sent.body
    }

    async fn refused(&self, it: &Value) -> Value {
        let why = json!({"reason": "unclear", "text": "Posologie à confirmer"});
        let back = self.step(&self.pharmacist, it, "refuse", why).await;
        assert_eq!(back.status, StatusCode::OK, "{}", back.body);
        back.body
    }

    async fn sign_against(&self, doctor: &str, it: &Value) -> Answer {
        let words = json!({"code": "monitored", "text": "Vu avec la patiente"});
        self.step(doctor, it, "override", words).await
    }

    async fn dispense(&self, it: &Value, quantity: u32) -> Answer {
        let items = json!({"items": [{"line": 0, "quantity": quantity}]});
        self.step(&self.pharmacist, it, "dispense", items).await
    }

    async fn find_diabetes(&self) {
        let now = Micros(MONDAY);
        let entry = Entry {
            id: EntryId::from_uuid(Uuid::new_v4()),
            tenant: self.tenant,
            patient: self.record,
            fact: Fact::Condition(Condition {
                code: Code {
                    system: CodeSystem::Icd10,
                    code: CodeText::try_from("E11.9").unwrap(),
                    display: Line::try_from("Diabète de type 2").unwrap(),
                },
                clinical: ClinicalStatus::Active,
                verification: Verification::Confirmed,
                severity: None,
                onset: None,
                note: None,
            }),
            label: Label::Normal,
            status: EntryStatus::Active,
            effective: now,
            recorded: now,
            author: self.author,
            appointment: None,
            version: 1,
        };
        let mut tx = self.house.clinic.db.begin().await.unwrap();
        clinical_store::chart::insert(&mut tx, &entry)
            .await
            .unwrap();
        tx.commit(AuditEntry::done(AuditActor::System, "test.fact", now))
            .await
            .unwrap();
    }

    fn glucose(&self) -> Value {
        request(&self.record.to_string(), "glucose", 25.0, "g")
    }

    fn paracetamol(&self) -> Value {
        request(&self.record.to_string(), "paracetamol", 500.0, "mg")
    }
}

#[tokio::test]
async fn glucose_for_a_person_with_diabetes_is_not_signed() {
    let ward = Ward::open().await;
    ward.find_diabetes().await;
    let draft = ward.draft(&ward.glucose()).await;
    let found = draft["findings"].as_array().unwrap();
    let found = found
        .iter()
        .find(|it| it["rule"] == "dc-glucose-diabetes")
        .unwrap();
    assert_eq!(found["level"], "contraindicated");
    assert!(!found["facts"].as_array().unwrap().is_empty());
    let refused = ward.sign(&draft).await;
    assert_eq!(
        (refused.status, refused.code()),
        (StatusCode::CONFLICT, "contraindicated")
    );
}

#[tokio::test]
async fn glucose_signed_before_the_diabetes_was_known_is_stopped_at_the_pharmacy_and_replaced() {
    let ward = Ward::open().await;
    let sent = ward.transmitted(&ward.glucose()).await;
    ward.find_diabetes().await;

    let stopped = ward.dispense(&sent, 1).await;
    assert_eq!(stopped.code(), "contraindicated", "{}", stopped.body);
    let why = json!({"reason": "safety", "text": "Diabète au dossier"});
    let back = ward.step(&ward.pharmacist, &sent, "refuse", why).await;
    assert_eq!(back.body["stage"], "refused", "{}", back.body);
    let back = back.body;
    assert_eq!(ward.dispense(&back, 1).await.code(), "wrong_state");

    let words = json!({"code": "monitored", "text": "Surveillance"});
    let overridden = ward.step(&ward.doctor, &back, "override", words).await;
    assert_eq!(overridden.code(), "contraindicated");

    ward.house.clock.advance(60_000_000);
    let seen = ward.step(&ward.doctor, &back, "seen", json!({})).await;
    assert_eq!(seen.status, StatusCode::OK, "{}", seen.body);
    ward.house.clock.advance(60_000_000);
    let mut body = ward.paracetamol();
    body["prior"] = back["id"].clone();
    let instead = ward.transmitted(&body).await;
    assert_eq!(instead["prior"], back["id"]);
    let given = ward.dispense(&instead, 10).await;
    assert_eq!(given.body["stage"], "completed", "{}", given.body);

    let path = format!("GET /prescriptions/{}", back["id"].as_str().unwrap());
    let old = ward.send(&ward.doctor, &path, &Value::Null).await.body;
    assert_eq!(old["stage"], "replaced");
    let times = "GET /prescriptions/refusal-times";
    let times = ward.send(&ward.doctor, times, &Value::Null).await.body;
    assert_eq!(times["seen_us_max"], 60_000_000);
    assert_eq!(times["replaced_us_max"], 120_000_000);
}

#[tokio::test]
async fn nothing_more_than_prescribed_is_handed_out_and_the_paper_says_how_it_stands() {
    let ward = Ward::open().await;
    let sent = ward.transmitted(&ward.paracetamol()).await;
    let code = sent["code"].as_str().unwrap().to_owned();
    let paper = async || {
        let what = format!("GET /verify/{code}");
        ward.house.call(&what, None, "").await.body["state"].clone()
    };
    assert_eq!(paper().await, "valid");
    let part = ward.dispense(&sent, 4).await;
    assert_eq!(part.body["stage"], "dispensed_part", "{}", part.body);
    assert_eq!(ward.dispense(&sent, 4).await.code(), "changed");
    assert_eq!(ward.dispense(&part.body, 7).await.code(), "invalid");
    let rest = ward.dispense(&part.body, 6).await;
    assert_eq!(rest.body["stage"], "completed", "{}", rest.body);
    assert_eq!(ward.dispense(&rest.body, 1).await.code(), "wrong_state");
    assert_eq!(paper().await, "dispensed");
    let unknown = ward.house.call("GET /verify/0000", None, "").await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_unsigned_prescription_is_neither_transmitted_nor_seen_by_the_pharmacy() {
    let ward = Ward::open().await;
    let draft = ward.draft(&ward.paracetamol()).await;
    let sent = ward.step(&ward.doctor, &draft, "transmit", json!({})).await;
    assert_eq!(sent.code(), "wrong_state");
    assert_eq!(ward.dispense(&draft, 1).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_confidential_prescription_is_hidden_from_the_nurse_and_shown_to_the_patient() {
    let ward = Ward::open().await;
    let mut body = ward.paracetamol();
    body["confidential"] = json!(true);
    let sent = ward.transmitted(&body).await;
    let nurse = ward.house.token("nurse@demo.clinic").await;
    let id = sent["id"].as_str().unwrap();
    let one = format!("GET /prescriptions/{id}");
    let hidden = ward.send(&nurse, &one, &Value::Null).await;
    assert_eq!(hidden.status, StatusCode::NOT_FOUND);
    let all = format!("GET /prescriptions?patient={}", ward.record);
    let ids = |answer: Answer| answer.body.to_string();
    assert!(!ids(ward.send(&nurse, &all, &Value::Null).await).contains(id));
    assert!(ids(ward.send(&ward.patient, &all, &Value::Null).await).contains(id));
}

#[tokio::test]
async fn the_plan_of_a_nurse_has_neither_a_confidential_line_nor_a_trace_of_it() {
    let ward = Ward::open().await;
    let nurse = ward.house.token("nurse@demo.clinic").await;
    let of_patient = format!("GET /patients/{}/medication-plan", ward.record);
    let plan = async |token: &str, what: &str| ward.send(token, what, &Value::Null).await;
    let before = plan(&nurse, &of_patient).await;
    assert_eq!(before.status, StatusCode::OK, "{}", before.body);
    let mut body = ward.paracetamol();
    body["confidential"] = json!(true);
    let sent = ward.transmitted(&body).await;
    let id = sent["id"].as_str().unwrap();
    // Not a word of the answer differs: no line, no count, no flag.
    assert_eq!(plan(&nurse, &of_patient).await.body, before.body);
    for (token, what) in [
        (&ward.doctor, of_patient.as_str()),
        (&ward.pharmacist, of_patient.as_str()),
        (&ward.patient, "GET /me/medication-plan"),
    ] {
        let shown = plan(token, what).await.body;
        let line = &shown["prescribed"][0];
        assert_eq!(
            (&line["prescription"], &line["confidential"]),
            (&json!(id), &json!(true))
        );
    }
}

#[tokio::test]
async fn a_plan_says_what_is_collected_and_until_when_it_is_taken() {
    let ward = Ward::open().await;
    let plan = async || {
        // A sign-in does not outlast the days of a course.
        let token = ward.house.token("patient@demo.clinic").await;
        let what = "GET /me/medication-plan";
        ward.send(&token, what, &Value::Null).await.body["prescribed"][0].clone()
    };
    let sent = ward.transmitted(&ward.paracetamol()).await;
    let line = plan().await;
    assert_eq!(line["supply"], "not_collected");
    // Signed on Monday at 09:00 in Douala: once a day at 08:00, five times.
    assert_eq!(
        (&line["from"], &line["until"]),
        (&json!("2026-11-24"), &json!("2026-11-28"))
    );
    assert_eq!(
        (&line["units"], &line["units_handed_out"]),
        (&json!(10), &json!(0))
    );
    let part = ward.dispense(&sent, 4).await;
    assert_eq!(plan().await["supply"], "partly");
    ward.dispense(&part.body, 6).await;
    assert_eq!(plan().await["supply"], "all");
    ward.house.clock.advance(86_400_000_000);
    assert_eq!(plan().await["today"][0]["time"], "08:00");
    ward.house.clock.advance(5 * 86_400_000_000);
    assert_eq!(plan().await, Value::Null);
}

#[tokio::test]
async fn reminders_are_off_and_are_switched_on_with_times_of_ones_own() {
    let ward = Ward::open().await;
    let sent = ward.transmitted(&ward.paracetamol()).await;
    let all = "GET /me/medication-reminders";
    let off = ward.send(&ward.patient, all, &Value::Null).await.body[0].clone();
    assert_eq!(
        (&off["on"], &off["times"], &off["version"]),
        (&json!(false), &json!(["08:00"]), &json!(0))
    );
    let what = format!(
        "PUT /me/medication-reminders/{}/0",
        sent["id"].as_str().unwrap()
    );
    let bad = json!({"on": true, "times": ["8 Uhr"], "version": 0});
    assert_eq!(
        ward.send(&ward.patient, &what, &bad).await.code(),
        "invalid"
    );
    let wish = json!({"on": true, "times": ["21:15"], "version": 0});
    let on = ward.send(&ward.patient, &what, &wish).await;
    assert_eq!(on.status, StatusCode::OK, "{}", on.body);
    // 21:15 in Douala is 20:15 UTC.
    assert_eq!(on.body["next_us"], MONDAY + (12 * 60 + 15) * 60_000_000);
    assert_eq!(
        ward.send(&ward.patient, &what, &wish).await.code(),
        "changed"
    );
    let now = ward.send(&ward.patient, all, &Value::Null).await.body[0].clone();
    assert_eq!(now, on.body);
}

#[tokio::test]
async fn a_controlled_medicine_is_not_signed_without_the_second_factor() {
    let ward = Ward::open().await;
    let body = request(&ward.record.to_string(), "morphine", 10.0, "mg");
    let draft = ward.draft(&body).await;
    let refused = ward.sign(&draft).await;
    assert_eq!(refused.code(), "step_up_needed", "{}", refused.body);
}

#[tokio::test]
async fn medicines_are_found_in_both_languages_with_mistakes() {
    let ward = Ward::open().await;
    for typed in ["amoxicilline", "amoxicillin", "amoxycilline", "AMOXI"] {
        let what = format!("GET /medicines?q={typed}");
        let found = ward.send(&ward.doctor, &what, &Value::Null).await.body;
        let ids: Vec<&str> = found
            .as_array()
            .unwrap()
            .iter()
            .map(|it| it["id"].as_str().unwrap())
            .collect();
        assert!(ids.contains(&"amoxicillin"), "{typed}: {ids:?}");
    }
}

#[tokio::test]
async fn the_doctor_learns_of_a_refusal_until_she_says_that_she_has_seen_it() {
    let ward = Ward::open().await;
    let news = async |token: &str| {
        let what = "GET /prescriptions/unseen-refusals";
        ward.send(token, what, &Value::Null).await.body["count"].clone()
    };
    let sent = ward.transmitted(&ward.paracetamol()).await;
    assert_eq!(news(&ward.doctor).await, 0);
    let back = ward.refused(&sent).await;
    let colleague = ward.house.token("doctor2@demo.clinic").await;
    assert_eq!(news(&ward.doctor).await, 1);
    assert_eq!(news(&colleague).await, 0, "it is not theirs");
    let seen = ward.step(&ward.doctor, &back, "seen", json!({})).await;
    assert_eq!(seen.status, StatusCode::OK, "{}", seen.body);
    assert_eq!(news(&ward.doctor).await, 0);
}

#[tokio::test]
async fn a_pharmacist_finds_a_prescription_by_its_code_and_sees_whose_it_is() {
    let ward = Ward::open().await;
    let draft = ward.draft(&ward.paracetamol()).await;
    let signed = ward.sign(&draft).await.body;
    let code = signed["code"].as_str().unwrap().to_lowercase();
    let (front, back) = code.split_at(4);
    let what = format!("GET /prescriptions?code={front}-{back}");
    let early = ward.send(&ward.pharmacist, &what, &Value::Null).await;
    assert_eq!(early.body, json!([]), "the pharmacy does not have it yet");
    ward.step(&ward.doctor, &signed, "transmit", json!({}))
        .await;
    let found = ward.send(&ward.pharmacist, &what, &Value::Null).await.body;
    assert_eq!(found[0]["id"], signed["id"]);
    assert_eq!(found[0]["patient_name"], "Brigitte Eyenga");
    assert_eq!(found[0]["prescriber_name"], "Dr Aïssatou Mbarga");
    assert_eq!(found[0]["sent_us"], MONDAY);
}

#[tokio::test]
async fn a_finding_names_the_fact_of_the_chart_that_made_it() {
    let ward = Ward::open().await;
    ward.find_diabetes().await;
    let draft = ward.draft(&ward.glucose()).await;
    let found = draft["findings"].as_array().unwrap();
    let found = found
        .iter()
        .find(|it| it["rule"] == "dc-glucose-diabetes")
        .unwrap();
    assert_eq!(
        found["because"],
        json!([{"text": "Diabète de type 2 (E11.9)", "at_us": MONDAY}])
    );
}

on_both_engines! {
    async fn a_refusal_is_overridden_by_two_different_doctors_and_not_by_one_twice(db) {
        let ward = Ward::open_on(db).await;
        let second = ward.house.token("doctor2@demo.clinic").await;
        let sent = ward.transmitted(&ward.paracetamol()).await;
        let back = ward.refused(&sent).await;

        let once = ward.sign_against(&ward.doctor, &back).await;
        assert_eq!(once.body["stage"], "refused", "{}", once.body);
        assert_eq!(once.body["refusal"]["overrides"], 1);
        assert_eq!(ward.dispense(&once.body, 1).await.code(), "wrong_state");
        let twice = ward.sign_against(&ward.doctor, &once.body).await;
        assert_eq!((twice.code(), &twice.body["field"]), ("wrong_state", &json!("doctor")));
        assert_eq!(ward.dispense(&once.body, 1).await.code(), "wrong_state");

        ward.house.clock.advance(60_000_000);
        let both = ward.sign_against(&second, &once.body).await;
        assert_eq!(both.body["stage"], "transmitted", "{}", both.body);
        assert_eq!(both.body["sent_us"], MONDAY + 60_000_000, "it comes in again");
        let given = ward.dispense(&both.body, 10).await;
        assert_eq!(given.body["stage"], "completed", "{}", given.body);
    }

    async fn two_doctors_do_not_override_a_contraindication(db) {
        let ward = Ward::open_on(db).await;
        let second = ward.house.token("doctor2@demo.clinic").await;
        let sent = ward.transmitted(&ward.glucose()).await;
        let back = ward.refused(&sent).await;
        let once = ward.sign_against(&ward.doctor, &back).await;
        assert_eq!(once.body["refusal"]["overrides"], 1, "{}", once.body);
        // Between the two signatures the diabetes becomes known.
        ward.find_diabetes().await;
        let both = ward.sign_against(&second, &once.body).await;
        assert_eq!(both.code(), "contraindicated", "{}", both.body);
        assert_eq!(ward.dispense(&once.body, 1).await.code(), "wrong_state");
    }

    async fn a_check_that_does_not_answer_refuses_drafts_signatures_and_dispensing(db) {
        let mut ward = Ward::open_on(db).await;
        let draft = ward.draft(&ward.paracetamol()).await;
        let sent = ward.transmitted(&ward.paracetamol()).await;
        let back = ward.transmitted(&ward.paracetamol()).await;
        let back = ward.refused(&back).await;
        let broken = [
            Checker::of(|_, _| Err(CheckFailed)),
            Checker::of(|_, _| unreachable!("a bug in a rule")),
        ];
        for checker in broken {
            ward.house.set_checker(checker);
            let new = ward.send(&ward.doctor, "POST /prescriptions", &ward.paracetamol()).await;
            assert_eq!(new.code(), "check_failed", "{}", new.body);
            assert_eq!(ward.sign(&draft).await.code(), "check_failed");
            assert_eq!(ward.dispense(&sent, 1).await.code(), "check_failed");
            assert_eq!(ward.sign_against(&ward.doctor, &back).await.code(), "check_failed");
        }
        ward.house.set_checker(Checker::shipped());
        assert_eq!(ward.dispense(&sent, 1).await.status, StatusCode::OK);
        // Saved anew, it says that the same medicine is being taken.
        let again = ward.draft(&ward.paracetamol()).await;
        assert_eq!(ward.sign(&again).await.status, StatusCode::OK);
    }

    async fn a_document_is_genuine_byte_for_byte_and_nothing_else_is(db) {
        let ward = Ward::open_on(db).await;
        let sent = ward.transmitted(&ward.paracetamol()).await;
        let path = format!("/prescriptions/{}/document?language=fr", sent["id"].as_str().unwrap());
        let pdf = ward.house.bytes(&path, &ward.patient).await;
        assert!(pdf.starts_with(b"%PDF-"));
        let verdict = async |bytes: Vec<u8>| {
            let request = Request::post("/api/v1/verify/document")
                .header("content-type", "application/pdf")
                .body(Body::from(bytes));
            ward.house.send(request.unwrap()).await
        };
        let genuine = verdict(pdf.clone()).await.body;
        assert_eq!(genuine["verdict"], "genuine", "{genuine}");
        assert_eq!(genuine["paper"]["state"], "valid");
        for place in [pdf.len() / 3, pdf.len() / 2, pdf.len() - 4_000] {
            let mut altered = pdf.clone();
            altered[place] ^= 1;
            let answer = verdict(altered).await.body;
            assert_eq!((&answer["verdict"], &answer["paper"]), (&json!("altered"), &json!(null)));
        }
        let longer = [pdf.as_slice(), b"\n"].concat();
        assert_ne!(verdict(longer).await.body["verdict"], "genuine");
        assert_eq!(verdict(b"%PDF-1.7 by hand".to_vec()).await.body["verdict"], "foreign");
        let large = verdict(vec![0; 1_100_000]).await;
        assert_eq!(large.status, StatusCode::PAYLOAD_TOO_LARGE);
        let given = ward.dispense(&sent, 10).await;
        assert_eq!(given.body["stage"], "completed", "{}", given.body);
        assert_eq!(verdict(pdf).await.body["paper"]["state"], "dispensed");
    }
}

#[tokio::test]
async fn a_draft_has_no_document_and_a_stranger_gets_none() {
    let ward = Ward::open().await;
    let draft = ward.draft(&ward.paracetamol()).await;
    let path = format!(
        "GET /prescriptions/{}/document",
        draft["id"].as_str().unwrap()
    );
    let unsigned = ward.send(&ward.doctor, &path, &Value::Null).await;
    assert_eq!(unsigned.code(), "wrong_state", "{}", unsigned.body);
    let stranger = ward.house.token("patient2@demo.clinic").await;
    let hidden = ward.send(&stranger, &path, &Value::Null).await;
    assert_eq!(hidden.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn each_house_counts_the_tries_of_an_address_for_itself() {
    let ward = Ward::open().await;
    let ask = async || ward.house.call("GET /verify/0000", None, "").await.status;
    for _ in 0..20 {
        assert_eq!(ask().await, StatusCode::NOT_FOUND);
    }
    assert_eq!(ask().await, StatusCode::TOO_MANY_REQUESTS);
    let other = Ward::open().await;
    let elsewhere = other.house.call("GET /verify/0000", None, "").await;
    assert_eq!(elsewhere.status, StatusCode::NOT_FOUND);
}
