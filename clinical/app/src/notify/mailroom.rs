//! Where messages leave the house.

use core::fmt;
use std::sync::Arc;

use super::templates::{TemplateFileError, Templates};
use crate::ports::{MailGateway, SmsGateway};
use crate::sms::DoorLimits;
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
    door: Option<DoorLimits>,
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
            door: None,
        })
    }

    /// Short messages of people are taken and answered, within these limits.
    #[must_use]
    pub const fn with_door(mut self, limits: DoorLimits) -> Self {
        self.door = Some(limits);
        self
    }

    /// What answers may cost; none while messages are not taken.
    pub(crate) const fn door(&self) -> Option<DoorLimits> {
        self.door
    }

    /// Whether this is what the provider shows.
    pub(crate) fn is_provider(&self, shown: &str) -> bool {
        self.secret.as_ref().is_some_and(|it| it.is(shown))
    }

    /// The provider of short messages.
    pub(crate) fn sms(&self) -> &dyn SmsGateway {
        &*self.sms
    }

    /// Address of the service, without a slash at the end.
    pub(crate) fn url(&self) -> Arc<str> {
        Arc::clone(&self.service_url)
    }

    /// Messages about appointments say these numbers.
    #[must_use]
    pub fn with_phones(mut self, phones: PhoneNumbers) -> Self {
        self.phones = phones;
        self
    }
}
