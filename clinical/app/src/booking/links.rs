//! Ways into a visit without an account.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clinical_model::booking::{Appointment, AppointmentStage};
use clinical_model::visits::{JoinLinkToken, Link, LinkHolder};
use clinical_model::{AppointmentId, Micros};
use clinical_store::{StoreError, Tx};

use super::access::{AccessError, own};
use crate::visits::LiveEffect;
use crate::{Actor, Desk};

/// A link as it is shown, once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewLink {
    /// The secret.
    pub token: JoinLinkToken,
    /// When it stops working.
    pub expires: Micros,
}

/// Why a link was not made or taken back.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// There is no such appointment, or it is not theirs.
    #[error("no such appointment")]
    NotFound,
    /// The visit is over or will not take place.
    #[error("the visit is over or will not take place")]
    Over,
    /// The store failed.
    #[error("the link could not be changed")]
    Store(#[from] StoreError),
}

impl From<AccessError> for LinkError {
    fn from(error: AccessError) -> Self {
        match error {
            AccessError::NotFound => Self::NotFound,
            AccessError::Store(error) => Self::Store(error),
        }
    }
}

/// The name under which a link is stored: SHA-256 of its secret, in base64url. The secret has 256
/// random bits, so a plain hash can not be searched.
pub(crate) fn hash(token: &JoinLinkToken) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, token.as_bytes()))
}

/// Writes a new link. An older one of the same person must be revoked before.
pub(crate) async fn issue(
    desk: &Desk,
    tx: &mut Tx,
    appointment: &Appointment,
    holder: LinkHolder,
    now: Micros,
) -> Result<NewLink, StoreError> {
    let token = desk.link_token();
    let link = Link {
        id: desk.id(now),
        appointment: appointment.id,
        holder,
        expires: appointment.closes_at(),
        revoked: None,
    };
    clinical_store::visits::insert_link(tx, &link, &hash(&token), now).await?;
    Ok(NewLink {
        token,
        expires: link.expires,
    })
}

/// Whether anybody may still come into the visit, now or later.
pub(crate) fn takes_place(appointment: &Appointment, now: Micros) -> bool {
    let over = matches!(
        appointment.state.stage(),
        AppointmentStage::Finished | AppointmentStage::Cancelled
    );
    !over && now < appointment.closes_at()
}

/// Makes a new link for the patient; the old one stops working. Who came in by it stays.
///
/// # Errors
/// [`LinkError`]
pub async fn new_link(desk: &Desk, actor: &Actor, id: AppointmentId) -> Result<NewLink, LinkError> {
    let now = desk.now();
    let mut tx = desk.db().begin().await?;
    let appointment = own(&mut tx, actor, id).await?.appointment;
    if !takes_place(&appointment, now) {
        return Err(LinkError::Over);
    }
    clinical_store::booking::lock_calendars(&mut tx, appointment.doctor, appointment.patient)
        .await?;
    clinical_store::visits::revoke_patient_links(&mut tx, id, now).await?;
    let link = issue(desk, &mut tx, &appointment, LinkHolder::Patient, now).await?;
    let entry = actor
        .did("booking.new_link", now)
        .of_visit(&appointment)
        .under("own_appointment");
    tx.commit(entry).await?;
    Ok(link)
}

/// Takes the patient's link back. Whoever came in by it is taken out of the visit.
///
/// # Errors
/// [`LinkError::NotFound`] and [`LinkError::Store`]
pub async fn revoke_link(desk: &Desk, actor: &Actor, id: AppointmentId) -> Result<(), LinkError> {
    let now = desk.now();
    let mut tx = desk.db().begin().await?;
    let appointment = own(&mut tx, actor, id).await?.appointment;
    let (room, participant) = (appointment.room, appointment.patient_participant);
    clinical_store::visits::revoke_patient_links(&mut tx, id, now).await?;
    clinical_store::visits::remove(&mut tx, room, participant, now).await?;
    let entry = actor
        .did("booking.revoke_link", now)
        .of_visit(&appointment)
        .under("own_appointment");
    let effect = LiveEffect::DropParticipant { room, participant };
    desk.commit_and_tell(tx, entry, effect).await?;
    Ok(())
}
