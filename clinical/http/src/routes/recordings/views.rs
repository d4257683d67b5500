//! From models to views.

use clinical_api::{
    ProblemCode, RecordingConsentView, RecordingGapView, RecordingRowView, RecordingTrackView,
    RecordingView,
};
use clinical_app::recordings::{Full, Gap, Listed, RecordingsError, ShelfError, Track};
use clinical_model::{ParticipantUuid, Role};

use crate::error::ApiError;

pub(super) fn row_view(it: Listed, role: Role) -> RecordingRowView {
    let recording = it.recording;
    let made = recording.made;
    RecordingRowView {
        id: recording.id,
        appointment: recording.appointment,
        patient: Some(recording.patient).filter(|_| role != Role::Admin),
        patient_name: it.patient_name,
        doctor_name: it.doctor_name,
        state: recording.state,
        started_us: recording.started.0,
        ended_us: recording.ended.map(|at| at.0),
        duration_ms: made.map(|it| it.duration_ms),
        bytes: made.map(|it| it.bytes),
        keep_until_us: recording.keep_until.0,
        held: recording.held,
        reason: recording.reason.map(String::from),
        prepared: it.progress.map(|it| it.done),
        prepared_of: it.progress.map(|it| it.of),
    }
}

fn gap_view(it: Gap) -> RecordingGapView {
    RecordingGapView {
        from_ms: it.from_ms,
        to_ms: it.to_ms,
        why: it.why,
    }
}

fn track_view(it: Track, names: &[(ParticipantUuid, String)]) -> RecordingTrackView {
    let name = names.iter().find(|(known, _)| Some(*known) == it.person);
    RecordingTrackView {
        file: it.file,
        kind: it.kind,
        media_type: it.media_type,
        person: it.person,
        name: name.map(|(_, name)| name.clone()),
        from_ms: it.from_ms,
        to_ms: it.to_ms,
        bytes: it.bytes,
        gaps: it.gaps.into_iter().map(gap_view).collect(),
    }
}

pub(super) fn recording_view(it: Full, role: Role) -> RecordingView {
    let tracks = it.contents.tracks.into_iter();
    let consents = it.consents.into_iter().map(|it| RecordingConsentView {
        person: it.person,
        name: it.name,
        at_us: it.at.0,
        agreed: it.agreed_to.is_some(),
        wording: it.agreed_to,
    });
    RecordingView {
        tracks: tracks.map(|track| track_view(track, &it.names)).collect(),
        recovered: it.contents.recovered,
        consents: consents.collect(),
        row: row_view(it.listed, role),
    }
}

impl From<RecordingsError> for ApiError {
    fn from(error: RecordingsError) -> Self {
        match error {
            // Who comes without a ticket hears of no recording.
            RecordingsError::NotFound
            | RecordingsError::Ticket
            | RecordingsError::Shelf(ShelfError::Missing) => Self::not_found(),
            RecordingsError::WrongState => ProblemCode::WrongState.into(),
            RecordingsError::Rules => Self::invalid("keep_days"),
            RecordingsError::Changed => ProblemCode::Changed.into(),
            RecordingsError::Shelf(ShelfError::Away(_)) => ProblemCode::Unavailable.into(),
            RecordingsError::Shelf(error) => Self::internal(error),
            RecordingsError::Store(error) => error.into(),
        }
    }
}
