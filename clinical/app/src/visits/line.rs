//! The telephone line, as the desk uses it. The composition root implements it.

use clinical_model::notify::Language;
use clinical_model::visits::CallStage;
use clinical_model::{CallId, ParticipantUuid, RoomUuid, TenantId};

/// Whom to call into a visit.
#[derive(Clone)]
pub struct CallOrder {
    /// The call.
    pub id: CallId,
    /// The room of the visit.
    pub room: RoomUuid,
    /// Who is called.
    pub participant: ParticipantUuid,
    /// The clinician who wants it.
    pub by: ParticipantUuid,
    /// Who pays.
    pub facility: TenantId,
    /// Their name in the visit.
    pub name: String,
    /// Their number in international form.
    pub number: String,
    /// One-use pass for signaling; who shows it is let in at once.
    pub ticket: String,
    /// The language they are spoken to in.
    pub language: Language,
}

impl core::fmt::Debug for CallOrder {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("CallOrder")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// One call into a visit, as its clinician sees it.
#[derive(Clone, PartialEq, Eq)]
pub struct PlacedCall {
    /// The call.
    pub id: CallId,
    /// Who is called.
    pub participant: ParticipantUuid,
    /// Their name in the visit.
    pub name: String,
    /// What may be shown of their number.
    pub masked: String,
    /// Where it stands.
    pub stage: CallStage,
}

impl core::fmt::Debug for PlacedCall {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("PlacedCall")
            .field("id", &self.id)
            .field("stage", &self.stage)
            .finish_non_exhaustive()
    }
}

/// A trunk as administrators of a facility see it. It holds no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrunkState {
    /// Its name in the configuration.
    pub name: String,
    /// Calls come in by it.
    pub calls_in: bool,
    /// Calls go out by it.
    pub calls_out: bool,
    /// `udp`, `tcp` or `tls`.
    pub transport: &'static str,
    /// `disabled`, `allowed` or `required`.
    pub srtp: &'static str,
    /// Codecs, the best first.
    pub codecs: Vec<&'static str>,
    /// The numbers of the facility on it.
    pub numbers: Vec<String>,
    /// The number that called people see.
    pub caller: Option<String>,
    /// Countries that may be called.
    pub countries: Vec<String>,
    /// Minutes that may be talked in a day, by all facilities.
    pub minutes_per_day_max: Option<u32>,
    /// Whether its last check was answered, and when it was; none where that is not known.
    pub health: Option<TrunkHealth>,
}

/// What the last check (OPTIONS) of a trunk came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrunkHealth {
    /// It was answered.
    pub answers: bool,
    /// When it was asked, Unix microseconds.
    pub at_us: i64,
}

/// What a facility may spend on calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallMoney {
    /// ISO 4217.
    pub currency: String,
    /// In a month (UTC), in millionths; none: it is not bounded.
    pub month_micros: Option<i64>,
}

/// This person is being called already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("they are being called already")]
pub struct AlreadyCalled;

/// The telephone line.
pub trait CallLine: Send + Sync {
    /// Calls somebody. What becomes of it, a refusal too, is told by [`CallLine::calls`].
    ///
    /// # Errors
    /// [`AlreadyCalled`]
    fn place(&self, order: CallOrder) -> Result<PlacedCall, AlreadyCalled>;

    /// The calls into a room, the newest last. Those that are over are kept for a while.
    fn calls(&self, room: RoomUuid) -> Vec<PlacedCall>;

    /// Hangs up a call; false if there is none such.
    fn stop(&self, room: RoomUuid, call: CallId) -> bool;

    /// Whether anybody can be called for a facility.
    fn calls_out(&self, facility: TenantId) -> bool;

    /// The trunks of a facility.
    fn trunks(&self, facility: TenantId) -> Vec<TrunkState>;

    /// What a facility may spend; none where calls have no price.
    fn money(&self, facility: TenantId) -> Option<CallMoney>;

    /// Forgets who failed too often on the line itself. What the clinic has counted stays.
    fn forgive(&self);
}
