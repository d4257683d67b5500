//! Calls into visits and the telephone of a facility, with a line of paper.

use std::sync::{Arc, Mutex};

use axum::http::StatusCode;
use clinical_app::TenantId;
use clinical_app::visits::{
    AlreadyCalled, CallCaps, CallLine, CallMoney, CallOrder, CallStage, CapReached, ChargeError,
    PlacedCall, TrunkState, begin_charge, called_has_come, end_charge, note_call_end,
};
use clinical_http::CookiePolicy;
use clinical_model::{CallId, Email, RoomUuid};
use clinical_store::identity::credential_by_email;
use clinical_store::testbed::audit_rows;
use serde_json::{Value, json};

use crate::house::House;
use crate::matrix::Cast;

/// Writes down whom it should call.
#[derive(Default)]
struct PaperLine {
    orders: Mutex<Vec<CallOrder>>,
    stopped: Mutex<Vec<CallId>>,
}

impl PaperLine {
    fn last(&self) -> CallOrder {
        self.orders.lock().unwrap().last().unwrap().clone()
    }
}

fn placed(order: &CallOrder) -> PlacedCall {
    PlacedCall {
        id: order.id,
        participant: order.participant,
        name: order.name.clone(),
        masked: clinical_model::visits::masked_number(&order.number),
        stage: CallStage::Calling,
    }
}

impl CallLine for PaperLine {
    fn place(&self, order: CallOrder) -> Result<PlacedCall, AlreadyCalled> {
        let call = placed(&order);
        let mut orders = self.orders.lock().unwrap();
        if orders.iter().any(|it| it.participant == order.participant) {
            return Err(AlreadyCalled);
        }
        orders.push(order);
        Ok(call)
    }

    fn calls(&self, room: RoomUuid) -> Vec<PlacedCall> {
        let orders = self.orders.lock().unwrap();
        let of = orders.iter().filter(|it| it.room == room);
        of.map(placed).collect()
    }

    fn stop(&self, _room: RoomUuid, call: CallId) -> bool {
        self.stopped.lock().unwrap().push(call);
        true
    }

    fn calls_out(&self, _facility: TenantId) -> bool {
        true
    }

    fn trunks(&self, _facility: TenantId) -> Vec<TrunkState> {
        Vec::new()
    }

    fn money(&self, _facility: TenantId) -> Option<CallMoney> {
        Some(CallMoney {
            currency: "EUR".to_owned(),
            month_micros: Some(1_000_000),
        })
    }

    fn forgive(&self) {}
}

async fn open() -> (House, Cast, Arc<PaperLine>) {
    let house = House::open(CookiePolicy::PlainHttp).await;
    let cast = Cast::gather(&house).await;
    let line = Arc::new(PaperLine::default());
    house.desk().connect(line.clone());
    // The visit is open.
    let visit = format!("GET /appointments/{}", cast.appointment);
    let record = house.call(&visit, Some(&cast.doctor), "").await;
    let start_us = record.body["start_us"].as_i64().unwrap();
    house.clock.set(clinical_model::Micros(start_us));
    (house, cast, line)
}

/// Sign-ins end with the hour; the clock was moved.
async fn doctor(house: &House) -> String {
    house.token("doctor@demo.clinic").await
}

async fn audited(house: &House) -> i64 {
    let mut conn = house.clinic.db.read().await.unwrap();
    audit_rows(&mut conn).await.unwrap()
}

#[tokio::test]
async fn a_doctor_rings_the_patient_and_nobody_reads_the_number() {
    let (house, cast, line) = open().await;
    let doctor = doctor(&house).await;
    let calls = format!("/appointments/{}/calls", cast.appointment);
    let seen = house.call(&format!("GET {calls}"), Some(&doctor), "").await;
    assert_eq!(seen.status, StatusCode::OK, "{}", seen.body);
    assert_eq!(seen.body["calls_out"], true);
    assert_eq!(seen.body["patient"], "••• 01");
    let body = json!({"whom": "patient", "language": "fr"}).to_string();
    let before = audited(&house).await;
    let rung = house
        .call(&format!("POST {calls}"), Some(&doctor), &body)
        .await;
    assert_eq!(rung.status, StatusCode::CREATED, "{}", rung.body);
    assert_eq!(
        audited(&house).await,
        before + 1,
        "each try is in the audit"
    );
    assert_eq!(rung.body["stage"], "calling");
    assert_eq!(rung.body["masked"], "••• 01");
    let order = line.last();
    assert_eq!(order.number, "+237699000101");
    assert!(!format!("{order:?}{:?}", placed(&order)).contains("699"));
    assert!(!rung.body.to_string().contains("6990"));
    let again = house
        .call(&format!("POST {calls}"), Some(&doctor), &body)
        .await;
    assert_eq!(again.status, StatusCode::CONFLICT, "one call at a time");
    // Who presses 1 is let in, and the visit goes on.
    let people = (order.participant, order.by);
    called_has_come(house.desk(), order.room, people)
        .await
        .unwrap();
    let visit = format!("GET /appointments/{}", cast.appointment);
    let visit = house.call(&visit, Some(&doctor), "").await;
    assert_eq!(visit.body["state"], "in_progress", "{}", visit.body);
    let before = audited(&house).await;
    let busy = note_call_end(house.desk(), order.room, CallStage::BudgetUsed);
    busy.await.unwrap();
    assert_eq!(audited(&house).await, before + 1, "a refusal too");
    let id = rung.body["id"].as_str().unwrap();
    let stop = format!("DELETE {calls}/{id}");
    let stopped = house.call(&stop, Some(&doctor), "").await;
    assert_eq!(stopped.status, StatusCode::NO_CONTENT, "{}", stopped.body);
    assert_eq!(*line.stopped.lock().unwrap(), [order.id]);
}

#[tokio::test]
async fn somebody_else_is_a_guest_with_a_name_and_the_same_one_when_called_again() {
    let (house, cast, line) = open().await;
    let doctor = doctor(&house).await;
    let calls = format!("POST /appointments/{}/calls", cast.appointment);
    let ask = |number: &str| {
        let whom = json!({"number": {"name": "Interprète", "number": number}});
        json!({"whom": whom, "language": "en"}).to_string()
    };
    let wrong = house.call(&calls, Some(&doctor), &ask("hello")).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(wrong.body["field"], "number");
    let rung = house
        .call(&calls, Some(&doctor), &ask("+33612345678"))
        .await;
    assert_eq!(rung.status, StatusCode::CREATED, "{}", rung.body);
    assert_eq!(rung.body["name"], "Interprète");
    let first = line.last();
    line.orders.lock().unwrap().clear();
    house
        .call(&calls, Some(&doctor), &ask("+33612345678"))
        .await;
    assert_eq!(line.last().participant, first.participant);
    let visit = format!("GET /appointments/{}", cast.appointment);
    let visit = house.call(&visit, Some(&doctor), "").await;
    let guests = visit.body["guests"].as_array().unwrap();
    let named = |it: &&Value| it["name"] == "Interprète";
    assert_eq!(guests.iter().filter(named).count(), 1, "{guests:?}");
}

#[tokio::test]
async fn an_administrator_keeps_the_list_and_doctors_see_two_digits() {
    let (house, cast, line) = open().await;
    let admin = house.token("admin@demo.clinic").await;
    let doctor = doctor(&house).await;
    let body = json!({"name": "Awa Diallo", "number": "+33612345678"}).to_string();
    let added = house
        .call("POST /telephone/contacts", Some(&admin), &body)
        .await;
    assert_eq!(added.status, StatusCode::CREATED, "{}", added.body);
    let id = added.body["id"].as_str().unwrap();
    let calls = format!("/appointments/{}/calls", cast.appointment);
    let seen = house.call(&format!("GET {calls}"), Some(&doctor), "").await;
    assert_eq!(seen.body["contacts"][0]["masked"], "••• 78");
    assert!(!seen.body.to_string().contains("612345"));
    let body = json!({"whom": {"contact": {"id": id}}, "language": "fr"}).to_string();
    let rung = house
        .call(&format!("POST {calls}"), Some(&doctor), &body)
        .await;
    assert_eq!(rung.status, StatusCode::CREATED, "{}", rung.body);
    assert_eq!(line.last().number, "+33612345678");
    let gone = house
        .call(
            &format!("DELETE /telephone/contacts/{id}"),
            Some(&admin),
            "",
        )
        .await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    let view = house.call("GET /telephone", Some(&admin), "").await;
    assert_eq!(view.body["contacts"], json!([]));
    assert_eq!(view.body["money"]["month_micros"], 1_000_000);
}

#[tokio::test]
async fn a_budget_is_refused_beforehand_and_what_was_used_is_shown() {
    let (house, _cast, _line) = open().await;
    let email = Email::parse("admin@demo.clinic").unwrap();
    let mut conn = house.clinic.db.read().await.unwrap();
    let account = credential_by_email(&mut conn, &email).await.unwrap();
    drop(conn);
    let tenant = account.unwrap().account.tenant;
    let caps = CallCaps {
        day_s: 36_000,
        minute_micros: 250_000,
        month_micros: Some(1_000_000),
    };
    let of = (tenant, "carrier");
    let first = begin_charge(house.desk(), of, caps).await.unwrap();
    assert_eq!(first.seconds, 240, "a euro is four minutes");
    let refused = begin_charge(house.desk(), of, caps).await;
    assert!(matches!(refused, Err(ChargeError::Cap(CapReached::Budget))));
    end_charge(house.desk(), first.id, 30).await.unwrap();
    let admin = house.token("admin@demo.clinic").await;
    let view = house.call("GET /telephone", Some(&admin), "").await;
    assert_eq!(view.body["money"]["spent_micros"], 250_000);
    let next = begin_charge(house.desk(), of, caps).await.unwrap();
    assert_eq!(next.seconds, 180);
    assert_eq!(view.body["month"], 202_611);
}
