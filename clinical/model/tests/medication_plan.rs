//! What a patient takes now: prescriptions reconciled with what was handed out and with the chart.
#![expect(clippy::unwrap_used, reason = "tests")]

use clinical_model::access::Label;
use clinical_model::chart::{
    Code, CodeSystem, Entry, EntryStatus, Fact, MedicationSource, MedicationStatement,
    MedicationStatus,
};
use clinical_model::prescribing::{
    Content, LineFacts, MedicationPlan, PrescribedLine, Prescription, Stage, Supply,
    medication_plan,
};
use clinical_model::text::{CodeText, Line};
use clinical_model::{EntryId, Micros, PatientId, PrescriptionId, TenantId, UserId};
use clinical_safety::{Frequency, Line as SafetyLine};
use jiff::civil::date;
use jiff::tz::TimeZone;
use proptest::prelude::*;
use uuid::Uuid;

/// Monday, 23 November 2026, 08:00 UTC.
const MONDAY: Micros = Micros(1_795_420_800_000_000);

fn day(days: i64) -> Micros {
    MONDAY.plus(days * Micros::DAY)
}

fn prescription(
    stage: Stage,
    per_day: f64,
    days: u16,
    (units, repeats): (u32, u8),
) -> Prescription {
    let mut line = SafetyLine::of("0", "paracetamol");
    line.frequency = Some(Frequency::per_day(per_day).unwrap());
    line.duration_days = Some(days);
    Prescription {
        id: PrescriptionId::from_uuid(Uuid::from_u128(1)),
        tenant: TenantId::from_uuid(Uuid::from_u128(2)),
        patient: PatientId::from_uuid(Uuid::from_u128(3)),
        prescriber: UserId::from_uuid(Uuid::from_u128(4)),
        stage,
        label: Label::Normal,
        prior: None,
        created: MONDAY,
        signed: Some(MONDAY),
        expires: Some(day(30)),
        sent: None,
        refused: None,
        seen: None,
        replaced: None,
        cleared_chart: Some(0),
        content: Content {
            lines: vec![PrescribedLine {
                line,
                name: Line::try_from("Paracetamol").unwrap(),
                quantity: units,
                repeats,
                directions: None,
            }],
            valid_days: 30,
            report: None,
            reasons: Vec::new(),
            code: None,
            refusal: None,
            overrides: Vec::new(),
            accepted: Vec::new(),
        },
        dispensed: vec![0],
        version: 1,
    }
}

fn handed_out(mut it: Prescription, units: u32, at: Micros) -> (Prescription, Vec<LineFacts>) {
    it.dispensed = vec![units];
    let facts = LineFacts {
        handed_out: Some(at),
        times: None,
    };
    (it, vec![facts])
}

fn planned(known: (Prescription, Vec<LineFacts>), now: Micros) -> MedicationPlan {
    let zone = TimeZone::get("Africa/Douala").unwrap();
    medication_plan(&[known], Vec::new(), now, &zone).unwrap()
}

fn supply(known: (Prescription, Vec<LineFacts>), now: Micros) -> Option<Supply> {
    planned(known, now).prescribed.first().map(|it| it.supply)
}

#[test]
fn what_is_not_collected_stays_until_it_can_not_be_collected_any_more() {
    let it = || {
        (
            prescription(Stage::Transmitted, 2.0, 5, (10, 0)),
            Vec::new(),
        )
    };
    let first = planned(it(), day(1));
    let line = &first.prescribed[0];
    assert_eq!(line.supply, Supply::NotCollected);
    assert_eq!(
        (line.from, line.until),
        (date(2026, 11, 23), Some(date(2026, 11, 28)))
    );
    assert!(line.is_current);
    assert_eq!(line.today.len(), 2);
    let later = planned(it(), day(20));
    assert!(!later.prescribed[0].is_current && later.prescribed[0].today.is_empty());
    assert_eq!(later.prescribed[0].collect_until, Some(day(30)));
    assert!(planned(it(), day(31)).prescribed.is_empty());
}

#[test]
fn a_course_begins_when_the_first_of_it_is_handed_out() {
    let it = prescription(Stage::Completed, 2.0, 5, (10, 0));
    let known = || handed_out(it.clone(), 10, day(3));
    let plan = planned(known(), day(4));
    assert_eq!(plan.prescribed[0].from, date(2026, 11, 26));
    assert_eq!(plan.prescribed[0].until, Some(date(2026, 12, 1)));
    assert_eq!(plan.prescribed[0].supply, Supply::All);
    assert!(plan.prescribed[0].collect_until.is_none());
    assert_eq!(supply(known(), day(8)), Some(Supply::All));
    assert_eq!(supply(known(), day(9)), None);
}

#[test]
fn a_part_lasts_for_its_share_of_the_days_and_then_should_have_run_out() {
    // 30 units three times, for 90 days together.
    let it = prescription(Stage::DispensedPart, 1.0, 30, (30, 2));
    let known = || handed_out(it.clone(), 30, MONDAY);
    assert_eq!(supply(known(), day(1)), Some(Supply::Partly));
    assert_eq!(supply(known(), day(30)), Some(Supply::Partly));
    assert_eq!(supply(known(), day(31)), Some(Supply::RanOut));
    assert_eq!(supply(known(), day(89)), Some(Supply::RanOut));
    assert_eq!(supply(known(), day(91)), None);
}

#[test]
fn nothing_is_taken_from_what_was_refused_replaced_cancelled_or_only_drafted() {
    for stage in Stage::ALL {
        let it = prescription(stage, 2.0, 5, (10, 0));
        let is_taken = matches!(
            stage,
            Stage::Signed | Stage::Transmitted | Stage::DispensedPart | Stage::Completed
        );
        assert_eq!(
            planned((it, Vec::new()), day(1)).prescribed.len(),
            usize::from(is_taken)
        );
    }
}

#[test]
fn a_frequency_without_clock_times_has_days_and_no_doses() {
    let plan = planned(
        (prescription(Stage::Signed, 0.5, 10, (5, 0)), Vec::new()),
        day(9),
    );
    let line = &plan.prescribed[0];
    assert_eq!(
        (line.from, line.until),
        (date(2026, 11, 23), Some(date(2026, 12, 2)))
    );
    assert!(line.is_current && line.today.is_empty());
}

fn recorded(status: MedicationStatus, until: Option<&str>, of: Option<u128>) -> Entry {
    Entry {
        id: EntryId::from_uuid(Uuid::from_u128(9)),
        tenant: TenantId::from_uuid(Uuid::from_u128(2)),
        patient: PatientId::from_uuid(Uuid::from_u128(3)),
        fact: Fact::Medication(MedicationStatement {
            substance: Code {
                system: CodeSystem::Text,
                code: CodeText::try_from("text").unwrap(),
                display: Line::try_from("Tisane").unwrap(),
            },
            status,
            source: MedicationSource::Patient,
            dosage: None,
            from: None,
            until: until.map(|it| it.parse().unwrap()),
            prescription: of.map(|it| PrescriptionId::from_uuid(Uuid::from_u128(it))),
            note: None,
        }),
        label: Label::Normal,
        status: EntryStatus::Active,
        effective: MONDAY,
        recorded: MONDAY,
        author: UserId::from_uuid(Uuid::from_u128(4)),
        appointment: None,
        version: 1,
    }
}

#[test]
fn what_the_chart_says_is_taken_besides_and_never_told_twice() {
    let count = |entry| {
        let zone = TimeZone::get("Africa/Douala").unwrap();
        let plan = medication_plan(&[], vec![entry], MONDAY, &zone).unwrap();
        plan.recorded.len()
    };
    assert_eq!(count(recorded(MedicationStatus::Active, None, None)), 1);
    for until in ["2026", "2026-11", "2026-11-23", "2027-01-01"] {
        assert_eq!(
            count(recorded(MedicationStatus::Active, Some(until), None)),
            1,
            "{until}"
        );
    }
    for until in ["2025", "2026-10", "2026-11-22"] {
        assert_eq!(
            count(recorded(MedicationStatus::Active, Some(until), None)),
            0,
            "{until}"
        );
    }
    for status in [
        MedicationStatus::OnHold,
        MedicationStatus::Completed,
        MedicationStatus::Stopped,
    ] {
        assert_eq!(count(recorded(status, None, None)), 0);
    }
    // A prescription speaks for itself, to those who may see it.
    assert_eq!(count(recorded(MedicationStatus::Active, None, Some(1))), 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_dose_of_any_day_lies_outside_its_line(
        (per_day, days, repeats) in (1_u8..=4, 1_u16..60, 0_u8..3),
        (late_us, at_us) in (0..60 * Micros::DAY, -Micros::DAY..200 * Micros::DAY),
    ) {
        let it = prescription(Stage::DispensedPart, f64::from(per_day), days, (10, repeats));
        let known = handed_out(it, 1, MONDAY.plus(late_us));
        for line in planned(known, MONDAY.plus(at_us)).prescribed {
            for dose in &line.today {
                prop_assert!(line.from <= dose.date);
                prop_assert!(line.until.is_some_and(|until| dose.date <= until));
                prop_assert!(line.is_current);
            }
        }
    }
}
