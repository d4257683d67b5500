//! Prescriptions, appointments, orders and reports as resources of R4.
#![expect(clippy::unwrap_used, reason = "tests")]

use clinical_fhir::Checked;
use clinical_fhir::map::{
    Asked, Medicine, Prediction, diagnostic_report, medication_request, questionnaire_response,
    risk_assessment, service_request,
};
use clinical_model::access::Label;
use clinical_model::prescribing::{Prescription, Stage};
use clinical_model::results::{
    Department, LoincCode, Order, OrderStage, Priority, ReleaseRule, ReportVersion,
};
use clinical_model::triage::{Answer, Interview, Whose};
use clinical_model::{InterviewId, Micros, OrderId, PatientId, PrescriptionId, TenantId, UserId};
use serde_json::{Value, json};
use uuid::Uuid;

const NOON: Micros = Micros(1_795_435_200_000_000);

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

fn assert_is_r4(resource: &Value) {
    assert_eq!(Checked::parse(resource.clone()).err(), None, "{resource:#}");
}

fn prescription(stage: Stage) -> Prescription {
    let full = json!({"line": {"id": "0", "drug": {"substance": "salbutamol"},
        "dose": [0.5, "mcg"], "frequency": 0.5, "route": "inhaled", "duration_days": 30,
        "indication": "J45.9"}, "name": "Salbutamol", "quantity": 1, "repeats": 2,
        "directions": "Avant l’effort"});
    let bare = json!({"line": {"id": "1", "drug": {"free_text": "Tisane"}, "dose": null,
        "frequency": null, "route": null, "duration_days": null, "indication": null},
        "name": "Tisane", "quantity": 1, "repeats": 0, "directions": null});
    Prescription {
        id: PrescriptionId::from_uuid(id(1)),
        tenant: TenantId::from_uuid(id(2)),
        patient: PatientId::from_uuid(id(3)),
        prescriber: UserId::from_uuid(id(4)),
        stage,
        label: Label::Restricted,
        prior: Some(PrescriptionId::from_uuid(id(5))),
        created: NOON,
        signed: Some(NOON),
        expires: Some(NOON.plus(30 * Micros::DAY)),
        sent: None,
        refused: None,
        seen: None,
        replaced: None,
        cleared_chart: None,
        content: serde_json::from_value(json!({"lines": [full, bare], "valid_days": 30,
            "report": null, "reasons": [], "code": null, "refusal": null, "overrides": [],
            "accepted": []}))
        .unwrap(),
        dispensed: vec![0, 0],
        version: 3,
    }
}

#[test]
fn a_line_of_a_prescription_is_a_resource_in_every_stage() {
    let atc = ["R03AC02".to_owned()];
    let salbutamol = Medicine {
        slug: Some("salbutamol"),
        atc: &atc,
    };
    let tea = Medicine {
        slug: None,
        atc: &[],
    };
    for stage in Stage::ALL {
        let it = prescription(stage);
        let full = medication_request(&it, 0, salbutamol).unwrap();
        assert_is_r4(&full);
        let dosage = &full["dosageInstruction"][0];
        assert_eq!(
            dosage["timing"]["repeat"]["period"], 2,
            "every second day: {dosage}"
        );
        assert_eq!(dosage["doseAndRate"][0]["doseQuantity"]["code"], "ug");
        assert_eq!(full["meta"]["security"][0]["code"], "R");
        let bare = medication_request(&it, 1, tea).unwrap();
        assert_is_r4(&bare);
        assert_eq!(bare.get("dosageInstruction"), None);
        assert_eq!(medication_request(&it, 2, tea), None);
    }
}

fn order(tests: &[&str], department: Department) -> Order {
    let entries: Vec<Uuid> = (0..tests.len()).map(|_| id(9)).collect();
    Order {
        id: OrderId::from_uuid(id(1)),
        tenant: TenantId::from_uuid(id(2)),
        patient: PatientId::from_uuid(id(3)),
        ordered_by: UserId::from_uuid(id(4)),
        department,
        priority: Priority::Stat,
        stage: OrderStage::Cancelled,
        label: Label::Normal,
        rule: ReleaseRule::Immediate,
        ordered: NOON,
        collected: None,
        reported: Some(NOON),
        verified: None,
        seen: None,
        seen_by: None,
        release: None,
        is_critical: false,
        content: serde_json::from_value(json!({"tests": tests, "entries": entries,
            "reason": "Fatigue", "cancelled": "Doublon"}))
        .unwrap(),
        report_version: 1,
        version: 4,
    }
}

fn name(code: &LoincCode) -> Option<&'static str> {
    (code.as_str() == "2823-3").then_some("Potassium")
}

#[test]
fn an_order_of_one_test_and_of_several_is_a_resource() {
    let one = service_request(&order(&["2823-3"], Department::Laboratory), &name);
    assert_is_r4(&one);
    assert_eq!(one["code"]["coding"][0]["code"], "2823-3");
    let two = order(&["2823-3", "14749-6"], Department::Imaging);
    let two = service_request(&two, &name);
    assert_is_r4(&two);
    assert_eq!(two["code"]["text"], "Potassium; 14749-6");
    assert_eq!(two["orderDetail"].as_array().unwrap().len(), 2);
}

#[test]
fn a_report_holds_each_value_and_what_a_machine_sent_besides() {
    let value = |code: &str, measure: Value| json!({"code": code, "measure": measure, "unit": "", "flag": "A", "entry": id(9)});
    let mut number = value("2823-3", json!({"number": {"value": "5.6"}}));
    number["unit"] = json!("mmol/L");
    number["high"] = json!("5.3");
    let sent = json!({"filler": "1", "loinc": null, "code": "XK", "name": "Autre", "system": "L",
        "sub_id": "", "form": "structured", "value": "<5", "unit": "U/L", "range": "0-9",
        "flags": ["N"], "status": "withdrawn", "notes": ["Repris"]});
    let values = [
        number,
        value("14749-6", json!({"found": true})),
        value("718-7", json!({"words": "Rien à signaler"})),
    ];
    let report = json!({"values": values, "others": [sent], "comment": "Sérum clair"});
    let mut version = ReportVersion {
        version: 2,
        stage: OrderStage::Amended,
        author: UserId::from_uuid(id(6)),
        at: NOON,
        report: serde_json::from_value(report).unwrap(),
    };
    for department in Department::ALL {
        let it = order(&["2823-3", "14749-6", "718-7"], department);
        let report = diagnostic_report(&it, &version, &name).unwrap();
        assert_is_r4(&report);
        let parts = report["contained"].as_array().unwrap();
        let statuses: Vec<&Value> = parts.iter().map(|it| &it["status"]).collect();
        assert_eq!(
            statuses,
            ["amended", "amended", "amended", "entered-in-error"]
        );
        assert_eq!(parts[0]["valueQuantity"]["value"], 5.6);
        assert_eq!(parts[3]["valueString"], "<5 U/L");
        assert_eq!(report["result"].as_array().unwrap().len(), 4);
    }
    // Before there are values there is no report.
    version.stage = OrderStage::Collected;
    let it = order(&["2823-3"], Department::Laboratory);
    assert_eq!(diagnostic_report(&it, &version, &name), None);
}

fn interview(story: Value, finished: Option<Micros>) -> Interview {
    Interview {
        id: InterviewId::from_uuid(id(1)),
        tenant: TenantId::from_uuid(id(2)),
        whose: Whose::Patient(PatientId::from_uuid(id(3))),
        story: serde_json::from_value(story).unwrap(),
        appointment: None,
        noted: false,
        started: NOON,
        started_by: None,
        finished,
        version: 2,
    }
}

#[test]
fn an_interview_is_answers_and_once_it_has_a_result_a_risk() {
    let asked = [
        Asked {
            finding: "fever",
            text: "Do you have fever?",
            answer: Answer::Yes,
            value: Some(38.7),
        },
        Asked {
            finding: "cough",
            text: "Do you have cough?",
            answer: Answer::Unknown,
            value: None,
        },
    ];
    let begun = interview(json!({"complaint": "fever"}), None);
    let answers = questionnaire_response(&begun, &asked).unwrap();
    assert_is_r4(&answers);
    assert_eq!(answers["status"], "in-progress");
    assert_eq!(answers["item"].as_array().unwrap().len(), 3);
    assert_eq!(risk_assessment(&begun, &[]), None);

    let judged = json!({"complaint": "fever", "judged": {"disposition": "urgent",
        "confidence": 0.8, "person": false, "guesses": [], "at": NOON.0,
        "explained": {"present": [], "absent": []}}});
    let done = interview(judged, Some(NOON));
    let predictions = [Prediction {
        icd10: "J18",
        name: "Pneumonia",
        probability: 0.123_456,
    }];
    let risk = risk_assessment(&done, &predictions).unwrap();
    assert_is_r4(&risk);
    assert_eq!(risk["prediction"][0]["probabilityDecimal"], 0.123);
    let empty = interview(json!({}), None);
    let nothing = questionnaire_response(&empty, &[]).unwrap();
    assert_is_r4(&nothing);
}
