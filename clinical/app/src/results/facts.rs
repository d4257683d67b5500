//! Verified values as facts of the chart.

use clinical_model::Micros;
use clinical_model::UserId;
use clinical_model::chart::{
    Amendment, Code, CodeSystem, Entry, EntryStatus, Fact, Interpretation, Observation,
    ObservationCategory, Quantity, ReferenceRange, Value as ChartValue,
};
use clinical_model::notify::Language;
use clinical_model::results::{Amount, Department, Flag, LabTest, Measure, Order, Report, Value};
use clinical_model::text::{CodeText, Decimal, LINE_CHARS_MAX, Line, Prose};
use clinical_store::chart::{self, EntryWriteError};
use clinical_store::{StoreError, Tx};

use super::{ResultsError, test_of};

/// LOINC answers for what was found or not found.
const POSITIVE: (&str, &str) = ("LA6576-8", "Positif");
const NEGATIVE: (&str, &str) = ("LA6577-6", "Négatif");

fn bad<E: std::error::Error + Send + Sync + 'static>(source: E) -> StoreError {
    StoreError::corrupt("order_reports.body_sealed", source)
}

fn loinc(code: &str, display: &str) -> Result<Code, StoreError> {
    Ok(Code {
        system: CodeSystem::Loinc,
        code: CodeText::try_from(code).map_err(bad)?,
        display: Line::try_from(display).map_err(bad)?,
    })
}

fn decimal(amount: Amount) -> Result<Decimal, StoreError> {
    amount.to_string().parse().map_err(bad)
}

const fn interpretation(value: &Value) -> Option<Interpretation> {
    match (&value.measure, value.flag) {
        (Measure::Found(true), _) => Some(Interpretation::Positive),
        (Measure::Found(false), _) => Some(Interpretation::Negative),
        (_, None) => None,
        (_, Some(Flag::Normal)) => Some(Interpretation::Normal),
        (_, Some(Flag::Low)) => Some(Interpretation::Low),
        (_, Some(Flag::High)) => Some(Interpretation::High),
        (_, Some(Flag::Abnormal | Flag::CriticalAbnormal)) => Some(Interpretation::Abnormal),
        (_, Some(Flag::CriticalLow)) => Some(Interpretation::CriticalLow),
        (_, Some(Flag::CriticalHigh)) => Some(Interpretation::CriticalHigh),
    }
}

fn observed(value: &Value) -> Result<(ChartValue, Option<Prose>), StoreError> {
    Ok(match &value.measure {
        Measure::Number { value: number, .. } => {
            let quantity = Quantity {
                value: decimal(*number)?,
                unit: Line::try_from(value.unit.as_str()).map_err(bad)?,
            };
            (ChartValue::Quantity(quantity), None)
        }
        Measure::Found(found) => {
            let (code, words) = if *found { POSITIVE } else { NEGATIVE };
            (ChartValue::Coded(loinc(code, words)?), None)
        }
        Measure::Words(words) => {
            let first = words.as_str().lines().next().unwrap_or_default();
            let first: String = first.chars().take(LINE_CHARS_MAX).collect();
            let line = Line::try_from(first).map_err(bad)?;
            (ChartValue::Text(line), Some(words.clone()))
        }
    })
}

fn fact(test: &LabTest, value: &Value) -> Result<Fact, StoreError> {
    let (observed, note) = observed(value)?;
    let range = if value.low.is_none() && value.high.is_none() {
        None
    } else {
        Some(ReferenceRange {
            low: value.low.map(decimal).transpose()?,
            high: value.high.map(decimal).transpose()?,
        })
    };
    Ok(Fact::Observation(Observation {
        code: loinc(value.code.as_str(), test.name(Language::French))?,
        category: match test.department {
            Department::Laboratory | Department::Pathology => ObservationCategory::Laboratory,
            Department::Imaging => ObservationCategory::Imaging,
        },
        value: observed,
        components: Vec::new(),
        interpretation: interpretation(value),
        range,
        note,
    }))
}

/// Writes the values of a verified report into the chart, as new versions of what stands there.
pub(super) async fn put(
    tx: &mut Tx,
    order: &Order,
    report: &Report,
    (author, now): (UserId, Micros),
) -> Result<(), ResultsError> {
    for value in &report.values {
        let fact = fact(test_of(&value.code)?, value)?;
        match chart::record(tx, value.entry).await? {
            None => {
                let entry = Entry {
                    id: value.entry,
                    tenant: order.tenant,
                    patient: order.patient,
                    fact,
                    label: order.label,
                    status: EntryStatus::Active,
                    effective: order.effective(),
                    recorded: now,
                    author,
                    appointment: None,
                    version: 1,
                };
                chart::insert(tx, &entry).await?;
            }
            // Somebody took it out of the chart: it is not put back behind their back.
            Some(old) if old.status == EntryStatus::EnteredInError => {}
            Some(old) if old.fact == fact => {}
            Some(old) => {
                let read = old.version;
                let amendment = Amendment {
                    fact,
                    label: old.label,
                    effective: old.effective,
                };
                let next = old
                    .amend(read, amendment, (author, now))
                    .or(Err(ResultsError::Changed))?;
                chart::update(tx, &next, read)
                    .await
                    .map_err(|error| match error {
                        EntryWriteError::Changed => ResultsError::Changed,
                        EntryWriteError::Store(error) => ResultsError::Store(error),
                    })?;
            }
        }
    }
    Ok(())
}
