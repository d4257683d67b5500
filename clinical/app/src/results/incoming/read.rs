//! From a laboratory's report to what was sent about one person and one order.

use clinical_hl7::{
    Observation, ObservationStatus, OrderGroup, PatientGroup, PersonIdentifier, Report, Sex, Stamp,
    Value,
};
use clinical_model::Micros;
use clinical_model::patients;
use clinical_model::results::{
    Incoming, SentForm, SentIdentifier, SentLine, SentPerson, SentStatus,
};
use clinical_store::tenants::Tenant;
use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};

use crate::records::read_phone;

/// LOINC answers for what was found or not found.
const FOUND: &str = "LA6576-8";
const NOT_FOUND: &str = "LA6577-6";

fn moment(at: Stamp, zone: &TimeZone) -> Option<Micros> {
    let (hour, minute, second) = at.time.unwrap_or((0, 0, 0));
    let date = Date::new(at.year, at.month?, at.day?).ok()?;
    let civil = date.at(hour, minute, second, 0);
    let zone = match at.offset_minutes {
        Some(minutes) => Offset::from_seconds(i32::from(minutes) * 60)
            .ok()?
            .to_time_zone(),
        None => zone.clone(),
    };
    let at = civil.to_zoned(zone).ok()?.timestamp().as_microsecond();
    Some(Micros(at))
}

fn identifier(it: PersonIdentifier) -> SentIdentifier {
    let mut systems = Vec::new();
    if it.universal_type == "ISO" && !it.universal.is_empty() {
        systems.push(format!("urn:oid:{}", it.universal));
    }
    systems.extend(
        [it.namespace, it.universal]
            .into_iter()
            .filter(|it| !it.is_empty()),
    );
    SentIdentifier {
        systems,
        value: it.value.trim().to_owned(),
    }
}

fn person(it: clinical_hl7::Person, facility: &Tenant) -> SentPerson {
    let birth = it.birth.and_then(|it| {
        let mut text = format!("{:04}", it.year);
        for part in [it.month, it.day].into_iter().flatten() {
            text.push_str(&format!("-{part:02}"));
        }
        text.parse().ok()
    });
    let phones = it.phones.iter();
    SentPerson {
        identifiers: it.identifiers.into_iter().map(identifier).collect(),
        family: it.family.trim().to_owned(),
        given: it.given.trim().to_owned(),
        birth,
        sex: match it.sex {
            Sex::Female => patients::Sex::Female,
            Sex::Male => patients::Sex::Male,
            Sex::Other => patients::Sex::Other,
            Sex::Unknown => patients::Sex::Unknown,
        },
        phones: phones
            .filter_map(|text| read_phone(&facility.country, text))
            .collect(),
    }
}

fn line(it: Observation, filler: &str) -> SentLine {
    let form = match &it.value {
        Value::Number(_) => SentForm::Number,
        Value::Structured(_) => SentForm::Structured,
        Value::Text(_) => SentForm::Text,
        Value::Coded { code, .. } if code == FOUND => SentForm::Found,
        Value::Coded { code, .. } if code == NOT_FOUND => SentForm::NotFound,
        Value::Coded { .. } => SentForm::Coded,
        Value::None => SentForm::Nothing,
    };
    SentLine {
        filler: filler.to_owned(),
        loinc: it.loinc().map(str::to_owned),
        form,
        value: it.value.text().to_owned(),
        status: match it.status {
            ObservationStatus::Preliminary => SentStatus::Preliminary,
            ObservationStatus::Final => SentStatus::Final,
            ObservationStatus::Corrected => SentStatus::Corrected,
            ObservationStatus::Withdrawn => SentStatus::Withdrawn,
            ObservationStatus::Missing => SentStatus::Missing,
        },
        code: it.code,
        name: it.name,
        system: it.system,
        sub_id: it.sub_id,
        unit: it.unit,
        range: it.range,
        flags: it.flags,
        notes: it.notes,
    }
}

fn service(it: &OrderGroup) -> String {
    let (code, words, _) = &it.service;
    if words.is_empty() { code } else { words }.clone()
}

/// What a report says, one for each person and order. Groups with the same order number are one.
pub(super) fn incoming(report: Report, facility: &Tenant) -> Vec<Incoming> {
    let zone = TimeZone::get(&facility.zone).unwrap_or(TimeZone::UTC);
    let header = report.header;
    let mut all: Vec<Incoming> = Vec::new();
    for PatientGroup {
        person: who,
        orders,
    } in report.patients
    {
        let who = person(who, facility);
        let first = all.len();
        for order in orders {
            let same = all
                .iter_mut()
                .skip(first)
                .find(|it| !order.placer.is_empty() && it.placer == order.placer);
            let service = service(&order);
            let lines = order.observations.into_iter();
            let lines = lines.map(|it| line(it, &order.filler));
            if let Some(same) = same {
                same.lines.extend(lines);
                same.notes.extend(order.notes);
                continue;
            }
            all.push(Incoming {
                sender: header.sending_facility.clone(),
                receiver: header.receiving_facility.clone(),
                control_id: header.control_id.clone(),
                person: who.clone(),
                service,
                observed: order.observed.and_then(|it| moment(it, &zone)),
                lines: lines.collect(),
                notes: order.notes,
                placer: order.placer,
            });
        }
    }
    all
}
