//! Facts in words. Everything here follows the language switch.

use clinical_api::PatientDetails;
use clinical_model::chart::family::{Site, Topic};
use clinical_model::chart::units::Analyte;
use clinical_model::chart::{
    ClinicalStatus, CodeSystem, Fact, Kind, MedicationStatus, Observation, Quantity, Relative,
    Value,
};
use clinical_model::patients::Sex;
use clinical_model::text::PartialDate;

use crate::i18n::{Key, Lang, lang, t};
use crate::{browser, tr, when};

/// Every kind that people filter by, with its word and name.
pub(super) const KINDS: [(&str, Key); 10] = [
    ("condition", Key::KindCondition),
    ("allergy", Key::KindAllergy),
    ("medication", Key::KindMedication),
    ("observation", Key::KindObservation),
    ("immunization", Key::KindImmunization),
    ("family_history", Key::KindFamilyHistory),
    ("procedure", Key::KindProcedure),
    ("document", Key::KindDocument),
    ("note", Key::KindNote),
    ("visit", Key::KindVisit),
];

/// The name of a kind.
pub(super) fn kind_key(kind: Kind) -> Key {
    KINDS
        .iter()
        .find(|(word, _)| *word == kind.as_str())
        .map_or(Key::KindNote, |(_, key)| *key)
}

/// A number as the reader writes it.
pub(super) fn number(text: &str) -> String {
    match lang() {
        Lang::Fr => text.replace('.', ","),
        Lang::En => text.to_owned(),
    }
}

/// A unit as people write it; tracked.
pub(super) fn unit(ucum: &str) -> String {
    web_logic::units::unit_words(ucum, lang())
}

pub(super) fn quantity(it: &Quantity) -> String {
    let text = format!("{} {}", number(it.value.as_str()), unit(it.unit.as_str()));
    text.trim_end().to_owned()
}

/// What is measured.
pub(super) fn analyte(slug: &str) -> Option<&'static str> {
    Some(t(match slug {
        "systolic" | "diastolic" => Key::AnalytePressure,
        "heart_rate" => Key::AnalyteHeartRate,
        "temperature" => Key::AnalyteTemperature,
        "oxygen" => Key::AnalyteOxygen,
        "weight" => Key::AnalyteWeight,
        "height" => Key::AnalyteHeight,
        "glucose" => Key::AnalyteGlucose,
        "fasting_glucose" => Key::AnalyteFastingGlucose,
        "hba1c" => Key::AnalyteHba1c,
        "creatinine" => Key::AnalyteCreatinine,
        "cholesterol" => Key::AnalyteCholesterol,
        "haemoglobin" => Key::AnalyteHaemoglobin,
        _ => return None,
    }))
}

fn observation_name(it: &Observation) -> String {
    let known = (it.code.system == CodeSystem::Loinc)
        .then(|| Analyte::of_code(it.code.code.as_str()))
        .flatten()
        .and_then(|known| analyte(known.slug));
    known.map_or_else(|| it.code.display.as_str().to_owned(), str::to_owned)
}

/// What a fact is about.
pub(super) fn title(fact: &Fact) -> String {
    match fact {
        Fact::Observation(it) => observation_name(it),
        Fact::FamilyHistory(it) => t(relative(it.relative)).to_owned(),
        Fact::Document(it) => it.title.as_str().to_owned(),
        Fact::Note(it) => it.title.as_str().to_owned(),
        Fact::Condition(_)
        | Fact::Allergy(_)
        | Fact::Medication(_)
        | Fact::Immunization(_)
        | Fact::Procedure(_) => fact
            .code()
            .map(|code| code.display.as_str().to_owned())
            .unwrap_or_default(),
    }
}

/// What is known of it.
pub(super) fn detail(fact: &Fact) -> String {
    let parts: Vec<String> = match fact {
        Fact::Condition(it) => vec![
            gone(it.clinical).unwrap_or_default(),
            since(it.onset.as_ref()),
            text(it.note.as_ref()),
        ],
        Fact::Allergy(it) => vec![
            gone(it.clinical).unwrap_or_default(),
            it.reaction
                .as_ref()
                .map(|it| it.as_str().to_owned())
                .unwrap_or_default(),
            since(it.onset.as_ref()),
            text(it.note.as_ref()),
        ],
        Fact::Medication(it) => vec![
            match it.status {
                MedicationStatus::Active => String::new(),
                MedicationStatus::Completed | MedicationStatus::Stopped => {
                    t(Key::MedicineStopped).to_owned()
                }
                MedicationStatus::OnHold => t(Key::MedicineOnHold).to_owned(),
            },
            it.dosage
                .as_ref()
                .map(|it| it.as_str().to_owned())
                .unwrap_or_default(),
            text(it.note.as_ref()),
        ],
        Fact::Observation(it) => vec![value(it), text(it.note.as_ref())],
        Fact::Immunization(it) => vec![
            it.dose_number
                .map(|dose| tr!(Key::VaccineDose, n = dose))
                .unwrap_or_default(),
            text(it.note.as_ref()),
        ],
        Fact::FamilyHistory(it) => it
            .conditions
            .iter()
            .map(|it| {
                let name = it.code.display.as_str();
                it.onset_years.map_or_else(
                    || name.to_owned(),
                    |years| tr!(Key::FamilyAt, name = name, n = years),
                )
            })
            .collect(),
        Fact::Procedure(it) => vec![text(it.note.as_ref())],
        Fact::Document(it) => vec![tr!(Key::DocumentSize, n = it.size_bytes.div_ceil(1024))],
        Fact::Note(it) => vec![it.text.as_str().to_owned()],
    };
    let parts: Vec<String> = parts.into_iter().filter(|it| !it.is_empty()).collect();
    parts.join(" · ")
}

fn gone(status: ClinicalStatus) -> Option<String> {
    match status {
        ClinicalStatus::Active | ClinicalStatus::Recurrence | ClinicalStatus::Relapse => None,
        ClinicalStatus::Inactive | ClinicalStatus::Remission | ClinicalStatus::Resolved => {
            Some(t(Key::StatusPast).to_owned())
        }
    }
}

fn since(onset: Option<&PartialDate>) -> String {
    onset.map_or_else(String::new, |it| tr!(Key::Since, date = it.as_str()))
}

fn text(note: Option<&clinical_model::text::Prose>) -> String {
    note.map(|it| it.as_str().to_owned()).unwrap_or_default()
}

/// The value of an observation; a blood pressure is one value.
fn value(it: &Observation) -> String {
    match &it.value {
        Value::Quantity(value) => quantity(value),
        Value::Coded(code) => code.display.as_str().to_owned(),
        Value::Text(line) => line.as_str().to_owned(),
        Value::Components => {
            let values: Vec<&str> = it
                .components
                .iter()
                .map(|part| part.value.value.as_str())
                .collect();
            let of = it
                .components
                .first()
                .map_or("", |part| part.value.unit.as_str());
            format!("{} {}", number(&values.join("/")), unit(of))
        }
    }
}

/// Every relative that is asked about.
pub(super) const RELATIVES: [Relative; 15] = [
    Relative::Mother,
    Relative::Father,
    Relative::Sister,
    Relative::Brother,
    Relative::Daughter,
    Relative::Son,
    Relative::MaternalGrandmother,
    Relative::MaternalGrandfather,
    Relative::PaternalGrandmother,
    Relative::PaternalGrandfather,
    Relative::MaternalAunt,
    Relative::MaternalUncle,
    Relative::PaternalAunt,
    Relative::PaternalUncle,
    Relative::Cousin,
];

pub(super) const fn relative(it: Relative) -> Key {
    match it {
        Relative::Mother => Key::RelativeMother,
        Relative::Father => Key::RelativeFather,
        Relative::Sister => Key::RelativeSister,
        Relative::Brother => Key::RelativeBrother,
        Relative::Daughter => Key::RelativeDaughter,
        Relative::Son => Key::RelativeSon,
        Relative::MaternalGrandmother => Key::RelativeMothersMother,
        Relative::MaternalGrandfather => Key::RelativeMothersFather,
        Relative::PaternalGrandmother => Key::RelativeFathersMother,
        Relative::PaternalGrandfather => Key::RelativeFathersFather,
        Relative::MaternalAunt => Key::RelativeMothersSister,
        Relative::MaternalUncle => Key::RelativeMothersBrother,
        Relative::PaternalAunt => Key::RelativeFathersSister,
        Relative::PaternalUncle => Key::RelativeFathersBrother,
        Relative::Cousin => Key::RelativeCousin,
    }
}

pub(super) const fn topic(it: Topic) -> Key {
    match it {
        Topic::Heart => Key::TopicHeart,
        Topic::Diabetes => Key::TopicDiabetes,
        Topic::Breast => Key::TopicBreast,
        Topic::Bowel => Key::TopicBowel,
        Topic::SickleCell => Key::TopicSickleCell,
    }
}

pub(super) const SITES: [(Site, Key); 4] = [
    (Site::OneBreast, Key::SiteOneBreast),
    (Site::BothBreasts, Key::SiteBothBreasts),
    (Site::Ovary, Key::SiteOvary),
    (Site::BreastAndOvary, Key::SiteBoth),
];

pub(super) const SEXES: [(Sex, &str, Key); 4] = [
    (Sex::Female, "female", Key::SexFemale),
    (Sex::Male, "male", Key::SexMale),
    (Sex::Other, "other", Key::SexElse),
    (Sex::Unknown, "unknown", Key::SexUnknown),
];

pub(super) fn sex(it: Sex) -> &'static str {
    let known = SEXES.iter().find(|(of, _, _)| *of == it);
    known.map_or("", |(_, _, key)| t(*key))
}

/// Full years since a birth date, as far as it is known.
pub(super) fn age(birth: &PartialDate) -> Option<i32> {
    let today = when::day_key(browser::now_us());
    let mut today = today.split('-').map(str::parse::<i32>);
    let (year, month, day) = (
        today.next()?.ok()?,
        today.next()?.ok()?,
        today.next()?.ok()?,
    );
    let (born, in_month, on_day) = birth.parts();
    let in_month = in_month.map_or(1, i32::from);
    let on_day = on_day.map_or(1, i32::from);
    let is_later = (month, day) < (in_month, on_day);
    Some(year - i32::from(born) - i32::from(is_later))
}

/// Sex, age and birth date in one line.
pub(super) fn who(details: &PatientDetails) -> String {
    let mut parts = vec![sex(details.sex).to_owned()];
    if let Some(birth) = &details.birth {
        parts.extend(age(birth).map(|years| tr!(Key::AgeYears, n = years)));
        parts.push(tr!(Key::BornOn, date = when::partial(birth.as_str())));
    }
    parts.extend(details.phones.first().cloned());
    parts.join(" · ")
}
