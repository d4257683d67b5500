//! `GET /appointments/{id}/note/draft`

use axum::Json;
use axum::extract::State;
use clinical_api::{DraftSection, NoteDraftView, NoteSection, SaidSentence, Speaker};
use clinical_app::captions::{self, Draft, DraftError};
use clinical_model::AppointmentId;
use clinical_model::captions::{Section, Sentence, Speaker as Who};

use crate::actor::Caller;
use crate::error::ApiError;
use crate::extract::Segments;
use crate::router::ApiState;

/// What was said in an own visit with captions, sorted into the sections of a note. It changes nothing.
#[utoipa::path(get, path = "/appointments/{id}/note/draft", tag = "notes",
    params(("id" = String, Path, format = Uuid)),
    responses((status = 200, body = NoteDraftView)))]
pub(super) async fn get_note_draft(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<AppointmentId>,
) -> Result<Json<NoteDraftView>, ApiError> {
    let draft = captions::draft(&state.desk, &actor, id).await;
    draft.map(|draft| Json(view(draft))).map_err(refuse)
}

fn view(draft: Draft) -> NoteDraftView {
    let sections = draft.outline.sections.into_iter();
    NoteDraftView {
        sections: sections
            .map(|(section, sentences)| DraftSection {
                section: section_view(section),
                sentences: sentences.into_iter().map(sentence_view).collect(),
            })
            .collect(),
        left_out: u32::try_from(draft.outline.left_out).unwrap_or(u32::MAX),
        until_us: draft.until.map(|at| at.0),
    }
}

fn sentence_view(sentence: Sentence) -> SaidSentence {
    SaidSentence {
        at_us: sentence.at.0,
        speaker: match sentence.speaker {
            Who::Clinician => Speaker::Clinician,
            Who::Patient => Speaker::Patient,
            Who::Guest => Speaker::Guest,
        },
        name: sentence.name.into_exposed(),
        text: sentence.text.into_exposed(),
    }
}

const fn section_view(section: Section) -> NoteSection {
    match section {
        Section::Reason => NoteSection::Reason,
        Section::History => NoteSection::History,
        Section::Medicines => NoteSection::Medicines,
        Section::Findings => NoteSection::Findings,
        Section::Assessment => NoteSection::Assessment,
        Section::Plan => NoteSection::Plan,
        Section::Other => NoteSection::Other,
    }
}

fn refuse(error: DraftError) -> ApiError {
    match error {
        DraftError::NotFound => ApiError::not_found(),
        DraftError::Store(error) => error.into(),
    }
}
