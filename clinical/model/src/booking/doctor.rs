//! Whom one can book.

use crate::UserId;

/// A doctor as patients see them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doctor {
    /// The account.
    pub id: UserId,
    /// Display name with title.
    pub name: String,
    /// Code of the specialty: `general_practice`, `paediatrics`.
    pub specialty: String,
    /// IANA zone in which the doctor's hours are kept.
    pub zone: String,
    /// BCP 47 tags of the languages spoken.
    pub languages: Vec<String>,
}
