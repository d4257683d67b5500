//! Writing values, correcting and verifying them.

use std::collections::BTreeSet;

use clinical_model::notify::MessageKind;
use clinical_model::results::{
    Earlier, Flag, LoincCode, Measure, Order, OrderStep, PersonAt, Release, Report, ReportVersion,
    SentLine, Value, ValueError, anomalies, judge_measure, person_at, read_measure, release,
};
use clinical_model::text::{Line, Prose};
use clinical_model::{Micros, OrderId, UserId};
use clinical_store::{Conn, StoreError, Tx, orders, outbox, patients};

use super::read::{Full, whole};
use super::{ResultsError, at_version, critical, entry, facts, test_of};
use crate::notify::{Addressee, Notice, tell};
use crate::{Actor, Clinic};

/// A value as it was typed.
#[derive(Debug, Clone)]
pub struct TypedValue {
    /// Of which test.
    pub code: LoincCode,
    /// A number, `found`, `not_found`, or words.
    pub text: String,
    /// UCUM code; empty for what has none.
    pub unit: String,
    /// What words mean: who wrote them says it.
    pub flag: Option<Flag>,
}

/// A report as it was typed.
#[derive(Debug, Clone)]
pub struct ReportCommand {
    /// Values of the tests that were ordered.
    pub values: Vec<TypedValue>,
    /// Words about all of them.
    pub comment: Option<Prose>,
    /// Why verified values are corrected.
    pub why: Option<Line>,
}

/// What a value is compared with: the verified values of the same test before it.
async fn earlier(
    conn: &mut Conn,
    order: &Order,
    code: &LoincCode,
) -> Result<Vec<Earlier>, StoreError> {
    let mut found = Vec::new();
    for old in orders::earlier(conn, order, code).await? {
        let report = orders::report(conn, &old).await?;
        let values = report.into_iter().flat_map(|it| it.report.values);
        found.extend(values.filter_map(|value| match value.measure {
            Measure::Number { value: number, .. } if value.code == *code => Some(Earlier {
                at: old.effective(),
                value: number,
            }),
            Measure::Number { .. } | Measure::Found(_) | Measure::Words(_) => None,
        }));
    }
    Ok(found)
}

pub(super) async fn judged(
    conn: &mut Conn,
    order: &Order,
    person: PersonAt,
    (at, typed): (usize, TypedValue),
) -> Result<Value, ResultsError> {
    let field = |name: &str| ResultsError::invalid(format!("values.{at}.{name}"));
    let entry = order.content.entry_of(&typed.code);
    let entry = entry.ok_or_else(|| field("code"))?;
    let test = test_of(&typed.code)?;
    let measure = read_measure(test, &typed.text, &typed.unit).map_err(|error| match error {
        ValueError::Unit => field("unit"),
        ValueError::Number(_) | ValueError::Finding | ValueError::Words => field("value"),
    })?;
    let judgement = judge_measure(test, &measure, person, typed.flag);
    if matches!(measure, Measure::Words(_)) && judgement.is_none() {
        return Err(field("flag"));
    }
    let odd = match &measure {
        Measure::Number { value, .. } => {
            let before = earlier(conn, order, &typed.code).await?;
            anomalies(test, (order.effective(), *value), &before)
        }
        Measure::Found(_) | Measure::Words(_) => Vec::new(),
    };
    Ok(Value {
        measure,
        unit: test.unit().to_owned(),
        flag: judgement.map(|it| it.flag),
        low: judgement.and_then(|it| it.low),
        high: judgement.and_then(|it| it.high),
        anomalies: odd,
        code: typed.code,
        entry,
    })
}

async fn report(
    conn: &mut Conn,
    order: &Order,
    command: ReportCommand,
) -> Result<Report, ResultsError> {
    let distinct: BTreeSet<&LoincCode> = command.values.iter().map(|it| &it.code).collect();
    if command.values.is_empty() || distinct.len() != command.values.len() {
        return Err(ResultsError::invalid("values"));
    }
    let patient = patients::record(conn, order.tenant, order.patient).await?;
    let who = patient.ok_or(ResultsError::NotFound)?.demographics;
    let person = person_at(who.sex, who.birth.as_ref(), order.effective());
    let mut values = Vec::with_capacity(command.values.len());
    for typed in command.values.into_iter().enumerate() {
        values.push(judged(conn, order, person, typed).await?);
    }
    Ok(Report {
        values,
        others: Vec::new(),
        comment: command.comment,
        why: command.why,
    })
}

pub(super) fn is_complete(order: &Order, report: &Report) -> bool {
    let has = |code: &LoincCode| report.values.iter().any(|value| value.code == *code);
    order.content.tests.iter().all(has)
}

/// Whether a report has a critical value that the one before it did not have.
pub(super) fn is_newly_critical(report: &Report, before: Option<&ReportVersion>) -> bool {
    let was = |value: &Value| {
        before.is_some_and(|old| {
            let mut known = old.report.critical();
            known.any(|it| it.code == value.code && it.measure == value.measure)
        })
    };
    let was_sent = |line: &SentLine| {
        before.is_some_and(|old| old.report.others.iter().any(|it| it.says_the_same(line)))
    };
    let mut sent = report.others.iter().filter(|it| it.is_critical());
    report.critical().any(|value| !was(value)) || sent.any(|line| !was_sent(line))
}

/// When the patient may read the newest report.
pub(super) fn opens(order: &Order) -> Option<Micros> {
    let verified = order.verified?;
    match release(order.rule, order.is_critical, verified, order.seen) {
        Release::From(at) => Some(at),
        Release::AfterClinician => None,
    }
}

/// Tells the patient that they may read it, then or now; what was queued before is taken back.
pub(super) async fn tell_patient(
    tx: &mut Tx,
    clinic: &Clinic,
    order: &Order,
    (window, now): (i64, Micros),
) -> Result<(), StoreError> {
    let Some(at) = order.release else {
        return Ok(());
    };
    let notice = Notice {
        version: i64::from(order.report_version),
        window,
        due: at.max(now),
        ..Notice::now(
            (MessageKind::ResultAvailable, order.tenant),
            Addressee::Patient(order.patient),
            order.id.as_uuid(),
            now,
            "/my-results",
        )
    };
    tell(tx, clinic, &notice, now).await.map(|_| ())
}

/// Tells who ordered it that there is something to read. A critical value was paged instead.
async fn tell_doctor(
    tx: &mut Tx,
    clinic: &Clinic,
    order: &Order,
    now: Micros,
) -> Result<(), StoreError> {
    if order.is_critical || order.seen.is_some() {
        return Ok(());
    }
    let notice = Notice {
        version: i64::from(order.report_version),
        ..Notice::now(
            (MessageKind::ResultAvailable, order.tenant),
            Addressee::Account(order.ordered_by),
            order.id.as_uuid(),
            now,
            "/results",
        )
    };
    tell(tx, clinic, &notice, now).await.map(|_| ())
}

/// What follows from a verified report: the chart, when it is released, and who is told.
pub(super) async fn publish(
    tx: &mut Tx,
    clinic: &Clinic,
    (order, made): (&Order, &ReportVersion),
    now: Micros,
) -> Result<(), ResultsError> {
    facts::put(tx, order, &made.report, (made.author, now)).await?;
    let kind = MessageKind::ResultAvailable;
    outbox::supersede(tx, order.id.as_uuid(), kind, now).await?;
    tell_doctor(tx, clinic, order, now).await?;
    tell_patient(tx, clinic, order, (0, now)).await?;
    Ok(())
}

/// Writes values of an order. Before they are verified a later report takes the place of an earlier
/// one in what is shown; verified values are corrected, with a reason. Every version stays. A
/// critical value pages the doctor in the same transaction.
///
/// # Errors
/// [`ResultsError`]
pub async fn write_report(
    clinic: &Clinic,
    actor: &Actor,
    place: (OrderId, u32),
    command: ReportCommand,
) -> Result<Full, ResultsError> {
    let now = clinic.clock.now();
    let mut tx = clinic.db.begin().await?;
    let mut order = at_version(&mut tx, actor, place, now).await?;
    let is_correction = order.verified.is_some();
    let step = if is_correction {
        OrderStep::Amend
    } else {
        OrderStep::Enter
    };
    order.stage = order.stage.step(step)?;
    if is_correction && command.why.is_none() {
        return Err(ResultsError::invalid("why"));
    }
    order.collected = order.collected.or(Some(now));
    let before = orders::report(&mut tx, &order).await?;
    let mut report = report(&mut tx, &order, command).await?;
    if let Some(before) = &before {
        report.others.clone_from(&before.report.others);
    }
    if is_correction && !is_complete(&order, &report) {
        return Err(ResultsError::invalid("values"));
    }
    let must_page = is_newly_critical(&report, before.as_ref());
    order.is_critical = report.is_critical();
    order.reported = Some(now);
    order.seen = None;
    order.seen_by = None;
    if is_correction {
        order.verified = Some(now);
        order.release = None;
        order.release = opens(&order);
    }
    let made = next_report(&mut order, (actor.user, now), report);
    orders::update(&mut tx, &order, place.1).await?;
    orders::insert_report(&mut tx, &order, &made).await?;
    if is_correction {
        publish(&mut tx, clinic, (&order, &made), now).await?;
    }
    if must_page {
        critical::raise(&mut tx, clinic, &order, now).await?;
    }
    let action = if is_correction {
        "result.correct"
    } else {
        "result.enter"
    };
    let done = entry(actor, action, &order, now);
    let full = whole(&mut tx, order).await?;
    tx.commit(done).await?;
    Ok(full)
}

pub(super) fn next_report(
    order: &mut Order,
    (author, now): (UserId, Micros),
    report: Report,
) -> ReportVersion {
    order.report_version = order.report_version.saturating_add(1);
    order.version = order.version.saturating_add(1);
    ReportVersion {
        version: order.report_version,
        stage: order.stage,
        author,
        at: now,
        report,
    }
}

/// Verifies the values of an order: they become facts of the chart, and the patient may read them
/// when the rule of the order says so.
///
/// # Errors
/// [`ResultsError`]
pub async fn verify_report(
    clinic: &Clinic,
    actor: &Actor,
    place: (OrderId, u32),
) -> Result<Full, ResultsError> {
    let now = clinic.clock.now();
    let mut tx = clinic.db.begin().await?;
    let mut order = at_version(&mut tx, actor, place, now).await?;
    order.stage = order.stage.step(OrderStep::Verify)?;
    let found = orders::report(&mut tx, &order).await?;
    let report = found.ok_or(ResultsError::NoResult)?.report;
    if !is_complete(&order, &report) {
        return Err(ResultsError::invalid("values"));
    }
    order.verified = Some(now);
    order.reported = Some(now);
    order.release = opens(&order);
    let made = next_report(&mut order, (actor.user, now), report);
    orders::update(&mut tx, &order, place.1).await?;
    orders::insert_report(&mut tx, &order, &made).await?;
    publish(&mut tx, clinic, (&order, &made), now).await?;
    let done = entry(actor, "result.verify", &order, now);
    let full = whole(&mut tx, order).await?;
    tx.commit(done).await?;
    Ok(full)
}
