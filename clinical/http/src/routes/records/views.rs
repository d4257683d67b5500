//! From models to views, and from refusals to problems.

use clinical_api::{
    CandidateView, ChartView, EmergencyPerson, EntryView, PatientDetails, PatientRowView,
    PatientView, PointView, ProblemCode, SeriesView, TimelineItem, TimelineVisit, TrendView,
};
use clinical_app::records::{Candidate, Item, Overview, RecordError, Seen, Series, Shown};
use clinical_model::chart::Kind;
use clinical_model::chart::files::FileRefusal;
use clinical_model::patients::{Demographics, Patient, PatientState};
use clinical_model::text::{PartialDate, Phone};

use crate::error::ApiError;

fn details(who: &Demographics) -> PatientDetails {
    PatientDetails {
        family: who.family.clone(),
        given: who.given.clone(),
        sex: who.sex,
        birth: who.birth.clone(),
        phones: who.phones.iter().cloned().map(String::from).collect(),
        email: who.email.clone(),
        address: who.address.clone(),
        blood_group: who.blood_group,
        language: who.language.clone(),
        identifiers: who.identifiers.clone(),
        emergency: who.emergency.as_ref().map(|it| EmergencyPerson {
            name: it.name.clone(),
            relation: it.relation.clone(),
            phone: it.phone.as_str().to_owned(),
        }),
        deceased: who.deceased.clone(),
    }
}

pub(super) fn patient_view(patient: &Patient) -> PatientView {
    PatientView {
        id: patient.id,
        details: details(&patient.demographics),
        merged_into: match patient.state {
            PatientState::Merged { into } => Some(into),
            PatientState::Active | PatientState::Erased => None,
        },
        version: patient.version,
        right: String::new(),
        writable: Vec::new(),
        label_max: None,
    }
}

pub(super) fn seen_view(seen: Seen) -> PatientView {
    PatientView {
        right: seen.grant.as_str().to_owned(),
        writable: seen.writable,
        label_max: seen.label_max,
        ..patient_view(&seen.patient)
    }
}

pub(super) fn row_view(patient: &Patient) -> PatientRowView {
    let who = &patient.demographics;
    PatientRowView {
        id: patient.id,
        family: who.family.as_str().to_owned(),
        given: who.given.as_str().to_owned(),
        sex: who.sex,
        birth: who.birth.clone().map(PartialDate::into),
        phone: who.phones.first().cloned().map(Phone::into),
    }
}

fn candidate_view(candidate: &Candidate) -> CandidateView {
    use clinical_app::records::Why;
    let word = |why: &Why| match why {
        Why::SameIdentifier => "same_identifier",
        Why::SamePhone => "same_phone",
        Why::SameBirthDate => "same_birth_date",
        Why::SwappedBirthDate => "swapped_birth_date",
        Why::SameBirthYear => "same_birth_year",
        Why::SameName => "same_name",
        Why::CloseName => "close_name",
    };
    CandidateView {
        patient: row_view(&candidate.patient),
        why: candidate.why.iter().map(|it| word(it).to_owned()).collect(),
    }
}

pub(super) fn entry_view(it: Shown) -> EntryView {
    EntryView {
        id: it.entry.id,
        patient: it.entry.patient,
        fact: it.entry.fact,
        label: it.entry.label,
        status: it.entry.status,
        effective_us: it.entry.effective.0,
        recorded_us: it.entry.recorded.0,
        author: it.entry.author,
        author_name: it.author,
        appointment: it.entry.appointment,
        version: it.entry.version,
        tags: it.tags.iter().map(|tag| tag.as_str().to_owned()).collect(),
    }
}

pub(super) fn chart_view(chart: Overview) -> ChartView {
    let mut view = ChartView {
        allergies: Vec::new(),
        conditions: Vec::new(),
        medications: Vec::new(),
        immunizations: Vec::new(),
        family_history: Vec::new(),
        procedures: Vec::new(),
        observations: chart.latest.into_iter().map(entry_view).collect(),
        trends: chart
            .trends
            .iter()
            .map(|trend| TrendView {
                slug: trend.analyte.slug.to_owned(),
                unit: trend.analyte.unit.to_owned(),
                count: trend.count,
            })
            .collect(),
    };
    for shown in chart.entries {
        let list = match shown.entry.fact.kind() {
            Kind::Allergy => &mut view.allergies,
            Kind::Condition => &mut view.conditions,
            Kind::Medication => &mut view.medications,
            Kind::Immunization => &mut view.immunizations,
            Kind::FamilyHistory => &mut view.family_history,
            Kind::Procedure => &mut view.procedures,
            Kind::Observation => &mut view.observations,
            // Papers and notes have lists of their own.
            Kind::Document | Kind::Note => continue,
        };
        list.push(entry_view(shown));
    }
    view
}

pub(super) fn series_view(series: Series) -> SeriesView {
    let places = series.analyte.map_or(2, |it| it.places);
    SeriesView {
        slug: series.analyte.map(|it| it.slug.to_owned()),
        unit: series.unit,
        places: u32::try_from(places).unwrap_or(2),
        points: series
            .points
            .into_iter()
            .map(|point| PointView {
                entry: point.entry,
                at_us: point.at.0,
                value: point.value,
                written: point.written,
                interpretation: point.interpretation,
            })
            .collect(),
    }
}

pub(super) fn item_view(item: Item) -> TimelineItem {
    match item {
        Item::Entry(shown) => TimelineItem::Entry(Box::new(entry_view(*shown))),
        Item::Visit(visit, doctor_name) => TimelineItem::Visit(TimelineVisit {
            id: visit.id,
            start_us: visit.start.0,
            stage: visit.stage.as_str().to_owned(),
            doctor_name,
        }),
    }
}

impl From<RecordError> for ApiError {
    fn from(error: RecordError) -> Self {
        match error {
            RecordError::NotFound => Self::not_found(),
            RecordError::Forbidden => ProblemCode::Forbidden.into(),
            RecordError::Invalid(field) => Self::invalid(field),
            RecordError::Changed => ProblemCode::Changed.into(),
            RecordError::WrongState(field) => Self::new(ProblemCode::WrongState).field(field),
            RecordError::Duplicate(found) => Self::new(ProblemCode::Duplicate)
                .candidates(found.iter().map(candidate_view).collect()),
            RecordError::File(refusal) => match refusal {
                FileRefusal::Empty => Self::invalid("file"),
                FileRefusal::TooLong => ProblemCode::TooLarge.into(),
                FileRefusal::Unknown => {
                    Self::new(ProblemCode::UnsupportedMediaType).field("file.unknown")
                }
                FileRefusal::NotAsSaid => {
                    Self::new(ProblemCode::UnsupportedMediaType).field("file.not_as_said")
                }
                FileRefusal::Active => {
                    Self::new(ProblemCode::UnsupportedMediaType).field("file.active")
                }
            },
            RecordError::Store(error) => error.into(),
        }
    }
}
