//! The chart of a patient as the safety check reads it.

use std::collections::BTreeSet;

use clinical_model::Micros;
use clinical_model::chart::{
    Allergy, ClinicalStatus, Code, CodeSystem, Condition, Entry, Fact, MedicationStatement,
    MedicationStatus, Observation, Severity, Value, Verification,
};
use clinical_model::patients::Sex;
use clinical_model::prescribing::Prescription;
use clinical_model::text::PartialDate;
use clinical_safety as safety;
use clinical_safety::{ActiveMedicine, Allergen, Breastfeeding, Chart, Drug, FactRef, Pregnancy};
use clinical_store::{Conn, patients, prescriptions};

use super::PrescribingError;
use super::checker::rules;

/// A pregnancy that was written down longer ago says nothing of today.
const PREGNANCY_US: i64 = 300 * Micros::DAY;
/// Glucose values of this time count.
const GLUCOSE_US: i64 = 90 * Micros::DAY;
/// Grams of glucose in a mole, over ten: mg/dl in a mmol/l.
const MG_DL_PER_MMOL_L: f64 = 18.016;

/// Loads the chart against which `it` is checked; the prescription itself, and what it replaces, do
/// not count as taken.
pub(super) async fn load(
    conn: &mut Conn,
    it: &Prescription,
    now: Micros,
) -> Result<Chart, PrescribingError> {
    let patient = patients::record(conn, it.tenant, it.patient).await?;
    let patient = patient.ok_or(PrescribingError::NotFound)?;
    let mut chart = Chart::unknown(u64::from(patient.chart_version));
    chart.sex = match patient.demographics.sex {
        Sex::Male => safety::Sex::Male,
        Sex::Female => safety::Sex::Female,
        Sex::Other | Sex::Unknown => safety::Sex::Unknown,
    };
    chart.age_months = patient
        .demographics
        .birth
        .as_ref()
        .and_then(|birth| age_months(birth, now));
    let mut asked = BTreeSet::new();
    // What was written in a record of the same person that was merged into this one counts too.
    let mut facts = clinical_store::chart::judged_facts(conn, it.patient).await?;
    for record in clinical_store::merges::losers_of(conn, it.patient).await? {
        facts.extend(clinical_store::chart::judged_facts(conn, record).await?);
    }
    facts.sort_by_key(|it| core::cmp::Reverse((it.effective, it.id)));
    for entry in facts {
        add(&mut chart, &mut asked, &entry, (it, now));
    }
    for other in prescriptions::active_of(conn, it.patient, now).await? {
        if other.id != it.id && Some(other.id) != it.prior {
            add_prescribed(&mut chart, &other, now);
        }
    }
    for part in asked {
        chart.unknown.remove(&part);
    }
    Ok(chart)
}

fn age_months(birth: &PartialDate, now: Micros) -> Option<u16> {
    let today = jiff::Timestamp::from_microsecond(now.0).ok()?;
    let today = today.to_zoned(jiff::tz::TimeZone::UTC).date();
    let (year, month, day) = birth.parts();
    let months = |year: i16, month: i8| i32::from(year) * 12 + i32::from(month);
    let before_day = day.is_some_and(|day| day > today.day());
    let lived = months(today.year(), today.month()) - months(year, month.unwrap_or(1));
    u16::try_from(lived - i32::from(before_day)).ok()
}

fn add(
    chart: &mut Chart,
    asked: &mut BTreeSet<safety::Unknown>,
    entry: &Entry,
    (it, now): (&Prescription, Micros),
) {
    let id = FactRef::new(entry.id.to_string());
    match &entry.fact {
        Fact::Allergy(fact) => {
            asked.insert(safety::Unknown::Allergies);
            chart.allergies.extend(allergy(id, fact));
        }
        Fact::Condition(fact) => {
            asked.insert(safety::Unknown::Conditions);
            chart.conditions.extend(condition(id, fact));
        }
        Fact::Medication(fact) => {
            asked.insert(safety::Unknown::Medicines);
            let is_same = fact.prescription == Some(it.id)
                || (fact.prescription.is_some() && fact.prescription == it.prior);
            if !is_same {
                chart.medicines.extend(medicine(id, fact));
            }
        }
        Fact::Observation(fact) => observe(chart, (id, fact), now.since(entry.effective)),
        Fact::Immunization(_)
        | Fact::FamilyHistory(_)
        | Fact::Procedure(_)
        | Fact::Document(_)
        | Fact::Note(_) => {}
    }
}

fn is_past(status: ClinicalStatus) -> bool {
    match status {
        ClinicalStatus::Resolved => true,
        ClinicalStatus::Active
        | ClinicalStatus::Recurrence
        | ClinicalStatus::Relapse
        | ClinicalStatus::Inactive
        | ClinicalStatus::Remission => false,
    }
}

fn drug(code: &Code) -> Drug {
    let words = || Drug::FreeText(code.display.as_str().to_owned());
    match code.system {
        CodeSystem::Formulary => Drug::Substance(safety::SubstanceId::new(code.code.as_str())),
        CodeSystem::Atc => rules()
            .ok()
            .and_then(|rules| {
                let mut all = rules.substances();
                all.find(|it| it.atc.iter().any(|atc| atc == code.code.as_str()))
            })
            .map_or_else(words, |it| Drug::Substance(it.id.clone())),
        CodeSystem::Icd10
        | CodeSystem::Loinc
        | CodeSystem::Snomed
        | CodeSystem::Cvx
        | CodeSystem::Local
        | CodeSystem::Text => words(),
    }
}

fn allergy(id: FactRef, fact: &Allergy) -> Option<safety::Allergy> {
    if is_past(fact.clinical) {
        return None;
    }
    let allergen = match drug(&fact.substance) {
        Drug::Substance(slug) => {
            let is_known = rules().is_ok_and(|rules| rules.substance(&slug).is_some());
            if is_known {
                Allergen::Substance(slug)
            } else {
                Allergen::Group(slug.as_str().to_owned())
            }
        }
        Drug::FreeText(words) => Allergen::FreeText(words),
    };
    Some(safety::Allergy {
        id,
        allergen,
        severity: match fact.severity {
            None => safety::Severity::Unknown,
            Some(Severity::Mild) => safety::Severity::Mild,
            Some(Severity::Moderate) => safety::Severity::Moderate,
            Some(Severity::Severe) => safety::Severity::Severe,
        },
        verification: match fact.verification {
            Verification::Refuted => safety::Verification::Refuted,
            Verification::Confirmed => safety::Verification::Confirmed,
            Verification::Unconfirmed | Verification::Provisional | Verification::Differential => {
                safety::Verification::Unconfirmed
            }
        },
    })
}

fn condition(id: FactRef, fact: &Condition) -> Option<safety::Condition> {
    let counts = fact.verification != Verification::Refuted;
    let is_coded = fact.code.system == CodeSystem::Icd10;
    (counts && is_coded).then(|| safety::Condition {
        id,
        code: fact.code.code.as_str().to_owned(),
        status: if is_past(fact.clinical) {
            safety::ConditionStatus::Resolved
        } else {
            safety::ConditionStatus::Active
        },
    })
}

fn medicine(id: FactRef, fact: &MedicationStatement) -> Option<ActiveMedicine> {
    let is_taken = match fact.status {
        MedicationStatus::Active | MedicationStatus::OnHold => true,
        MedicationStatus::Completed | MedicationStatus::Stopped => false,
    };
    is_taken.then(|| ActiveMedicine {
        id,
        drug: drug(&fact.substance),
        dose: None,
        frequency: None,
        route: None,
    })
}

/// What another prescription has the patient take today.
fn add_prescribed(chart: &mut Chart, other: &Prescription, now: Micros) {
    let since = other.signed.map_or(0, |at| now.since(at));
    for (at, line) in other.content.lines.iter().enumerate() {
        let courses = i64::from(line.repeats) + 1;
        let is_over = line
            .line
            .duration_days
            .is_some_and(|days| since > i64::from(days) * courses * Micros::DAY);
        if !is_over {
            chart.medicines.push(ActiveMedicine {
                id: FactRef::new(format!("{}/{at}", other.id)),
                drug: line.line.drug.clone(),
                dose: line.line.dose,
                frequency: line.line.frequency,
                route: line.line.route,
            });
        }
    }
}

/// Takes in a value; facts come newest first, so the first one of a kind counts.
fn observe(chart: &mut Chart, (id, fact): (FactRef, &Observation), age_us: i64) {
    if fact.code.system != CodeSystem::Loinc {
        return;
    }
    let number = match &fact.value {
        Value::Quantity(it) => Some((it.value.to_f64(), it.unit.as_str())),
        Value::Coded(_) | Value::Text(_) | Value::Components => None,
    };
    let coded = match &fact.value {
        Value::Coded(it) => it.code.as_str(),
        Value::Quantity(_) | Value::Text(_) | Value::Components => "",
    };
    match (fact.code.code.as_str(), number) {
        ("29463-7", Some((kg, "kg"))) => chart.weight_kg = chart.weight_kg.or(Some(kg)),
        ("33914-3" | "48642-3" | "62238-1" | "69405-9" | "98979-8", Some((rate, _))) => {
            chart.egfr_ml_min = chart.egfr_ml_min.or(Some(rate));
        }
        ("2339-0" | "2345-7" | "14749-6" | "15074-8", Some((value, unit)))
            if age_us <= GLUCOSE_US =>
        {
            let mmol_per_l = match unit {
                "mmol/L" => value,
                "mg/dL" => value / MG_DL_PER_MMOL_L,
                "g/L" => value * 100.0 / MG_DL_PER_MMOL_L,
                _ => return,
            };
            chart.glucose.push(safety::Glucose { id, mmol_per_l });
        }
        ("82810-3", _) if age_us <= PREGNANCY_US && chart.pregnancy == Pregnancy::Unknown => {
            chart.pregnancy = match coded {
                "77386006" | "LA15173-0" => Pregnancy::Yes { weeks: None },
                "60001007" | "LA26683-5" => Pregnancy::No,
                _ => Pregnancy::Unknown,
            };
        }
        ("63895-7", _) if chart.breastfeeding == Breastfeeding::Unknown => {
            chart.breastfeeding = match coded {
                "LA33-6" => Breastfeeding::Yes,
                "LA32-8" => Breastfeeding::No,
                _ => Breastfeeding::Unknown,
            };
        }
        _ => {}
    }
}
