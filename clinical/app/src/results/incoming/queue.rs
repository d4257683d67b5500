//! The results that wait for a person: looking at them beside those they may belong to, filing one,
//! throwing one away.

use clinical_finder::{BirthDate, Finder, Person};
use clinical_model::patients::{Patient, PatientState};
use clinical_model::results::{Department, Order, OrderStage};
use clinical_model::text::Line;
use clinical_model::{Micros, OrderId, PatientId, UnmatchedId};
use clinical_store::unmatched::{Decision, Waiting};
use clinical_store::{Conn, StoreError, Tx, orders, patients, unmatched};

use super::filing::{By, NotFiled, file, unordered};
use super::matching::{Fact, Proof, named_order, sharing};
use crate::results::ResultsError;
use crate::{Actor, Clinic, Desk};

/// Most people who are shown beside one result.
const CANDIDATES_MAX: usize = 5;

/// What of a message is that of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fits {
    /// An identifier.
    pub identifier: bool,
    /// A phone number.
    pub phone: bool,
    /// All names; none when it can not be said.
    pub name: Option<bool>,
    /// The birth date.
    pub birth: Option<bool>,
    /// Administrative gender.
    pub sex: Option<bool>,
}

const fn said(fact: Fact) -> Option<bool> {
    match fact {
        Fact::Agrees => Some(true),
        Fact::Differs => Some(false),
        Fact::Silent => None,
    }
}

impl From<Proof> for Fits {
    fn from(it: Proof) -> Self {
        Self {
            identifier: it.identifier || it.number,
            phone: it.phone,
            name: said(it.name),
            birth: said(it.birth),
            sex: said(it.sex),
        }
    }
}

/// An order that may take the result.
#[derive(Debug, Clone)]
pub struct OpenOrder {
    /// Its name.
    pub id: OrderId,
    /// When it was placed.
    pub ordered: Micros,
    /// LOINC codes.
    pub tests: Vec<String>,
    /// The message names it.
    pub is_named: bool,
}

/// Somebody whose result it may be.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// Who.
    pub patient: Patient,
    /// What fits.
    pub fits: Fits,
    /// Their orders to the laboratory that may take it.
    pub orders: Vec<OpenOrder>,
}

/// A result that waits, with those whose it may be.
#[derive(Debug, Clone)]
pub struct Queued {
    /// What waits.
    pub waiting: Waiting,
    /// Best fit first.
    pub candidates: Vec<Candidate>,
}

/// Whose result it is, as a person decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Whose {
    /// Whose.
    pub patient: PatientId,
    /// Which order of theirs it answers; none when it answers no order of ours.
    pub order: Option<OrderId>,
}

/// Where it was filed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decided {
    /// The order.
    pub order: OrderId,
    /// Whose it is.
    pub patient: PatientId,
}

fn sought(it: &Waiting) -> Person {
    let who = &it.incoming.person;
    Person {
        names: vec![who.given.clone(), who.family.clone()],
        birth_date: who.birth.as_ref().and_then(|birth| {
            let (year, month, day) = birth.parts();
            Some(BirthDate {
                year: u16::try_from(year).ok()?,
                month: u8::try_from(month.unwrap_or(0)).ok()?,
                day: u8::try_from(day.unwrap_or(0)).ok()?,
            })
        }),
        phones: who.phones.iter().map(|it| it.as_str().to_owned()).collect(),
        identifiers: who.identifiers.iter().map(|it| it.value.clone()).collect(),
    }
}

fn takes_results(order: &Order) -> bool {
    order.department == Department::Laboratory
        && !matches!(order.stage, OrderStage::Draft | OrderStage::Cancelled)
}

async fn candidate(
    conn: &mut Conn,
    it: &Waiting,
    (patient, named): (Patient, Option<&Order>),
) -> Result<Candidate, StoreError> {
    let proof = Proof::of(&it.incoming.person, patient.id, &patient.demographics);
    let found = orders::of_patient(conn, it.tenant, patient.id).await?;
    let mut open: Vec<OpenOrder> = found
        .into_iter()
        .filter(takes_results)
        .map(|order| OpenOrder {
            id: order.id,
            ordered: order.ordered,
            tests: order
                .content
                .tests
                .iter()
                .map(|code| code.as_str().to_owned())
                .collect(),
            is_named: named.is_some_and(|named| named.id == order.id),
        })
        .collect();
    open.sort_by_key(|it| (!it.is_named, core::cmp::Reverse(it.ordered)));
    Ok(Candidate {
        fits: proof.into(),
        patient,
        orders: open,
    })
}

async fn candidates(
    desk: &Desk,
    conn: &mut Conn,
    it: &Waiting,
) -> Result<Vec<Candidate>, StoreError> {
    let named = named_order(conn, it.tenant, &it.incoming).await?;
    let named = named.unwrap_or_default();
    let mut people: Vec<Patient> = Vec::new();
    let sought = sought(it);
    let alike = desk
        .index()
        .ask(conn, it.tenant, |finder: &Finder| finder.similar(&sought))
        .await?;
    let mut ids: Vec<PatientId> = named.iter().map(|it| it.patient).collect();
    ids.extend(
        sharing(conn, it.tenant, &it.incoming.person)
            .await?
            .iter()
            .map(|it| it.id),
    );
    ids.extend(alike.iter().map(|it| PatientId::from_uuid(it.id)));
    for id in ids {
        if people.len() == CANDIDATES_MAX || people.iter().any(|it| it.id == id) {
            continue;
        }
        let patient = patients::record(conn, it.tenant, id).await?;
        people.extend(patient.filter(|it| it.state == PatientState::Active));
    }
    let mut all = Vec::with_capacity(people.len());
    for patient in people {
        all.push(candidate(conn, it, (patient, named.as_ref())).await?);
    }
    Ok(all)
}

/// What waits in the actor's facility, longest waiting first, each beside those whose it may be.
/// Whoever decides sees names and birth dates of those people, as the laboratory does on its
/// worklist, whatever other rights they have.
///
/// # Errors
/// [`ResultsError::Store`]
pub async fn list_unmatched(desk: &Desk, actor: &Actor) -> Result<Vec<Queued>, ResultsError> {
    let now = desk.now();
    let mut tx = desk.db().begin().await?;
    let mut all = Vec::new();
    for waiting in unmatched::waiting(&mut tx, actor.tenant).await? {
        let candidates = candidates(desk, &mut tx, &waiting).await?;
        for it in &candidates {
            let entry = actor.did("lab.candidate", now).of_patient(it.patient.id);
            tx.also(entry.about("unmatched_result", waiting.id.as_uuid()))
                .await?;
        }
        all.push(Queued {
            waiting,
            candidates,
        });
    }
    tx.commit(actor.did("lab.list_queue", now)).await?;
    Ok(all)
}

async fn waiting(
    tx: &mut Tx,
    actor: &Actor,
    (id, version): (UnmatchedId, u32),
) -> Result<Waiting, ResultsError> {
    let found = unmatched::find(tx, actor.tenant, id).await?;
    let found = found.ok_or(ResultsError::NotFound)?;
    if found.version == version {
        Ok(found)
    } else {
        Err(ResultsError::Changed)
    }
}

/// Files a result where a person says that it belongs. It becomes a report as if it had been matched.
///
/// # Errors
/// [`ResultsError::NotFound`] for what does not wait here, and for a patient or an order of another
/// facility; [`ResultsError::Unfiled`] when the order can not take it.
pub async fn file_unmatched(
    clinic: &Clinic,
    actor: &Actor,
    place: (UnmatchedId, u32),
    whose: Whose,
) -> Result<Decided, ResultsError> {
    let now = clinic.clock.now();
    let by = By {
        author: actor.user,
        now,
    };
    let mut tx = clinic.db.begin().await?;
    let it = waiting(&mut tx, actor, place).await?;
    let patient = patients::record(&mut tx, actor.tenant, whose.patient).await?;
    let patient = patient.filter(|it| it.state == PatientState::Active);
    let patient = patient.ok_or(ResultsError::NotFound)?;
    let target = match whose.order {
        Some(id) => {
            let order = orders::record(&mut tx, id).await?;
            let order = order.filter(|it| (it.tenant, it.patient) == (actor.tenant, patient.id));
            (order.ok_or(ResultsError::NotFound)?, false)
        }
        None => {
            // Nobody ordered it: what is critical in it is for the doctors on duty.
            let by = By {
                author: super::account::of_interface(&mut tx, actor.tenant, now).await?,
                now,
            };
            (unordered(clinic, (actor.tenant, patient.id), by)?, true)
        }
    };
    let order = file(&mut tx, clinic, target, &it.incoming, by)
        .await
        .map_err(|error| match error {
            NotFiled::Unmatched(reason) => ResultsError::Unfiled(reason),
            NotFiled::Failed(error) => error,
        })?;
    let decision = Decision::Filed(order.id);
    if !unmatched::decide(&mut tx, &it, decision, (actor.user, now)).await? {
        return Err(ResultsError::Changed);
    }
    tx.also(
        actor
            .did("lab.decide", now)
            .about("unmatched_result", it.id.as_uuid()),
    )
    .await?;
    let done = actor
        .did("lab.file", now)
        .of_patient(order.patient)
        .about("order", order.id.as_uuid())
        .at_version(order.version);
    tx.commit(done).await?;
    Ok(Decided {
        order: order.id,
        patient: order.patient,
    })
}

/// Throws a result away that belongs to nobody here. What it said stays for whoever asks later.
///
/// # Errors
/// [`ResultsError`]
pub async fn discard_unmatched(
    clinic: &Clinic,
    actor: &Actor,
    place: (UnmatchedId, u32),
    why: &Line,
) -> Result<(), ResultsError> {
    let now = clinic.clock.now();
    let mut tx = clinic.db.begin().await?;
    let it = waiting(&mut tx, actor, place).await?;
    let decision = Decision::Discarded(why.as_str());
    if !unmatched::decide(&mut tx, &it, decision, (actor.user, now)).await? {
        return Err(ResultsError::Changed);
    }
    let done = actor
        .did("lab.discard", now)
        .about("unmatched_result", it.id.as_uuid());
    tx.commit(done).await?;
    Ok(())
}
