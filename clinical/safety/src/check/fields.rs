//! What the formulary itself says of a medicine: age, pregnancy, breastfeeding, kidneys.

use super::{Hit, Run, Subject};
use crate::chart::{Breastfeeding, ConditionStatus, Pregnancy, Sex};
use crate::data::icd;
use crate::finding::Fact;
use crate::grade::{Kind, Level, Text};
use crate::rule::Trigger;
use crate::ruleset::Entry;

/// From this age on kidneys are often weaker than anybody knows: 65 years.
const OLD_MONTHS: u16 = 780;
/// Ages in months between which a pregnancy is possible: 10 to 55 years.
const FERTILE_MONTHS: std::ops::Range<u16> = 120..660;

pub(super) fn check(
    run: &Run<'_>,
    subject: &Subject<'_>,
    entry: &Entry,
    from: usize,
    hits: &mut Vec<Hit>,
) {
    let mut add = |hit: Option<Hit>| {
        let Some(hit) = hit else { return };
        // A rule of the same kind says it better.
        let told = hits
            .iter()
            .skip(from)
            .filter(|other| other.kind == hit.kind)
            .map(|other| other.level)
            .max();
        if told < Some(hit.level) {
            hits.push(hit.sourced(entry));
        }
    };
    add(age(run, subject, entry));
    add(pregnancy(run, subject, entry));
    add(breastfeeding(run, subject, entry));
    add(kidneys(run, subject, entry));
}

fn age(run: &Run<'_>, subject: &Subject<'_>, entry: &Entry) -> Option<Hit> {
    let least = entry.substance.min_age_months?;
    if run.chart.age_months? >= least {
        return None;
    }
    let text = if least >= 24 {
        let years = least / 12;
        Text::new(
            format!("Non prévu avant l'âge de {years} ans."),
            format!("Not meant for children below {years} years."),
        )
    } else {
        Text::new(
            format!("Non prévu avant l'âge de {least} mois."),
            format!("Not meant for children below {least} months."),
        )
    };
    Some(Hit::built("age-minimum", Kind::Age, Level::Justify, text).on(subject, [Fact::Age]))
}

fn could_bear(run: &Run<'_>) -> bool {
    run.chart.sex != Sex::Male
        && run
            .chart
            .age_months
            .is_none_or(|age| FERTILE_MONTHS.contains(&age))
}

fn pregnancy(run: &Run<'_>, subject: &Subject<'_>, entry: &Entry) -> Option<Hit> {
    let level = entry
        .substance
        .pregnancy
        .and_then(crate::Compatibility::level);
    match run.chart.pregnancy {
        Pregnancy::No => None,
        Pregnancy::Yes { weeks } => {
            let trimesters = &entry.substance.pregnancy_trimesters;
            let concerned = trimesters.is_empty()
                || weeks.is_none_or(|weeks| trimesters.contains(&trimester(weeks)));
            let level = level.filter(|_| concerned && run.chart.sex != Sex::Male)?;
            let text = match level {
                Level::Contraindicated => Text::new(
                    "Contre-indiqué pendant la grossesse.",
                    "Contraindicated in pregnancy.",
                ),
                Level::Justify => Text::new(
                    "À éviter pendant la grossesse.",
                    "To be avoided in pregnancy.",
                ),
                Level::Inform => Text::new(
                    "À utiliser avec prudence pendant la grossesse.",
                    "To be used with caution in pregnancy.",
                ),
            };
            Some(
                Hit::built("pregnancy-formulary", Kind::Pregnancy, level, text)
                    .on(subject, [Fact::Pregnancy]),
            )
        }
        Pregnancy::Unknown if could_bear(run) => {
            let ruled = strictest(run, entry, |trigger| {
                matches!(trigger, Trigger::Pregnancy { .. })
            });
            let level = match level.max(ruled)? {
                Level::Contraindicated => Level::Justify,
                Level::Justify => Level::Inform,
                Level::Inform => return None,
            };
            let text = Text::new(
                "Grossesse non renseignée, et ce médicament peut nuire à l'enfant à naître.",
                "It is not known whether the patient is pregnant, and this medicine can harm an unborn child.",
            );
            Some(
                Hit::built("pregnancy-unknown", Kind::Pregnancy, level, text)
                    .on(subject, [Fact::Pregnancy]),
            )
        }
        Pregnancy::Unknown => None,
    }
}

fn trimester(weeks: u8) -> u8 {
    match weeks {
        0..=13 => 1,
        14..=27 => 2,
        28.. => 3,
    }
}

fn breastfeeding(run: &Run<'_>, subject: &Subject<'_>, entry: &Entry) -> Option<Hit> {
    if run.chart.sex == Sex::Male {
        return None;
    }
    let level = entry.substance.breastfeeding?.level()?;
    match run.chart.breastfeeding {
        Breastfeeding::No => None,
        Breastfeeding::Yes => {
            let text = match level {
                Level::Contraindicated => Text::new(
                    "Contre-indiqué pendant l'allaitement.",
                    "Contraindicated while breastfeeding.",
                ),
                Level::Justify => Text::new(
                    "À éviter pendant l'allaitement.",
                    "To be avoided while breastfeeding.",
                ),
                Level::Inform => Text::new(
                    "À utiliser avec prudence pendant l'allaitement.",
                    "To be used with caution while breastfeeding.",
                ),
            };
            let hit = Hit::built("breastfeeding-formulary", Kind::Breastfeeding, level, text);
            Some(hit.on(subject, [Fact::Breastfeeding]))
        }
        Breastfeeding::Unknown if level == Level::Contraindicated && could_bear(run) => {
            let text = Text::new(
                "Allaitement non renseigné, et ce médicament peut nuire à l'enfant allaité.",
                "It is not known whether the patient breastfeeds, and this medicine can harm the child.",
            );
            let hit = Hit::built(
                "breastfeeding-unknown",
                Kind::Breastfeeding,
                Level::Inform,
                text,
            );
            Some(hit.on(subject, [Fact::Breastfeeding]))
        }
        Breastfeeding::Unknown => None,
    }
}

fn kidneys(run: &Run<'_>, subject: &Subject<'_>, entry: &Entry) -> Option<Hit> {
    if subject.is_local() {
        return None;
    }
    if let Some(egfr) = run.chart.egfr_ml_min {
        let reached = entry
            .substance
            .renal
            .iter()
            .filter(|step| egfr < step.below_ml_min);
        let step = reached.max_by(|a, b| {
            a.level
                .cmp(&b.level)
                .then(b.below_ml_min.total_cmp(&a.below_ml_min))
        })?;
        let hit = Hit::built(
            "renal-formulary",
            Kind::Renal,
            step.level,
            step.text.clone(),
        );
        return Some(hit.on(subject, [Fact::Kidneys]));
    }
    let stepped = entry.substance.renal.iter().map(|step| step.level).max();
    let ruled = strictest(run, entry, |trigger| matches!(trigger, Trigger::Renal(_)));
    if stepped.max(ruled)? < Level::Justify || !kidneys_in_doubt(run) {
        return None;
    }
    let text = Text::new(
        "Fonction rénale inconnue, et ce médicament dépend d'elle.",
        "Kidney function is not known, and this medicine depends on it.",
    );
    Some(Hit::built("renal-unknown", Kind::Renal, Level::Inform, text).on(subject, [Fact::Kidneys]))
}

fn kidneys_in_doubt(run: &Run<'_>) -> bool {
    run.chart.age_months.is_none_or(|age| age >= OLD_MONTHS)
        || run.chart.conditions.iter().any(|condition| {
            let code = icd(&condition.code);
            let prefixes = [
                "N17", "N18", "N19", "E10", "E11", "I10", "I12", "I13", "I50",
            ];
            condition.status == ConditionStatus::Active
                && prefixes.iter().any(|prefix| code.starts_with(prefix))
        })
}

/// The strictest rule of the medicine with such a trigger.
fn strictest(run: &Run<'_>, entry: &Entry, wanted: impl Fn(&Trigger) -> bool) -> Option<Level> {
    let rules = entry
        .own
        .iter()
        .filter_map(|number| run.rules.rules().get(*number));
    rules
        .filter(|rule| wanted(&rule.trigger))
        .map(|rule| rule.level)
        .max()
}
