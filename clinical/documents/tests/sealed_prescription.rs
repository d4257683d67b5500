//! A prescription from values to paper, and what its seal withstands.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use std::path::PathBuf;
use std::process::Command;

use aws_lc_rs::rand::SystemRandom;
use clinical_documents::{
    BrokenSeal, Certificate, ClinicKey, Language, MAX_ITEMS, PrescribedItem, PrescriptionSheet,
    RenderError, SealError, SheetError, SheetPerson, SheetPlace, Verification, check_seal, render,
    seal,
};
use jiff::Timestamp;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn item(medicine: &str) -> PrescribedItem {
    PrescribedItem {
        medicine: medicine.to_owned(),
        directions:
            "1 gélule le matin, à midi et le soir pendant 7 jours, de préférence au cours du repas."
                .to_owned(),
        details: vec!["Quantité : 21 gélules. Non renouvelable.".to_owned()],
    }
}

fn sheet(language: Language, items: usize) -> PrescriptionSheet {
    PrescriptionSheet {
        language,
        clinic: SheetPlace {
            name: "Clinique des Flamboyants".to_owned(),
            lines: vec![
                "12 avenue de l'Indépendance, Lomé".to_owned(),
                "+228 22 00 00 00".to_owned(),
            ],
        },
        prescriber: SheetPerson {
            name: "Dr Ama Kodjo".to_owned(),
            lines: vec!["Médecin généraliste, n° d'ordre 4711".to_owned()],
        },
        patient: SheetPerson {
            name: "Eléonore Åsa Nguyễn-Mbaye".to_owned(),
            lines: vec!["Née le 3 mars 1951 (75 ans), 61 kg".to_owned()],
        },
        signed: "25 novembre 2026 à 10:42".to_owned(),
        valid_until: "25 février 2027".to_owned(),
        controlled: false,
        items: (0..items)
            .map(|_| item("Amoxicilline, gélule 500 mg"))
            .collect(),
        verification: Verification {
            payload: "https://clinic.example/verify#7K3M-Q9XD-2HTR.c2lnbmF0dXJl".to_owned(),
            code: "7K3M-Q9XD-2HTR".to_owned(),
            address: "clinic.example/verify".to_owned(),
        },
    }
}

fn clinic(name: &str) -> (ClinicKey, Certificate) {
    let random = SystemRandom::new();
    let key = ClinicKey::from_pkcs8(&ClinicKey::generate_pkcs8(&random).unwrap()).unwrap();
    let certificate = Certificate::self_signed(
        &key,
        name,
        at("2026-01-01T00:00:00Z"),
        at("2036-01-01T00:00:00Z"),
        &random,
    )
    .unwrap();
    (key, certificate)
}

fn sealed(items: usize) -> (Vec<u8>, Certificate) {
    let (key, certificate) = clinic("Clinique des Flamboyants");
    let pdf = render(&sheet(Language::French, items)).unwrap();
    let pdf = seal(
        &pdf,
        &key,
        &certificate,
        at("2026-11-25T10:42:00Z"),
        &SystemRandom::new(),
    )
    .unwrap();
    (pdf, certificate)
}

/// Runs a program of poppler-utils on a file, which `scripts/setup test` installs.
fn poppler(program: &str, name: &str, pdf: &[u8], arguments: &[&str]) -> String {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, pdf).unwrap();
    let output = Command::new(program)
        .args(arguments)
        .arg(&path)
        .arg("-")
        .output();
    let output = match program {
        "pdftotext" => output,
        _ => Command::new(program).args(arguments).arg(&path).output(),
    };
    let output = output.expect("poppler-utils is installed by scripts/setup test");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn a_sealed_document_keeps_its_seal_and_tells_its_time() {
    let (pdf, certificate) = sealed(2);
    assert_eq!(
        check_seal(&pdf, &certificate),
        Ok(at("2026-11-25T10:42:00Z"))
    );
}

#[test]
fn every_changed_byte_breaks_the_seal() {
    let (pdf, certificate) = sealed(1);
    // Every 13th byte of the update with the signature, and every 997th byte of the document below it.
    let update = pdf
        .windows(6)
        .rposition(|window| window == b"%%EOF\n")
        .unwrap()
        - 10_500;
    let places = (0..update)
        .step_by(997)
        .chain((update..pdf.len()).step_by(13));
    for place in places {
        let mut changed = pdf.clone();
        changed[place] ^= 0x01;
        assert!(
            check_seal(&changed, &certificate).is_err(),
            "byte {place} of {}",
            pdf.len()
        );
    }
}

#[test]
fn a_seal_does_not_cover_for_bytes_added_or_cut() {
    let (pdf, certificate) = sealed(1);
    let longer = [pdf.as_slice(), b"1 0 obj << /Type /Catalog >> endobj"].concat();
    assert_eq!(check_seal(&longer, &certificate), Err(BrokenSeal::Altered));
    assert!(check_seal(&pdf[..pdf.len() - 1], &certificate).is_err());
    assert!(check_seal(&pdf[1..], &certificate).is_err());
}

#[test]
fn the_seal_of_another_clinic_does_not_count() {
    let (pdf, _) = sealed(1);
    let (_, other) = clinic("Clinique des Flamboyants");
    assert_eq!(check_seal(&pdf, &other), Err(BrokenSeal::Altered));
    let unsealed = render(&sheet(Language::French, 1)).unwrap();
    assert_eq!(check_seal(&unsealed, &other), Err(BrokenSeal::Missing));
}

#[test]
fn a_key_does_not_seal_with_a_foreign_certificate() {
    let (key, _) = clinic("Clinique A");
    let (_, other) = clinic("Clinique B");
    let pdf = render(&sheet(Language::French, 1)).unwrap();
    let refused = seal(
        &pdf,
        &key,
        &other,
        at("2026-11-25T10:42:00Z"),
        &SystemRandom::new(),
    );
    assert!(matches!(refused, Err(SealError::OtherKey)));
    let (key, own) = clinic("Clinique A");
    let refused = seal(
        b"%PDF-1.7 of somebody",
        &key,
        &own,
        at("2026-11-25T10:42:00Z"),
        &SystemRandom::new(),
    );
    assert!(matches!(refused, Err(SealError::NotOurs)));
}

#[test]
fn a_kept_certificate_is_read_again_only_with_its_key() {
    let (key, certificate) = clinic("Clinique des Flamboyants");
    let again = Certificate::from_der(certificate.der(), &key, "Clinique des Flamboyants").unwrap();
    assert_eq!(again, certificate);
    let (other, _) = clinic("Clinique des Flamboyants");
    assert!(Certificate::from_der(certificate.der(), &other, "Clinique des Flamboyants").is_err());
}

#[test]
fn an_independent_reader_validates_the_signature() {
    let (pdf, _) = sealed(2);
    let said = poppler("pdfsig", "valid.pdf", &pdf, &[]);
    assert!(
        said.contains("Signature Validation: Signature is Valid."),
        "{said}"
    );
    assert!(said.contains("Total document signed"), "{said}");
    assert!(said.contains("Clinique des Flamboyants"), "{said}");
    assert!(said.contains("SHA-256"), "{said}");
}

#[test]
fn an_independent_reader_refuses_an_altered_document() {
    let (mut pdf, _) = sealed(2);
    let place = pdf.len() / 3;
    pdf[place] ^= 0x01;
    let said = poppler("pdfsig", "altered.pdf", &pdf, &[]);
    assert!(!said.contains("Signature is Valid."), "{said}");
}

#[test]
fn the_page_says_what_the_sheet_says() {
    let (pdf, _) = sealed(1);
    let text = poppler("pdftotext", "text.pdf", &pdf, &["-layout"]);
    for part in [
        "Ordonnance",
        "Eléonore Åsa Nguyễn-Mbaye",
        "Amoxicilline",
        "7K3M-Q9XD-2HTR",
        "Page 1 sur 1",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    let english = render(&sheet(Language::English, 1)).unwrap();
    let text = poppler("pdftotext", "english.pdf", &english, &[]);
    assert!(
        text.contains("Prescription") && text.contains("Page 1 of 1"),
        "{text}"
    );
}

#[test]
fn a_long_prescription_continues_on_numbered_pages() {
    let (pdf, certificate) = sealed(MAX_ITEMS);
    let text = poppler("pdftotext", "long.pdf", &pdf, &[]);
    let pages = text.matches("Page ").count();
    assert!(pages > 2, "{pages} pages");
    assert!(text.contains(&format!("Page {pages} sur {pages}")));
    assert_eq!(
        text.matches("Amoxicilline, gélule 500 mg").count(),
        MAX_ITEMS
    );
    assert!(check_seal(&pdf, &certificate).is_ok());
}

#[test]
fn nothing_clinical_is_in_what_is_shown_outside_the_document() {
    let (pdf, _) = sealed(1);
    let information = poppler("pdfinfo", "info.pdf", &pdf, &[]);
    assert!(
        information.contains("Tagged:          yes"),
        "{information}"
    );
    let structure = poppler("pdfinfo", "meta.pdf", &pdf, &["-meta"]);
    for secret in ["Eléonore", "Nguyễn", "Amoxicilline", "Kodjo"] {
        assert!(
            !information.contains(secret) && !structure.contains(secret),
            "{secret}"
        );
    }
    assert!(structure.contains("pdfuaid"), "{structure}");
}

#[test]
fn the_structure_is_read_in_order() {
    let pdf = render(&sheet(Language::French, 2)).unwrap();
    let structure = poppler("pdfinfo", "structure.pdf", &pdf, &["-struct-text"]);
    let places: Vec<usize> = [
        "Ordonnance",
        "Prescripteur",
        "Patient",
        "Médicaments",
        "1.",
        "2.",
        "Vérification",
    ]
    .iter()
    .map(|part| {
        structure
            .find(part)
            .unwrap_or_else(|| panic!("{part} in {structure}"))
    })
    .collect();
    assert!(places.is_sorted(), "{places:?} in {structure}");
    assert!(structure.contains("Figure"), "{structure}");
}

#[test]
fn letters_that_no_font_has_do_not_stop_a_prescription() {
    let mut unusual = sheet(Language::French, 1);
    unusual.patient.name = "李小龍 \u{7}\u{10FFFD}".to_owned();
    let text = poppler("pdftotext", "unusual.pdf", &render(&unusual).unwrap(), &[]);
    assert!(text.contains("??? ?"), "{text}");
}

#[test]
fn the_same_sheet_gives_the_same_bytes() {
    let first = render(&sheet(Language::French, 3)).unwrap();
    assert!(first == render(&sheet(Language::French, 3)).unwrap());
}

#[test]
fn what_does_not_fit_is_refused_by_name() {
    let refused = |change: fn(&mut PrescriptionSheet)| {
        let mut sheet = sheet(Language::French, 1);
        change(&mut sheet);
        match render(&sheet) {
            Err(RenderError::Sheet(error)) => error,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(refused(|sheet| sheet.items.clear()), SheetError::Empty);
    assert_eq!(
        refused(|sheet| sheet.items = vec![item("x"); MAX_ITEMS + 1]),
        SheetError::TooManyItems
    );
    assert_eq!(
        refused(|sheet| sheet.patient.name = "x".repeat(601)),
        SheetError::TextTooLong
    );
    assert_eq!(
        refused(|sheet| sheet.items[0].details = vec![String::new(); 11]),
        SheetError::TextTooLong
    );
    assert_eq!(
        refused(|sheet| sheet.verification.payload = "x".repeat(301)),
        SheetError::PayloadTooLong
    );
}

#[test]
fn a_sheet_prints_nothing_of_itself_into_a_log() {
    let sheet = sheet(Language::French, 1);
    let debug = format!(
        "{sheet:?} {:?} {:?} {:?}",
        sheet.patient, sheet.items, sheet.verification
    );
    assert!(
        !debug.contains("Nguy") && !debug.contains("Amox") && !debug.contains("7K3M"),
        "{debug}"
    );
}
