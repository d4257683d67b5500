//! The waiting list.
//!
//! - `POST /waiting-list` [`WaitRequest`] -> 201 [`WaitingView`] (patient; nurse for one)
//! - `GET /waiting-list` -> list of [`WaitingView`] (patient: own; nurse)
//! - `DELETE /waiting-list/{id}` -> 204, `POST /waiting-list/{id}/decline` -> 204
//! - `POST /waiting-list/{id}/accept` [`crate::BookHeldRequest`] -> 201 appointment

use clinical_model::{PatientId, ServiceId, UserId, WaitingId};
use serde::{Deserialize, Serialize};

/// A part of the day, on the doctor's wall clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum DayPart {
    /// Before noon.
    Morning,
    /// From noon until five.
    Afternoon,
    /// From five.
    Evening,
}

/// Wait for a time that becomes free.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct WaitRequest {
    /// For what.
    #[cfg_attr(feature = "schema", schema(value_type = String, format = Uuid))]
    pub service: ServiceId,
    /// With whom; none for anybody.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>, format = Uuid))]
    pub doctor: Option<UserId>,
    /// Not before, Unix microseconds.
    pub from_us: i64,
    /// Not after, Unix microseconds; at most 180 days from now.
    pub until_us: i64,
    /// When on a day; empty for any time.
    #[serde(default)]
    pub parts: Vec<DayPart>,
    /// For whom, when a nurse asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>, format = Uuid))]
    pub patient: Option<PatientId>,
}

/// A time that is offered to somebody who waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct WaitingOfferView {
    /// With whom.
    #[cfg_attr(feature = "schema", schema(value_type = String, format = Uuid))]
    pub doctor: UserId,
    /// Begin, Unix microseconds.
    pub start_us: i64,
    /// End, Unix microseconds.
    pub end_us: i64,
    /// Until when it is kept, Unix microseconds.
    pub expires_us: i64,
}

/// A place in the waiting list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct WaitingView {
    /// The place.
    #[cfg_attr(feature = "schema", schema(value_type = String, format = Uuid))]
    pub id: WaitingId,
    /// Whose.
    #[cfg_attr(feature = "schema", schema(value_type = String, format = Uuid))]
    pub patient: PatientId,
    /// For what.
    #[cfg_attr(feature = "schema", schema(value_type = String, format = Uuid))]
    pub service: ServiceId,
    /// With whom; none for anybody.
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>, format = Uuid))]
    pub doctor: Option<UserId>,
    /// Not before, Unix microseconds.
    pub from_us: i64,
    /// Not after, Unix microseconds.
    pub until_us: i64,
    /// When on a day.
    pub parts: Vec<DayPart>,
    /// Since when, Unix microseconds.
    pub joined_us: i64,
    /// What is offered now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offer: Option<WaitingOfferView>,
}
