//! What a fact must be before it enters a chart.

use super::units::{self, Analyte};
use super::{Code, CodeSystem, Fact, Observation, Quantity, Value, family};

/// Most parts of an observation and most diseases of one relative; more are refused, because nobody reads them.
pub const PARTS_MAX: usize = 20;

/// Why a fact is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{field} is not acceptable")]
pub struct FactRefusal {
    /// The part that is refused, as a JSON path.
    pub field: &'static str,
}

const fn refuse(field: &'static str) -> FactRefusal {
    FactRefusal { field }
}

/// Looks for units that nobody knows, values that nobody can have, and lists that are too long.
///
/// # Errors
/// [`FactRefusal`]
pub fn check(fact: &Fact) -> Result<(), FactRefusal> {
    match fact {
        Fact::Observation(it) => observation(it),
        Fact::FamilyHistory(it) => {
            if it.conditions.is_empty() || it.conditions.len() > PARTS_MAX {
                return Err(refuse("fact.conditions"));
            }
            let ages = it.conditions.iter().map(|it| it.onset_years);
            let is_old = |age: Option<u8>| age.is_some_and(|age| age > family::AGE_MAX);
            if ages.into_iter().any(is_old) || is_old(it.died_at_years) {
                return Err(refuse("fact.onset_years"));
            }
            Ok(())
        }
        Fact::Medication(it) => match (&it.from, &it.until) {
            // Dates that are written alike sort like their texts.
            (Some(from), Some(until))
                if from.as_str().len() == until.as_str().len() && until < from =>
            {
                Err(refuse("fact.until"))
            }
            _ => Ok(()),
        },
        Fact::Condition(_)
        | Fact::Allergy(_)
        | Fact::Immunization(_)
        | Fact::Procedure(_)
        | Fact::Document(_)
        | Fact::Note(_) => Ok(()),
    }
}

fn observation(it: &Observation) -> Result<(), FactRefusal> {
    if it.components.len() > PARTS_MAX {
        return Err(refuse("fact.components"));
    }
    for part in &it.components {
        quantity(&part.code, &part.value)?;
    }
    match &it.value {
        Value::Quantity(value) => quantity(&it.code, value)?,
        Value::Components if it.components.is_empty() => return Err(refuse("fact.components")),
        Value::Components | Value::Coded(_) | Value::Text(_) => {}
    }
    let range = it.range.as_ref();
    match range.map(|it| (it.low.as_ref(), it.high.as_ref())) {
        Some((Some(low), Some(high))) if low.to_f64() > high.to_f64() => Err(refuse("fact.range")),
        _ => Ok(()),
    }
}

fn quantity(code: &Code, value: &Quantity) -> Result<(), FactRefusal> {
    if !units::is_known(value.unit.as_str()) {
        return Err(refuse("fact.unit"));
    }
    let number = value.value.to_f64();
    let known = match code.system {
        CodeSystem::Loinc => Analyte::of_code(code.code.as_str()),
        CodeSystem::Icd10
        | CodeSystem::Atc
        | CodeSystem::Formulary
        | CodeSystem::Snomed
        | CodeSystem::Cvx
        | CodeSystem::Local
        | CodeSystem::Text => None,
    };
    let fits = known.is_none_or(|it| it.is_possible(number, value.unit.as_str()));
    if number.is_finite() && fits {
        Ok(())
    } else {
        Err(refuse("fact.value"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::ObservationCategory;

    fn weight(value: &str, unit: &str) -> Fact {
        Fact::Observation(Observation {
            code: Code {
                system: CodeSystem::Loinc,
                code: "29463-7".try_into().unwrap(),
                display: "Poids".try_into().unwrap(),
            },
            category: ObservationCategory::VitalSigns,
            value: Value::Quantity(Quantity {
                value: value.parse().unwrap(),
                unit: unit.try_into().unwrap(),
            }),
            components: Vec::new(),
            interpretation: None,
            range: None,
            note: None,
        })
    }

    #[test]
    fn slips_of_the_pen_and_unknown_units_are_refused() {
        assert_eq!(check(&weight("72.5", "kg")), Ok(()));
        assert_eq!(check(&weight("7250", "kg")), Err(refuse("fact.value")));
        assert_eq!(check(&weight("72.5", "Cel")), Err(refuse("fact.value")));
        assert_eq!(check(&weight("72.5", "stone")), Err(refuse("fact.unit")));
    }

    #[test]
    fn an_observation_of_parts_has_parts() {
        let Fact::Observation(mut it) = weight("72.5", "kg") else {
            unreachable!()
        };
        it.value = Value::Components;
        assert_eq!(
            check(&Fact::Observation(it)),
            Err(refuse("fact.components"))
        );
    }
}
