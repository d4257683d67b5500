//! People with an account.

use crate::{Email, Micros, PatientId, Role, TenantId, UserId};

/// Longest display name, in characters.
pub const NAME_CHARS_MAX: usize = 80;

/// What patients see of a doctor before they book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DoctorProfile {
    /// Code of the specialty: `general_practice`, `paediatrics` ...
    pub specialty: String,
    /// IANA zone in which the doctor's hours are kept.
    pub zone: String,
    /// BCP 47 tags of the languages spoken.
    pub languages: Vec<String>,
}

/// What a person is to the clinic, with what only this kind of person has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Position {
    /// A doctor, who can be booked.
    Doctor(DoctorProfile),
    /// Anybody else; never [`Role::Doctor`].
    Other(OtherRole),
}

/// A role other than doctor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OtherRole(Role);

impl OtherRole {
    /// The role.
    #[must_use]
    pub const fn role(self) -> Role {
        self.0
    }
}

impl Position {
    /// The position of a person without a profile; none for [`Role::Doctor`].
    #[must_use]
    pub const fn without_profile(role: Role) -> Option<Self> {
        match role {
            Role::Doctor => None,
            role => Some(Self::Other(OtherRole(role))),
        }
    }

    /// The role that decides what they may do.
    #[must_use]
    pub const fn role(&self) -> Role {
        match self {
            Self::Doctor(_) => Role::Doctor,
            Self::Other(other) => other.0,
        }
    }
}

/// An account without its secrets.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    /// The account.
    pub id: UserId,
    /// The facility it belongs to.
    pub tenant: TenantId,
    /// Name of the account at sign-in.
    pub email: Email,
    /// Display name.
    pub name: String,
    /// What they are to the clinic.
    pub position: Position,
    /// The person's own record; patients have one.
    pub patient: Option<PatientId>,
    /// Until then staff may work without a second factor.
    pub factor_grace: Micros,
    /// May not sign in any more.
    pub disabled: bool,
}

impl core::fmt::Debug for Account {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Account({}, {})", self.id, self.position.role())
    }
}
