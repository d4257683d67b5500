use clinical_api::{BothText, PrescribedLineView, PrescriptionView};
use clinical_model::prescribing::{RefusalReason, Stage};

use crate::i18n::{Key, Lang, Plural, lang, t, tn};
use crate::{tr, when};

/// A text in the reader's language; tracked.
pub(super) fn both(text: &BothText) -> String {
    match lang() {
        Lang::Fr => text.fr.clone(),
        Lang::En => text.en.clone(),
    }
}

/// Where a prescription stands, for staff.
pub(super) const fn stage(stage: Stage) -> Key {
    match stage {
        Stage::Draft => Key::RxStageDraft,
        Stage::Signed => Key::RxStageSigned,
        Stage::Transmitted => Key::RxStageTransmitted,
        Stage::DispensedPart => Key::RxStageDispensedPart,
        Stage::Completed => Key::RxStageCompleted,
        Stage::Refused => Key::RxStageRefused,
        Stage::Replaced => Key::RxStageReplaced,
        Stage::Cancelled => Key::RxStageCancelled,
    }
}

/// Where a prescription stands, for its patient.
pub(super) const fn own_stage(stage: Stage) -> Key {
    match stage {
        Stage::Draft | Stage::Signed => Key::RxOwnSigned,
        Stage::Transmitted => Key::RxOwnTransmitted,
        Stage::DispensedPart => Key::RxOwnDispensedPart,
        Stage::Completed => Key::RxOwnCompleted,
        Stage::Refused => Key::RxOwnRefused,
        Stage::Replaced => Key::RxOwnReplaced,
        Stage::Cancelled => Key::RxOwnCancelled,
    }
}

/// Ways to give a medicine, as the formulary names them.
pub(super) const ROUTES: [(&str, Key); 14] = [
    ("oral", Key::RxRouteOral),
    ("intravenous", Key::RxRouteIntravenous),
    ("intramuscular", Key::RxRouteIntramuscular),
    ("subcutaneous", Key::RxRouteSubcutaneous),
    ("inhaled", Key::RxRouteInhaled),
    ("rectal", Key::RxRouteRectal),
    ("sublingual", Key::RxRouteSublingual),
    ("transdermal", Key::RxRouteTransdermal),
    ("topical", Key::RxRouteTopical),
    ("ophthalmic", Key::RxRouteOphthalmic),
    ("otic", Key::RxRouteOtic),
    ("nasal", Key::RxRouteNasal),
    ("vaginal", Key::RxRouteVaginal),
    ("other", Key::RxRouteElse),
];

/// Units of doses.
pub(super) const UNITS: [&str; 9] = [
    "mg", "g", "mcg", "ml", "iu", "mmol", "piece", "drop", "puff",
];

/// A way to give a medicine, in words; tracked.
pub(super) fn route(word: &str) -> &'static str {
    let known = ROUTES.iter().find(|(of, _)| *of == word);
    t(known.map_or(Key::RxRouteElse, |(_, key)| *key))
}

/// A unit, in words; tracked.
pub(super) fn unit(word: &str) -> String {
    match word {
        "mcg" => "µg".to_owned(),
        "iu" => t(Key::RxUnitIu).to_owned(),
        "piece" => t(Key::RxUnitPiece).to_owned(),
        "drop" => t(Key::RxUnitDrop).to_owned(),
        "puff" => t(Key::RxUnitPuff).to_owned(),
        other => other.to_owned(),
    }
}

/// A number as it is written in the reader's language; tracked.
pub(super) fn number(value: f64) -> String {
    let text = value.to_string();
    match lang() {
        Lang::Fr => text.replace('.', ","),
        Lang::En => text,
    }
}

/// How often, in words; tracked.
pub(super) fn times(per_day: f64) -> String {
    let whole = |value: f64| (1_u64..=24).find(|&n| near(value, n));
    if let Some(n) = whole(per_day) {
        return tn(Plural::RxTimes, n);
    }
    match whole(1.0 / per_day) {
        Some(7) => t(Key::RxWeekly).to_owned(),
        Some(n) => tr!(Key::RxEvery, n = n),
        None => tr!(Key::RxTimesOdd, n = number(per_day)),
    }
}

fn near(value: f64, n: u64) -> bool {
    u32::try_from(n).is_ok_and(|n| (value - f64::from(n)).abs() < 0.01)
}

/// How a medicine is taken, in one plain sentence; tracked.
pub(super) fn dosage(line: &PrescribedLineView) -> String {
    tr!(
        Key::RxDosage,
        dose = number(line.dose),
        unit = unit(&line.unit),
        route = route(&line.route),
        times = times(line.per_day),
        days = tn(Plural::RxDays, u64::from(line.duration_days))
    )
}

/// The medicines of a prescription in one line; tracked.
pub(super) fn medicines(it: &PrescriptionView) -> String {
    let names: Vec<String> = it.names.iter().map(both).collect();
    names.join(", ")
}

/// Reasons of a prescriber for a finding.
pub(super) const REASONS: [(&str, Key); 4] = [
    ("benefit_outweighs", Key::RxReasonBenefit),
    ("monitored", Key::RxReasonMonitored),
    ("tolerated_before", Key::RxReasonTolerated),
    ("no_alternative", Key::RxReasonAlternative),
];

/// Reasons of a pharmacist, with the word of each on the page.
pub(super) const REFUSALS: [(RefusalReason, &str, Key); 6] = [
    (RefusalReason::Safety, "safety", Key::RxRefusalSafety),
    (RefusalReason::Dosage, "dosage", Key::RxRefusalDosage),
    (
        RefusalReason::Unavailable,
        "unavailable",
        Key::RxRefusalUnavailable,
    ),
    (RefusalReason::Unclear, "unclear", Key::RxRefusalUnclear),
    (
        RefusalReason::Suspicious,
        "suspicious",
        Key::RxRefusalSuspicious,
    ),
    (RefusalReason::Other, "other", Key::RxRefusalElse),
];

/// A pharmacist's reason, in words.
pub(super) fn refusal(reason: RefusalReason) -> Key {
    let known = REFUSALS.iter().find(|(of, _, _)| *of == reason);
    known.map_or(Key::RxRefusalElse, |(_, _, key)| *key)
}

/// A span of time in words, coarsely; tracked.
pub(super) fn span(us: i64) -> String {
    const MINUTE: i64 = clinical_model::Micros::MINUTE;
    let minutes = u64::try_from(us.max(0) / MINUTE).unwrap_or(0);
    match minutes {
        0..=119 => tn(Plural::RxMinutes, minutes),
        120..=2_879 => tn(Plural::RxHours, minutes / 60),
        _ => tn(Plural::RxDays, minutes / 1_440),
    }
}

/// A date as the server writes it, as far as it is known, in words; tracked.
pub(super) fn calendar_day(date: &str) -> String {
    when::partial(date)
}

/// How much of a medicine the patient has.
pub(super) fn supply(word: &str) -> Key {
    match word {
        "not_collected" => Key::PlanNotCollected,
        "partly" => Key::PlanPartly,
        "ran_out" => Key::PlanRanOut,
        _ => Key::PlanAll,
    }
}

/// A code in groups of four, as it stands on the paper.
pub(super) fn grouped(code: &str) -> String {
    let letters: Vec<char> = code.chars().collect();
    let groups = letters.chunks(4).map(|group| group.iter().collect());
    groups.collect::<Vec<String>>().join("-")
}

/// Day and time of something that happened; tracked.
pub(super) fn moment(us: i64) -> String {
    when::date_time(us)
}
