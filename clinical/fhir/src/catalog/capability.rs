//! The CapabilityStatement, made from the table.

use serde_json::{Value, json};

use super::{COMMON, ENDPOINTS, Endpoint, Interaction, Param, SYSTEM_INTERACTIONS};

/// What the statement says besides the table.
#[derive(Debug, Clone, Copy)]
pub struct Publication<'a> {
    /// The version of the program.
    pub version: &'a str,
    /// Where the API is, without a slash at the end.
    pub base: &'a str,
    /// Since when, as a date of FHIR.
    pub date: &'a str,
}

/// The resource `CapabilityStatement`.
#[must_use]
pub fn capability_statement(publication: Publication<'_>) -> Value {
    let resources: Vec<Value> = ENDPOINTS.iter().map(resource).collect();
    let system: Vec<Value> = SYSTEM_INTERACTIONS
        .iter()
        .map(|interaction| json!({ "code": interaction.as_str() }))
        .collect();
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
        "rest": [{
            "mode": "server",
            "security": {
                "cors": false,
                "description": "A bearer token of POST /api/v1/auth/login. Every read, search, include and count shows \
                    what the signed-in person may see and nothing else.",
            },
            "resource": resources,
            "interaction": system,
        }],
    })
}

fn resource(endpoint: &Endpoint) -> Value {
    let interactions: Vec<Value> = endpoint
        .interactions
        .iter()
        .map(|interaction| json!({ "code": interaction.as_str() }))
        .collect();
    let params: Vec<Value> = COMMON
        .iter()
        .chain(endpoint.params)
        .map(|param| json!({ "name": param.name, "type": param.kind.as_str() }))
        .collect();
    let writes = endpoint.allows(Interaction::Update) || endpoint.allows(Interaction::Patch);
    let mut value = json!({
        "type": endpoint.kind.as_str(),
        "interaction": interactions,
        "versioning": if writes { "versioned-update" } else { "versioned" },
        "readHistory": endpoint.allows(Interaction::HistoryInstance),
        "updateCreate": false,
        "conditionalCreate": endpoint.allows(Interaction::Create),
        "conditionalRead": "not-supported",
        "conditionalUpdate": endpoint.allows(Interaction::Update),
        "conditionalDelete": "not-supported",
        "referencePolicy": ["literal"],
        "searchParam": params,
    });
    let includes: Vec<String> = endpoint
        .params
        .iter()
        .filter_map(|param| include(endpoint, param))
        .collect();
    if !includes.is_empty() {
        value["searchInclude"] = json!(includes);
    }
    let reverse: Vec<String> = ENDPOINTS
        .iter()
        .flat_map(|other| other.params.iter().map(move |param| (other, param)))
        .filter(|(_, param)| param.targets.contains(&endpoint.kind))
        .filter_map(|(other, param)| include(other, param))
        .collect();
    if !reverse.is_empty() {
        value["searchRevInclude"] = json!(reverse);
    }
    let operations: Vec<Value> = endpoint
        .operations
        .iter()
        .map(|operation| json!({ "name": operation.name, "definition": operation.definition }))
        .collect();
    if !operations.is_empty() {
        value["operation"] = json!(operations);
    }
    value
}

fn include(endpoint: &Endpoint, param: &Param) -> Option<String> {
    (!param.targets.is_empty()).then(|| format!("{}:{}", endpoint.kind.as_str(), param.name))
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
        });
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
