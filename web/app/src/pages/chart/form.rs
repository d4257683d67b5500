//! What a form says about a fact.

use clinical_api::EntryView;
use clinical_model::access::Label;
use clinical_model::chart::units::{Analyte, BLOOD_PRESSURE, DIASTOLIC, SYSTOLIC};
use clinical_model::chart::{
    Allergy, AllergyCategory, ClinicalStatus, Code, CodeSystem, Component, Condition, Criticality,
    Fact, Immunization, Kind, MedicationSource, MedicationStatement, MedicationStatus, NoteFact,
    Observation, ObservationCategory, Quantity, Value, Verification,
};
use clinical_model::text::{CodeText, Line, Prose};
use leptos::prelude::*;
use web_logic::three_way::merged;

use crate::api;
use crate::i18n::{Key, t, t_now};

/// What is offered to be measured, and the name that the chart keeps.
pub(super) const MEASURES: [(&str, Key); 9] = [
    ("systolic", Key::AnalytePressure),
    ("heart_rate", Key::AnalyteHeartRate),
    ("temperature", Key::AnalyteTemperature),
    ("oxygen", Key::AnalyteOxygen),
    ("weight", Key::AnalyteWeight),
    ("height", Key::AnalyteHeight),
    ("glucose", Key::AnalyteGlucose),
    ("hba1c", Key::AnalyteHba1c),
    ("creatinine", Key::AnalyteCreatinine),
];

/// The fields of every kind; each kind uses some.
#[derive(Clone, Copy)]
pub(super) struct Form {
    pub(super) kind: RwSignal<Kind>,
    /// Name of the disease, medicine, vaccine; title of a note.
    pub(super) what: RwSignal<String>,
    /// Reaction, dosage, text.
    pub(super) more: RwSignal<String>,
    pub(super) measure: RwSignal<String>,
    pub(super) value: RwSignal<String>,
    /// The lower of two values.
    pub(super) second: RwSignal<String>,
    /// It is there, it is taken.
    pub(super) is_there: RwSignal<bool>,
    pub(super) is_dangerous: RwSignal<bool>,
    pub(super) is_hidden: RwSignal<bool>,
    pub(super) tags: RwSignal<String>,
}

impl Form {
    pub(super) fn empty(kind: Kind) -> Self {
        let text = || RwSignal::new(String::new());
        Self {
            kind: RwSignal::new(kind),
            what: text(),
            more: text(),
            measure: RwSignal::new("systolic".to_owned()),
            value: text(),
            second: text(),
            is_there: RwSignal::new(true),
            is_dangerous: RwSignal::new(false),
            is_hidden: RwSignal::new(false),
            tags: text(),
        }
    }

    /// The words of a fact that is to be amended.
    pub(super) fn of(fact: &Fact) -> Self {
        let form = Self::empty(fact.kind());
        let prose = |it: &Option<Prose>| it.clone().map(String::from).unwrap_or_default();
        let line = |it: &Option<Line>| it.clone().map(String::from).unwrap_or_default();
        let is_there = |status| status == ClinicalStatus::Active;
        match fact {
            Fact::Condition(it) => {
                form.more.set(prose(&it.note));
                form.is_there.set(is_there(it.clinical));
            }
            Fact::Allergy(it) => {
                form.more.set(line(&it.reaction));
                form.is_there.set(is_there(it.clinical));
                form.is_dangerous.set(it.criticality == Criticality::High);
            }
            Fact::Medication(it) => {
                form.more.set(line(&it.dosage));
                form.is_there.set(it.status == MedicationStatus::Active);
            }
            Fact::Observation(it) => {
                match &it.value {
                    Value::Quantity(value) => form.value.set(value.value.as_str().to_owned()),
                    Value::Coded(_) | Value::Text(_) | Value::Components => {}
                }
                if let [first, second] = it.components.as_slice() {
                    form.value.set(first.value.value.as_str().to_owned());
                    form.second.set(second.value.value.as_str().to_owned());
                }
            }
            Fact::Immunization(it) => form.more.set(prose(&it.note)),
            Fact::Procedure(it) => form.more.set(prose(&it.note)),
            Fact::FamilyHistory(it) => form.more.set(prose(&it.note)),
            Fact::Document(it) => form.more.set(it.title.as_str().to_owned()),
            Fact::Note(it) => form.more.set(it.text.as_str().to_owned()),
        }
        form
    }

    /// The words of an entry that is to be amended, with who may see it and its tags.
    pub(super) fn of_entry(entry: &EntryView) -> Self {
        let form = Self::of(&entry.fact);
        form.is_hidden.set(entry.label > Label::Normal);
        form.tags.set(entry.tags.join(", "));
        form
    }

    /// Takes from what is stored whatever was not changed here, and joins texts that were changed on
    /// both sides. Of two values the one written here stays, beside the comparison that was shown.
    pub(super) fn join(self, began: Self, stored: Self) {
        for field in [|it: Self| it.value, |it: Self| it.second] {
            if field(self).get_untracked() == field(began).get_untracked() {
                field(self).set(field(stored).get_untracked());
            }
        }
        let [was, theirs, mine] = [began, stored, self].map(|it| it.more.get_untracked());
        self.more.set(if self.has_one_line() {
            joined_line(&was, &theirs, mine)
        } else {
            merged(&was, &theirs, &mine)
        });
        let [began_tags, stored_tags, my_tags] = [began, stored, self].map(Self::tags);
        let [was, theirs, mine] = [&began_tags, &stored_tags, &my_tags].map(|it| it.join("\n"));
        let joined = merged(&was, &theirs, &mine);
        self.tags.set(joined.lines().collect::<Vec<_>>().join(", "));
        for mark in [|it: Self| it.is_there, |it: Self| it.is_dangerous] {
            if mark(self).get_untracked() == mark(began).get_untracked() {
                mark(self).set(mark(stored).get_untracked());
            }
        }
        self.keep_hidden(began, stored);
    }

    /// Leaves who may see it as somebody else has decided meanwhile, unless it was decided here.
    pub(super) fn keep_hidden(self, began: Self, stored: Self) {
        if self.is_hidden.get_untracked() == began.is_hidden.get_untracked() {
            self.is_hidden.set(stored.is_hidden.get_untracked());
        }
    }

    /// Whether the words of this kind are one line and not a text.
    fn has_one_line(self) -> bool {
        matches!(
            self.kind.get_untracked(),
            Kind::Allergy | Kind::Medication | Kind::Document
        )
    }

    /// What stands in the form, a line for each field that this kind has; tracked.
    pub(super) fn told(self, kind: Kind, title: String) -> String {
        let mut lines = vec![title];
        let said = |key: Key, value: &str| format!("{}: {value}", t(key));
        let mark = |it: RwSignal<bool>| {
            t(if it.get() {
                Key::ConflictYes
            } else {
                Key::ConflictNo
            })
        };
        if kind == Kind::Observation {
            let (value, second) = (self.value.get(), self.second.get());
            lines.push(if second.is_empty() {
                said(Key::EntryValue, &value)
            } else {
                said(Key::EntryValue, &format!("{value} / {second}"))
            });
        }
        lines.extend(self.more.get().split('\n').map(str::to_owned));
        match kind {
            Kind::Condition => lines.push(said(Key::EntryStill, mark(self.is_there))),
            Kind::Medication => lines.push(said(Key::EntryTaken, mark(self.is_there))),
            Kind::Allergy => {
                lines.push(said(Key::EntryStill, mark(self.is_there)));
                lines.push(said(Key::EntryDangerous, mark(self.is_dangerous)));
            }
            Kind::Observation
            | Kind::Immunization
            | Kind::FamilyHistory
            | Kind::Procedure
            | Kind::Document
            | Kind::Note => {}
        }
        lines.push(said(Key::EntryHidden, mark(self.is_hidden)));
        lines.push(said(Key::EntryTags, &self.tags.get()));
        lines.retain(|it| !it.is_empty());
        lines.join("\n")
    }

    fn line(it: RwSignal<String>) -> Option<Line> {
        Line::try_from(it.get_untracked()).ok()
    }

    fn prose(it: RwSignal<String>) -> Option<Prose> {
        Prose::try_from(it.get_untracked()).ok()
    }

    fn quantity(it: RwSignal<String>, unit: &str) -> Option<Quantity> {
        Some(Quantity {
            value: it.get_untracked().trim().replace(',', ".").parse().ok()?,
            unit: Line::try_from(unit).ok()?,
        })
    }

    fn clinical(self) -> ClinicalStatus {
        if self.is_there.get_untracked() {
            ClinicalStatus::Active
        } else {
            ClinicalStatus::Resolved
        }
    }

    fn criticality(self) -> Criticality {
        if self.is_dangerous.get_untracked() {
            Criticality::High
        } else {
            Criticality::Low
        }
    }

    /// The new fact; none while something is missing. Medicines are looked up in the formulary, so
    /// that prescriptions are judged by them.
    pub(super) async fn fact(self) -> Option<Fact> {
        let kind = self.kind.get_untracked();
        Some(match kind {
            Kind::Condition => Fact::Condition(Condition {
                code: words(&Self::line(self.what)?)?,
                clinical: ClinicalStatus::Active,
                verification: Verification::Confirmed,
                severity: None,
                onset: None,
                note: Self::prose(self.more),
            }),
            Kind::Allergy => Fact::Allergy(Allergy {
                substance: substance(&Self::line(self.what)?).await?,
                category: AllergyCategory::Medication,
                criticality: self.criticality(),
                clinical: ClinicalStatus::Active,
                verification: Verification::Confirmed,
                reaction: Self::line(self.more),
                severity: None,
                onset: None,
                note: None,
            }),
            Kind::Medication => Fact::Medication(MedicationStatement {
                substance: substance(&Self::line(self.what)?).await?,
                status: MedicationStatus::Active,
                source: MedicationSource::Clinician,
                dosage: Self::line(self.more),
                from: None,
                until: None,
                prescription: None,
                note: None,
            }),
            Kind::Observation => self.observation()?,
            Kind::Immunization => Fact::Immunization(Immunization {
                vaccine: words(&Self::line(self.what)?)?,
                given: true,
                dose_number: None,
                lot: None,
                note: Self::prose(self.more),
            }),
            Kind::Note => Fact::Note(NoteFact {
                title: Self::line(self.what)?,
                text: Self::prose(self.more)?,
            }),
            Kind::Procedure => Fact::Procedure(clinical_model::chart::Procedure {
                code: words(&Self::line(self.what)?)?,
                done: true,
                note: Self::prose(self.more),
            }),
            Kind::FamilyHistory | Kind::Document => return None,
        })
    }

    fn observation(self) -> Option<Fact> {
        let slug = self.measure.get_untracked();
        let analyte = Analyte::of_slug(&slug)?;
        let name = MEASURES.iter().find(|(of, _)| *of == slug)?.1;
        let coded = |code: &str| {
            Some(Code {
                system: CodeSystem::Loinc,
                code: CodeText::try_from(code).ok()?,
                display: Line::try_from(t_now(name)).ok()?,
            })
        };
        let value = Self::quantity(self.value, analyte.unit)?;
        let is_laboratory = matches!(slug.as_str(), "glucose" | "hba1c" | "creatinine");
        let mut it = Observation {
            code: coded(analyte.codes.first()?)?,
            category: if is_laboratory {
                ObservationCategory::Laboratory
            } else {
                ObservationCategory::VitalSigns
            },
            value: Value::Quantity(value.clone()),
            components: Vec::new(),
            interpretation: None,
            range: None,
            note: None,
        };
        if slug == "systolic" {
            it.code = coded(BLOOD_PRESSURE)?;
            it.value = Value::Components;
            let lower = Self::quantity(self.second, analyte.unit)?;
            for (code, value) in [(SYSTOLIC, value), (DIASTOLIC, lower)] {
                let code = coded(code)?;
                it.components.push(Component { code, value });
            }
        }
        Some(Fact::Observation(it))
    }

    /// A fact with the words of the form in place of its own; none while something is missing.
    pub(super) fn amended(self, fact: Fact) -> Option<Fact> {
        Some(match fact {
            Fact::Condition(it) => Fact::Condition(Condition {
                clinical: self.clinical(),
                note: Self::prose(self.more),
                ..it
            }),
            Fact::Allergy(it) => Fact::Allergy(Allergy {
                clinical: self.clinical(),
                criticality: self.criticality(),
                reaction: Self::line(self.more),
                ..it
            }),
            Fact::Medication(it) => Fact::Medication(MedicationStatement {
                status: if self.is_there.get_untracked() {
                    MedicationStatus::Active
                } else {
                    MedicationStatus::Stopped
                },
                dosage: Self::line(self.more),
                ..it
            }),
            Fact::Observation(mut it) => {
                if let Value::Quantity(value) = &it.value {
                    let value = Self::quantity(self.value, value.unit.as_str())?;
                    it.value = Value::Quantity(value);
                }
                if let [first, second] = it.components.as_mut_slice() {
                    first.value = Self::quantity(self.value, first.value.unit.as_str())?;
                    second.value = Self::quantity(self.second, second.value.unit.as_str())?;
                }
                Fact::Observation(it)
            }
            Fact::Immunization(mut it) => {
                it.note = Self::prose(self.more);
                Fact::Immunization(it)
            }
            Fact::Procedure(mut it) => {
                it.note = Self::prose(self.more);
                Fact::Procedure(it)
            }
            Fact::FamilyHistory(mut it) => {
                it.note = Self::prose(self.more);
                Fact::FamilyHistory(it)
            }
            Fact::Document(mut it) => {
                it.title = Self::line(self.more)?;
                Fact::Document(it)
            }
            Fact::Note(mut it) => {
                it.text = Self::prose(self.more)?;
                Fact::Note(it)
            }
        })
    }

    /// The tags, split at commas.
    pub(super) fn tags(self) -> Vec<String> {
        self.tags
            .get_untracked()
            .split(',')
            .map(|it| it.trim().to_owned())
            .filter(|it| !it.is_empty())
            .collect()
    }
}

/// Both changes of one line, as long as they fit into one; otherwise the one written here.
fn joined_line(was: &str, theirs: &str, mine: String) -> String {
    if mine == was || mine == theirs {
        return theirs.to_owned();
    }
    let both = format!("{theirs}; {mine}");
    if theirs == was || theirs.is_empty() || Line::try_from(both.as_str()).is_err() {
        mine
    } else {
        both
    }
}

/// Words without a code.
fn words(line: &Line) -> Option<Code> {
    coded(CodeSystem::Text, "text", line)
}

fn coded(system: CodeSystem, code: &str, display: &Line) -> Option<Code> {
    Some(Code {
        system,
        code: CodeText::try_from(code).ok()?,
        display: display.clone(),
    })
}

/// A medicine of the formulary by its name in either language, a class of medicines, or words.
async fn substance(name: &Line) -> Option<Code> {
    let asked = name.as_str().trim().to_lowercase();
    if asked.starts_with("pénicilline") || asked.starts_with("penicillin") {
        return coded(CodeSystem::Formulary, "penicillin", name);
    }
    let found = api::medicines_like(&asked).await.unwrap_or_default();
    let known = found
        .iter()
        .find(|it| it.name.fr.to_lowercase() == asked || it.name.en.to_lowercase() == asked);
    match known {
        Some(medicine) => coded(CodeSystem::Formulary, &medicine.id, name),
        None => words(name),
    }
}
