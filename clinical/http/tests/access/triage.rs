//! Interviews over HTTP: the whole machine as visitors, patients and doctors meet it.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use clinical_http::CookiePolicy;
use clinical_store::on_both_engines;
use serde_json::{Value, json};

use crate::house::{Answer, House, MONDAY};

const LEVELS: [&str; 4] = ["self_care", "routine", "urgent", "emergency"];
/// Sentences that raise a red flag, in both languages.
const RED_FLAGS: [&str; 4] = [
    "I have crushing chest pain spreading to my left arm and I am sweating.",
    "My face droops on one side and I cannot speak properly since an hour ago.",
    "J'ai une douleur qui serre la poitrine et qui descend dans le bras gauche.",
    "Je veux me suicider ce soir.",
];
/// What people come with otherwise.
const COMPLAINTS: [&str; 4] = [
    "I have a runny nose and a sore throat since two days.",
    "J'ai des brûlures quand j'urine depuis hier.",
    "qsdkjf lkqsjdf mlkj qsdf",
    "I have a headache.",
];

fn level(view: &Value) -> usize {
    let word = view["result"]["disposition"].as_str().unwrap();
    LEVELS.iter().position(|it| *it == word).unwrap()
}

/// A visitor in a browser of their own.
struct Visitor<'a> {
    house: &'a House,
    cookie: String,
}

impl<'a> Visitor<'a> {
    async fn begin(house: &'a House) -> Self {
        let body = r#"{"language":"en","age_months":480,"sex":"male"}"#;
        let begun = house.call("POST /triage/visitor", None, body).await;
        assert_eq!(begun.status, StatusCode::CREATED, "{}", begun.body);
        assert_eq!(begun.body["state"], "complaint");
        let set = begun.headers["set-cookie"].to_str().unwrap();
        assert!(set.contains("HttpOnly") && set.contains("SameSite=Strict"));
        Self {
            house,
            cookie: begun.cookie(),
        }
    }

    async fn send(&self, method: &str, path: &str, body: &Value) -> Answer {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("/api/v1/triage/visitor{path}"))
            .header("cookie", &self.cookie);
        let body = if body.is_null() {
            Body::empty()
        } else {
            request = request.header("content-type", "application/json");
            Body::from(body.to_string())
        };
        self.house.send(request.body(body).unwrap()).await
    }

    async fn ok(&self, path: &str, body: &Value) -> Value {
        let answer = self.send("POST", path, body).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.body);
        answer.body
    }

    /// Tells a complaint, answers every question with `answer` and takes the result.
    async fn whole(house: &'a House, complaint: &str, answer: &str) -> Value {
        let visitor = Self::begin(house).await;
        let mut view = visitor.ok("/complaint", &json!({"text": complaint})).await;
        let mut asked = 0;
        while view["state"] == "asking" {
            asked += 1;
            assert!(asked <= 15, "more than 15 questions");
            assert_eq!(view["question"]["number"], asked);
            let body = json!({"finding": view["question"]["finding"], "answer": answer});
            view = visitor.ok("/answers", &body).await;
        }
        if view["result"].is_null() {
            view = visitor.ok("/finish", &Value::Null).await;
        }
        view
    }
}

#[tokio::test]
async fn a_red_flag_is_an_emergency_at_once_and_no_sentence_lowers_a_result() {
    let house = House::open(CookiePolicy::PlainHttp).await;
    for (number, complaint) in COMPLAINTS.into_iter().enumerate() {
        let alone = Visitor::whole(&house, complaint, "no").await;
        let flag = RED_FLAGS[number % RED_FLAGS.len()];
        for text in [format!("{complaint} {flag}"), format!("{flag} {complaint}")] {
            let visitor = Visitor::begin(&house).await;
            let with = visitor.ok("/complaint", &json!({"text": text})).await;
            assert_eq!(with["state"], "emergency", "{text}");
            assert!(level(&with) >= level(&alone), "{text}");
            assert!(!with["flags"].as_array().unwrap().is_empty());
            assert!(!with["emergency"]["ambulance"].as_str().unwrap().is_empty());
            // Nothing that is done afterwards takes it back.
            for (path, body) in [
                ("/back", Value::Null),
                ("/complaint", json!({"text": "a cold"})),
            ] {
                assert_eq!(
                    visitor.send("POST", path, &body).await.code(),
                    "wrong_state"
                );
            }
            let again = visitor.send("GET", "", &Value::Null).await.body;
            assert_eq!(again["state"], "emergency");
        }
    }
}

#[tokio::test]
async fn what_is_not_understood_ends_at_a_person_and_never_at_home() {
    let house = House::open(CookiePolicy::PlainHttp).await;
    for text in [
        "qsdkjf lkqsjdf mlkj qsdf",
        "ich habe seit gestern Bauchweh",
        "???",
        "12",
    ] {
        let view = Visitor::whole(&house, text, "no").await;
        assert!(level(&view) >= 1, "{text}: {view}");
        assert_eq!(view["result"]["person"], true, "{text}: {view}");
        assert!(!view["unclear"].as_array().unwrap().is_empty(), "{text}");
    }
    let visitor = Visitor::begin(&house).await;
    for text in [String::new(), "é".repeat(2_001)] {
        let refused = visitor
            .send("POST", "/complaint", &json!({"text": text}))
            .await;
        let named = (refused.code().to_owned(), refused.body["field"].clone());
        assert_eq!(named, ("invalid".to_owned(), json!("text")));
    }
    assert_eq!(
        visitor.send("POST", "/finish", &Value::Null).await.code(),
        "wrong_state"
    );
}

#[tokio::test]
async fn questions_are_taken_back_changed_and_resumed_in_another_language() {
    let house = House::open(CookiePolicy::PlainHttp).await;
    let visitor = Visitor::begin(&house).await;
    let text = json!({"text": COMPLAINTS[0]});
    let first = visitor.ok("/complaint", &text).await;
    assert_eq!(first["state"], "asking", "{first}");
    let finding = first["question"]["finding"].clone();
    assert!(!first["question"]["why"].as_str().unwrap().is_empty());
    let yes = json!({"finding": finding, "answer": "unknown"});
    let second = visitor.ok("/answers", &yes).await;
    assert_eq!(second["answers"][0]["answer"], "unknown");
    let stranger = json!({"finding": "gout", "answer": "yes"});
    let refused = visitor.send("POST", "/answers", &stranger).await;
    assert_eq!(refused.body["field"], "finding", "{}", refused.body);
    let no = json!({"finding": finding, "answer": "no"});
    let changed = visitor.ok("/answers", &no).await;
    let answers = changed["answers"].as_array().unwrap();
    assert_eq!((answers.len(), &answers[0]["answer"]), (1, &json!("no")));
    let back = visitor.ok("/back", &Value::Null).await;
    assert_eq!(
        (&back["answers"], &back["question"]),
        (&json!([]), &first["question"])
    );
    assert_eq!(
        visitor.send("POST", "/back", &Value::Null).await.code(),
        "wrong_state"
    );
    let french = visitor.ok("/language", &json!({"language": "fr"})).await;
    assert_ne!(french["question"]["text"], first["question"]["text"]);
    assert_eq!(french["question"]["finding"], finding);
    let resumed = visitor.send("GET", "", &Value::Null).await.body;
    assert_eq!(resumed, french);
    // Who stops early is not sent home.
    let done = visitor.ok("/finish", &Value::Null).await;
    assert!(level(&done) >= 1, "{done}");
    assert_eq!(done["result"]["hypotheses"], json!([]));
    assert!(!done["result"]["come_back"].as_array().unwrap().is_empty() || level(&done) == 3);
    let gone = visitor.send("DELETE", "", &Value::Null).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    assert_eq!(
        visitor.send("GET", "", &Value::Null).await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn a_visitors_interview_is_gone_after_a_day_and_is_claimed_by_who_signs_in() {
    let house = House::open(CookiePolicy::PlainHttp).await;
    let visitor = Visitor::begin(&house).await;
    visitor
        .ok("/complaint", &json!({"text": RED_FLAGS[0]}))
        .await;
    let patient = house.token("patient@demo.clinic").await;
    let claim = |cookie: &str| {
        Request::post("/api/v1/triage/claim")
            .header("authorization", format!("Bearer {patient}"))
            .header("content-type", "application/json")
            .header("cookie", cookie.to_owned())
            .body(Body::from("{}"))
            .unwrap()
    };
    let claimed = house.send(claim(&visitor.cookie)).await;
    assert_eq!(claimed.status, StatusCode::OK, "{}", claimed.body);
    assert!(claimed.body["patient"].is_string() && claimed.body["expires_us"].is_null());
    assert_eq!(
        visitor.send("GET", "", &Value::Null).await.status,
        StatusCode::NOT_FOUND
    );
    let again = house.send(claim(&visitor.cookie)).await;
    assert_eq!(again.status, StatusCode::NOT_FOUND);
    let list = house
        .call("GET /triage/interviews", Some(&patient), "")
        .await;
    assert_eq!(list.body[0]["id"], claimed.body["id"]);

    let other = Visitor::begin(&house).await;
    house
        .clock
        .set(clinical_model::Micros(MONDAY + 86_400_000_000 + 1));
    assert_eq!(
        other.send("GET", "", &Value::Null).await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn visitors_of_one_address_are_limited() {
    let house = House::open(CookiePolicy::PlainHttp).await;
    let body = r#"{"language":"fr","age_months":12}"#;
    let mut limited = 0;
    for _ in 0..40 {
        let answer = house.call("POST /triage/visitor", None, body).await;
        limited += usize::from(answer.code() == "rate_limited");
    }
    assert_eq!(limited, 10);
}

/// A patient's interview that ended as an emergency, and the appointment that carries it.
struct Carried {
    house: House,
    doctor: String,
    id: String,
    appointment: String,
}

impl Carried {
    async fn begin() -> Self {
        let house = House::open(CookiePolicy::PlainHttp).await;
        let patient = house.token("patient@demo.clinic").await;
        let doctor = house.token("doctor@demo.clinic").await;
        let me = house.call("GET /me", Some(&doctor), "").await.body["id"].clone();
        let who = me.as_str().unwrap();
        let path = format!("GET /doctors/{who}/slots?from_us={MONDAY}&days=3");
        let free = house.call(&path, Some(&patient), "").await.body;
        let body = json!({"doctor": who, "start_us": free["slots"][20]["start_us"]});
        let booked = house
            .call("POST /appointments", Some(&patient), &body.to_string())
            .await;
        assert_eq!(booked.status, StatusCode::CREATED, "{}", booked.body);
        let appointment = booked.body["id"].as_str().unwrap().to_owned();
        let begun = house
            .call(
                "POST /triage/interviews",
                Some(&patient),
                r#"{"language":"fr"}"#,
            )
            .await;
        assert_eq!(begun.status, StatusCode::CREATED, "{}", begun.body);
        let id = begun.body["id"].as_str().unwrap().to_owned();
        let what = format!("POST /triage/interviews/{id}/complaint");
        let body = json!({"text": RED_FLAGS[2]}).to_string();
        let told = house.call(&what, Some(&patient), &body).await;
        assert_eq!(told.body["state"], "emergency", "{}", told.body);
        assert_eq!(told.body["result"]["hypotheses"], json!([]));
        let what = format!("POST /triage/interviews/{id}/appointment");
        let body = json!({"appointment": appointment}).to_string();
        let carried = house.call(&what, Some(&patient), &body).await;
        assert_eq!(
            carried.body["appointment"],
            json!(appointment),
            "{}",
            carried.body
        );
        Self {
            house,
            doctor,
            id,
            appointment,
        }
    }

    async fn post(&self, what: &str, body: &Value) -> Answer {
        let what = format!("POST /triage/interviews/{}/{what}", self.id);
        self.house
            .call(&what, Some(&self.doctor), &body.to_string())
            .await
    }
}

#[tokio::test]
async fn the_doctor_of_the_appointment_reads_judges_and_takes_it_over() {
    let it = Carried::begin().await;
    let path = format!("GET /appointments/{}/triage?language=fr", it.appointment);
    let read = it.house.call(&path, Some(&it.doctor), "").await;
    assert_eq!(read.status, StatusCode::OK, "{}", read.body);
    let one = &read.body[0];
    assert_eq!(one["interview"]["id"], json!(it.id));
    assert!(one["summary"].as_str().unwrap().contains("Plainte"));
    let guesses = one["interview"]["result"]["hypotheses"].as_array().unwrap();
    assert!(!guesses.is_empty());

    let silent = it.post("feedback", &json!({"verdict": "reject"})).await;
    assert_eq!(silent.body["field"], "reason", "{}", silent.body);
    let accept = json!({"verdict": "accept", "condition": guesses[0]["condition"]});
    assert_eq!(
        it.post("feedback", &accept).await.status,
        StatusCode::CREATED
    );
    let correct =
        json!({"verdict": "correct", "disposition": "urgent", "reason": "Douleur pariétale"});
    let corrected = it.post("feedback", &correct).await;
    let said = corrected.body["feedback"].as_array().unwrap();
    assert_eq!((said.len(), &said[0]["verdict"]), (2, &json!("correct")));

    let note = it.post("note", &json!({"language": "fr"})).await;
    assert_eq!(
        (note.status, &note.body["version"]),
        (StatusCode::OK, &json!(1))
    );
    let path = format!("GET /appointments/{}/note", it.appointment);
    let draft = it.house.call(&path, Some(&it.doctor), "").await;
    assert!(draft.body.to_string().contains("Plainte"), "{}", draft.body);
}

#[tokio::test]
async fn figures_count_the_demo_and_nobody_is_named() {
    let it = Carried::begin().await;
    let correct = json!({"verdict": "correct", "disposition": "urgent", "reason": "Pariétal"});
    let admin = it.house.token("admin@demo.clinic").await;
    let before = it
        .house
        .call("GET /triage/figures", Some(&admin), "")
        .await
        .body;
    assert_eq!(before["months"].as_array().unwrap().len(), 12);
    assert!(before["all"]["accepted"].as_u64().unwrap() > 20, "{before}");
    it.post("feedback", &correct).await;
    let after = it
        .house
        .call("GET /triage/figures", Some(&admin), "")
        .await
        .body;
    let grown =
        |name: &str| after["all"][name].as_u64().unwrap() - before["all"][name].as_u64().unwrap();
    assert_eq!(
        ["over", "corrected", "judged", "under"].map(grown),
        [1, 1, 1, 0]
    );
    let missing = it
        .house
        .call("GET /triage/evaluation", Some(&admin), "")
        .await;
    assert_eq!(missing.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn patients_see_hypotheses_only_where_the_facility_decided_so() {
    let house = House::open(CookiePolicy::PlainHttp).await;
    let admin = house.token("admin@demo.clinic").await;
    let shown = |view: &Value| !view["result"]["hypotheses"].as_array().unwrap().is_empty();
    let before = Visitor::whole(&house, COMPLAINTS[0], "no").await;
    assert!(!shown(&before));
    let body = r#"{"show_hypotheses":true,"version":0}"#;
    let put = house.call("PUT /triage/settings", Some(&admin), body).await;
    assert_eq!(put.status, StatusCode::OK, "{}", put.body);
    let after = Visitor::whole(&house, COMPLAINTS[0], "no").await;
    assert!(shown(&after), "{after}");
}

/// The record of whoever is signed in, and their account.
async fn me(house: &House, token: &str) -> (String, String) {
    let me = house.call("GET /me", Some(token), "").await.body;
    let of = |field: &str| me[field].as_str().unwrap_or_default().to_owned();
    (of("patient"), of("id"))
}

/// A check about somebody else that ended, told by who acts for them.
async fn checked(house: &House, token: &str, patient: &str) -> Answer {
    let body = json!({"language": "fr", "patient": patient}).to_string();
    let begun = house
        .call("POST /triage/interviews", Some(token), &body)
        .await;
    if begun.status != StatusCode::CREATED {
        return begun;
    }
    let id = begun.body["id"].as_str().unwrap();
    assert_eq!(begun.body["proxy"], true);
    let what = format!("POST /triage/interviews/{id}/complaint");
    let body = json!({"text": RED_FLAGS[2]}).to_string();
    house.call(&what, Some(token), &body).await
}

on_both_engines! {
    async fn who_acts_for_a_child_checks_and_books_for_it_and_who_only_looks_does_neither(db) {
        let house = House::over(db, CookiePolicy::PlainHttp).await;
        let child = house.token("patient@demo.clinic").await;
        let parent = house.token("patient2@demo.clinic").await;
        let (patient, _) = me(&house, &child).await;
        let doctor = house.token("doctor@demo.clinic").await;
        let (_, doctor) = me(&house, &doctor).await;
        let path = format!("GET /doctors/{doctor}/slots?from_us={MONDAY}&days=3");
        let free = house.call(&path, Some(&parent), "").await.body;
        let wish = json!({"doctor": doctor, "patient": patient, "start_us": free["slots"][20]["start_us"]});
        let (book, wish) = ("POST /appointments", wish.to_string());

        // A stranger is told nothing, not even that there is such a record.
        assert_eq!(checked(&house, &parent, &patient).await.status, StatusCode::NOT_FOUND);
        assert_eq!(house.call(book, Some(&parent), &wish).await.status, StatusCode::NOT_FOUND);

        let until = MONDAY + 30 * 86_400_000_000;
        let path = format!("POST /patients/{patient}/proxies");
        let give = |scope: &str| json!({"email": "patient2@demo.clinic", "relation": "parent", "scope": scope, "until_us": until}).to_string();
        let given = house.call(&path, Some(&child), &give("view")).await;
        assert!(given.status.is_success(), "{}", given.body);
        assert_eq!(checked(&house, &parent, &patient).await.code(), "forbidden");
        assert_eq!(house.call(book, Some(&parent), &wish).await.code(), "forbidden");

        let path = format!("DELETE /patients/{patient}/proxies/{}", given.body["id"].as_str().unwrap());
        assert!(house.call(&path, Some(&child), "").await.status.is_success());
        let path = format!("POST /patients/{patient}/proxies");
        assert!(house.call(&path, Some(&child), &give("act")).await.status.is_success());
        let told = checked(&house, &parent, &patient).await;
        assert_eq!(told.body["state"], "emergency", "{}", told.body);
        let booked = house.call(book, Some(&parent), &wish).await;
        assert_eq!(booked.status, StatusCode::CREATED, "{}", booked.body);
        assert_eq!(booked.body["patient"], json!(patient), "the visit is the child's");
        assert!(booked.body["link"].is_object());
        let appointment = booked.body["id"].as_str().unwrap();
        let what = format!("POST /triage/interviews/{}/appointment", told.body["id"].as_str().unwrap());
        let body = json!({"appointment": appointment}).to_string();
        let carried = house.call(&what, Some(&parent), &body).await;
        assert_eq!(carried.body["appointment"], json!(appointment), "{}", carried.body);

        // Both find it; who acts for the child can cancel it.
        for token in [&child, &parent] {
            let path = format!("GET /appointments?from_us={MONDAY}&to_us={until}");
            let list = house.call(&path, Some(token), "").await.body;
            let ids: Vec<&Value> = list.as_array().unwrap().iter().map(|it| &it["id"]).collect();
            assert!(ids.contains(&&json!(appointment)), "{list}");
        }
        let path = format!("GET /appointments/{appointment}");
        assert_eq!(house.call(&path, Some(&parent), "").await.status, StatusCode::OK);
        let path = format!("POST /appointments/{appointment}/cancel");
        let cancelled = house.call(&path, Some(&parent), "").await;
        assert_eq!(cancelled.body["state"], "cancelled", "{}", cancelled.body);
    }

    async fn a_clinic_tells_its_number_to_who_needs_a_person(db) {
        let house = House::over(db, CookiePolicy::PlainHttp).await;
        let admin = house.token("admin@demo.clinic").await;
        let info = house.call("GET /triage/info", None, "").await.body;
        assert!(info["emergency"]["clinic"].is_null(), "{info}");
        let put = |phone: &str| json!({"show_hypotheses": false, "phone": phone, "version": 0}).to_string();
        let refused = house.call("PUT /triage/settings", Some(&admin), &put("call me")).await;
        assert_eq!(refused.body["field"], "phone", "{}", refused.body);
        let set = house.call("PUT /triage/settings", Some(&admin), &put("+237222000111")).await;
        assert_eq!(set.body["phone"], "+237222000111", "{}", set.body);
        let info = house.call("GET /triage/info", None, "").await.body;
        assert_eq!(info["emergency"]["clinic"], "+237222000111");
        let view = Visitor::whole(&house, "qsdkjf lkqsjdf mlkj", "no").await;
        assert_eq!(view["emergency"]["clinic"], "+237222000111");
    }
}
