//! Reminders of medicines on both engines: one row a line, one look at a time, one message a dose.
#![expect(clippy::unwrap_used, reason = "tests")]

use clinical_model::access::Label;
use clinical_model::notify::{Channel, DedupKey, DeliveryStage, MessageKind};
use clinical_model::prescribing::{Prescription, Stage};
use clinical_model::{AuditActor, AuditEntry, Micros, PatientId, PrescriptionId, TenantId, UserId};
use clinical_store::outbox::{Letter, NewMessage};
use clinical_store::prescriptions::{
    DueReminder, Reminder, ReminderWriteError, look_next, put_reminder, reminders_due, reminders_of,
};
use clinical_store::testbed::{made_up_nurse, made_up_patient, make_facility};
use clinical_store::{Db, identity, on_both_engines, outbox, patients, prescriptions};
use serde_json::json;
use uuid::Uuid;

const A: TenantId = TenantId::from_uuid(Uuid::from_u128(0xa));
const NOW: Micros = Micros(1_000_000);
const DOCTOR: UserId = UserId::from_uuid(Uuid::from_u128(10));
const PATIENT: PatientId = PatientId::from_uuid(Uuid::from_u128(1));

fn done() -> AuditEntry {
    AuditEntry::done(AuditActor::System, "test.act", NOW)
}

/// A facility with a doctor, a patient, and a draft of one line.
async fn prescribed(db: &Db) -> Prescription {
    make_facility(db, A).await;
    let mut tx = db.begin().await.unwrap();
    let credential = made_up_nurse(DOCTOR, A);
    identity::insert_user(&mut tx, &credential, NOW)
        .await
        .unwrap();
    let patient = made_up_patient(PATIENT, A);
    patients::insert(&mut tx, &patient, NOW).await.unwrap();
    let line = json!({"id": "0", "drug": {"substance": "paracetamol"}, "dose": null,
        "frequency": 2.0, "route": null, "duration_days": 5, "indication": null});
    let content = json!({"lines": [{"line": line, "name": "Paracetamol", "quantity": 10,
            "repeats": 0, "directions": null}],
        "valid_days": 30, "report": null, "reasons": [], "code": null, "refusal": null,
        "overrides": [], "accepted": []});
    let it = Prescription {
        id: PrescriptionId::from_uuid(Uuid::from_u128(50)),
        tenant: A,
        patient: PATIENT,
        prescriber: DOCTOR,
        stage: Stage::Draft,
        label: Label::Normal,
        prior: None,
        created: NOW,
        signed: None,
        expires: None,
        sent: None,
        refused: None,
        seen: None,
        replaced: None,
        cleared_chart: None,
        content: serde_json::from_value(content).unwrap(),
        dispensed: vec![0],
        version: 1,
    };
    prescriptions::insert(&mut tx, &it).await.unwrap();
    tx.commit(done()).await.unwrap();
    it
}

fn wish(version: u32) -> Reminder {
    Reminder {
        prescription: PrescriptionId::from_uuid(Uuid::from_u128(50)),
        line: 0,
        is_on: true,
        times: vec!["07:15".parse().unwrap(), "19:30".parse().unwrap()],
        look: None,
        version,
    }
}

async fn put(db: &Db, it: &Reminder, id: u128) -> Result<u32, ReminderWriteError> {
    let mut tx = db.begin().await.unwrap();
    let row = (Uuid::from_u128(id), NOW);
    let version = put_reminder(&mut tx, (A, PATIENT), it, row).await?;
    tx.commit(done()).await.unwrap();
    Ok(version)
}

async fn due(db: &Db) -> Vec<DueReminder> {
    let mut conn = db.read().await.unwrap();
    reminders_due(&mut conn, NOW, 10).await.unwrap()
}

/// Queues the reminder of a dose; false when it was queued before.
async fn queue(db: &Db, subject: Uuid, dose: i64, id: u128) -> bool {
    let kind = MessageKind::MedicationReminder;
    let recipient = Uuid::from_u128(1);
    let message = NewMessage {
        id: Uuid::from_u128(id),
        tenant: A,
        key: DedupKey::new(kind, recipient, subject, dose, (Channel::Email, 1)),
        kind,
        channel: Channel::Email,
        recipient,
        subject,
        letter: Letter {
            to: "p@x".to_owned(),
            language: "fr".to_owned(),
            clinic: "Clinique".to_owned(),
            when: String::new(),
            path: "/my-medicines".to_owned(),
            by_phone: false,
            text: String::new(),
        },
        due: NOW,
        expires: None,
        suppressed: None,
    };
    let mut tx = db.begin().await.unwrap();
    let is_new = outbox::enqueue(&mut tx, &message, NOW).await.unwrap();
    tx.commit(done()).await.unwrap();
    is_new
}

on_both_engines! {
    async fn a_line_has_one_reminder_which_is_not_overwritten_unseen(db) {
        prescribed(&db).await;
        assert_eq!(put(&db, &wish(0), 60).await.unwrap(), 1);
        let stale = put(&db, &wish(0), 61).await;
        assert!(matches!(stale, Err(ReminderWriteError::Changed)));
        let ahead = put(&db, &wish(7), 62).await;
        assert!(matches!(ahead, Err(ReminderWriteError::Changed)));
        assert_eq!(put(&db, &wish(1), 63).await.unwrap(), 2);
        let mut conn = db.read().await.unwrap();
        let all = reminders_of(&mut conn, PATIENT).await.unwrap();
        let kept = Reminder { look: Some(NOW), ..wish(2) };
        assert_eq!(all, [kept]);
        drop(conn);
        assert_eq!(due(&db).await[0].id, Uuid::from_u128(60));
    }

    async fn of_two_workers_one_looks_and_a_dose_is_queued_once(db) {
        prescribed(&db).await;
        put(&db, &wish(0), 60).await.unwrap();
        let seen = due(&db).await;
        let next = Some(NOW.plus(Micros::HOUR));
        let mut tx = db.begin().await.unwrap();
        assert!(look_next(&mut tx, &seen[0], next).await.unwrap());
        tx.commit(done()).await.unwrap();
        let mut tx = db.begin().await.unwrap();
        assert!(!look_next(&mut tx, &seen[0], next).await.unwrap());
        drop(tx);
        assert!(due(&db).await.is_empty());
        assert!(queue(&db, seen[0].id, 29_000_000, 70).await);
        assert!(!queue(&db, seen[0].id, 29_000_000, 71).await, "the same dose");
        assert!(queue(&db, seen[0].id, 29_000_720, 72).await, "the next dose");
        assert!(queue(&db, Uuid::from_u128(61), 29_000_000, 73).await, "another line");
    }

    async fn a_prescription_that_ends_takes_its_reminders_along(db) {
        let it = prescribed(&db).await;
        put(&db, &wish(0), 60).await.unwrap();
        assert!(queue(&db, Uuid::from_u128(60), 29_000_000, 70).await);
        let mut tx = db.begin().await.unwrap();
        let gone = Prescription { stage: Stage::Cancelled, version: 2, ..it };
        prescriptions::update(&mut tx, &gone, (1, Stage::Draft), NOW).await.unwrap();
        tx.commit(done()).await.unwrap();
        assert!(due(&db).await.is_empty());
        let mut conn = db.read().await.unwrap();
        let left = outbox::list(&mut conn, A, Some(DeliveryStage::Queued), None).await.unwrap();
        assert!(left.is_empty());
    }
}
