//! Amounts against the limits of the formulary.

use super::{Hit, Run, Subject, words};
use crate::finding::Fact;
use crate::grade::{Kind, Level, Text};
use crate::ruleset::Entry;
use crate::substance::{DoseUnit, Limits};

/// From this age on the limits of adults hold: 18 years.
const ADULT_MONTHS: u16 = 216;
/// From this age on the limits of adults hold where the data has none for children: 12 years.
const BIG_CHILD_MONTHS: u16 = 144;
/// Doses are rounded to what a syringe or half a tablet gives, so a tenth above is not an error.
const ROUNDING: f64 = 1.1;

pub(super) fn check(run: &Run<'_>, subject: &Subject<'_>, hits: &mut Vec<Hit>) {
    let Some(entry) = subject.entry else { return };
    if subject.is_local() {
        return;
    }
    let limits = entry.substance.limits;
    let child = run.chart.age_months.is_some_and(|age| age < ADULT_MONTHS);
    if child {
        child_gaps(run, subject, &limits, hits);
    }
    if let Some(gap) = gap(subject, &limits, child) {
        hits.push(gap);
        return;
    }
    let Some(daily) = words::daily(subject.line.dose, subject.line.frequency, limits.unit) else {
        return;
    };
    if let Some(limit) = daily_limit(run, &limits, child) {
        let taken = total(run, subject, entry, limits.unit);
        if daily > limit * if child { ROUNDING } else { 1.0 } {
            hits.push(
                over(
                    if child { "dose-child" } else { "dose-daily" },
                    daily,
                    limit,
                    limits.unit,
                )
                .sourced(entry)
                .on(
                    subject,
                    if child {
                        vec![Fact::Dose, Fact::Age, Fact::Weight]
                    } else {
                        vec![Fact::Dose]
                    },
                ),
            );
        } else if taken > limit * if child { ROUNDING } else { 1.0 } {
            hits.push(
                over("dose-total", taken, limit, limits.unit)
                    .sourced(entry)
                    .on(subject, [Fact::Dose]),
            );
        }
    }
    let single = subject
        .line
        .dose
        .and_then(|dose| dose.unit().convert(dose.amount(), limits.unit));
    if let (Some(single), Some(limit)) = (single, limits.max_single)
        && single > limit
    {
        let text = Text::new(
            format!(
                "Dose par prise de {}, au-dessus du maximum de {}.",
                words::amount(single, limits.unit),
                words::amount(limit, limits.unit)
            ),
            format!(
                "Single dose of {}, above the maximum of {}.",
                words::amount(single, limits.unit),
                words::amount(limit, limits.unit)
            ),
        );
        let hit = Hit::built("dose-single", Kind::Dose, Level::Justify, text);
        hits.push(hit.sourced(entry).on(subject, [Fact::Dose]));
    }
}

fn over(name: &'static str, amount: f64, limit: f64, unit: DoseUnit) -> Hit {
    let (amount, limit) = (words::amount(amount, unit), words::amount(limit, unit));
    let text = Text::new(
        format!("Dose de {amount} par jour, au-dessus du maximum de {limit}."),
        format!("Dose of {amount} a day, above the maximum of {limit}."),
    );
    Hit::built(name, Kind::Dose, Level::Justify, text)
}

/// The largest daily dose for this patient.
fn daily_limit(run: &Run<'_>, limits: &Limits, child: bool) -> Option<f64> {
    if !child {
        return limits.max_daily;
    }
    let by_weight = limits
        .child_per_kg_day
        .zip(run.chart.weight_kg)
        .map(|(per_kg, weight)| per_kg * weight);
    [by_weight, limits.child_max_daily, limits.max_daily]
        .into_iter()
        .flatten()
        .reduce(f64::min)
}

/// What this line and the same medicine elsewhere add up to.
fn total(run: &Run<'_>, subject: &Subject<'_>, entry: &Entry, unit: DoseUnit) -> f64 {
    let same =
        |other: Option<&Entry>| other.is_some_and(|other| other.substance.id == entry.substance.id);
    let lines = run
        .lines
        .iter()
        .filter(|other| same(other.entry) && !other.is_local() && other.line.id != subject.line.id)
        .filter_map(|other| words::daily(other.line.dose, other.line.frequency, unit));
    let medicines = run
        .chart
        .medicines
        .iter()
        .filter(|medicine| same(run.rules.entry_of(&medicine.drug)))
        .filter(|medicine| !medicine.route.is_some_and(crate::Route::is_local))
        .filter_map(|medicine| words::daily(medicine.dose, medicine.frequency, unit));
    let own = words::daily(subject.line.dose, subject.line.frequency, unit).unwrap_or(0.0);
    // A sum in a fixed order, so that the order of the input does not show in the last digit.
    let mut amounts: Vec<f64> = lines.chain(medicines).collect();
    amounts.sort_by(f64::total_cmp);
    own + amounts.iter().sum::<f64>()
}

/// What stops the amounts from being checked.
fn gap(subject: &Subject<'_>, limits: &Limits, child: bool) -> Option<Hit> {
    let limited = limits
        .max_daily
        .or(limits.max_single)
        .or(limits.child_per_kg_day.filter(|_| child))
        .is_some();
    if !limited {
        return None;
    }
    let (Some(dose), Some(_)) = (subject.line.dose, subject.line.frequency) else {
        let text = Text::new(
            "Dose ou nombre de prises manquant : la dose n'a pas été vérifiée.",
            "Dose or frequency is missing: the dose was not checked.",
        );
        return Some(
            Hit::built("dose-missing", Kind::Unchecked, Level::Inform, text)
                .on(subject, [Fact::Dose]),
        );
    };
    if dose.unit().convert(1.0, limits.unit).is_some() {
        return None;
    }
    let text = Text::new(
        "La dose n'a pas été vérifiée, car son unité ne se compare pas à celle des limites connues.",
        "The dose was not checked, because its unit cannot be compared with that of the known limits.",
    );
    Some(Hit::built("dose-unit", Kind::Unchecked, Level::Inform, text).on(subject, [Fact::Dose]))
}

fn child_gaps(run: &Run<'_>, subject: &Subject<'_>, limits: &Limits, hits: &mut Vec<Hit>) {
    let small = run
        .chart
        .age_months
        .is_some_and(|age| age < BIG_CHILD_MONTHS);
    if limits.child_per_kg_day.is_some() && run.chart.weight_kg.is_none() {
        let level = if small { Level::Justify } else { Level::Inform };
        let text = Text::new(
            "Le poids de l'enfant manque : la dose n'a pas pu être vérifiée.",
            "The child's weight is missing: the dose could not be checked.",
        );
        hits.push(
            Hit::built("weight-missing", Kind::Unchecked, level, text).on(subject, [Fact::Weight]),
        );
    }
    if small && limits.child_per_kg_day.or(limits.child_max_daily).is_none() {
        let text = Text::new(
            "Pas de dose maximale connue ici pour un enfant : à vérifier dans le résumé du produit.",
            "No largest dose for a child is known here: check the product information.",
        );
        hits.push(
            Hit::built("dose-child-unknown", Kind::Unchecked, Level::Inform, text)
                .on(subject, [Fact::Age]),
        );
    }
}
