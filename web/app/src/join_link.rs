//! Links into a visit. The secret stands in the fragment, which no server and no log sees.

use clinical_model::AppointmentId;

use crate::browser;

fn stored(appointment: AppointmentId) -> String {
    format!("telehealth.link.{appointment}")
}

/// The address that a person opens to enter.
pub(crate) fn href(token: &str) -> String {
    format!("{}/join#{token}", browser::origin())
}

/// Keeps a patient's own secret until the tab closes: the server has only its hash.
pub(crate) fn keep(appointment: AppointmentId, token: &str) {
    browser::session_set(&stored(appointment), token);
}

/// The patient's own secret, if this tab has seen it.
pub(crate) fn kept(appointment: AppointmentId) -> Option<String> {
    browser::session_get(&stored(appointment)).filter(|token| !token.is_empty())
}

/// Forgets a secret that no longer works.
pub(crate) fn forget(appointment: AppointmentId) {
    browser::session_set(&stored(appointment), "");
}
