//! People who are signed in to the product, and what is booked with them.

use std::collections::VecDeque;

use anyhow::Context as _;
use hyper::{Method, StatusCode};
use serde_json::{Value, json};

use crate::http::{Answer, At, Line, Question, ask};

/// Password of everybody in the demo clinic.
const DEMO_PASSWORD: &str = "demo-clinic-2026";
/// Days ahead in which times are looked up at once.
const DAYS: u64 = 7;
/// Bookings that are tried before giving up, for each that is needed.
const TRIES: usize = 3;
const DAY_US: u64 = 86_400_000_000;

/// Somebody who is signed in.
#[derive(Debug)]
pub(super) struct Account {
    at: At,
    pub(super) token: String,
}

/// What was answered: a status and JSON.
pub(super) type Told = (StatusCode, Value);

impl Account {
    pub(super) async fn sign_in(at: &At, email: &str) -> anyhow::Result<(Self, Value)> {
        let wish = json!({ "email": email, "password": DEMO_PASSWORD });
        let question = question((Method::POST, "/api/v1/auth/login"), None, &wish);
        let (_, answer) = told(ask(at, 0, question).await?)?;
        let token = answer.pointer("/access_token").and_then(Value::as_str);
        let account = Self {
            at: at.clone(),
            token: token.context("signing in gave no token")?.to_owned(),
        };
        Ok((account, answer))
    }

    pub(super) async fn call(
        &self,
        method: Method,
        path: &str,
        body: Value,
    ) -> anyhow::Result<Told> {
        let path = format!("/api/v1{path}");
        let question = question((method, &path), Some(&self.token), &body);
        told(ask(&self.at, 0, question).await?)
    }
}

/// The same on a connection that is kept.
pub(super) async fn call_on(
    line: &mut Line,
    token: &str,
    (method, path): (Method, &str),
    body: Value,
) -> anyhow::Result<Told> {
    let path = format!("/api/v1{path}");
    let question = question((method, &path), Some(token), &body);
    told(line.ask(question).await?)
}

fn question<'a>(
    (method, path): (Method, &'a str),
    bearer: Option<&'a str>,
    body: &Value,
) -> Question<'a> {
    Question {
        method,
        path,
        kind: "application/json",
        bearer,
        body: if body.is_null() {
            Vec::new()
        } else {
            body.to_string().into_bytes()
        },
    }
}

/// What was not refused. That somebody was faster is an answer, too.
fn told(answer: Answer) -> anyhow::Result<Told> {
    let value = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
    let fits = answer.status.is_success() || answer.status == StatusCode::CONFLICT;
    anyhow::ensure!(fits, "refused: {} {value}", answer.status);
    Ok((answer.status, value))
}

/// When the visits that are booked can be entered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Opens {
    /// At once, as far as times are free.
    Now,
    /// From tomorrow on: passes open them at any time.
    Later,
}

/// A visit that was booked.
#[derive(Debug)]
pub(super) struct Visit {
    id: String,
    pub(super) room: String,
    opens_us: u64,
}

/// A doctor with times day and night, and a patient who books them.
#[derive(Debug)]
pub(super) struct Office {
    pub(super) doctor: Account,
    pub(super) doctor_id: String,
    pub(super) patient: Account,
    free: VecDeque<Value>,
    from_us: u64,
}

impl Office {
    pub(super) async fn open(at: &At, opens: Opens) -> anyhow::Result<Self> {
        let (doctor, entry) = Account::sign_in(at, "doctor@demo.clinic").await?;
        let (patient, _) = Account::sign_in(at, "patient@demo.clinic").await?;
        let id = entry.pointer("/me/id").and_then(Value::as_str);
        let doctor_id = id.context("the doctor has no id")?.to_owned();
        let (_, hours) = doctor.call(Method::GET, "/hours", Value::Null).await?;
        let zone = hours.pointer("/zone").cloned().unwrap_or(Value::Null);
        let always = |weekday: u32| json!({ "weekday": weekday, "start_min": 0, "end_min": 1440 });
        let hours: Vec<Value> = (1..=7).map(always).collect();
        let wish = json!({ "zone": zone, "slot_min": 5, "hours": hours });
        doctor.call(Method::PUT, "/hours", wish).await?;
        Ok(Self {
            doctor,
            doctor_id,
            patient,
            free: VecDeque::new(),
            from_us: crate::engine::unix_us() + if opens == Opens::Now { 0 } else { DAY_US },
        })
    }

    /// Times that were free when they were looked up; each is given out once.
    pub(super) async fn times(&mut self, count: usize) -> anyhow::Result<VecDeque<Value>> {
        while self.free.len() < count {
            let (id, from_us) = (&self.doctor_id, self.from_us);
            let path = format!("/doctors/{id}/slots?from_us={from_us}&days={DAYS}");
            let (_, free) = self.patient.call(Method::GET, &path, Value::Null).await?;
            let slots = free.pointer("/slots").and_then(Value::as_array);
            let slots = slots.context("the doctor has no times")?;
            anyhow::ensure!(!slots.is_empty(), "too few times are free");
            let starts = slots.iter().filter_map(|slot| slot.pointer("/start_us"));
            self.free.extend(starts.cloned());
            self.from_us += DAYS * DAY_US;
        }
        Ok(self.free.drain(..count).collect())
    }

    /// Books so many visits.
    pub(super) async fn visits(&mut self, count: u32) -> anyhow::Result<Vec<Visit>> {
        let count = usize::try_from(count)?;
        let mut visits = Vec::new();
        let mut tries = 0;
        while visits.len() < count {
            for start in self.times(count - visits.len()).await? {
                tries += 1;
                anyhow::ensure!(tries <= TRIES * count + 100, "too few times are free");
                let wish = booking(&self.doctor_id, &start);
                let made = self
                    .patient
                    .call(Method::POST, "/appointments", wish)
                    .await?;
                if let (StatusCode::CREATED, made) = made {
                    let text = |at| made.pointer(at).and_then(Value::as_str);
                    let opens_us = made.pointer("/opens_us").and_then(Value::as_u64);
                    visits.push(Visit {
                        id: text("/id").context("an appointment without id")?.to_owned(),
                        room: text("/room").context("one without room")?.to_owned(),
                        opens_us: opens_us.unwrap_or(u64::MAX),
                    });
                }
            }
        }
        Ok(visits)
    }

    /// The PINs with which the patient comes into visits by telephone.
    pub(super) async fn pins(&self, visits: &[Visit]) -> anyhow::Result<Vec<String>> {
        let mut pins = Vec::new();
        for visit in visits {
            pins.push(self.pin(visit).await?);
        }
        Ok(pins)
    }

    async fn pin(&self, visit: &Visit) -> anyhow::Result<String> {
        anyhow::ensure!(
            visit.opens_us <= crate::engine::unix_us(),
            "no free time is soon enough to call in"
        );
        let path = format!("/appointments/{}/phone", visit.id);
        let (_, told) = self.patient.call(Method::GET, &path, Value::Null).await?;
        let pin = told.pointer("/way/pin").and_then(Value::as_str);
        Ok(pin.context("a visit without a PIN")?.to_owned())
    }
}

pub(super) fn booking(doctor: &str, start: &Value) -> Value {
    json!({ "doctor": doctor, "start_us": start, "reason": "Load test" })
}
