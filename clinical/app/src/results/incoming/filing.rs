//! Filing a result: what it changes in the report of an order, decided before anything is written.

use std::collections::BTreeSet;

use clinical_model::access::Label;
use clinical_model::results::{
    Department, Flag, Incoming, LabTest, LoincCode, Measure, Measured, Order, OrderContent,
    OrderStage, OrderStep, Priority, ReleaseRule, Report, ReportVersion, SentForm, SentLine,
    SentStatus, TESTS_PER_ORDER_MAX, Unmatched, Value, person_at, read_measure,
};
use clinical_model::text::{Line, Prose};
use clinical_model::{EntryId, Micros, OrderId, PatientId, TenantId, UserId};
use clinical_store::orders::OrderWriteError;
use clinical_store::{StoreError, Tx, orders, patients, unmatched};

use super::super::reports::{
    TypedValue, is_complete, is_newly_critical, judged, next_report, opens, publish,
};
use super::super::{ResultsError, catalogue, critical};
use super::matching::fillers;
use crate::Clinic;

/// Why a new version says something else.
const CORRECTED: &str = "Corrigé par le laboratoire / Corrected by the laboratory";
const COMPLETED: &str = "Complété par le laboratoire / Completed by the laboratory";
/// The reason of an order that nobody placed here.
const UNORDERED: &str = "Résultat reçu sans demande / Result received without an order";

/// Why a result was not filed.
#[derive(Debug)]
pub(super) enum NotFiled {
    /// A person has to decide. Nothing was written.
    Unmatched(Unmatched),
    /// It failed; what was written must be rolled back.
    Failed(ResultsError),
}

impl From<ResultsError> for NotFiled {
    fn from(error: ResultsError) -> Self {
        Self::Failed(error)
    }
}

impl From<StoreError> for NotFiled {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<OrderWriteError> for NotFiled {
    fn from(error: OrderWriteError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<Unmatched> for NotFiled {
    fn from(reason: Unmatched) -> Self {
        Self::Unmatched(reason)
    }
}

/// Who files, and when.
#[derive(Debug, Clone, Copy)]
pub(super) struct By {
    /// The account that the report is by.
    pub(super) author: UserId,
    /// Now.
    pub(super) now: Micros,
}

/// An order for a result that nobody ordered here. No doctor is told of it unless it is critical,
/// and then those on duty are; the patient reads it after a clinician did.
pub(super) fn unordered(
    clinic: &Clinic,
    (tenant, patient): (TenantId, PatientId),
    by: By,
) -> Result<Order, ResultsError> {
    Ok(Order {
        id: OrderId::from_uuid(clinic.entropy.uuid(by.now)),
        tenant,
        patient,
        ordered_by: by.author,
        department: Department::Laboratory,
        priority: Priority::Routine,
        stage: OrderStage::Active,
        // Who ordered it elsewhere may have had reasons.
        label: Label::Restricted,
        rule: ReleaseRule::AfterReview,
        ordered: by.now,
        collected: None,
        reported: None,
        verified: None,
        seen: None,
        seen_by: None,
        release: None,
        is_critical: false,
        content: OrderContent {
            tests: Vec::new(),
            entries: Vec::new(),
            reason: Prose::try_from(UNORDERED).or(Err(ResultsError::invalid("reason")))?,
            cancelled: None,
        },
        report_version: 0,
        version: 1,
    })
}

fn told(flags: &[String]) -> Option<Flag> {
    flags
        .iter()
        .find_map(|word| Flag::ALL.into_iter().find(|it| it.as_str() == word))
}

/// The value of a line, when the catalogue knows its test and takes it in this form and unit.
fn typed(line: &SentLine) -> Option<(TypedValue, Measure)> {
    if line.status == SentStatus::Missing {
        return None;
    }
    let code = LoincCode::try_from(line.loinc.as_deref()?).ok()?;
    let test: &LabTest = catalogue()?.test(&code)?;
    if test.department != Department::Laboratory {
        return None;
    }
    let text = match (&test.measured, line.form) {
        (Measured::Quantity { .. }, SentForm::Number)
        | (Measured::Words, SentForm::Text | SentForm::Coded) => line.value.as_str(),
        (Measured::Finding { .. }, SentForm::Found) => "found",
        (Measured::Finding { .. }, SentForm::NotFound) => "not_found",
        _ => return None,
    };
    let measure = read_measure(test, text, &line.unit).ok()?;
    let flag = told(&line.flags);
    let is_judged = matches!(
        flag,
        Some(Flag::Normal | Flag::Abnormal | Flag::CriticalAbnormal)
    );
    if matches!(measure, Measure::Words(_)) && !is_judged {
        return None;
    }
    let typed = TypedValue {
        code,
        text: text.to_owned(),
        unit: line.unit.clone(),
        flag,
    };
    Some((typed, measure))
}

/// The lines of a message beside the report that stands.
struct Sorted {
    values: Vec<(TypedValue, Measure)>,
    others: Vec<SentLine>,
    codes: BTreeSet<LoincCode>,
    is_final: bool,
    is_changed: bool,
    is_correction: bool,
}

fn sorted(
    order: &Order,
    before: Option<&ReportVersion>,
    incoming: &Incoming,
) -> Result<Sorted, Unmatched> {
    let lines = &incoming.lines;
    if lines.iter().any(|it| it.status == SentStatus::Withdrawn) {
        return Err(Unmatched::Withdrawn);
    }
    let is_verified = order.verified.is_some();
    let mut sorted = Sorted {
        values: Vec::new(),
        others: Vec::new(),
        codes: BTreeSet::new(),
        is_final: lines.iter().all(|it| it.status != SentStatus::Preliminary),
        is_changed: false,
        is_correction: lines.iter().any(|it| it.status == SentStatus::Corrected),
    };
    for line in lines {
        // What was verified changes only when the laboratory says that it corrects it.
        let may_differ = !is_verified || line.status == SentStatus::Corrected;
        let may_be_new = !is_verified || line.status != SentStatus::Preliminary;
        let value = typed(line).filter(|(it, _)| !sorted.codes.contains(&it.code));
        let is_new = match &value {
            Some((value, measure)) => {
                let mut old = before.into_iter().flat_map(|it| &it.report.values);
                match old.find(|it| it.code == value.code) {
                    Some(old) if old.measure == *measure => false,
                    Some(_) if !may_differ => return Err(Unmatched::Conflict),
                    None if !may_be_new => return Err(Unmatched::Conflict),
                    Some(_) | None => true,
                }
            }
            None => {
                let mut old = before.into_iter().flat_map(|it| &it.report.others);
                match old.find(|it| it.is_same_test(line)) {
                    Some(old) if old.says_the_same(line) => false,
                    Some(_) if !may_differ => return Err(Unmatched::Conflict),
                    None if !may_be_new => return Err(Unmatched::Conflict),
                    Some(_) | None => true,
                }
            }
        };
        sorted.is_changed |= is_new;
        match value {
            Some((value, measure)) => {
                sorted.codes.insert(value.code.clone());
                sorted.values.push((value, measure));
            }
            None if is_new => sorted.others.push(line.clone()),
            None => {}
        }
    }
    Ok(sorted)
}

/// Whether the message says something that the report of the order does not.
///
/// # Errors
/// The store failed.
pub(super) async fn is_news(
    tx: &mut Tx,
    order: &Order,
    incoming: &Incoming,
) -> Result<bool, StoreError> {
    let before = orders::report(tx, order).await?;
    Ok(sorted(order, before.as_ref(), incoming).map_or(true, |it| it.is_changed))
}

/// The words of the report that stands, and those of the message that are not in it.
fn comment(
    before: Option<&ReportVersion>,
    incoming: &Incoming,
) -> Result<Option<Prose>, Unmatched> {
    let old = before.and_then(|it| it.report.comment.as_ref());
    let mut text = old.map_or_else(String::new, |it| it.as_str().to_owned());
    let below = incoming.lines.iter().flat_map(|it| &it.notes);
    for note in incoming.notes.iter().chain(below) {
        let note = note.trim();
        if !note.is_empty() && !text.contains(note) {
            if !text.is_empty() {
                text.push('\n');
            }
            text.push_str(note);
        }
    }
    if text.is_empty() {
        return Ok(None);
    }
    Prose::try_from(text).map(Some).or(Err(Unmatched::Unfit))
}

/// What the laboratory calls critical is critical, whatever our limits say.
fn raised(mut value: Value, told: Option<Flag>) -> Value {
    let is_critical = value.flag.is_some_and(Flag::is_critical);
    if let Some(told) = told.filter(|it| it.is_critical() && !is_critical) {
        value.flag = Some(told);
    }
    value
}

async fn merged(
    tx: &mut Tx,
    order: &Order,
    before: Option<&ReportVersion>,
    sorted: Sorted,
    comment: Option<Prose>,
) -> Result<Report, NotFiled> {
    let patient = patients::record(tx, order.tenant, order.patient).await?;
    let who = patient.ok_or(ResultsError::NotFound)?.demographics;
    let person = person_at(who.sex, who.birth.as_ref(), order.effective());
    let old = before.into_iter().flat_map(|it| &it.report.values);
    let kept = old.filter(|it| !sorted.codes.contains(&it.code));
    let mut values: Vec<Value> = kept.cloned().collect();
    let why = if sorted.is_correction {
        CORRECTED
    } else {
        COMPLETED
    };
    for (at, (typed, _)) in sorted.values.into_iter().enumerate() {
        let told = typed.flag;
        let value = judged(tx, order, person, (at, typed)).await?;
        values.push(raised(value, told));
    }
    let others = before.into_iter().flat_map(|it| &it.report.others);
    let new = sorted.others;
    let others = others.filter(|old| !new.iter().any(|it| it.is_same_test(old)));
    let mut others: Vec<SentLine> = others.cloned().collect();
    others.extend(new);
    Ok(Report {
        values,
        others,
        comment,
        why: order.verified.and_then(|_| Line::try_from(why).ok()),
    })
}

/// The tests of the message that were not ordered are done all the same.
fn widen(
    clinic: &Clinic,
    order: &mut Order,
    sorted: &Sorted,
    now: Micros,
) -> Result<(), Unmatched> {
    for code in &sorted.codes {
        if !order.content.tests.contains(code) {
            let entry = EntryId::from_uuid(clinic.entropy.uuid(now));
            order.content.tests.push(code.clone());
            order.content.entries.push(entry);
        }
    }
    if order.content.tests.len() > TESTS_PER_ORDER_MAX {
        return Err(Unmatched::Unfit);
    }
    Ok(())
}

/// The stage of the order after this message: final when it is about every test and nothing in it
/// may still change.
fn step(order: &Order, report: &Report, is_whole: bool) -> Result<OrderStage, Unmatched> {
    let closed = |_| Unmatched::OrderClosed;
    if order.verified.is_some() {
        return order.stage.step(OrderStep::Amend).map_err(closed);
    }
    let entered = order.stage.step(OrderStep::Enter).map_err(closed)?;
    if is_whole && is_complete(order, report) {
        entered.step(OrderStep::Verify).map_err(closed)
    } else {
        Ok(entered)
    }
}

/// Files a result into the report of an order. Answers the order as it stands then; it is unchanged
/// when it said all of it already. `is_new` orders are written too.
///
/// # Errors
/// [`NotFiled`]
pub(super) async fn file(
    tx: &mut Tx,
    clinic: &Clinic,
    (mut order, is_new): (Order, bool),
    incoming: &Incoming,
    by: By,
) -> Result<Order, NotFiled> {
    let now = by.now;
    if order.department != Department::Laboratory || order.stage == OrderStage::Cancelled {
        return Err(Unmatched::OrderClosed.into());
    }
    if incoming.lines.is_empty() {
        return Err(Unmatched::Unfit.into());
    }
    let before = orders::report(tx, &order).await?;
    let sorted = sorted(&order, before.as_ref(), incoming)?;
    let comment = comment(before.as_ref(), incoming)?;
    let is_commented = before.as_ref().map(|it| &it.report.comment) != Some(&comment);
    let read = order.version;
    widen(clinic, &mut order, &sorted, now)?;
    let observed = incoming.observed.filter(|at| *at <= now);
    order.collected = order.collected.or(observed).or(Some(now));
    let is_whole = sorted.is_final
        && order
            .content
            .tests
            .iter()
            .all(|it| sorted.codes.contains(it));
    let is_changed = sorted.is_changed || is_commented;
    let report = merged(tx, &order, before.as_ref(), sorted, comment).await?;
    let stage = step(&order, &report, is_whole)?;
    let is_further = order.verified.is_none() && stage != order.stage;
    if before.is_some() && !is_changed && !is_further {
        remember(tx, incoming, &order).await?;
        return Ok(order);
    }
    if is_new {
        orders::insert(tx, &order).await?;
    }
    order.stage = stage;
    let must_page = is_newly_critical(&report, before.as_ref());
    order.is_critical = report.is_critical();
    order.reported = Some(now);
    order.seen = None;
    order.seen_by = None;
    let is_verified = matches!(order.stage, OrderStage::Final | OrderStage::Amended);
    if is_verified {
        order.verified = Some(now);
        order.release = None;
        order.release = opens(&order);
    }
    let made = next_report(&mut order, (by.author, now), report);
    orders::update(tx, &order, read).await?;
    orders::insert_report(tx, &order, &made).await?;
    if is_verified {
        publish(tx, clinic, (&order, &made), now).await?;
    }
    if must_page {
        critical::raise(tx, clinic, &order, now).await?;
    }
    remember(tx, incoming, &order).await?;
    Ok(order)
}

/// The laboratory's own numbers lead to this order from now on.
async fn remember(tx: &mut Tx, incoming: &Incoming, order: &Order) -> Result<(), StoreError> {
    for filler in fillers(incoming) {
        unmatched::put_filler(tx, order.tenant, (&filler, order.id)).await?;
    }
    Ok(())
}
