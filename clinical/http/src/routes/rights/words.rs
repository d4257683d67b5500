//! The words of the readable copy, in both languages.

use clinical_model::notify::Language;

/// A word of the record in French and English; what is not here is shown as it is stored.
const WORDS: &[(&str, &str, &str)] = &[
    ("active", "actif", "active"),
    ("recurrence", "revenu", "came back"),
    ("relapse", "rechute", "relapse"),
    ("inactive", "inactif", "inactive"),
    ("remission", "rémission", "remission"),
    ("resolved", "guéri", "resolved"),
    ("unconfirmed", "non confirmé", "not confirmed"),
    ("provisional", "probable", "likely"),
    ("differential", "une possibilité", "one of several"),
    ("confirmed", "confirmé", "confirmed"),
    ("refuted", "écarté", "ruled out"),
    ("mild", "léger", "mild"),
    ("moderate", "modéré", "moderate"),
    ("severe", "sévère", "severe"),
    ("food", "aliment", "food"),
    ("medication", "médicament", "medicine"),
    ("environment", "environnement", "environment"),
    ("biologic", "produit biologique", "biological product"),
    ("low", "faible", "low"),
    ("high", "élevé", "high"),
    ("unable-to-assess", "non évalué", "not assessed"),
    ("booked", "réservé", "booked"),
    ("arrived", "en salle d’attente", "in the waiting room"),
    ("in_progress", "en cours", "going on"),
    ("finished", "terminé", "finished"),
    ("cancelled", "annulé", "cancelled"),
    ("signed", "signée", "signed"),
    (
        "transmitted",
        "transmise à la pharmacie",
        "sent to the pharmacy",
    ),
    ("dispensed_part", "délivrée en partie", "handed out in part"),
    ("completed", "délivrée", "handed out"),
    (
        "refused",
        "refusée par la pharmacie",
        "sent back by the pharmacy",
    ),
    ("replaced", "remplacée", "replaced"),
    ("male", "homme", "male"),
    ("female", "femme", "female"),
    ("other", "autre", "other"),
    ("unknown", "non connu", "not known"),
    (
        "care_sharing",
        "partage avec un soignant",
        "sharing with one more clinician",
    ),
    ("research", "recherche", "research"),
    ("teaching", "enseignement", "teaching"),
    (
        "recording",
        "enregistrement des consultations",
        "recording of visits",
    ),
    ("messages", "messages", "messages"),
    ("parent", "parent", "parent"),
    ("guardian", "tuteur", "guardian"),
    ("spouse", "conjoint", "spouse"),
    ("child", "enfant", "child"),
    ("carer", "aidant", "carer"),
    ("view", "peut voir", "may look"),
    ("act", "peut agir", "may act"),
    ("correction", "rectification", "correction"),
    (
        "access",
        "question sur un accès",
        "question about an access",
    ),
    ("erasure", "effacement", "erasure"),
    ("open", "en attente", "waiting"),
    ("accepted", "acceptée", "accepted"),
    ("declined", "refusée", "declined"),
    (
        "retained",
        "le dossier doit être conservé",
        "the record must be kept",
    ),
    ("patient", "patient", "patient"),
    ("doctor", "médecin", "doctor"),
    ("nurse", "infirmier", "nurse"),
    ("pharmacist", "pharmacien", "pharmacist"),
    (
        "lab_technician",
        "technicien de laboratoire",
        "laboratory technician",
    ),
    ("radiologist", "radiologue", "radiologist"),
    ("pathologist", "anatomopathologiste", "pathologist"),
    ("admin", "administration", "administrator"),
    ("health_authority", "autorité de santé", "health authority"),
    ("system", "le programme", "the program"),
    ("link", "lien de consultation", "join link"),
    ("participant", "participant", "participant"),
    ("true", "oui", "yes"),
    ("false", "non", "no"),
    // Fields of facts.
    ("code", "quoi", "what"),
    ("substance", "quoi", "what"),
    ("vaccine", "vaccin", "vaccine"),
    ("clinical", "état", "state"),
    ("status", "état", "state"),
    ("verification", "certitude", "certainty"),
    ("severity", "gravité", "severity"),
    ("criticality", "danger", "danger"),
    ("category", "genre", "kind"),
    ("reaction", "réaction", "reaction"),
    ("onset", "depuis", "since"),
    ("note", "remarque", "remark"),
    ("source", "source", "source"),
    ("dosage", "prise", "dosage"),
    ("from", "du", "from"),
    ("until", "au", "until"),
    ("prescription", "ordonnance", "prescription"),
    ("value", "valeur", "value"),
    ("components", "détail", "parts"),
    ("interpretation", "interprétation", "meaning"),
    ("range", "valeurs habituelles", "usual values"),
    ("given", "administré", "given"),
    ("dose_number", "dose n°", "dose no."),
    ("lot", "lot", "batch"),
    ("relative", "parent concerné", "relative"),
    ("conditions", "maladies", "conditions"),
    ("onset_years", "à l’âge de", "at the age of"),
    ("died_at_years", "décès à l’âge de", "died at the age of"),
    ("done", "fait", "done"),
    ("class", "genre", "kind"),
    ("title", "titre", "title"),
    ("media_type", "format", "format"),
    ("size_bytes", "taille en octets", "size in bytes"),
    ("text", "texte", "text"),
];

/// The word for a reader.
pub(super) fn word(language: Language, stored: &str) -> &str {
    let found = WORDS.iter().find(|(word, _, _)| *word == stored);
    found.map_or(stored, |(_, fr, en)| match language {
        Language::French => fr,
        Language::English => en,
    })
}

/// One of two texts.
pub(super) const fn pick(language: Language, fr: &'static str, en: &'static str) -> &'static str {
    match language {
        Language::French => fr,
        Language::English => en,
    }
}

/// What somebody did, in plain words, by the name of the act.
pub(super) fn act(language: Language, action: &str) -> &'static str {
    let (domain, verb) = action.split_once('.').unwrap_or((action, ""));
    match (domain, verb) {
        ("access", "break_glass") => pick(
            language,
            "a ouvert le dossier en urgence",
            "opened the record in an emergency",
        ),
        ("access", "looks") => pick(language, "a lu qui a regardé", "read who looked"),
        ("access", _) => pick(
            language,
            "a consulté ou changé les droits d’accès",
            "read or changed who may see the record",
        ),
        ("rights", "export") => pick(
            language,
            "a demandé une copie du dossier",
            "asked for a copy of the record",
        ),
        ("rights", _) => pick(
            language,
            "a traité une demande sur le dossier",
            "worked on a request about the record",
        ),
        ("chart" | "fhir", _) => pick(language, "a consulté le dossier", "looked into the record"),
        ("prescription", _) => pick(
            language,
            "a consulté ou traité une ordonnance",
            "read or worked on a prescription",
        ),
        ("thread", _) => pick(
            language,
            "a lu ou écrit des messages à votre sujet",
            "read or wrote messages about you",
        ),
        ("notes", _) => pick(
            language,
            "a consulté ou écrit un compte rendu",
            "read or wrote a note",
        ),
        ("booking" | "visits", _) => pick(
            language,
            "a géré un rendez-vous ou une consultation",
            "worked on an appointment or a visit",
        ),
        _ => pick(
            language,
            "a travaillé sur le dossier",
            "worked on the record",
        ),
    }
}
