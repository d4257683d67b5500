//! Who writes what into a chart.

use super::Kind;
use crate::Role;

/// Whether somebody of this role may write an entry of this kind into a chart they may see.
#[must_use]
pub const fn may_write(role: Role, kind: Kind) -> bool {
    match role {
        Role::Doctor => true,
        Role::Nurse => match kind {
            Kind::Allergy
            | Kind::Medication
            | Kind::Observation
            | Kind::Immunization
            | Kind::FamilyHistory
            | Kind::Document
            | Kind::Note => true,
            // A diagnosis and what is done about it are the doctor's.
            Kind::Condition | Kind::Procedure => false,
        },
        Role::Pharmacist => matches!(kind, Kind::Allergy | Kind::Medication | Kind::Note),
        Role::LabTechnician => matches!(kind, Kind::Observation | Kind::Document),
        Role::Radiologist | Role::Pathologist => {
            matches!(kind, Kind::Observation | Kind::Document | Kind::Note)
        }
        // What patients say of themselves: their family, and papers that they bring. The rest is
        // written with them.
        Role::Patient => matches!(kind, Kind::FamilyHistory | Kind::Document),
        Role::Admin | Role::HealthAuthority => false,
    }
}

/// The kinds that somebody of this role may write.
#[must_use]
pub fn kinds_of(role: Role) -> Vec<Kind> {
    Kind::ALL
        .into_iter()
        .filter(|kind| may_write(role, *kind))
        .collect()
}
