//! The fixed words of the page.

use crate::sheet::Language;

/// Fixed words in one language.
pub(crate) struct Words {
    pub(crate) language_tag: &'static str,
    pub(crate) title: &'static str,
    pub(crate) title_controlled: &'static str,
    pub(crate) prescriber: &'static str,
    pub(crate) patient: &'static str,
    pub(crate) medicines: &'static str,
    pub(crate) signed: &'static str,
    pub(crate) valid_until: &'static str,
    pub(crate) verify: &'static str,
    pub(crate) verify_how: &'static str,
    pub(crate) code: &'static str,
    pub(crate) qr_alternative: &'static str,
    pub(crate) page: &'static str,
    pub(crate) of: &'static str,
}

const FRENCH: Words = Words {
    language_tag: "fr",
    title: "Ordonnance",
    title_controlled: "Ordonnance (médicament réglementé)",
    prescriber: "Prescripteur",
    patient: "Patient",
    medicines: "Médicaments",
    signed: "Signée le",
    valid_until: "À délivrer jusqu'au",
    verify: "Vérification",
    verify_how: "Avant de délivrer, scannez le code ou saisissez-le sur",
    code: "Code :",
    qr_alternative: "Code QR de vérification de l'ordonnance",
    page: "Page",
    of: "sur",
};

const ENGLISH: Words = Words {
    language_tag: "en",
    title: "Prescription",
    title_controlled: "Prescription (controlled medicine)",
    prescriber: "Prescriber",
    patient: "Patient",
    medicines: "Medicines",
    signed: "Signed on",
    valid_until: "To be dispensed until",
    verify: "Verification",
    verify_how: "Before dispensing, scan the code or type it at",
    code: "Code:",
    qr_alternative: "QR code that verifies the prescription",
    page: "Page",
    of: "of",
};

impl Words {
    pub(crate) fn of(language: Language) -> &'static Self {
        match language {
            Language::French => &FRENCH,
            Language::English => &ENGLISH,
        }
    }
}
