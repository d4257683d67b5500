//! The signaling section of the configuration.

use serde::Deserialize;
use signaling_protocol::TEST_MS_MAX;
use signaling_session::{CallBackRule, Limits};

/// Who may connect, and how long things are kept.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SignalingConfig {
    /// Web origins whose pages may connect, as `https://clinic.example`. Empty: only pages of the
    /// host that the request names. Programs that send no `Origin` need a ticket like everyone.
    pub allowed_origins: Vec<String>,
    /// Most WebSockets at one time.
    pub connections_max: u32,
    /// Most WebSockets from one address (IPv6: one /64) at one time. A clinic behind one address
    /// needs two for each visit and one for each open day list.
    pub connections_per_address_max: u32,
    /// How long a new WebSocket may stay silent before its Hello, in seconds.
    pub hello_timeout_s: u32,
    /// How long a person whose connection was lost keeps their seat, in seconds.
    pub seat_kept_s: u32,
    /// How long a room without people stays in memory, in seconds.
    pub empty_room_kept_s: u32,
    /// How long a connection test lasts, in seconds; at most 30.
    pub connection_test_s: u32,
    /// Whether a patient whose page was lost is called by telephone, and when. Without it nobody is.
    pub call_back: Option<CallBackConfig>,
}

/// Calling patients back whose page was lost during a visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CallBackConfig {
    /// How long their page has to be gone, in seconds.
    pub after_s: u32,
    /// Call then, instead of offering it to the doctor.
    pub automatic: bool,
    /// How long a telephone rings, in seconds.
    pub ring_s: u32,
}

impl Default for CallBackConfig {
    fn default() -> Self {
        Self {
            after_s: 10,
            automatic: false,
            ring_s: 45,
        }
    }
}

impl Default for SignalingConfig {
    fn default() -> Self {
        Self {
            allowed_origins: Vec::new(),
            connections_max: 10_000,
            connections_per_address_max: 200,
            hello_timeout_s: 10,
            seat_kept_s: 60,
            empty_room_kept_s: 120,
            connection_test_s: TEST_MS_MAX / 1_000,
            call_back: None,
        }
    }
}

impl SignalingConfig {
    pub(crate) fn limits(&self) -> Limits {
        let test_s = self.connection_test_s.min(TEST_MS_MAX / 1_000);
        Limits {
            seat_kept_us: i64::from(self.seat_kept_s) * 1_000_000,
            empty_grace_us: i64::from(self.empty_room_kept_s) * 1_000_000,
            test_us: i64::from(test_s) * 1_000_000,
            vouch_us: None,
            call_back: self.call_back.map(|rule| CallBackRule {
                after_us: i64::from(rule.after_s) * 1_000_000,
                automatic: rule.automatic,
                ring_us: i64::from(rule.ring_s) * 1_000_000,
            }),
        }
    }
}
