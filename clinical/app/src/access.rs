//! May this person see this patient, and how much of them; and the rights that say so.

mod consents;
mod emergencies;
mod lookers;
mod proxies;
mod team;

use clinical_model::access::{Grant, Label};
use clinical_model::rights::{Both, LegalBasis, Processing};
use clinical_model::{AuditEntry, PatientId};
use clinical_store::access::Viewer;
use clinical_store::{Conn, StoreError};

use crate::{Actor, Micros};

pub use clinical_store::access::{Charge, Emergency, LOOKS_MAX, Look};
pub use consents::{
    ConsentCommand, ConsentError, WORDING, WORDINGS, Wording, consents, give_consent,
    withdraw_consent,
};
pub use emergencies::{
    EmergencyCommand, EmergencyError, ReviewError, Target, break_glass, emergencies, end_emergency,
    review, running,
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

/// What the register of processing says of this domain.
pub const PROCESSING: Processing = Processing {
    domain: "access",
    purpose: Both {
        fr: "Décider qui voit un dossier, et le montrer au patient : équipe, proches, consentements, accès d’urgence.",
        en: "Decide who sees a record, and show it to the patient: care team, people who act for them, consents, emergencies.",
    },
    basis: LegalBasis::Care,
    categories: Both {
        fr: "Patients, proches, soignants : qui, droit, dates, motif d’urgence. Le journal garde chaque accès.",
        en: "Patients, those close to them, clinicians: who, which right, dates, reason of an emergency. The audit chain keeps every access.",
    },
    retention: Both {
        fr: "Droits : comme le dossier. Journal : aussi longtemps que l’établissement ; il ne contient ni nom ni donnée de santé.",
        en: "Rights: as the record. Audit chain: as long as the facility exists; it holds no name and no health data.",
    },
    recipients: Both {
        fr: "Le patient, ceux qui agissent pour lui, ses soignants, l’administration (sans contenu médical).",
        en: "The patient, those who act for them, who treats them, administrators (no clinical content).",
    },
};
