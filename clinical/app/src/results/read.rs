//! Reading orders and results.

use std::collections::BTreeMap;

use clinical_model::patients::Sex;
use clinical_model::results::{
    Amount, CriticalPage, Flag, LoincCode, Measure, Order, ReportVersion, person_at,
};
use clinical_model::text::PartialDate;
use clinical_model::{AuditEntry, Micros, OrderId, PatientId, Role, UserId};
use clinical_store::orders::{self, Shown};
use clinical_store::{Conn, StoreError, identity, patients};

use super::{ResultsError, entry};
use crate::{Access, AccessDenied, Actor, Clinic};

/// An order with everything that people see beside it.
#[derive(Debug, Clone)]
pub struct Full {
    /// The order.
    pub order: Order,
    /// The newest report.
    pub report: Option<ReportVersion>,
    /// The reports before it, oldest first; only when one order is read.
    pub earlier: Vec<ReportVersion>,
    /// Whose order it is.
    pub name: String,
    /// Their sex.
    pub sex: Sex,
    /// Their birth date.
    pub birth: Option<PartialDate>,
    /// Their age in years when the specimen was taken, as limits count it.
    pub age_years: u16,
    /// Who ordered it.
    pub ordered_by: String,
    /// Who wrote the newest report.
    pub reported_by: String,
    /// Whether a page waits for an answer.
    pub is_paging: bool,
}

/// Names that were looked up in one answer.
#[derive(Default)]
struct Names(BTreeMap<UserId, String>);

impl Names {
    async fn of(&mut self, conn: &mut Conn, id: UserId) -> Result<String, StoreError> {
        if let Some(known) = self.0.get(&id) {
            return Ok(known.clone());
        }
        let account = identity::account(conn, id).await?;
        let name = account.map_or_else(String::new, |it| it.name);
        self.0.insert(id, name.clone());
        Ok(name)
    }
}

async fn furnish(
    conn: &mut Conn,
    order: Order,
    names: &mut Names,
) -> Result<Option<Full>, StoreError> {
    let patient = patients::record(conn, order.tenant, order.patient).await?;
    let Some(patient) = patient else {
        return Ok(None);
    };
    let who = patient.demographics;
    let report = orders::report(conn, &order).await?;
    let page = if order.is_critical {
        orders::page(conn, order.id).await?
    } else {
        None
    };
    Ok(Some(Full {
        name: format!("{} {}", who.given.as_str(), who.family.as_str()),
        sex: who.sex,
        age_years: person_at(who.sex, who.birth.as_ref(), order.effective()).age_years,
        birth: who.birth,
        ordered_by: names.of(conn, order.ordered_by).await?,
        reported_by: match &report {
            Some(report) => names.of(conn, report.author).await?,
            None => String::new(),
        },
        is_paging: page.is_some_and(|it| matches!(it.state, CriticalPage::Paging { .. })),
        earlier: Vec::new(),
        report,
        order,
    }))
}

/// An order as it stands after an act on it.
pub(super) async fn whole(conn: &mut Conn, order: Order) -> Result<Full, ResultsError> {
    let full = furnish(conn, order, &mut Names::default()).await?;
    full.ok_or(ResultsError::NotFound)
}

async fn furnish_all(conn: &mut Conn, found: Vec<Order>) -> Result<Vec<Full>, StoreError> {
    let mut names = Names::default();
    let mut all = Vec::with_capacity(found.len());
    for order in found {
        all.extend(furnish(conn, order, &mut names).await?);
    }
    Ok(all)
}

/// Orders: a doctor's, of patients whom they may see; a department's, what it has to do, most urgent
/// and oldest first, or what it has done.
///
/// # Errors
/// [`ResultsError`]
pub async fn list_orders(
    clinic: &Clinic,
    actor: &Actor,
    patient: Option<PatientId>,
    is_open: bool,
) -> Result<Vec<Full>, ResultsError> {
    let now = clinic.clock.now();
    let mut tx = clinic.db.look().await?;
    let (found, act) = list_orders_in(&mut tx, (actor, now), patient, is_open).await?;
    tx.commit(act).await?;
    Ok(found)
}

/// [`list_orders`] in an open transaction, with the audit entry that it needs.
pub(crate) async fn list_orders_in(
    conn: &mut Conn,
    (actor, now): (&Actor, Micros),
    patient: Option<PatientId>,
    is_open: bool,
) -> Result<(Vec<Full>, AuditEntry), ResultsError> {
    let viewer = actor.viewer(now);
    if let Some(patient) = patient {
        Access::to(conn, actor, patient, now).await?;
    }
    let found = if actor.role == Role::Doctor {
        let which = Shown {
            patient,
            ..Shown::default()
        };
        orders::list(conn, &viewer, which).await?
    } else {
        orders::worklist(conn, &viewer, is_open).await?
    };
    let found = furnish_all(conn, found).await?;
    Ok((found, actor.did("order.list", now)))
}

async fn one(
    clinic: &Clinic,
    actor: &Actor,
    id: OrderId,
    action: &'static str,
) -> Result<Full, ResultsError> {
    let now = clinic.clock.now();
    let mut tx = clinic.db.look().await?;
    let (full, act) = one_in(&mut tx, (actor, now), id, action).await?;
    tx.commit(act).await?;
    Ok(full)
}

/// An order in an open transaction, with the audit entry that reading it needs.
pub(crate) async fn one_in(
    conn: &mut Conn,
    (actor, now): (&Actor, Micros),
    id: OrderId,
    action: &'static str,
) -> Result<(Full, AuditEntry), ResultsError> {
    let found = orders::find(conn, &actor.viewer(now), id).await?;
    let order = found.ok_or(ResultsError::NotFound)?;
    let act = entry(actor, action, &order, now);
    let mut all = orders::reports(conn, &order).await?;
    all.pop();
    let mut full = whole(conn, order).await?;
    if actor.role != Role::Patient {
        full.earlier = all;
    }
    Ok((full, act))
}

/// One order with the history of its report.
///
/// # Errors
/// [`ResultsError`]
pub async fn read_order(clinic: &Clinic, actor: &Actor, id: OrderId) -> Result<Full, ResultsError> {
    one(clinic, actor, id, "order.read").await
}

/// One result; patients read the newest report without those that it corrected.
///
/// # Errors
/// [`ResultsError`]
pub async fn read_result(
    clinic: &Clinic,
    actor: &Actor,
    id: OrderId,
) -> Result<Full, ResultsError> {
    let full = one(clinic, actor, id, "result.read").await?;
    if full.report.is_some() {
        Ok(full)
    } else {
        Err(ResultsError::NotFound)
    }
}

/// Whose results are meant: patients mean their own unless they say whose.
fn meant(actor: &Actor, patient: Option<PatientId>) -> Option<PatientId> {
    let own = actor.patient.filter(|_| actor.role == Role::Patient);
    patient.or(own)
}

/// Results: critical ones that nobody read first, then unread ones, then the newest.
///
/// # Errors
/// [`ResultsError`]
pub async fn list_results(
    clinic: &Clinic,
    actor: &Actor,
    (patient, code): (Option<PatientId>, Option<&LoincCode>),
    is_mine: bool,
) -> Result<Vec<Full>, ResultsError> {
    let now = clinic.clock.now();
    let mut tx = clinic.db.look().await?;
    let (found, act) = list_results_in(&mut tx, (actor, now), (patient, code), is_mine).await?;
    tx.commit(act).await?;
    Ok(found)
}

/// [`list_results`] in an open transaction, with the audit entry that it needs.
pub(crate) async fn list_results_in(
    conn: &mut Conn,
    (actor, now): (&Actor, Micros),
    (patient, code): (Option<PatientId>, Option<&LoincCode>),
    is_mine: bool,
) -> Result<(Vec<Full>, AuditEntry), ResultsError> {
    let patient = meant(actor, patient);
    if code.is_some() && patient.is_none() {
        return Err(ResultsError::invalid("patient"));
    }
    let done = match patient {
        Some(patient) => match Access::to(conn, actor, patient, now).await {
            Ok(access) => access.entry(actor, "result.list"),
            Err(AccessDenied::NotFound) => return Err(ResultsError::NotFound),
            Err(AccessDenied::Store(error)) => return Err(error.into()),
        },
        None => actor.did("result.list", now),
    };
    let which = Shown {
        patient,
        code,
        is_mine,
        is_reported: true,
    };
    let found = orders::list(conn, &actor.viewer(now), which).await?;
    let found = furnish_all(conn, found).await?;
    Ok((found, done))
}

/// One value of a series.
#[derive(Debug, Clone, Copy)]
pub struct Point {
    /// Of which order.
    pub order: OrderId,
    /// When it was true.
    pub at: Micros,
    /// The value.
    pub value: Amount,
    /// What it means.
    pub flag: Option<Flag>,
    /// The lowest usual value then.
    pub low: Option<Amount>,
    /// The highest usual value then.
    pub high: Option<Amount>,
}

/// The verified values of one test of one patient that the actor may see, oldest first.
///
/// # Errors
/// [`ResultsError`]
pub async fn series(
    clinic: &Clinic,
    actor: &Actor,
    patient: Option<PatientId>,
    code: &LoincCode,
) -> Result<Vec<Point>, ResultsError> {
    let found = list_results(clinic, actor, (patient, Some(code)), false).await?;
    let mut points: Vec<Point> = found
        .into_iter()
        .filter(|it| it.order.verified.is_some())
        .filter_map(|it| {
            let values = it.report?.report.values;
            let value = values.into_iter().find(|value| value.code == *code)?;
            let Measure::Number { value: number, .. } = value.measure else {
                return None;
            };
            Some(Point {
                order: it.order.id,
                at: it.order.effective(),
                value: number,
                flag: value.flag,
                low: value.low,
                high: value.high,
            })
        })
        .collect();
    points.sort_by_key(|it| (it.at, it.order));
    Ok(points)
}
