//! What one domain writes into the register of processing (GDPR article 30).

/// A text in both languages of the house.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Both {
    /// French.
    pub fr: &'static str,
    /// English.
    pub en: &'static str,
}

/// Why data may be processed at all (GDPR articles 6 and 9).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LegalBasis {
    /// Care by people under professional secrecy: 6(1)(c) or (e), and 9(2)(h).
    Care,
    /// An obligation of the facility: 6(1)(c).
    Obligation,
    /// The person agreed: 6(1)(a), and 9(2)(a).
    Consent,
    /// A contract with the person: 6(1)(b).
    Contract,
    /// Public health: 6(1)(e), and 9(2)(i).
    PublicHealth,
}

impl LegalBasis {
    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Care => "care",
            Self::Obligation => "obligation",
            Self::Consent => "consent",
            Self::Contract => "contract",
            Self::PublicHealth => "public_health",
        }
    }

    /// The articles.
    #[must_use]
    pub const fn articles(self) -> &'static str {
        match self {
            Self::Care => "GDPR 6(1)(c), 9(2)(h)",
            Self::Obligation => "GDPR 6(1)(c)",
            Self::Consent => "GDPR 6(1)(a), 9(2)(a)",
            Self::Contract => "GDPR 6(1)(b)",
            Self::PublicHealth => "GDPR 6(1)(e), 9(2)(i)",
        }
    }
}

/// One row of the register. Every domain declares its own beside its use cases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Processing {
    /// What the domain is called in the code: `booking`.
    pub domain: &'static str,
    /// What for.
    pub purpose: Both,
    /// Why it is allowed.
    pub basis: LegalBasis,
    /// Whose data, and which.
    pub categories: Both,
    /// How long it is kept.
    pub retention: Both,
    /// Who gets to see it.
    pub recipients: Both,
}
