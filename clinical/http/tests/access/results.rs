//! An order from the doctor to the laboratory and its result back, and everything that must not
//! happen on the way.

use axum::http::StatusCode;
use clinical_app::results::escalate_due;
use clinical_http::CookiePolicy;
use clinical_model::access::Shift;
use clinical_model::notify::MessageKind;
use clinical_model::{AuditActor, AuditEntry, Email, GrantId, Micros, PatientId, TenantId, UserId};
use clinical_store::identity::credential_by_email;
use clinical_store::on_both_engines;
use clinical_store::outbox::{self, Delivery};
use clinical_store::testbed::TestDb;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::house::{Answer, House};
use crate::prescriptions::{reasons, request};

const POTASSIUM: &str = "2823-3";
const GLUCOSE: &str = "14749-6";
const CHEST: &str = "36643-5";
const MINUTE: i64 = 60_000_000;

fn order(patient: &str, tests: &[&str]) -> Value {
    json!({"patient": patient, "tests": tests, "priority": "routine",
        "reason": "Fatigue", "release": "after_review"})
}

fn potassium(value: &str) -> Value {
    json!({"values": [{"code": POTASSIUM, "value": value, "unit": "mmol/L"}]})
}

/// An order without a value, and one with a result that the patient may read.
pub(crate) async fn ordered(house: &House, doctor: &str, record: &str) -> (String, String) {
    let lab = house.token("lab@demo.clinic").await;
    let mut ids = Vec::new();
    for _ in 0..2 {
        let body = order(record, &[POTASSIUM]).to_string();
        let made = house.call("POST /orders", Some(doctor), &body).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
        ids.push(made.body["id"].as_str().unwrap().to_owned());
    }
    let result = ids.pop().unwrap();
    let mut values = potassium("4.2");
    values["version"] = json!(1);
    let steps = [
        ("results", &lab, values),
        ("verify", &lab, json!({"version": 2})),
        ("seen", &doctor.to_owned(), json!({"version": 3})),
    ];
    for (verb, token, body) in steps {
        let what = format!("POST /orders/{result}/{verb}");
        let done = house.call(&what, Some(token), &body.to_string()).await;
        assert_eq!(done.status, StatusCode::OK, "{verb}: {}", done.body);
    }
    (ids.pop().unwrap(), result)
}

struct Ward {
    house: House,
    doctor: String,
    /// A doctor who does not know the patient.
    stranger: String,
    lab: String,
    radiologist: String,
    patient: String,
    record: PatientId,
    tenant: TenantId,
    doctor_id: UserId,
    stranger_id: UserId,
    /// What was queued while the demo clinic was furnished.
    furnished: Vec<Uuid>,
}

/// Everything that was ever queued, page by page.
async fn outbox_of(house: &House, tenant: TenantId) -> Vec<Delivery> {
    let mut conn = house.clinic.db.read().await.unwrap();
    let mut all: Vec<Delivery> = Vec::new();
    loop {
        let before = all.last().map(|it| (it.created, it.id));
        let page = outbox::list(&mut conn, tenant, None, before).await.unwrap();
        if page.is_empty() {
            return all;
        }
        all.extend(page);
    }
}

impl Ward {
    async fn open(db: TestDb) -> Self {
        let house = House::over(db, CookiePolicy::PlainHttp).await;
        let mut conn = house.clinic.db.read().await.unwrap();
        let mut accounts = Vec::new();
        for email in [
            "patient@demo.clinic",
            "doctor@demo.clinic",
            "doctor3@demo.clinic",
        ] {
            let email = Email::parse(email).unwrap();
            let found = credential_by_email(&mut conn, &email).await.unwrap();
            accounts.push(found.unwrap().account);
        }
        drop(conn);
        let furnished = outbox_of(&house, accounts[0].tenant).await;
        let furnished = furnished.into_iter().map(|it| it.id).collect();
        Self {
            furnished,
            doctor: house.token("doctor@demo.clinic").await,
            stranger: house.token("doctor3@demo.clinic").await,
            lab: house.token("lab@demo.clinic").await,
            radiologist: house.token("radiologist@demo.clinic").await,
            patient: house.token("patient@demo.clinic").await,
            record: accounts[0].patient.unwrap(),
            tenant: accounts[0].tenant,
            doctor_id: accounts[1].id,
            stranger_id: accounts[2].id,
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

    async fn get(&self, token: &str, path: &str) -> Answer {
        self.send(token, &format!("GET {path}"), &Value::Null).await
    }

    async fn place(&self, body: &Value) -> Value {
        let made = self.send(&self.doctor, "POST /orders", body).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
        made.body
    }

    async fn order(&self, tests: &[&str]) -> Value {
        self.place(&order(&self.record.to_string(), tests)).await
    }

    async fn step(&self, token: &str, it: &Value, verb: &str, more: &Value) -> Answer {
        let id = it["id"].as_str().unwrap();
        let mut body = if more.is_null() {
            json!({})
        } else {
            more.clone()
        };
        body["version"] = it["version"].clone();
        self.send(token, &format!("POST /orders/{id}/{verb}"), &body)
            .await
    }

    async fn done(&self, token: &str, it: &Value, verb: &str, more: &Value) -> Value {
        let answer = self.step(token, it, verb, more).await;
        assert_eq!(answer.status, StatusCode::OK, "{verb}: {}", answer.body);
        answer.body
    }

    /// Values that were entered and verified.
    async fn verified(&self, it: &Value, values: &Value) -> Value {
        let entered = self.done(&self.lab, it, "results", values).await;
        self.done(&self.lab, &entered, "verify", &Value::Null).await
    }

    /// What was queued about a kind, for everybody or for one person.
    async fn queued(&self, kind: MessageKind, whom: Option<Uuid>) -> Vec<Delivery> {
        let all = outbox_of(&self.house, self.tenant).await;
        let is_meant = |it: &Delivery| {
            it.kind == kind
                && whom.is_none_or(|who| who == it.recipient)
                && !self.furnished.contains(&it.id)
        };
        all.into_iter().filter(is_meant).collect()
    }

    async fn pages(&self, whom: UserId) -> usize {
        self.queued(MessageKind::CriticalValue, Some(whom.as_uuid()))
            .await
            .len()
    }

    /// Lets time pass; access tokens do not last, so everybody signs in again.
    async fn later(&mut self, micros: i64) {
        self.house.clock.advance(micros);
        self.doctor = self.house.token("doctor@demo.clinic").await;
        self.stranger = self.house.token("doctor3@demo.clinic").await;
        self.lab = self.house.token("lab@demo.clinic").await;
        self.patient = self.house.token("patient@demo.clinic").await;
    }

    async fn put_on_duty(&self, person: UserId) {
        let now = self.house.clinic.clock.now();
        let shift = Shift {
            id: GrantId::from_uuid(Uuid::new_v4()),
            tenant: self.tenant,
            person,
            from: now,
            until: now.plus(Micros::DAY),
            created_by: person,
        };
        let mut tx = self.house.clinic.db.begin().await.unwrap();
        clinical_store::access::insert_shift(&mut tx, &shift)
            .await
            .unwrap();
        tx.commit(AuditEntry::done(AuditActor::System, "test.shift", now))
            .await
            .unwrap();
    }

    async fn patient_sees(&self) -> Vec<Value> {
        let list = self.get(&self.patient, "/results").await;
        assert_eq!(list.status, StatusCode::OK, "{}", list.body);
        list.body.as_array().unwrap().clone()
    }

    /// How many observations the patient finds in their own chart by FHIR.
    async fn patient_observations(&self) -> usize {
        let path = format!("/fhir/R4/Observation?patient={}", self.record);
        let found = self.get(&self.patient, &path).await;
        assert_eq!(found.status, StatusCode::OK, "{}", found.body);
        found.body["entry"].as_array().map_or(0, Vec::len)
    }
}

on_both_engines! {
    async fn a_result_goes_from_the_order_to_the_doctor_and_then_to_the_patient(db) {
        let ward = Ward::open(db).await;
        let placed = ward.order(&[POTASSIUM, GLUCOSE]).await;
        assert_eq!(placed["department"], "laboratory");
        let work = ward.get(&ward.lab, "/orders").await.body;
        assert_eq!(work[0]["id"], placed["id"]);
        assert_eq!(work[0]["person"]["name"], "Brigitte Eyenga");
        let elsewhere = ward.get(&ward.radiologist, "/orders").await.body;
        assert_eq!(elsewhere, json!([]));

        let taken = ward.done(&ward.lab, &placed, "collect", &Value::Null).await;
        let half = ward.done(&ward.lab, &taken, "results", &potassium("5.6")).await;
        let early = ward.step(&ward.lab, &half, "verify", &Value::Null).await;
        assert_eq!((early.code(), &early.body["field"]), ("invalid", &json!("values")));
        let both = json!({"comment": "Sérum clair", "values": [
            {"code": POTASSIUM, "value": "5,6", "unit": "mmol/L"},
            {"code": GLUCOSE, "value": "126", "unit": "mg/dL"}]});
        let entered = ward.done(&ward.lab, &half, "results", &both).await;
        assert_eq!(entered["stage"], "preliminary");
        assert_eq!(ward.patient_sees().await, Vec::<Value>::new());
        let last = ward.done(&ward.lab, &entered, "verify", &Value::Null).await;
        let values = &last["report"]["values"];
        assert_eq!((&values[0]["flag"], &values[0]["high"]), (&json!("H"), &json!("5.3")));
        assert_eq!((&values[1]["value"], &values[1]["entered"]), (&json!("6.99"), &json!("126 mg/dL")));

        // Verified, and not released: neither the list nor FHIR shows it to the patient.
        assert_eq!(ward.patient_sees().await, Vec::<Value>::new());
        assert_eq!(ward.patient_observations().await, 0);
        let path = format!("/results/{}", placed["id"].as_str().unwrap());
        assert_eq!(ward.get(&ward.patient, &path).await.status, StatusCode::NOT_FOUND);
        assert_eq!(ward.get(&ward.stranger, &path).await.status, StatusCode::NOT_FOUND);
        let inbox = ward.get(&ward.doctor, "/results?mine=true").await.body;
        assert_eq!(inbox[0]["id"], placed["id"]);
        assert_eq!(ward.queued(MessageKind::ResultAvailable, None).await.len(), 1);

        ward.done(&ward.doctor, &last, "seen", &Value::Null).await;
        let seen = ward.patient_sees().await;
        assert_eq!(seen.len(), 1);
        assert_eq!(seen[0]["report"]["values"][0]["value"], "5.6");
        assert_eq!(seen[0]["reason"], Value::Null);
        assert_eq!(ward.patient_observations().await, 2);
        assert_eq!(ward.get(&ward.patient, &path).await.status, StatusCode::OK);
        let line = ward.get(&ward.patient, &format!("/results/series?code={GLUCOSE}")).await;
        assert_eq!(line.body["points"][0]["value"], "6.99");
    }

    async fn values_that_do_not_fit_are_refused_by_name(db) {
        let ward = Ward::open(db).await;
        let placed = ward.order(&[POTASSIUM]).await;
        let cases = [
            (json!({"code": POTASSIUM, "value": "4.2", "unit": "g/L"}), "values.0.unit"),
            (json!({"code": POTASSIUM, "value": "high", "unit": "mmol/L"}), "values.0.value"),
            (json!({"code": GLUCOSE, "value": "5", "unit": "mmol/L"}), "values.0.code"),
        ];
        for (value, field) in cases {
            let body = json!({"values": [value]});
            let refused = ward.step(&ward.lab, &placed, "results", &body).await;
            assert_eq!((refused.code(), &refused.body["field"]), ("invalid", &json!(field)));
        }
        let record = ward.record.to_string();
        let mixed = order(&record, &[POTASSIUM, CHEST]);
        let none = order(&record, &[]);
        for body in [mixed, none, order(&record, &["718-7", "718-7"])] {
            let refused = ward.send(&ward.doctor, "POST /orders", &body).await;
            assert_eq!((refused.code(), &refused.body["field"]), ("invalid", &json!("tests")));
        }
        let stranger = ward.send(&ward.stranger, "POST /orders", &order(&record, &[POTASSIUM])).await;
        assert_eq!(stranger.status, StatusCode::NOT_FOUND);
        let elsewhere = ward.step(&ward.radiologist, &placed, "collect", &Value::Null).await;
        assert_eq!(elsewhere.status, StatusCode::NOT_FOUND);
        let nurse = ward.house.token("nurse@demo.clinic").await;
        for token in [&ward.patient, &ward.doctor, &nurse] {
            let wrong = ward.step(token, &placed, "results", &potassium("4")).await;
            assert_eq!(wrong.status, StatusCode::FORBIDDEN);
        }
    }

    async fn a_correction_keeps_what_was_reported_and_is_read_again(db) {
        let ward = Ward::open(db).await;
        let placed = ward.order(&[POTASSIUM]).await;
        let last = ward.verified(&placed, &potassium("4.8")).await;
        let seen = ward.done(&ward.doctor, &last, "seen", &Value::Null).await;
        assert_eq!(ward.patient_sees().await.len(), 1);
        let silent = ward.step(&ward.lab, &seen, "results", &potassium("5.8")).await;
        assert_eq!((silent.code(), &silent.body["field"]), ("invalid", &json!("why")));
        let mut corrected = potassium("5.8");
        corrected["why"] = json!("Tube échangé");
        let amended = ward.done(&ward.lab, &seen, "results", &corrected).await;
        assert_eq!((&amended["stage"], &amended["seen_us"]), (&json!("amended"), &Value::Null));
        let path = format!("/orders/{}", placed["id"].as_str().unwrap());
        let whole = ward.get(&ward.doctor, &path).await.body;
        let stages: Vec<&Value> = whole["earlier"].as_array().unwrap().iter().map(|it| &it["stage"]).collect();
        assert_eq!(stages, [&json!("preliminary"), &json!("final")]);
        assert_eq!(whole["earlier"][1]["values"][0]["value"], "4.8");
        assert_eq!(whole["report"]["values"][0]["value"], "5.8");
        assert_eq!(whole["report"]["why"], "Tube échangé");
        // The rule of the order holds for the correction as well.
        assert_eq!(ward.patient_sees().await.len(), 0);
        let old = ward.step(&ward.doctor, &last, "seen", &Value::Null).await;
        assert_eq!(old.code(), "changed");
        ward.done(&ward.doctor, &whole, "seen", &Value::Null).await;
        assert_eq!(ward.patient_sees().await[0]["report"]["values"][0]["value"], "5.8");
    }

    async fn a_critical_value_is_paged_once_and_climbs_until_somebody_answers(db) {
        let mut ward = Ward::open(db).await;
        let placed = ward.order(&[POTASSIUM]).await;
        let entered = ward.done(&ward.lab, &placed, "results", &potassium("6.8")).await;
        assert_eq!((&entered["critical"], &entered["paging"]), (&json!(true), &json!(true)));
        assert_eq!(ward.pages(ward.doctor_id).await, 1);
        // Written again, verified, looked at too early: still one page.
        let again = ward.done(&ward.lab, &entered, "results", &potassium("6.8")).await;
        let last = ward.done(&ward.lab, &again, "verify", &Value::Null).await;
        assert_eq!(escalate_due(&ward.house.clinic).await.unwrap(), 0);
        assert_eq!(ward.pages(ward.doctor_id).await, 1);

        ward.put_on_duty(ward.stranger_id).await;
        ward.later(15 * MINUTE).await;
        let rivals = tokio::join!(escalate_due(&ward.house.clinic), escalate_due(&ward.house.clinic));
        let moved = rivals.0.unwrap_or(0) + rivals.1.unwrap_or(0);
        assert_eq!((moved, ward.pages(ward.stranger_id).await), (1, 1));
        let admin = ward.queued(MessageKind::CriticalValue, None).await.len();
        assert_eq!(admin, 2);
        // Who was told may read it, and must say back what they read.
        let id = placed["id"].as_str().unwrap();
        let inbox = ward.get(&ward.stranger, "/results?mine=true").await.body;
        assert_eq!(inbox[0]["id"], id);
        for said in [json!([]), json!([{"code": POTASSIUM, "value": "6.7"}])] {
            let refused = ward.step(&ward.stranger, &last, "seen", &json!({"read_back": said})).await;
            assert_eq!((refused.code(), &refused.body["field"]), ("invalid", &json!("read_back")));
        }
        let said = json!({"read_back": [{"code": POTASSIUM, "value": "6,8"}]});
        let seen = ward.done(&ward.stranger, &last, "seen", &said).await;
        assert_eq!(seen["paging"], false);
        ward.later(Micros::HOUR).await;
        assert_eq!(escalate_due(&ward.house.clinic).await.unwrap(), 0);
        assert_eq!(ward.queued(MessageKind::CriticalValue, None).await.len(), 2);
        assert_eq!(ward.patient_sees().await.len(), 1);
    }

    async fn a_critical_value_is_never_shown_first_to_the_patient_and_reaches_everybody(db) {
        let mut ward = Ward::open(db).await;
        let mut body = order(&ward.record.to_string(), &[POTASSIUM]);
        body["release"] = json!("immediate");
        let placed = ward.place(&body).await;
        ward.verified(&placed, &potassium("6.8")).await;
        assert_eq!(ward.patient_sees().await.len(), 0);
        // Nobody is on duty: the second level is everybody.
        ward.later(15 * MINUTE).await;
        assert_eq!(escalate_due(&ward.house.clinic).await.unwrap(), 1);
        let told = ward.queued(MessageKind::CriticalValue, None).await;
        let mut people: Vec<Uuid> = told.iter().map(|it| it.recipient).collect();
        people.sort_unstable();
        people.dedup();
        assert_eq!((told.len(), people.len()), (5, 4), "three doctors and the administrator");
        let usual = ward.place(&body).await;
        ward.verified(&usual, &potassium("4.1")).await;
        assert_eq!(ward.patient_sees().await.len(), 1);
    }

    async fn a_glucose_value_stops_the_next_prescription(db) {
        let ward = Ward::open(db).await;
        let glucose = request(&ward.record.to_string(), "glucose", 25.0, "g");
        let before = ward.send(&ward.doctor, "POST /prescriptions", &glucose).await.body;
        let fires = |draft: &Value| {
            let mut found = draft["findings"].as_array().unwrap().iter();
            found.any(|it| it["rule"] == "dc-glucose-high-glucose")
        };
        assert!(!fires(&before), "{}", before["findings"]);
        let placed = ward.order(&[GLUCOSE]).await;
        let value = json!({"values": [{"code": GLUCOSE, "value": "19", "unit": "mmol/L"}]});
        ward.verified(&placed, &value).await;
        let after = ward.send(&ward.doctor, "POST /prescriptions", &glucose).await.body;
        assert!(fires(&after), "{}", after["findings"]);
        // A signature that was prepared for the older chart is refused.
        let reasons = reasons(&before);
        let body = json!({"version": before["version"], "reasons": reasons});
        let sign = format!("POST /prescriptions/{}/sign", before["id"].as_str().unwrap());
        let refused = ward.send(&ward.doctor, &sign, &body).await;
        assert_eq!(refused.status, StatusCode::CONFLICT, "{}", refused.body);
    }

    async fn the_urgent_comes_first_and_an_order_that_is_over_stays_over(db) {
        let ward = Ward::open(db).await;
        let usual = ward.order(&[POTASSIUM]).await;
        ward.house.clock.advance(MINUTE);
        let mut body = order(&ward.record.to_string(), &[GLUCOSE]);
        body["priority"] = json!("stat");
        let urgent = ward.place(&body).await;
        let work = ward.get(&ward.lab, "/orders").await.body;
        assert_eq!((&work[0]["id"], &work[1]["id"]), (&urgent["id"], &usual["id"]));
        let why = json!({"reason": "Tube cassé"});
        let down = ward.done(&ward.lab, &urgent, "turn-down", &why).await;
        assert_eq!((&down["stage"], &down["cancelled"]), (&json!("cancelled"), &json!("Tube cassé")));
        let late = ward.step(&ward.lab, &down, "collect", &Value::Null).await;
        assert_eq!(late.code(), "wrong_state");
        ward.done(&ward.doctor, &usual, "cancel", &json!({"reason": "Inutile"})).await;
        assert_eq!(ward.get(&ward.lab, "/orders").await.body, json!([]));
    }

    async fn an_image_is_reported_in_words_by_radiology(db) {
        let ward = Ward::open(db).await;
        let placed = ward.order(&[CHEST]).await;
        let words = json!({"values": [{"code": CHEST, "value": "Pneumothorax à droite", "flag": "AA"}]});
        let blind = json!({"values": [{"code": CHEST, "value": "Normal"}]});
        let refused = ward.step(&ward.radiologist, &placed, "results", &blind).await;
        assert_eq!(refused.body["field"], "values.0.flag");
        let told = ward.done(&ward.radiologist, &placed, "results", &words).await;
        let last = ward.done(&ward.radiologist, &told, "verify", &Value::Null).await;
        assert_eq!(ward.pages(ward.doctor_id).await, 1);
        let said = json!({"read_back": [{"code": CHEST, "value": "read"}]});
        ward.done(&ward.doctor, &last, "seen", &said).await;
        assert_eq!(ward.patient_sees().await.len(), 1);
    }
}
