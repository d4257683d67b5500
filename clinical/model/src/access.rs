//! Who may see what of whom: grants, confidentiality labels, permissions.
//!
//! A decision is permission AND tenant AND grant AND label AND purpose. The store compiles the part
//! about rows into every statement; what is here are its words.

mod rights;

use serde::{Deserialize, Serialize};

use crate::{Purpose, Role};

pub use rights::{
    BREAK_GLASS_US, BreakGlass, BreakGlassReason, CareRelation, Consent, ConsentPurpose,
    PROXY_LIFE_US_MAX, Proxy, ProxyRelation, ProxyScope, RELATION_LIFE_US_MAX, ReviewVerdict,
    Shift,
};

/// Why somebody may see a patient's record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Grant {
    /// It is their own.
    OwnRecord,
    /// They act for the patient: a parent, a carer.
    Proxy,
    /// They belong to the patient's care team.
    CareRelation,
    /// They have, had or will have an appointment with the patient.
    AppointmentWindow,
    /// They are on duty in the facility.
    Duty,
    /// The patient allowed it.
    Consent,
    /// An emergency: for one patient, for an hour, reviewed afterwards.
    BreakGlass,
}

impl Grant {
    /// Every grant, in the order in which the store looks for one.
    pub const ALL: [Self; 7] = [
        Self::OwnRecord,
        Self::Proxy,
        Self::CareRelation,
        Self::AppointmentWindow,
        Self::Duty,
        Self::Consent,
        Self::BreakGlass,
    ];

    /// The word in audit entries and SQL.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OwnRecord => "own_record",
            Self::Proxy => "proxy",
            Self::CareRelation => "care_relation",
            Self::AppointmentWindow => "appointment_window",
            Self::Duty => "duty",
            Self::Consent => "consent",
            Self::BreakGlass => "break_glass",
        }
    }

    /// The grant of a word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|grant| grant.as_str() == word)
    }

    /// What for a record is looked into under this grant.
    #[must_use]
    pub const fn purpose(self) -> Purpose {
        match self {
            Self::OwnRecord | Self::Proxy => Purpose::PatientRequest,
            Self::BreakGlass => Purpose::Emergency,
            Self::CareRelation | Self::AppointmentWindow | Self::Duty | Self::Consent => {
                Purpose::Treatment
            }
        }
    }
}

/// How confidential a thing is (HL7 v3 Confidentiality).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Label {
    /// N: for everybody who may see the record.
    #[default]
    Normal,
    /// R: not for nurses, proxies and technicians.
    Restricted,
    /// V: for the patient, the care team's doctors and emergencies only.
    VeryRestricted,
}

impl Label {
    /// Every label.
    pub const ALL: [Self; 3] = [Self::Normal, Self::Restricted, Self::VeryRestricted];

    /// The number in SQL: what is allowed up to a level is `label <= level`.
    #[must_use]
    pub const fn level(self) -> i64 {
        match self {
            Self::Normal => 0,
            Self::Restricted => 1,
            Self::VeryRestricted => 2,
        }
    }

    /// The label of a number in SQL.
    #[must_use]
    pub fn from_level(level: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|label| label.level() == level)
    }

    /// The HL7 v3 code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Normal => "N",
            Self::Restricted => "R",
            Self::VeryRestricted => "V",
        }
    }

    /// The most confidential thing that a role sees under a grant; none when it sees no clinical
    /// content at all.
    #[must_use]
    pub const fn highest(role: Role, grant: Grant) -> Option<Self> {
        match (role, grant) {
            (Role::Admin | Role::HealthAuthority, _) => None,
            (_, Grant::OwnRecord) => Some(Self::VeryRestricted),
            (_, Grant::Proxy) | (Role::Nurse | Role::LabTechnician | Role::Patient, _) => {
                Some(Self::Normal)
            }
            (Role::Doctor, Grant::CareRelation | Grant::BreakGlass) => Some(Self::VeryRestricted),
            (Role::Doctor | Role::Pharmacist | Role::Radiologist | Role::Pathologist, _) => {
                Some(Self::Restricted)
            }
        }
    }

    /// The highest level of [`Label::highest`] under any grant that is no emergency, as SQL compares
    /// it in lists over many patients: the lower bound of all of them. -1 sees nothing.
    #[must_use]
    pub const fn list_level(role: Role) -> i64 {
        match role {
            Role::Doctor | Role::Pharmacist | Role::Radiologist | Role::Pathologist => 1,
            Role::Nurse | Role::LabTechnician | Role::Patient => 0,
            Role::Admin | Role::HealthAuthority => -1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nurses_proxies_and_technicians_see_nothing_restricted() {
        for grant in Grant::ALL {
            if grant != Grant::OwnRecord {
                assert_eq!(Label::highest(Role::Nurse, grant), Some(Label::Normal));
            }
        }
        for role in Role::ALL {
            assert!(Label::highest(role, Grant::Proxy) <= Some(Label::Normal));
        }
    }

    #[test]
    fn admins_and_authorities_see_no_clinical_content() {
        for grant in Grant::ALL {
            assert_eq!(Label::highest(Role::Admin, grant), None);
            assert_eq!(Label::highest(Role::HealthAuthority, grant), None);
        }
    }

    #[test]
    fn a_list_never_shows_more_than_a_single_read_would() {
        for role in Role::ALL {
            for grant in Grant::ALL {
                let single = Label::highest(role, grant).map_or(-1, Label::level);
                let is_own = grant == Grant::OwnRecord || grant == Grant::Proxy;
                assert!(
                    is_own || Label::list_level(role) <= single,
                    "{role} {grant:?}"
                );
            }
        }
    }
}
