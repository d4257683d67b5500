//! May this person see this patient, and how much of them; and the rights that say so.

mod consents;
mod emergencies;
mod lookers;
mod proxies;
mod team;

use clinical_model::access::{Grant, Label};
use clinical_model::{AuditEntry, PatientId};
use clinical_store::access::Viewer;
use clinical_store::{Conn, StoreError};

use crate::{Actor, Micros};

pub use clinical_store::access::{Charge, Emergency, LOOKS_MAX, Look};
pub use consents::{
    ConsentCommand, ConsentError, WORDING, consents, give_consent, withdraw_consent,
};
pub use emergencies::{
    EmergencyCommand, EmergencyError, ReviewError, Target, break_glass, emergencies, review,
};
pub use lookers::{LooksError, looks};
pub use proxies::{ProxyCommand, ProxyError, charges, end_proxy, give_proxy, proxies};
pub use team::{TeamError, care_team, hand_over, join_team, leave_team};

/// Proof that somebody may see a patient now, under a right. Only [`Access::to`] makes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Access {
    viewer: Viewer,
    patient: PatientId,
    grant: Grant,
    label_max: Option<Label>,
}

/// Why a patient is not shown.
#[derive(Debug, thiserror::Error)]
pub enum AccessDenied {
    /// There is no such patient, or they may not know of them.
    #[error("no such patient")]
    NotFound,
    /// The store failed.
    #[error("the rights to a patient could not be read")]
    Store(#[from] StoreError),
}

impl Access {
    /// Looks for a right of the actor to the patient.
    ///
    /// # Errors
    /// There is none, or the store failed.
    pub async fn to(
        conn: &mut Conn,
        actor: &Actor,
        patient: PatientId,
        now: Micros,
    ) -> Result<Self, AccessDenied> {
        let viewer = actor.viewer(now);
        let grant = clinical_store::access::grant(conn, &viewer, patient)
            .await?
            .ok_or(AccessDenied::NotFound)?;
        Ok(Self {
            viewer,
            patient,
            grant,
            label_max: Label::highest(actor.role, grant),
        })
    }

    /// Who looks, for the store.
    #[must_use]
    pub const fn viewer(&self) -> &Viewer {
        &self.viewer
    }

    /// Whom.
    #[must_use]
    pub const fn patient(&self) -> PatientId {
        self.patient
    }

    /// Under which right.
    #[must_use]
    pub const fn grant(&self) -> Grant {
        self.grant
    }

    /// The most confidential thing they see; without it they see no clinical content at all.
    ///
    /// # Errors
    /// [`AccessDenied::NotFound`] when they see none.
    pub const fn label_max(&self) -> Result<Label, AccessDenied> {
        match self.label_max {
            Some(label) => Ok(label),
            None => Err(AccessDenied::NotFound),
        }
    }

    /// The audit entry of an act under this right.
    #[must_use]
    pub const fn entry(&self, actor: &Actor, action: &'static str) -> AuditEntry {
        actor
            .did(action, self.viewer.now)
            .of_patient(self.patient)
            .under(self.grant.as_str())
            .purposed(self.grant.purpose())
    }
}
