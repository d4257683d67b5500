//! Links that let people in without an account.

use core::fmt;
use core::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;

use crate::booking::{PersonName, Relation};
use crate::{AppointmentId, GuestId, Micros, ParticipantUuid};

/// Characters of 32 bytes in base64url without padding (RFC 4648 section 5).
const TOKEN_CHARS: usize = 43;

/// A text that is no secret of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a join token")]
pub struct LinkTokenError;

/// The secret of a link: 256 random bits. Only its hash is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct JoinLinkToken([u8; 32]);

impl JoinLinkToken {
    /// A secret out of random bytes.
    #[must_use]
    pub const fn from_random(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes, to be hashed.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// As it stands in the fragment of a link: base64url without padding.
    #[must_use]
    pub fn to_text(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }
}

impl FromStr for JoinLinkToken {
    type Err = LinkTokenError;

    fn from_str(text: &str) -> Result<Self, LinkTokenError> {
        if text.len() != TOKEN_CHARS {
            return Err(LinkTokenError);
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).ok().ok_or(LinkTokenError)?;
        <[u8; 32]>::try_from(bytes.as_slice())
            .ok()
            .map(Self)
            .ok_or(LinkTokenError)
    }
}

impl fmt::Debug for JoinLinkToken {
    /// A secret never reaches a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JoinLinkToken(..)")
    }
}

/// Whom a link lets in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkHolder {
    /// The patient of the appointment.
    Patient,
    /// An invited person.
    Guest(GuestId),
}

/// A link as it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// Its name in the audit trail; it opens nothing.
    pub id: Uuid,
    /// Into which visit.
    pub appointment: AppointmentId,
    /// Whom it lets in.
    pub holder: LinkHolder,
    /// When it stops working.
    pub expires: Micros,
    /// When it was taken back or replaced.
    pub revoked: Option<Micros>,
}

/// A third person invited to a visit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guest {
    /// The invitation.
    pub id: GuestId,
    /// To which visit.
    pub appointment: AppointmentId,
    /// The guest in the room.
    pub participant: ParticipantUuid,
    /// Display name.
    pub name: PersonName,
    /// Relation to the patient, in the words of the inviter.
    pub relation: Relation,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_survives_its_way_through_a_link() {
        let token = JoinLinkToken::from_random([0xf7; 32]);
        assert_eq!(token.to_text().parse(), Ok(token));
    }

    #[test]
    fn a_text_that_is_no_token_is_refused() {
        let text = JoinLinkToken::from_random([7; 32]).to_text();
        assert!("".parse::<JoinLinkToken>().is_err());
        assert!(format!("{text}A").parse::<JoinLinkToken>().is_err());
        assert!(text.replace('B', "+").parse::<JoinLinkToken>().is_err());
        // The last character has two spare bits, which must be zero: one token, one text.
        let other = format!("{}H", text.strip_suffix('c').unwrap());
        assert!(other.parse::<JoinLinkToken>().is_err());
    }

    #[test]
    fn a_token_does_not_print_itself() {
        let token = JoinLinkToken::from_random([7; 32]);
        assert_eq!(format!("{token:?}"), "JoinLinkToken(..)");
    }
}
