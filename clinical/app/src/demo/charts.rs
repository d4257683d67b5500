//! The chart of one demo patient, as it is after some years.

use clinical_model::access::Label;
use clinical_model::chart::{Entry, EntryStatus, Fact};
use clinical_model::{AuditActor, AuditEntry, EntryId, Micros};

use super::DemoError;
use super::people::People;
use crate::Desk;

/// Facts, newest version only.
const CHART: &str = include_str!("chart.json");

#[derive(serde::Deserialize)]
struct Known {
    days_ago: i64,
    label: Label,
    fact: Fact,
}

/// Writes the chart of the last patient, unless there is something in it.
pub(super) async fn seed(desk: &Desk, people: &People) -> Result<(), DemoError> {
    let ([.., (_, patient)], [author, ..]) = (people.patients, people.doctors);
    let now = desk.now();
    let mut tx = desk.db().begin().await?;
    let there = clinical_store::chart::judged_facts(&mut tx, patient).await?;
    if !there.is_empty() {
        return Ok(());
    }
    for known in serde_json::from_str::<Vec<Known>>(CHART)? {
        let then = now.plus(-Micros::DAY.saturating_mul(known.days_ago));
        let entry = Entry {
            id: EntryId::from_uuid(desk.id(then)),
            tenant: people.tenant,
            patient,
            fact: known.fact,
            label: known.label,
            status: EntryStatus::Active,
            effective: then,
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
