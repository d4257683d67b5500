//! The staff of a facility, for its administrators.

use clinical_model::{Role, UserId};
use serde::{Deserialize, Serialize};

/// A member of staff.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct PersonView {
    /// The account.
    #[cfg_attr(feature = "schema", schema(value_type = String, format = Uuid))]
    pub id: UserId,
    /// E-mail address at sign-in.
    pub email: String,
    /// What an administrator may change.
    #[serde(flatten)]
    pub details: PersonDetails,
    /// May not sign in.
    pub suspended: bool,
    /// Whether there is a second factor.
    pub has_factor: bool,
    /// Until then they may work without one; 0 is never.
    pub grace_until_us: i64,
    /// When somebody last looked whether they still should have this account.
    pub reviewed_us: i64,
    /// Whether that is too long ago.
    pub review_due: bool,
    /// Counts the changes; `PUT` names it.
    pub version: u32,
}

impl core::fmt::Debug for PersonView {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "PersonView({})", self.id)
    }
}

/// What an administrator says about a person.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct PersonDetails {
    /// Display name, 1 to 80 characters.
    pub name: String,
    /// What they are to the clinic; never `patient`.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub role: Role,
    /// Where they work; may be empty.
    #[serde(default)]
    pub department: String,
    /// Doctors: code of the specialty.
    #[serde(default)]
    pub specialty: Option<String>,
    /// Doctors: IANA zone of their hours.
    #[serde(default)]
    pub zone: Option<String>,
    /// Doctors: BCP 47 tags of the languages spoken.
    #[serde(default)]
    pub languages: Vec<String>,
}

impl core::fmt::Debug for PersonDetails {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "PersonDetails({})", self.role)
    }
}

/// A new member of staff.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewPersonRequest {
    /// E-mail address at sign-in.
    pub email: EmailText,
    /// The rest.
    pub details: PersonDetails,
}

/// An address as it was typed. It does not print itself.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct EmailText(pub String);

impl core::fmt::Debug for EmailText {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("EmailText(..)")
    }
}

/// Changes a person.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ChangePersonRequest {
    /// The version that was read.
    pub version: u32,
    /// What they are from now on.
    pub details: PersonDetails,
}

/// Lets a person work without a second factor.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct GraceRequest {
    /// For so many days from now, at most 7; 0 ends it.
    pub days: u8,
}

/// A link for choosing a password, shown once to the administrator.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct PasswordLinkView {
    /// The secret; it stands after `#` in the address `/set-password`.
    pub token: String,
    /// When it stops working.
    pub expires_us: i64,
}

impl core::fmt::Debug for PasswordLinkView {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("PasswordLinkView(..)")
    }
}

/// A new person with the link to give them.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct NewPersonView {
    /// The person.
    pub person: PersonView,
    /// The link.
    pub link: PasswordLinkView,
}
