//! Writing over FHIR: versions, conditions, bundles, and the same rights as everywhere.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use clinical_fhir::Checked;
use clinical_http::CookiePolicy;
use serde_json::{Value, json};

use crate::house::{Answer, House};

/// The demo clinic with a doctor, a nurse on duty and a patient whom nobody treats.
struct Ward {
    house: House,
    doctor: String,
    nurse: String,
    stranger: String,
}

impl Ward {
    async fn open() -> Self {
        let house = House::open(CookiePolicy::PlainHttp).await;
        Self {
            doctor: house.token("doctor@demo.clinic").await,
            nurse: house.token("nurse@demo.clinic").await,
            stranger: house.token("patient2@demo.clinic").await,
            house,
        }
    }

    async fn ask(&self, what: &str, token: &str, (body, headers): Sent<'_>) -> Answer {
        let (method, path) = what.split_once(' ').unwrap();
        let mut request = Request::builder()
            .method(method)
            .uri(format!("/fhir/R4{path}"))
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", "application/fhir+json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        self.house
            .send(request.body(Body::from(body)).unwrap())
            .await
    }

    /// A patient whom the doctor registers.
    async fn register(&self, family: &str) -> String {
        let made = self
            .ask("POST /Patient", &self.doctor, (&person(family), &[]))
            .await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
        made.body["id"].as_str().unwrap().to_owned()
    }
}

type Sent<'a> = (&'a Value, &'a [(&'a str, &'a str)]);

fn person(family: &str) -> Value {
    // Nobody is like another, or the server would ask whether they are the same.
    let year = 1900 + family.bytes().map(u32::from).sum::<u32>() % 100;
    json!({"resourceType": "Patient", "gender": "female", "birthDate": format!("{year}-02-03"),
        "name": [{"family": family, "given": [family.chars().rev().collect::<String>()]}],
        "identifier": [{"system": "urn:test:national", "value": family}]})
}

fn concept(system: &str, code: &str) -> Value {
    json!({"coding": [{"system": system, "code": code, "display": code}]})
}

fn weight(patient: &str, kg: u32) -> Value {
    json!({"resourceType": "Observation", "status": "final",
        "code": concept("http://loinc.org", "29463-7"),
        "subject": {"reference": patient},
        "valueQuantity": {"value": kg, "unit": "kg", "code": "kg", "system": "http://unitsofmeasure.org"}})
}

/// A resource of each type that can be written.
fn examples(patient: &str) -> Vec<Value> {
    let subject = json!({"reference": patient});
    let term = "http://terminology.hl7.org/CodeSystem";
    vec![
        person("Exemple"),
        weight(patient, 70),
        json!({"resourceType": "Condition", "subject": subject,
            "clinicalStatus": concept(&format!("{term}/condition-clinical"), "active"),
            "code": concept("http://hl7.org/fhir/sid/icd-10", "I10")}),
        json!({"resourceType": "AllergyIntolerance", "patient": subject,
            "clinicalStatus": concept(&format!("{term}/allergyintolerance-clinical"), "active"),
            "code": {"text": "Arachide"}, "category": ["food"], "criticality": "high"}),
        json!({"resourceType": "MedicationStatement", "status": "active", "subject": subject,
            "medicationCodeableConcept": {"text": "Tisane"}}),
        json!({"resourceType": "Immunization", "status": "completed", "patient": subject,
            "vaccineCode": concept("http://hl7.org/fhir/sid/cvx", "115"),
            "occurrenceDateTime": "2026-01-02"}),
        json!({"resourceType": "Procedure", "status": "completed", "subject": subject,
            "code": {"text": "Suture"}, "performedDateTime": "2026-01-02"}),
        json!({"resourceType": "FamilyMemberHistory", "status": "completed", "patient": subject,
            "relationship": concept("http://terminology.hl7.org/CodeSystem/v3-RoleCode", "MTH"),
            "condition": [{"code": {"text": "Asthme"}}]}),
    ]
}

const NONE: Value = Value::Null;

#[tokio::test]
async fn a_resource_is_created_updated_on_its_version_patched_and_taken_back() {
    let ward = Ward::open().await;
    let patient = format!("Patient/{}", ward.register("Abena").await);
    let made = ward
        .ask(
            "POST /Observation",
            &ward.doctor,
            (&weight(&patient, 70), &[]),
        )
        .await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    assert_eq!(made.headers["etag"], "W/\"1\"");
    assert_eq!(
        made.headers["last-modified"],
        "Mon, 23 Nov 2026 08:00:00 GMT"
    );
    let id = made.body["id"].as_str().unwrap();
    let location = made.headers["location"].to_str().unwrap();
    assert!(
        location.ends_with(&format!("/fhir/R4/Observation/{id}/_history/1")),
        "{location}"
    );

    let mut next = weight(&patient, 71);
    next["id"] = id.into();
    let put = format!("PUT /Observation/{id}");
    let on_first = [("if-match", "W/\"1\"")];
    let updated = ward.ask(&put, &ward.doctor, (&next, &on_first)).await;
    assert_eq!(
        (updated.status, &updated.headers["etag"].to_str().unwrap()),
        (StatusCode::OK, &"W/\"2\"")
    );
    let stale = ward.ask(&put, &ward.doctor, (&next, &on_first)).await;
    assert_eq!(stale.status, StatusCode::PRECONDITION_FAILED);
    assert_eq!(stale.body["issue"][0]["code"], "conflict");
    next["id"] = "another".into();
    let mixed_up = ward.ask(&put, &ward.doctor, (&next, &[])).await;
    assert_eq!(mixed_up.status, StatusCode::BAD_REQUEST);

    let patch = json!([{"op": "replace", "path": "/valueQuantity/value", "value": 72.5}]);
    let patched = ward
        .ask(
            &format!("PATCH /Observation/{id}"),
            &ward.doctor,
            (&patch, &[]),
        )
        .await;
    assert_eq!(patched.status, StatusCode::OK, "{}", patched.body);
    assert_eq!(patched.body["valueQuantity"]["value"], 72.5);
    let gone = ward
        .ask(
            &format!("DELETE /Observation/{id}"),
            &ward.doctor,
            (&NONE, &[]),
        )
        .await;
    assert_eq!(
        (gone.status, &gone.body["status"]),
        (StatusCode::OK, &json!("entered-in-error"))
    );
    let history = ward
        .ask(
            &format!("GET /Observation/{id}/_history"),
            &ward.doctor,
            (&NONE, &[]),
        )
        .await;
    assert_eq!(history.body["total"], 4);
    let dead = ward
        .ask(
            &format!("PATCH /Observation/{id}"),
            &ward.doctor,
            (&json!([]), &[]),
        )
        .await;
    assert_eq!(dead.status, StatusCode::CONFLICT, "{}", dead.body);
}

#[tokio::test]
async fn a_condition_means_one_resource_or_none() {
    let ward = Ward::open().await;
    let once = [("if-none-exist", "identifier=urn:test:national|Bella")];
    let first = ward
        .ask("POST /Patient", &ward.doctor, (&person("Bella"), &once))
        .await;
    let again = ward
        .ask("POST /Patient", &ward.doctor, (&person("Bella"), &once))
        .await;
    assert_eq!(
        (first.status, again.status),
        (StatusCode::CREATED, StatusCode::OK)
    );
    assert_eq!(first.body["id"], again.body["id"]);

    let mut who = person("Bella");
    who["birthDate"] = "1990-02-05".into();
    let put = "PUT /Patient?identifier=urn:test:national%7CBella";
    let changed = ward.ask(put, &ward.doctor, (&who, &[])).await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.body);
    assert_eq!(
        (&changed.body["id"], &changed.body["birthDate"]),
        (&first.body["id"], &who["birthDate"])
    );
    let new = "PUT /Patient?identifier=urn:test:national%7CNobody";
    let made = ward.ask(new, &ward.doctor, (&person("Nobody"), &[])).await;
    assert_eq!(made.status, StatusCode::CREATED);
    let vague = ward
        .ask("PUT /Patient?gender=female", &ward.doctor, (&who, &[]))
        .await;
    assert_eq!(vague.status, StatusCode::PRECONDITION_FAILED);
    assert_eq!(vague.body["issue"][0]["code"], "multiple-matches");
    let open = ward.ask("PUT /Patient", &ward.doctor, (&who, &[])).await;
    assert_eq!(open.status, StatusCode::PRECONDITION_FAILED);
}

fn post(name: &str, resource: &Value) -> Value {
    let kind = resource["resourceType"].as_str().unwrap();
    json!({"fullUrl": name, "resource": resource, "request": {"method": "POST", "url": kind}})
}

#[tokio::test]
async fn a_transaction_holds_together_or_not_at_all_and_a_batch_each_by_itself() {
    let ward = Ward::open().await;
    let name = "urn:uuid:0195f6a0-0000-7000-8000-000000000001";
    // What refers comes first: the order of a bundle means nothing.
    let good = vec![
        post(
            "urn:uuid:0195f6a0-0000-7000-8000-000000000002",
            &weight(name, 61),
        ),
        post(name, &person("Chimène")),
    ];
    let mut late = weight(name, 61);
    late["valueQuantity"]["comparator"] = "<".into();
    let bad = vec![
        post(name, &person("Perdue")),
        post("urn:uuid:0195f6a0-0000-7000-8000-000000000003", &late),
    ];
    let bundle = |kind: &str, entries: &Vec<Value>| json!({"resourceType": "Bundle", "type": kind, "entry": entries});

    let lost = ward
        .ask("POST ", &ward.doctor, (&bundle("transaction", &bad), &[]))
        .await;
    assert_eq!(
        lost.status,
        StatusCode::UNPROCESSABLE_ENTITY,
        "{}",
        lost.body
    );
    let place = lost.body["issue"][0]["expression"][0].as_str().unwrap();
    assert_eq!(place, "Bundle.entry[1].resource.valueQuantity");
    let nobody = ward
        .ask("GET /Patient?family=Perdue", &ward.doctor, (&NONE, &[]))
        .await;
    assert_eq!(nobody.body["total"], 0);

    let done = ward
        .ask("POST ", &ward.doctor, (&bundle("transaction", &good), &[]))
        .await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.body);
    assert_eq!(
        Checked::parse(done.body.clone()).err(),
        None,
        "{}",
        done.body
    );
    let patient = done.body["entry"][1]["resource"]["id"].as_str().unwrap();
    assert_eq!(done.body["entry"][0]["response"]["status"], "201 Created");
    let subject = done.body["entry"][0]["resource"]["subject"]["reference"]
        .as_str()
        .unwrap();
    assert_eq!(subject, format!("Patient/{patient}"));

    let mixed = vec![
        post(
            "urn:uuid:0195f6a0-0000-7000-8000-000000000004",
            &person("Dora"),
        ),
        bad[1].clone(),
    ];
    let mixed = ward
        .ask("POST ", &ward.doctor, (&bundle("batch", &mixed), &[]))
        .await;
    let status = |place: usize| {
        mixed.body["entry"][place]["response"]["status"]
            .as_str()
            .unwrap()
    };
    assert_eq!(
        (status(0), status(1)),
        ("201 Created", "422 Unprocessable Entity"),
        "{}",
        mixed.body
    );
    assert_eq!(Checked::parse(mixed.body.clone()).err(), None);
}

#[tokio::test]
async fn what_a_right_or_a_label_forbids_is_forbidden_over_fhir_too() {
    let ward = Ward::open().await;
    let id = ward.register("Ewane").await;
    let patient = format!("Patient/{id}");
    let secret = |mut resource: Value| {
        resource["meta"] = json!({"security": [{"code": "V",
            "system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"}]});
        resource
    };
    let [_, pulse, condition, ..] = &examples(&patient)[..] else {
        unreachable!()
    };
    for (what, token, body, status) in [
        // A diagnosis is the doctor's; a nurse writes no label that she could not read.
        ("POST /Condition", &ward.nurse, condition.clone(), 403),
        ("POST /Observation", &ward.nurse, secret(pulse.clone()), 422),
        ("POST /Observation", &ward.nurse, pulse.clone(), 201),
        (
            "POST /Condition",
            &ward.doctor,
            secret(condition.clone()),
            201,
        ),
        ("POST /Observation", &ward.stranger, pulse.clone(), 404),
        ("POST /Patient", &ward.stranger, person("Fausse"), 403),
    ] {
        let answer = ward.ask(what, token, (&body, &[])).await;
        assert_eq!(answer.status.as_u16(), status, "{what}: {}", answer.body);
    }
    // The patient of an own record reads it and writes no measurements into it.
    let me = ward.ask("GET /Patient", &ward.stranger, (&NONE, &[])).await;
    let own = me.body["entry"][0]["resource"]["id"].as_str().unwrap();
    let own = weight(&format!("Patient/{own}"), 80);
    let answer = ward
        .ask("POST /Observation", &ward.stranger, (&own, &[]))
        .await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    let hidden = ward
        .ask(
            &format!("GET /Condition?patient={id}"),
            &ward.doctor,
            (&NONE, &[]),
        )
        .await;
    let hidden = hidden.body["entry"][0]["resource"].clone();
    let place = format!("DELETE /Condition/{}", hidden["id"].as_str().unwrap());
    let unseen = ward.ask(&place, &ward.nurse, (&NONE, &[])).await;
    assert_eq!(unseen.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_statement_claims_what_works_and_nothing_else() {
    let ward = Ward::open().await;
    let id = ward.register("Foning").await;
    let examples = examples(&format!("Patient/{id}"));
    let statement = ward
        .ask("GET /metadata", &ward.doctor, (&NONE, &[]))
        .await
        .body;
    assert_eq!(Checked::parse(statement.clone()).err(), None);
    for resource in statement["rest"][0]["resource"].as_array().unwrap() {
        let kind = resource["type"].as_str().unwrap();
        let claims = |code: &str| {
            let all = resource["interaction"].as_array().unwrap();
            all.iter().any(|it| it["code"] == code)
        };
        let example = examples.iter().find(|it| it["resourceType"] == kind);
        let body = example
            .cloned()
            .unwrap_or_else(|| json!({"resourceType": kind}));
        let made = ward
            .ask(&format!("POST /{kind}"), &ward.doctor, (&body, &[]))
            .await;
        let expected = if claims("create") { 201 } else { 405 };
        assert_eq!(made.status.as_u16(), expected, "{kind}: {}", made.body);
        let search = format!(
            "GET /{kind}?{}={id}",
            match kind {
                "Patient" | "Practitioner" => "_id",
                _ => "patient",
            }
        );
        assert_eq!(
            claims("search-type"),
            ward.ask(&search, &ward.doctor, (&NONE, &[])).await.status == 200
        );
        let Some(made) = made.body["id"].as_str().map(str::to_owned) else {
            continue;
        };
        let mut body = body;
        body["id"] = made.clone().into();
        for (code, what, body) in [
            ("read", format!("GET /{kind}/{made}"), NONE),
            ("vread", format!("GET /{kind}/{made}/_history/1"), NONE),
            (
                "history-instance",
                format!("GET /{kind}/{made}/_history"),
                NONE,
            ),
            ("update", format!("PUT /{kind}/{made}"), body.clone()),
            ("patch", format!("PATCH /{kind}/{made}"), json!([])),
            ("delete", format!("DELETE /{kind}/{made}"), NONE),
        ] {
            let answer = ward.ask(&what, &ward.doctor, (&body, &[])).await;
            let expected = if claims(code) { 200 } else { 405 };
            assert_eq!(answer.status.as_u16(), expected, "{what}: {}", answer.body);
        }
        let judged = ward
            .ask(
                &format!("POST /{kind}/$validate"),
                &ward.doctor,
                (&body, &[]),
            )
            .await;
        assert_eq!(
            judged.body["issue"][0]["severity"], "information",
            "{kind}: {}",
            judged.body
        );
    }
}
