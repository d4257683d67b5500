//! Results of a laboratory's machine: to the right order, to the right patient, or to nobody before
//! a person has looked.

use axum::http::StatusCode;
use clinical_app::results::{Answer, LabInterface, receive};
use clinical_http::CookiePolicy;
use clinical_model::notify::MessageKind;
use clinical_model::patients::{Demographics, Identifier, Patient, PatientState, Sex};
use clinical_model::text::Line;
use clinical_model::{AuditActor, AuditEntry, Email, Micros, PatientId, TenantId};
use clinical_store::identity::credential_by_email;
use clinical_store::testbed::TestDb;
use clinical_store::{on_both_engines, outbox, patients};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::house::{Answer as HttpAnswer, House};

const POTASSIUM: &str = "2823-3";
const GLUCOSE: &str = "14749-6";
const PHONE: &str = "+221771234567";

struct Bench {
    house: House,
    lab: LabInterface,
    technician: String,
    doctor: String,
    record: PatientId,
    tenant: TenantId,
}

fn line(text: &str) -> Line {
    Line::try_from(text).unwrap()
}

/// Somebody with a number of the laboratory's, a birth date and a phone.
fn who(family: &str, given: &str, number: &str) -> Demographics {
    Demographics {
        family: line(family),
        given: line(given),
        sex: Sex::Female,
        birth: Some("1980-02-03".parse().unwrap()),
        phones: vec![PHONE.parse().unwrap()],
        email: None,
        address: None,
        blood_group: None,
        language: None,
        identifiers: vec![Identifier {
            system: line("LABO"),
            value: line(number),
        }],
        emergency: None,
        deceased: None,
    }
}

impl Bench {
    async fn open(db: TestDb) -> Self {
        let house = House::over(db, CookiePolicy::PlainHttp).await;
        let mut conn = house.clinic.db.read().await.unwrap();
        let email = Email::parse("patient@demo.clinic").unwrap();
        let found = credential_by_email(&mut conn, &email).await.unwrap();
        drop(conn);
        let account = found.unwrap().account;
        let (record, tenant) = (account.patient.unwrap(), account.tenant);
        let it = Self {
            technician: house.token("lab@demo.clinic").await,
            doctor: house.token("doctor@demo.clinic").await,
            lab: LabInterface {
                tenant,
                facility: "CLINIQUE".to_owned(),
            },
            record,
            tenant,
            house,
        };
        let mut tx = it.house.clinic.db.begin().await.unwrap();
        let patient = patients::record(&mut tx, tenant, record).await.unwrap();
        let mut patient = patient.unwrap();
        let read = patient.version;
        patient.demographics = who("Eyenga", "Brigitte", "L-1");
        patient.version += 1;
        let now = it.now();
        patients::update(&mut tx, &patient, read, now)
            .await
            .unwrap();
        let done = AuditEntry::done(AuditActor::System, "test.patient", now);
        tx.commit(done).await.unwrap();
        it
    }

    fn now(&self) -> Micros {
        self.house.clinic.clock.now()
    }

    async fn register(&self, n: u128, who: Demographics) -> PatientId {
        let id = PatientId::from_uuid(Uuid::from_u128(n));
        let mut tx = self.house.clinic.db.begin().await.unwrap();
        let patient = Patient {
            id,
            tenant: self.tenant,
            demographics: who,
            state: PatientState::Active,
            version: 1,
            chart_version: 0,
        };
        patients::insert(&mut tx, &patient, self.now())
            .await
            .unwrap();
        let done = AuditEntry::done(AuditActor::System, "test.patient", self.now());
        tx.commit(done).await.unwrap();
        id
    }

    async fn call(&self, token: &str, what: &str, body: &Value) -> HttpAnswer {
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        self.house.call(what, Some(token), &body).await
    }

    async fn order(&self, tests: &[&str]) -> String {
        let body = json!({"patient": self.record.to_string(), "tests": tests,
            "priority": "routine", "reason": "Fatigue", "release": "after_review"});
        let made = self.call(&self.doctor, "POST /orders", &body).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
        made.body["id"].as_str().unwrap().to_owned()
    }

    async fn read(&self, order: &str) -> Value {
        let what = format!("GET /orders/{order}");
        let found = self.call(&self.doctor, &what, &Value::Null).await;
        assert_eq!(found.status, StatusCode::OK, "{}", found.body);
        found.body
    }

    async fn queue(&self) -> Vec<Value> {
        let what = "GET /results/unmatched";
        let found = self.call(&self.technician, what, &Value::Null).await;
        assert_eq!(found.status, StatusCode::OK, "{}", found.body);
        found.body.as_array().unwrap().clone()
    }

    async fn results(&self) -> Vec<Value> {
        let what = format!("GET /results?patient={}", self.record);
        let found = self.call(&self.doctor, &what, &Value::Null).await;
        assert_eq!(found.status, StatusCode::OK, "{}", found.body);
        found.body.as_array().unwrap().clone()
    }

    async fn send(&self, text: &str) -> Answer {
        let (answer, _) = receive(&self.house.clinic, &self.lab, text.as_bytes()).await;
        answer
    }

    /// A message that was accepted: how many results were filed, wait, and were there already.
    async fn accepted(&self, text: &str) -> (usize, usize, usize) {
        let (answer, error) = receive(&self.house.clinic, &self.lab, text.as_bytes()).await;
        let words = String::from_utf8_lossy(&answer.bytes);
        assert!(words.contains("\rMSA|AA|"), "{words} {error:?}");
        (answer.filed, answer.queued, answer.repeated)
    }
}

/// What the patient is called in a message.
const PATIENT: &str = "PID|1||L-1^^^LABO||EYENGA^BRIGITTE||19800203|F";

fn message(control: &str, pid: &str, order: &str, filler: &str, lines: &[&str]) -> String {
    let mut text = format!(
        "MSH|^~\\&|LIS|LABO|THUB|CLINIQUE|20261123||ORU^R01^ORU_R01|{control}|P|2.5.1||||||UNICODE UTF-8\r{pid}\rOBR|1|{order}|{filler}|24323-8^Bilan^LN|||202611230700\r"
    );
    for (at, line) in lines.iter().enumerate() {
        text.push_str(&format!("OBX|{}|{line}\r", at + 1));
    }
    text
}

fn potassium(value: &str, status: &str) -> String {
    format!("NM|{POTASSIUM}^Potassium^LN||{value}|mmol/L|3.5-5.1||||{status}")
}

on_both_engines! {
    async fn a_result_is_filed_to_the_order_that_it_names_and_once(db) {
        let bench = Bench::open(db).await;
        let order = bench.order(&[POTASSIUM]).await;
        let own = "ST|X-9^Indice maison^L||trouble|||A|||F";
        let text = message("1", PATIENT, &order, "F-1", &[&potassium("5.6", "F"), own]);
        assert_eq!(bench.accepted(&text).await, (1, 0, 0));
        let read = bench.read(&order).await;
        assert_eq!((&read["stage"], &read["report"]["version"]), (&json!("final"), &json!(1)));
        assert_eq!(read["report"]["values"][0]["value"], "5.6");
        assert_eq!(read["report"]["values"][0]["flag"], "H");
        // What the catalogue does not know stands as it was sent.
        assert_eq!(read["report"]["others"][0]["value"], "trouble");
        assert_eq!(read["collected_us"], json!(1_795_413_600_000_000_i64));
        // The same message, and the same values in another message.
        assert_eq!(bench.accepted(&text).await, (0, 0, 1));
        let again = message("2", PATIENT, &order, "F-1", &[&potassium("5.6", "F"), own]);
        assert_eq!(bench.accepted(&again).await, (0, 0, 1));
        assert_eq!(bench.read(&order).await, read);
        assert_eq!(bench.queue().await, Vec::<Value>::new());
    }

    async fn a_result_that_names_the_order_of_somebody_else_waits(db) {
        let bench = Bench::open(db).await;
        let order = bench.order(&[POTASSIUM]).await;
        for (control, pid) in [
            ("1", "PID|1||L-2^^^LABO||EYENGA^BRIGITTE||19810203|F"),
            ("2", "PID|1||L-1^^^LABO||MBARGA^PAUL||19800203|M"),
            ("3", "PID|1||||EYENGA^B"),
        ] {
            let text = message(control, pid, &order, control, &[&potassium("5.6", "F")]);
            assert_eq!(bench.accepted(&text).await, (0, 1, 0), "{pid}");
        }
        assert_eq!(bench.read(&order).await["stage"], "active");
        let queue = bench.queue().await;
        let reasons: Vec<_> = queue.iter().map(|it| it["reason"].clone()).collect();
        assert_eq!(reasons, vec![json!("patient_differs"); 3]);
        let other = queue.iter().find(|it| it["person"]["birth"] == "1981-02-03").unwrap();
        let candidate = &other["candidates"][0];
        assert_eq!(candidate["orders"][0]["id"], json!(order));
        assert_eq!(candidate["orders"][0]["named"], json!(true));
        assert_eq!(candidate["fits"]["birth"], json!(false));
    }

    async fn without_an_order_it_goes_to_the_one_patient_who_fits(db) {
        let bench = Bench::open(db).await;
        let text = message("1", PATIENT, "", "F-7", &[&potassium("4.6", "F")]);
        let elsewhere = text.replace("|CLINIQUE|", "|AUTRE|");
        assert_eq!(bench.accepted(&elsewhere).await, (0, 1, 0));
        assert_eq!(bench.queue().await[0]["reason"], "other_facility");
        let text = message("2", PATIENT, "", "F-8", &[&potassium("4.6", "F")]);
        assert_eq!(bench.accepted(&text).await, (1, 0, 0));
        let results = bench.results().await;
        assert_eq!((results.len(), &results[0]["stage"]), (1, &json!("final")));
        // The laboratory's own number leads to the same report, and a correction amends it.
        let fixed = message("3", PATIENT, "", "F-8", &[&potassium("4.9", "C")]);
        assert_eq!(bench.accepted(&fixed).await, (1, 0, 0));
        let results = bench.results().await;
        assert_eq!((results.len(), &results[0]["stage"]), (1, &json!("amended")));
        // By name, birth date and phone; not by name and birth date alone.
        let named = |last: &str| format!("PID|1||||Eyenga^Brigitte||19800203|F|||||{last}");
        let weak = message("4", &named(""), "", "F-9", &[&potassium("4.1", "F")]);
        assert_eq!(bench.accepted(&weak).await, (0, 1, 0));
        let strong = message("5", &named(PHONE), "", "F-10", &[&potassium("4.1", "F")]);
        assert_eq!(bench.accepted(&strong).await, (1, 0, 0));
        assert_eq!(bench.results().await.len(), 2);
    }

    async fn two_who_fit_are_a_question_for_a_person(db) {
        let bench = Bench::open(db).await;
        bench.register(77, who("Eyenga", "Brigitte", "L-1")).await;
        let text = message("1", PATIENT, "", "F-1", &[&potassium("4.6", "F")]);
        assert_eq!(bench.accepted(&text).await, (0, 1, 0));
        let queue = bench.queue().await;
        assert_eq!(queue[0]["reason"], "several_patients");
        assert_eq!(queue[0]["candidates"].as_array().unwrap().len(), 2);
        assert_eq!(bench.results().await, Vec::<Value>::new());

        let id = queue[0]["id"].as_str().unwrap();
        let file = format!("POST /results/unmatched/{id}/file");
        let choice = json!({"version": 1, "patient": bench.record.to_string()});
        let old = json!({"version": 2, "patient": bench.record.to_string()});
        let nobody = json!({"version": 1, "patient": Uuid::from_u128(5).to_string()});
        assert_eq!(bench.call(&bench.technician, &file, &old).await.code(), "changed");
        assert_eq!(bench.call(&bench.technician, &file, &nobody).await.code(), "not_found");
        assert_eq!(bench.call(&bench.doctor, &file, &choice).await.status, StatusCode::FORBIDDEN);
        let filed = bench.call(&bench.technician, &file, &choice).await;
        assert_eq!(filed.status, StatusCode::OK, "{}", filed.body);
        assert_eq!(bench.queue().await, Vec::<Value>::new());
        assert_eq!(bench.results().await[0]["report"]["values"][0]["value"], "4.6");
        let twice = bench.call(&bench.technician, &file, &choice).await;
        assert_eq!(twice.status, StatusCode::NOT_FOUND);
    }

    async fn what_belongs_to_nobody_is_discarded_with_a_reason(db) {
        let bench = Bench::open(db).await;
        let stranger = "PID|1||Z-9^^^LABO||NDIAYE^OUSMANE||19500101|M";
        let text = message("1", stranger, "", "F-1", &[&potassium("4.6", "F")]);
        assert_eq!(bench.accepted(&text).await, (0, 1, 0));
        let queue = bench.queue().await;
        assert_eq!((&queue[0]["reason"], &queue[0]["candidates"]), (&json!("no_patient"), &json!([])));
        assert_eq!(queue[0]["person"]["name"], "OUSMANE NDIAYE");
        let discard = format!("POST /results/unmatched/{}/discard", queue[0]["id"].as_str().unwrap());
        let silent = json!({"version": 1, "reason": " "});
        assert_eq!(bench.call(&bench.technician, &discard, &silent).await.code(), "invalid");
        let why = json!({"version": 1, "reason": "Patient d’un autre site"});
        let done = bench.call(&bench.technician, &discard, &why).await;
        assert_eq!(done.status, StatusCode::NO_CONTENT);
        assert_eq!(bench.queue().await, Vec::<Value>::new());
        assert_eq!(bench.accepted(&text).await, (0, 0, 1));
    }

    async fn a_verified_value_changes_only_when_the_laboratory_says_so(db) {
        let bench = Bench::open(db).await;
        let order = bench.order(&[POTASSIUM, GLUCOSE]).await;
        let glucose = format!("NM|{GLUCOSE}^Glucose^LN||126|mg/dL|||||F");
        let first = message("1", PATIENT, &order, "F-1", &[&potassium("4.6", "P")]);
        assert_eq!(bench.accepted(&first).await, (1, 0, 0));
        assert_eq!(bench.read(&order).await["stage"], "preliminary");
        let whole = message("2", PATIENT, &order, "F-1", &[&potassium("4.6", "F"), &glucose]);
        assert_eq!(bench.accepted(&whole).await, (1, 0, 0));
        let read = bench.read(&order).await;
        assert_eq!((&read["stage"], &read["report"]["values"][1]["value"]), (&json!("final"), &json!("6.99")));
        let silent = message("3", PATIENT, &order, "F-1", &[&potassium("5.9", "F")]);
        assert_eq!(bench.accepted(&silent).await, (0, 1, 0));
        assert_eq!(bench.queue().await[0]["reason"], "conflict");
        assert_eq!(bench.read(&order).await["stage"], "final");
        let fixed = message("4", PATIENT, &order, "F-1", &[&potassium("5.2", "C")]);
        assert_eq!(bench.accepted(&fixed).await, (1, 0, 0));
        let read = bench.read(&order).await;
        assert_eq!(read["stage"], "amended");
        let values = read["report"]["values"].as_array().unwrap();
        assert_eq!(values.len(), 2);
        assert!(values.iter().any(|it| it["value"] == "5.2"));
        let earlier = read["earlier"].as_array().unwrap();
        assert_eq!(earlier[1]["values"][0]["value"], "4.6");
        assert!(read["report"]["why"].is_string());
        let gone = message("5", PATIENT, &order, "F-1", &[&potassium("5.2", "D")]);
        assert_eq!(bench.accepted(&gone).await, (0, 1, 0));
    }

    async fn a_correction_that_comes_back_is_neither_dropped_nor_believed(db) {
        let bench = Bench::open(db).await;
        for (control, value, status) in [("1", "6.0", "F"), ("2", "5.0", "C"), ("3", "4.5", "C")] {
            let text = message(control, PATIENT, "", "F-1", &[&potassium(value, status)]);
            assert_eq!(bench.accepted(&text).await, (1, 0, 0), "{value}");
        }
        let same = message("4", PATIENT, "", "F-1", &[&potassium("4.5", "C")]);
        assert_eq!(bench.accepted(&same).await, (0, 0, 1));
        let back = message("5", PATIENT, "", "F-1", &[&potassium("5.0", "C")]);
        assert_eq!(bench.accepted(&back).await, (0, 1, 0));
        assert_eq!(bench.queue().await[0]["reason"], "conflict");
        assert_eq!(bench.results().await[0]["report"]["values"][0]["value"], "4.5");
    }

    async fn a_critical_value_pages_as_an_entered_one_does(db) {
        let bench = Bench::open(db).await;
        let order = bench.order(&[POTASSIUM]).await;
        let text = message("1", PATIENT, &order, "F-1", &[&potassium("6.8", "F")]);
        assert_eq!(bench.accepted(&text).await, (1, 0, 0));
        let read = bench.read(&order).await;
        assert_eq!((&read["critical"], &read["paging"]), (&json!(true), &json!(true)));
        // A value that only the laboratory calls critical, of a test that nobody ordered.
        let own = "NM|X-1^Lactates^L||9|mmol/L||HH|||F";
        let text = message("2", PATIENT, "", "F-2", &[own]);
        assert_eq!(bench.accepted(&text).await, (1, 0, 0));
        let mut conn = bench.house.clinic.db.read().await.unwrap();
        let all = outbox::list(&mut conn, bench.tenant, None, None).await.unwrap();
        let pages = all.iter().filter(|it| it.kind == MessageKind::CriticalValue).count();
        assert!(pages >= 2, "{pages}");
    }

    async fn what_could_not_be_kept_is_not_acknowledged(db) {
        let bench = Bench::open(db).await;
        let order = bench.order(&[POTASSIUM]).await;
        let text = message("1", PATIENT, &order, "F-1", &[&potassium("4.6", "F")]);
        let nowhere = LabInterface {
            tenant: TenantId::from_uuid(Uuid::from_u128(404)),
            ..bench.lab.clone()
        };
        let (answer, error) = receive(&bench.house.clinic, &nowhere, text.as_bytes()).await;
        assert!(String::from_utf8_lossy(&answer.bytes).contains("\rMSA|AE|1\r"));
        assert!(error.is_some());
        // Nothing was kept, so the repeated message is taken.
        assert_eq!(bench.accepted(&text).await, (1, 0, 0));
        let wrong = bench.send(&text.replace("ORU^R01", "ADT^A01")).await;
        assert!(String::from_utf8_lossy(&wrong.bytes).contains("\rMSA|AR|1\r"));
        let next = message("2", PATIENT, &order, "F-2", &[&potassium("4.7", "C")]);
        bench.house.clinic.db.close().await;
        let lost = bench.send(&next).await;
        assert!(String::from_utf8_lossy(&lost.bytes).contains("\rMSA|AE|2\r"));
    }
}
