//! What the chart of one demo patient says: a diabetes and a high glucose, so that the safety check
//! has something to find.

use clinical_model::access::Label;
use clinical_model::chart::{
    ClinicalStatus, Code, CodeSystem, Condition, Entry, EntryStatus, Fact, Observation,
    ObservationCategory, Quantity, Value, Verification,
};
use clinical_model::text::{CodeText, Line};
use clinical_model::{AuditActor, AuditEntry, EntryId, Micros};

use super::DemoError;
use super::people::People;
use crate::Desk;

fn code(system: CodeSystem, code: &str, display: &str) -> Result<Code, DemoError> {
    Ok(Code {
        system,
        code: CodeText::try_from(code)?,
        display: Line::try_from(display)?,
    })
}

fn facts() -> Result<[(i64, Fact); 2], DemoError> {
    let diabetes = Fact::Condition(Condition {
        code: code(CodeSystem::Icd10, "E11.9", "Diabète de type 2")?,
        clinical: ClinicalStatus::Active,
        verification: Verification::Confirmed,
        severity: None,
        onset: None,
        note: None,
    });
    let value = "16.4".parse().ok().ok_or(DemoError::Missing)?;
    let glucose = Fact::Observation(Observation {
        code: code(CodeSystem::Loinc, "14749-6", "Glycémie")?,
        category: ObservationCategory::Laboratory,
        value: Value::Quantity(Quantity {
            value,
            unit: Line::try_from("mmol/L")?,
        }),
        components: Vec::new(),
        interpretation: None,
        range: None,
        note: None,
    });
    Ok([(-900 * Micros::DAY, diabetes), (-2 * Micros::DAY, glucose)])
}

/// Writes the facts, unless the chart has some.
pub(super) async fn seed(desk: &Desk, people: &People) -> Result<(), DemoError> {
    let [_, (_, patient), ..] = people.patients;
    let [author, ..] = people.doctors;
    let now = desk.now();
    let mut tx = desk.db().begin().await?;
    let known = clinical_store::chart::judged_facts(&mut tx, patient).await?;
    if !known.is_empty() {
        return Ok(());
    }
    for (age, fact) in facts()? {
        let entry = Entry {
            id: EntryId::from_uuid(desk.id(now)),
            tenant: people.tenant,
            patient,
            fact,
            label: Label::Normal,
            status: EntryStatus::Active,
            effective: now.plus(age),
            recorded: now,
            author,
            appointment: None,
            version: 1,
        };
        clinical_store::chart::insert(&mut tx, &entry).await?;
    }
    let entry = AuditEntry::done(AuditActor::System, "demo.chart", now)
        .within(people.tenant)
        .of_patient(patient);
    tx.commit(entry).await?;
    Ok(())
}
