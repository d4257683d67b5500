//! Secrets for one use, as their holder sees them: `<id>.<256 bits>`.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clinical_model::{Micros, TokenHash, UserId};
use clinical_store::one_time::OneTime;
use uuid::Uuid;

use crate::Entropy;

/// A secret for one use. It does not print itself.
#[derive(Clone, PartialEq, Eq)]
pub struct OneTimeToken {
    pub(super) id: Uuid,
    secret: [u8; 32],
}

impl OneTimeToken {
    pub(super) fn new(entropy: &Entropy, now: Micros) -> Self {
        Self {
            id: entropy.uuid(now),
            secret: entropy.bytes(),
        }
    }

    /// Reads the text of a secret; none if it is not one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (id, secret) = text.split_once('.')?;
        if id.len() != 32 || secret.len() != 43 {
            return None;
        }
        Some(Self {
            id: Uuid::try_parse(id).ok()?,
            secret: URL_SAFE_NO_PAD.decode(secret).ok()?.try_into().ok()?,
        })
    }

    /// The text for its holder.
    #[must_use]
    pub fn reveal(&self) -> String {
        format!(
            "{}.{}",
            self.id.simple(),
            URL_SAFE_NO_PAD.encode(self.secret)
        )
    }

    /// What is stored of it.
    pub(super) fn hash(&self) -> TokenHash {
        use core::fmt::Write as _;
        let mut hex = String::with_capacity(64);
        for byte in digest(&SHA256, &self.secret).as_ref() {
            // Writing to a String never fails.
            let _ = write!(hex, "{byte:02x}");
        }
        TokenHash::from_hex(hex)
    }

    /// The row of a new secret.
    pub(super) fn row(&self, user: UserId, now: Micros, life_us: i64) -> OneTime {
        OneTime {
            id: self.id,
            user,
            hash: self.hash(),
            created: now,
            expires: now.plus(life_us),
        }
    }
}

impl core::fmt::Debug for OneTimeToken {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("OneTimeToken(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_survives_its_text_and_nothing_else_is_one() {
        let token = OneTimeToken::new(&Entropy::seeded(1), Micros(1));
        let text = token.reveal();
        assert_eq!(OneTimeToken::parse(&text), Some(token));
        for bad in ["", ".", "x.y", &text.replace('.', ""), &format!("{text}A")] {
            assert_eq!(OneTimeToken::parse(bad), None, "{bad}");
        }
    }
}
