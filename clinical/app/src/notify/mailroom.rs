//! Where messages leave the house.

use core::fmt;
use std::sync::Arc;

use super::templates::{TemplateFileError, Templates};
use crate::ports::{MailGateway, SmsGateway};
use crate::visits::PhoneNumbers;

/// What the provider shows when it reports: it can not sign in, so the address that it is told
/// holds this secret.
#[derive(Clone, PartialEq, Eq)]
pub struct ReportSecret(String);

impl ReportSecret {
    /// A secret of at least 16 characters; shorter ones are none.
    #[must_use]
    pub fn new(secret: String) -> Option<Self> {
        (secret.len() >= 16).then_some(Self(secret))
    }

    /// Compares in constant time.
    pub(super) fn is(&self, shown: &str) -> bool {
        aws_lc_rs::constant_time::verify_slices_are_equal(self.0.as_bytes(), shown.as_bytes())
            .is_ok()
    }
}

impl fmt::Debug for ReportSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReportSecret(..)")
    }
}

/// The gateways, the texts, and where links lead. Clones are the same room.
#[derive(Debug, Clone)]
pub struct Mailroom {
    pub(super) mail: Arc<dyn MailGateway>,
    pub(super) sms: Arc<dyn SmsGateway>,
    pub(super) templates: Arc<Templates>,
    /// Address of the service, without a slash at the end.
    pub(super) service_url: Arc<str>,
    pub(super) secret: Option<ReportSecret>,
    pub(super) phones: PhoneNumbers,
}

impl Mailroom {
    /// Furnishes the room. Without a secret no delivery report is taken.
    ///
    /// # Errors
    /// The texts are broken.
    pub fn new(
        mail: Arc<dyn MailGateway>,
        sms: Arc<dyn SmsGateway>,
        service_url: &str,
        secret: Option<ReportSecret>,
    ) -> Result<Self, TemplateFileError> {
        Ok(Self {
            mail,
            sms,
            templates: Arc::new(Templates::embedded()?),
            service_url: Arc::from(service_url.trim_end_matches('/')),
            secret,
            phones: PhoneNumbers::default(),
        })
    }

    /// Messages about appointments say these numbers.
    #[must_use]
    pub fn with_phones(mut self, phones: PhoneNumbers) -> Self {
        self.phones = phones;
        self
    }
}
