//! The assistant over HTTP: what it does for somebody, with their rights and after a yes.

use axum::http::StatusCode;
use clinical_http::CookiePolicy;
use serde_json::{Value, json};

use crate::house::House;

const WHAT: &str = "POST /assistant/messages";

async fn say(house: &House, token: &str, text: &str) -> Value {
    let body = json!({"language": "en", "zone": "Africa/Douala", "text": text});
    let answer = house.call(WHAT, Some(token), &body.to_string()).await;
    assert_eq!(answer.status, StatusCode::OK, "{text}: {}", answer.body);
    answer.body
}

async fn choose(house: &House, token: &str, (choice, seen): (usize, &Value)) -> Value {
    let body = json!({"language": "en", "zone": "Africa/Douala", "choice": choice, "seen": seen});
    house.call(WHAT, Some(token), &body.to_string()).await.body
}

fn last(talk: &Value) -> &Value {
    talk["lines"].as_array().unwrap().last().unwrap()
}

async fn visits(house: &House, token: &str) -> usize {
    let now = crate::house::MONDAY;
    let until = now + 30 * 86_400_000_000;
    let path = format!("GET /appointments?from_us={now}&to_us={until}");
    let all = house.call(&path, Some(token), "").await;
    let booked = all.body.as_array().unwrap().iter();
    booked.filter(|it| it["state"] == "booked").count()
}

#[tokio::test]
async fn a_visit_is_booked_after_a_yes_and_an_old_choice_is_refused() {
    let house = House::open(CookiePolicy::PlainHttp).await;
    let patient = house.token("patient@demo.clinic").await;
    let before = visits(&house, &patient).await;
    say(
        &house,
        &patient,
        "I would like to book an appointment with anyone",
    )
    .await;
    let offers = say(&house, &patient, "tomorrow morning").await;
    let stale = offers["count"].clone();
    let asked = choose(&house, &patient, (0, &stale)).await;
    assert_eq!(last(&asked)["said"][0]["kind"], "card", "{asked}");
    assert_eq!(visits(&house, &patient).await, before);
    let again = choose(&house, &patient, (0, &stale)).await;
    assert_eq!(again["code"], "changed", "{again}");
    let done = choose(&house, &patient, (0, &asked["count"])).await;
    assert_eq!(last(&done)["said"][0]["href"], "/appointments", "{done}");
    assert_eq!(visits(&house, &patient).await, before + 1);
}

#[tokio::test]
async fn a_red_flag_is_answered_with_the_number_to_call_and_stays_until_the_talk_is_forgotten() {
    let house = House::open(CookiePolicy::PlainHttp).await;
    let patient = house.token("patient@demo.clinic").await;
    let flag = "I have crushing chest pain spreading to my left arm and I am sweating";
    for text in [flag, "book an appointment", "yes"] {
        let talk = say(&house, &patient, text).await;
        assert_eq!(talk["emergency"], true);
        assert_eq!(last(&talk)["said"][0]["kind"], "emergency");
        assert!(
            last(&talk)["said"][0]["href"]
                .as_str()
                .unwrap()
                .starts_with("tel:")
        );
    }
    let other = house.token("patient2@demo.clinic").await;
    let theirs = house.call("GET /assistant", Some(&other), "").await;
    assert_eq!(
        theirs.body["emergency"], false,
        "a talk is its person's alone"
    );
    house.call("DELETE /assistant", Some(&patient), "").await;
    let anew = house.call("GET /assistant", Some(&patient), "").await;
    assert_eq!(
        (&anew.body["emergency"], &anew.body["count"]),
        (&json!(false), &json!(1))
    );
}

#[tokio::test]
async fn a_talk_is_handed_to_a_nurse_who_reads_it() {
    let house = House::open(CookiePolicy::PlainHttp).await;
    let patient = house.token("patient@demo.clinic").await;
    say(&house, &patient, "xqz vbn wrtl").await;
    let asked = say(&house, &patient, "zzt brr kkl").await;
    let done = choose(&house, &patient, (0, &asked["count"])).await;
    let href = last(&done)["said"][1]["href"].as_str().unwrap().to_owned();
    let id = href.strip_prefix("/messages/").unwrap();
    let nurse = house.token("nurse@demo.clinic").await;
    let what = format!("GET /threads/{id}/messages");
    let read = house.call(&what, Some(&nurse), "").await;
    assert!(
        read.body["messages"][0]["text"]
            .as_str()
            .unwrap()
            .contains("zzt brr kkl"),
        "{}",
        read.body
    );
}
