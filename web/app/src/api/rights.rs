//! Who may see a record, who looked, and what patients may ask for.

use clinical_api::{
    AccessQuestionRequest, AnswerRequest, BreakGlassRequest, BreakGlassView, ChargeView,
    ConsentRequest, ConsentView, ConsentWordingView, CorrectionRequest, EmergencyView,
    ExportRequest, LooksView, ProcessingView, ProxyRequest, ProxyView, ReviewRequest,
    RightsRequestView, RunningEmergencyView, TeamMemberView,
};
use clinical_model::{GrantId, PatientId, RequestId};

use super::client::{ApiError, delete, download_made, get, post, post_done, post_with};

/// `GET /me/charges`
pub async fn charges() -> Result<Vec<ChargeView>, ApiError> {
    get("/me/charges").await
}

/// `GET /patients/{id}/accesses`, older than the one with number `before`.
pub async fn looks(id: PatientId, before: Option<i64>) -> Result<LooksView, ApiError> {
    let before = before.map_or_else(String::new, |seq| format!("?before={seq}"));
    get(&format!("/patients/{id}/accesses{before}")).await
}

/// `GET /patients/{id}/care-team`
pub async fn care_team(id: PatientId) -> Result<Vec<TeamMemberView>, ApiError> {
    get(&format!("/patients/{id}/care-team")).await
}

/// `DELETE /patients/{id}/care-team/{grant}`
pub async fn end_care(id: PatientId, grant: GrantId) -> Result<(), ApiError> {
    delete(&format!("/patients/{id}/care-team/{grant}")).await
}

/// `GET /patients/{id}/proxies`
pub async fn proxies(id: PatientId) -> Result<Vec<ProxyView>, ApiError> {
    get(&format!("/patients/{id}/proxies")).await
}

/// `POST /patients/{id}/proxies`
pub async fn give_proxy(id: PatientId, request: &ProxyRequest) -> Result<ProxyView, ApiError> {
    post_with(&format!("/patients/{id}/proxies"), request).await
}

/// `DELETE /patients/{id}/proxies/{grant}`
pub async fn end_proxy(id: PatientId, grant: GrantId) -> Result<(), ApiError> {
    delete(&format!("/patients/{id}/proxies/{grant}")).await
}

/// `GET /consent-wordings`
pub async fn consent_wordings() -> Result<Vec<ConsentWordingView>, ApiError> {
    get("/consent-wordings").await
}

/// `GET /patients/{id}/consents`
pub async fn consents(id: PatientId) -> Result<Vec<ConsentView>, ApiError> {
    get(&format!("/patients/{id}/consents")).await
}

/// `POST /patients/{id}/consents`
pub async fn give_consent(
    id: PatientId,
    request: &ConsentRequest,
) -> Result<ConsentView, ApiError> {
    post_with(&format!("/patients/{id}/consents"), request).await
}

/// `POST /patients/{id}/consents/{grant}/withdraw`
pub async fn withdraw_consent(id: PatientId, grant: GrantId) -> Result<(), ApiError> {
    post_done(&format!("/patients/{id}/consents/{grant}/withdraw"), &()).await
}

/// `POST /patients/{id}/exports`: the bytes of the ZIP.
pub async fn export(id: PatientId, request: &ExportRequest) -> Result<Vec<u8>, ApiError> {
    download_made(&format!("/patients/{id}/exports"), request).await
}

/// `GET /patients/{id}/requests`
pub async fn asked(id: PatientId) -> Result<Vec<RightsRequestView>, ApiError> {
    get(&format!("/patients/{id}/requests")).await
}

/// `POST /patients/{id}/corrections`
pub async fn ask_correction(
    id: PatientId,
    request: &CorrectionRequest,
) -> Result<RightsRequestView, ApiError> {
    post_with(&format!("/patients/{id}/corrections"), request).await
}

/// `POST /patients/{id}/access-questions`
pub async fn ask_about_access(
    id: PatientId,
    request: &AccessQuestionRequest,
) -> Result<RightsRequestView, ApiError> {
    post_with(&format!("/patients/{id}/access-questions"), request).await
}

/// `POST /patients/{id}/erasure-requests`
pub async fn ask_erasure(id: PatientId) -> Result<RightsRequestView, ApiError> {
    post(&format!("/patients/{id}/erasure-requests")).await
}

/// `GET /requests`
pub async fn requests() -> Result<Vec<RightsRequestView>, ApiError> {
    get("/requests").await
}

/// `POST /requests/{grant}/answer`
pub async fn answer_request(
    id: RequestId,
    request: &AnswerRequest,
) -> Result<RightsRequestView, ApiError> {
    post_with(&format!("/requests/{id}/answer"), request).await
}

/// `POST /break-glass`
pub async fn break_glass(request: &BreakGlassRequest) -> Result<BreakGlassView, ApiError> {
    post_with("/break-glass", request).await
}

/// `GET /break-glass`
pub async fn running_emergencies() -> Result<Vec<RunningEmergencyView>, ApiError> {
    get("/break-glass").await
}

/// `POST /break-glass/{grant}/end`
pub async fn end_emergency(id: GrantId) -> Result<(), ApiError> {
    post_done(&format!("/break-glass/{id}/end"), &()).await
}

/// `GET /admin/break-glass`
pub async fn emergencies() -> Result<Vec<EmergencyView>, ApiError> {
    get("/admin/break-glass").await
}

/// `POST /admin/break-glass/{grant}/review`
pub async fn review_emergency(id: GrantId, request: &ReviewRequest) -> Result<(), ApiError> {
    post_done(&format!("/admin/break-glass/{id}/review"), request).await
}

/// `GET /admin/register`
pub async fn register() -> Result<Vec<ProcessingView>, ApiError> {
    get("/admin/register").await
}
