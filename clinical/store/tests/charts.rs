//! Patients, charts and rights on both engines.
#![expect(clippy::unwrap_used, reason = "tests")]

use clinical_model::access::{CareRelation, Grant, Label, Shift};
use clinical_model::chart::{
    Amendment, ClinicalStatus, Code, CodeSystem, Condition, Entry, EntryStatus, Fact, Kind,
    NoteFact, Verification,
};
use clinical_model::patients::{Demographics, Patient, PatientState, Sex};
use clinical_model::text::{CodeText, Line, Prose};
use clinical_model::{
    Account, AuditActor, AuditEntry, Email, EntryId, GrantId, Micros, PatientId, Position, Role,
    TenantId, UserId,
};
use clinical_store::access::Viewer;
use clinical_store::chart::{EntryWriteError, Filter};
use clinical_store::identity::{Credential, PasswordHash};
use clinical_store::testbed::make_facility;
use clinical_store::{Db, Tx, access, chart, identity, on_both_engines, patients};
use uuid::Uuid;

const A: TenantId = TenantId::from_uuid(Uuid::from_u128(0xa));
const B: TenantId = TenantId::from_uuid(Uuid::from_u128(0xb));
const NOW: Micros = Micros(1_000);

fn patient(n: u128, tenant: TenantId) -> Patient {
    Patient {
        id: PatientId::from_uuid(Uuid::from_u128(n)),
        tenant,
        demographics: Demographics {
            family: Line::try_from("Eyenga").unwrap(),
            given: Line::try_from("Brigitte").unwrap(),
            sex: Sex::Female,
            birth: Some("1968-03-14".to_owned().try_into().unwrap()),
            phones: vec!["+237699000101".parse().unwrap()],
            email: None,
            address: None,
            blood_group: None,
            language: None,
            identifiers: Vec::new(),
            emergency: None,
            deceased: None,
        },
        state: PatientState::Active,
        version: 1,
        chart_version: 0,
    }
}

fn person(n: u128) -> UserId {
    UserId::from_uuid(Uuid::from_u128(n))
}

async fn staff(tx: &mut Tx, n: u128, role: Role, tenant: TenantId) -> Viewer {
    let credential = Credential {
        account: Account {
            id: person(n),
            tenant,
            email: Email::parse(&format!("p{n}@x")).unwrap(),
            name: "Staff".to_owned(),
            position: Position::without_profile(role).unwrap(),
            patient: None,
            factor_grace: Micros(0),
            disabled: false,
        },
        password_hash: PasswordHash("$argon2id$none".to_owned()),
    };
    identity::insert_user(tx, &credential, NOW).await.unwrap();
    Viewer {
        tenant,
        person: person(n),
        role,
        now: NOW,
    }
}

fn done() -> AuditEntry {
    AuditEntry::done(AuditActor::System, "test.act", NOW)
}

fn condition(n: u128, of: &Patient, label: Label, at: i64) -> Entry {
    Entry {
        id: EntryId::from_uuid(Uuid::from_u128(n)),
        tenant: of.tenant,
        patient: of.id,
        fact: Fact::Condition(Condition {
            code: diabetes(),
            clinical: ClinicalStatus::Active,
            verification: Verification::Confirmed,
            severity: None,
            onset: None,
            note: None,
        }),
        label,
        status: EntryStatus::Active,
        effective: Micros(at),
        recorded: NOW,
        author: person(1),
        appointment: None,
        version: 1,
    }
}

fn diabetes() -> Code {
    Code {
        system: CodeSystem::Icd10,
        code: CodeText::try_from("E11.9").unwrap(),
        display: Line::try_from("Diabète de type 2").unwrap(),
    }
}

fn everything() -> Filter {
    Filter {
        kinds: Vec::new(),
        code: None,
        from: Micros(i64::MIN),
        to: Micros(i64::MAX),
        with_errors: false,
        label_max: Label::VeryRestricted,
    }
}

/// Two facilities, a patient in each, a nurse on duty in the first.
async fn open(db: &Db) -> (Patient, Patient, Viewer) {
    make_facility(db, A).await;
    make_facility(db, B).await;
    let (ours, theirs) = (patient(100, A), patient(200, B));
    let mut tx = db.begin().await.unwrap();
    patients::insert(&mut tx, &ours, NOW).await.unwrap();
    patients::insert(&mut tx, &theirs, NOW).await.unwrap();
    let nurse = staff(&mut tx, 1, Role::Nurse, A).await;
    let shift = Shift {
        id: GrantId::from_uuid(Uuid::from_u128(5)),
        tenant: A,
        person: nurse.person,
        from: Micros(0),
        until: Micros(2_000),
        created_by: nurse.person,
    };
    access::insert_shift(&mut tx, &shift).await.unwrap();
    tx.commit(done()).await.unwrap();
    (ours, theirs, nurse)
}

on_both_engines! {
    async fn a_patient_is_read_back_by_who_may_see_them_and_by_nobody_else(db) {
        let (ours, theirs, nurse) = open(&db).await;
        let mut tx = db.read().await.unwrap();
        assert_eq!(patients::find(&mut tx, &nurse, ours.id).await.unwrap(), Some(ours.clone()));
        assert_eq!(access::grant(&mut tx, &nurse, ours.id).await.unwrap(), Some(Grant::Duty));
        assert_eq!(patients::find(&mut tx, &nurse, theirs.id).await.unwrap(), None);
        assert_eq!(access::grant(&mut tx, &nurse, theirs.id).await.unwrap(), None);
        let after = Viewer { now: Micros(2_000), ..nurse };
        assert_eq!(patients::find(&mut tx, &after, ours.id).await.unwrap(), None);
        let admin = Viewer { role: Role::Admin, ..nurse };
        assert_eq!(patients::find(&mut tx, &admin, ours.id).await.unwrap(), None);
    }

    async fn a_right_cannot_cross_facilities(db) {
        let (_, theirs, nurse) = open(&db).await;
        let mut tx = db.begin().await.unwrap();
        let relation = CareRelation {
            id: GrantId::from_uuid(Uuid::from_u128(6)),
            tenant: B,
            patient: theirs.id,
            clinician: nurse.person,
            from: Micros(0),
            until: Micros(2_000),
            created_by: nurse.person,
        };
        assert!(access::insert_care_relation(&mut tx, &relation).await.is_err());
    }

    async fn labels_hide_entries_from_lists_single_reads_and_histories(db) {
        let (ours, _, nurse) = open(&db).await;
        let mut tx = db.begin().await.unwrap();
        for (n, label) in (0..).zip(Label::ALL) {
            let entry = condition(n + 10, &ours, label, 500);
            chart::insert(&mut tx, &entry).await.unwrap();
        }
        for (seen, label_max) in (1..).zip(Label::ALL) {
            let filter = Filter { label_max, ..everything() };
            let page = chart::list(&mut tx, &nurse, ours.id, &filter, (None, 50)).await.unwrap();
            assert_eq!(page.len(), seen, "{label_max:?}");
        }
        let hidden = EntryId::from_uuid(Uuid::from_u128(12));
        assert!(chart::find(&mut tx, &nurse, Label::Restricted, hidden).await.unwrap().is_none());
        assert!(chart::versions(&mut tx, &nurse, Label::Normal, hidden).await.unwrap().is_empty());
        assert_eq!(chart::judged_facts(&mut tx, ours.id).await.unwrap().len(), 3);
    }

    async fn an_amendment_keeps_the_old_version_and_needs_the_newest(db) {
        let (ours, _, nurse) = open(&db).await;
        let first = condition(10, &ours, Label::Normal, 500);
        let mut tx = db.begin().await.unwrap();
        chart::insert(&mut tx, &first).await.unwrap();
        let amendment = Amendment {
            fact: first.fact.clone(),
            label: Label::Normal,
            effective: Micros(400),
        };
        let second = first.clone().amend(1, amendment, (person(1), NOW)).unwrap();
        chart::update(&mut tx, &second, 1).await.unwrap();
        let again = chart::update(&mut tx, &second, 1).await;
        assert!(matches!(again, Err(EntryWriteError::Changed)), "{again:?}");
        let history = chart::versions(&mut tx, &nurse, Label::Normal, first.id).await.unwrap();
        assert_eq!(history, [first.clone(), second.clone()]);
        let stored = patients::record(&mut tx, A, ours.id).await.unwrap().unwrap();
        assert_eq!(stored.chart_version, 2);
        let gone = second.enter_in_error(2, (person(1), NOW)).unwrap();
        chart::update(&mut tx, &gone, 2).await.unwrap();
        let page = chart::list(&mut tx, &nurse, ours.id, &everything(), (None, 50)).await.unwrap();
        assert!(page.is_empty());
        assert!(chart::judged_facts(&mut tx, ours.id).await.unwrap().is_empty());
    }

    async fn a_chart_is_filtered_by_kind_code_and_time_and_read_in_pages(db) {
        let (ours, _, nurse) = open(&db).await;
        let mut tx = db.begin().await.unwrap();
        for n in 0..25 {
            let mut entry = condition(1_000 + n, &ours, Label::Normal, 100 + i64::try_from(n / 2).unwrap());
            if n % 5 == 0 {
                entry.fact = Fact::Note(NoteFact {
                    title: Line::try_from("Note").unwrap(),
                    text: Prose::try_from("Va mieux.").unwrap(),
                });
            }
            chart::insert(&mut tx, &entry).await.unwrap();
        }
        let mut all = Vec::new();
        let mut after = None;
        loop {
            let page = chart::list(&mut tx, &nurse, ours.id, &everything(), (after, 4)).await.unwrap();
            let Some(last) = page.last() else { break };
            after = Some(chart::After { effective: last.effective, id: last.id });
            all.extend(page);
        }
        assert_eq!(all.len(), 25);
        assert!(all.is_sorted_by(|a, b| (b.effective, b.id) < (a.effective, a.id)));
        let notes = Filter { kinds: vec![Kind::Note, Kind::Document], ..everything() };
        assert_eq!(chart::list(&mut tx, &nurse, ours.id, &notes, (None, 50)).await.unwrap().len(), 5);
        let coded = Filter { code: Some(diabetes()), from: Micros(105), ..everything() };
        let found = chart::list(&mut tx, &nurse, ours.id, &coded, (None, 50)).await.unwrap();
        assert_eq!(found.len(), 12);
    }

    async fn erasure_leaves_nothing_readable_and_nothing_writable(db) {
        let (ours, _, nurse) = open(&db).await;
        let mut tx = db.begin().await.unwrap();
        chart::insert(&mut tx, &condition(10, &ours, Label::Normal, 500)).await.unwrap();
        patients::erase(&mut tx, A, ours.id, NOW).await.unwrap();
        assert_eq!(patients::find(&mut tx, &nurse, ours.id).await.unwrap(), None);
        let page = chart::list(&mut tx, &nurse, ours.id, &everything(), (None, 50)).await.unwrap();
        assert!(page.is_empty());
        let more = condition(11, &ours, Label::Normal, 500);
        assert!(chart::insert(&mut tx, &more).await.is_err());
        let changes = patients::changed_since(&mut tx, A, 1, 10).await.unwrap();
        assert_eq!(changes.len(), 1);
        assert_eq!(changes[0].demographics, None);
    }
}
