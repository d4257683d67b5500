//! The CapabilityStatement, made from the table.

use serde_json::{Value, json};

use super::{COMMON, ENDPOINTS, Endpoint, Interaction, Param, ResourceKind, SYSTEM_INTERACTIONS};

/// What the statement says besides the table.
#[derive(Debug, Clone, Copy)]
pub struct Publication<'a> {
    /// The version of the program.
    pub version: &'a str,
    /// Where the API is, without a slash at the end.
    pub base: &'a str,
    /// Since when, as a date of FHIR.
    pub date: &'a str,
    /// The resources of the table that are served.
    pub kinds: &'a [ResourceKind],
    /// The interactions of the table that are served.
    pub interactions: &'a [Interaction],
    /// The operations of the table that are served, without the dollar sign.
    pub operations: &'a [&'a str],
}

impl Publication<'_> {
    /// Whether an interaction of a row is served.
    fn serves(&self, endpoint: &Endpoint, interaction: Interaction) -> bool {
        endpoint.allows(interaction) && self.interactions.contains(&interaction)
    }
}

/// The resource `CapabilityStatement`.
#[must_use]
pub fn capability_statement(publication: Publication<'_>) -> Value {
    let resources: Vec<Value> = ENDPOINTS
        .iter()
        .filter(|endpoint| publication.kinds.contains(&endpoint.kind))
        .map(|endpoint| resource(&publication, endpoint))
        .collect();
    let system: Vec<Value> = SYSTEM_INTERACTIONS
        .iter()
        .filter(|it| publication.interactions.contains(it))
        .map(|interaction| json!({ "code": interaction.as_str() }))
        .collect();
    let mut rest = json!({
        "mode": "server",
        "security": {
            "cors": false,
            "description": "A bearer token of POST /api/v1/auth/login. Every read, search and count \
                shows what the signed-in person may see and nothing else.",
        },
        "resource": resources,
    });
    if !system.is_empty() {
        rest["interaction"] = system.into();
    }
    json!({
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": publication.date,
        "kind": "instance",
        "software": { "name": "Telehealth Hub", "version": publication.version },
        "implementation": { "description": "The clinical record of Telehealth Hub", "url": publication.base },
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json", "json"],
        "patchFormat": ["application/json-patch+json"],
        "rest": [rest],
    })
}

fn resource(publication: &Publication<'_>, endpoint: &Endpoint) -> Value {
    let interactions: Vec<Value> = endpoint
        .interactions
        .iter()
        .filter(|it| publication.interactions.contains(it))
        .map(|interaction| json!({ "code": interaction.as_str() }))
        .collect();
    let params: Vec<Value> = COMMON
        .iter()
        .chain(endpoint.params)
        .map(|param| json!({ "name": param.name, "type": param.kind.as_str() }))
        .collect();
    let serves = |interaction| publication.serves(endpoint, interaction);
    let writes = serves(Interaction::Update) || serves(Interaction::Patch);
    let mut value = json!({
        "type": endpoint.kind.as_str(),
        "interaction": interactions,
        "versioning": if writes { "versioned-update" } else { "versioned" },
        "readHistory": serves(Interaction::HistoryInstance),
        "updateCreate": false,
        "conditionalCreate": serves(Interaction::Create),
        "conditionalRead": "not-supported",
        "conditionalUpdate": serves(Interaction::Update),
        "conditionalDelete": "not-supported",
        "referencePolicy": ["literal"],
        "searchParam": params,
    });
    for (name, includes) in [
        ("searchInclude", includes(publication, endpoint)),
        ("searchRevInclude", reverse_includes(publication, endpoint)),
    ] {
        if !includes.is_empty() {
            value[name] = includes.into();
        }
    }
    if serves(Interaction::Delete) {
        value["documentation"] = json!(
            "What is deleted is marked as entered in error; it stays readable and is no longer changed."
        );
    }
    let operations: Vec<Value> = endpoint
        .operations
        .iter()
        .filter(|operation| publication.operations.contains(&operation.name))
        .map(|operation| json!({ "name": operation.name, "definition": operation.definition }))
        .collect();
    if !operations.is_empty() {
        value["operation"] = json!(operations);
    }
    value
}

/// The references of a resource to resources that are served.
fn includes(publication: &Publication<'_>, endpoint: &Endpoint) -> Vec<String> {
    let leads = |param: &&Param| {
        param
            .targets
            .iter()
            .any(|it| publication.kinds.contains(it))
    };
    let params = endpoint.params.iter().filter(leads);
    params
        .map(|param| format!("{}:{}", endpoint.kind.as_str(), param.name))
        .collect()
}

/// The references of resources that are served to this one; what refers to a patient is offered.
fn reverse_includes(publication: &Publication<'_>, endpoint: &Endpoint) -> Vec<String> {
    if endpoint.kind != ResourceKind::Patient {
        return Vec::new();
    }
    let sources = ENDPOINTS
        .iter()
        .filter(|source| publication.kinds.contains(&source.kind));
    let pairs = sources.flat_map(|source| source.params.iter().map(move |param| (source, param)));
    pairs
        .filter(|(_, param)| param.targets.contains(&endpoint.kind))
        .map(|(source, param)| format!("{}:{}", source.kind.as_str(), param.name))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Checked;

    #[test]
    fn the_statement_is_a_resource_of_r4() {
        let statement = capability_statement(Publication {
            version: "1.0.0",
            base: "https://clinic.example/fhir/R4",
            date: "2026-11-25",
            kinds: &[ResourceKind::Patient, ResourceKind::Observation],
            interactions: &[Interaction::Read, Interaction::Search],
            operations: &["everything"],
        });
        let includes = |at: usize, name: &str| statement["rest"][0]["resource"][at][name].clone();
        let both = json!(["Observation:patient", "Observation:subject"]);
        assert_eq!(includes(0, "searchInclude"), Value::Null);
        assert_eq!(includes(0, "searchRevInclude"), both);
        assert_eq!(
            includes(1, "searchInclude"),
            both,
            "no encounters are served"
        );
        assert_eq!(includes(1, "searchRevInclude"), Value::Null);
        assert_eq!(Checked::parse(statement).err(), None);
    }

    #[test]
    fn every_row_is_there_once_and_can_be_read() {
        for endpoint in ENDPOINTS {
            let rows = ENDPOINTS
                .iter()
                .filter(|other| other.kind == endpoint.kind)
                .count();
            assert_eq!(rows, 1, "{:?}", endpoint.kind);
            assert!(endpoint.allows(Interaction::Read), "{:?}", endpoint.kind);
            for sort in endpoint.sorts {
                assert!(endpoint.param(sort).is_some(), "{:?} {sort}", endpoint.kind);
            }
        }
    }
}
