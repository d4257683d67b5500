//! The JSON inside a pass. Other shapes than these are refused.

use serde::{Deserialize, Serialize};
use signaling_protocol::{NAME_CHARS_MAX, ParticipantId, Role, RoomId};
use uuid::Uuid;

use crate::pass::{OBSERVED_ROOMS_MAX, Observed, Purpose};

/// The `iss` claim.
pub(crate) const ISSUER: &str = "telehealth-clinic";
/// The `aud` claim.
pub(crate) const AUDIENCE: &str = "telehealth-signal";
/// The `typ` header (RFC 8725 section 3.11), so that no other token of the house is taken for a pass.
pub(crate) const TYPE: &str = "telehealth-pass+jwt";

/// Registered claims (RFC 7519 section 4.1) and ours.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Claims {
    pub(crate) iss: String,
    pub(crate) aud: String,
    pub(crate) jti: Uuid,
    /// Seconds.
    pub(crate) iat: i64,
    /// Seconds.
    pub(crate) exp: i64,
    pub(crate) purpose: PurposeClaim,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum PurposeClaim {
    Visit {
        room: RoomId,
        participant: ParticipantId,
        name: String,
        role: Role,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        relation: Option<String>,
        admitted: bool,
    },
    ConnectionTest {
        participant: ParticipantId,
    },
    ObserveAll {},
    Observe {
        rooms: Vec<RoomId>,
    },
}

impl From<&Purpose> for PurposeClaim {
    fn from(purpose: &Purpose) -> Self {
        match purpose.clone() {
            Purpose::Visit {
                room,
                participant,
                name,
                role,
                relation,
                admitted,
            } => Self::Visit {
                room,
                participant,
                name,
                role,
                relation,
                admitted,
            },
            Purpose::ConnectionTest { participant } => Self::ConnectionTest { participant },
            Purpose::Observe {
                rooms: Observed::All,
            } => Self::ObserveAll {},
            Purpose::Observe {
                rooms: Observed::Rooms(rooms),
            } => Self::Observe { rooms },
        }
    }
}

/// A purpose that breaks a limit of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PurposeError {
    #[error("the name or relation is empty, too long or has control characters")]
    Text,
    #[error("too many rooms")]
    Rooms,
}

impl TryFrom<PurposeClaim> for Purpose {
    type Error = PurposeError;

    fn try_from(claim: PurposeClaim) -> Result<Self, PurposeError> {
        match claim {
            PurposeClaim::Visit {
                room,
                participant,
                name,
                role,
                relation,
                admitted,
            } => {
                if !is_label(&name) || !relation.as_deref().is_none_or(is_label) {
                    return Err(PurposeError::Text);
                }
                Ok(Self::Visit {
                    room,
                    participant,
                    name,
                    role,
                    relation,
                    admitted,
                })
            }
            PurposeClaim::ConnectionTest { participant } => {
                Ok(Self::ConnectionTest { participant })
            }
            PurposeClaim::ObserveAll {} => Ok(Self::Observe {
                rooms: Observed::All,
            }),
            PurposeClaim::Observe { rooms } if rooms.len() <= OBSERVED_ROOMS_MAX => {
                Ok(Self::Observe {
                    rooms: Observed::Rooms(rooms),
                })
            }
            PurposeClaim::Observe { .. } => Err(PurposeError::Rooms),
        }
    }
}

fn is_label(text: &str) -> bool {
    !text.trim().is_empty()
        && text.chars().count() <= NAME_CHARS_MAX
        && !text.chars().any(char::is_control)
}
