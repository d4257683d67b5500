//! Two medicines: interactions and the same treatment twice.

use super::{Hit, Run, Subject, Taken, rules, words};
use crate::draft::Route;
use crate::grade::{Kind, Level, Text};
use crate::rule::{Rule, Trigger};
use crate::substance::DoseUnit;

pub(super) fn pair(
    run: &Run<'_>,
    (number, subject): (usize, &Subject<'_>),
    taken: &Taken<'_>,
    hits: &mut Vec<Hit>,
) {
    let (Some(entry), Some(other)) = (subject.entry, taken.entry) else {
        return;
    };
    let local = subject.is_local() || taken.route.is_some_and(Route::is_local);
    if entry.substance.id == other.substance.id {
        hits.push(same(subject, taken, local));
        return;
    }
    let line = subject.line;
    let daily_mg = words::daily(line.dose, line.frequency, DoseUnit::Mg);
    let other_daily_mg = words::daily(taken.dose, taken.frequency, DoseUnit::Mg);
    let mut found = |place: usize, mine: bool| {
        let Some(rule) = run.rules.rules().get(place) else {
            return;
        };
        let (daily, reason) = if mine {
            (daily_mg, line.indication.as_deref())
        } else {
            (other_daily_mg, taken.indication)
        };
        if (local && !rule.local) || !rules::enough(rule, daily) {
            return;
        }
        let replaces = replaced(run, mine, number, taken);
        hits.push(
            Hit {
                replaces,
                ..rules::of_rule(place, rule, reason)
            }
            .on(subject, [taken.fact.clone()]),
        );
    };
    for place in entry.as_drug.both(&other.as_other) {
        found(place, true);
    }
    for place in other.as_drug.both(&entry.as_other) {
        if !run.rules.rules().get(place).is_some_and(is_symmetric) {
            found(place, false);
        }
    }
}

/// A rule whose two sides are the same has been seen from the first side.
fn is_symmetric(rule: &Rule) -> bool {
    match &rule.trigger {
        Trigger::SameSelector => true,
        Trigger::Drug(other) => *other == rule.drug,
        Trigger::Condition { .. }
        | Trigger::Glucose { .. }
        | Trigger::Allergy(_)
        | Trigger::Pregnancy { .. }
        | Trigger::Breastfeeding
        | Trigger::Renal(_)
        | Trigger::Age { .. }
        | Trigger::Dose { .. } => false,
    }
}

/// The line that plays the part a rule offers alternatives for; none when it is taken already.
fn replaced(run: &Run<'_>, mine: bool, number: usize, taken: &Taken<'_>) -> Option<usize> {
    if mine {
        return Some(number);
    }
    run.lines.iter().position(|line| line.fact() == taken.fact)
}

fn same(subject: &Subject<'_>, taken: &Taken<'_>, local: bool) -> Hit {
    let level = if local { Level::Inform } else { Level::Justify };
    let text = Text::new(
        "Ce médicament est déjà prescrit ou déjà pris : les doses s'ajoutent.",
        "This medicine is already prescribed or taken: the doses add up.",
    );
    Hit::built("duplicate-substance", Kind::Duplicate, level, text)
        .on(subject, [taken.fact.clone()])
}
