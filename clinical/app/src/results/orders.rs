//! Placing an order, and what may happen to it before there is a value.

use std::collections::BTreeSet;

use clinical_model::access::Label;
use clinical_model::results::{
    Department, LoincCode, Order, OrderContent, OrderStage, OrderStep, Priority, ReleaseRule,
    TESTS_PER_ORDER_MAX,
};
use clinical_model::text::{Line, Prose};
use clinical_model::{EntryId, Micros, OrderId, PatientId};
use clinical_store::orders;

use super::read::{Full, whole};
use super::{ResultsError, at_version, catalogue, entry};
use crate::{Access, Actor, Clinic};

/// Longest reason of an order, in characters.
pub const REASON_CHARS_MAX: usize = 1_000;

/// Longest wait before a result is shown, in hours: a month.
const RELEASE_HOURS_MAX: u16 = 24 * 31;

/// What to order.
#[derive(Debug, Clone)]
pub struct OrderCommand {
    /// Which tests, of one department.
    pub tests: Vec<LoincCode>,
    /// How soon.
    pub priority: Priority,
    /// Why, for who does them.
    pub reason: Prose,
    /// Hidden from nurses and proxies.
    pub is_confidential: bool,
    /// When the patient may read the result.
    pub rule: ReleaseRule,
}

fn department(tests: &[LoincCode]) -> Result<Department, ResultsError> {
    let bad = || ResultsError::invalid("tests");
    let distinct: BTreeSet<&LoincCode> = tests.iter().collect();
    if tests.len() > TESTS_PER_ORDER_MAX || distinct.len() != tests.len() {
        return Err(bad());
    }
    let known = catalogue().ok_or(ResultsError::Catalogue)?;
    let mut found = None;
    for code in tests {
        let test = known.test(code).ok_or_else(bad)?;
        if found.is_some_and(|it| it != test.department) {
            return Err(bad());
        }
        found = Some(test.department);
    }
    found.ok_or_else(bad)
}

/// Orders tests for a patient.
///
/// # Errors
/// [`ResultsError`]
pub async fn place_order(
    clinic: &Clinic,
    actor: &Actor,
    patient: PatientId,
    command: OrderCommand,
) -> Result<Full, ResultsError> {
    let now = clinic.clock.now();
    let mut tx = clinic.db.begin().await?;
    let access = Access::to(&mut tx, actor, patient, now).await?;
    access.label_max()?;
    if command.reason.as_str().chars().count() > REASON_CHARS_MAX {
        return Err(ResultsError::invalid("reason"));
    }
    if matches!(command.rule, ReleaseRule::AfterHours(hours) if hours == 0 || hours > RELEASE_HOURS_MAX)
    {
        return Err(ResultsError::invalid("release_hours"));
    }
    let entries = command
        .tests
        .iter()
        .map(|_| EntryId::from_uuid(clinic.entropy.uuid(now)));
    let order = Order {
        id: OrderId::from_uuid(clinic.entropy.uuid(now)),
        tenant: actor.tenant,
        patient,
        ordered_by: actor.user,
        department: department(&command.tests)?,
        priority: command.priority,
        stage: OrderStage::Draft.step(OrderStep::Place)?,
        label: if command.is_confidential {
            Label::Restricted
        } else {
            Label::Normal
        },
        rule: command.rule,
        ordered: now,
        collected: None,
        reported: None,
        verified: None,
        seen: None,
        seen_by: None,
        release: None,
        is_critical: false,
        content: OrderContent {
            entries: entries.collect(),
            tests: command.tests,
            reason: command.reason,
            cancelled: None,
        },
        report_version: 0,
        version: 1,
    };
    orders::insert(&mut tx, &order).await?;
    let done = access.entry(actor, "order.place");
    let done = done.about("order", order.id.as_uuid());
    let done = done.at_version(order.version);
    let full = whole(&mut tx, order).await?;
    tx.commit(done).await?;
    Ok(full)
}

async fn step(
    clinic: &Clinic,
    actor: &Actor,
    place: (OrderId, u32),
    step: (OrderStep, &'static str),
    change: impl FnOnce(&mut Order, Micros) -> Result<(), ResultsError>,
) -> Result<Full, ResultsError> {
    let now = clinic.clock.now();
    let mut tx = clinic.db.begin().await?;
    let mut order = at_version(&mut tx, actor, place, now).await?;
    order.stage = order.stage.step(step.0)?;
    change(&mut order, now)?;
    order.version = order.version.saturating_add(1);
    orders::update(&mut tx, &order, place.1).await?;
    let done = entry(actor, step.1, &order, now);
    let full = whole(&mut tx, order).await?;
    tx.commit(done).await?;
    Ok(full)
}

/// The department has the specimen.
///
/// # Errors
/// [`ResultsError`]
pub async fn collect(
    clinic: &Clinic,
    actor: &Actor,
    place: (OrderId, u32),
) -> Result<Full, ResultsError> {
    let it = (OrderStep::Collect, "order.collect");
    step(clinic, actor, place, it, |order, now| {
        order.collected = Some(now);
        Ok(())
    })
    .await
}

/// Who ordered it takes it back.
///
/// # Errors
/// [`ResultsError`]
pub async fn cancel_order(
    clinic: &Clinic,
    actor: &Actor,
    place: (OrderId, u32),
    why: Line,
) -> Result<Full, ResultsError> {
    let it = (OrderStep::Cancel, "order.cancel");
    step(clinic, actor, place, it, |order, _| {
        if order.ordered_by != actor.user {
            return Err(ResultsError::Forbidden);
        }
        order.content.cancelled = Some(why);
        Ok(())
    })
    .await
}

/// The department can not do it: a specimen that can not be used, a machine that is broken.
///
/// # Errors
/// [`ResultsError`]
pub async fn turn_down(
    clinic: &Clinic,
    actor: &Actor,
    place: (OrderId, u32),
    why: Line,
) -> Result<Full, ResultsError> {
    let it = (OrderStep::Cancel, "order.turn_down");
    step(clinic, actor, place, it, |order, _| {
        order.content.cancelled = Some(why);
        Ok(())
    })
    .await
}
