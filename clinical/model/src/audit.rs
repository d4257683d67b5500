//! Who did what to what, and under which right: the entry that every change leaves behind.

use core::fmt;

use uuid::Uuid;

use crate::booking::Appointment;
use crate::{Micros, PatientId, TenantId, UserId};

/// Who acted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditActor {
    /// A signed-in person.
    User(UserId),
    /// Somebody who showed the secret of a join link; the link's id.
    Link(Uuid),
    /// A participant of a live visit, as signaling knows them.
    Participant(Uuid),
    /// Nobody that is known: a failed sign-in.
    Nobody,
    /// The installation itself: migration, seeding, expiry.
    System,
}

impl AuditActor {
    /// The word for the kind of actor, as stored.
    #[must_use]
    pub const fn kind(self) -> &'static str {
        match self {
            Self::User(_) => "user",
            Self::Link(_) => "link",
            Self::Participant(_) => "participant",
            Self::Nobody => "nobody",
            Self::System => "system",
        }
    }

    /// The id of the actor, where there is one.
    #[must_use]
    pub const fn id(self) -> Option<Uuid> {
        match self {
            Self::User(id) => Some(id.as_uuid()),
            Self::Link(id) | Self::Participant(id) => Some(id),
            Self::Nobody | Self::System => None,
        }
    }
}

/// How an act ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditOutcome {
    /// It was done.
    Done,
    /// It was refused; what was stored is the refusal.
    Refused,
}

impl AuditOutcome {
    /// The word as stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused => "refused",
        }
    }
}

/// What for somebody looks into a record (HL7 v3 PurposeOfUse).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Purpose {
    /// TREAT: care of this patient.
    Treatment,
    /// ETREAT: an emergency, past the usual rights.
    Emergency,
    /// PATRQT: the patient, or who acts for them, asked.
    PatientRequest,
    /// HOPERAT: running the clinic; never clinical content.
    Operations,
    /// PUBHLTH: public health, in aggregates.
    PublicHealth,
}

impl Purpose {
    /// The HL7 v3 code, as stored.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Treatment => "TREAT",
            Self::Emergency => "ETREAT",
            Self::PatientRequest => "PATRQT",
            Self::Operations => "HOPERAT",
            Self::PublicHealth => "PUBHLTH",
        }
    }
}

/// A request that its sender repeats until there is an answer, and that is carried out once
/// (draft-ietf-httpapi-idempotency-key-header).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Once {
    /// Made from who sends it and the key they chose.
    pub key: Uuid,
    /// SHA-256 of what is asked for: the same key may not ask for two things.
    pub request: [u8; 32],
}

/// One act. It holds ids and words of the program, never names or clinical content.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct AuditEntry {
    tenant: TenantId,
    actor: AuditActor,
    action: &'static str,
    subject: Option<(&'static str, Uuid)>,
    patient: Option<PatientId>,
    version: Option<u32>,
    grant: Option<&'static str>,
    purpose: Option<Purpose>,
    outcome: AuditOutcome,
    at: Micros,
    once: Option<Once>,
}

impl AuditEntry {
    /// An act that was done. `action` is `domain.verb`: `booking.cancel`.
    #[must_use]
    pub const fn done(actor: AuditActor, action: &'static str, at: Micros) -> Self {
        Self {
            tenant: TenantId::INSTALLATION,
            actor,
            action,
            subject: None,
            patient: None,
            version: None,
            grant: None,
            purpose: None,
            outcome: AuditOutcome::Done,
            at,
            once: None,
        }
    }

    /// An act that was refused.
    #[must_use]
    pub const fn refused(actor: AuditActor, action: &'static str, at: Micros) -> Self {
        Self {
            outcome: AuditOutcome::Refused,
            ..Self::done(actor, action, at)
        }
    }

    /// What it was done to: the kind (`appointment`) and the id.
    #[must_use]
    pub const fn about(mut self, kind: &'static str, id: Uuid) -> Self {
        self.subject = Some((kind, id));
        self
    }

    /// The right under which it was done: `own_appointment`, `join_link`.
    #[must_use]
    pub const fn under(mut self, grant: &'static str) -> Self {
        self.grant = Some(grant);
        self
    }

    /// In which facility; without it, in the installation itself.
    #[must_use]
    pub const fn within(mut self, tenant: TenantId) -> Self {
        self.tenant = tenant;
        self
    }

    /// Whose record it concerns.
    #[must_use]
    pub const fn of_patient(mut self, patient: PatientId) -> Self {
        self.patient = Some(patient);
        self
    }

    /// What it was done to: an appointment, with its facility and its patient.
    #[must_use]
    pub const fn of_visit(self, appointment: &Appointment) -> Self {
        self.about("appointment", appointment.id.as_uuid())
            .within(appointment.tenant)
            .of_patient(appointment.patient)
    }

    /// Which version of the thing was seen or made.
    #[must_use]
    pub const fn at_version(mut self, version: u32) -> Self {
        self.version = Some(version);
        self
    }

    /// What for.
    #[must_use]
    pub const fn purposed(mut self, purpose: Purpose) -> Self {
        self.purpose = Some(purpose);
        self
    }

    /// The request that it carries out; the same request again is refused by the store.
    #[must_use]
    pub const fn carrying_out(mut self, once: Option<Once>) -> Self {
        self.once = once;
        self
    }

    /// The request that it carries out.
    #[must_use]
    pub const fn once(&self) -> Option<Once> {
        self.once
    }

    /// In which facility.
    #[must_use]
    pub const fn tenant(&self) -> TenantId {
        self.tenant
    }

    /// Whose record it concerns.
    #[must_use]
    pub const fn patient(&self) -> Option<PatientId> {
        self.patient
    }

    /// Which version was seen or made.
    #[must_use]
    pub const fn version(&self) -> Option<u32> {
        self.version
    }

    /// What for.
    #[must_use]
    pub const fn purpose(&self) -> Option<Purpose> {
        self.purpose
    }

    /// Who acted.
    #[must_use]
    pub const fn actor(&self) -> AuditActor {
        self.actor
    }

    /// What was done.
    #[must_use]
    pub const fn action(&self) -> &'static str {
        self.action
    }

    /// What it was done to.
    #[must_use]
    pub const fn subject(&self) -> Option<(&'static str, Uuid)> {
        self.subject
    }

    /// The right under which it was done.
    #[must_use]
    pub const fn grant(&self) -> Option<&'static str> {
        self.grant
    }

    /// How it ended.
    #[must_use]
    pub const fn outcome(&self) -> AuditOutcome {
        self.outcome
    }

    /// When.
    #[must_use]
    pub const fn at(&self) -> Micros {
        self.at
    }
}

impl fmt::Debug for AuditEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AuditEntry({} {})", self.action, self.outcome.as_str())
    }
}
