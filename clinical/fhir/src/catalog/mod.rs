//! What this server does with which resource: one table, from which the search parser and the
//! CapabilityStatement are made.

mod capability;
mod table;

pub use capability::{Publication, capability_statement};
pub use table::{ENDPOINTS, SYSTEM_INTERACTIONS};

/// A resource type that has an endpoint of its own or is referred to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ResourceKind {
    /// A person who is treated.
    Patient,
    /// A parent, carer or contact.
    RelatedPerson,
    /// A member of staff who treats.
    Practitioner,
    /// What a member of staff does where.
    PractitionerRole,
    /// A facility or department.
    Organization,
    /// A place.
    Location,
    /// What can be booked.
    HealthcareService,
    /// Whose time can be booked.
    Schedule,
    /// A time that can be booked.
    Slot,
    /// A booked time.
    Appointment,
    /// A visit.
    Encounter,
    /// A problem or diagnosis.
    Condition,
    /// An allergy.
    AllergyIntolerance,
    /// A measured value.
    Observation,
    /// Something that was done.
    Procedure,
    /// A vaccination.
    Immunization,
    /// An illness in the family.
    FamilyMemberHistory,
    /// A note with an assessment.
    ClinicalImpression,
    /// A document.
    DocumentReference,
    /// A prescription line.
    MedicationRequest,
    /// A medicine that was given out.
    MedicationDispense,
    /// A medicine that somebody takes.
    MedicationStatement,
    /// A finding of the safety check.
    DetectedIssue,
    /// An order.
    ServiceRequest,
    /// A report of results.
    DiagnosticReport,
    /// What was answered to questions.
    QuestionnaireResponse,
    /// How likely causes are.
    RiskAssessment,
    /// A message.
    Communication,
    /// What a patient has agreed to.
    Consent,
    /// Who saw what.
    AuditEvent,
    /// Who made what.
    Provenance,
}

impl ResourceKind {
    /// All of them, in the order of the table.
    pub const ALL: [Self; 31] = [
        Self::Patient,
        Self::RelatedPerson,
        Self::Practitioner,
        Self::PractitionerRole,
        Self::Organization,
        Self::Location,
        Self::HealthcareService,
        Self::Schedule,
        Self::Slot,
        Self::Appointment,
        Self::Encounter,
        Self::Condition,
        Self::AllergyIntolerance,
        Self::Observation,
        Self::Procedure,
        Self::Immunization,
        Self::FamilyMemberHistory,
        Self::ClinicalImpression,
        Self::DocumentReference,
        Self::MedicationRequest,
        Self::MedicationDispense,
        Self::MedicationStatement,
        Self::DetectedIssue,
        Self::ServiceRequest,
        Self::DiagnosticReport,
        Self::QuestionnaireResponse,
        Self::RiskAssessment,
        Self::Communication,
        Self::Consent,
        Self::AuditEvent,
        Self::Provenance,
    ];

    /// The name of the type.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Patient => "Patient",
            Self::RelatedPerson => "RelatedPerson",
            Self::Practitioner => "Practitioner",
            Self::PractitionerRole => "PractitionerRole",
            Self::Organization => "Organization",
            Self::Location => "Location",
            Self::HealthcareService => "HealthcareService",
            Self::Schedule => "Schedule",
            Self::Slot => "Slot",
            Self::Appointment => "Appointment",
            Self::Encounter => "Encounter",
            Self::Condition => "Condition",
            Self::AllergyIntolerance => "AllergyIntolerance",
            Self::Observation => "Observation",
            Self::Procedure => "Procedure",
            Self::Immunization => "Immunization",
            Self::FamilyMemberHistory => "FamilyMemberHistory",
            Self::ClinicalImpression => "ClinicalImpression",
            Self::DocumentReference => "DocumentReference",
            Self::MedicationRequest => "MedicationRequest",
            Self::MedicationDispense => "MedicationDispense",
            Self::MedicationStatement => "MedicationStatement",
            Self::DetectedIssue => "DetectedIssue",
            Self::ServiceRequest => "ServiceRequest",
            Self::DiagnosticReport => "DiagnosticReport",
            Self::QuestionnaireResponse => "QuestionnaireResponse",
            Self::RiskAssessment => "RiskAssessment",
            Self::Communication => "Communication",
            Self::Consent => "Consent",
            Self::AuditEvent => "AuditEvent",
            Self::Provenance => "Provenance",
        }
    }

    /// The type of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// Its row of the table, if it has an endpoint.
    #[must_use]
    pub fn endpoint(self) -> Option<&'static Endpoint> {
        ENDPOINTS.iter().find(|endpoint| endpoint.kind == self)
    }
}

/// A row of the table.
#[derive(Debug)]
pub struct Endpoint {
    /// The resource.
    pub kind: ResourceKind,
    /// What can be done with it.
    pub interactions: &'static [Interaction],
    /// By what it can be searched.
    pub params: &'static [Param],
    /// By what it can be ordered.
    pub sorts: &'static [&'static str],
    /// Operations on it, without the dollar sign.
    pub operations: &'static [Operation],
}

impl Endpoint {
    /// A search parameter by its name.
    #[must_use]
    pub fn param(&self, name: &str) -> Option<&'static Param> {
        COMMON
            .iter()
            .chain(self.params)
            .find(|param| param.name == name)
    }

    /// Whether an interaction is there.
    #[must_use]
    pub fn allows(&self, interaction: Interaction) -> bool {
        self.interactions.contains(&interaction)
    }
}

/// Parameters that every resource has.
pub const COMMON: &[Param] = &[
    Param {
        name: "_id",
        kind: ParamKind::Token,
        targets: &[],
    },
    Param {
        name: "_lastUpdated",
        kind: ParamKind::Date,
        targets: &[],
    },
];

/// An interaction of the RESTful API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Interaction {
    /// The present version.
    Read,
    /// One version.
    Vread,
    /// All versions of one.
    HistoryInstance,
    /// Those that match.
    Search,
    /// A new one.
    Create,
    /// Another version of one.
    Update,
    /// A change to one.
    Patch,
    /// The end of one.
    Delete,
    /// Several requests, each by itself.
    Batch,
    /// Several requests, all or none.
    Transaction,
}

impl Interaction {
    /// The code of the value sets `type-restful-interaction` and `system-restful-interaction`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Vread => "vread",
            Self::HistoryInstance => "history-instance",
            Self::Search => "search-type",
            Self::Create => "create",
            Self::Update => "update",
            Self::Patch => "patch",
            Self::Delete => "delete",
            Self::Batch => "batch",
            Self::Transaction => "transaction",
        }
    }
}

/// An operation on a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Operation {
    /// The name without the dollar sign.
    pub name: &'static str,
    /// Where it is defined.
    pub definition: &'static str,
}

/// A search parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Param {
    /// Its name.
    pub name: &'static str,
    /// The type of its values.
    pub kind: ParamKind,
    /// To what a reference may lead.
    pub targets: &'static [ResourceKind],
}

/// The type of a search parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParamKind {
    /// A code or identifier.
    Token,
    /// Another resource.
    Reference,
    /// A date or time.
    Date,
    /// A text.
    Text,
    /// A number with a unit.
    Quantity,
}

impl ParamKind {
    /// The code of the value set `search-param-type`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Reference => "reference",
            Self::Date => "date",
            Self::Text => "string",
            Self::Quantity => "quantity",
        }
    }
}
