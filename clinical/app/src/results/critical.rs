//! Critical values: the doctor is paged at once, then those after them, until somebody answers.

use clinical_model::notify::MessageKind;
use clinical_model::results::{Audience, CriticalPage, Escalation, Order};
use clinical_model::{AuditActor, AuditEntry, Micros, OrderId, UserId};
use clinical_store::orders::{self, Page};
use clinical_store::{StoreError, Tx};

use crate::Clinic;
use crate::notify::{Addressee, Notice, tell};

/// The people of a level.
async fn people(
    tx: &mut Tx,
    order: &Order,
    audience: Audience,
    now: Micros,
) -> Result<Vec<UserId>, StoreError> {
    match audience {
        Audience::OrderingDoctor => Ok(vec![order.ordered_by]),
        Audience::DutyDoctors => orders::duty_doctors(tx, order.tenant, now).await,
        Audience::Everybody => orders::everybody(tx, order.tenant).await,
    }
}

/// Tells the people of a level; answers how many messages were queued. Doctors who are told may read
/// the result.
async fn alert(
    tx: &mut Tx,
    clinic: &Clinic,
    (order, round): (&Order, i64),
    escalation: Escalation,
    now: Micros,
) -> Result<usize, StoreError> {
    let mut queued = 0;
    for person in people(tx, order, escalation.audience, now).await? {
        let notice = Notice {
            version: round,
            window: i64::from(escalation.level),
            ..Notice::now(
                (MessageKind::CriticalValue, order.tenant),
                Addressee::Account(person),
                order.id.as_uuid(),
                now,
                "/results",
            )
        };
        queued += tell(tx, clinic, &notice, now).await?;
        orders::insert_told(tx, order.id, person, now).await?;
    }
    Ok(queued)
}

/// Raises the page of an order, unless one still waits for an answer. Its key makes a second message
/// of the same level impossible.
pub(super) async fn raise(
    tx: &mut Tx,
    clinic: &Clinic,
    order: &Order,
    now: Micros,
) -> Result<(), StoreError> {
    let (state, first) = CriticalPage::raise(now);
    let next = state.next_at().unwrap_or(now);
    let raised = orders::raise_page(tx, order.id, (first.level, now), next).await?;
    let Some(round) = raised else { return Ok(()) };
    let queued = alert(tx, clinic, (order, round), first, now).await?;
    if queued == 0 {
        // Nobody can be reached on the first level: the next is told without waiting.
        climb(tx, clinic, (order, Page { round, state }), (next, now)).await?;
    }
    Ok(())
}

/// Moves a page to the next level as of `at`, and further while nobody is there to be told. Answers
/// false when somebody else moved it first.
async fn climb(
    tx: &mut Tx,
    clinic: &Clinic,
    (order, page): (&Order, Page),
    (at, now): (Micros, Micros),
) -> Result<bool, StoreError> {
    let (mut state, mut escalation) = page.state.at(at);
    while let Some(step) = escalation {
        let queued = alert(tx, clinic, (order, page.round), step, now).await?;
        let is_last = step.audience == Audience::Everybody;
        if queued > 0 || is_last {
            state = CriticalPage::Paging {
                level: step.level,
                since: now,
            };
            break;
        }
        (state, escalation) = state.at(state.next_at().unwrap_or(at));
    }
    orders::move_page(tx, order.id, (page, state)).await
}

/// Tells the next people of every critical value that nobody answered in time; answers how many
/// pages moved. Each moves in a transaction of its own, and once, whoever else looks at the time.
///
/// # Errors
/// The store failed; what was moved before stays.
pub async fn escalate_due(clinic: &Clinic) -> Result<usize, StoreError> {
    let now = clinic.clock.now();
    let due = orders::due_pages(&mut *clinic.db.read().await?, now).await?;
    let mut moved = 0;
    for id in due {
        moved += usize::from(escalate(clinic, id, now).await?);
    }
    Ok(moved)
}

async fn escalate(clinic: &Clinic, id: OrderId, now: Micros) -> Result<bool, StoreError> {
    let mut tx = clinic.db.begin().await?;
    let page = orders::page(&mut tx, id).await?;
    let is_due = |it: &Page| it.state.next_at().is_some_and(|at| at <= now);
    let order = orders::record(&mut tx, id).await?;
    let Some((page, order)) = page.filter(is_due).zip(order) else {
        return Ok(false);
    };
    if !climb(&mut tx, clinic, (&order, page), (now, now)).await? {
        return Ok(false);
    }
    let entry = AuditEntry::done(AuditActor::System, "result.escalate", now)
        .within(order.tenant)
        .of_patient(order.patient)
        .about("order", id.as_uuid());
    tx.commit(entry).await?;
    Ok(true)
}
