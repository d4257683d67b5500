//! A prescription as a sealed file: given out to whom it concerns, and judged for whoever shows it.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use clinical_documents::{
    self as documents, BrokenSeal, Language, PrescribedItem, PrescriptionSheet, SheetPerson,
    SheetPlace, Verification, check_seal,
};
use clinical_model::prescribing::{PrescribedLine, Prescription};
use clinical_model::{AuditActor, AuditEntry, Micros, PrescriptionId};
use clinical_safety::{Dose, DoseUnit, Drug, Frequency, Route};
use clinical_store::{prescriptions, tenants};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::checker::rules;
use super::paper::{VerifiedPaper, paper_of};
use super::{Dispensary, PrescribingError, Seal, entry, is_controlled, with_names};
use crate::{Actor, Clinic, Limited, Origin};

/// A sealed prescription for somebody who may see it; each one that is given out is written down.
///
/// # Errors
/// [`PrescribingError`]
pub async fn document(
    clinic: &Clinic,
    seal: &Seal,
    actor: &Actor,
    id: PrescriptionId,
    language: Language,
) -> Result<Vec<u8>, PrescribingError> {
    let now = clinic.clock.now();
    let mut conn = clinic.db.read().await?;
    let found = prescriptions::find(&mut conn, &actor.viewer(now), id).await?;
    let it = found.ok_or(PrescribingError::NotFound)?;
    let tenant = tenants::find(&mut conn, it.tenant).await?;
    let tenant = tenant.ok_or(PrescribingError::NotFound)?;
    drop(conn);
    let sheet = sheet(clinic, seal, (it.clone(), tenant), language).await?;
    let pdf = documents::render(&sheet).or(Err(PrescribingError::Unprintable))?;
    let at = Timestamp::from_microsecond(now.0).or(Err(PrescribingError::Unprintable))?;
    let random = SystemRandom::new();
    let pdf = documents::seal(&pdf, &seal.key, &seal.certificate, at, &random)
        .or(Err(PrescribingError::Unprintable))?;
    let mut tx = clinic.db.begin().await?;
    prescriptions::insert_document(&mut tx, &fingerprint(&pdf), it.id, now).await?;
    tx.commit(entry(actor, "prescription.document", &it, now))
        .await?;
    Ok(pdf)
}

fn fingerprint(pdf: &[u8]) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest(&SHA256, pdf).as_ref());
    bytes
}

async fn sheet(
    clinic: &Clinic,
    seal: &Seal,
    (it, tenant): (Prescription, tenants::Tenant),
    language: Language,
) -> Result<PrescriptionSheet, PrescribingError> {
    let (Some(signed), Some(expires), Some(code)) =
        (it.signed, it.expires, it.content.code.clone())
    else {
        return Err(PrescribingError::WrongStage);
    };
    let controlled = is_controlled(&it)?;
    let items = it.content.lines.iter().map(|line| item(line, language));
    let items = items.collect();
    let shown = with_names(clinic, vec![it]).await?;
    let shown = shown.into_iter().next();
    let shown = shown.ok_or(PrescribingError::NotFound)?;
    let moment = |at: Micros| {
        let zone = TimeZone::get(&tenant.zone).unwrap_or(TimeZone::UTC);
        Timestamp::from_microsecond(at.0).map_or_else(
            |_| String::new(),
            |at| at.to_zoned(zone).strftime("%d/%m/%Y %H:%M").to_string(),
        )
    };
    let born = shown.birth.map(|date| match language {
        Language::French => format!("Né(e) le {}", turned(&date)),
        Language::English => format!("Born {}", turned(&date)),
    });
    let site = seal.site.as_deref();
    let payload = site.map_or_else(|| code.clone(), |site| format!("{site}/verify/{code}"));
    let address = site.map_or("/verify", |site| {
        site.split_once("://").map_or(site, |(_, host)| host)
    });
    let address = match site {
        Some(_) => format!("{address}/verify"),
        None => address.to_owned(),
    };
    Ok(PrescriptionSheet {
        language,
        clinic: SheetPlace {
            name: tenant.name.clone(),
            lines: Vec::new(),
        },
        prescriber: SheetPerson {
            name: shown.prescriber_name,
            lines: Vec::new(),
        },
        patient: SheetPerson {
            name: shown.patient_name,
            lines: born.into_iter().collect(),
        },
        signed: moment(signed),
        valid_until: moment(expires),
        controlled,
        items,
        verification: Verification {
            payload,
            code: grouped(&code),
            address,
        },
    })
}

/// Day, month, year.
fn turned(date: &str) -> String {
    let parts: Vec<&str> = date.split('-').rev().collect();
    parts.join("/")
}

fn grouped(code: &str) -> String {
    let letters: Vec<char> = code.chars().collect();
    let groups = letters.chunks(4).map(|group| group.iter().collect());
    groups.collect::<Vec<String>>().join("-")
}

fn item(line: &PrescribedLine, language: Language) -> PrescribedItem {
    let is_french = language == Language::French;
    let name = line.name.as_str().to_owned();
    let medicine = match (&line.line.drug, rules()) {
        (Drug::Substance(id), Ok(rules)) if !is_french => rules
            .substance(id)
            .map_or(name, |known| known.name.en.clone()),
        _ => name,
    };
    let dose = line.line.dose.map_or_else(String::new, |dose| {
        let amount = dose.amount().to_string();
        let amount = if is_french {
            amount.replace('.', ",")
        } else {
            amount
        };
        format!("{amount} {}", unit(dose, is_french))
    });
    let route = line.line.route.map_or("", |it| route(it, is_french));
    let often = line
        .line
        .frequency
        .map_or_else(String::new, |it| often(it, is_french));
    let days = line.line.duration_days.unwrap_or(0);
    let mut directions = if is_french {
        format!("{dose} {route}, {often}, pendant {days} jour(s).")
    } else {
        format!("{dose} {route}, {often}, for {days} day(s).")
    };
    if let Some(more) = &line.directions {
        directions = format!("{directions} {}", more.as_str());
    }
    let (quantity, repeats) = (line.quantity, line.repeats);
    let detail = match (is_french, repeats) {
        (true, 0) => format!("Quantité : {quantity}. Non renouvelable."),
        (true, _) => format!("Quantité : {quantity}. Renouvelable {repeats} fois."),
        (false, 0) => format!("Quantity: {quantity}. Not repeatable."),
        (false, _) => format!("Quantity: {quantity}. May be repeated {repeats} time(s)."),
    };
    PrescribedItem {
        medicine,
        directions,
        details: vec![detail],
    }
}

fn unit(dose: Dose, is_french: bool) -> &'static str {
    match (dose.unit(), is_french) {
        (DoseUnit::Mg, _) => "mg",
        (DoseUnit::G, _) => "g",
        (DoseUnit::Mcg, _) => "µg",
        (DoseUnit::Ml, _) => "ml",
        (DoseUnit::Mmol, _) => "mmol",
        (DoseUnit::Iu, true) => "UI",
        (DoseUnit::Iu, false) => "IU",
        (DoseUnit::Piece, true) => "unité(s)",
        (DoseUnit::Piece, false) => "unit(s)",
        (DoseUnit::Drop, true) => "goutte(s)",
        (DoseUnit::Drop, false) => "drop(s)",
        (DoseUnit::Puff, true) => "bouffée(s)",
        (DoseUnit::Puff, false) => "puff(s)",
    }
}

const fn route(of: Route, is_french: bool) -> &'static str {
    match (of, is_french) {
        (Route::Oral, true) => "par la bouche",
        (Route::Oral, false) => "by mouth",
        (Route::Intravenous, true) => "dans une veine",
        (Route::Intravenous, false) => "into a vein",
        (Route::Intramuscular, true) => "dans un muscle",
        (Route::Intramuscular, false) => "into a muscle",
        (Route::Subcutaneous, true) => "sous la peau",
        (Route::Subcutaneous, false) => "under the skin",
        (Route::Inhaled, true) => "à inhaler",
        (Route::Inhaled, false) => "breathed in",
        (Route::Rectal, true) => "par voie rectale",
        (Route::Rectal, false) => "rectally",
        (Route::Sublingual, true) => "sous la langue",
        (Route::Sublingual, false) => "under the tongue",
        (Route::Transdermal, true) => "en patch",
        (Route::Transdermal, false) => "as a patch",
        (Route::Topical, true) => "sur la peau",
        (Route::Topical, false) => "on the skin",
        (Route::Ophthalmic, true) => "dans l'œil",
        (Route::Ophthalmic, false) => "into the eye",
        (Route::Otic, true) => "dans l'oreille",
        (Route::Otic, false) => "into the ear",
        (Route::Nasal, true) => "dans le nez",
        (Route::Nasal, false) => "into the nose",
        (Route::Vaginal, true) => "par voie vaginale",
        (Route::Vaginal, false) => "vaginally",
        (Route::Other, true) => "par une autre voie",
        (Route::Other, false) => "in another way",
    }
}

fn often(frequency: Frequency, is_french: bool) -> String {
    let times = frequency.get();
    let whole = |value: f64| (1_u32..=60).find(|&n| (value - f64::from(n)).abs() < 0.01);
    match (whole(times), whole(1.0 / times), is_french) {
        (Some(n), _, true) => format!("{n} fois par jour"),
        (Some(n), _, false) => format!("{n} time(s) a day"),
        (None, Some(n), true) => format!("tous les {n} jours"),
        (None, Some(n), false) => format!("every {n} days"),
        (None, None, true) => format!("{times:.2} fois par jour"),
        (None, None, false) => format!("{times:.2} times a day"),
    }
}

/// What is said of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VerifiedDocument {
    /// It is one that was given out, byte for byte.
    Genuine(VerifiedPaper),
    /// It carries a seal, and not one byte may differ from what was sealed: something does, or
    /// somebody else made the seal.
    Altered,
    /// It carries no seal.
    Foreign,
    /// The seal holds and nobody here remembers the file.
    Unknown,
}

/// Judges a file that somebody shows.
///
/// # Errors
/// Too many tries (the outer error), or [`PrescribingError::Store`].
pub async fn verify_document(
    clinic: &Clinic,
    dispensary: &Dispensary,
    from: Origin,
    pdf: &[u8],
) -> Result<Result<VerifiedDocument, PrescribingError>, Limited> {
    dispensary.asked.take(&from, clinic.clock.now())?;
    Ok(judge(clinic, &dispensary.seal, pdf).await)
}

async fn judge(
    clinic: &Clinic,
    seal: &Seal,
    pdf: &[u8],
) -> Result<VerifiedDocument, PrescribingError> {
    match check_seal(pdf, &seal.certificate) {
        Ok(_) => {}
        Err(BrokenSeal::Missing) => return Ok(VerifiedDocument::Foreign),
        Err(BrokenSeal::Altered) => return Ok(VerifiedDocument::Altered),
    }
    let now = clinic.clock.now();
    let mut tx = clinic.db.look().await?;
    let found = prescriptions::by_document(&mut tx, &fingerprint(pdf)).await?;
    let Some(it) = found else {
        return Ok(VerifiedDocument::Unknown);
    };
    let entry = AuditEntry::done(AuditActor::Nobody, "prescription.verify_document", now)
        .within(it.tenant)
        .of_patient(it.patient)
        .about("prescription", it.id.as_uuid())
        .at_version(it.version);
    tx.commit(entry).await?;
    Ok(VerifiedDocument::Genuine(paper_of(&it, now)))
}
