//! What this tab keeps over a reload: that the device check was passed, which devices were chosen
//! and what was switched off.

use serde::{Deserialize, Serialize};
use signaling_protocol::Sources;
use web_call::browser::{DeviceChoice, recall, remember};

/// A device check that was passed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Passed {
    /// Which devices.
    pub(super) choice: DeviceChoice,
    /// What was on.
    pub(super) sources: Sources,
}

fn key(appointment: &str) -> String {
    format!("telehealth.check.{appointment}")
}

/// Keeps it until the tab closes.
pub(super) fn keep(appointment: &str, passed: &Passed) {
    if let Ok(text) = serde_json::to_string(passed) {
        remember(&key(appointment), &text);
    }
}

/// What was kept for this appointment.
pub(super) fn kept(appointment: &str) -> Option<Passed> {
    serde_json::from_str(&recall(&key(appointment))?).ok()
}
