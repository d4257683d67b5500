//! Messages that leave the house: queued in the transaction of what they are about, sent by a
//! worker, at most once.

mod appointments;
mod desk;
mod mailroom;
mod medicines;
mod tell;
mod templates;
mod worker;

pub(crate) use appointments::{tell_booked, tell_cancelled, tell_moved};
pub use clinical_model::notify::Language;
use clinical_model::rights::{Both, LegalBasis, Processing};
pub use clinical_store::outbox::NotifySettings;
pub use desk::{
    DELIVERIES_MAX, DeliveriesError, ReportError, SettingsError, SmsCommand, SmsError, SmsTemplate,
    deliveries, put_settings, send_sms, settings, take_report,
};
pub use mailroom::{Mailroom, ReportSecret};
pub use medicines::remind_due;
pub use tell::{Addressee, Notice, tell};
pub(crate) use tell::{telephone_of, tell_admins, zone_of};
pub use templates::{SMS_PARTS_MAX, TemplateFileError, Templates};
pub use worker::{LEASE_US, WorkerError, run_until_stopped, send_due};

/// What the register of processing says of this domain.
pub const PROCESSING: Processing = Processing {
    domain: "notify",
    purpose: Both {
        fr: "Prévenir par e-mail et SMS, sans contenu médical.",
        en: "Tell by e-mail and SMS, without clinical content.",
    },
    basis: LegalBasis::Care,
    categories: Both {
        fr: "Patients, personnel : adresse, numéro, langue, choix.",
        en: "Patients, staff: address, number, language, choices.",
    },
    retention: Both {
        fr: "Effacé avec le dossier.",
        en: "Erased with the record.",
    },
    recipients: Both {
        fr: "Le fournisseur d’e-mail et de SMS de l’établissement.",
        en: "The facility’s provider of e-mail and SMS.",
    },
};
