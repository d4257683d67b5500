//! FHIR over HTTP: who sees what of a record, as which resources, and errors as outcomes.

use axum::http::{Request, StatusCode};
use clinical_fhir::Checked;
use clinical_fhir::map::{Incoming, incoming};
use clinical_http::CookiePolicy;
use clinical_model::access::Label;
use clinical_model::chart::{Entry, EntryStatus};
use clinical_model::{AuditActor, AuditEntry, Email, EntryId, Micros, PatientId};
use clinical_store::identity::credential_by_email;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::house::{Answer, House, MONDAY};

/// The record of the demo patient with two heart rates and one very confidential diagnosis.
struct Record {
    house: House,
    patient: PatientId,
    rate: EntryId,
    secret: EntryId,
    own: String,
    stranger: String,
    nurse: String,
}

impl Record {
    async fn open() -> Self {
        let house = House::open(CookiePolicy::PlainHttp).await;
        let email = Email::parse("patient@demo.clinic").unwrap();
        let mut tx = house.clinic.db.read().await.unwrap();
        let account = credential_by_email(&mut tx, &email).await.unwrap().unwrap();
        drop(tx);
        let patient = account.account.patient.unwrap();
        let rate = |at: &str, value: u32| {
            json!({"resourceType": "Observation", "status": "final",
                "category": [{"coding": [{"code": "vital-signs", "system":
                    "http://terminology.hl7.org/CodeSystem/observation-category"}]}],
                "code": {"coding": [{"system": "http://loinc.org", "code": "8867-4",
                    "display": "Heart rate"}]},
                "subject": {"reference": format!("Patient/{patient}")},
                "effectiveDateTime": at,
                "valueQuantity": {"value": value, "unit": "/min", "code": "/min",
                    "system": "http://unitsofmeasure.org"}})
        };
        let concept =
            |system: &str, code: &str| json!({"coding": [{"system": system, "code": code}]});
        let secret = json!({"resourceType": "Condition",
            "clinicalStatus": concept("http://terminology.hl7.org/CodeSystem/condition-clinical", "active"),
            "verificationStatus":
                concept("http://terminology.hl7.org/CodeSystem/condition-ver-status", "confirmed"),
            "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": "B24",
                "display": "HIV disease"}]},
            "subject": {"reference": format!("Patient/{patient}")}});
        let author = account.account.id;
        let mut ids = Vec::new();
        let facts = [
            (rate("2026-11-20T10:00:00Z", 82), Label::Normal),
            (rate("2026-11-21T10:00:00Z", 96), Label::Normal),
            (secret, Label::VeryRestricted),
        ];
        for (resource, label) in facts {
            let Incoming {
                fact, effective, ..
            } = incoming(&Checked::parse(resource).unwrap()).unwrap();
            let id = EntryId::from_uuid(Uuid::new_v4());
            let entry = Entry {
                id,
                tenant: account.account.tenant,
                patient,
                fact,
                label,
                status: EntryStatus::Active,
                effective: effective.unwrap_or(Micros(MONDAY)),
                recorded: Micros(MONDAY),
                author,
                appointment: None,
                version: 1,
            };
            let mut tx = house.clinic.db.begin().await.unwrap();
            clinical_store::chart::insert(&mut tx, &entry)
                .await
                .unwrap();
            let act = AuditEntry::done(AuditActor::System, "test.entry", Micros(MONDAY));
            tx.commit(act.within(entry.tenant)).await.unwrap();
            ids.push(id);
        }
        Self {
            own: house.token("patient@demo.clinic").await,
            stranger: house.token("patient2@demo.clinic").await,
            nurse: house.token("nurse@demo.clinic").await,
            house,
            patient,
            rate: ids[1],
            secret: ids[2],
        }
    }

    async fn get(&self, path: &str, token: &str) -> Answer {
        let what = format!("GET /fhir/R4{path}");
        self.house.call(&what, Some(token), "").await
    }
}

fn matches(bundle: &Value) -> usize {
    bundle["entry"].as_array().map_or(0, Vec::len)
}

/// How many resources are the patient or of the chart.
fn chart_of(bundle: &Value) -> usize {
    let entries = bundle["entry"].as_array().into_iter().flatten();
    let kinds = entries.filter_map(|it| it["resource"]["resourceType"].as_str());
    kinds.filter(|kind| *kind != "Appointment").count()
}

fn assert_is_r4(resource: &Value) {
    assert_eq!(Checked::parse(resource.clone()).err(), None, "{resource}");
}

#[tokio::test]
async fn a_patient_reads_and_searches_their_own_record() {
    let record = Record::open().await;
    let patient = record.patient;
    let me = record
        .get(&format!("/Patient/{patient}"), &record.own)
        .await;
    assert_eq!(me.status, StatusCode::OK, "{}", me.body);
    assert_eq!(me.headers["etag"], "W/\"1\"");
    assert_eq!(
        me.headers["content-type"],
        "application/fhir+json; charset=utf-8"
    );
    assert_is_r4(&me.body);
    for (query, found) in [
        ("", 2),
        ("&code=http://loinc.org|8867-4", 2),
        ("&value-quantity=gt90", 1),
        ("&date=2026-11-20", 1),
        ("&code=0000-0", 0),
        ("&_count=1&_sort=-date", 1),
    ] {
        let path = format!("/Observation?patient={patient}{query}");
        let answer = record.get(&path, &record.own).await;
        assert_eq!(answer.status, StatusCode::OK, "{query}: {}", answer.body);
        assert_eq!(matches(&answer.body), found, "{query}");
        assert_is_r4(&answer.body);
    }
    let everything = format!("/Patient/{patient}/$everything");
    let everything = record.get(&everything, &record.own).await;
    assert_eq!(chart_of(&everything.body), 4);
    assert_is_r4(&everything.body);
}

#[tokio::test]
async fn pages_follow_each_other_until_all_is_seen() {
    let record = Record::open().await;
    let path = format!(
        "/Observation?patient={}&_count=1&_sort=date",
        record.patient
    );
    let first = record.get(&path, &record.own).await;
    let next = first.body["link"][1]["url"].as_str().unwrap();
    let (_, query) = next.split_once('?').unwrap();
    let second = record
        .get(&format!("/Observation?{query}"), &record.own)
        .await;
    assert_eq!(
        second.body["entry"][0]["resource"]["id"],
        record.rate.to_string()
    );
    assert_eq!(second.body["link"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn what_is_not_theirs_to_know_is_not_there() {
    let record = Record::open().await;
    let (patient, rate, secret) = (record.patient, record.rate, record.secret);
    for path in [
        format!("/Patient/{patient}"),
        format!("/Patient/{patient}/$everything"),
        format!("/Observation/{rate}"),
        format!("/Observation/{rate}/_history"),
        format!("/Observation/{rate}/_history/1"),
    ] {
        let answer = record.get(&path, &record.stranger).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(answer.body["issue"][0]["code"], "not-found", "{path}");
        let own = record.get(&path, &record.own).await;
        assert_eq!(own.status, StatusCode::OK, "{path}: {}", own.body);
        assert_is_r4(&own.body);
    }
    for path in [
        format!("/Observation?patient={patient}"),
        format!("/Observation?_id={rate}"),
        format!("/Patient?_id={patient}"),
    ] {
        let answer = record.get(&path, &record.stranger).await;
        assert_eq!(
            (answer.status, matches(&answer.body)),
            (StatusCode::OK, 0),
            "{path}"
        );
    }
    // The nurse on duty reaches the record and not what is very confidential in it.
    let pulse = record
        .get(&format!("/Observation/{rate}"), &record.nurse)
        .await;
    assert_eq!(pulse.status, StatusCode::OK, "{}", pulse.body);
    let hidden = record
        .get(&format!("/Condition/{secret}"), &record.nurse)
        .await;
    assert_eq!(hidden.status, StatusCode::NOT_FOUND);
    let all = record
        .get(&format!("/Patient/{patient}/$everything"), &record.nurse)
        .await;
    assert_eq!(chart_of(&all.body), 3);
}

#[tokio::test]
async fn errors_are_outcomes_and_unknown_filters_are_refused() {
    let record = Record::open().await;
    let patient = record.patient;
    for (path, status, code) in [
        ("/Nothing".to_owned(), 404, "not-found"),
        ("/Observation".to_owned(), 400, "required"),
        (
            format!("/Observation?patient={patient}&colour=red"),
            400,
            "not-supported",
        ),
        (
            format!("/Observation?patient={patient}&date=soon"),
            400,
            "value",
        ),
        (
            format!("/Observation?patient={patient}&_page=x"),
            400,
            "value",
        ),
        (
            format!("/Condition?patient={patient}&_include=Condition:encounter"),
            400,
            "not-supported",
        ),
        ("/Patient/%00".to_owned(), 404, "not-found"),
    ] {
        let answer = record.get(&path, &record.own).await;
        assert_eq!(answer.status.as_u16(), status, "{path}: {}", answer.body);
        assert_eq!(answer.body["issue"][0]["code"], code, "{path}");
        assert_is_r4(&answer.body);
    }
    let nobody = record.house.call("GET /fhir/R4/Patient", None, "").await;
    assert_eq!(nobody.status, StatusCode::UNAUTHORIZED);
    assert_eq!(nobody.body["issue"][0]["code"], "login");
}

#[tokio::test]
async fn the_root_answers_as_the_api_does_and_says_what_it_can_without_a_login() {
    let record = Record::open().await;
    let request = Request::get("/fhir/R4/metadata").body(axum::body::Body::empty());
    let metadata = record.house.send(request.unwrap()).await;
    assert_eq!(metadata.status, StatusCode::OK);
    assert_is_r4(&metadata.body);
    let interactions = metadata.body["rest"][0]["resource"][0]["interaction"].clone();
    assert_eq!(interactions.as_array().unwrap().len(), 7, "{interactions}");
    let form = Request::post("/fhir/R4/Observation/_search")
        .header("authorization", format!("Bearer {}", record.own))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(format!("patient={}&value-quantity=lt90", record.patient).into());
    let found = record.house.send(form.unwrap()).await;
    assert_eq!(
        (found.status, matches(&found.body)),
        (StatusCode::OK, 1),
        "{}",
        found.body
    );
    let nobody = Request::get("/fhir/R4/Patient").body(axum::body::Body::empty());
    let nobody = record.house.send(nobody.unwrap()).await;
    assert_eq!(nobody.body["issue"][0]["code"], "login");
}

fn modes(bundle: &Value) -> Vec<(String, String)> {
    let entries = bundle["entry"].as_array().into_iter().flatten();
    let word = |it: &Value| it.as_str().unwrap_or_default().to_owned();
    entries
        .map(|it| {
            (
                word(&it["search"]["mode"]),
                word(&it["resource"]["resourceType"]),
            )
        })
        .collect()
}

fn pairs(them: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |it: &(&str, &str)| (it.0.to_owned(), it.1.to_owned());
    them.iter().map(owned).collect()
}

#[tokio::test]
async fn what_matches_refer_to_comes_with_them() {
    let record = Record::open().await;
    let patient = record.patient;
    let rates = format!("/Observation?patient={patient}&code=8867-4&_include=Observation:patient");
    let found = record
        .get(
            &format!("{rates}&_include=Observation:subject"),
            &record.own,
        )
        .await;
    assert_eq!(found.status, StatusCode::OK, "{}", found.body);
    assert_is_r4(&found.body);
    // Two observations refer to one patient, by two names: added once.
    let expected = [
        ("match", "Observation"),
        ("match", "Observation"),
        ("include", "Patient"),
    ];
    assert_eq!(modes(&found.body), pairs(&expected));
    assert_eq!(found.body["total"], 2, "what is included is not counted");
    let page = record.get(&format!("{rates}&_count=1"), &record.own).await;
    assert_eq!(modes(&page.body), pairs(&expected[1..]));
    let counted = record
        .get(&format!("{rates}&_summary=count"), &record.own)
        .await;
    assert_eq!(matches(&counted.body), 0);
    let strange = record.get(&rates, &record.stranger).await;
    assert_eq!(matches(&strange.body), 0);
}

#[tokio::test]
async fn what_refers_to_a_match_comes_with_it_as_far_as_the_caller_may_see_it() {
    let record = Record::open().await;
    let patient = record.patient;
    let path = format!(
        "/Patient?_id={patient}&_revinclude=Condition:patient&_revinclude=Observation:subject"
    );
    let own = record.get(&path, &record.own).await;
    assert_eq!(own.status, StatusCode::OK, "{}", own.body);
    assert_is_r4(&own.body);
    let own_modes = modes(&own.body);
    assert_eq!(own_modes[0], ("match".to_owned(), "Patient".to_owned()));
    let of = |kind: &str, modes: &[(String, String)]| {
        let it = ("include".to_owned(), kind.to_owned());
        modes.iter().filter(|mode| **mode == it).count()
    };
    assert!(of("Observation", &own_modes) >= 2, "{own_modes:?}");
    let shows_secret = |body: &Value| body.to_string().contains(&record.secret.to_string());
    assert!(shows_secret(&own.body));
    let nurse = record.get(&path, &record.nurse).await;
    assert!(
        of("Observation", &modes(&nurse.body)) >= 2,
        "{}",
        nurse.body
    );
    assert!(!shows_secret(&nurse.body), "very confidential");
    let strange = record.get(&path, &record.stranger).await;
    assert_eq!(matches(&strange.body), 0, "{}", strange.body);
}

#[tokio::test]
async fn an_include_that_is_not_offered_is_refused_or_named() {
    let record = Record::open().await;
    let patient = record.patient;
    for include in [
        "_include=Observation:encounter",
        "_include=Observation:colour",
        "_include=*",
        "_include:iterate=Observation:patient",
        "_revinclude=Condition:patient",
    ] {
        let path = format!("/fhir/R4/Observation?patient={patient}&code=8867-4&{include}");
        let ask = |prefer: &str| {
            let request = Request::get(&path)
                .header("authorization", format!("Bearer {}", record.own))
                .header("prefer", prefer)
                .body(axum::body::Body::empty());
            record.house.send(request.unwrap())
        };
        let strict = ask("handling=strict").await;
        assert_eq!(strict.status, StatusCode::BAD_REQUEST, "{include}");
        assert_eq!(
            strict.body["issue"][0]["code"], "not-supported",
            "{include}"
        );
        let lenient = ask("handling=lenient").await;
        assert_eq!(lenient.status, StatusCode::OK, "{include}");
        let expected = [
            ("match", "Observation"),
            ("match", "Observation"),
            ("outcome", "OperationOutcome"),
        ];
        assert_eq!(modes(&lenient.body), pairs(&expected), "{include}");
        assert_is_r4(&lenient.body);
    }
    let metadata = record.get("/metadata", &record.own).await.body;
    let resources = metadata["rest"][0]["resource"].as_array().unwrap();
    let row = |kind: &str| resources.iter().find(|it| it["type"] == kind).unwrap();
    let includes = row("Observation")["searchInclude"].clone();
    assert_eq!(
        includes,
        json!(["Observation:patient", "Observation:subject"])
    );
    let reverse = row("Patient")["searchRevInclude"].as_array().unwrap();
    assert!(reverse.contains(&json!("AllergyIntolerance:patient")));
    for include in includes.as_array().into_iter().chain([reverse]).flatten() {
        let include = include.as_str().unwrap();
        let path = match include.split_once(':') {
            Some(("Observation", _)) => {
                format!("/Observation?patient={patient}&_include={include}")
            }
            _ => format!("/Patient?_id={patient}&_revinclude={include}"),
        };
        let found = record.get(&path, &record.own).await;
        assert_eq!(found.status, StatusCode::OK, "{path}: {}", found.body);
    }
}
