//! Orders, their reports, and the pages of critical values. Every change is guarded by the version
//! that was read, and no report is ever written over.

mod pages;
mod read;

use clinical_model::chart::{Code, CodeSystem};
use clinical_model::results::{LoincCode, Order, ReleaseRule, ReportVersion};
use clinical_model::text::{CodeText, Line};
use clinical_vault::{DataKey, Place};
use uuid::Uuid;

use crate::statement::{execute, execute_one};
use crate::{StoreError, Tx, keys};

pub use pages::{
    DUE_MAX, Page, due_pages, duty_doctors, everybody, insert_told, move_page, page, raise_page,
};
pub use read::{
    LIST_MAX, Shown, earlier, find, list, of_patient, record, report, reports, worklist,
};

/// Why an order was not written.
#[derive(Debug, thiserror::Error)]
pub enum OrderWriteError {
    /// It has changed since it was read.
    #[error("the order has changed since it was read")]
    Changed,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

const fn order_place(id: Uuid, version: u64) -> Place<'static> {
    Place::value("orders", "body_sealed", id).at_version(version)
}

const fn report_place(id: Uuid, version: u64) -> Place<'static> {
    Place::value("order_reports", "body_sealed", id).at_version(version)
}

/// The blind index of a test, the same as that of facts with its code.
fn code_index(key: &DataKey, code: &LoincCode) -> Result<Vec<u8>, StoreError> {
    let bad = |source| StoreError::corrupt("result_values.code_index", source);
    let code = Code {
        system: CodeSystem::Loinc,
        code: CodeText::try_from(code.as_str()).map_err(bad)?,
        display: Line::try_from(code.as_str()).map_err(bad)?,
    };
    Ok(key.blind_index("code", &code.index_text()).to_vec())
}

fn rule_words(rule: ReleaseRule) -> (&'static str, i64) {
    match rule {
        ReleaseRule::Immediate => ("immediate", 0),
        ReleaseRule::AfterReview => ("after_review", 0),
        ReleaseRule::AfterHours(hours) => ("after_hours", i64::from(hours)),
    }
}

async fn sealed(tx: &mut Tx, it: &Order) -> Result<Vec<u8>, StoreError> {
    let key = keys::living_patient_key(tx, it.patient).await?;
    let json = serde_json::to_vec(&it.content)
        .map_err(|source| StoreError::corrupt("orders.body_sealed", source))?;
    Ok(key.seal(order_place(it.id.as_uuid(), u64::from(it.version)), &json)?)
}

/// Writes a new order.
///
/// # Errors
/// The record was erased, or the store failed.
pub async fn insert(tx: &mut Tx, it: &Order) -> Result<(), StoreError> {
    let body = sealed(tx, it).await?;
    let (rule, hours) = rule_words(it.rule);
    execute_one!(
        tx,
        "INSERT INTO orders
             (id, tenant, patient, ordered_by, department, priority, stage, label, release_rule,
              release_hours, ordered_us, is_critical, report_version, body_sealed, version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 0, $13, $14)",
        it.id.as_uuid(),
        it.tenant.as_uuid(),
        it.patient.as_uuid(),
        it.ordered_by.as_uuid(),
        it.department.as_str(),
        it.priority.level(),
        it.stage.as_str(),
        it.label.level(),
        rule,
        hours,
        it.ordered.0,
        it.is_critical,
        body,
        i64::from(it.version)
    )
}

/// Writes an order over the version that was read.
///
/// # Errors
/// [`OrderWriteError`]
pub async fn update(tx: &mut Tx, it: &Order, read: u32) -> Result<(), OrderWriteError> {
    let body = sealed(tx, it).await?;
    let touched = execute!(
        tx,
        "UPDATE orders
         SET stage = $1, collected_us = $2, reported_us = $3, verified_us = $4, seen_us = $5,
             seen_by = $6, release_us = $7, is_critical = $8, report_version = $9,
             body_sealed = $10, version = $11
         WHERE id = $12 AND version = $13",
        it.stage.as_str(),
        it.collected.map(|at| at.0),
        it.reported.map(|at| at.0),
        it.verified.map(|at| at.0),
        it.seen.map(|at| at.0),
        it.seen_by.map(Uuid::from),
        it.release.map(|at| at.0),
        it.is_critical,
        i64::from(it.report_version),
        body,
        i64::from(it.version),
        it.id.as_uuid(),
        i64::from(read)
    )?;
    if touched == 1 {
        Ok(())
    } else {
        Err(OrderWriteError::Changed)
    }
}

/// Writes a new version of the report of an order, and which tests it has values of.
///
/// # Errors
/// The record was erased, or the store failed.
pub async fn insert_report(
    tx: &mut Tx,
    it: &Order,
    made: &ReportVersion,
) -> Result<(), StoreError> {
    let key = keys::living_patient_key(tx, it.patient).await?;
    let json = serde_json::to_vec(&made.report)
        .map_err(|source| StoreError::corrupt("order_reports.body_sealed", source))?;
    let place = report_place(it.id.as_uuid(), u64::from(made.version));
    execute_one!(
        tx,
        "INSERT INTO order_reports (order_id, version, stage, author, at_us, body_sealed)
         VALUES ($1, $2, $3, $4, $5, $6)",
        it.id.as_uuid(),
        i64::from(made.version),
        made.stage.as_str(),
        made.author.as_uuid(),
        made.at.0,
        key.seal(place, &json)?
    )?;
    for value in &made.report.values {
        execute!(
            tx,
            "INSERT INTO result_values (order_id, code_index, entry) VALUES ($1, $2, $3)
             ON CONFLICT (order_id, code_index) DO NOTHING",
            it.id.as_uuid(),
            code_index(&key, &value.code)?,
            value.entry.as_uuid()
        )?;
    }
    Ok(())
}
