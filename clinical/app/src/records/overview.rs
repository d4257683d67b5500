//! The chart at a glance.

use clinical_model::access::Label;
use clinical_model::chart::units::{ANALYTES, Analyte, BLOOD_PRESSURE, DIASTOLIC, SYSTOLIC};
use clinical_model::chart::{Code, CodeSystem, Entry, Fact, Kind};
use clinical_model::{Micros, PatientId};
use clinical_store::chart::{Filter, PAGE_MAX};
use clinical_store::{Conn, StoreError};

use super::shown::{Shown, listed, shown};
use super::{RecordError, records_of};
use crate::{Access, Actor, Clinic};

/// A measurement of which there is a row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trend {
    /// What.
    pub analyte: &'static Analyte,
    /// How many values among the newest observations.
    pub count: u32,
}

/// What there is to know first.
#[derive(Debug, Clone)]
pub struct Overview {
    /// Allergies, conditions, medicines, vaccinations, relatives: newest first, at most
    /// [`PAGE_MAX`] of each.
    pub entries: Vec<Shown>,
    /// The newest observation of each code.
    pub latest: Vec<Shown>,
    /// Measurements with more than one value.
    pub trends: Vec<Trend>,
}

pub(super) const fn everything(label_max: Label) -> Filter {
    Filter {
        kinds: Vec::new(),
        code: None,
        from: Micros(i64::MIN),
        to: Micros(i64::MAX),
        with_errors: false,
        label_max,
    }
}

/// The chart of a patient as the actor may see it.
///
/// # Errors
/// [`RecordError::NotFound`] and [`RecordError::Store`]
pub async fn overview(
    clinic: &Clinic,
    actor: &Actor,
    patient: PatientId,
) -> Result<Overview, RecordError> {
    let mut tx = clinic.db.look().await?;
    let access = Access::to(&mut tx, actor, patient, clinic.clock.now()).await?;
    let records = records_of(&mut tx, patient).await?;
    let mut filter = everything(access.label_max()?);
    let mut entries = Vec::new();
    for kind in [
        Kind::Allergy,
        Kind::Condition,
        Kind::Medication,
        Kind::Immunization,
        Kind::FamilyHistory,
        Kind::Procedure,
    ] {
        filter.kinds = vec![kind];
        entries.extend(listed(&mut tx, &access, &records, &filter, (None, PAGE_MAX)).await?);
    }
    filter.kinds = vec![Kind::Observation];
    let observed = listed(&mut tx, &access, &records, &filter, (None, PAGE_MAX)).await?;
    let trends = trends(&observed);
    let latest = newest_of_each(observed);
    let entries = shown(&mut tx, actor, &access, entries).await?;
    let latest = shown(&mut tx, actor, &access, latest).await?;
    tx.commit(access.entry(actor, "chart.overview")).await?;
    Ok(Overview {
        entries,
        latest,
        trends,
    })
}

/// The medicines in the chart of a patient up to a label, newest first.
pub(crate) async fn medicines_in_chart(
    conn: &mut Conn,
    access: &Access,
    label_max: Label,
) -> Result<Vec<Entry>, StoreError> {
    let records = records_of(conn, access.patient()).await?;
    let mut filter = everything(label_max);
    filter.kinds = vec![Kind::Medication];
    listed(conn, access, &records, &filter, (None, PAGE_MAX)).await
}

/// Entries come newest first.
fn newest_of_each(entries: Vec<Entry>) -> Vec<Entry> {
    let mut codes = Vec::new();
    entries
        .into_iter()
        .filter(|entry| {
            let code = entry.fact.code().map(Code::index_text);
            let is_first = !codes.contains(&code);
            if is_first {
                codes.push(code);
            }
            is_first
        })
        .collect()
}

fn trends(observed: &[Entry]) -> Vec<Trend> {
    ANALYTES
        .iter()
        .filter_map(|analyte| {
            let values = observed.iter().filter(|it| measures(&it.fact, analyte));
            let count = u32::try_from(values.count()).unwrap_or(u32::MAX);
            (count > 1).then_some(Trend { analyte, count })
        })
        .collect()
}

/// Whether an observation, or one of its parts, is a value of this.
pub(super) fn measures(fact: &Fact, analyte: &Analyte) -> bool {
    let Fact::Observation(it) = fact else {
        return false;
    };
    is_of(&it.code, analyte) || it.components.iter().any(|part| is_of(&part.code, analyte))
}

pub(super) fn is_of(code: &Code, analyte: &Analyte) -> bool {
    code.system == CodeSystem::Loinc && analyte.codes.contains(&code.code.as_str())
}

/// The codes under which values of this are written, with panels.
pub(super) fn codes_of(analyte: &Analyte) -> Vec<&'static str> {
    let mut codes = analyte.codes.to_vec();
    if codes.contains(&SYSTOLIC) || codes.contains(&DIASTOLIC) {
        codes.push(BLOOD_PRESSURE);
    }
    codes
}
