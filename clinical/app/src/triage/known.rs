//! What the record knows: age, sex, history, and measurements of these days.
//!
//! Only facts that are confidential to nobody go in, because whoever may see the interview sees them.

use clinical_model::access::Label;
use clinical_model::chart::{
    ClinicalStatus, Code, CodeSystem, Entry, Fact, Kind, MedicationStatus, Observation,
    ObservationCategory, Quantity, Value, Verification,
};
use clinical_model::patients::{Patient, Sex};
use clinical_model::text::PartialDate;
use clinical_model::triage::{Measured, Story};
use clinical_model::{Micros, PatientId};
use clinical_store::chart::{self, Filter, PAGE_MAX};
use clinical_store::{Conn, patients};

use super::TriageError;
use crate::access::Access;

/// How old a laboratory value may be.
const LABORATORY_US: i64 = 14 * Micros::DAY;
/// How old a vital sign may be.
const VITAL_US: i64 = Micros::DAY;
/// How old a statement about pregnancy may be.
const PREGNANCY_US: i64 = 300 * Micros::DAY;
/// Days of a year, as red flags count.
const YEAR_DAYS: i64 = 365;

/// Diseases of the record by the beginning of their ICD-10 code: the finding, and what makes ordinary
/// things dangerous.
const DISEASES: &[(&str, &str, &str)] = &[
    ("E10", "diabetes", "diabetes"),
    ("E11", "diabetes", "diabetes"),
    ("E13", "diabetes", "diabetes"),
    ("E14", "diabetes", "diabetes"),
    ("E27", "", "adrenal"),
    ("E78", "lipids", ""),
    ("E66", "obesity", ""),
    ("E03", "thyroid_known", ""),
    ("E05", "thyroid_known", ""),
    ("I10", "hypertension", ""),
    ("I48", "af_known", "heart_disease"),
    ("I20", "heart_disease", "heart_disease"),
    ("I21", "heart_disease", "heart_disease"),
    ("I25", "heart_disease", "heart_disease"),
    ("I50", "heart_disease", "heart_disease"),
    ("I26", "clot_past", ""),
    ("I80", "clot_past", ""),
    ("I82", "clot_past", ""),
    ("I63", "stroke_past", ""),
    ("I64", "stroke_past", ""),
    ("J45", "asthma_known", "lung_disease"),
    ("J44", "copd_known", "lung_disease"),
    ("J30", "atopy", ""),
    ("L20", "atopy", ""),
    ("G40", "known_epilepsy", "epilepsy"),
    ("D57", "sickle_known", "sickle_cell"),
    ("D66", "", "haemophilia"),
    ("D67", "", "haemophilia"),
    ("D80", "immunosup", "immunosuppressed"),
    ("D84", "immunosup", "immunosuppressed"),
    ("B20", "immunosup", "immunosuppressed"),
    ("B24", "immunosup", "immunosuppressed"),
    ("Z94", "immunosup", "transplant"),
    ("K70", "liver_known", ""),
    ("K74", "liver_known", ""),
    ("N18", "kidney_known", "kidney_failure"),
    ("N20", "stones_known", ""),
    ("K80", "gallstones_known", ""),
    ("K25", "ulcer_known", ""),
    ("K26", "ulcer_known", ""),
    ("M81", "osteoporosis_known", ""),
    ("M05", "autoimmune", ""),
    ("M32", "autoimmune", ""),
    ("F17", "smoker", ""),
    ("F10", "alcohol", ""),
    ("C", "cancer", "cancer"),
];

/// Medicines by the beginning of their ATC code.
const MEDICINES: &[(&str, &str, &str)] = &[
    ("B01AA", "anticoag", "anticoagulated"),
    ("B01AB", "anticoag", "anticoagulated"),
    ("B01AE", "anticoag", "anticoagulated"),
    ("B01AF", "anticoag", "anticoagulated"),
    ("H02AB", "steroids", "adrenal"),
    ("L01", "immunosup", "immunosuppressed"),
    ("L04", "immunosup", "immunosuppressed"),
    ("M01A", "nsaid", ""),
    ("C09A", "ace_inhibitor", ""),
    ("G03A", "contraceptive", ""),
    ("N05A", "psych_drug", ""),
    ("N06A", "psych_drug", ""),
];

/// A finding that a value shows: LOINC codes, unit, below which it is there, above which it is there.
struct Sign {
    codes: &'static [&'static str],
    unit: &'static str,
    below: Option<(f64, &'static str)>,
    above: Option<(f64, &'static str)>,
    /// Whether it holds for children too.
    for_children: bool,
}

const fn sign(
    codes: &'static [&'static str],
    unit: &'static str,
    below: Option<(f64, &'static str)>,
    above: Option<(f64, &'static str)>,
) -> Sign {
    Sign {
        codes,
        unit,
        below,
        above,
        for_children: false,
    }
}

/// Limits as clinics use them for adults; a value between them says nothing, but for the temperature,
/// the saturation and the glucose, whose normal value denies the finding.
const SIGNS: &[Sign] = &[
    Sign {
        for_children: true,
        ..sign(&["8310-5"], "Cel", None, Some((38.0, "fever")))
    },
    Sign {
        for_children: true,
        ..sign(&["8310-5"], "Cel", None, Some((39.0, "fever_high")))
    },
    Sign {
        for_children: true,
        ..sign(
            &["59408-5", "2708-6"],
            "%",
            Some((92.0, "low_oxygen")),
            None,
        )
    },
    sign(
        &["8480-6"],
        "mm[Hg]",
        Some((90.0, "hypotension")),
        Some((180.0, "hypertension_now")),
    ),
    sign(
        &["8867-4"],
        "/min",
        Some((45.0, "bradycardia")),
        Some((110.0, "tachycardia")),
    ),
    sign(
        &["15074-8", "14749-6"],
        "mmol/L",
        Some((3.9, "glucose_low")),
        Some((11.1, "glucose_high")),
    ),
    sign(
        &["2345-7", "2339-0"],
        "mg/dL",
        Some((70.0, "glucose_low")),
        Some((200.0, "glucose_high")),
    ),
    sign(
        &["2823-3"],
        "mmol/L",
        Some((3.0, "potassium_low")),
        Some((5.5, "potassium_high")),
    ),
    sign(&["2951-2"], "mmol/L", Some((130.0, "sodium_low")), None),
    sign(&["718-7"], "g/dL", Some((11.0, "anemia")), None),
    sign(&["2160-0"], "mg/dL", None, Some((1.5, "creatinine_high"))),
    sign(
        &["14682-9"],
        "umol/L",
        None,
        Some((130.0, "creatinine_high")),
    ),
    sign(&["1988-5"], "mg/L", None, Some((20.0, "esr_high"))),
    sign(
        &["6690-2"],
        "10*3/uL",
        Some((3.5, "wbc_low")),
        Some((12.0, "wbc_high")),
    ),
    sign(
        &["777-3"],
        "10*3/uL",
        Some((100.0, "platelets_low")),
        Some((600.0, "platelets_high")),
    ),
    sign(
        &["3016-3"],
        "m[IU]/L",
        Some((0.1, "tsh_low")),
        Some((10.0, "tsh_high")),
    ),
    sign(&["1742-6"], "U/L", None, Some((100.0, "alt_high"))),
    sign(&["6301-6"], "{INR}", None, Some((4.0, "inr_high"))),
    sign(&["3040-3"], "U/L", None, Some((180.0, "lipase_high"))),
];

/// Findings that values show or deny, by name.
pub(super) fn signs(measured: &[Measured], age_days: Option<u32>) -> Vec<(&'static str, bool)> {
    let is_child = age_days.is_some_and(|days| i64::from(days) < 16 * YEAR_DAYS);
    let mut found = Vec::new();
    for value in measured {
        let fitting = SIGNS.iter().filter(|sign| {
            sign.codes.contains(&value.code.as_str())
                && sign.unit == value.unit
                && (sign.for_children || !is_child)
        });
        for sign in fitting {
            if let Some((limit, finding)) = sign.below
                && value.value < limit
            {
                found.push((finding, true));
            }
            if let Some((limit, finding)) = sign.above {
                if value.value >= limit {
                    found.push((finding, true));
                } else if sign.unit == "Cel" {
                    found.push((finding, false));
                }
            }
        }
    }
    found
}

/// Begins the story of a patient with what the record says.
pub(super) async fn story(
    conn: &mut Conn,
    access: &Access,
    now: Micros,
) -> Result<Story, TriageError> {
    access.label_max()?;
    let patient: PatientId = access.patient();
    let record = patients::record(conn, access.viewer().tenant, patient).await?;
    let record = record.ok_or(TriageError::NotFound)?;
    let mut story = Story::default();
    describe(&mut story, &record, now);
    let mut filter = Filter {
        kinds: vec![Kind::Condition, Kind::Medication],
        code: None,
        from: Micros(i64::MIN),
        to: Micros(i64::MAX),
        with_errors: false,
        label_max: Label::Normal,
    };
    let page = (None, PAGE_MAX);
    for entry in chart::list(conn, access.viewer(), patient, &filter, page).await? {
        remember(&mut story, &entry);
    }
    filter.kinds = vec![Kind::Observation];
    filter.from = now.plus(-PREGNANCY_US);
    for entry in chart::list(conn, access.viewer(), patient, &filter, page).await? {
        if let Fact::Observation(fact) = &entry.fact {
            observe(&mut story, (&entry, fact), now);
        }
    }
    Ok(story)
}

fn describe(story: &mut Story, record: &Patient, now: Micros) {
    let demographics = &record.demographics;
    story.female = match demographics.sex {
        Sex::Female => Some(true),
        Sex::Male => Some(false),
        Sex::Other | Sex::Unknown => None,
    };
    story.age_days = demographics.birth.as_ref().and_then(|it| age_days(it, now));
}

/// Age in days, of 365 a year as red flags count; none where it is not known well enough for a child.
fn age_days(birth: &PartialDate, now: Micros) -> Option<u32> {
    let today = jiff::Timestamp::from_microsecond(now.0).ok()?;
    let today = today.to_zoned(jiff::tz::TimeZone::UTC).date();
    let (year, month, day) = birth.parts();
    let is_exact = month.is_some() && day.is_some();
    let born = jiff::civil::Date::new(year, month.unwrap_or(7), day.unwrap_or(1)).ok()?;
    let lived = i64::from(today.since(born).ok()?.get_days());
    let is_young = lived < 6 * YEAR_DAYS;
    u32::try_from(lived).ok().filter(|_| is_exact || !is_young)
}

/// The row whose code is the beginning of this one.
fn row<'a>(
    table: &'a [(&'a str, &'a str, &'a str)],
    code: &str,
) -> Option<&'a (&'a str, &'a str, &'a str)> {
    table.iter().find(|(prefix, ..)| code.starts_with(prefix))
}

fn push(names: &mut Vec<String>, name: &str) {
    if !name.is_empty() && !names.iter().any(|it| it == name) {
        names.push(name.to_owned());
    }
}

fn remember(story: &mut Story, entry: &Entry) {
    let found = match &entry.fact {
        Fact::Condition(fact)
            if fact.code.system == CodeSystem::Icd10
                && fact.verification != Verification::Refuted =>
        {
            let is_gone = fact.clinical == ClinicalStatus::Resolved;
            row(DISEASES, fact.code.code.as_str()).filter(|_| !is_gone)
        }
        Fact::Medication(fact)
            if fact.substance.system == CodeSystem::Atc
                && fact.status == MedicationStatus::Active =>
        {
            row(MEDICINES, fact.substance.code.as_str())
        }
        _ => None,
    };
    if let Some((_, finding, background)) = found {
        push(&mut story.history, finding);
        push(&mut story.background, background);
    }
}

/// Takes a value in; values come newest first, and only the newest of a code counts.
fn observe(story: &mut Story, (entry, fact): (&Entry, &Observation), now: Micros) {
    if fact.code.system == CodeSystem::Loinc && fact.code.code.as_str() == "82810-3" {
        if story.pregnant.is_none() {
            story.pregnant = pregnancy(&fact.value);
        }
        return;
    }
    let laboratory = fact.category == ObservationCategory::Laboratory;
    let oldest = if laboratory { LABORATORY_US } else { VITAL_US };
    let counts = laboratory || fact.category == ObservationCategory::VitalSigns;
    let age = now.since(entry.effective);
    if !counts || !(0..=oldest).contains(&age) {
        return;
    }
    if let Value::Quantity(quantity) = &fact.value {
        measure(story, (&fact.code, quantity), (entry.effective, laboratory));
    }
    for part in &fact.components {
        measure(
            story,
            (&part.code, &part.value),
            (entry.effective, laboratory),
        );
    }
}

fn measure(
    story: &mut Story,
    (code, quantity): (&Code, &Quantity),
    (at, laboratory): (Micros, bool),
) {
    let is_known = story
        .measured
        .iter()
        .any(|it| it.code == code.code.as_str());
    if code.system == CodeSystem::Loinc && !is_known {
        story.measured.push(Measured {
            code: code.code.as_str().to_owned(),
            name: code.display.as_str().to_owned(),
            value: quantity.value.to_f64(),
            unit: quantity.unit.as_str().to_owned(),
            at,
            laboratory,
        });
    }
}

fn pregnancy(value: &Value) -> Option<bool> {
    let Value::Coded(code) = value else {
        return None;
    };
    match code.code.as_str() {
        "77386006" | "LA15173-0" => Some(true),
        "60001007" | "LA26683-5" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(code: &str, unit: &str, value: f64) -> Measured {
        Measured {
            code: code.to_owned(),
            name: String::new(),
            value,
            unit: unit.to_owned(),
            at: Micros(0),
            laboratory: false,
        }
    }

    #[test]
    fn limits_are_those_of_the_table_and_of_the_unit() {
        let hot = [value("8310-5", "Cel", 39.2)];
        assert_eq!(signs(&hot, None), [("fever", true), ("fever_high", true)]);
        let well = [value("8310-5", "Cel", 36.9)];
        assert_eq!(
            signs(&well, None),
            [("fever", false), ("fever_high", false)]
        );
        let fahrenheit = [value("8310-5", "[degF]", 101.0)];
        assert!(signs(&fahrenheit, None).is_empty());
        let low = [value("59408-5", "%", 91.0)];
        assert_eq!(signs(&low, Some(400)), [("low_oxygen", true)]);
    }

    #[test]
    fn limits_for_adults_say_nothing_of_children() {
        let fast = [value("8867-4", "/min", 130.0)];
        assert_eq!(signs(&fast, Some(40 * 365)), [("tachycardia", true)]);
        assert!(signs(&fast, Some(365)).is_empty());
    }

    #[test]
    fn a_young_child_needs_a_whole_birth_date() {
        let now = Micros(1_795_420_800_000_000);
        let age = |text: &str| age_days(&text.parse().unwrap(), now);
        assert_eq!(age("2026-11-20"), Some(3));
        assert_eq!(age("2026"), None);
        assert!(age("1980").is_some_and(|days| (46 * 365..47 * 365 + 30).contains(&days)));
        assert_eq!(age("2027-01-01"), None);
    }
}
