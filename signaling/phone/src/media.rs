//! The descriptions of one call: what we say of our sound, and what was agreed on.

use std::net::SocketAddr;

use rand::Rng as _;
use sfu_phone::{Codec, CryptoLine, CryptoSuite};
use signaling_sip::{Agreement, Local, Offer, SdpError, Security, accept_answer, write_offer};

use crate::ports::SoundLeg;
use crate::trunk::{Srtp, Trunk};

/// The sound of one call.
pub(crate) struct Media {
    /// Orders to the sound.
    pub(crate) leg: Box<dyn SoundLeg>,
    local: Local,
    codecs: Vec<Codec>,
    agreement: Option<Agreement>,
}

impl core::fmt::Debug for Media {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Media").finish_non_exhaustive()
    }
}

impl Media {
    pub(crate) fn new(leg: Box<dyn SoundLeg>, address: SocketAddr, trunk: &Trunk) -> Self {
        let mut random = rand::rng();
        let session = random.next_u64() >> 2;
        let security = match (trunk.srtp, key(&mut random)) {
            (Srtp::Allowed, Some(key)) => Security::Allowed(key),
            (Srtp::Required, Some(key)) => Security::Required(key),
            (Srtp::Disabled, _) | (_, None) => Security::Disabled,
        };
        Self {
            leg,
            local: Local {
                address,
                session,
                version: 1,
                codecs: trunk.codecs.clone(),
                security,
                holds: false,
            },
            codecs: trunk.codecs.clone(),
            agreement: None,
        }
    }

    /// Answers an offer. What was agreed on before stays where this one is refused.
    pub(crate) fn answer(&mut self, offer: &str) -> Result<String, SdpError> {
        let offer = Offer::parse(offer)?;
        let mut local = self.local.clone();
        // The codec does not change in the middle of a call if it need not.
        if let Some(agreed) = &self.agreement {
            local.codecs = vec![agreed.codec];
        }
        let (agreement, text) = match offer.answer(&local) {
            Err(SdpError::Codec) if self.agreement.is_some() => {
                local.codecs.clone_from(&self.codecs);
                offer.answer(&local)?
            }
            other => other?,
        };
        self.local.version = self.local.version.saturating_add(1);
        self.agree(agreement);
        Ok(text)
    }

    /// An offer of ours: the same as before if something was agreed on.
    pub(crate) fn offer(&mut self) -> String {
        let text = write_offer(&self.local);
        self.local.version = self.local.version.saturating_add(1);
        text
    }

    /// An offer of ours without encryption, where encryption is allowed and not required. Nothing where
    /// the offer before was without it.
    pub(crate) fn offer_in_clear(&mut self) -> Option<String> {
        match self.local.security {
            Security::Allowed(_) => {
                self.local.security = Security::Disabled;
                Some(self.offer())
            }
            Security::Disabled | Security::Required(_) => None,
        }
    }

    /// The answer to the offer of ours.
    pub(crate) fn accept(&mut self, answer: &str) -> Result<(), SdpError> {
        let agreement = accept_answer(&self.local, answer)?;
        self.agree(agreement);
        Ok(())
    }

    fn agree(&mut self, agreement: Agreement) {
        self.leg.agree(&agreement);
        self.agreement = Some(agreement);
    }

    /// Whether the other side does not listen.
    pub(crate) fn is_held(&self) -> bool {
        self.agreement
            .as_ref()
            .is_some_and(|agreement| !agreement.flow.sends())
    }
}

fn key(random: &mut impl rand::Rng) -> Option<CryptoLine> {
    let suite = CryptoSuite::AesCm128Sha1Tag80;
    let mut bytes = vec![0; suite.key_bytes()];
    random.fill_bytes(&mut bytes);
    CryptoLine::new(1, suite, bytes).ok()
}
