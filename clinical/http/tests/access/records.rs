//! Patients and their charts over HTTP: who finds whom, who sees and writes what, nothing overwritten.

use axum::http::StatusCode;
use clinical_http::CookiePolicy;
use clinical_store::on_both_engines;
use clinical_store::testbed::TestDb;
use serde_json::{Value, json};

use crate::house::{Answer, House};

/// The demo clinic with people who are signed in. The nurse is on duty and sees every patient.
struct Ward {
    house: House,
    doctor: String,
    other_doctor: String,
    nurse: String,
    patient: String,
    admin: String,
    /// The record of Brigitte Eyenga, whom the first doctor has seen.
    record: String,
}

impl Ward {
    async fn open(db: TestDb) -> Self {
        let house = House::over(db, CookiePolicy::PlainHttp).await;
        let token = async |who: &str| house.token(&format!("{who}@demo.clinic")).await;
        let (doctor, nurse) = (token("doctor").await, token("nurse").await);
        // The third doctor has an appointment with another patient only.
        let other_doctor = token("doctor3").await;
        let (patient, admin) = (token("patient").await, token("admin").await);
        let found = house
            .call("GET /patients?q=Eyenga", Some(&doctor), "")
            .await;
        let record = found.body["patients"][0]["id"].as_str().unwrap().to_owned();
        Self {
            doctor,
            other_doctor,
            nurse,
            patient,
            admin,
            record,
            house,
        }
    }

    async fn get(&self, token: &str, path: &str) -> Answer {
        self.house
            .call(&format!("GET {path}"), Some(token), "")
            .await
    }

    async fn send(&self, token: &str, what: &str, body: Value) -> Answer {
        self.house.call(what, Some(token), &body.to_string()).await
    }

    /// A path below the patient's record.
    fn of(&self, rest: &str) -> String {
        format!("/patients/{}{rest}", self.record)
    }

    async fn add(&self, token: &str, fact: Value, label: &str) -> Answer {
        let what = format!("POST {}", self.of("/entries"));
        let body = json!({"fact": fact, "label": label});
        self.send(token, &what, body).await
    }

    async fn register(&self, token: &str, body: Value) -> Answer {
        self.send(token, "POST /patients", body).await
    }
}

fn allergy(to: &str) -> Value {
    json!({"kind": "allergy", "category": "medication", "criticality": "high",
        "clinical": "active", "verification": "confirmed",
        "substance": {"system": "formulary", "code": "penicillins", "display": to}})
}

fn glucose(value: &str, unit: &str) -> Value {
    json!({"kind": "observation", "category": "laboratory",
        "code": {"system": "loinc", "code": "2339-0", "display": "Glycémie"},
        "value": {"quantity": {"value": value, "unit": unit}}})
}

fn who(family: &str, given: &str, birth: &str, phone: &str) -> Value {
    json!({"family": family, "given": given, "sex": "female", "birth": birth, "phones": [phone]})
}

fn names(answer: &Answer) -> Vec<String> {
    let rows = answer.body["patients"].as_array().unwrap();
    let name = |it: &Value| it["family"].as_str().unwrap().to_owned();
    rows.iter().map(name).collect()
}

on_both_engines! {
    async fn a_search_forgives_typos_accents_and_order_and_shows_nobody_elses_patients(db) {
        let ward = Ward::open(db).await;
        for typed in ["Eyenga", "eyenag", "Brigite%20Eyenga", "EYENGA%20brigitte", "1968-03-14"] {
            let found = ward.get(&ward.doctor, &format!("/patients?q={typed}")).await;
            assert_eq!(names(&found)[0], "Eyenga", "{typed}");
            let other = ward.get(&ward.other_doctor, &format!("/patients?q={typed}")).await;
            let seen = names(&other);
            assert!(!seen.contains(&"Eyenga".to_owned()), "{typed}: {seen:?}");
        }
        let accent = ward.get(&ward.nurse, "/patients?q=F%C3%A2timatou").await;
        assert_eq!(names(&accent)[0], "Bello");
        let patient = ward.get(&ward.patient, "/patients?q=Eyenga").await;
        assert_eq!(patient.code(), "forbidden");
    }

    async fn lists_without_a_query_come_in_pages_and_hold_own_patients_only(db) {
        let ward = Ward::open(db).await;
        let mut seen = Vec::new();
        let mut path = "/patients?limit=3".to_owned();
        loop {
            let page = ward.get(&ward.nurse, &path).await;
            seen.extend(names(&page));
            let Some(next) = page.body["next"].as_str() else { break };
            path = format!("/patients?limit=3&after={next}");
        }
        assert_eq!(seen.len(), 4, "{seen:?}");
        let own = ward.get(&ward.other_doctor, "/patients").await;
        assert_eq!(names(&own), ["Bello"]);
    }

    async fn a_stranger_finds_neither_patient_nor_chart_nor_entry(db) {
        let ward = Ward::open(db).await;
        let made = ward.add(&ward.doctor, allergy("Pénicillines"), "normal").await;
        let id = made.body["id"].as_str().unwrap();
        let entry = format!("/entries/{id}");
        for path in [ward.of(""), ward.of("/chart"), ward.of("/timeline"), ward.of("/documents"),
            ward.of("/series/glucose"), entry.clone(), format!("{entry}/versions")] {
            let answer = ward.get(&ward.other_doctor, &path).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
            let own = ward.get(&ward.patient, &path).await;
            assert_eq!(own.status, StatusCode::OK, "{path}: {}", own.body);
        }
    }

    async fn a_nurse_hears_nothing_of_what_is_confidential_and_counts_nothing(db) {
        let ward = Ward::open(db).await;
        let before = ward.get(&ward.nurse, &ward.of("/timeline")).await;
        let made = ward.add(&ward.doctor, glucose("9.8", "mmol/L"), "restricted").await;
        ward.house.clock.advance(1_000_000);
        let again = ward.add(&ward.doctor, glucose("9.1", "mmol/L"), "restricted").await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
        let id = made.body["id"].as_str().unwrap();
        let after = ward.get(&ward.nurse, &ward.of("/timeline")).await;
        assert_eq!(before.body, after.body);
        for path in [ward.of("/chart"), ward.of("/series/2339-0")] {
            let text = ward.get(&ward.nurse, &path).await.body.to_string();
            assert!(!text.contains(id) && !text.contains("9.1"), "{path}");
            let own = ward.get(&ward.patient, &path).await.body.to_string();
            assert!(own.contains(again.body["id"].as_str().unwrap()), "{path}");
        }
        let one = ward.get(&ward.nurse, &format!("/entries/{id}")).await;
        assert_eq!(one.status, StatusCode::NOT_FOUND);
        let change = format!("POST /entries/{id}/error");
        let gone = ward.send(&ward.nurse, &change, json!({"version": 1})).await;
        assert_eq!(gone.status, StatusCode::NOT_FOUND);
        let hidden = ward.add(&ward.nurse, glucose("5.1", "mmol/L"), "restricted").await;
        assert_eq!(hidden.body["field"], "label", "nobody writes what they cannot read");
        let doctor = ward.add(&ward.doctor, glucose("5.1", "mmol/L"), "very_restricted").await;
        assert_eq!(doctor.body["field"], "label", "an appointment is not the care team");
    }

    async fn a_likely_duplicate_is_proposed_before_a_second_record_is_made(db) {
        let ward = Ward::open(db).await;
        let details = who("Eyenga", "Brigite", "1968-03-14", "699 00 01 01");
        let asked = ward.register(&ward.nurse, json!({"details": details})).await;
        assert_eq!((asked.status, asked.code()), (StatusCode::CONFLICT, "duplicate"));
        let candidate = &asked.body["candidates"][0];
        assert_eq!(candidate["patient"]["id"], ward.record.as_str());
        let why = candidate["why"].as_array().unwrap();
        assert!(why.contains(&json!("same_phone")), "{why:?}");
        let sure = json!({"details": details, "confirmed": true});
        let made = ward.register(&ward.nurse, sure).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
        assert_eq!(made.body["details"]["phones"][0], "+237699000101");
        let bad = who("Eyenga", "Brigite", "1968-03-14", "call me");
        let bad = ward.register(&ward.nurse, json!({"details": bad})).await;
        assert_eq!(bad.body["field"], "details.phones");
        // Who does not see the record is told nothing of it.
        let other = ward.register(&ward.other_doctor, json!({"details": details})).await;
        assert_eq!(other.status, StatusCode::CREATED, "{}", other.body);
        let own = format!("/patients/{}", other.body["id"].as_str().unwrap());
        assert_eq!(ward.get(&ward.other_doctor, &own).await.body["right"], "care_relation");
    }

    async fn who_a_patient_is_changes_on_top_of_the_version_that_was_read(db) {
        let ward = Ward::open(db).await;
        let before = ward.get(&ward.doctor, &ward.of("")).await.body;
        let mut details = before["details"].clone();
        details["blood_group"] = json!("O-");
        let what = format!("PUT {}", ward.of(""));
        let body = json!({"details": details, "version": before["version"]});
        let changed = ward.send(&ward.doctor, &what, body.clone()).await;
        assert_eq!(changed.body["details"]["blood_group"], "O-", "{}", changed.body);
        let late = ward.send(&ward.nurse, &what, body.clone()).await;
        assert_eq!((late.status, late.code()), (StatusCode::PRECONDITION_FAILED, "changed"));
        assert_eq!(ward.send(&ward.patient, &what, body).await.code(), "forbidden");
    }

    async fn an_amendment_keeps_what_was_written_and_an_error_stays_in_sight(db) {
        let ward = Ward::open(db).await;
        let made = ward.add(&ward.doctor, allergy("Pénicillines"), "normal").await.body;
        let id = made["id"].as_str().unwrap();
        let mut fact = made["fact"].clone();
        fact["reaction"] = json!("Urticaire");
        let amend = format!("PUT /entries/{id}");
        let body = json!({"fact": fact, "version": 1});
        let next = ward.send(&ward.doctor, &amend, body.clone()).await;
        assert_eq!(next.body["version"], 2, "{}", next.body);
        assert_eq!(ward.send(&ward.doctor, &amend, body).await.code(), "changed");
        let other = json!({"fact": glucose("5", "mmol/L"), "version": 2});
        assert_eq!(ward.send(&ward.doctor, &amend, other).await.body["field"], "fact.kind");
        let error = format!("POST /entries/{id}/error");
        let struck = ward.send(&ward.doctor, &error, json!({"version": 2})).await;
        assert_eq!(struck.body["status"], "entered_in_error", "{}", struck.body);
        let again = ward.send(&ward.doctor, &error, json!({"version": 3})).await;
        assert_eq!(again.code(), "wrong_state");
        let versions = ward.get(&ward.patient, &format!("/entries/{id}/versions")).await.body;
        let reactions: Vec<&Value> =
            versions.as_array().unwrap().iter().map(|it| &it["fact"]["reaction"]).collect();
        assert_eq!(reactions, [&Value::Null, &json!("Urticaire"), &json!("Urticaire")]);
        let chart = ward.get(&ward.doctor, &ward.of("/chart")).await.body.to_string();
        assert!(!chart.contains(id));
        let path = ward.of("/timeline?kind=allergy&errors=true");
        assert!(ward.get(&ward.doctor, &path).await.body.to_string().contains(id));
    }

    async fn impossible_values_are_refused_and_roles_write_what_is_theirs(db) {
        let ward = Ward::open(db).await;
        let slip = ward.add(&ward.doctor, glucose("980", "mmol/L"), "normal").await;
        assert_eq!(slip.body["field"], "fact.value", "{}", slip.body);
        let unit = ward.add(&ward.doctor, glucose("5", "spoons"), "normal").await;
        assert_eq!(unit.body["field"], "fact.unit");
        let condition = json!({"kind": "condition", "clinical": "active",
            "verification": "confirmed",
            "code": {"system": "icd10", "code": "I10", "display": "Hypertension"}});
        let nurse = ward.add(&ward.nurse, condition.clone(), "normal").await;
        assert_eq!(nurse.code(), "forbidden", "a diagnosis is the doctor's");
        let own = ward.add(&ward.patient, condition, "normal").await;
        assert_eq!(own.code(), "forbidden");
        let made = ward.add(&ward.doctor, allergy("Pénicillines"), "normal").await.body;
        let error = format!("POST /entries/{}/error", made["id"].as_str().unwrap());
        let theirs = ward.send(&ward.patient, &error, json!({"version": 1})).await;
        assert_eq!(theirs.code(), "forbidden", "a patient does not strike the doctor's words");
    }

    async fn values_in_different_units_are_one_series(db) {
        let ward = Ward::open(db).await;
        let before = ward.get(&ward.doctor, &ward.of("/series/glucose")).await.body;
        let before = before["points"].as_array().unwrap().len();
        ward.add(&ward.nurse, glucose("126", "mg/dL"), "normal").await;
        ward.add(&ward.doctor, glucose("9.5", "mmol/L"), "normal").await;
        let series = ward.get(&ward.patient, &ward.of("/series/glucose")).await.body;
        assert_eq!(series["unit"], "mmol/L");
        let points = series["points"].as_array().unwrap();
        assert_eq!(points.len(), before + 2);
        let values: Vec<f64> = points.iter().map(|it| it["value"].as_f64().unwrap()).collect();
        assert!(values.iter().any(|it| (it - 6.99).abs() < 0.01), "{values:?}");
        let chart = ward.get(&ward.doctor, &ward.of("/chart")).await.body;
        let trends = chart["trends"].as_array().unwrap();
        assert!(trends.iter().any(|it| it["slug"] == "glucose"), "{trends:?}");
    }

    async fn a_timeline_is_one_list_in_pages_filtered_by_kind_and_tag(db) {
        let ward = Ward::open(db).await;
        for value in ["5.1", "5.2", "5.3", "5.4", "5.5"] {
            ward.add(&ward.doctor, glucose(value, "mmol/L"), "normal").await;
            ward.house.clock.advance(1_000_000);
        }
        let whole = ward.get(&ward.doctor, &ward.of("/timeline?limit=100")).await.body;
        let whole: Vec<Value> = whole["items"].as_array().unwrap().clone();
        let mut paged = Vec::new();
        let mut after = String::new();
        loop {
            let page = ward.get(&ward.doctor, &ward.of(&format!("/timeline?limit=2{after}"))).await;
            paged.extend(page.body["items"].as_array().unwrap().clone());
            let Some(next) = page.body["next"].as_str() else { break };
            after = format!("&after={next}");
        }
        assert_eq!(paged, whole);
        assert!(whole.iter().any(|it| it["item"] == "visit"));
        let newest = whole.iter().find(|it| it["item"] == "entry").unwrap();
        let tag = format!("PUT /entries/{}/tags", newest["id"].as_str().unwrap());
        let tags = json!({"tags": ["À revoir", "hiv"]});
        let tagged = ward.send(&ward.doctor, &tag, tags).await;
        assert_eq!(tagged.body["tags"].as_array().unwrap().len(), 2, "{}", tagged.body);
        let path = ward.of("/timeline?kind=observation&tag=%C3%A0-revoir");
        let found = ward.get(&ward.nurse, &path).await.body;
        assert_eq!(found["items"].as_array().unwrap().len(), 1);
        assert_eq!(found["items"][0]["tags"], json!(["à-revoir"]), "hiv is not for the nurse");
        // What she does not see she does not take away.
        ward.send(&ward.nurse, &tag, json!({"tags": []})).await;
        let path = format!("/entries/{}", newest["id"].as_str().unwrap());
        assert_eq!(ward.get(&ward.doctor, &path).await.body["tags"], json!(["hiv"]));
        let visits = ward.get(&ward.patient, &ward.of("/timeline?kind=visit")).await.body;
        assert!(visits["items"].as_array().unwrap().iter().all(|it| it["item"] == "visit"));
    }

    async fn a_file_is_what_its_bytes_are_and_comes_back_only_to_who_may_see_it(db) {
        let ward = Ward::open(db).await;
        let mine = (ward.patient.as_str(), ward.record.as_str());
        let lie = ward.house.upload(mine, ("application/pdf", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")).await;
        assert_eq!(lie.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
        assert_eq!(lie.body["field"], "file.not_as_said");
        let script = b"%PDF-1.4 /JavaScript (app.alert(1))";
        let active = ward.house.upload(mine, ("application/pdf", script)).await;
        assert_eq!(active.body["field"], "file.active");
        let program = ward.house.upload(mine, ("text/plain", b"MZ\x90\0\x03")).await;
        assert_eq!(program.body["field"], "file.unknown");
        let long = vec![b'a'; 10 * 1024 * 1024 + 1];
        let long = ward.house.upload(mine, ("text/plain", &long)).await;
        assert_eq!(long.status, StatusCode::PAYLOAD_TOO_LARGE);
        let big = vec![b'a'; 300 * 1024];
        let made = ward.house.upload(mine, ("text/plain", &big)).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
        assert_eq!(made.body["fact"]["title"], "Bilan sanguin à jeun");
        let path = format!("/documents/{}", made.body["id"].as_str().unwrap());
        let back = ward.get(&ward.doctor, &path).await;
        assert_eq!(back.headers["content-type"], "text/plain");
        assert_eq!(back.headers["content-length"], "307200");
        assert!(back.headers["content-disposition"].to_str().unwrap().starts_with("attachment"));
        assert_eq!(ward.get(&ward.other_doctor, &path).await.status, StatusCode::NOT_FOUND);
        let other = (ward.other_doctor.as_str(), ward.record.as_str());
        let sent = ward.house.upload(other, ("text/plain", b"x")).await;
        assert_eq!(sent.status, StatusCode::NOT_FOUND);
        let list = ward.get(&ward.nurse, &ward.of("/documents")).await.body;
        assert!(list.to_string().contains(made.body["id"].as_str().unwrap()));
    }

    async fn two_records_become_one_person_and_are_taken_apart_again(db) {
        let ward = Ward::open(db).await;
        let details = who("Eyenga", "Brigite", "1968-03-14", "+237699000999");
        let twin = json!({"details": details, "confirmed": true});
        let twin = ward.register(&ward.nurse, twin).await.body;
        let twin = twin["id"].as_str().unwrap();
        let add = format!("POST /patients/{twin}/entries");
        let fact = json!({"fact": allergy("Pénicillines")});
        let written = ward.send(&ward.nurse, &add, fact.clone()).await.body;
        let written = written["id"].as_str().unwrap();
        let chart = async |token: &str| {
            ward.get(token, &ward.of("/chart")).await.body.to_string().contains(written)
        };
        assert!(!chart(&ward.patient).await);

        let wrong = format!("POST {}", ward.of("/merge"));
        let wrong = ward.send(&ward.nurse, &wrong, json!({"into": twin, "version": 1})).await;
        assert_eq!((wrong.code(), &wrong.body["field"]), ("wrong_state", &json!("account")));
        let merge = format!("POST /patients/{twin}/merge");
        let body = json!({"into": ward.record, "version": 1});
        assert_eq!(ward.send(&ward.doctor, &merge, body.clone()).await.code(), "forbidden");
        let stale = json!({"into": ward.record, "version": 7});
        assert_eq!(ward.send(&ward.admin, &merge, stale).await.code(), "changed");
        let merged = ward.send(&ward.admin, &merge, body).await;
        assert_eq!(merged.status, StatusCode::NO_CONTENT, "{}", merged.body);
        assert!(chart(&ward.patient).await, "facts of both are one chart");
        assert!(chart(&ward.nurse).await);
        let old = ward.get(&ward.nurse, &format!("/patients/{twin}")).await.body;
        assert_eq!(old["merged_into"], ward.record.as_str());
        assert_eq!(ward.send(&ward.nurse, &add, fact).await.code(), "wrong_state");
        let found = ward.get(&ward.nurse, "/patients?q=Eyenga").await;
        assert_eq!(names(&found), ["Eyenga"], "the other record is not used any more");

        let unmerge = format!("POST /patients/{twin}/unmerge");
        let freed = ward.send(&ward.nurse, &unmerge, json!({"version": 2})).await;
        assert_eq!(freed.body["version"], 3, "{}", freed.body);
        assert!(!chart(&ward.patient).await);
        let found = ward.get(&ward.nurse, "/patients?q=Eyenga").await;
        assert_eq!(names(&found).len(), 2);
    }

    async fn a_draft_waits_for_its_author_and_for_nobody_else(db) {
        let ward = Ward::open(db).await;
        let put = format!("PUT {}", ward.of("/draft"));
        let first = ward.send(&ward.doctor, &put, json!({"body": "Toux", "version": 0})).await;
        assert_eq!(first.body["version"], 1, "{}", first.body);
        let late = ward.send(&ward.doctor, &put, json!({"body": "x", "version": 0})).await;
        assert_eq!(late.code(), "changed");
        let again = ward.house.token("doctor@demo.clinic").await;
        assert_eq!(ward.get(&again, &ward.of("/draft")).await.body["body"], "Toux");
        assert_eq!(ward.get(&ward.nurse, &ward.of("/draft")).await.body, Value::Null);
    }

    async fn a_family_is_asked_about_and_written_down_once(db) {
        let ward = Ward::open(db).await;
        let what = format!("POST {}", ward.of("/family-interview"));
        let ask = async |answers: Value, done: bool| {
            let body = json!({"answers": answers, "done": done});
            ward.send(&ward.patient, &what, body).await
        };
        let first = ask(json!([]), false).await.body;
        assert_eq!(first["question"], json!({"ask": "any", "topic": "heart"}));
        let early = ask(json!(["yes"]), true).await;
        assert_eq!(early.code(), "wrong_state");
        let wrong = ask(json!([{"years": 50}]), false).await;
        assert_eq!(wrong.body["field"], "answers");
        let all = json!(["yes", {"relatives": ["FTH"]}, {"years": 48}, "no", "no", "no", "unknown"]);
        let done = ask(all.clone(), true).await.body;
        assert_eq!(done["written"], 1, "{done}");
        assert!(done["question"].is_null());
        assert_eq!(done["risks"].as_array().unwrap().len(), 5);
        assert_eq!(ask(all, true).await.body["written"], 0, "not twice");
        let chart = ward.get(&ward.doctor, &ward.of("/chart")).await.body;
        let relatives = chart["family_history"].to_string();
        assert!(relatives.contains("\"FTH\""), "{relatives}");
    }
}
