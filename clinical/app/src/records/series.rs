//! The values of one measurement over time, in one unit.

use clinical_model::chart::units::Analyte;
use clinical_model::chart::{Code, CodeSystem, Entry, Fact, Interpretation, Quantity, Value};
use clinical_model::text::{CodeText, Line};
use clinical_model::{EntryId, Micros, PatientId};
use clinical_store::chart::PAGE_MAX;

use super::overview::{codes_of, everything, is_of};
use super::shown::listed;
use super::{RecordError, records_of};
use crate::{Access, Actor, Clinic};

/// One value.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    /// The entry.
    pub entry: EntryId,
    /// When it was measured.
    pub at: Micros,
    /// In the unit of the series.
    pub value: f64,
    /// As it was written.
    pub written: Quantity,
    /// What it means.
    pub interpretation: Option<Interpretation>,
}

/// The values of one measurement, oldest first.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// What is measured, when it is known here.
    pub analyte: Option<&'static Analyte>,
    /// UCUM code of the unit; empty when there is no value.
    pub unit: String,
    /// The values, at most the newest [`PAGE_MAX`].
    pub points: Vec<Point>,
}

/// The values of what a short word or a LOINC code names.
///
/// # Errors
/// [`RecordError::NotFound`], [`RecordError::Invalid`] and [`RecordError::Store`]
pub async fn series(
    clinic: &Clinic,
    actor: &Actor,
    patient: PatientId,
    of: &str,
) -> Result<Series, RecordError> {
    let mut tx = clinic.db.look().await?;
    let access = Access::to(&mut tx, actor, patient, clinic.clock.now()).await?;
    let analyte = Analyte::of_slug(of).or_else(|| Analyte::of_code(of));
    let codes: Vec<&str> = match analyte {
        Some(analyte) => codes_of(analyte),
        None => vec![of],
    };
    let records = records_of(&mut tx, patient).await?;
    let mut filter = everything(access.label_max()?);
    let mut entries = Vec::new();
    for code in codes {
        filter.code = Some(Code {
            system: CodeSystem::Loinc,
            code: CodeText::try_from(code).or(Err(RecordError::Invalid("code")))?,
            display: Line::try_from(code).or(Err(RecordError::Invalid("code")))?,
        });
        entries.extend(listed(&mut tx, &access, &records, &filter, (None, PAGE_MAX)).await?);
    }
    entries.sort_by_key(|it| (it.effective, it.id));
    tx.commit(access.entry(actor, "chart.series")).await?;
    Ok(match analyte {
        Some(analyte) => Series {
            analyte: Some(analyte),
            unit: analyte.unit.to_owned(),
            points: entries.iter().flat_map(|it| known(it, analyte)).collect(),
        },
        None => unknown(&entries),
    })
}

fn point(entry: &Entry, written: &Quantity, value: f64) -> Option<Point> {
    let Fact::Observation(it) = &entry.fact else {
        return None;
    };
    Some(Point {
        entry: entry.id,
        at: entry.effective,
        value,
        written: written.clone(),
        interpretation: it.interpretation,
    })
}

fn known(entry: &Entry, analyte: &Analyte) -> Vec<Point> {
    let Fact::Observation(it) = &entry.fact else {
        return Vec::new();
    };
    let own = match &it.value {
        Value::Quantity(value) if is_of(&it.code, analyte) => Some(value),
        Value::Quantity(_) | Value::Coded(_) | Value::Text(_) | Value::Components => None,
    };
    let parts = it.components.iter().filter(|it| is_of(&it.code, analyte));
    own.into_iter()
        .chain(parts.map(|it| &it.value))
        .filter_map(|written| {
            let value = analyte.harmonise(written.value.to_f64(), written.unit.as_str())?;
            point(entry, written, value)
        })
        .collect()
}

/// Values of a code that is not known here are shown in the unit of the newest; others do not convert.
fn unknown(entries: &[Entry]) -> Series {
    let values: Vec<(&Entry, &Quantity)> = entries
        .iter()
        .filter_map(|entry| match &entry.fact {
            Fact::Observation(it) => match &it.value {
                Value::Quantity(value) => Some((entry, value)),
                Value::Coded(_) | Value::Text(_) | Value::Components => None,
            },
            Fact::Condition(_)
            | Fact::Allergy(_)
            | Fact::Medication(_)
            | Fact::Immunization(_)
            | Fact::FamilyHistory(_)
            | Fact::Procedure(_)
            | Fact::Document(_)
            | Fact::Note(_) => None,
        })
        .collect();
    let unit = values
        .last()
        .map_or("", |(_, newest)| newest.unit.as_str())
        .to_owned();
    let points = values
        .into_iter()
        .filter_map(|(entry, written)| {
            let from = written.unit.as_str();
            let value = written.value.to_f64();
            let value = clinical_model::chart::units::convert(value, from, &unit)?;
            point(entry, written, value)
        })
        .collect();
    Series {
        analyte: None,
        unit,
        points,
    }
}
