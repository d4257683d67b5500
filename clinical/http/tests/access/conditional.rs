//! `If-Match`, `If-None-Match` and `ETag`: nobody overwrites what they have not read.

use std::collections::BTreeSet;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use clinical_http::CookiePolicy;
use clinical_model::Role;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::house::{Answer, House};
use crate::matrix::{Cast, Row, rows};
use crate::prescriptions::{reasons, request};

/// Calls an operation with headers of the test's choice.
async fn call(
    house: &House,
    (what, token): (&str, &str),
    headers: &[(&str, &str)],
    body: &Value,
) -> Answer {
    let (method, path) = what.split_once(' ').unwrap();
    let mut request = Request::builder()
        .method(method)
        .uri(format!("/api/v1{path}"))
        .header("authorization", format!("Bearer {token}"));
    if method == "POST" {
        request = request.header("idempotency-key", Uuid::new_v4().to_string());
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let body = if body.is_null() {
        Body::empty()
    } else {
        request = request.header("content-type", "application/json");
        Body::from(body.to_string())
    };
    house.send(request.body(body).unwrap()).await
}

fn tag(answer: &Answer) -> String {
    let tag = answer.headers.get("etag").unwrap();
    tag.to_str().unwrap().to_owned()
}

/// Whether a schema has a property, and whether it must be there.
fn has_version(text: &Value, schema: &Value) -> Option<bool> {
    if let Some(name) = schema["$ref"].as_str() {
        return has_version(text, text.pointer(name.trim_start_matches('#')).unwrap());
    }
    if schema["properties"]["version"].is_object() {
        let required = schema["required"].as_array();
        return Some(required.is_some_and(|them| them.contains(&json!("version"))));
    }
    let parts = ["allOf", "oneOf", "anyOf"].iter();
    parts
        .filter_map(|key| schema[*key].as_array())
        .flatten()
        .find_map(|it| has_version(text, it))
}

/// The operations whose body has a version, as `PUT /entries/{id}`, with their description. A POST
/// that may leave it out makes something new.
fn taking(text: &Value) -> Vec<(String, &Value)> {
    let mut found = Vec::new();
    for (path, methods) in text["paths"].as_object().unwrap() {
        for (method, described) in methods.as_object().unwrap() {
            let schema = &described["requestBody"]["content"]["application/json"]["schema"];
            let version = has_version(text, schema);
            if version == Some(true) || (version == Some(false) && method == "put") {
                let path = path.strip_prefix("/api/v1").unwrap();
                found.push((format!("{} {path}", method.to_uppercase()), described));
            }
        }
    }
    assert!(found.len() > 25, "{found:#?}");
    found
}

#[test]
fn the_openapi_text_says_what_is_conditional() {
    let text = serde_json::to_value(clinical_http::openapi()).unwrap();
    let names = |described: &Value| {
        let parameters = described["parameters"].as_array();
        let names = parameters.into_iter().flatten();
        let names = names.filter_map(|it| it["name"].as_str().map(str::to_owned));
        names.collect::<BTreeSet<String>>()
    };
    let taking = taking(&text);
    for (what, described) in &taking {
        assert!(names(described).contains("If-Match"), "{what}");
        for status in ["412", "428"] {
            assert!(described["responses"][status].is_object(), "{what}");
        }
    }
    let mut tell = 0;
    for (path, methods) in text["paths"].as_object().unwrap() {
        for (method, described) in methods.as_object().unwrap() {
            let what = format!("{} {path}", method.to_uppercase()).replace("/api/v1", "");
            let takes = taking.iter().any(|it| it.0 == what);
            assert_eq!(names(described).contains("If-Match"), takes, "{what}");
            let tells = ["200", "201"].iter().any(|it| {
                let answer = &described["responses"][it];
                let schema = &answer["content"]["application/json"]["schema"];
                let has = has_version(&text, schema).is_some();
                assert_eq!(answer["headers"]["ETag"].is_object(), has, "{what}");
                has
            });
            let reads = names(described).contains("If-None-Match");
            assert_eq!(reads, tells && method == "get", "{what}");
            tell += usize::from(tells);
        }
    }
    assert!(tell > 40, "only {tell}");
}

fn token<'a>(cast: &'a Cast, row: &Row) -> &'a str {
    if row.lets_in(Role::Doctor) {
        return &cast.doctor;
    }
    let somebody = cast.strangers.iter().find(|(role, _)| row.lets_in(*role));
    &somebody.unwrap().1
}

#[tokio::test]
async fn every_operation_with_a_version_asks_for_it_and_takes_it_from_the_header() {
    let house = House::open(CookiePolicy::PlainHttp).await;
    let cast = Cast::gather(&house).await;
    let text = serde_json::to_value(clinical_http::openapi()).unwrap();
    let rows = rows();
    for (what, _) in taking(&text) {
        let is_it = |it: &&Row| format!("{} {}", it.method, it.path) == what;
        let row = rows.iter().find(is_it).unwrap();
        let place = cast.what(row);
        let place = (place.as_str(), token(&cast, row));
        let mut body: Value = serde_json::from_str(row.body).unwrap();
        body.as_object_mut().unwrap().remove("version");
        let with = |version: u32| {
            let mut body = body.clone();
            body["version"] = json!(version);
            body
        };

        let neither = call(&house, place, &[], &body).await;
        assert_eq!(neither.status.as_u16(), 428, "{what}: {}", neither.body);
        assert_eq!(neither.code(), "version_needed");
        assert!(neither.body["title"].as_str().unwrap().contains("If-Match"));
        let nothing = call(&house, place, &[], &Value::Null).await;
        assert_eq!(nothing.code(), "version_needed", "{what}");

        let refused = [
            ("*", 428, "version_needed"),
            ("W/\"1\"", 412, "changed"),
            ("\"one\", W/\"1\"", 412, "changed"),
            ("1", 400, "malformed"),
            ("*, \"1\"", 400, "malformed"),
        ];
        for (header, status, code) in refused {
            let answer = call(&house, place, &[("if-match", header)], &body).await;
            let got = (answer.status.as_u16(), answer.code());
            assert_eq!(got, (status, code), "{what} {header}");
            assert_eq!(answer.body["field"], "if-match", "{what} {header}");
        }
        let two = call(&house, place, &[("if-match", "\"1\"")], &with(2)).await;
        let got = (two.status.as_u16(), two.body["field"].clone());
        assert_eq!(got, (400, json!("if-match")), "{what}");

        // A version that nothing has: the header is refused exactly as the body is.
        let said = call(&house, place, &[], &with(4000)).await;
        for header in ["\"4000\"", "\"4000.00\"", "\"4001\", \"4000\""] {
            let named = call(&house, place, &[("if-match", header)], &body).await;
            let got = (named.status, named.code());
            assert_eq!(got, (said.status, said.code()), "{what} {header}");
        }
        assert!(said.status.is_client_error(), "{what}: {}", said.status);
    }
}

/// Things that are written over versions, one after another.
struct Walk {
    house: House,
    done: BTreeSet<String>,
}

impl Walk {
    /// Writes over a stale tag, which must fail, and over the one that was read, which must not.
    async fn over(&mut self, step: (&str, &str, &str), tag_read: &str, body: Value) -> String {
        let (token, what, id) = step;
        self.done.insert(what.to_owned());
        let what = what.replace("{id}", id);
        let place = (what.as_str(), token);
        let stale = call(&self.house, place, &[("if-match", "\"77\"")], &body).await;
        assert_eq!(stale.status.as_u16(), 412, "{what}: {}", stale.body);
        assert_eq!(stale.code(), "changed", "{what}");
        let list = format!("\"77\", W/\"78\", {tag_read}");
        let fresh = call(&self.house, place, &[("if-match", &list)], &body).await;
        assert_eq!(fresh.status, StatusCode::OK, "{what}: {}", fresh.body);
        let next = tag(&fresh);
        let version = fresh.body["version"].as_u64().unwrap();
        assert!(next.starts_with(&format!("\"{version}.")), "{what}: {next}");
        let again = call(&self.house, place, &[("if-match", tag_read)], &body).await;
        assert!(again.status.is_client_error(), "{what}: {}", again.status);
        next
    }

    async fn read(&self, token: &str, path: &str) -> Answer {
        let what = format!("GET {path}");
        let found = call(&self.house, (&what, token), &[], &Value::Null).await;
        assert_eq!(found.status, StatusCode::OK, "{path}: {}", found.body);
        found
    }

    async fn made(&self, token: &str, what: &str, body: &Value) -> (String, String) {
        let made = call(&self.house, (what, token), &[], body).await;
        assert_eq!(made.status, StatusCode::CREATED, "{what}: {}", made.body);
        (made.body["id"].as_str().unwrap().to_owned(), tag(&made))
    }
}

#[tokio::test]
async fn a_stale_tag_is_refused_and_a_fresh_one_writes() {
    let house = House::open(CookiePolicy::PlainHttp).await;
    let cast = Cast::gather(&house).await;
    let admin = house.token("admin@demo.clinic").await;
    let mut walk = Walk {
        house,
        done: BTreeSet::new(),
    };
    walk_the_calendar(&mut walk, &cast, &admin).await;
    walk_the_record(&mut walk, &cast).await;
    walk_the_laboratory(&mut walk, &cast).await;
    walk_the_pharmacy(&mut walk, &cast).await;
    walk_what_is_decided_about_triage(&mut walk).await;
    let text = serde_json::to_value(clinical_http::openapi()).unwrap();
    let known: BTreeSet<String> = taking(&text).into_iter().map(|it| it.0).collect();
    assert!(walk.done.is_subset(&known), "{:#?}", walk.done);
    assert_eq!(walk.done.len(), 19);
}

async fn walk_the_calendar(walk: &mut Walk, cast: &Cast, admin: &str) {
    let plan = json!({"holidays": "CM"});
    let path = format!("/doctors/{}/plan", cast.doctor_id);
    let read = tag(&walk.read(admin, &path).await);
    let step = (admin, "PUT /doctors/{id}/plan", cast.doctor_id.as_str());
    walk.over(step, &read, plan.clone()).await;

    let room = json!({"is_room": true, "name": "R1", "zone": "Africa/Douala", "active": true});
    let (id, read) = walk.made(admin, "POST /resources", &room).await;
    walk.over((admin, "PUT /resources/{id}", &id), &read, room)
        .await;
    let read = tag(&walk.read(admin, &format!("/resources/{id}/plan")).await);
    walk.over((admin, "PUT /resources/{id}/plan", &id), &read, plan)
        .await;

    let service = json!({"code": "t", "length_min": 15, "step_min": 15, "modality": "video",
        "active": true});
    let (id, read) = walk.made(admin, "POST /services", &service).await;
    walk.over((admin, "PUT /services/{id}", &id), &read, service)
        .await;

    let settings = json!({"language": "en", "email": true, "sms": false});
    let read = tag(&walk.read(admin, "/me/notifications").await);
    walk.over((admin, "PUT /me/notifications", ""), &read, settings)
        .await;

    let people = walk.read(admin, "/admin/people").await.body;
    let people = people.as_array().unwrap();
    let nurse = people.iter().find(|it| it["role"] == "nurse").unwrap();
    let id = nurse["id"].as_str().unwrap();
    let read = tag(&walk.read(admin, &format!("/admin/people/{id}")).await);
    let details = json!({"details": {"name": "Infirmière", "role": "nurse"}});
    walk.over((admin, "PUT /admin/people/{id}", id), &read, details)
        .await;
}

async fn walk_the_record(walk: &mut Walk, cast: &Cast) {
    let record = cast.record.as_str();
    let doctor = cast.doctor.as_str();
    let patient = walk.read(doctor, &format!("/patients/{record}")).await;
    let details = json!({"details": patient.body["details"]});
    let step = (doctor, "PUT /patients/{id}", record);
    walk.over(step, &tag(&patient), details).await;

    // The first version is written where nothing is, and only there.
    let place = format!("PUT /patients/{record}/draft");
    let new = [("if-none-match", "*")];
    let body = json!({"body": "Tousse"});
    let first = call(&walk.house, (&place, doctor), &new, &body).await;
    assert_eq!(first.status, StatusCode::OK, "{}", first.body);
    let second = call(&walk.house, (&place, doctor), &new, &body).await;
    assert_eq!(second.status.as_u16(), 412, "{}", second.body);
    let step = (doctor, "PUT /patients/{id}/draft", record);
    walk.over(step, &tag(&first), body).await;

    let path = format!("/entries/{}", cast.entry);
    let read = walk.read(&cast.patient, &path).await;
    let next = json!({"fact": read.body["fact"]});
    let step = (
        cast.patient.as_str(),
        "PUT /entries/{id}",
        cast.entry.as_str(),
    );
    let read = walk.over(step, &tag(&read), next).await;
    let step = (step.0, "POST /entries/{id}/error", step.2);
    walk.over(step, &read, Value::Null).await;
}

async fn walk_what_is_decided_about_triage(walk: &mut Walk) {
    let admin = walk.house.token("admin@demo.clinic").await;
    let read = walk.read(&admin, "/triage/settings").await;
    let step = (admin.as_str(), "PUT /triage/settings", "");
    let body = json!({"show_hypotheses": true});
    walk.over(step, &tag(&read), body).await;
}

async fn walk_the_laboratory(walk: &mut Walk, cast: &Cast) {
    let doctor = cast.doctor.as_str();
    let lab = walk.house.token("lab@demo.clinic").await;
    let lab = lab.as_str();
    let order = json!({"patient": cast.record, "tests": ["2823-3"], "priority": "routine",
        "reason": "Fatigue", "release": "after_review"});
    let (id, read) = walk.made(doctor, "POST /orders", &order).await;
    let why = json!({"reason": "Plus utile"});
    let step = (doctor, "POST /orders/{id}/cancel", id.as_str());
    walk.over(step, &read, why).await;

    let (id, read) = walk.made(doctor, "POST /orders", &order).await;
    let step = (lab, "POST /orders/{id}/collect", id.as_str());
    let read = walk.over(step, &read, Value::Null).await;
    let values = json!({"values": [{"code": "2823-3", "value": "4.1", "unit": "mmol/L"}]});
    let step = (lab, "POST /orders/{id}/results", id.as_str());
    let read = walk.over(step, &read, values).await;
    let step = (lab, "POST /orders/{id}/verify", id.as_str());
    let read = walk.over(step, &read, Value::Null).await;
    let step = (doctor, "POST /orders/{id}/seen", id.as_str());
    walk.over(step, &read, json!({})).await;
}

async fn walk_the_pharmacy(walk: &mut Walk, cast: &Cast) {
    let doctor = cast.doctor.as_str();
    let body = request(&cast.record, "paracetamol", 500.0, "mg");
    let (id, read) = walk.made(doctor, "POST /prescriptions", &body).await;
    let id = id.as_str();
    let read = walk
        .over((doctor, "PUT /prescriptions/{id}", id), &read, body)
        .await;
    let draft = walk.read(doctor, &format!("/prescriptions/{id}")).await;
    let why = json!({"reasons": reasons(&draft.body)});
    let step = (doctor, "POST /prescriptions/{id}/sign", id);
    let read = walk.over(step, &read, why).await;
    let step = (doctor, "POST /prescriptions/{id}/transmit", id);
    walk.over(step, &read, Value::Null).await;
}

#[tokio::test]
async fn who_has_the_answer_is_not_sent_it_again() {
    let house = House::open(CookiePolicy::PlainHttp).await;
    let cast = Cast::gather(&house).await;
    let path = format!("GET /entries/{}", cast.entry);
    let place = (path.as_str(), cast.patient.as_str());
    let nothing = Value::Null;
    let first = call(&house, place, &[], &nothing).await;
    let read = tag(&first);
    for header in [&read, &format!("\"0\", W/{read}"), "*"] {
        let same = call(&house, place, &[("if-none-match", header)], &nothing).await;
        assert_eq!(same.status, StatusCode::NOT_MODIFIED, "{header}");
        assert_eq!((tag(&same), same.body), (read.clone(), Value::Null));
        assert_eq!(same.headers["cache-control"], "no-store");
    }
    for header in ["\"1\"", "\"x\""] {
        let other = call(&house, place, &[("if-none-match", header)], &nothing).await;
        assert_eq!((other.status, &other.body), (StatusCode::OK, &first.body));
    }
    // Tags of an entry change without its version; who asks again must see them.
    let what = format!("PUT /entries/{}/tags", cast.entry);
    let tags = json!({"tags": ["famille"]});
    let tagged = call(&house, (&what, place.1), &[], &tags).await;
    assert_eq!(tagged.body["version"], first.body["version"]);
    let seen = call(&house, place, &[("if-none-match", &read)], &nothing).await;
    assert_eq!(seen.status, StatusCode::OK);
    assert_eq!(seen.body["tags"], json!(["famille"]));

    let wanted = call(&house, place, &[("if-match", &tag(&seen))], &nothing).await;
    assert_eq!(wanted.status, StatusCode::OK);
    for header in [&read, &format!("W/{}", tag(&seen))] {
        let gone = call(&house, place, &[("if-match", header)], &nothing).await;
        assert_eq!(gone.status, StatusCode::PRECONDITION_FAILED, "{header}");
    }
    let head = path.replace("GET", "HEAD");
    let head = call(&house, (&head, place.1), &[], &nothing).await;
    assert_eq!(tag(&head), tag(&seen));
}

#[tokio::test]
async fn what_has_no_version_refuses_a_promise_that_it_cannot_keep() {
    let house = House::open(CookiePolicy::PlainHttp).await;
    let cast = Cast::gather(&house).await;
    let what = format!("PUT /entries/{}/tags", cast.entry);
    let tags = json!({"tags": ["famille"]});
    let place = (what.as_str(), cast.patient.as_str());
    for header in ["if-match", "if-none-match"] {
        let refused = call(&house, place, &[(header, "\"1\"")], &tags).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST);
        assert_eq!(refused.body["field"], header);
    }
    let path = format!("GET /entries/{}", cast.entry);
    let entry = call(&house, (&path, place.1), &[], &Value::Null).await;
    assert_eq!(entry.body["tags"], json!([]), "nothing was done");
}

#[tokio::test]
async fn a_repeated_request_is_answered_again_and_over_another_version_it_is_another() {
    let house = House::open(CookiePolicy::PlainHttp).await;
    let cast = Cast::gather(&house).await;
    let lab = house.token("lab@demo.clinic").await;
    let what = format!("POST /orders/{}/collect", cast.order);
    let sent = async |key: &str, header: &str| {
        let request = Request::builder()
            .method("POST")
            .uri(format!("/api/v1{}", what.trim_start_matches("POST ")))
            .header("authorization", format!("Bearer {lab}"))
            .header("idempotency-key", key)
            .header("if-match", header);
        house.send(request.body(Body::empty()).unwrap()).await
    };
    let first = sent("k-1", "\"77\", \"1\"").await;
    assert_eq!(first.status, StatusCode::OK, "{}", first.body);
    let again = sent("k-1", "\"77\", \"1\"").await;
    assert_eq!((again.status, &again.body), (StatusCode::OK, &first.body));
    assert_eq!(again.headers["idempotency-replayed"], "true");
    assert_eq!(tag(&again), tag(&first));
    let other = sent("k-1", "\"2\"").await;
    assert_eq!(other.code(), "key_reused");
}
