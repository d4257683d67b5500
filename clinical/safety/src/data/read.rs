//! From written files to values in which every name is known.

use std::collections::BTreeSet;

use super::raw::{RawClass, RawFile, RawRule, RawSubstance};
use super::{DataError, Named};
use crate::grade::{Kind, Text};
use crate::rule::{Class, Exception, Rule, Selector, Source, Trigger};
use crate::substance::{DoseUnit, Limits, RenalStep, Substance, SubstanceId};

/// Everything the files say.
pub(crate) struct Contents {
    pub(crate) date: String,
    pub(crate) sources: Named<Source>,
    pub(crate) classes: Named<Class>,
    pub(crate) substances: Named<Substance>,
    pub(crate) rules: Named<Rule>,
}

/// An ICD-10 code without dot and case.
pub(crate) fn icd(code: &str) -> String {
    code.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|letter| letter.to_ascii_uppercase())
        .collect()
}

/// Reads files in the order of their names.
pub(crate) fn read(files: &[(&str, &str)]) -> Result<Contents, DataError> {
    let mut dates = Vec::new();
    let mut contents = Contents {
        date: String::new(),
        sources: Named::new(),
        classes: Named::new(),
        substances: Named::new(),
        rules: Named::new(),
    };
    for (file, text) in files {
        let raw: RawFile = toml::from_str(text).map_err(|source| DataError::Syntax {
            file: (*file).to_owned(),
            source: Box::new(source),
        })?;
        dates.extend(raw.date);
        for source in raw.source {
            insert(&mut contents.sources, file, source.id.clone(), source)?;
        }
        for class in raw.class {
            insert(
                &mut contents.classes,
                file,
                class.id.clone(),
                class_of(class),
            )?;
        }
        for substance in raw.substance {
            let at = Place {
                file,
                entry: &substance.id.clone(),
            };
            insert(
                &mut contents.substances,
                file,
                substance.id.clone(),
                substance_of(at, substance)?,
            )?;
        }
        for rule in raw.rule {
            let at = Place {
                file,
                entry: &rule.id.clone(),
            };
            insert(
                &mut contents.rules,
                file,
                rule.id.clone(),
                rule_of(at, rule)?,
            )?;
        }
    }
    let [date] = <[String; 1]>::try_from(dates).or(Err(DataError::Date))?;
    contents.date = date;
    resolve(&contents)?;
    Ok(contents)
}

fn insert<T>(into: &mut Named<T>, file: &str, name: String, value: T) -> Result<(), DataError> {
    if into.contains_key(&name) {
        return Err(DataError::Duplicate {
            file: file.to_owned(),
            entry: name,
        });
    }
    into.insert(name, (file.to_owned(), value));
    Ok(())
}

#[derive(Clone, Copy)]
struct Place<'a> {
    file: &'a str,
    entry: &'a str,
}

impl Place<'_> {
    fn field(self, field: &'static str, reason: &'static str) -> DataError {
        DataError::Field {
            file: self.file.to_owned(),
            entry: self.entry.to_owned(),
            field,
            reason,
        }
    }

    fn unknown(self, field: &'static str, value: &str) -> DataError {
        DataError::Unknown {
            file: self.file.to_owned(),
            entry: self.entry.to_owned(),
            field,
            value: value.to_owned(),
        }
    }

    fn some<T>(self, field: &'static str, value: Option<T>) -> Result<T, DataError> {
        value.ok_or_else(|| self.field(field, "is missing"))
    }
}

fn class_of(raw: RawClass) -> Class {
    Class {
        id: raw.id,
        name: Text::new(raw.fr, raw.en),
        parent: raw.parent,
        atc: raw.atc,
        substances: raw.substances,
    }
}

fn substance_of(at: Place<'_>, raw: RawSubstance) -> Result<Substance, DataError> {
    if raw
        .pregnancy_trimesters
        .iter()
        .any(|trimester| !(1..=3).contains(trimester))
    {
        return Err(at.field("pregnancy_trimesters", "must be 1, 2 or 3"));
    }
    if raw.source.is_empty() {
        return Err(at.field("source", "is missing"));
    }
    let limits = Limits {
        unit: raw.dose_unit.unwrap_or(DoseUnit::Mg),
        max_single: raw.max_single_mg,
        max_daily: raw.max_daily_mg,
        child_per_kg_day: raw.child_mg_per_kg_day,
        child_max_daily: raw.child_max_daily_mg,
    };
    let amounts = [
        limits.max_single,
        limits.max_daily,
        limits.child_per_kg_day,
        limits.child_max_daily,
    ];
    if amounts
        .iter()
        .flatten()
        .any(|amount| !(amount.is_finite() && *amount > 0.0))
    {
        return Err(at.field("max_daily_mg", "and other limits must be positive"));
    }
    Ok(Substance {
        id: SubstanceId::new(raw.id),
        name: Text::new(raw.fr, raw.en),
        atc: raw.atc,
        classes: raw.classes,
        allergy: raw.allergy,
        brands: raw.brands,
        controlled: raw.controlled,
        min_age_months: raw.min_age_months,
        pregnancy: raw.pregnancy,
        pregnancy_trimesters: raw.pregnancy_trimesters,
        breastfeeding: raw.breastfeeding,
        limits,
        renal: raw
            .renal
            .into_iter()
            .map(|step| RenalStep {
                below_ml_min: step.below_ml_min,
                level: step.level.level(),
                text: Text::new(step.fr, step.en),
            })
            .collect(),
        forms: raw.forms,
        sources: raw.source,
    })
}

fn rule_of(at: Place<'_>, raw: RawRule) -> Result<Rule, DataError> {
    if raw.source.is_empty() {
        return Err(at.field("source", "is missing"));
    }
    let trigger = trigger_of(at, &raw)?;
    let advice = match (raw.advice_fr, raw.advice_en) {
        (Some(fr), Some(en)) => Some(Text::new(fr, en)),
        (None, None) => None,
        (Some(_), None) => return Err(at.field("advice_en", "is missing")),
        (None, Some(_)) => return Err(at.field("advice_fr", "is missing")),
    };
    Ok(Rule {
        id: raw.id,
        kind: raw.kind,
        drug: raw.drug,
        trigger,
        level: raw.level,
        text: Text::new(raw.fr, raw.en),
        advice,
        safer: raw.safer,
        evidence: raw.evidence,
        sources: raw.source,
        exception: raw.exception.map(|exception| Exception {
            indication: exception.indication.iter().map(|code| icd(code)).collect(),
            level: exception.level,
            text: Text::new(exception.fr, exception.en),
        }),
        local: raw.local,
        min_daily_mg: raw.min_daily_mg,
    })
}

fn trigger_of(at: Place<'_>, raw: &RawRule) -> Result<Trigger, DataError> {
    let (from, below) = (
        raw.from_months.unwrap_or(0),
        raw.below_months.unwrap_or(u16::MAX),
    );
    match raw.kind {
        Kind::DrugCondition if raw.glucose_above.is_some() || raw.glucose_below.is_some() => {
            Ok(Trigger::Glucose {
                above: raw.glucose_above,
                below: raw.glucose_below,
            })
        }
        Kind::DrugCondition => {
            let prefixes: Vec<String> = at
                .some("condition", raw.condition.as_ref())?
                .iter()
                .map(|code| icd(code))
                .collect();
            if prefixes.is_empty() || prefixes.iter().any(|prefix| prefix.len() < 2) {
                return Err(at.field("condition", "must hold ICD-10 prefixes"));
            }
            Ok(Trigger::Condition {
                prefixes,
                history: raw.history,
            })
        }
        Kind::DrugAllergy => Ok(Trigger::Allergy(at.some("allergy", raw.allergy.clone())?)),
        Kind::DrugDrug => Ok(Trigger::Drug(at.some("other", raw.other.clone())?)),
        Kind::Duplicate => Ok(Trigger::SameSelector),
        Kind::Pregnancy => Ok(Trigger::Pregnancy {
            from_week: raw.from_week.unwrap_or(0),
            to_week: raw.to_week.unwrap_or(u8::MAX),
        }),
        Kind::Breastfeeding => Ok(Trigger::Breastfeeding),
        Kind::Renal => Ok(Trigger::Renal(at.some("below_ml_min", raw.below_ml_min)?)),
        Kind::Age if raw.from_months.is_none() && raw.below_months.is_none() => {
            Err(at.field("below_months", "or from_months is missing"))
        }
        Kind::Age => Ok(Trigger::Age { from, below }),
        Kind::Dose
            if raw
                .max_daily_mg
                .or(raw.max_single_mg)
                .or(raw.max_per_day)
                .is_none() =>
        {
            Err(at.field("max_daily_mg", "or another limit is missing"))
        }
        Kind::Dose => Ok(Trigger::Dose {
            max_daily_mg: raw.max_daily_mg,
            max_single_mg: raw.max_single_mg,
            max_per_day: raw.max_per_day,
            from,
            below,
        }),
        Kind::Unchecked => Err(at.field("kind", "cannot be written as a rule")),
    }
}

/// Every name that an entry uses must exist.
fn resolve(contents: &Contents) -> Result<(), DataError> {
    for (name, (file, class)) in &contents.classes {
        let at = Place { file, entry: name };
        class_parents(at, contents, class)?;
        for id in &class.substances {
            known_substance(at, "substances", contents, id)?;
        }
    }
    for (name, (file, substance)) in &contents.substances {
        let at = Place { file, entry: name };
        for class in &substance.classes {
            known_class(at, "classes", contents, class)?;
        }
        for group in &substance.allergy {
            known_class(at, "allergy", contents, group)?;
        }
        known_sources(at, contents, &substance.sources)?;
    }
    for (name, (file, rule)) in &contents.rules {
        let at = Place { file, entry: name };
        known_selector(at, "drug", contents, &rule.drug)?;
        match &rule.trigger {
            Trigger::Drug(other) => known_selector(at, "other", contents, other)?,
            Trigger::Allergy(group) => {
                if !contents.substances.contains_key(group) {
                    known_class(at, "allergy", contents, group)?;
                }
            }
            Trigger::Condition { .. }
            | Trigger::Glucose { .. }
            | Trigger::SameSelector
            | Trigger::Pregnancy { .. }
            | Trigger::Breastfeeding
            | Trigger::Renal(_)
            | Trigger::Age { .. }
            | Trigger::Dose { .. } => {}
        }
        for id in &rule.safer {
            known_substance(at, "safer", contents, id)?;
        }
        known_sources(at, contents, &rule.sources)?;
    }
    Ok(())
}

fn class_parents(at: Place<'_>, contents: &Contents, class: &Class) -> Result<(), DataError> {
    let mut seen = BTreeSet::from([class.id.as_str()]);
    let mut next = class.parent.as_deref();
    while let Some(parent) = next {
        known_class(at, "parent", contents, parent)?;
        if !seen.insert(parent) {
            return Err(at.field("parent", "leads back to itself"));
        }
        next = contents
            .classes
            .get(parent)
            .and_then(|(_, class)| class.parent.as_deref());
    }
    Ok(())
}

fn known_class(
    at: Place<'_>,
    field: &'static str,
    contents: &Contents,
    id: &str,
) -> Result<(), DataError> {
    if contents.classes.contains_key(id) {
        Ok(())
    } else {
        Err(at.unknown(field, id))
    }
}

fn known_substance(
    at: Place<'_>,
    field: &'static str,
    contents: &Contents,
    id: &SubstanceId,
) -> Result<(), DataError> {
    if contents.substances.contains_key(id.as_str()) {
        Ok(())
    } else {
        Err(at.unknown(field, id.as_str()))
    }
}

fn known_sources(at: Place<'_>, contents: &Contents, keys: &[String]) -> Result<(), DataError> {
    match keys.iter().find(|key| !contents.sources.contains_key(*key)) {
        None => Ok(()),
        Some(key) => Err(at.unknown("source", key)),
    }
}

fn known_selector(
    at: Place<'_>,
    field: &'static str,
    contents: &Contents,
    selector: &Selector,
) -> Result<(), DataError> {
    match selector {
        Selector::Substance(id) => known_substance(at, field, contents, id),
        Selector::Class(id) => known_class(at, field, contents, id),
        Selector::Atc(prefix) if prefix.is_empty() => {
            Err(at.field(field, "must not be an empty prefix"))
        }
        Selector::Atc(_) => Ok(()),
    }
}
