//! Secure messages over HTTP: a message that is sent again, pages, and what strangers hear.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use clinical_http::CookiePolicy;
use serde_json::{Value, json};

use crate::house::{Answer, House, MONDAY};

const TEXT: &str = r#"{"text":"Je tousse encore"}"#;

struct Talk {
    house: House,
    patient: String,
    doctor: String,
    /// `/threads/{id}`
    path: String,
}

impl Talk {
    /// A patient writes to the doctor whom they will see.
    async fn begin() -> Self {
        let house = House::open(CookiePolicy::PlainHttp).await;
        let patient = house.token("patient@demo.clinic").await;
        let doctor = house.token("doctor@demo.clinic").await;
        let me = house.call("GET /me", Some(&doctor), "").await.body["id"].clone();
        let id = me.as_str().unwrap();
        let path = format!("GET /doctors/{id}/slots?from_us={MONDAY}&days=3");
        let free = house.call(&path, Some(&patient), "").await.body;
        let body = json!({"doctor": id, "start_us": free["slots"][20]["start_us"]}).to_string();
        let booked = house
            .call("POST /appointments", Some(&patient), &body)
            .await;
        assert_eq!(booked.status, StatusCode::CREATED, "{}", booked.body);
        let body = json!({"people": [id], "subject": "Toux", "text": "Bonjour"}).to_string();
        let begun = house.call("POST /threads", Some(&patient), &body).await;
        assert_eq!(begun.status, StatusCode::CREATED, "{}", begun.body);
        let path = format!("/threads/{}", begun.body["id"].as_str().unwrap());
        Self {
            house,
            patient,
            doctor,
            path,
        }
    }

    async fn send(&self, key: &str, body: &str) -> Answer {
        let request = Request::post(format!("/api/v1{}/messages", self.path))
            .header("authorization", format!("Bearer {}", self.patient))
            .header("content-type", "application/json")
            .header("idempotency-key", key)
            .body(Body::from(body.to_owned()))
            .unwrap();
        self.house.send(request).await
    }

    async fn get(&self, token: &str, path: &str) -> Value {
        let answer = self
            .house
            .call(&format!("GET {path}"), Some(token), "")
            .await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.body);
        answer.body
    }
}

#[tokio::test]
async fn a_message_that_is_sent_again_is_there_once() {
    let talk = Talk::begin().await;
    let first = talk.send("one", TEXT).await;
    let again = talk.send("one", TEXT).await;
    assert_eq!(first.status, StatusCode::CREATED, "{}", first.body);
    assert_eq!((again.status, &again.body), (first.status, &first.body));
    let other = talk.send("one", r#"{"text":"Autre"}"#).await;
    assert_eq!(other.code(), "key_reused");
    let said = talk
        .get(&talk.doctor, &format!("{}/messages", talk.path))
        .await;
    let words: Vec<&Value> = said["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["text"])
        .collect();
    assert_eq!(words, ["Bonjour", "Je tousse encore"]);
    let unread = talk.get(&talk.doctor, "/threads/unread").await;
    assert_eq!(unread, json!({"count": 2}));
}

#[tokio::test]
async fn texts_and_places_that_do_not_fit_are_refused_by_name() {
    let talk = Talk::begin().await;
    let long = json!({"text": "é".repeat(4_001)}).to_string();
    for body in [r#"{"text":" "}"#, long.as_str()] {
        let refused = talk.send("empty", body).await;
        assert_eq!(
            (refused.code(), refused.body["field"].as_str()),
            ("invalid", Some("text"))
        );
    }
    let what = format!("POST {}/read", talk.path);
    let ahead = talk
        .house
        .call(&what, Some(&talk.doctor), r#"{"seq":9}"#)
        .await;
    assert_eq!(
        (ahead.code(), ahead.body["field"].as_str()),
        ("invalid", Some("seq"))
    );
    for query in ["?after=yesterday", "?after=1_x"] {
        let what = format!("GET /threads{query}");
        let refused = talk.house.call(&what, Some(&talk.doctor), "").await;
        assert_eq!(refused.code(), "invalid", "{query}");
    }
    let both = format!("GET {}/messages?before=3&after=1", talk.path);
    let both = talk.house.call(&both, Some(&talk.doctor), "").await;
    assert_eq!(both.code(), "invalid");
}

#[tokio::test]
async fn the_list_of_a_member_names_everybody_and_that_of_others_nobody() {
    let talk = Talk::begin().await;
    let list = talk.get(&talk.doctor, "/threads").await;
    let threads = list["threads"].as_array().unwrap();
    assert_eq!((threads.len(), &list["next"]), (1, &Value::Null));
    assert_eq!(threads[0]["members"].as_array().unwrap().len(), 2);
    let nurse = talk.house.token("nurse@demo.clinic").await;
    let list = talk.get(&nurse, "/threads").await;
    assert_eq!(list["threads"], json!([]));
    let last = threads[0]["last_us"].as_i64().unwrap();
    let id = threads[0]["id"].as_str().unwrap();
    let behind = talk
        .get(&talk.doctor, &format!("/threads?after={last}_{id}"))
        .await;
    assert_eq!(behind["threads"], json!([]));
}
