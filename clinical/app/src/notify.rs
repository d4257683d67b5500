//! Messages that leave the house: queued in the transaction of what they are about, sent by a
//! worker, at most once.

mod appointments;
mod desk;
mod mailroom;
mod tell;
mod templates;
mod worker;

pub(crate) use appointments::{tell_booked, tell_cancelled, tell_moved};
pub use clinical_store::outbox::NotifySettings;
pub use desk::{
    DELIVERIES_MAX, DeliveriesError, ReportError, SettingsError, SmsCommand, SmsError, SmsTemplate,
    deliveries, put_settings, send_sms, settings, take_report,
};
pub use mailroom::{Mailroom, ReportSecret};
pub use tell::{Addressee, Notice, tell};
pub use templates::{SMS_PARTS_MAX, TemplateFileError, Templates};
pub use worker::{LEASE_US, WorkerError, run_until_stopped, send_due};
