//! A day of a clinic in little: lists are read, visits booked, medicines prescribed, at a fixed rate. A
//! request is due at its time whether or not earlier ones are answered, so a slow server cannot make its
//! figures better by being asked less.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use hyper::{Method, StatusCode};
use loadtest_core::{Clinic, Latencies, Work};
use serde_json::{Value, json};

use super::account::{Account, Office, booking, call_on};
use crate::http::{At, Line};

/// What a request is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    List,
    Book,
    Prescribe,
}

impl Act {
    const ALL: [Self; 3] = [Self::List, Self::Book, Self::Prescribe];

    const fn name(self) -> &'static str {
        match self {
            Self::List => "clinic, lists and records",
            Self::Book => "clinic, bookings",
            Self::Prescribe => "clinic, prescriptions signed",
        }
    }

    const fn share(self, clinic: &Clinic) -> u32 {
        match self {
            Self::List => clinic.list,
            Self::Book => clinic.book,
            Self::Prescribe => clinic.prescribe,
        }
    }
}

/// Everybody who asks, and what about.
#[derive(Debug)]
pub(super) struct Day {
    at: At,
    clinic: Clinic,
    doctor: Account,
    doctor_id: String,
    patient: Account,
    patient_id: String,
    medicine: String,
    acts: Vec<Act>,
    /// A signature for a patient whose other prescription has just been signed is refused.
    signing: tokio::sync::Mutex<()>,
    times: Mutex<VecDeque<Value>>,
}

/// What became of one act: which, and how long it took, if it went well.
type Done = (Act, anyhow::Result<Duration>);

impl Day {
    /// Prepares so many seconds: the acts are drawn from the seed, and every booking has its time.
    pub(super) async fn prepare(
        at: &At,
        mut office: Office,
        (clinic, hold_s, seed): (Clinic, u32, u64),
    ) -> anyhow::Result<Self> {
        let mut random = fastrand::Rng::with_seed(seed);
        let acts: Vec<Act> = (0..clinic.per_s * hold_s)
            .map(|_| draw(&clinic, random.u32(..clinic.weight())))
            .collect();
        let bookings = acts.iter().filter(|act| **act == Act::Book).count();
        let times = Mutex::new(office.times(bookings).await?);
        let own = office
            .patient
            .call(Method::GET, "/fhir/R4/Patient", Value::Null)
            .await?;
        let found = office
            .doctor
            .call(Method::GET, "/medicines?q=paracetamol", Value::Null)
            .await?;
        Ok(Self {
            at: at.clone(),
            clinic,
            doctor_id: office.doctor_id,
            doctor: office.doctor,
            patient: office.patient,
            patient_id: text(&own.1, "/entry/0/resource/id")?,
            medicine: text(&found.1, "/0/id").or_else(|_| text(&found.1, "/medicines/0/id"))?,
            acts,
            signing: tokio::sync::Mutex::new(()),
            times,
        })
    }

    /// Asks from now on; answers when the last one is answered.
    pub(super) async fn run(&self) -> anyhow::Result<Vec<Work>> {
        let begun = Instant::now();
        let connections = self.clinic.connections.max(1);
        let asking = (0..connections).map(|person| self.ask(begun, person));
        let done: Vec<Vec<Done>> = futures_util::future::try_join_all(asking).await?;
        let wall_s = begun.elapsed().as_secs_f64();
        let mut works = Vec::new();
        for act in Act::ALL {
            let mut times = Latencies::new();
            let of = done.iter().flatten().filter(|(done, _)| *done == act);
            for (_, took) in of {
                match took {
                    Ok(took) => times.add(*took),
                    Err(error) => crate::say_note(&format!("{}: {error:#}", act.name())),
                }
            }
            let wanted = self.acts.iter().filter(|it| **it == act).count();
            works.push(Work::of(act.name(), wanted as u64, (&times, wall_s)));
        }
        Ok(works)
    }

    /// One connection does its share of all acts, each at its time or as soon as it can.
    async fn ask(&self, begun: Instant, person: u32) -> anyhow::Result<Vec<Done>> {
        let mut line = Line::open(&self.at, person).await?;
        let every = Duration::from_secs(1) / self.clinic.per_s.max(1);
        let step = usize::try_from(self.clinic.connections.max(1))?;
        let mine = (0_u32..)
            .zip(&self.acts)
            .skip(usize::try_from(person)?)
            .step_by(step);
        let mut done = Vec::new();
        for (number, act) in mine {
            let due = begun + every * number;
            tokio::time::sleep_until(due.into()).await;
            let became = self.carry_out(&mut line, (*act, number)).await;
            if became.is_err() {
                // The connection may be in the middle of something.
                line = Line::open(&self.at, person).await?;
            }
            done.push((*act, became.map(|()| due.elapsed())));
        }
        Ok(done)
    }

    async fn carry_out(&self, line: &mut Line, (act, number): (Act, u32)) -> anyhow::Result<()> {
        match act {
            Act::List => self.list(line, number).await,
            Act::Book => self.book(line).await,
            Act::Prescribe => self.prescribe(line).await,
        }
    }

    async fn list(&self, line: &mut Line, number: u32) -> anyhow::Result<()> {
        let now_us = crate::engine::unix_us();
        let path = match number % 3 {
            0 => format!(
                "/appointments?from_us={now_us}&to_us={}",
                now_us + 86_400_000_000
            ),
            1 => format!("/patients/{}/chart", self.patient_id),
            _ => "/patients?q=eyenga".to_owned(),
        };
        let asked = call_on(line, &self.doctor.token, (Method::GET, &path), Value::Null).await?;
        anyhow::ensure!(asked.0 == StatusCode::OK, "a list: {}", asked.0);
        Ok(())
    }

    async fn book(&self, line: &mut Line) -> anyhow::Result<()> {
        let start = {
            let mut times = self.times.lock().unwrap_or_else(PoisonError::into_inner);
            times.pop_front().context("no time is left")?
        };
        let wish = booking(&self.doctor_id, &start);
        let made = (Method::POST, "/appointments");
        let (status, _) = call_on(line, &self.patient.token, made, wish).await?;
        anyhow::ensure!(status == StatusCode::CREATED, "a booking: {status}");
        Ok(())
    }

    /// A draft, and its signature with a reason for whatever wants one.
    async fn prescribe(&self, line: &mut Line) -> anyhow::Result<()> {
        let medicine = json!({
            "medicine": self.medicine, "dose": 1, "unit": "g", "per_day": 2, "route": "oral",
            "duration_days": 3, "quantity": 6, "repeats": 0, "directions": "Load test",
        });
        let wish = json!({ "patient": self.patient_id, "lines": [medicine], "valid_days": 30 });
        let write = (Method::POST, "/prescriptions");
        let _alone = self.signing.lock().await;
        let (status, draft) = call_on(line, &self.doctor.token, write, wish).await?;
        anyhow::ensure!(status == StatusCode::CREATED, "a draft: {status}");
        let findings = draft.pointer("/findings").and_then(Value::as_array);
        let mut rules: Vec<&str> = findings
            .into_iter()
            .flatten()
            .filter(|it| it.pointer("/level").and_then(Value::as_str) == Some("justify"))
            .filter_map(|it| it.pointer("/rule")?.as_str())
            .collect();
        rules.sort_unstable();
        rules.dedup();
        let reasons: Vec<Value> = rules
            .into_iter()
            .map(|rule| json!({ "rule": rule, "code": "monitored", "text": "Load test" }))
            .collect();
        let path = format!("/prescriptions/{}/sign", text(&draft, "/id")?);
        let version = draft.pointer("/version").cloned().unwrap_or(Value::Null);
        let wish = json!({ "version": version, "reasons": reasons });
        let signed = call_on(line, &self.doctor.token, (Method::POST, &path), wish).await?;
        anyhow::ensure!(signed.0 == StatusCode::OK, "a signature: {}", signed.0);
        Ok(())
    }
}

fn draw(clinic: &Clinic, mut place: u32) -> Act {
    for act in Act::ALL {
        let share = act.share(clinic);
        if place < share {
            return act;
        }
        place -= share;
    }
    Act::List
}

fn text(value: &Value, at: &str) -> anyhow::Result<String> {
    let found = value.pointer(at).and_then(Value::as_str);
    Ok(found.with_context(|| format!("no {at}"))?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn acts_are_drawn_by_their_shares() {
        let clinic = Clinic {
            list: 2,
            book: 1,
            prescribe: 0,
            ..Clinic::default()
        };
        let drawn: Vec<Act> = (0..clinic.weight())
            .map(|place| draw(&clinic, place))
            .collect();
        assert_eq!(drawn, [Act::List, Act::List, Act::Book]);
    }
}
