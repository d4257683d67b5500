//! The failover ticket: where to go when the node of a visit and the register are gone together.
//!
//! A page holds it and shows it behind its resume token. It says which session of which room it was, under
//! which epoch, and which nodes are asked next, in their order; all who were in the room have the same order,
//! so they meet at one node that nobody has to be asked for. It opens nothing: without the secret of its
//! session it is refused, and whoever comes back with both is let in by the clinic or not at all.
//!
//! It is signed (HMAC-SHA-256, RFC 7518 section 3.2) with a key that all nodes make of their secret, so that
//! pages, and whoever mints passes, cannot make one.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use signaling_protocol::{Grants, ParticipantId, RoomId};

/// Longest failover ticket that is looked at, in bytes.
pub const FAILOVER_BYTES_MAX: usize = 2 * 1024;
/// Life of a failover ticket, in seconds. Pages get a new one several times in it, and a seat is kept for a
/// minute: who is away for longer asks the clinic for a pass.
pub const FAILOVER_LIFE_S: i64 = 180;
/// Most nodes that one names. Whoever finds none of so many asks the clinic.
pub const FAILOVER_NODES_MAX: usize = 8;
/// How far the clocks of two nodes may be apart, in seconds.
const SKEW_S_MAX: i64 = 60;
const ISSUER: &str = "telehealth-signal";
/// Of its own, so that no other door takes it.
const AUDIENCE: &str = "telehealth-failover";
const TYPE: &str = "telehealth-failover+jwt";

/// What a failover ticket says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failover {
    /// The room.
    pub room: RoomId,
    /// Whose it is.
    pub participant: ParticipantId,
    /// The SHA-256 of the resume token that it belongs to.
    pub session: [u8; 32],
    /// Under which epoch the room was when it was made.
    pub epoch: u64,
    /// Names of nodes that are asked, the first one first.
    pub nodes: Vec<String>,
    /// People encrypted what they sent for each other.
    pub encrypted: bool,
    /// What a clinician had left them.
    pub grants: Grants,
}

/// Why a text is no failover ticket. Nobody outside is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FailoverError {
    /// Longer than [`FAILOVER_BYTES_MAX`].
    #[error("the ticket is too long")]
    TooLong,
    /// Not one of ours: another header, key or shape.
    #[error("the ticket is not of this cluster")]
    Foreign,
    /// Made by or for something else.
    #[error("the ticket is for another door")]
    Audience,
    /// Its time is over, or has not begun.
    #[error("the ticket is not of this time")]
    Time,
    /// It belongs to another room or another session than the token in front of it.
    #[error("the ticket belongs to another session")]
    Session,
}

/// A failover ticket could not be signed.
#[derive(Debug, thiserror::Error)]
#[error("a failover ticket could not be signed")]
pub struct FailoverMintError(#[source] jsonwebtoken::errors::Error);

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims {
    iss: String,
    aud: String,
    /// Seconds.
    iat: i64,
    /// Seconds.
    exp: i64,
    room: RoomId,
    sub: ParticipantId,
    /// Base64url.
    ses: String,
    epoch: u64,
    nodes: Vec<String>,
    enc: bool,
    /// Without it everything is granted.
    #[serde(skip_serializing_if = "Option::is_none")]
    may: Option<Grants>,
}

/// Signs and verifies failover tickets. All nodes have the same.
#[derive(Clone)]
pub struct FailoverKey {
    id: String,
    sign: EncodingKey,
    verify: DecodingKey,
}

impl core::fmt::Debug for FailoverKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("FailoverKey(..)")
    }
}

impl FailoverKey {
    /// A key of 32 bytes that only nodes know.
    #[must_use]
    pub fn new(secret: &[u8; 32]) -> Self {
        let named = [b"failover-key-id\n".as_slice(), secret].concat();
        let id = URL_SAFE_NO_PAD.encode(digest(&SHA256, &named));
        Self {
            id: id.chars().take(16).collect(),
            sign: EncodingKey::from_secret(secret),
            verify: DecodingKey::from_secret(secret),
        }
    }

    /// Signs a ticket that is good from `now_us` (Unix time in microseconds) for [`FAILOVER_LIFE_S`]. Of the
    /// nodes the first [`FAILOVER_NODES_MAX`] are named.
    ///
    /// # Errors
    /// Signing failed.
    pub fn mint(&self, failover: &Failover, now_us: i64) -> Result<String, FailoverMintError> {
        let iat = now_us.div_euclid(1_000_000);
        let nodes = failover.nodes.iter().take(FAILOVER_NODES_MAX);
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            iat,
            exp: iat.saturating_add(FAILOVER_LIFE_S),
            room: failover.room,
            sub: failover.participant,
            ses: URL_SAFE_NO_PAD.encode(failover.session),
            epoch: failover.epoch,
            nodes: nodes.cloned().collect(),
            enc: failover.encrypted,
            may: (failover.grants != Grants::ALL).then_some(failover.grants),
        };
        jsonwebtoken::encode(&self.header(), &claims, &self.sign).map_err(FailoverMintError)
    }

    /// Verifies a ticket that was shown with the resume token of `session` in `room`, at `now_us`.
    ///
    /// # Errors
    /// Anything that [`FailoverKey::mint`] has not made for this session with the same key, or whose time is
    /// over.
    pub fn check(
        &self,
        ticket: &str,
        (room, session): (RoomId, &[u8; 32]),
        now_us: i64,
    ) -> Result<Failover, FailoverError> {
        if ticket.len() > FAILOVER_BYTES_MAX {
            return Err(FailoverError::TooLong);
        }
        let found = jsonwebtoken::decode_header(ticket).or(Err(FailoverError::Foreign))?;
        if found != self.header() {
            return Err(FailoverError::Foreign);
        }
        let decoded = jsonwebtoken::decode::<Claims>(ticket, &self.verify, &validation());
        let claims = decoded.or(Err(FailoverError::Foreign))?.claims;
        if claims.iss != ISSUER || claims.aud != AUDIENCE {
            return Err(FailoverError::Audience);
        }
        let now_s = now_us.div_euclid(1_000_000);
        let is_possible = claims.iat <= now_s.saturating_add(SKEW_S_MAX)
            && claims.exp.saturating_sub(claims.iat) <= FAILOVER_LIFE_S;
        if !is_possible || claims.exp <= now_s {
            return Err(FailoverError::Time);
        }
        if claims.room != room || claims.ses != URL_SAFE_NO_PAD.encode(session) {
            return Err(FailoverError::Session);
        }
        Ok(Failover {
            room,
            participant: claims.sub,
            session: *session,
            epoch: claims.epoch,
            nodes: claims.nodes.into_iter().take(FAILOVER_NODES_MAX).collect(),
            encrypted: claims.enc,
            grants: claims.may.unwrap_or(Grants::ALL),
        })
    }

    /// The only header that one has.
    fn header(&self) -> Header {
        let mut header = Header::new(Algorithm::HS256);
        header.typ = Some(TYPE.to_owned());
        header.kid = Some(self.id.clone());
        header
    }
}

/// Signature and algorithm only; times, audience and issuer are compared here.
fn validation() -> Validation {
    let mut validation = Validation::new(Algorithm::HS256);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation.validate_aud = false;
    validation
}
