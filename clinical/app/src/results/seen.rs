//! A clinician reads a result, and says back what is critical in it.

use clinical_model::notify::MessageKind;
use clinical_model::results::{CriticalPage, LoincCode, ReportVersion};
use clinical_model::{Micros, OrderId};
use clinical_store::{Tx, orders, outbox};

use super::read::{Full, whole};
use super::reports::{opens, tell_patient};
use super::{ResultsError, at_version, entry};
use crate::{Actor, Clinic};

/// A critical value as the clinician says it back.
#[derive(Debug, Clone)]
pub struct ReadBack {
    /// Of which test.
    pub code: LoincCode,
    /// The number, `found`, or `read` for words.
    pub said: String,
}

fn is_read_back(found: &ReportVersion, said: &[ReadBack]) -> bool {
    found.report.critical().all(|value| {
        said.iter()
            .any(|it| it.code == value.code && value.measure.is_read_back(&it.said))
    })
}

/// Ends the page of a critical value and takes back what has not left yet.
async fn answer_page(
    tx: &mut Tx,
    actor: &Actor,
    id: OrderId,
    now: Micros,
) -> Result<(), ResultsError> {
    let page = orders::page(tx, id).await?;
    let waiting = page.filter(|it| matches!(it.state, CriticalPage::Paging { .. }));
    let Some(page) = waiting else { return Ok(()) };
    let taken = page.state.acknowledge(actor.user, now);
    let taken = taken.or(Err(ResultsError::Changed))?;
    if !orders::move_page(tx, id, (page, taken)).await? {
        return Err(ResultsError::Changed);
    }
    outbox::supersede(tx, id.as_uuid(), MessageKind::CriticalValue, now).await?;
    Ok(())
}

/// A doctor has read the newest report. Critical values must be said back, so that nobody confirms
/// what they did not read. It may open the result for the patient.
///
/// # Errors
/// [`ResultsError`]
pub async fn mark_seen(
    clinic: &Clinic,
    actor: &Actor,
    place: (OrderId, u32),
    said: &[ReadBack],
) -> Result<Full, ResultsError> {
    let now = clinic.clock.now();
    let mut tx = clinic.db.begin().await?;
    let mut order = at_version(&mut tx, actor, place, now).await?;
    let found = orders::report(&mut tx, &order).await?;
    let found = found.ok_or(ResultsError::NoResult)?;
    if order.seen.is_some() {
        let done = entry(actor, "result.seen", &order, now);
        let full = whole(&mut tx, order).await?;
        tx.commit(done).await?;
        return Ok(full);
    }
    if !is_read_back(&found, said) {
        return Err(ResultsError::invalid("read_back"));
    }
    let was_open = order.release.is_some_and(|at| at <= now);
    order.seen = Some(now);
    order.seen_by = Some(actor.user);
    order.release = opens(&order);
    order.version = order.version.saturating_add(1);
    orders::update(&mut tx, &order, place.1).await?;
    answer_page(&mut tx, actor, order.id, now).await?;
    if !was_open && order.release.is_some() {
        let kind = MessageKind::ResultAvailable;
        outbox::supersede(&mut tx, order.id.as_uuid(), kind, now).await?;
        tell_patient(&mut tx, clinic, &order, (1, now)).await?;
    }
    let action = if order.is_critical {
        "result.read_back"
    } else {
        "result.seen"
    };
    let done = entry(actor, action, &order, now);
    let full = whole(&mut tx, order).await?;
    tx.commit(done).await?;
    Ok(full)
}
