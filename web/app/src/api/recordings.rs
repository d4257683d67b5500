//! Recordings of visits.

use clinical_api::{
    BASE, PlayView, RecordingCopyRequest, RecordingCopyView, RecordingFiguresView,
    RecordingReasonRequest, RecordingRowView, RecordingRulesRequest, RecordingRulesView,
    RecordingView, RecordingsView,
};
use clinical_model::{PatientId, RecordingId};

use super::client::{ApiError, get, post, post_with, put_with};

/// `GET /recordings`
pub async fn recordings(
    (patient, state, held): (Option<PatientId>, &str, &str),
    after: Option<&str>,
) -> Result<RecordingsView, ApiError> {
    let mut query = Vec::new();
    if let Some(patient) = patient {
        query.push(format!("patient={patient}"));
    }
    for (name, value) in [
        ("state", state),
        ("held", held),
        ("after", after.unwrap_or("")),
    ] {
        if !value.is_empty() {
            query.push(format!("{name}={value}"));
        }
    }
    get(&format!("/recordings?{}", query.join("&"))).await
}

/// `GET /recordings/figures`
pub async fn recording_figures() -> Result<RecordingFiguresView, ApiError> {
    get("/recordings/figures").await
}

/// `GET /recordings/rules`
pub async fn recording_rules() -> Result<RecordingRulesView, ApiError> {
    get("/recordings/rules").await
}

/// `PUT /recordings/rules`
pub async fn change_recording_rules(
    request: &RecordingRulesRequest,
) -> Result<RecordingRulesView, ApiError> {
    put_with("/recordings/rules", request).await
}

/// `GET /recordings/{id}`
pub async fn recording(id: RecordingId) -> Result<RecordingView, ApiError> {
    get(&format!("/recordings/{id}")).await
}

/// `POST /recordings/{id}/plays`: from now on the media can be read.
pub async fn play_recording(id: RecordingId) -> Result<PlayView, ApiError> {
    post(&format!("/recordings/{id}/plays")).await
}

/// `POST /recordings/{id}/copies`: from now on the copy can be fetched.
pub async fn copy_recording(id: RecordingId, sealed: bool) -> Result<RecordingCopyView, ApiError> {
    let request = RecordingCopyRequest { sealed };
    post_with(&format!("/recordings/{id}/copies"), &request).await
}

/// The address of the copy of a recording.
#[must_use]
pub fn recording_copy(id: RecordingId) -> String {
    format!("{BASE}/recordings/{id}/copy")
}

/// The address of a file of a recording.
#[must_use]
pub fn recording_media(id: RecordingId, file: u32) -> String {
    format!("{BASE}/recordings/{id}/media/{file}")
}

/// `POST /recordings/{id}/hold`
pub async fn hold_recording(id: RecordingId, reason: String) -> Result<RecordingRowView, ApiError> {
    let request = RecordingReasonRequest { reason };
    post_with(&format!("/recordings/{id}/hold"), &request).await
}

/// `POST /recordings/{id}/release`
pub async fn release_recording(id: RecordingId) -> Result<RecordingRowView, ApiError> {
    post(&format!("/recordings/{id}/release")).await
}

/// `POST /recordings/{id}/delete`
pub async fn delete_recording(
    id: RecordingId,
    reason: String,
) -> Result<RecordingRowView, ApiError> {
    let request = RecordingReasonRequest { reason };
    post_with(&format!("/recordings/{id}/delete"), &request).await
}
