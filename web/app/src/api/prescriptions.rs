//! Prescriptions, the pharmacy and the formulary.

use clinical_api::{
    DispenseRequest, DocumentVerdictView, MedicationPlanView, MedicationReminderRequest,
    MedicationReminderView, MedicineView, OverrideRequest, PaperView, PrescriptionCheckView,
    PrescriptionRequest, PrescriptionView, RefusalTimesView, RefuseRequest,
    SignPrescriptionRequest, StepRequest, UnseenRefusalsView,
};
use clinical_model::{PatientId, PrescriptionId};

use super::client::{ApiError, download, get, get_open, post_open_file, post_with, put_with};

fn encoded(text: &str) -> String {
    String::from(js_sys::encode_uri_component(text))
}

/// `GET /medicines?q=`
pub async fn medicines(typed: &str) -> Result<Vec<MedicineView>, ApiError> {
    get(&format!("/medicines?q={}", encoded(typed))).await
}

/// `GET /medicines/{slug}`
pub async fn medicine(slug: &str) -> Result<MedicineView, ApiError> {
    get(&format!("/medicines/{}", encoded(slug))).await
}

/// `GET /prescriptions`, of one patient or all that one may see.
pub async fn prescriptions(patient: Option<PatientId>) -> Result<Vec<PrescriptionView>, ApiError> {
    match patient {
        Some(patient) => get(&format!("/prescriptions?patient={patient}")).await,
        None => get("/prescriptions").await,
    }
}

/// `GET /prescriptions?code=`
pub async fn prescription_of_code(code: &str) -> Result<Option<PrescriptionView>, ApiError> {
    let found: Vec<_> = get(&format!("/prescriptions?code={}", encoded(code))).await?;
    Ok(found.into_iter().next())
}

/// `GET /prescriptions/{id}`
pub async fn prescription(id: PrescriptionId) -> Result<PrescriptionView, ApiError> {
    get(&format!("/prescriptions/{id}")).await
}

/// `GET /prescriptions/{id}/verify`
pub async fn check_prescription(id: PrescriptionId) -> Result<PrescriptionCheckView, ApiError> {
    get(&format!("/prescriptions/{id}/verify")).await
}

/// `POST /prescriptions`
pub async fn write_prescription(
    request: &PrescriptionRequest,
) -> Result<PrescriptionView, ApiError> {
    post_with("/prescriptions", request).await
}

/// `PUT /prescriptions/{id}`
pub async fn change_prescription(
    id: PrescriptionId,
    request: &PrescriptionRequest,
) -> Result<PrescriptionView, ApiError> {
    put_with(&format!("/prescriptions/{id}"), request).await
}

/// `POST /prescriptions/{id}/sign`
pub async fn sign_prescription(
    id: PrescriptionId,
    request: &SignPrescriptionRequest,
) -> Result<PrescriptionView, ApiError> {
    post_with(&format!("/prescriptions/{id}/sign"), request).await
}

/// A step without more words: `transmit`, `cancel` or `seen`.
pub async fn step_prescription(
    id: PrescriptionId,
    version: u32,
    step: &'static str,
) -> Result<PrescriptionView, ApiError> {
    let path = format!("/prescriptions/{id}/{step}");
    post_with(&path, &StepRequest { version }).await
}

/// `POST /prescriptions/{id}/override`
pub async fn override_refusal(
    id: PrescriptionId,
    request: &OverrideRequest,
) -> Result<PrescriptionView, ApiError> {
    post_with(&format!("/prescriptions/{id}/override"), request).await
}

/// `POST /prescriptions/{id}/dispense`
pub async fn dispense_prescription(
    id: PrescriptionId,
    request: &DispenseRequest,
) -> Result<PrescriptionView, ApiError> {
    post_with(&format!("/prescriptions/{id}/dispense"), request).await
}

/// `POST /prescriptions/{id}/refuse`
pub async fn refuse_prescription(
    id: PrescriptionId,
    request: &RefuseRequest,
) -> Result<PrescriptionView, ApiError> {
    post_with(&format!("/prescriptions/{id}/refuse"), request).await
}

/// `GET /patients/{id}/medication-plan`
pub async fn medication_plan(patient: PatientId) -> Result<MedicationPlanView, ApiError> {
    get(&format!("/patients/{patient}/medication-plan")).await
}

/// `GET /me/medication-plan`
pub async fn own_medication_plan() -> Result<MedicationPlanView, ApiError> {
    get("/me/medication-plan").await
}

/// `GET /me/medication-reminders`
pub async fn medication_reminders() -> Result<Vec<MedicationReminderView>, ApiError> {
    get("/me/medication-reminders").await
}

/// `PUT /me/medication-reminders/{prescription}/{line}`
pub async fn put_medication_reminder(
    prescription: PrescriptionId,
    line: u32,
    request: &MedicationReminderRequest,
) -> Result<MedicationReminderView, ApiError> {
    let path = format!("/me/medication-reminders/{prescription}/{line}");
    put_with(&path, request).await
}

/// `GET /prescriptions/unseen-refusals`
pub async fn unseen_refusals() -> Result<UnseenRefusalsView, ApiError> {
    get("/prescriptions/unseen-refusals").await
}

/// `GET /prescriptions/refusal-times`
pub async fn refusal_times() -> Result<RefusalTimesView, ApiError> {
    get("/prescriptions/refusal-times").await
}

/// `GET /verify/{code}`; needs no account.
pub async fn verify_code(code: &str) -> Result<PaperView, ApiError> {
    get_open(&format!("/verify/{}", encoded(code))).await
}

/// `GET /prescriptions/{id}/document`: the sealed PDF.
pub async fn prescription_document(
    id: PrescriptionId,
    language: &'static str,
) -> Result<Vec<u8>, ApiError> {
    download(&format!("/prescriptions/{id}/document?language={language}")).await
}

/// `POST /verify/document`; needs no account.
pub async fn verify_document(file: &web_sys::File) -> Result<DocumentVerdictView, ApiError> {
    post_open_file("/verify/document", file).await
}
