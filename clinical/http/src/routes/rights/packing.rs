//! The ZIP: a bundle for programs, the rest as JSON, a page for people, and the files.

use std::collections::BTreeMap;
use std::io::{Cursor, Write as _};

use clinical_app::exchange::Written;
use clinical_app::prescribing::Shown;
use clinical_app::rights::{Asked, Dossier, VisitPart};
use clinical_app::threads::ThreadPart;
use clinical_fhir::full_url;
use clinical_fhir::map::{
    Writer, appointment_resource, encounter_resource, entry_resource, organization,
    patient_resource, practitioner,
};
use clinical_model::booking::AppointmentStage;
use clinical_model::chart::DocumentFact;
use clinical_model::chart::files::FileType;
use clinical_model::notify::Language;
use serde_json::{Value, json};
use zip::write::{SimpleFileOptions, ZipWriter};
use zip::{CompressionMethod, result::ZipError};

use super::reading::page;
use super::requests::request_view;
use crate::routes::access::consents::consent_view;
use crate::routes::prescriptions::views::view;

/// Why nothing was packed.
#[derive(Debug, thiserror::Error)]
pub(super) enum PackError {
    /// The archive was not written.
    #[error("the archive was not written")]
    Zip(#[from] ZipError),
    /// A part was not written.
    #[error("a part of the archive was not written")]
    Write(#[from] std::io::Error),
    /// A part is no JSON.
    #[error("a part of the archive is no JSON")]
    Json(#[from] serde_json::Error),
}

/// The name of a document's file in the archive; none for a kind that is not taken any more.
pub(super) fn name_of(document: &DocumentFact) -> Option<String> {
    let kind = FileType::of_media_type(document.media_type.as_str())?;
    Some(format!("files/{}.{}", document.blob, kind.extension()))
}

/// Packs everything.
pub(super) fn pack(dossier: Dossier, language: Language, base: &str) -> Result<Vec<u8>, PackError> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let words = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    // Pictures and documents are compressed already.
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    let readable = match language {
        Language::French => "dossier.html",
        Language::English => "record.html",
    };
    archive.start_file(readable, words)?;
    archive.write_all(page(&dossier, language).as_bytes())?;
    archive.start_file("fhir-bundle.json", words)?;
    serde_json::to_writer(&mut archive, &bundle(&dossier, base))?;
    for file in &dossier.files {
        let kind = FileType::of_media_type(&file.media_type);
        let ending = kind.map_or("bin", FileType::extension);
        archive.start_file(format!("files/{}.{ending}", file.blob), stored)?;
        archive.write_all(&file.bytes)?;
    }
    archive.start_file("record.json", words)?;
    serde_json::to_writer(&mut archive, &rest(dossier))?;
    Ok(archive.finish()?.into_inner())
}

fn shown(written: &Written) -> Value {
    let writer = if written.by_patient {
        Writer::Patient
    } else {
        Writer::Practitioner
    };
    entry_resource(&written.entry, writer)
}

/// A FHIR R4 bundle of type `collection`.
fn bundle(dossier: &Dossier, base: &str) -> Value {
    let facility = &dossier.facility;
    let mut resources = vec![
        patient_resource(&dossier.patient, None),
        organization(facility.id, &facility.name, &facility.country),
    ];
    resources.extend(dossier.entries.iter().map(shown));
    let mut doctors = Vec::new();
    for visit in &dossier.visits {
        let appointment = &visit.record.appointment;
        resources.push(appointment_resource(appointment));
        if appointment.state.stage() == AppointmentStage::Finished {
            resources.push(encounter_resource(appointment));
        }
        let doctor = &visit.record.doctor;
        if !doctors.contains(&doctor.id) {
            doctors.push(doctor.id);
            resources.push(practitioner(
                doctor.id,
                &doctor.name,
                Some(&doctor.specialty),
            ));
        }
    }
    let entries: Vec<Value> = resources
        .into_iter()
        .map(|resource| json!({"fullUrl": full_url(base, &resource), "resource": resource}))
        .collect();
    let made = clinical_fhir::instant(dossier.made);
    json!({
        "resourceType": "Bundle",
        "type": "collection",
        "timestamp": made,
        "entry": entries,
    })
}

fn visit(it: &VisitPart) -> Value {
    let appointment = &it.record.appointment;
    let chat: Vec<Value> = it
        .chat
        .iter()
        .map(|(at, from, text)| {
            json!({"at_us": at.0, "from_name": from.expose(), "text": text.expose()})
        })
        .collect();
    json!({
        "id": appointment.id,
        "start_us": appointment.slot.start.0,
        "end_us": appointment.slot.end.0,
        "state": appointment.state.stage().as_str(),
        "doctor": it.record.doctor.name,
        "reason": appointment.reason.as_str(),
        "note": it.note.as_ref().map(|note| note.expose()),
        "chat": chat,
    })
}

fn thread(it: &ThreadPart) -> Value {
    let messages: Vec<Value> = it
        .said
        .iter()
        .map(|said| {
            json!({"at_us": said.message.at.0, "from_name": said.name, "role": said.role,
                "text": said.message.text})
        })
        .collect();
    json!({
        "id": it.thread.id,
        "subject": it.thread.subject,
        "members": it.names,
        "created_us": it.thread.created.0,
        "closed_us": it.thread.closed.map(|closed| closed.at.0),
        "messages": messages,
    })
}

/// What FHIR has no place for in this server, in the shapes of the API.
fn rest(dossier: Dossier) -> Value {
    let visits: Vec<Value> = dossier.visits.iter().map(visit).collect();
    let threads: Vec<Value> = dossier.threads.iter().map(thread).collect();
    let team: Vec<Value> = dossier
        .team
        .iter()
        .map(|(it, name)| json!({"name": name, "from_us": it.from.0, "until_us": it.until.0}))
        .collect();
    let proxies: Vec<Value> = dossier
        .proxies
        .iter()
        .map(|(it, name)| {
            json!({"name": name, "relation": it.relation, "scope": it.scope,
                "from_us": it.from.0, "until_us": it.until.0})
        })
        .collect();
    let looks: Vec<Value> = dossier
        .looks
        .iter()
        .map(|it| {
            let (name, role) = it
                .person
                .as_ref()
                .map(|(_, name, role)| (name, role))
                .unzip();
            json!({"seq": it.seq, "at_us": it.at.0, "name": name, "role": role,
                "actor_kind": it.actor_kind, "action": it.action, "grant": it.grant,
                "purpose": it.purpose, "outcome": it.outcome})
        })
        .collect();
    let patient_name = dossier.patient.demographics.full_name();
    let prescriptions = dossier.prescriptions.into_iter().map(|it| {
        let shown = Shown {
            prescription: it.prescription,
            patient_name: patient_name.clone(),
            birth: None,
            prescriber_name: it.prescriber,
            facts: BTreeMap::new(),
        };
        serde_json::to_value(view(shown)).unwrap_or_default()
    });
    let prescriptions: Vec<Value> = prescriptions.collect();
    let consents: Vec<_> = dossier.consents.into_iter().map(consent_view).collect();
    let requests: Vec<_> = dossier
        .requests
        .into_iter()
        .map(|request| {
            request_view(Asked {
                request,
                patient_name: None,
                retention: None,
            })
        })
        .collect();
    json!({
        "made_us": dossier.made.0,
        "facility": dossier.facility.name,
        "patient": dossier.patient.id,
        "visits": visits,
        "prescriptions": prescriptions,
        "threads": threads,
        "consents": consents,
        "care_team": team,
        "proxies": proxies,
        "requests": requests,
        "accesses": looks,
    })
}
