//! Messages that leave by e-mail and SMS. None of them has clinical content.
//!
//! - `POST /notifications/sms` [`SmsRequest`] -> 202
//! - `GET`, `PUT /me/notifications` [`NotifySettingsView`], [`NotifySettingsRequest`]
//! - `GET /notifications/deliveries?stage=&before_us=&before_id=` -> [`DeliveriesView`]
//! - `POST /notifications/reports/{secret}`: what the provider of short messages posts

use clinical_model::{AppointmentId, PatientId};
use serde::{Deserialize, Serialize};

/// The texts that staff may send by hand. There is no free text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum SmsTemplate {
    /// An appointment is coming; names its time.
    AppointmentReminder,
    /// A message waits in the service.
    MessageWaiting,
    /// A document waits in the service.
    DocumentWaiting,
}

/// Send a short message to a patient.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SmsRequest {
    /// To whom.
    #[cfg_attr(feature = "schema", schema(value_type = String, format = Uuid))]
    pub patient: PatientId,
    /// Which text.
    pub template: SmsTemplate,
    /// Which appointment, for [`SmsTemplate::AppointmentReminder`] only.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>))]
    pub appointment: Option<AppointmentId>,
}

/// How the caller wants to be told.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct NotifySettingsView {
    /// `fr` or `en`.
    pub language: String,
    /// IANA zone of the times in messages; none for that of the facility.
    pub zone: Option<String>,
    /// What may be declined comes by e-mail.
    pub email: bool,
    /// What may be declined comes by SMS.
    pub sms: bool,
    /// Another phone number than that of the record, E.164.
    pub phone: Option<String>,
    /// Counts the changes; 0 before the first.
    pub version: u32,
}

impl core::fmt::Debug for NotifySettingsView {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("NotifySettingsView(..)")
    }
}

/// Choose how to be told.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NotifySettingsRequest {
    /// `fr` or `en`.
    pub language: String,
    /// IANA zone of the times in messages; none for that of the facility.
    #[serde(default)]
    pub zone: Option<String>,
    /// What may be declined comes by e-mail.
    pub email: bool,
    /// What may be declined comes by SMS.
    pub sms: bool,
    /// Another phone number than that of the record, E.164.
    #[serde(default)]
    pub phone: Option<String>,
    /// The version that was read.
    pub version: u32,
}

impl core::fmt::Debug for NotifySettingsRequest {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("NotifySettingsRequest(..)")
    }
}

/// A message as staff see it: no address, no words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct DeliveryView {
    /// Its id.
    #[cfg_attr(feature = "schema", schema(format = Uuid))]
    pub id: String,
    /// What it is about, as a kind.
    pub kind: String,
    /// `email` or `sms`.
    pub channel: String,
    /// `queued`, `sending`, `sent`, `delivered`, `failed` (tried again later), `dead` (given up),
    /// `suppressed` or `unknown` (the gateway's answer was lost).
    pub stage: String,
    /// Since when it is in that state, Unix microseconds.
    pub since_us: i64,
    /// When it is or was due, Unix microseconds.
    pub due_us: i64,
    /// How often it was tried.
    pub attempts: u32,
    /// Why it was suppressed: `opted_out`, `too_late` or `superseded`.
    pub reason: Option<String>,
    /// When it was queued, Unix microseconds.
    pub created_us: i64,
}

/// Messages of the facility, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct DeliveriesView {
    /// The messages.
    pub deliveries: Vec<DeliveryView>,
    /// More may follow: ask again with time and id of the last one.
    pub more: bool,
}
