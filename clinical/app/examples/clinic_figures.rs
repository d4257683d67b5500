//! Prints how fast a large clinic is served, on both engines: finding patients among 200,000, opening
//! a record of 5,000 events, writing the audit. The people are made up, the same in every run.
//!
//! `scripts/with-postgres cargo run --release -p clinical-app --example clinic_figures [people] [events]`
#![expect(clippy::print_stdout, reason = "a measurement prints")]
#![expect(clippy::unwrap_used, reason = "a measurement has nothing to answer to")]

#[path = "../../finder/examples/people/mod.rs"]
mod people;
#[path = "../tests/support/mod.rs"]
mod support;

use std::time::Instant;

use clinical_app::Actor;
use clinical_app::records::{TimelineQuery, overview, patient, search, timeline};
use clinical_finder::{Person, fold_words};
use clinical_model::access::{CareRelation, Label, Shift};
use clinical_model::chart::{Entry, EntryStatus};
use clinical_model::patients::{Demographics, Patient, PatientState};
use clinical_model::{AuditActor, AuditEntry, EntryId, GrantId, Micros, PatientId, Role};
use clinical_store::testbed::TestDb;
use clinical_store::{access, chart, patients};
use serde_json::json;
use support::{MONDAY, Practice, TENANT, record_of};
use tokio::task::JoinSet;
use uuid::Uuid;

const PEOPLE: usize = 200_000;
const EVENTS: usize = 5_000;
/// Rows in one transaction while the clinic is filled.
const BATCH: usize = 1_000;
const QUERIES: usize = 300;
/// Patients of the doctor who is no nurse on duty and sees only these.
const OWN: usize = 400;
const LOOKERS: usize = 64;
const LOOKS: usize = 400;
const YEAR: i64 = 365 * 24 * 60 * Micros::MINUTE;

fn main() {
    let number = |at: usize, default| {
        std::env::args()
            .nth(at)
            .map_or(default, |arg| arg.parse().unwrap())
    };
    let (count, events) = (number(1, PEOPLE), number(2, EVENTS));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let mut source = people::Source::new(7);
    let crowd: Vec<Person> = (0..count).map(|_| source.person()).collect();
    runtime.block_on(async {
        measure("sqlite", TestDb::sqlite().await, &crowd, events).await;
        measure("postgres", TestDb::postgres().await, &crowd, events).await;
    });
}

async fn measure(engine: &str, db: TestDb, crowd: &[Person], events: usize) {
    let practice = Practice::open(db);
    let doctor = practice.person(1, Role::Doctor).await;
    let nurse = practice.person(2, Role::Nurse).await;

    let begin = Instant::now();
    register(&practice, crowd).await;
    relate(&practice, &doctor, &nurse).await;
    let seconds = begin.elapsed().as_secs_f64();
    println!(
        "{engine}: {} patients registered at {:.0}/s",
        crowd.len(),
        crowd.len() as f64 / seconds
    );

    let begin = Instant::now();
    search(&practice.desk, &nurse, "Ndo", (None, 10))
        .await
        .unwrap();
    println!(
        "{engine}: first search after a start, which reads all names: {:.1} s",
        begin.elapsed().as_secs_f64()
    );
    let all = crowd.len();
    searches(
        &practice,
        (engine, "nurse on duty, all patients"),
        &nurse,
        (crowd, all),
    )
    .await;
    let own = OWN.min(all);
    searches(
        &practice,
        (engine, "doctor, own patients"),
        &doctor,
        (crowd, own),
    )
    .await;

    fill(&practice, &doctor, events).await;
    opening(&practice, (engine, events), &doctor).await;
    looks(&practice, engine, &doctor).await;
}

async fn register(practice: &Practice, crowd: &[Person]) {
    for (batch, some) in crowd.chunks(BATCH).enumerate() {
        let mut tx = practice.db.begin().await.unwrap();
        for (n, person) in some.iter().enumerate() {
            let id = number_of(batch * BATCH + n);
            patients::insert(&mut tx, &registered(id, person), MONDAY)
                .await
                .unwrap();
        }
        tx.commit(made("figures.patients")).await.unwrap();
    }
}

/// The nurse is on duty; the doctor treats the first of them.
async fn relate(practice: &Practice, doctor: &Actor, nurse: &Actor) {
    let mut tx = practice.db.begin().await.unwrap();
    let shift = Shift {
        id: GrantId::from_uuid(Uuid::from_u128(1)),
        tenant: TENANT,
        person: nurse.user,
        from: MONDAY.plus(-YEAR),
        until: MONDAY.plus(YEAR),
        created_by: nurse.user,
    };
    access::insert_shift(&mut tx, &shift).await.unwrap();
    for n in 0..OWN {
        let relation = CareRelation {
            id: GrantId::from_uuid(Uuid::from_u128(10 + n as u128)),
            tenant: TENANT,
            patient: number_of(n),
            clinician: doctor.user,
            from: MONDAY.plus(-YEAR),
            until: MONDAY.plus(YEAR),
            created_by: doctor.user,
        };
        access::insert_care_relation(&mut tx, &relation)
            .await
            .unwrap();
    }
    tx.commit(made("figures.relations")).await.unwrap();
}

/// Names as they are typed in haste: whole, begun, with one slip.
async fn searches(
    practice: &Practice,
    (engine, who): (&str, &str),
    actor: &Actor,
    (crowd, among): (&[Person], usize),
) {
    let mut source = people::Source::new(99);
    let mut times = Vec::with_capacity(QUERIES);
    let mut found = 0;
    for n in 0..QUERIES {
        let at = source.below(among);
        let words: Vec<String> = crowd[at]
            .names
            .iter()
            .flat_map(|it| fold_words(it))
            .collect();
        let query = match n % 3 {
            0 => words.join(" "),
            1 => words[0].chars().take(4).collect(),
            _ => slipped(&words, &mut source),
        };
        let begin = Instant::now();
        let hits = search(&practice.desk, actor, &query, (None, 10))
            .await
            .unwrap();
        times.push(begin.elapsed().as_secs_f64() * 1e3);
        found += usize::from(hits.patients.iter().any(|it| it.id == number_of(at)));
    }
    println!(
        "{engine}: search, {who}: {}; found in {} % (a third has typed four letters)",
        spread(&mut times),
        found * 100 / QUERIES
    );
}

fn slipped(words: &[String], source: &mut people::Source) -> String {
    let mut letters: Vec<char> = words.join(" ").chars().collect();
    let at = 1 + source.below(letters.len() - 2);
    letters.swap(at, at + 1);
    letters.into_iter().collect()
}

/// Ten years of measurements of the first patient.
async fn fill(practice: &Practice, doctor: &Actor, events: usize) {
    for from in (0..events).step_by(BATCH) {
        let mut tx = practice.db.begin().await.unwrap();
        for n in from..events.min(from + BATCH) {
            let age = i64::try_from(n).unwrap() * 10 * YEAR / i64::try_from(events).unwrap();
            let fact = json!({
                "kind": "observation", "category": "laboratory",
                "code": {"system": "loinc", "code": "2339-0", "display": "Glucose"},
                "value": {"quantity": {"value": format!("{}", 70 + n % 90), "unit": "mg/dL"}},
            });
            let entry = Entry {
                id: EntryId::from_uuid(Uuid::from_u128(0xe000_0000 + n as u128)),
                tenant: TENANT,
                patient: number_of(0),
                fact: serde_json::from_value(fact).unwrap(),
                label: Label::Normal,
                status: EntryStatus::Active,
                effective: MONDAY.plus(-age),
                recorded: MONDAY.plus(-age),
                author: doctor.user,
                appointment: None,
                version: 1,
            };
            chart::insert(&mut tx, &entry).await.unwrap();
        }
        tx.commit(made("figures.chart")).await.unwrap();
    }
}

/// What the page of a patient asks for when it opens.
async fn opening(practice: &Practice, (engine, events): (&str, usize), doctor: &Actor) {
    let (clinic, id) = (practice.desk.clinic(), number_of(0));
    let query = TimelineQuery {
        entries: true,
        kinds: Vec::new(),
        visits: true,
        tag: None,
        from: Micros(i64::MIN),
        to: Micros(i64::MAX),
        with_errors: false,
        after: None,
        max: 50,
    };
    let mut times = Vec::new();
    for _ in 0..50 {
        let begin = Instant::now();
        patient(clinic, doctor, id).await.unwrap();
        overview(clinic, doctor, id).await.unwrap();
        timeline(clinic, doctor, id, &query).await.unwrap();
        times.push(begin.elapsed().as_secs_f64() * 1e3);
    }
    println!(
        "{engine}: opening a record of {events} events: {}",
        spread(&mut times)
    );
}

/// Many look at the same time; each look is an event of the audit.
async fn looks(practice: &Practice, engine: &str, doctor: &Actor) {
    let begin = Instant::now();
    let mut tasks = JoinSet::new();
    for _ in 0..LOOKERS {
        let (db, doctor) = (practice.desk.clinic().db.clone(), *doctor);
        tasks.spawn(async move {
            for _ in 0..LOOKS {
                let look = db.look().await.unwrap();
                look.commit(doctor.did("figures.look", MONDAY))
                    .await
                    .unwrap();
            }
        });
    }
    tasks.join_all().await;
    let events = LOOKERS * LOOKS;
    let rate = events as f64 / begin.elapsed().as_secs_f64();
    println!(
        "{engine}: audit of {LOOKERS} who look at once: {events} events at {rate:.0}/s, each durable before the answer"
    );
}

fn number_of(n: usize) -> PatientId {
    record_of(0x1_0000 + n as u128)
}

fn registered(id: PatientId, person: &Person) -> Patient {
    let birth = person.birth_date.unwrap();
    let details = json!({
        "given": person.names[0], "family": person.names[1], "sex": "unknown",
        "birth": format!("{:04}-{:02}-{:02}", birth.year, birth.month, birth.day),
        "phones": person.phones,
        "identifiers": [{"system": "national", "value": person.identifiers[0]}],
    });
    let demographics: Demographics = serde_json::from_value(details).unwrap();
    Patient {
        id,
        tenant: TENANT,
        demographics,
        state: PatientState::Active,
        version: 1,
        chart_version: 0,
    }
}

fn made(what: &'static str) -> AuditEntry {
    AuditEntry::done(AuditActor::System, what, MONDAY)
}

fn spread(times: &mut [f64]) -> String {
    times.sort_by(f64::total_cmp);
    let at = |share: usize| times[(times.len() * share / 100).min(times.len() - 1)];
    format!(
        "p50 {:.1} ms, p95 {:.1} ms, max {:.1} ms, n = {}",
        at(50),
        at(95),
        at(100),
        times.len()
    )
}
