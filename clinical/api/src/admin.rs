//! Watching live visits.
//!
//! `POST /observe` -> [`ObserveTicket`]: a doctor watches the rooms of their own appointments of
//! these days (who waits), an admin all rooms.

use serde::{Deserialize, Serialize};

/// A one-use pass for a WebSocket that sends overviews.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ObserveTicket {
    /// The pass.
    pub ticket: String,
    /// Path of the WebSocket on this server.
    pub signal_path: String,
}

impl core::fmt::Debug for ObserveTicket {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("ObserveTicket(..)")
    }
}
