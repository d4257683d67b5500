//! Services, free times, holds, the waiting list and calendars.

use clinical_api::{
    AppointmentView, BookHeldRequest, CalendarBy, CalendarView, FeedView, HoldRequest, HoldView,
    NewFeedView, OpeningView, OverbookRequest, PlanView, ResourceRequest, ResourceView,
    ServiceRequest, ServiceView, WaitRequest, WaitingView,
};
use clinical_model::{AppointmentId, HoldId, ResourceId, ServiceId, UserId, WaitingId};

use super::client::{ApiError, delete, download, get, post, post_done, post_with, put_with};

/// `GET /services`
pub async fn services() -> Result<Vec<ServiceView>, ApiError> {
    get("/services").await
}

/// `POST /services`
pub async fn add_service(request: &ServiceRequest) -> Result<ServiceView, ApiError> {
    post_with("/services", request).await
}

/// `PUT /services/{id}`
pub async fn change_service(
    id: ServiceId,
    request: &ServiceRequest,
) -> Result<ServiceView, ApiError> {
    put_with(&format!("/services/{id}"), request).await
}

/// `GET /resources`
pub async fn resources() -> Result<Vec<ResourceView>, ApiError> {
    get("/resources").await
}

/// `POST /resources`
pub async fn add_resource(request: &ResourceRequest) -> Result<ResourceView, ApiError> {
    post_with("/resources", request).await
}

/// `PUT /resources/{id}`
pub async fn change_resource(
    id: ResourceId,
    request: &ResourceRequest,
) -> Result<ResourceView, ApiError> {
    put_with(&format!("/resources/{id}"), request).await
}

/// `GET /doctors/{id}/plan`
pub async fn doctor_plan(id: UserId) -> Result<PlanView, ApiError> {
    get(&format!("/doctors/{id}/plan")).await
}

/// `PUT /doctors/{id}/plan`
pub async fn put_doctor_plan(id: UserId, plan: &PlanView) -> Result<PlanView, ApiError> {
    put_with(&format!("/doctors/{id}/plan"), plan).await
}

/// `GET /services/{id}/openings`
pub async fn openings(
    service: ServiceId,
    doctor: Option<UserId>,
    (from_us, days): (i64, u32),
) -> Result<Vec<OpeningView>, ApiError> {
    let with = doctor.map_or_else(String::new, |id| format!("&doctor={id}"));
    get(&format!(
        "/services/{service}/openings?from_us={from_us}&days={days}{with}"
    ))
    .await
}

/// `POST /holds`
pub async fn hold(request: &HoldRequest) -> Result<HoldView, ApiError> {
    post_with("/holds", request).await
}

/// `DELETE /holds/{id}`
pub async fn release(id: HoldId) -> Result<(), ApiError> {
    delete(&format!("/holds/{id}")).await
}

/// `POST /holds/{id}/book`
pub async fn book_held(id: HoldId, reason: String) -> Result<AppointmentView, ApiError> {
    post_with(&format!("/holds/{id}/book"), &BookHeldRequest { reason }).await
}

/// `POST /appointments/overbook`
pub async fn overbook(request: &OverbookRequest) -> Result<AppointmentView, ApiError> {
    post_with("/appointments/overbook", request).await
}

/// `GET /calendar`
pub async fn calendar(
    by: CalendarBy,
    (from_us, to_us): (i64, i64),
) -> Result<CalendarView, ApiError> {
    let by = match by {
        CalendarBy::Clinician => "clinician",
        CalendarBy::Resource => "resource",
    };
    get(&format!(
        "/calendar?from_us={from_us}&to_us={to_us}&by={by}"
    ))
    .await
}

/// `GET /appointments/{id}/calendar.ics`: its bytes.
pub async fn calendar_entry(id: AppointmentId) -> Result<Vec<u8>, ApiError> {
    download(&format!("/appointments/{id}/calendar.ics")).await
}

/// `GET /me/calendar-feed`
pub async fn feed() -> Result<FeedView, ApiError> {
    get("/me/calendar-feed").await
}

/// `POST /me/calendar-feed`: a new address; the old one stops working.
pub async fn make_feed() -> Result<NewFeedView, ApiError> {
    post("/me/calendar-feed").await
}

/// `DELETE /me/calendar-feed`
pub async fn revoke_feed() -> Result<(), ApiError> {
    delete("/me/calendar-feed").await
}

/// `GET /waiting-list`
pub async fn waiting() -> Result<Vec<WaitingView>, ApiError> {
    get("/waiting-list").await
}

/// `POST /waiting-list`
pub async fn wait(request: &WaitRequest) -> Result<WaitingView, ApiError> {
    post_with("/waiting-list", request).await
}

/// `DELETE /waiting-list/{id}`
pub async fn leave_waiting(id: WaitingId) -> Result<(), ApiError> {
    delete(&format!("/waiting-list/{id}")).await
}

/// `POST /waiting-list/{id}/accept`
pub async fn accept_offer(id: WaitingId) -> Result<AppointmentView, ApiError> {
    let request = BookHeldRequest {
        reason: String::new(),
    };
    post_with(&format!("/waiting-list/{id}/accept"), &request).await
}

/// `POST /waiting-list/{id}/decline`
pub async fn decline_offer(id: WaitingId) -> Result<(), ApiError> {
    post_done(&format!("/waiting-list/{id}/decline"), &()).await
}
