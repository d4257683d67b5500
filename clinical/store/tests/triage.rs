//! Interviews of triage on both engines.
#![expect(clippy::unwrap_used, reason = "tests")]

use clinical_model::triage::{
    Disposition, Explained, Feedback, Interview, Judged, Settings, Story, Verdict, Whose,
};
use clinical_model::{
    AuditActor, AuditEntry, InterviewId, Micros, PatientId, Role, TenantId, TokenHash, UserId,
};
use clinical_store::access::Viewer;
use clinical_store::testbed::{made_up_nurse, made_up_patient, make_facility};
use clinical_store::triage::{self, InterviewWriteError};
use clinical_store::{Db, access, identity, on_both_engines, patients};
use uuid::Uuid;

const A: TenantId = TenantId::from_uuid(Uuid::from_u128(0xa));
const B: TenantId = TenantId::from_uuid(Uuid::from_u128(0xb));
const NOW: Micros = Micros(1_000);
const NURSE: UserId = UserId::from_uuid(Uuid::from_u128(10));
const OURS: PatientId = PatientId::from_uuid(Uuid::from_u128(1));
const THEIRS: PatientId = PatientId::from_uuid(Uuid::from_u128(2));

fn done() -> AuditEntry {
    AuditEntry::done(AuditActor::System, "test.act", NOW)
}

/// Two facilities, a patient in each, a nurse on duty in the first.
async fn open(db: &Db) -> Viewer {
    make_facility(db, A).await;
    make_facility(db, B).await;
    let mut tx = db.begin().await.unwrap();
    for (id, tenant) in [(OURS, A), (THEIRS, B)] {
        let patient = made_up_patient(id, tenant);
        patients::insert(&mut tx, &patient, NOW).await.unwrap();
    }
    let nurse = made_up_nurse(NURSE, A);
    identity::insert_user(&mut tx, &nurse, NOW).await.unwrap();
    let shift = clinical_model::access::Shift {
        id: clinical_model::GrantId::from_uuid(Uuid::from_u128(5)),
        tenant: A,
        person: NURSE,
        from: Micros(0),
        until: Micros(100_000),
        created_by: NURSE,
    };
    access::insert_shift(&mut tx, &shift).await.unwrap();
    tx.commit(done()).await.unwrap();
    Viewer {
        tenant: A,
        person: NURSE,
        role: Role::Nurse,
        now: NOW,
    }
}

fn token(digit: char) -> TokenHash {
    TokenHash::from_hex(digit.to_string().repeat(64))
}

fn interview(n: u128, tenant: TenantId, whose: Whose) -> Interview {
    Interview {
        id: InterviewId::from_uuid(Uuid::from_u128(n)),
        tenant,
        whose,
        story: Story {
            complaint: "j'ai mal à la tête — œil gauche 🙂".to_owned(),
            age_days: Some(12_000),
            floor: Some(Disposition::Urgent),
            flags: vec!["glaucoma".to_owned()],
            ..Story::default()
        },
        appointment: None,
        noted: false,
        started: Micros(i64::try_from(n).unwrap()),
        started_by: None,
        finished: None,
        version: 1,
    }
}

fn judged(it: Interview, at: i64) -> Interview {
    Interview {
        story: Story {
            judged: Some(Judged {
                disposition: Disposition::Urgent,
                confidence: 0.625,
                person: false,
                guesses: Vec::new(),
                explained: Explained::default(),
                at: Micros(at),
            }),
            ..it.story
        },
        finished: Some(Micros(at)),
        version: it.version + 1,
        ..it
    }
}

fn visitor(n: u128, digit: char, until: i64) -> Interview {
    let until = Micros(until);
    let token = token(digit);
    interview(n, A, Whose::Visitor { token, until })
}

on_both_engines! {
    async fn an_interview_is_read_back_by_who_may_see_the_patient_and_by_nobody_else(db) {
        let nurse = open(&db).await;
        let ours = interview(100, A, Whose::Patient(OURS));
        let later = interview(101, A, Whose::Patient(OURS));
        let theirs = interview(200, B, Whose::Patient(THEIRS));
        let mut tx = db.begin().await.unwrap();
        for it in [&ours, &later, &theirs] {
            triage::insert(&mut tx, it).await.unwrap();
        }
        tx.commit(done()).await.unwrap();
        let mut conn = db.read().await.unwrap();
        let found = triage::find(&mut conn, &nurse, ours.id).await.unwrap();
        assert_eq!(found, Some(ours.clone()));
        let all = triage::of_patient(&mut conn, &nurse, OURS).await.unwrap();
        assert_eq!(all, [later, ours.clone()]);
        assert_eq!(triage::find(&mut conn, &nurse, theirs.id).await.unwrap(), None);
        assert!(triage::of_patient(&mut conn, &nurse, THEIRS).await.unwrap().is_empty());
        let off_duty = Viewer { now: Micros(100_000), ..nurse };
        assert_eq!(triage::find(&mut conn, &off_duty, ours.id).await.unwrap(), None);
    }

    async fn of_two_who_read_the_same_version_one_writes(db) {
        let nurse = open(&db).await;
        let first = interview(100, A, Whose::Patient(OURS));
        let mut tx = db.begin().await.unwrap();
        triage::insert(&mut tx, &first).await.unwrap();
        let second = judged(first.clone(), 5_000);
        triage::update(&mut tx, &second).await.unwrap();
        let lost = triage::update(&mut tx, &second).await;
        assert!(matches!(lost, Err(InterviewWriteError::Changed)));
        // Nothing of another facility is written over either.
        let other = Interview { tenant: B, version: 3, ..second.clone() };
        assert!(matches!(triage::update(&mut tx, &other).await, Err(InterviewWriteError::Changed)));
        tx.commit(done()).await.unwrap();
        let mut conn = db.read().await.unwrap();
        assert_eq!(triage::find(&mut conn, &nurse, first.id).await.unwrap(), Some(second));
    }

    async fn a_visitor_is_known_by_the_secret_until_the_time_is_over(db) {
        open(&db).await;
        let kept = visitor(100, 'a', 2_000);
        let mut tx = db.begin().await.unwrap();
        triage::insert(&mut tx, &kept).await.unwrap();
        triage::insert(&mut tx, &visitor(101, 'b', 1_500)).await.unwrap();
        let of = triage::of_token(&mut tx, &token('a'), Micros(1_999)).await.unwrap();
        assert_eq!(of, Some(kept.clone()));
        assert_eq!(triage::of_token(&mut tx, &token('a'), Micros(2_000)).await.unwrap(), None);
        assert_eq!(triage::of_token(&mut tx, &token('c'), NOW).await.unwrap(), None);
        assert_eq!(triage::delete_expired(&mut tx, Micros(1_500)).await.unwrap(), 1);
        assert_eq!(triage::of_token(&mut tx, &token('b'), NOW).await.unwrap(), None);
        triage::delete_visitors(&mut tx, kept.id).await.unwrap();
        assert_eq!(triage::of_token(&mut tx, &token('a'), NOW).await.unwrap(), None);
        tx.commit(done()).await.unwrap();
    }

    async fn who_claims_an_interview_takes_it_into_the_record_for_good(db) {
        let nurse = open(&db).await;
        let told = visitor(100, 'a', 2_000);
        let mut tx = db.begin().await.unwrap();
        triage::insert(&mut tx, &told).await.unwrap();
        let claimed = Interview { whose: Whose::Patient(OURS), version: 2, ..told };
        triage::update(&mut tx, &claimed).await.unwrap();
        assert_eq!(triage::of_token(&mut tx, &token('a'), NOW).await.unwrap(), None);
        assert_eq!(triage::find(&mut tx, &nurse, claimed.id).await.unwrap(), Some(claimed.clone()));
        // It is no visitor's any more: neither time nor forgetting deletes it.
        triage::delete_visitors(&mut tx, claimed.id).await.unwrap();
        assert_eq!(triage::delete_expired(&mut tx, Micros(9_000)).await.unwrap(), 0);
        assert!(triage::find(&mut tx, &nurse, claimed.id).await.unwrap().is_some());
        tx.commit(done()).await.unwrap();
    }

    async fn an_owner_of_another_facility_is_refused(db) {
        open(&db).await;
        let mut tx = db.begin().await.unwrap();
        let stolen = interview(100, A, Whose::Patient(THEIRS));
        assert!(triage::insert(&mut tx, &stolen).await.is_err());
    }

    async fn figures_are_of_one_facility_and_since_then_with_what_was_said(db) {
        let nurse = open(&db).await;
        let mut tx = db.begin().await.unwrap();
        let mut written = Vec::new();
        for (n, at) in [(100, 4_000), (101, 6_000)] {
            let it = interview(n, A, Whose::Patient(OURS));
            triage::insert(&mut tx, &it).await.unwrap();
            let it = judged(it, at);
            triage::update(&mut tx, &it).await.unwrap();
            written.push(it);
        }
        triage::insert(&mut tx, &interview(102, A, Whose::Patient(OURS))).await.unwrap();
        let said = |reason: &str| Feedback {
            by: nurse.person,
            at: NOW,
            verdict: Verdict::Reject,
            disposition: None,
            condition: None,
            reason: reason.to_owned(),
        };
        for reason in ["déjà traité", "twice"] {
            triage::add_feedback(&mut tx, &written[1], &said(reason)).await.unwrap();
        }
        let since = triage::finished_since(&mut tx, A, Micros(5_000)).await.unwrap();
        assert_eq!(since.len(), 1);
        assert_eq!(since[0].interview, written[1]);
        assert_eq!(since[0].feedback, [said("déjà traité"), said("twice")]);
        let all = triage::finished_since(&mut tx, A, Micros(4_000)).await.unwrap();
        let order: Vec<InterviewId> = all.iter().map(|it| it.interview.id).collect();
        assert_eq!(order, [written[1].id, written[0].id]);
        assert!(triage::finished_since(&mut tx, B, Micros(0)).await.unwrap().is_empty());
        tx.commit(done()).await.unwrap();
    }

    async fn an_erased_record_leaves_no_interview_to_read(db) {
        let nurse = open(&db).await;
        let ours = judged(interview(100, A, Whose::Patient(OURS)), 4_000);
        let mut tx = db.begin().await.unwrap();
        triage::insert(&mut tx, &ours).await.unwrap();
        tx.commit(done()).await.unwrap();
        let mut tx = db.begin().await.unwrap();
        patients::erase(&mut tx, A, OURS, NOW).await.unwrap();
        tx.commit(done()).await.unwrap();
        let mut conn = db.read().await.unwrap();
        assert_eq!(triage::find(&mut conn, &nurse, ours.id).await.unwrap(), None);
        assert!(triage::finished_since(&mut conn, A, Micros(0)).await.unwrap().is_empty());
    }

    async fn what_a_facility_decided_is_its_own_and_is_not_overwritten_unseen(db) {
        open(&db).await;
        let mut tx = db.begin().await.unwrap();
        assert_eq!(triage::settings(&mut tx, A).await.unwrap(), Settings::default());
        let first = Settings {
            show_hypotheses: true,
            service: None,
            phone: Some("+237222000111".parse().unwrap()),
            version: 1,
        };
        triage::put_settings(&mut tx, A, &first).await.unwrap();
        assert_eq!(triage::settings(&mut tx, A).await.unwrap(), first);
        assert_eq!(triage::settings(&mut tx, B).await.unwrap(), Settings::default());
        let unseen = triage::put_settings(&mut tx, A, &first).await;
        assert!(matches!(unseen, Err(InterviewWriteError::Changed)));
        let second = Settings { phone: None, version: 2, ..first };
        triage::put_settings(&mut tx, A, &second).await.unwrap();
        assert_eq!(triage::settings(&mut tx, A).await.unwrap(), second);
        tx.commit(done()).await.unwrap();
    }
}
