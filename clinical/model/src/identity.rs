//! Who people are to the clinic.

use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Serialize};

mod account;
mod device;
mod email;
mod factor;
mod session;

pub use account::{Account, DoctorProfile, NAME_CHARS_MAX, OtherRole, Position};
pub use device::DeviceLabel;
pub use email::{EMAIL_BYTES_MAX, Email, EmailError};
pub use factor::{
    APPS_MAX, FACTOR_LABEL_CHARS_MAX, FactorKind, GRACE_US_MAX, PASSWORD_LINK_LIFE_US, Proof,
    REVIEW_AFTER_US, STEP_UP_LIFE_US, Standing, TICKET_LIFE_US, TICKET_TRIES_MAX, is_fresh,
};
pub use session::{REUSE_GRACE_US, Session, Shown, TokenHash};

/// What a person is to the clinic. It decides what they may do at all; relations to a patient
/// decide on whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Receives care.
    Patient,
    /// Runs consultations.
    Doctor,
    /// Assists; sees no confidential prescription.
    Nurse,
    /// Dispenses.
    Pharmacist,
    /// Runs tests.
    LabTechnician,
    /// Reads images.
    Radiologist,
    /// Reads tissue.
    Pathologist,
    /// Runs the installation; sees no clinical content.
    Admin,
    /// Watches public health in aggregates.
    HealthAuthority,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 9] = [
        Self::Patient,
        Self::Doctor,
        Self::Nurse,
        Self::Pharmacist,
        Self::LabTechnician,
        Self::Radiologist,
        Self::Pathologist,
        Self::Admin,
        Self::HealthAuthority,
    ];

    /// The word used in tokens, JSON and SQL.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Patient => "patient",
            Self::Doctor => "doctor",
            Self::Nurse => "nurse",
            Self::Pharmacist => "pharmacist",
            Self::LabTechnician => "lab_technician",
            Self::Radiologist => "radiologist",
            Self::Pathologist => "pathologist",
            Self::Admin => "admin",
            Self::HealthAuthority => "health_authority",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A word that is no role.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a role")]
pub struct UnknownRole;

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(word: &str) -> Result<Self, UnknownRole> {
        Self::ALL
            .into_iter()
            .find(|role| role.as_str() == word)
            .ok_or(UnknownRole)
    }
}
