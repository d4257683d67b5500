//! Pharmacists hand out the same prescription at once: never more leaves than was prescribed. `RACES`
//! says how often something is handed out, or tried, per engine.
#![expect(clippy::unwrap_used, reason = "tests")]
#![expect(
    clippy::print_stdout,
    reason = "the figures of a race are for who runs it"
)]

mod support;

use clinical_app::prescribing::{
    Checker, DraftCommand, LineCommand, PrescribingError, dispense, read, sign, transmit,
    write_draft,
};
use clinical_app::{Actor, Clinic};
use clinical_model::prescribing::{Fill, Prescription, Stage};
use clinical_model::{PrescriptionId, Role};
use clinical_safety::{Dose, DoseUnit, Frequency, Report, Route, SubstanceId};
use clinical_store::on_both_engines;
use support::Practice;
use tokio::task::JoinSet;

/// Attempts when `RACES` does not say.
const RACES: usize = 400;
const PHARMACISTS: u128 = 4;
/// Prescriptions of one patient. Somebody else comes then: a chart of thousands is not the subject.
const STAY: usize = 25;
const UNITS: u32 = 6;

#[expect(
    clippy::disallowed_methods,
    reason = "the length of a test run is no configuration"
)]
fn races() -> usize {
    std::env::var("RACES").map_or(RACES, |text| text.parse().unwrap())
}

/// A check that finds nothing: the races are about quantities.
const CLEAR: Checker = Checker::of(|_, chart| {
    Ok(Report {
        chart_version: chart.version,
        data_version: String::new(),
        findings: Vec::new(),
    })
});

/// A doctor and a patient of theirs.
async fn meet(practice: &Practice, number: usize) -> (Actor, Actor) {
    let number = 100 + 2 * number as u128;
    let doctor = practice.doctor(number).await;
    let patient = practice.patient(number + 1).await;
    practice.book(&patient, &doctor, 60).await.unwrap();
    (doctor, patient)
}

struct Ward {
    clinic: Clinic,
    doctor: Actor,
    patient: Actor,
    pharmacists: Vec<Actor>,
}

impl Ward {
    async fn open(practice: &Practice) -> Self {
        let (doctor, patient) = meet(practice, 0).await;
        let mut pharmacists = Vec::new();
        for n in 0..PHARMACISTS {
            pharmacists.push(practice.person(10 + n, Role::Pharmacist).await);
        }
        Self {
            clinic: practice.desk.clinic().clone(),
            doctor,
            patient,
            pharmacists,
        }
    }

    /// Lets another patient come, to another doctor, when this one has enough prescriptions.
    async fn turn(&mut self, practice: &Practice, race: usize) {
        if race > 0 && race.is_multiple_of(STAY) {
            (self.doctor, self.patient) = meet(practice, race).await;
        }
    }

    async fn transmitted(&self) -> Prescription {
        let line = LineCommand {
            medicine: SubstanceId::new("paracetamol"),
            dose: Dose::new(500.0, DoseUnit::Mg).unwrap(),
            frequency: Frequency::per_day(1.0).unwrap(),
            route: Route::Oral,
            duration_days: 6,
            quantity: UNITS,
            repeats: 0,
            indication: None,
            directions: None,
        };
        let command = DraftCommand {
            lines: vec![line],
            is_confidential: false,
            valid_days: 30,
            prior: None,
        };
        let patient = self.patient.patient.unwrap();
        let (clinic, doctor) = (&self.clinic, &self.doctor);
        let draft = write_draft(clinic, CLEAR, doctor, patient, command)
            .await
            .unwrap();
        let place = (draft.id, draft.version);
        let signed = sign(clinic, CLEAR, doctor, place, Vec::new())
            .await
            .unwrap();
        transmit(clinic, doctor, (signed.id, signed.version))
            .await
            .unwrap()
    }

    async fn stored(&self, id: PrescriptionId) -> Prescription {
        read(&self.clinic, &self.doctor, id).await.unwrap()
    }
}

/// Hands out once. Whoever comes late is told so.
async fn hand_out(
    clinic: &Clinic,
    pharmacist: &Actor,
    place: (PrescriptionId, u32),
    quantity: u32,
) -> Option<u32> {
    let fills = [Fill { line: 0, quantity }];
    match dispense(clinic, CLEAR, pharmacist, place, &fills).await {
        Ok(_) => Some(quantity),
        Err(
            PrescribingError::Changed | PrescribingError::WrongStage | PrescribingError::TooMuch,
        ) => None,
        // A machine that is busy elsewhere: nothing was done, and the person is told so.
        Err(PrescribingError::Store(error)) if error.is_unavailable() => None,
        Err(error) => unreachable!("{error:?}"),
    }
}

/// Takes what is left in small parts, reading anew whenever somebody else was faster.
async fn hand_out_in_parts(clinic: Clinic, pharmacist: Actor, id: PrescriptionId) -> u32 {
    let mut given = 0;
    loop {
        let now = read(&clinic, &pharmacist, id).await.unwrap();
        let left = now.left()[0];
        if left == 0 {
            return given;
        }
        let part = hand_out(&clinic, &pharmacist, (id, now.version), left.min(2)).await;
        given += part.unwrap_or(0);
    }
}

on_both_engines! {
    async fn of_pharmacists_who_hand_out_all_of_it_at_once_exactly_one_does(db) {
        let practice = Practice::open(db);
        let mut ward = Ward::open(&practice).await;
        let begun = std::time::Instant::now();
        let (mut attempts, mut done, mut late) = (0, 0, 0);
        while attempts < races() {
            let race = done;
            ward.turn(&practice, race).await;
            let it = ward.transmitted().await;
            let mut tasks = JoinSet::new();
            for pharmacist in ward.pharmacists.clone() {
                let (clinic, place) = (ward.clinic.clone(), (it.id, it.version));
                tasks.spawn(async move { hand_out(&clinic, &pharmacist, place, UNITS).await });
            }
            let given: Vec<u32> = tasks.join_all().await.into_iter().flatten().collect();
            assert_eq!(given, [UNITS], "race {race}");
            done += 1;
            attempts += ward.pharmacists.len();
            late += ward.pharmacists.len() - 1;
            let stored = ward.stored(it.id).await;
            assert_eq!((stored.stage, stored.dispensed), (Stage::Completed, vec![UNITS]));
        }
        println!("{attempts} attempts, {done} prescriptions, {late} came late, {:.1} s", begun.elapsed().as_secs_f64());
    }

    async fn of_pharmacists_who_hand_out_parts_at_once_all_together_give_what_was_prescribed(db) {
        let practice = Practice::open(db);
        let mut ward = Ward::open(&practice).await;
        for race in 0..races().div_ceil(32) {
            ward.turn(&practice, race).await;
            let it = ward.transmitted().await;
            let mut tasks = JoinSet::new();
            for pharmacist in ward.pharmacists.clone() {
                tasks.spawn(hand_out_in_parts(ward.clinic.clone(), pharmacist, it.id));
            }
            let given: u32 = tasks.join_all().await.into_iter().sum();
            assert_eq!(given, UNITS, "race {race}");
            let stored = ward.stored(it.id).await;
            assert_eq!((stored.stage, stored.dispensed), (Stage::Completed, vec![UNITS]));
        }
    }
}
