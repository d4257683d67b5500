//! What was ordered and prescribed in the demo clinic: results as a laboratory gives them, one of them
//! critical and read back, and prescriptions on their way.

use clinical_model::prescribing::Fill;
use clinical_model::results::{LoincCode, Priority, ReleaseRule};
use clinical_model::text::Prose;
use clinical_model::{PatientId, Role};
use clinical_safety as safety;
use clinical_safety::SubstanceId;

use super::DemoError;
use super::people::People;
use crate::prescribing::{
    Checker, DraftCommand, LineCommand, PrescribingError, dispense, list, sign, transmit,
    write_draft,
};
use crate::results::{
    OrderCommand, ReadBack, ReportCommand, ResultsError, TypedValue, collect, list_results,
    mark_seen, place_order, verify_report, write_report,
};
use crate::{Actor, Desk};

/// One order with what came back: code, value, unit, and whether it must be read back.
struct Found {
    /// Whose, by their place among the people.
    patient: usize,
    priority: Priority,
    reason: &'static str,
    values: &'static [(&'static str, &'static str, &'static str, bool)],
}

const FOUND: [Found; 3] = [
    Found {
        patient: 1,
        priority: Priority::Routine,
        reason: "Fatigue, bilan thyroïdien",
        values: &[("3016-3", "2.1", "m[IU]/L", false)],
    },
    Found {
        patient: 2,
        priority: Priority::Routine,
        reason: "Toux et fièvre modérée",
        values: &[("1988-5", "18", "mg/L", false)],
    },
    Found {
        patient: 2,
        priority: Priority::Urgent,
        reason: "Pâleur, essoufflement à l’effort",
        values: &[
            ("718-7", "64", "g/L", true),
            ("6690-2", "7.2", "10*9/L", false),
            ("777-3", "412", "10*9/L", false),
        ],
    },
];

/// How far a prescription of the demo clinic has come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reached {
    Draft,
    Transmitted,
    Completed,
}

/// A prescription for the patient with the allergy: medicine, dose, times a day, days, units.
struct Given {
    medicine: &'static str,
    dose: (f64, safety::DoseUnit),
    route: safety::Route,
    per_day: f64,
    days: u16,
    quantity: u32,
    reached: Reached,
}

const GIVEN: [Given; 3] = [
    Given {
        medicine: "paracetamol",
        dose: (500.0, safety::DoseUnit::Mg),
        route: safety::Route::Oral,
        per_day: 3.0,
        days: 5,
        quantity: 15,
        reached: Reached::Completed,
    },
    Given {
        medicine: "loratadine",
        dose: (10.0, safety::DoseUnit::Mg),
        route: safety::Route::Oral,
        per_day: 1.0,
        days: 14,
        quantity: 14,
        reached: Reached::Transmitted,
    },
    Given {
        medicine: "salbutamol",
        dose: (200.0, safety::DoseUnit::Mcg),
        route: safety::Route::Inhaled,
        per_day: 2.0,
        days: 30,
        quantity: 1,
        reached: Reached::Draft,
    },
];

/// Writes results and prescriptions, each once: a patient who has some, or whom the doctor no longer
/// sees, is left alone.
pub(super) async fn seed(desk: &Desk, people: &People) -> Result<(), DemoError> {
    let [doctor, ..] = people.doctors;
    let doctor = people.at_work(desk, (doctor, Role::Doctor));
    let [_, (_, first), (_, second), _] = people.patients;
    let clinic = desk.clinic();
    let mut known = Vec::new();
    for patient in [first, second] {
        let place = (Some(patient), None);
        match list_results(clinic, &doctor, place, false).await {
            Ok(none) if none.is_empty() => {}
            Ok(_) | Err(ResultsError::NotFound) => known.push(patient),
            Err(error) => return Err(error.into()),
        }
    }
    for found in &FOUND {
        let Some((_, patient)) = people.patients.get(found.patient) else {
            return Err(DemoError::Missing);
        };
        if !known.contains(patient) {
            result(desk, people, &doctor, (*patient, found)).await?;
        }
    }
    match list(clinic, &doctor, Some(second), None).await {
        Ok(none) if none.is_empty() => {}
        Ok(_) | Err(PrescribingError::NotFound) => return Ok(()),
        Err(error) => return Err(error.into()),
    }
    for given in &GIVEN {
        prescription(desk, people, &doctor, (second, given)).await?;
    }
    Ok(())
}

/// From the order to the doctor who reads it.
async fn result(
    desk: &Desk,
    people: &People,
    doctor: &Actor,
    (patient, found): (PatientId, &Found),
) -> Result<(), DemoError> {
    let clinic = desk.clinic();
    let technician = people.at_work(desk, (people.technician, Role::LabTechnician));
    let code = |text: &str| LoincCode::try_from(text).ok().ok_or(DemoError::Missing);
    let mut tests = Vec::new();
    let mut values = Vec::new();
    let mut said = Vec::new();
    for (loinc, text, unit, is_critical) in found.values {
        tests.push(code(loinc)?);
        values.push(TypedValue {
            code: code(loinc)?,
            text: (*text).to_owned(),
            unit: (*unit).to_owned(),
            flag: None,
        });
        if *is_critical {
            said.push(ReadBack {
                code: code(loinc)?,
                said: (*text).to_owned(),
            });
        }
    }
    let command = OrderCommand {
        tests,
        priority: found.priority,
        reason: Prose::try_from(found.reason)?,
        is_confidential: false,
        rule: ReleaseRule::AfterReview,
    };
    let order = place_order(clinic, doctor, patient, command).await?.order;
    let order = collect(clinic, &technician, (order.id, order.version))
        .await?
        .order;
    let report = ReportCommand {
        values,
        comment: None,
        why: None,
    };
    let order = write_report(clinic, &technician, (order.id, order.version), report)
        .await?
        .order;
    let order = verify_report(clinic, &technician, (order.id, order.version))
        .await?
        .order;
    mark_seen(clinic, doctor, (order.id, order.version), &said).await?;
    Ok(())
}

/// From the draft to the stage that it reached; what the check stops stays a draft.
async fn prescription(
    desk: &Desk,
    people: &People,
    doctor: &Actor,
    (patient, given): (PatientId, &Given),
) -> Result<(), DemoError> {
    let clinic = desk.clinic();
    let checker = Checker::shipped();
    let (amount, unit) = given.dose;
    let dose = safety::Dose::new(amount, unit);
    let frequency = safety::Frequency::per_day(given.per_day);
    let command = DraftCommand {
        lines: vec![LineCommand {
            medicine: SubstanceId::new(given.medicine),
            dose: dose.ok().ok_or(DemoError::Missing)?,
            frequency: frequency.ok().ok_or(DemoError::Missing)?,
            route: given.route,
            duration_days: given.days,
            quantity: given.quantity,
            repeats: 0,
            indication: None,
            directions: None,
        }],
        is_confidential: false,
        valid_days: 90,
        prior: None,
    };
    let draft = write_draft(clinic, checker, doctor, patient, command).await?;
    if given.reached == Reached::Draft {
        return Ok(());
    }
    let place = (draft.id, draft.version);
    let signed = match sign(clinic, checker, doctor, place, Vec::new()).await {
        Ok(signed) => signed,
        Err(PrescribingError::NeedsReason | PrescribingError::Contraindicated) => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    let sent = transmit(clinic, doctor, (signed.id, signed.version)).await?;
    if given.reached == Reached::Completed {
        let pharmacist = people.at_work(desk, (people.pharmacist, Role::Pharmacist));
        let fills = [Fill {
            line: 0,
            quantity: given.quantity,
        }];
        let place = (sent.id, sent.version);
        dispense(clinic, checker, &pharmacist, place, &fills).await?;
    }
    Ok(())
}
