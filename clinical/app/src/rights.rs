//! The rights of patients over their record: a copy of everything, corrections, questions about
//! accesses, erasure.

mod decide;
mod export;
mod requests;

pub use clinical_model::rights::{
    Both, Decided, Law, LegalBasis, Processing, Request, RequestKind, RequestState, Retention,
};
pub use decide::{AnswerCommand, AnswerError, Putting, Verdict, answer};
pub use export::{
    Dossier, EXPORTS_PER_HOUR, ExportError, FILES_BYTES_MAX, File, Prescribed, VisitPart, export,
};
pub use requests::{Asked, RequestsError, Wish, ask, asked, waiting};

/// What the register of processing says of this domain.
pub const PROCESSING: Processing = Processing {
    domain: "rights",
    purpose: Both {
        fr: "Répondre aux demandes du patient : copie, rectification, accès douteux, effacement.",
        en: "Answer what patients ask for: a copy, a correction, a doubtful access, erasure.",
    },
    basis: LegalBasis::Obligation,
    categories: Both {
        fr: "Patients : la demande, la réponse, qui a décidé.",
        en: "Patients: what was asked, the answer, who decided.",
    },
    retention: Both {
        fr: "Comme le dossier : 20 ans après le dernier contact, jusqu’aux 28 ans de l’enfant au moins (Code de la santé publique, R1112-7).",
        en: "As the record: 20 years after the last contact, until a child’s 28th birthday at least (French public health code, R1112-7).",
    },
    recipients: Both {
        fr: "Le patient ; le soignant pour une rectification, l’administration pour le reste.",
        en: "The patient; the clinician for a correction, administrators for the rest.",
    },
};
