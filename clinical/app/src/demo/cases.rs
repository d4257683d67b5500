//! The charts of two demo patients in words of code: one with diabetes, one with an allergy. Both made up.

use clinical_model::access::Label;
use clinical_model::chart::files::{DocumentClass, FileType};
use clinical_model::chart::units::{BLOOD_PRESSURE, DIASTOLIC, SYSTOLIC};
use clinical_model::chart::{
    Allergy, AllergyCategory, ClinicalStatus, Code, CodeSystem, Component, Condition, Criticality,
    DocumentFact, Entry, EntryStatus, Fact, Immunization, MedicationSource, MedicationStatement,
    MedicationStatus, Observation, ObservationCategory, Quantity, Severity, Value, Verification,
};
use clinical_model::text::{CodeText, Decimal, Line, PartialDate};
use clinical_model::{AuditActor, AuditEntry, EntryId, Micros, PatientId, UserId};
use clinical_store::files::{self, FileOf};
use clinical_store::{Tx, chart};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::DemoError;
use super::people::People;
use crate::Desk;

const MG: &str = "mg/dL";
const LAB: ObservationCategory = ObservationCategory::Laboratory;
const VITAL: ObservationCategory = ObservationCategory::VitalSigns;

/// Glucose of the patient with diabetes: how many days ago, and mmol/L.
const GLUCOSE: [(i64, &str); 8] = [
    (330, "8.9"),
    (270, "9.4"),
    (210, "9.1"),
    (150, "10.2"),
    (90, "11.6"),
    (45, "12.8"),
    (14, "13.5"),
    (2, "14.1"),
];
/// Blood pressures: how many days ago, systolic, diastolic.
const PRESSURES: [(i64, &str, &str); 8] = [
    (360, "168", "98"),
    (300, "162", "96"),
    (240, "155", "94"),
    (180, "150", "90"),
    (120, "146", "88"),
    (60, "142", "86"),
    (30, "138", "84"),
    (3, "136", "82"),
];

/// What is the same for every entry of one chart.
struct Writing<'a> {
    desk: &'a Desk,
    tx: Tx,
    patient: PatientId,
    people: &'a People,
}

/// Writes the charts, each once: a chart that has an entry is left alone.
pub(super) async fn seed(desk: &Desk, people: &People) -> Result<(), DemoError> {
    let [_, (_, diabetic), (_, allergic), _] = people.patients;
    for patient in [diabetic, allergic] {
        let tx = desk.db().begin().await?;
        let mut writing = Writing {
            desk,
            tx,
            patient,
            people,
        };
        let known = chart::judged_facts(&mut writing.tx, patient).await?;
        if !known.is_empty() {
            continue;
        }
        if patient == diabetic {
            writing.diabetes().await?;
        } else {
            writing.allergy().await?;
        }
        let entry = AuditEntry::done(AuditActor::System, "demo.chart", desk.now())
            .within(people.tenant)
            .of_patient(patient);
        writing.tx.commit(entry).await?;
    }
    Ok(())
}

fn code(system: CodeSystem, code: &str, display: &str) -> Result<Code, DemoError> {
    Ok(Code {
        system,
        code: CodeText::try_from(code)?,
        display: Line::try_from(display)?,
    })
}

fn quantity(value: &str, unit: &str) -> Result<Quantity, DemoError> {
    let value: Decimal = value.parse().ok().ok_or(DemoError::Missing)?;
    Ok(Quantity {
        value,
        unit: Line::try_from(unit)?,
    })
}

fn date(text: &str) -> Result<PartialDate, DemoError> {
    text.parse().ok().ok_or(DemoError::Missing)
}

fn condition(icd: &str, words: &str, since: &str) -> Result<Fact, DemoError> {
    Ok(Fact::Condition(Condition {
        code: code(CodeSystem::Icd10, icd, words)?,
        clinical: ClinicalStatus::Active,
        verification: Verification::Confirmed,
        severity: None,
        onset: Some(date(since)?),
        note: None,
    }))
}

fn medicine(slug: &str, name: &str, dosage: &str) -> Result<Fact, DemoError> {
    Ok(Fact::Medication(MedicationStatement {
        substance: code(CodeSystem::Formulary, slug, name)?,
        status: MedicationStatus::Active,
        source: MedicationSource::Clinician,
        dosage: Some(Line::try_from(dosage)?),
        from: Some(date("2024")?),
        until: None,
        prescription: None,
        note: None,
    }))
}

fn measured(
    category: ObservationCategory,
    (loinc, words): (&str, &str),
    (value, unit): (&str, &str),
) -> Result<Fact, DemoError> {
    Ok(Fact::Observation(Observation {
        code: code(CodeSystem::Loinc, loinc, words)?,
        category,
        value: Value::Quantity(quantity(value, unit)?),
        components: Vec::new(),
        interpretation: None,
        range: None,
        note: None,
    }))
}

fn pressure(systolic: &str, diastolic: &str) -> Result<Fact, DemoError> {
    let part = |loinc, words, value| {
        Ok::<_, DemoError>(Component {
            code: code(CodeSystem::Loinc, loinc, words)?,
            value: quantity(value, "mm[Hg]")?,
        })
    };
    Ok(Fact::Observation(Observation {
        code: code(CodeSystem::Loinc, BLOOD_PRESSURE, "Tension artérielle")?,
        category: VITAL,
        value: Value::Components,
        components: vec![
            part(SYSTOLIC, "Tension systolique", systolic)?,
            part(DIASTOLIC, "Tension diastolique", diastolic)?,
        ],
        interpretation: None,
        range: None,
        note: None,
    }))
}

fn vaccine(cvx: &str, words: &str, dose: u8) -> Result<Fact, DemoError> {
    Ok(Fact::Immunization(Immunization {
        vaccine: code(CodeSystem::Cvx, cvx, words)?,
        given: true,
        dose_number: Some(dose),
        lot: None,
        note: None,
    }))
}

impl Writing<'_> {
    /// The patient with diabetes and high blood pressure.
    async fn diabetes(&mut self) -> Result<(), DemoError> {
        let loinc = |text| ("15074-8", text);
        self.add(1500, condition("E11.9", "Diabète de type 2", "2019")?)
            .await?;
        self.add(1400, condition("I10", "Hypertension artérielle", "2020")?)
            .await?;
        let metformin = medicine("metformin", "Metformine", "1000 mg matin et soir")?;
        self.add(700, metformin).await?;
        let amlodipine = medicine("amlodipine", "Amlodipine", "5 mg le matin")?;
        self.add(690, amlodipine).await?;
        for (days, value) in GLUCOSE {
            let fact = measured(LAB, loinc("Glycémie"), (value, "mmol/L"))?;
            self.add(days, fact).await?;
        }
        for (days, systolic, diastolic) in PRESSURES {
            self.add(days, pressure(systolic, diastolic)?).await?;
        }
        for (days, value) in [(300, "8.1"), (120, "8.7"), (10, "9.4")] {
            let hba1c = ("4548-4", "Hémoglobine glyquée (HbA1c)");
            self.add(days, measured(LAB, hba1c, (value, "%"))?).await?;
        }
        let creatinine = ("2160-0", "Créatinine");
        self.add(10, measured(LAB, creatinine, ("1.1", MG))?)
            .await?;
        let weight = ("29463-7", "Poids");
        for (days, value) in [(300, "88.5"), (120, "87.0"), (3, "86.2")] {
            self.add(days, measured(VITAL, weight, (value, "kg"))?)
                .await?;
        }
        self.add(400, vaccine("141", "Vaccin contre la grippe", 1)?)
            .await?;
        self.paper(10).await
    }

    /// The patient with the allergy to penicillins.
    async fn allergy(&mut self) -> Result<(), DemoError> {
        let allergy = Fact::Allergy(Allergy {
            substance: code(CodeSystem::Formulary, "penicillin", "Pénicillines")?,
            category: AllergyCategory::Medication,
            criticality: Criticality::High,
            clinical: ClinicalStatus::Active,
            verification: Verification::Confirmed,
            reaction: Some(Line::try_from("Œdème du visage et urticaire")?),
            severity: Some(Severity::Severe),
            onset: Some(date("2012")?),
            note: None,
        });
        self.add(1200, allergy).await?;
        self.add(900, condition("J45.9", "Asthme", "2004")?).await?;
        let salbutamol = medicine("salbutamol", "Salbutamol", "2 bouffées au besoin")?;
        self.add(900, salbutamol).await?;
        for (days, dose) in [(3000, 1), (2970, 2), (2800, 3)] {
            self.add(days, vaccine("45", "Vaccin contre l'hépatite B", dose)?)
                .await?;
        }
        self.add(800, vaccine("37", "Vaccin contre la fièvre jaune", 1)?)
            .await?;
        let weight = ("29463-7", "Poids");
        self.add(20, measured(VITAL, weight, ("61.0", "kg"))?).await
    }

    async fn add(&mut self, days_ago: i64, fact: Fact) -> Result<(), DemoError> {
        let entry = self.entry(days_ago, fact);
        chart::insert(&mut self.tx, &entry).await?;
        Ok(())
    }

    fn entry(&self, days_ago: i64, fact: Fact) -> Entry {
        let at = self.desk.now().plus(days_ago.saturating_mul(-Micros::DAY));
        Entry {
            id: EntryId::from_uuid(self.desk.id(at)),
            tenant: self.people.tenant,
            patient: self.patient,
            fact,
            label: Label::Normal,
            status: EntryStatus::Active,
            effective: at,
            recorded: at,
            author: self.author(),
            appointment: None,
            version: 1,
        }
    }

    const fn author(&self) -> UserId {
        let [first, ..] = self.people.doctors;
        first
    }

    /// A report of the laboratory.
    async fn paper(&mut self, days_ago: i64) -> Result<(), DemoError> {
        let bytes = REPORT.as_bytes();
        let hash = Sha256::digest(bytes);
        let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        let (loinc, words) = DocumentClass::Laboratory.loinc();
        let blob: Uuid = self.desk.opaque_id();
        let fact = Fact::Document(DocumentFact {
            class: code(CodeSystem::Loinc, loinc, words)?,
            title: Line::try_from("Bilan sanguin")?,
            media_type: Line::try_from(FileType::Text.media_type())?,
            size_bytes: u32::try_from(bytes.len()).unwrap_or(u32::MAX),
            sha256: Line::try_from(hash.as_str())?,
            blob,
        });
        let of = FileOf {
            tenant: self.people.tenant,
            patient: self.patient,
            author: self.author(),
            at: self.desk.now(),
        };
        files::insert(&mut self.tx, blob, of, bytes).await?;
        self.add(days_ago, fact).await
    }
}

const REPORT: &str = "\
LABORATOIRE DE DÉMONSTRATION
Bilan sanguin

HbA1c           9,4 %        (cible : < 7 %)
Glycémie à jeun 2,54 g/L     (0,70 - 1,10)
Créatinine      11 mg/L      (7 - 13)

Document fictif.
";
