//! What people are shown beside a prescription: who it is about, who wrote it, and the facts of the
//! chart that findings name.

use std::collections::BTreeMap;

use clinical_model::access::Label;
use clinical_model::chart::{Entry, Fact, Value};
use clinical_model::prescribing::Prescription;
use clinical_model::{Micros, PatientId, UserId};
use clinical_safety::{self as safety, FactRef};
use clinical_store::{Conn, StoreError, chart, identity, patients, prescriptions};

use crate::{Actor, Clinic};

/// A fact of the chart in words, as whoever wrote it down said them.
#[derive(Clone, PartialEq, Eq)]
pub struct FactWords {
    /// What.
    pub text: String,
    /// Of when.
    pub at: Micros,
}

impl core::fmt::Debug for FactWords {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("FactWords(..)")
    }
}

/// A prescription with what is shown beside it.
#[derive(Debug)]
pub struct Shown {
    /// The prescription.
    pub prescription: Prescription,
    /// The patient's name; empty when the record was erased.
    pub patient_name: String,
    /// When they were born, as far as it is known.
    pub birth: Option<String>,
    /// The prescriber's name.
    pub prescriber_name: String,
    /// Facts that findings name, by their reference; those that the reader may not see are left out.
    pub facts: BTreeMap<String, FactWords>,
}

/// Names that were looked up already.
#[derive(Default)]
struct Names {
    patients: BTreeMap<PatientId, (String, Option<String>)>,
    people: BTreeMap<UserId, String>,
}

impl Names {
    async fn of_patient(
        &mut self,
        conn: &mut Conn,
        it: &Prescription,
    ) -> Result<(String, Option<String>), StoreError> {
        if let Some(known) = self.patients.get(&it.patient) {
            return Ok(known.clone());
        }
        let found = patients::record(conn, it.tenant, it.patient).await?;
        let made = found.map_or_else(Default::default, |patient| {
            let birth = patient.demographics.birth.as_ref();
            let birth = birth.map(|date| date.as_str().to_owned());
            (patient.demographics.full_name(), birth)
        });
        self.patients.insert(it.patient, made.clone());
        Ok(made)
    }

    async fn of_person(&mut self, conn: &mut Conn, id: UserId) -> Result<String, StoreError> {
        if let Some(known) = self.people.get(&id) {
            return Ok(known.clone());
        }
        let found = identity::account(conn, id).await?;
        let name = found.map_or_else(String::new, |account| account.name);
        self.people.insert(id, name.clone());
        Ok(name)
    }
}

/// Adds the names to prescriptions that the actor may see. A list does without facts.
///
/// # Errors
/// The store failed.
pub async fn with_names(
    clinic: &Clinic,
    found: Vec<Prescription>,
) -> Result<Vec<Shown>, StoreError> {
    let mut conn = clinic.db.read().await?;
    let mut names = Names::default();
    let mut shown = Vec::with_capacity(found.len());
    for it in found {
        let (patient_name, birth) = names.of_patient(&mut conn, &it).await?;
        let prescriber_name = names.of_person(&mut conn, it.prescriber).await?;
        shown.push(Shown {
            prescription: it,
            patient_name,
            birth,
            prescriber_name,
            facts: BTreeMap::new(),
        });
    }
    Ok(shown)
}

/// Adds the names and the facts of the chart that its findings name, and those of `more`.
///
/// # Errors
/// The store failed.
pub async fn with_facts(
    clinic: &Clinic,
    actor: &Actor,
    it: Prescription,
    more: Option<&safety::Report>,
) -> Result<Shown, StoreError> {
    let mut conn = clinic.db.read().await?;
    let mut names = Names::default();
    let (patient_name, birth) = names.of_patient(&mut conn, &it).await?;
    let prescriber_name = names.of_person(&mut conn, it.prescriber).await?;
    let reports = it.content.report.iter().chain(more);
    let wanted: Vec<String> = reports
        .flat_map(|report| &report.findings)
        .flat_map(|finding| &finding.facts)
        .filter_map(reference)
        .map(|id| id.as_str().to_owned())
        .collect();
    let mut facts = BTreeMap::new();
    if !wanted.is_empty() {
        let now = clinic.clock.now();
        let known = known(&mut conn, (it.patient, now), Label::list_level(actor.role)).await?;
        facts.extend(known.into_iter().filter(|(id, _)| wanted.contains(id)));
    }
    Ok(Shown {
        prescription: it,
        patient_name,
        birth,
        prescriber_name,
        facts,
    })
}

const fn reference(fact: &safety::Fact) -> Option<&FactRef> {
    match fact {
        safety::Fact::Allergy(id)
        | safety::Fact::Condition(id)
        | safety::Fact::Medicine(id)
        | safety::Fact::Glucose(id) => Some(id),
        safety::Fact::Line(_)
        | safety::Fact::Age
        | safety::Fact::Weight
        | safety::Fact::Pregnancy
        | safety::Fact::Breastfeeding
        | safety::Fact::Kidneys
        | safety::Fact::Dose
        | safety::Fact::Unknown(_) => None,
    }
}

/// What the check knows of a patient, up to a label, by the reference that it uses.
async fn known(
    conn: &mut Conn,
    (patient, now): (PatientId, Micros),
    level: i64,
) -> Result<BTreeMap<String, FactWords>, StoreError> {
    let mut facts = BTreeMap::new();
    for entry in chart::judged_facts(conn, patient).await? {
        if entry.label.level() <= level
            && let Some(text) = words(&entry)
        {
            let at = entry.effective;
            facts.insert(entry.id.to_string(), FactWords { text, at });
        }
    }
    for it in prescriptions::active_of(conn, patient, now).await? {
        if it.label.level() > level {
            continue;
        }
        let at = it.signed.unwrap_or(it.created);
        for (line, prescribed) in it.content.lines.iter().enumerate() {
            let text = prescribed.name.as_str().to_owned();
            facts.insert(format!("{}/{line}", it.id), FactWords { text, at });
        }
    }
    Ok(facts)
}

fn words(entry: &Entry) -> Option<String> {
    match &entry.fact {
        Fact::Condition(it) => Some(format!(
            "{} ({})",
            it.code.display.as_str(),
            it.code.code.as_str()
        )),
        Fact::Allergy(it) => Some(it.substance.display.as_str().to_owned()),
        Fact::Medication(it) => Some(it.substance.display.as_str().to_owned()),
        Fact::Observation(it) => Some(match &it.value {
            Value::Quantity(value) => format!(
                "{} : {} {}",
                it.code.display.as_str(),
                value.value.as_str(),
                value.unit.as_str()
            ),
            Value::Coded(value) => {
                format!("{} : {}", it.code.display.as_str(), value.display.as_str())
            }
            Value::Text(_) | Value::Components => it.code.display.as_str().to_owned(),
        }),
        Fact::Immunization(_)
        | Fact::FamilyHistory(_)
        | Fact::Procedure(_)
        | Fact::Document(_)
        | Fact::Note(_) => None,
    }
}
