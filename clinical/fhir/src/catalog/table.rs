//! The table itself.

use super::{Endpoint, Interaction, Operation, Param, ParamKind, ResourceKind};
use Interaction::{
    Batch, Create, Delete, HistoryInstance, Patch, Read, Search, Transaction, Update, Vread,
};
use ResourceKind as Is;

/// Interactions with the whole system.
pub const SYSTEM_INTERACTIONS: &[Interaction] = &[Batch, Transaction];

const VALIDATE: Operation = Operation {
    name: "validate",
    definition: "http://hl7.org/fhir/OperationDefinition/Resource-validate",
};
const EVERYTHING: Operation = Operation {
    name: "everything",
    definition: "http://hl7.org/fhir/OperationDefinition/Patient-everything",
};

/// Facts of the record: never overwritten, every version readable.
const FACT: &[Interaction] = &[
    Read,
    Vread,
    HistoryInstance,
    Search,
    Create,
    Update,
    Patch,
    Delete,
];
/// What is made elsewhere and shown here.
const SHOWN: &[Interaction] = &[Read, Search];
/// What is made elsewhere in versions and shown here.
const SHOWN_VERSIONED: &[Interaction] = &[Read, Vread, HistoryInstance, Search];

const LAST: &[&str] = &["_lastUpdated"];
const BY_DATE: &[&str] = &["_lastUpdated", "date"];

const fn token(name: &'static str) -> Param {
    Param {
        name,
        kind: ParamKind::Token,
        targets: &[],
    }
}

const fn date(name: &'static str) -> Param {
    Param {
        name,
        kind: ParamKind::Date,
        targets: &[],
    }
}

const fn text(name: &'static str) -> Param {
    Param {
        name,
        kind: ParamKind::Text,
        targets: &[],
    }
}

const fn quantity(name: &'static str) -> Param {
    Param {
        name,
        kind: ParamKind::Quantity,
        targets: &[],
    }
}

const fn refer(name: &'static str, targets: &'static [ResourceKind]) -> Param {
    Param {
        name,
        kind: ParamKind::Reference,
        targets,
    }
}

const PATIENT: Param = refer("patient", &[Is::Patient]);
const SUBJECT: Param = refer("subject", &[Is::Patient]);
const ENCOUNTER: Param = refer("encounter", &[Is::Encounter]);

const fn row(
    kind: ResourceKind,
    interactions: &'static [Interaction],
    sorts: &'static [&'static str],
    params: &'static [Param],
) -> Endpoint {
    Endpoint {
        kind,
        interactions,
        params,
        sorts,
        operations: &[VALIDATE],
    }
}

/// One row for each resource that has an endpoint.
pub const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        operations: &[VALIDATE, EVERYTHING],
        ..row(
            Is::Patient,
            &[Read, Vread, HistoryInstance, Search, Create, Update, Patch],
            LAST,
            &[
                token("identifier"),
                text("name"),
                text("family"),
                text("given"),
                date("birthdate"),
                token("gender"),
                token("phone"),
                token("telecom"),
                token("active"),
            ],
        )
    },
    row(Is::RelatedPerson, SHOWN, LAST, &[PATIENT]),
    row(
        Is::Practitioner,
        SHOWN,
        LAST,
        &[text("name"), token("active")],
    ),
    row(
        Is::PractitionerRole,
        SHOWN,
        LAST,
        &[
            refer("practitioner", &[Is::Practitioner]),
            refer("organization", &[Is::Organization]),
            token("specialty"),
            token("role"),
        ],
    ),
    row(
        Is::Organization,
        SHOWN,
        LAST,
        &[text("name"), text("address"), token("identifier")],
    ),
    row(
        Is::Location,
        SHOWN,
        LAST,
        &[
            text("name"),
            text("address"),
            refer("organization", &[Is::Organization]),
        ],
    ),
    row(
        Is::HealthcareService,
        SHOWN,
        LAST,
        &[
            text("name"),
            refer("organization", &[Is::Organization]),
            token("active"),
        ],
    ),
    row(
        Is::Schedule,
        SHOWN,
        LAST,
        &[refer("actor", &[Is::Practitioner]), token("active")],
    ),
    row(
        Is::Slot,
        SHOWN,
        &["start"],
        &[
            refer("schedule", &[Is::Schedule]),
            date("start"),
            token("status"),
        ],
    ),
    row(
        Is::Appointment,
        SHOWN,
        BY_DATE,
        &[
            PATIENT,
            refer("practitioner", &[Is::Practitioner]),
            refer("actor", &[Is::Patient, Is::Practitioner]),
            date("date"),
            token("status"),
        ],
    ),
    row(
        Is::Encounter,
        SHOWN,
        BY_DATE,
        &[
            PATIENT,
            SUBJECT,
            date("date"),
            token("status"),
            token("class"),
            refer("participant", &[Is::Practitioner]),
            refer("appointment", &[Is::Appointment]),
        ],
    ),
    row(
        Is::Condition,
        FACT,
        LAST,
        &[
            PATIENT,
            SUBJECT,
            ENCOUNTER,
            token("category"),
            token("clinical-status"),
            token("verification-status"),
            token("code"),
            date("onset-date"),
            date("recorded-date"),
        ],
    ),
    row(
        Is::AllergyIntolerance,
        FACT,
        LAST,
        &[
            PATIENT,
            token("clinical-status"),
            token("verification-status"),
            token("code"),
            token("category"),
            token("criticality"),
            date("date"),
        ],
    ),
    row(
        Is::Observation,
        FACT,
        BY_DATE,
        &[
            PATIENT,
            SUBJECT,
            ENCOUNTER,
            token("category"),
            token("code"),
            date("date"),
            token("status"),
            quantity("value-quantity"),
        ],
    ),
    row(
        Is::Procedure,
        FACT,
        BY_DATE,
        &[
            PATIENT,
            SUBJECT,
            ENCOUNTER,
            date("date"),
            token("code"),
            token("status"),
        ],
    ),
    row(
        Is::Immunization,
        FACT,
        BY_DATE,
        &[
            PATIENT,
            date("date"),
            token("vaccine-code"),
            token("status"),
        ],
    ),
    row(
        Is::FamilyMemberHistory,
        FACT,
        BY_DATE,
        &[
            PATIENT,
            token("relationship"),
            token("code"),
            date("date"),
            token("status"),
        ],
    ),
    row(
        Is::ClinicalImpression,
        SHOWN_VERSIONED,
        BY_DATE,
        &[PATIENT, SUBJECT, ENCOUNTER, date("date"), token("status")],
    ),
    row(
        Is::DocumentReference,
        SHOWN_VERSIONED,
        BY_DATE,
        &[
            PATIENT,
            SUBJECT,
            ENCOUNTER,
            token("category"),
            token("type"),
            date("date"),
            token("status"),
        ],
    ),
    row(
        Is::MedicationStatement,
        FACT,
        LAST,
        &[
            PATIENT,
            SUBJECT,
            token("code"),
            token("status"),
            date("effective"),
        ],
    ),
    row(
        Is::MedicationRequest,
        SHOWN,
        &["_lastUpdated", "authoredon"],
        &[
            PATIENT,
            SUBJECT,
            token("intent"),
            token("status"),
            token("code"),
            date("authoredon"),
        ],
    ),
    row(
        Is::MedicationDispense,
        SHOWN,
        LAST,
        &[
            PATIENT,
            SUBJECT,
            token("status"),
            token("code"),
            refer("prescription", &[Is::MedicationRequest]),
            date("whenhandedover"),
        ],
    ),
    row(
        Is::DetectedIssue,
        SHOWN,
        LAST,
        &[PATIENT, token("code"), date("identified")],
    ),
    row(
        Is::ServiceRequest,
        SHOWN,
        &["_lastUpdated", "authored"],
        &[
            PATIENT,
            SUBJECT,
            token("category"),
            token("code"),
            token("priority"),
            date("authored"),
            token("status"),
        ],
    ),
    row(
        Is::DiagnosticReport,
        SHOWN,
        BY_DATE,
        &[
            PATIENT,
            SUBJECT,
            token("category"),
            token("code"),
            date("date"),
            token("status"),
        ],
    ),
    row(
        Is::QuestionnaireResponse,
        SHOWN,
        &["_lastUpdated", "authored"],
        &[PATIENT, SUBJECT, date("authored"), token("status")],
    ),
    row(
        Is::RiskAssessment,
        SHOWN,
        BY_DATE,
        &[PATIENT, SUBJECT, date("date")],
    ),
    row(
        Is::Consent,
        SHOWN_VERSIONED,
        BY_DATE,
        &[PATIENT, date("date"), token("status"), token("category")],
    ),
    row(
        Is::AuditEvent,
        SHOWN,
        BY_DATE,
        &[
            PATIENT,
            date("date"),
            token("action"),
            token("type"),
            token("outcome"),
        ],
    ),
];
