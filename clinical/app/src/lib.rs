//! Use cases of the clinical service: what people may do, in one transaction each.
//!
//! A use case is a function: it loads, asks a pure rule of clinical-model, stores, and commits with
//! an audit entry. Everything it needs from outside comes in [`Clinic`].

pub mod access;
pub mod assistant;
pub mod booking;
pub mod captions;
mod clock;
pub mod demo;
pub mod exchange;
pub mod idempotency;
pub mod identity;
mod limits;
pub mod nodes;
pub mod notes;
pub mod notify;
pub mod observe;
mod passwords;
pub mod ports;
pub mod prescribing;
pub mod recordings;
pub mod records;
pub mod register;
pub mod results;
pub mod rights;
pub mod sms;
pub mod statistics;
pub mod threads;
mod tokens;
pub mod triage;
pub mod visits;

use std::sync::Arc;

pub use access::{Access, AccessDenied};
pub use clinical_model::{Micros, ParticipantUuid, RecordingId, TenantId};
pub use clinical_store::{Db, ReplicaSettings, ReplicaState, StoreError, patiently};
pub use clinical_vault::{MasterKeys, Vault};
pub use clock::{Clock, Entropy, ManualClock, SystemClock};
pub use identity::Actor;
pub use limits::{Limited, Limiter, Origin, Rate};
pub use passwords::{PASSWORD_BYTES_MAX, PASSWORD_CHARS_MIN, PasswordError, Passwords};
pub use tokens::{ACCESS_LIFE_S, AccessKey, AccessKeyError, AccessTokenError, RefreshToken};
pub use visits::Desk;

/// What every use case needs: the store, the time, and a source of ids and secrets.
#[derive(Debug, Clone)]
pub struct Clinic {
    /// The clinical store.
    pub db: Db,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Ids and secrets.
    pub entropy: Arc<Entropy>,
}
