//! Bundles in, bundles out.

use super::*;

fn bundle(kind: &str, entries: Value) -> Checked {
    Checked::parse(json!({ "resourceType": "Bundle", "type": kind, "entry": entries })).unwrap()
}

fn new_patient(name: &str) -> Value {
    json!({
        "fullUrl": name,
        "resource": { "resourceType": "Patient", "active": true },
        "request": { "method": "POST", "url": "Patient" },
    })
}

fn condition_of(patient: &str) -> Value {
    json!({
        "resource": { "resourceType": "Condition", "subject": { "reference": patient } },
        "request": { "method": "POST", "url": "Condition" },
    })
}

const URN: &str = "urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a";

#[test]
fn deletes_come_first_and_reads_last() {
    let plan = Plan::read(&bundle(
        "transaction",
        json!([
            { "request": { "method": "GET", "url": "Patient?name=a" } },
            { "resource": { "resourceType": "Patient", "id": "p", "active": true },
              "request": { "method": "PUT", "url": "Patient/p", "ifMatch": "W/\"3\"" } },
            new_patient(URN),
            { "request": { "method": "DELETE", "url": "Condition/c" } },
        ]),
    ))
    .unwrap();
    let verbs: Vec<Verb> = plan.requests.iter().map(|request| request.verb).collect();
    assert_eq!(verbs, [Verb::Delete, Verb::Post, Verb::Put, Verb::Get]);
    assert_eq!(plan.requests[2].if_match, Some(3));
    assert_eq!(plan.requests[3].query.as_deref(), Some("name=a"));
}

#[test]
fn what_is_referred_to_is_made_first() {
    let plan = Plan::read(&bundle(
        "transaction",
        json!([condition_of(URN), new_patient(URN)]),
    ))
    .unwrap();
    let kinds: Vec<ResourceKind> = plan.requests.iter().map(|request| request.kind).collect();
    assert_eq!(kinds, [ResourceKind::Patient, ResourceKind::Condition]);
    let given = BTreeMap::from([(URN.to_owned(), "Patient/7".to_owned())]);
    let mut body = plan.requests[1].body.clone().unwrap();
    resolve(&mut body, &given);
    assert_eq!(body["subject"]["reference"], "Patient/7");
}

#[test]
fn a_circle_is_refused() {
    let other = "urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0b";
    let linked = |name: &str, to: &str| {
        let mut entry = new_patient(name);
        entry["resource"]["link"] = json!([{ "other": { "reference": to }, "type": "seealso" }]);
        entry
    };
    let circle = bundle(
        "transaction",
        json!([linked(URN, other), linked(other, URN)]),
    );
    assert!(Plan::read(&circle).is_err());
}

#[test]
fn one_bad_entry_refuses_a_transaction_but_not_a_batch() {
    let entries = json!([
        new_patient(URN),
        { "request": { "method": "POST", "url": "Nothing" } },
        { "request": { "method": "DELETE", "url": "Patient?name=a" } },
        { "request": { "method": "GET", "url": "../secrets" } },
        { "resource": { "resourceType": "Patient", "active": true },
          "request": { "method": "POST", "url": "Condition" } },
    ]);
    assert_eq!(
        Plan::read(&bundle("transaction", entries.clone()))
            .unwrap_err()
            .len(),
        4
    );
    let plan = Plan::read(&bundle("batch", entries)).unwrap();
    assert_eq!(
        (plan.requests.len(), plan.refused.len(), plan.entries),
        (1, 4, 5)
    );
}

#[test]
fn nothing_is_written_twice_in_a_transaction() {
    let twice = json!([
        { "request": { "method": "DELETE", "url": "Condition/c" } },
        { "request": { "method": "DELETE", "url": "Condition/c" } },
    ]);
    assert!(Plan::read(&bundle("transaction", twice)).is_err());
    let named_twice = json!([new_patient(URN), new_patient(URN)]);
    assert!(Plan::read(&bundle("transaction", named_twice)).is_err());
}

#[test]
fn a_bundle_has_a_limit() {
    let many = vec![json!({ "request": { "method": "GET", "url": "Patient" } }); ENTRIES_MAX + 1];
    assert!(Plan::read(&bundle("batch", many.into())).is_err());
}

#[test]
fn what_is_found_is_a_bundle_of_r4() {
    let patient = json!({ "resourceType": "Patient", "id": "p" });
    let set = search_set(
        "https://c.example/fhir/R4",
        vec![(Role::Match, patient)],
        &[("self", "https://c.example".to_owned())],
        Some(1),
    );
    assert_eq!(
        set["entry"][0]["fullUrl"],
        "https://c.example/fhir/R4/Patient/p"
    );
    assert_eq!(Checked::parse(set).err(), None);
    assert_eq!(
        Checked::parse(search_set("x", Vec::new(), &[], None)).err(),
        None
    );
}
