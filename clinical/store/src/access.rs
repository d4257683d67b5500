//! Who may see a patient: one predicate, in every statement about patients.
//!
//! A statement that includes [`reach!`] binds `$1` tenant, `$2` person, `$3` role and `$4` now, in
//! this order and before its own arguments ([`Viewer`]).

mod consents;
mod emergencies;
mod lookers;
mod proxies;
mod relations;

use clinical_model::access::Grant;
use clinical_model::{Micros, PatientId, Role, TenantId, UserId};

use crate::StoreError;
use crate::statement::fetch_optional;
use crate::tx::Conn;

pub use consents::{consents, insert_consent, withdraw_consent};
pub use emergencies::{
    Emergency, end_break_glass, find_break_glass, insert_break_glass, open_reviews, review,
    running_break_glass,
};
pub use lookers::{LOOKS_MAX, Look, looks};
pub use proxies::{Charge, charges, end_proxy, insert_proxy, may_act, proxies};
pub use relations::{
    care_team, end_care_relation, end_own_care_relation, insert_care_relation, insert_shift,
};

/// Who looks, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Viewer {
    /// The facility they work in or belong to.
    pub tenant: TenantId,
    /// Who.
    pub person: UserId,
    /// What they are to the clinic.
    pub role: Role,
    /// When.
    pub now: Micros,
}

/// It is their own record, or one that was found to be theirs and merged into it.
macro_rules! own_record {
    ($patient:literal) => {
        concat!(
            "EXISTS (SELECT 1 FROM users me WHERE me.id = $2 AND (me.patient = ",
            $patient,
            " OR EXISTS (SELECT 1 FROM patient_merges pm WHERE pm.loser = ",
            $patient,
            " AND pm.winner = me.patient AND pm.undone_us IS NULL)))"
        )
    };
}

/// They act for the patient.
macro_rules! proxy {
    ($patient:literal) => {
        concat!(
            "EXISTS (SELECT 1 FROM proxy_grants pg WHERE pg.holder = $2 AND pg.patient = ",
            $patient,
            " AND pg.ended_us IS NULL AND pg.from_us <= $4 AND pg.until_us > $4)"
        )
    };
}

/// They belong to the care team.
macro_rules! care_relation {
    ($patient:literal) => {
        concat!(
            "($3 NOT IN ('patient', 'admin', 'health_authority')
              AND EXISTS (SELECT 1 FROM care_relations cr
                  WHERE cr.clinician = $2 AND cr.patient = ",
            $patient,
            " AND cr.ended_us IS NULL AND cr.from_us <= $4 AND cr.until_us > $4))"
        )
    };
}

/// A doctor from a week before an appointment until 30 days after it.
macro_rules! appointment_window {
    ($patient:literal) => {
        concat!(
            "($3 = 'doctor' AND EXISTS (SELECT 1 FROM appointments aw
                  WHERE aw.doctor = $2 AND aw.patient = ",
            $patient,
            " AND aw.state <> 'cancelled'
              AND aw.start_us < $4 + 604800000000 AND aw.end_us > $4 - 2592000000000))"
        )
    };
}

/// Nurses and doctors on duty in the facility.
macro_rules! duty {
    ($patient:literal) => {
        concat!(
            "($3 IN ('nurse', 'doctor') AND EXISTS (SELECT 1 FROM duty_shifts ds
                  WHERE ds.person = $2 AND ds.tenant = $1
                    AND ds.from_us <= $4 AND ds.until_us > $4))"
        )
    };
}

/// The patient allowed it.
macro_rules! consent {
    ($patient:literal) => {
        concat!(
            "($3 NOT IN ('patient', 'admin', 'health_authority')
              AND EXISTS (SELECT 1 FROM consents co
                  WHERE co.grantee = $2 AND co.purpose = 'care_sharing' AND co.patient = ",
            $patient,
            " AND co.withdrawn_us IS NULL AND co.given_us <= $4 AND co.until_us > $4))"
        )
    };
}

/// An emergency.
macro_rules! break_glass {
    ($patient:literal) => {
        concat!(
            "($3 NOT IN ('patient', 'admin', 'health_authority')
              AND EXISTS (SELECT 1 FROM break_glass bg
                  WHERE bg.person = $2 AND bg.patient = ",
            $patient,
            " AND bg.ended_us IS NULL AND bg.from_us <= $4 AND bg.until_us > $4))"
        )
    };
}

/// True where the viewer may see the patient; `reach!("p.tenant", "p.id")` names the two columns.
macro_rules! reach {
    ($tenant:literal, $patient:literal) => {
        concat!(
            "(",
            $tenant,
            " = $1 AND (",
            $crate::access::own_record!($patient),
            " OR ",
            $crate::access::proxy!($patient),
            " OR ",
            $crate::access::care_relation!($patient),
            " OR ",
            $crate::access::appointment_window!($patient),
            " OR ",
            $crate::access::duty!($patient),
            " OR ",
            $crate::access::consent!($patient),
            " OR ",
            $crate::access::break_glass!($patient),
            "))"
        )
    };
}

pub(crate) use {
    appointment_window, break_glass, care_relation, consent, duty, own_record, proxy, reach,
};

/// Under which right a person may see a patient; none when they may not know of them.
///
/// # Errors
/// [`StoreError::Erased`] to whoever had a right to a record that was erased; the store failed.
pub async fn grant(
    conn: &mut Conn,
    viewer: &Viewer,
    patient: PatientId,
) -> Result<Option<Grant>, StoreError> {
    let row = fetch_optional!(
        conn,
        (Option<String>, String),
        concat!(
            "SELECT CASE WHEN ",
            own_record!("p.id"),
            " THEN 'own_record' WHEN ",
            proxy!("p.id"),
            " THEN 'proxy' WHEN ",
            care_relation!("p.id"),
            " THEN 'care_relation' WHEN ",
            appointment_window!("p.id"),
            " THEN 'appointment_window' WHEN ",
            duty!("p.id"),
            " THEN 'duty' WHEN ",
            consent!("p.id"),
            " THEN 'consent' WHEN ",
            break_glass!("p.id"),
            " THEN 'break_glass' END, p.state
             FROM patients p WHERE p.tenant = $1 AND p.id = $5"
        ),
        viewer.tenant.as_uuid(),
        viewer.person.as_uuid(),
        viewer.role.as_str(),
        viewer.now.0,
        patient.as_uuid()
    )?;
    let Some((Some(word), state)) = row else {
        return Ok(None);
    };
    if state == "erased" {
        return Err(StoreError::Erased);
    }
    Grant::from_word(&word)
        .map(Some)
        .ok_or_else(|| StoreError::corrupt("grant", "no such grant"))
}
