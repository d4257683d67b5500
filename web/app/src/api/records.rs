//! Patients and their charts.

use clinical_api::{
    AmendRequest, ChartView, DraftRequest, DraftView, EntryRequest, EntryView,
    FamilyInterviewRequest, FamilyInterviewView, MedicineView, PatientView, PatientsView,
    RegisterRequest, SeriesView, TagsRequest, TimelineView, VersionRequest,
};
use clinical_model::{EntryId, PatientId};

use super::client::{ApiError, download, get, post_with, put_with, upload};

fn encoded(text: &str) -> String {
    js_sys::encode_uri_component(text).into()
}

/// `GET /patients?q=`
pub async fn search_patients(query: &str) -> Result<PatientsView, ApiError> {
    get(&format!("/patients?q={}", encoded(query))).await
}

/// `POST /patients`
pub async fn register_patient(request: &RegisterRequest) -> Result<PatientView, ApiError> {
    post_with("/patients", request).await
}

/// `GET /patients/{id}`
pub async fn patient(id: PatientId) -> Result<PatientView, ApiError> {
    get(&format!("/patients/{id}")).await
}

/// `GET /patients/{id}/chart`
pub async fn chart(id: PatientId) -> Result<ChartView, ApiError> {
    get(&format!("/patients/{id}/chart")).await
}

/// `GET /patients/{id}/series/{slug}`
pub async fn series(id: PatientId, slug: &str) -> Result<SeriesView, ApiError> {
    get(&format!("/patients/{id}/series/{}", encoded(slug))).await
}

/// `GET /patients/{id}/timeline`; `kind` and `tag` may be empty.
pub async fn timeline(
    id: PatientId,
    (kind, tag): (&str, &str),
    after: Option<String>,
) -> Result<TimelineView, ApiError> {
    let mut path = format!("/patients/{id}/timeline?limit=20&errors=true");
    for (name, value) in [
        ("kind", kind),
        ("tag", tag),
        ("after", after.as_deref().unwrap_or_default()),
    ] {
        if !value.is_empty() {
            path = format!("{path}&{name}={}", encoded(value));
        }
    }
    get(&path).await
}

/// `POST /patients/{id}/entries`
pub async fn add_entry(id: PatientId, request: &EntryRequest) -> Result<EntryView, ApiError> {
    post_with(&format!("/patients/{id}/entries"), request).await
}

/// `GET /entries/{id}`
pub async fn entry(id: EntryId) -> Result<EntryView, ApiError> {
    get(&format!("/entries/{id}")).await
}

/// `PUT /entries/{id}`
pub async fn amend_entry(id: EntryId, request: &AmendRequest) -> Result<EntryView, ApiError> {
    put_with(&format!("/entries/{id}"), request).await
}

/// `PUT /entries/{id}/tags`
pub async fn tag_entry(id: EntryId, request: &TagsRequest) -> Result<EntryView, ApiError> {
    put_with(&format!("/entries/{id}/tags"), request).await
}

/// `POST /entries/{id}/error`
pub async fn strike_entry(id: EntryId, version: u32) -> Result<EntryView, ApiError> {
    post_with(&format!("/entries/{id}/error"), &VersionRequest { version }).await
}

/// `GET /entries/{id}/versions`
pub async fn entry_versions(id: EntryId) -> Result<Vec<EntryView>, ApiError> {
    get(&format!("/entries/{id}/versions")).await
}

/// `GET /patients/{id}/documents`
pub async fn documents(id: PatientId) -> Result<Vec<EntryView>, ApiError> {
    get(&format!("/patients/{id}/documents")).await
}

/// `POST /patients/{id}/documents`
pub async fn upload_document(
    id: PatientId,
    (title, class): (&str, &str),
    file: &web_sys::File,
) -> Result<EntryView, ApiError> {
    let said = format!("title={}&class={class}", encoded(title));
    upload(&format!("/patients/{id}/documents"), &said, file).await
}

/// `GET /documents/{id}`: its bytes.
pub async fn document(id: EntryId) -> Result<Vec<u8>, ApiError> {
    download(&format!("/documents/{id}")).await
}

/// `GET /patients/{id}/draft`
pub async fn draft(id: PatientId) -> Result<Option<DraftView>, ApiError> {
    get(&format!("/patients/{id}/draft")).await
}

/// `PUT /patients/{id}/draft`
pub async fn save_draft(id: PatientId, request: &DraftRequest) -> Result<DraftView, ApiError> {
    put_with(&format!("/patients/{id}/draft"), request).await
}

/// `POST /patients/{id}/family-interview`
pub async fn family_interview(
    id: PatientId,
    request: &FamilyInterviewRequest,
) -> Result<FamilyInterviewView, ApiError> {
    post_with(&format!("/patients/{id}/family-interview"), request).await
}

/// `GET /medicines?q=`
pub async fn medicines_like(name: &str) -> Result<Vec<MedicineView>, ApiError> {
    get(&format!("/medicines?q={}", encoded(name))).await
}
