//! Every operation of the contract.

use clinical_api::{
    AppointmentView, BookRequest, ContactRequest, ContactView, DoctorView, GuestRequest, GuestView,
    HoursView, JoinLink, JoinRequest, JoinView, NodesView, NoteDraftView, NoteRequest, NoteView,
    ObserveTicket, PhoneAccessView, PhoneWayView, PlacedCallView, QueueView, RescheduleRequest,
    RingRequest, SignNoteRequest, SlotsView, SummaryView, TelephoneView, TestTicket,
    VisitCallsView,
};
use clinical_model::{AppointmentId, CallId, ContactId, GuestId, UserId};

use super::client::{ApiError, delete, get, post, post_done, post_open, post_with, put_with};

/// `GET /doctors`
pub async fn doctors() -> Result<Vec<DoctorView>, ApiError> {
    get("/doctors").await
}

/// `GET /doctors/{id}/slots`: free times of `days` days from an instant, Unix microseconds.
pub async fn slots(doctor: UserId, from_us: i64, days: u8) -> Result<SlotsView, ApiError> {
    get(&format!(
        "/doctors/{doctor}/slots?from_us={from_us}&days={days}"
    ))
    .await
}

/// `GET /hours`
pub async fn hours() -> Result<HoursView, ApiError> {
    get("/hours").await
}

/// `PUT /hours`
pub async fn put_hours(hours: &HoursView) -> Result<HoursView, ApiError> {
    put_with("/hours", hours).await
}

/// `POST /appointments`
pub async fn book(request: &BookRequest) -> Result<AppointmentView, ApiError> {
    post_with("/appointments", request).await
}

/// `GET /appointments` that begin in `from_us .. to_us`, Unix microseconds.
pub async fn appointments(from_us: i64, to_us: i64) -> Result<Vec<AppointmentView>, ApiError> {
    get(&format!("/appointments?from_us={from_us}&to_us={to_us}")).await
}

/// `GET /appointments/{id}`
pub async fn appointment(id: AppointmentId) -> Result<AppointmentView, ApiError> {
    get(&format!("/appointments/{id}")).await
}

/// `POST /appointments/{id}/cancel`
pub async fn cancel(id: AppointmentId) -> Result<AppointmentView, ApiError> {
    post(&format!("/appointments/{id}/cancel")).await
}

/// `POST /appointments/{id}/reschedule`
pub async fn reschedule(
    id: AppointmentId,
    request: &RescheduleRequest,
) -> Result<AppointmentView, ApiError> {
    post_with(&format!("/appointments/{id}/reschedule"), request).await
}

/// `POST /appointments/{id}/link`: a new link; the old one stops working.
pub async fn new_link(id: AppointmentId) -> Result<JoinLink, ApiError> {
    post(&format!("/appointments/{id}/link")).await
}

/// `DELETE /appointments/{id}/link`
pub async fn revoke_link(id: AppointmentId) -> Result<(), ApiError> {
    delete(&format!("/appointments/{id}/link")).await
}

/// `GET /appointments/{id}/phone`: how its patient comes by telephone.
pub async fn phone_access(id: AppointmentId) -> Result<PhoneAccessView, ApiError> {
    get(&format!("/appointments/{id}/phone")).await
}

/// `POST /appointments/{id}/phone`: a new PIN; the old one stops working.
pub async fn new_phone_pin(id: AppointmentId) -> Result<PhoneWayView, ApiError> {
    post(&format!("/appointments/{id}/phone")).await
}

/// `POST /join` with the token of a join link; needs no account.
pub async fn join(request: &JoinRequest) -> Result<JoinView, ApiError> {
    post_open("/join", request).await
}

/// `POST /join/queue`; needs no account.
pub async fn join_queue(request: &JoinRequest) -> Result<QueueView, ApiError> {
    post_open("/join/queue", request).await
}

/// `POST /join/test`: a pass for a connection test; needs no account.
pub async fn join_test(request: &JoinRequest) -> Result<TestTicket, ApiError> {
    post_open("/join/test", request).await
}

/// `POST /appointments/{id}/join`: the doctor enters.
pub async fn doctor_join(id: AppointmentId) -> Result<JoinView, ApiError> {
    post(&format!("/appointments/{id}/join")).await
}

/// `POST /connection-tests`: a pass for a connection test of a signed-in person.
pub async fn connection_test() -> Result<TestTicket, ApiError> {
    post("/connection-tests").await
}

/// `GET /appointments/{id}/calls`: whom one may call into a visit, and who is called.
pub async fn visit_calls(id: AppointmentId) -> Result<VisitCallsView, ApiError> {
    get(&format!("/appointments/{id}/calls")).await
}

/// `POST /appointments/{id}/calls`
pub async fn ring(id: AppointmentId, request: &RingRequest) -> Result<PlacedCallView, ApiError> {
    post_with(&format!("/appointments/{id}/calls"), request).await
}

/// `DELETE /appointments/{id}/calls/{call}`
pub async fn stop_ringing(id: AppointmentId, call: CallId) -> Result<(), ApiError> {
    delete(&format!("/appointments/{id}/calls/{call}")).await
}

/// `GET /telephone`
pub async fn telephone() -> Result<TelephoneView, ApiError> {
    get("/telephone").await
}

/// `POST /telephone/contacts`
pub async fn add_contact(request: &ContactRequest) -> Result<ContactView, ApiError> {
    post_with("/telephone/contacts", request).await
}

/// `DELETE /telephone/contacts/{contact}`
pub async fn remove_contact(id: ContactId) -> Result<(), ApiError> {
    delete(&format!("/telephone/contacts/{id}")).await
}

/// `DELETE /telephone/lockouts/{lock}`
pub async fn unlock(id: &str) -> Result<(), ApiError> {
    delete(&format!("/telephone/lockouts/{id}")).await
}

/// `GET /nodes`
pub async fn nodes() -> Result<NodesView, ApiError> {
    get("/nodes").await
}

/// `POST /nodes/{name}/drain`; the name is of letters, digits and hyphens.
pub async fn drain_node(name: &str) -> Result<(), ApiError> {
    post_done(&format!("/nodes/{name}/drain"), &()).await
}

/// `DELETE /nodes/{name}/drain`
pub async fn serve_node(name: &str) -> Result<(), ApiError> {
    delete(&format!("/nodes/{name}/drain")).await
}

/// `POST /appointments/{id}/guests`
pub async fn invite(id: AppointmentId, request: &GuestRequest) -> Result<GuestView, ApiError> {
    post_with(&format!("/appointments/{id}/guests"), request).await
}

/// `DELETE /appointments/{id}/guests/{guest}`
pub async fn remove_guest(id: AppointmentId, guest: GuestId) -> Result<(), ApiError> {
    delete(&format!("/appointments/{id}/guests/{guest}")).await
}

/// `GET /appointments/{id}/note`
pub async fn note(id: AppointmentId) -> Result<NoteView, ApiError> {
    get(&format!("/appointments/{id}/note")).await
}

/// `GET /appointments/{id}/note/draft`
pub async fn note_draft(id: AppointmentId) -> Result<NoteDraftView, ApiError> {
    get(&format!("/appointments/{id}/note/draft")).await
}

/// `PUT /appointments/{id}/note`
pub async fn save_note(id: AppointmentId, request: &NoteRequest) -> Result<NoteView, ApiError> {
    put_with(&format!("/appointments/{id}/note"), request).await
}

/// `POST /appointments/{id}/note/sign`
pub async fn sign_note(id: AppointmentId, request: &SignNoteRequest) -> Result<NoteView, ApiError> {
    post_with(&format!("/appointments/{id}/note/sign"), request).await
}

/// `GET /appointments/{id}/summary`
pub async fn summary(id: AppointmentId) -> Result<SummaryView, ApiError> {
    get(&format!("/appointments/{id}/summary")).await
}

/// `POST /observe`: a pass for the WebSocket of live overviews.
pub async fn observe() -> Result<ObserveTicket, ApiError> {
    post("/observe").await
}
