//! Rights that people give, take and end.

use serde::{Deserialize, Serialize};

use crate::{GrantId, Micros, PatientId, TenantId, UserId};

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $word)] $variant,)+
        }

        impl $name {
            /// Every value.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The word in JSON and SQL.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }

            /// The value of a word.
            #[must_use]
            pub fn from_word(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|it| it.as_str() == word)
            }
        }
    };
}

words!(
    /// What a proxy is to the patient.
    ProxyRelation {
        /// Mother or father.
        Parent = "parent",
        /// Legal guardian.
        Guardian = "guardian",
        /// Wife, husband, partner.
        Spouse = "spouse",
        /// Grown-up child.
        Child = "child",
        /// Somebody who cares for them.
        Carer = "carer",
        /// Somebody else.
        Other = "other",
    }
);
words!(
    /// How much a proxy may do.
    ProxyScope {
        /// Look.
        View = "view",
        /// Look, book, write, agree.
        Act = "act",
    }
);
words!(
    /// What a patient agrees to.
    ConsentPurpose {
        /// That one clinician more sees the record.
        CareSharing = "care_sharing",
        /// Research with their data.
        Research = "research",
        /// Teaching with their data.
        Teaching = "teaching",
        /// Recording of consultations.
        Recording = "recording",
        /// Messages by e-mail and SMS.
        Messages = "messages",
    }
);
words!(
    /// Why somebody looks into a record without a usual right.
    BreakGlassReason {
        /// Danger to life or limb.
        LifeThreatening = "life_threatening",
        /// The patient cannot be asked.
        Unconscious = "unconscious",
        /// The treating clinician cannot be reached.
        TreatingAbsent = "treating_absent",
        /// Something else, in words.
        Other = "other",
    }
);
words!(
    /// What a review of an emergency access says.
    ReviewVerdict {
        /// It was right.
        Justified = "justified",
        /// It was not.
        NotJustified = "not_justified",
    }
);

/// How long an emergency access lasts: 60 minutes, in microseconds.
pub const BREAK_GLASS_US: i64 = Micros::HOUR;

/// Longest care relation and consent, in microseconds: two years; then somebody looks again.
pub const RELATION_LIFE_US_MAX: i64 = 731 * Micros::DAY;

/// Longest proxy, in microseconds: from birth to the age of majority.
pub const PROXY_LIFE_US_MAX: i64 = 18 * 366 * Micros::DAY;

/// Somebody belongs to a patient's care team from `from` until `until`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CareRelation {
    /// Its name.
    pub id: GrantId,
    /// In which facility.
    pub tenant: TenantId,
    /// Whose care team.
    pub patient: PatientId,
    /// Who belongs to it.
    pub clinician: UserId,
    /// From when.
    pub from: Micros,
    /// Until when.
    pub until: Micros,
    /// Who decided it.
    pub created_by: UserId,
}

/// Somebody is on duty in the whole facility from `from` until `until`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shift {
    /// Its name.
    pub id: GrantId,
    /// In which facility.
    pub tenant: TenantId,
    /// Who.
    pub person: UserId,
    /// From when.
    pub from: Micros,
    /// Until when.
    pub until: Micros,
    /// Who decided it.
    pub created_by: UserId,
}

/// Somebody acts for a patient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proxy {
    /// Its name.
    pub id: GrantId,
    /// In which facility.
    pub tenant: TenantId,
    /// For whom.
    pub patient: PatientId,
    /// Who.
    pub holder: UserId,
    /// What they are to the patient.
    pub relation: ProxyRelation,
    /// How much they may do.
    pub scope: ProxyScope,
    /// From when.
    pub from: Micros,
    /// Until when.
    pub until: Micros,
    /// Who decided it.
    pub created_by: UserId,
}

/// Something a patient agreed to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consent {
    /// Its name.
    pub id: GrantId,
    /// In which facility.
    pub tenant: TenantId,
    /// Who agreed.
    pub patient: PatientId,
    /// To what.
    pub purpose: ConsentPurpose,
    /// Who may see the record, for [`ConsentPurpose::CareSharing`].
    pub grantee: Option<UserId>,
    /// The version of the words that were shown.
    pub wording: String,
    /// When.
    pub given: Micros,
    /// Until when.
    pub until: Micros,
    /// When it was taken back.
    pub withdrawn: Option<Micros>,
    /// Who pressed the button: the patient or who acts for them.
    pub given_by: UserId,
}

/// An emergency access and its review.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BreakGlass {
    /// Its name.
    pub id: GrantId,
    /// In which facility.
    pub tenant: TenantId,
    /// Whose record.
    pub patient: PatientId,
    /// Who took it.
    pub person: UserId,
    /// Why.
    pub reason: BreakGlassReason,
    /// From when.
    pub from: Micros,
    /// Until when.
    pub until: Micros,
    /// What the review said, once there was one.
    pub review: Option<ReviewVerdict>,
}
