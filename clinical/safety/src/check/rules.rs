//! Rules that need one line and one fact of the chart.

use super::{Hit, Origin, Run, Subject, words};
use crate::chart::{Allergen, Breastfeeding, ConditionStatus, Pregnancy, Sex};
use crate::data::icd;
use crate::finding::Fact;
use crate::grade::{Kind, Level, Text};
use crate::rule::{Rule, Trigger};
use crate::ruleset::Entry;
use crate::substance::DoseUnit;

pub(super) fn check(
    run: &Run<'_>,
    number: usize,
    subject: &Subject<'_>,
    entry: &Entry,
    hits: &mut Vec<Hit>,
) {
    let from = hits.len();
    for &rule_number in &entry.own {
        let Some(rule) = run.rules.rules().get(rule_number) else {
            continue;
        };
        if !applies(rule, subject) {
            continue;
        }
        for fact in facts(run, rule, subject) {
            hits.push(
                Hit {
                    replaces: Some(number),
                    ..of_rule(rule_number, rule, subject.line.indication.as_deref())
                }
                .on(subject, fact),
            );
        }
    }
    allergies(run, number, subject, entry, from, hits);
}

/// A hit of a rule; its exception is applied when the reason of the line says so.
pub(super) fn of_rule(number: usize, rule: &Rule, indication: Option<&str>) -> Hit {
    let exception = rule.exception.as_ref().filter(|exception| {
        indication.is_some_and(|code| {
            let code = icd(code);
            exception
                .indication
                .iter()
                .any(|prefix| code.starts_with(prefix.as_str()))
        })
    });
    Hit {
        origin: Origin::Rule(number),
        kind: rule.kind,
        level: exception.map_or(rule.level, |exception| exception.level),
        line: None,
        facts: Vec::new(),
        text: exception.map(|exception| exception.text.clone()),
        sources: Vec::new(),
        replaces: None,
    }
}

fn applies(rule: &Rule, subject: &Subject<'_>) -> bool {
    let reaches = rule.local || rule.kind == Kind::DrugAllergy || !subject.is_local();
    reaches
        && enough(
            rule,
            words::daily(subject.line.dose, subject.line.frequency, DoseUnit::Mg),
        )
}

/// Whether a daily dose is large enough for the rule. What is not known counts as large enough.
pub(super) fn enough(rule: &Rule, daily_mg: Option<f64>) -> bool {
    match (rule.min_daily_mg, daily_mg) {
        (Some(least), Some(daily)) => daily > least,
        (None, _) | (Some(_), None) => true,
    }
}

/// Each set of facts that fires the rule.
fn facts(run: &Run<'_>, rule: &Rule, subject: &Subject<'_>) -> Vec<Vec<Fact>> {
    let chart = run.chart;
    let once = |fires: bool, fact: Fact| if fires { vec![vec![fact]] } else { Vec::new() };
    match &rule.trigger {
        Trigger::Condition { prefixes, history } => chart
            .conditions
            .iter()
            .filter(|condition| *history || condition.status == ConditionStatus::Active)
            .filter(|condition| {
                let code = icd(&condition.code);
                prefixes
                    .iter()
                    .any(|prefix| code.starts_with(prefix.as_str()))
            })
            .map(|condition| vec![Fact::Condition(condition.id.clone())])
            .collect(),
        Trigger::Glucose { above, below } => chart
            .glucose
            .iter()
            .filter(|value| {
                above.is_some_and(|above| value.mmol_per_l >= above)
                    || below.is_some_and(|below| value.mmol_per_l < below)
            })
            .map(|value| vec![Fact::Glucose(value.id.clone())])
            .collect(),
        Trigger::Allergy(name) => chart
            .allergies
            .iter()
            .filter(|allergy| {
                allergy.verification.counts() && is_allergen(run, &allergy.allergen, name)
            })
            .map(|allergy| vec![Fact::Allergy(allergy.id.clone())])
            .collect(),
        Trigger::Pregnancy { from_week, to_week } => {
            once(pregnant(run, *from_week, *to_week), Fact::Pregnancy)
        }
        Trigger::Breastfeeding => once(
            chart.breastfeeding == Breastfeeding::Yes,
            Fact::Breastfeeding,
        ),
        Trigger::Renal(below) => once(
            chart.egfr_ml_min.is_some_and(|egfr| egfr < *below),
            Fact::Kidneys,
        ),
        Trigger::Age { from, below } => once(
            chart
                .age_months
                .is_some_and(|age| age >= *from && age < *below),
            Fact::Age,
        ),
        Trigger::Dose { .. } => once(too_much(run, &rule.trigger, subject), Fact::Dose),
        Trigger::Drug(_) | Trigger::SameSelector => Vec::new(),
    }
}

fn pregnant(run: &Run<'_>, from_week: u8, to_week: u8) -> bool {
    match (run.chart.sex, run.chart.pregnancy) {
        (Sex::Male, _) | (_, Pregnancy::No | Pregnancy::Unknown) => false,
        (Sex::Female | Sex::Unknown, Pregnancy::Yes { weeks: None }) => true,
        (Sex::Female | Sex::Unknown, Pregnancy::Yes { weeks: Some(week) }) => {
            (from_week..=to_week).contains(&week)
        }
    }
}

fn too_much(run: &Run<'_>, trigger: &Trigger, subject: &Subject<'_>) -> bool {
    let Trigger::Dose {
        max_daily_mg,
        max_single_mg,
        max_per_day,
        from,
        below,
    } = trigger
    else {
        return false;
    };
    // An unknown age is no excuse for a dose that is too much at some age.
    if run
        .chart
        .age_months
        .is_some_and(|age| age < *from || age >= *below)
    {
        return false;
    }
    let line = subject.line;
    let single = line
        .dose
        .and_then(|dose| dose.unit().convert(dose.amount(), DoseUnit::Mg));
    let daily = words::daily(line.dose, line.frequency, DoseUnit::Mg);
    let over = |value: Option<f64>, limit: Option<f64>| {
        value.zip(limit).is_some_and(|(value, limit)| value > limit)
    };
    over(daily, *max_daily_mg)
        || over(single, *max_single_mg)
        || over(line.frequency.map(crate::Frequency::get), *max_per_day)
}

fn is_allergen(run: &Run<'_>, allergen: &Allergen, name: &str) -> bool {
    match allergen {
        Allergen::Substance(id) => {
            id.as_str() == name
                || run
                    .rules
                    .entry(id)
                    .is_some_and(|entry| entry.groups.contains(name))
        }
        Allergen::Group(group) => run.rules.wider(group).contains(name),
        Allergen::FreeText(_) => false,
    }
}

/// Allergies that no rule needs to spell out: to the same medicine, to its group, to a relative.
fn allergies(
    run: &Run<'_>,
    number: usize,
    subject: &Subject<'_>,
    entry: &Entry,
    from: usize,
    hits: &mut Vec<Hit>,
) {
    for allergy in run
        .chart
        .allergies
        .iter()
        .filter(|allergy| allergy.verification.counts())
    {
        let fact = Fact::Allergy(allergy.id.clone());
        let told = hits
            .iter()
            .skip(from)
            .filter(|hit| hit.kind == Kind::DrugAllergy && hit.facts.contains(&fact))
            .map(|hit| hit.level)
            .max();
        let (name, level, text) = match &allergy.allergen {
            Allergen::Substance(id) if *id == entry.substance.id => (
                "allergy-same",
                Level::Contraindicated,
                Text::new(
                    "Allergie connue à ce médicament : une nouvelle prise peut être mortelle.",
                    "Known allergy to this medicine: another dose can be fatal.",
                ),
            ),
            Allergen::Group(group) if entry.groups.contains(group) => (
                "allergy-group",
                Level::Contraindicated,
                Text::new(
                    "Allergie connue à la famille de ce médicament.",
                    "Known allergy to the group of this medicine.",
                ),
            ),
            Allergen::Substance(id) if told.is_none() && related(run, id, entry) => (
                "allergy-cross",
                Level::Justify,
                Text::new(
                    "Allergie connue à un médicament apparenté : une réaction croisée est possible.",
                    "Known allergy to a related medicine: a cross-reaction is possible.",
                ),
            ),
            Allergen::Substance(_) | Allergen::Group(_) | Allergen::FreeText(_) => continue,
        };
        if told < Some(level) {
            let hit = Hit {
                replaces: Some(number),
                ..Hit::built(name, Kind::DrugAllergy, level, text)
            };
            hits.push(hit.sourced(entry).on(subject, [fact]));
        }
    }
}

fn related(run: &Run<'_>, allergen: &crate::SubstanceId, entry: &Entry) -> bool {
    run.rules.entry(allergen).is_some_and(|other| {
        other
            .substance
            .allergy
            .iter()
            .any(|group| entry.substance.allergy.contains(group))
    })
}
