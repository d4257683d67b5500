//! Patients.

use clinical_model::patients::{
    Address, CONTACTS_MAX, Demographics, EmergencyContact, Identifier, Patient, PatientState, Sex,
};
use clinical_model::text::{Line, PartialDate, Phone, ShapeError};
use clinical_model::{Micros, PatientId};
use serde_json::{Value, json};

use super::read::At;
use crate::catalog::ResourceKind;
use crate::check::Checked;
use crate::moment::instant;
use crate::outcome::{Issue, IssueType};
use crate::shapes::{Resource, concept_text, reference};

/// Tags of languages.
const LANGUAGES: &str = "urn:ietf:bcp:47";

const SEXES: [(Sex, &str); 4] = [
    (Sex::Male, "male"),
    (Sex::Female, "female"),
    (Sex::Other, "other"),
    (Sex::Unknown, "unknown"),
];

/// A patient as a resource.
#[must_use]
pub fn patient_resource(patient: &Patient, updated: Option<Micros>) -> Value {
    let who = &patient.demographics;
    let resource = Resource::new(ResourceKind::Patient, patient.id)
        .meta(patient.version, updated.and_then(instant))
        .with(
            "identifier",
            who.identifiers
                .iter()
                .map(identifier)
                .collect::<Vec<Value>>(),
        )
        .with("active", patient.state == PatientState::Active)
        .with(
            "name",
            json!([{
                "use": "official",
                "text": who.full_name(),
                "family": who.family.as_str(),
                "given": who.given.as_str().split_whitespace().collect::<Vec<_>>(),
            }]),
        )
        .with("telecom", telecoms(who))
        .with(
            "gender",
            SEXES
                .iter()
                .find(|(sex, _)| *sex == who.sex)
                .map(|(_, word)| *word),
        )
        .with("birthDate", who.birth.as_ref().map(PartialDate::as_str))
        .with(
            "deceasedDateTime",
            who.deceased.as_ref().map(PartialDate::as_str),
        )
        .with(
            "address",
            who.address.iter().map(address).collect::<Vec<Value>>(),
        )
        .with(
            "contact",
            who.emergency.iter().map(emergency).collect::<Vec<Value>>(),
        )
        .with(
            "managingOrganization",
            reference(ResourceKind::Organization, patient.tenant, None),
        );
    let language = who.language.as_ref().map(|tag| {
        json!([{
            "language": { "coding": [{ "system": LANGUAGES, "code": tag.as_str() }] },
            "preferred": true,
        }])
    });
    let resource = resource.with("communication", language);
    match patient.state {
        PatientState::Merged { into } => resource.with("link", link(into)).build(),
        PatientState::Active | PatientState::Erased => resource.build(),
    }
}

fn link(into: PatientId) -> Value {
    json!([{ "other": reference(ResourceKind::Patient, into, None), "type": "replaced-by" }])
}

fn identifier(it: &Identifier) -> Value {
    json!({ "system": it.system.as_str(), "value": it.value.as_str() })
}

fn telecoms(who: &Demographics) -> Vec<Value> {
    let phones = who.phones.iter().enumerate().map(|(index, phone)| {
        json!({ "system": "phone", "value": phone.as_str(), "rank": index.saturating_add(1) })
    });
    let email = who
        .email
        .iter()
        .map(|email| json!({ "system": "email", "value": email.as_str() }));
    phones.chain(email).collect()
}

fn address(it: &Address) -> Value {
    Resource::part()
        .with(
            "line",
            it.line.iter().map(|line| line.as_str()).collect::<Vec<_>>(),
        )
        .with("city", it.city.as_ref().map(Line::as_str))
        .with("state", it.region.as_ref().map(Line::as_str))
        .with("country", it.country.as_ref().map(Line::as_str))
        .build()
}

fn emergency(it: &EmergencyContact) -> Value {
    Resource::part()
        .with(
            "relationship",
            it.relation
                .iter()
                .map(|text| concept_text(text.as_str()))
                .collect::<Vec<Value>>(),
        )
        .with("name", json!({ "text": it.name.as_str() }))
        .with(
            "telecom",
            json!([{ "system": "phone", "value": it.phone.as_str() }]),
        )
        .build()
}

/// Reads who a patient is from a checked resource.
pub fn demographics(checked: &Checked) -> Result<Demographics, Issue> {
    let at = At::root(checked.value(), checked.kind());
    at.only(&[
        "active",
        "name",
        "telecom",
        "gender",
        "birthDate",
        "deceasedDateTime",
        "deceasedBoolean",
        "address",
        "contact",
        "communication",
        "managingOrganization",
        "link",
    ])?;
    if at.value().get("active") == Some(&Value::Bool(false)) {
        let active = at.need("active")?;
        return Err(active.fault(
            IssueType::NotSupported,
            "records are merged or erased elsewhere",
        ));
    }
    if at.value().get("deceasedBoolean") == Some(&Value::Bool(true)) {
        return Err(at
            .need("deceasedBoolean")?
            .fault(IssueType::NotSupported, "send deceasedDateTime instead"));
    }
    let (family, given) = name(&at)?;
    let (phones, email) = contacts(&at)?;
    let gender = at.text("gender");
    Ok(Demographics {
        family,
        given,
        sex: SEXES
            .iter()
            .find(|(_, word)| gender == Some(*word))
            .map_or(Sex::Unknown, |(sex, _)| *sex),
        birth: at
            .get("birthDate")
            .map(|at| at.partial_date())
            .transpose()?,
        phones,
        email,
        address: at.one("address")?.map(|at| to_address(&at)).transpose()?,
        blood_group: None,
        language: at
            .one("communication")?
            .map(|at| language(&at))
            .transpose()?,
        identifiers: identifiers(&at)?,
        emergency: at.one("contact")?.map(|at| to_emergency(&at)).transpose()?,
        deceased: at
            .get("deceasedDateTime")
            .map(|at| at.partial_date())
            .transpose()?,
    })
}

/// The official name, or the first one.
fn name(at: &At<'_>) -> Result<(Line, Line), Issue> {
    let names = at.items("name");
    let official = names
        .iter()
        .find(|name| name.text("use") == Some("official"));
    let Some(name) = official.or_else(|| names.first()) else {
        return Err(at
            .need("name")
            .err()
            .unwrap_or_else(|| at.fault(IssueType::Required, "needs a name")));
    };
    let family = name.need("family")?.line()?;
    let given: Vec<&str> = name
        .items("given")
        .iter()
        .filter_map(|given| given.value().as_str())
        .collect();
    let given = Line::try_from(given.join(" ").as_str())
        .map_err(|error| name.fault(IssueType::Value, format!("given: {error}")))?;
    Ok((family, given))
}

fn contacts(at: &At<'_>) -> Result<(Vec<Phone>, Option<Line>), Issue> {
    let (mut phones, mut email) = (Vec::new(), None);
    for telecom in at.items("telecom") {
        let value = telecom.need("value")?;
        match telecom.text("system") {
            Some("phone" | "sms") if phones.len() < CONTACTS_MAX => phones.push(phone(&value)?),
            Some("email") if email.is_none() => email = Some(value.line()?),
            _ => return Err(telecom.fault(IssueType::NotSupported, "is not kept by this server")),
        }
    }
    Ok((phones, email))
}

fn phone(at: &At<'_>) -> Result<Phone, Issue> {
    let text = at.value().as_str().unwrap_or_default();
    text.parse().map_err(|error: ShapeError| {
        at.fault(
            IssueType::Value,
            format!("{error}; write it like +33612345678"),
        )
    })
}

fn to_address(at: &At<'_>) -> Result<Address, Issue> {
    let lines: Vec<&str> = at
        .items("line")
        .iter()
        .filter_map(|line| line.value().as_str())
        .collect();
    let line = (!lines.is_empty()).then(|| lines.join(", "));
    let part = |name: &str| at.get(name).map(|at| at.line()).transpose();
    Ok(Address {
        line: line
            .map(|line| {
                Line::try_from(line.as_str())
                    .map_err(|error| at.fault(IssueType::Value, error.to_string()))
            })
            .transpose()?,
        city: part("city")?,
        region: part("state")?,
        country: part("country")?,
    })
}

fn language(at: &At<'_>) -> Result<Line, Issue> {
    let language = at.need("language")?;
    let tag = language
        .items("coding")
        .iter()
        .find_map(|coding| coding.get("code"));
    tag.ok_or_else(|| language.fault(IssueType::Value, "needs a coding"))?
        .line()
}

fn identifiers(at: &At<'_>) -> Result<Vec<Identifier>, Issue> {
    let found = at.items("identifier");
    if found.len() > CONTACTS_MAX {
        return Err(at.fault(IssueType::TooLong, "has too many identifiers"));
    }
    found
        .iter()
        .map(|identifier| {
            Ok(Identifier {
                system: identifier.need("system")?.line()?,
                value: identifier.need("value")?.line()?,
            })
        })
        .collect()
}

fn to_emergency(at: &At<'_>) -> Result<EmergencyContact, Issue> {
    let name = at.need("name")?;
    let words = match name.text("text") {
        Some(text) => text.to_owned(),
        None => {
            let given = name.items("given");
            let parts = given.iter().filter_map(|part| part.value().as_str());
            parts
                .chain(name.text("family"))
                .collect::<Vec<_>>()
                .join(" ")
        }
    };
    let relation = at.one("relationship")?.and_then(|at| at.get("text"));
    let telecom = at
        .one("telecom")?
        .ok_or_else(|| at.fault(IssueType::Required, "needs a telephone"))?;
    Ok(EmergencyContact {
        name: Line::try_from(words.as_str())
            .map_err(|error| name.fault(IssueType::Value, error.to_string()))?,
        relation: relation.map(|at| at.line()).transpose()?,
        phone: phone(&telecom.need("value")?)?,
    })
}
