//! Who begins a thread, who reads it, what a refusal begins, and who is told.
#![expect(clippy::unwrap_used, reason = "tests")]

mod support;

use clinical_app::access::join_team;
use clinical_app::prescribing::{
    Checker, DraftCommand, LineCommand, refuse, sign, transmit, write_draft,
};
use clinical_app::rights::export;
use clinical_app::threads::{
    BeginCommand, Full, Range, ThreadsError, add_member, begin, close, correspondents, leave, list,
    mark_read, messages, read, reopen, send, unread,
};
use clinical_app::{Actor, Clinic, StoreError};
use clinical_model::notify::MessageKind;
use clinical_model::prescribing::{Prescription, RefusalReason};
use clinical_model::text::{Line, MessageText, Prose};
use clinical_model::{Micros, Once, PatientId, Role, TenantId, ThreadId, UserId};
use clinical_safety::{Dose, DoseUnit, Frequency, Report, Route, SubstanceId};
use clinical_store::{on_both_engines, outbox};
use support::{MONDAY, Practice, TENANT, record_of};
use uuid::Uuid;

const CLEAR: Checker = Checker::of(|_, chart| {
    Ok(Report {
        chart_version: chart.version,
        data_version: String::new(),
        findings: Vec::new(),
    })
});

fn text(words: &str) -> MessageText {
    MessageText::try_from(words).unwrap()
}

fn question(patient: Option<PatientId>, people: &[UserId]) -> BeginCommand {
    BeginCommand {
        patient,
        people: people.to_vec(),
        subject: Line::try_from("Toux").unwrap(),
        text: text("Je tousse encore"),
    }
}

/// A patient, the doctor who sees them soon, and people around.
struct Ward {
    clinic: Clinic,
    patient: Actor,
    doctor: Actor,
    stranger: Actor,
    nurse: Actor,
    pharmacist: Actor,
    technician: Actor,
}

impl Ward {
    async fn open(practice: &Practice) -> Self {
        let (doctor, patient) = (practice.doctor(1).await, practice.patient(2).await);
        practice.book(&patient, &doctor, 60).await.unwrap();
        Self {
            clinic: practice.desk.clinic().clone(),
            patient,
            doctor,
            stranger: practice.doctor(3).await,
            nurse: practice.person(4, Role::Nurse).await,
            pharmacist: practice.person(5, Role::Pharmacist).await,
            technician: practice.person(6, Role::LabTechnician).await,
        }
    }

    fn record(&self) -> PatientId {
        record_of(2)
    }

    async fn asked(&self) -> ThreadId {
        let people = [self.doctor.user];
        let begun = begin(&self.clinic, &self.patient, question(None, &people)).await;
        begun.unwrap().listed.thread.id
    }

    /// A prescription with the pharmacy.
    async fn transmitted(&self) -> Prescription {
        let line = LineCommand {
            medicine: SubstanceId::new("paracetamol"),
            dose: Dose::new(500.0, DoseUnit::Mg).unwrap(),
            frequency: Frequency::per_day(1.0).unwrap(),
            route: Route::Oral,
            duration_days: 6,
            quantity: 6,
            repeats: 0,
            indication: None,
            directions: None,
        };
        let command = DraftCommand {
            lines: vec![line],
            is_confidential: false,
            valid_days: 30,
            prior: None,
        };
        let (clinic, doctor) = (&self.clinic, &self.doctor);
        let draft = write_draft(clinic, CLEAR, doctor, self.record(), command);
        let draft = draft.await.unwrap();
        let place = (draft.id, draft.version);
        let signed = sign(clinic, CLEAR, doctor, place, Vec::new())
            .await
            .unwrap();
        let place = (signed.id, signed.version);
        transmit(clinic, doctor, place).await.unwrap()
    }

    async fn words(&self, reader: &Actor, id: ThreadId) -> Vec<String> {
        let page = messages(&self.clinic, reader, id, Range::After(0))
            .await
            .unwrap();
        let words = page
            .items
            .into_iter()
            .map(|it| String::from(it.message.text));
        words.collect()
    }

    /// Letters about new messages to a person, of every channel.
    async fn letters_to(&self, person: &Actor) -> usize {
        let mut conn = self.clinic.db.read().await.unwrap();
        let all = outbox::list(&mut conn, TENANT, None, None).await.unwrap();
        all.iter()
            .filter(|it| it.kind == MessageKind::NewMessage)
            .filter(|it| it.recipient == person.user.as_uuid())
            .count()
    }
}

fn names(full: &Full) -> Vec<&str> {
    full.people.iter().map(|it| it.name.as_str()).collect()
}

on_both_engines! {
    async fn a_patient_writes_to_who_treats_them_and_nobody_else_reads_it(db) {
        let practice = Practice::open(db);
        let ward = Ward::open(&practice).await;
        let clinic = &ward.clinic;
        for people in [vec![ward.stranger.user], vec![ward.nurse.user], vec![], vec![ward.patient.user],
            vec![ward.doctor.user, ward.doctor.user]]
        {
            let refused = begin(clinic, &ward.patient, question(None, &people)).await;
            assert!(matches!(refused, Err(ThreadsError::Invalid("people"))), "{people:?}");
        }
        let known = correspondents(clinic, &ward.patient, None).await.unwrap();
        assert_eq!(known.iter().map(|it| it.id).collect::<Vec<_>>(), [ward.doctor.user]);
        let other = practice.patient(9).await;
        let foreign = question(Some(ward.record()), &[ward.doctor.user]);
        let foreign = begin(clinic, &other, foreign).await;
        assert!(matches!(foreign, Err(ThreadsError::NotFound)));

        let id = ward.asked().await;
        let seen = read(clinic, &ward.doctor, id).await.unwrap();
        assert_eq!((seen.listed.unread, seen.patient_name.as_str()), (1, "Person 2"));
        assert_eq!(names(&seen), ["Person 1", "Person 2"]);
        for outsider in [&ward.stranger, &ward.nurse, &ward.pharmacist, &other] {
            let hidden = read(clinic, outsider, id).await;
            assert!(matches!(hidden, Err(ThreadsError::NotFound)));
            let hidden = messages(clinic, outsider, id, Range::After(0)).await;
            assert!(matches!(hidden, Err(ThreadsError::NotFound)));
            let hidden = send(clinic, outsider, id, text("x")).await;
            assert!(matches!(hidden, Err(ThreadsError::NotFound)));
            assert!(matches!(mark_read(clinic, outsider, id, 1).await, Err(ThreadsError::NotFound)));
            assert!(list(clinic, outsider, None).await.unwrap().items.is_empty());
        }
        let abroad = Actor { tenant: TenantId::from_uuid(Uuid::from_u128(0xf0)), ..ward.doctor };
        assert!(matches!(read(clinic, &abroad, id).await, Err(ThreadsError::NotFound)));
    }

    async fn staff_begin_a_thread_only_about_patients_whom_they_treat(db) {
        let practice = Practice::open(db);
        let ward = Ward::open(&practice).await;
        let (clinic, record) = (&ward.clinic, ward.record());
        let with = [ward.patient.user, ward.pharmacist.user, ward.technician.user];
        let of = || question(Some(record), &with);
        let stranger = begin(clinic, &ward.stranger, of()).await;
        assert!(matches!(stranger, Err(ThreadsError::NotFound)));
        let begun = begin(clinic, &ward.doctor, of()).await.unwrap();
        assert_eq!(begun.people.len(), 4);
        let stay: Vec<UserId> = begun.people.iter().filter(|it| it.member.stays).map(|it| it.member.person).collect();
        assert_eq!(stay, [ward.doctor.user, ward.patient.user]);

        let nurse = begin(clinic, &ward.nurse, of()).await;
        assert!(matches!(nurse, Err(ThreadsError::NotFound)));
        let admin = practice.person(7, Role::Admin).await;
        join_team(clinic, &admin, record, (ward.nurse.user, MONDAY.plus(Micros::DAY))).await.unwrap();
        assert!(begin(clinic, &ward.nurse, of()).await.is_ok());
        let wrong = question(Some(record), &[admin.user]);
        let wrong = begin(clinic, &ward.doctor, wrong).await;
        assert!(matches!(wrong, Err(ThreadsError::Invalid("people"))), "an administrator is no colleague");
        let pharmacist = begin(clinic, &ward.pharmacist, of()).await;
        assert!(matches!(pharmacist, Err(ThreadsError::NotFound)));
    }

    async fn doctors_add_and_close_and_the_patient_and_first_doctor_stay(db) {
        let practice = Practice::open(db);
        let ward = Ward::open(&practice).await;
        let (clinic, id) = (&ward.clinic, ward.asked().await);
        let patient = add_member(clinic, &ward.patient, id, ward.nurse.user).await;
        assert!(matches!(patient, Err(ThreadsError::Forbidden)));
        let added = add_member(clinic, &ward.doctor, id, ward.nurse.user).await.unwrap();
        assert!(names(&added).contains(&"Person 4"));
        let twice = add_member(clinic, &ward.doctor, id, ward.nurse.user).await;
        assert!(matches!(twice, Err(ThreadsError::Invalid("person"))));
        let other = practice.patient(9).await;
        let other = add_member(clinic, &ward.doctor, id, other.user).await;
        assert!(matches!(other, Err(ThreadsError::Invalid("person"))), "no other patient");
        assert_eq!(ward.words(&ward.nurse, id).await, ["Je tousse encore"]);

        for stays in [&ward.patient, &ward.doctor] {
            assert!(matches!(leave(clinic, stays, id).await, Err(ThreadsError::WrongState)));
        }
        leave(clinic, &ward.nurse, id).await.unwrap();
        assert!(matches!(read(clinic, &ward.nurse, id).await, Err(ThreadsError::NotFound)));

        assert!(matches!(close(clinic, &ward.patient, id).await, Err(ThreadsError::Forbidden)));
        assert!(matches!(reopen(clinic, &ward.doctor, id).await, Err(ThreadsError::WrongState)));
        close(clinic, &ward.doctor, id).await.unwrap();
        let silent = send(clinic, &ward.patient, id, text("x")).await;
        assert!(matches!(silent, Err(ThreadsError::WrongState)));
        reopen(clinic, &ward.doctor, id).await.unwrap();
        send(clinic, &ward.patient, id, text("Merci")).await.unwrap();
        assert_eq!(ward.words(&ward.doctor, id).await, ["Je tousse encore", "Merci"]);
    }

    async fn unread_counts_and_letters_follow_what_was_read(db) {
        let practice = Practice::open(db);
        let ward = Ward::open(&practice).await;
        let (clinic, id) = (&ward.clinic, ward.asked().await);
        let doctor = &ward.doctor;
        let first = ward.letters_to(doctor).await;
        assert!(first > 0);
        send(clinic, &ward.patient, id, text("Et de la fièvre")).await.unwrap();
        assert_eq!(unread(clinic, doctor).await.unwrap(), 2);
        assert_eq!(ward.letters_to(doctor).await, first, "one letter until they read");
        assert_eq!(ward.letters_to(&ward.patient).await, 0, "nobody is told of their own words");
        mark_read(clinic, doctor, id, 2).await.unwrap();
        mark_read(clinic, doctor, id, 1).await.unwrap();
        assert!(matches!(mark_read(clinic, doctor, id, 3).await, Err(ThreadsError::Invalid("seq"))));
        assert_eq!(unread(clinic, doctor).await.unwrap(), 0);
        send(clinic, &ward.patient, id, text("Et mal à la tête")).await.unwrap();
        assert_eq!(ward.letters_to(doctor).await, 2 * first, "and then the next one");
        assert_eq!(unread(clinic, doctor).await.unwrap(), 1);
        assert_eq!(unread(clinic, &ward.patient).await.unwrap(), 0);
    }

    async fn a_message_is_sent_once_however_often_it_is_asked_for(db) {
        let practice = Practice::open(db);
        let ward = Ward::open(&practice).await;
        let (clinic, id) = (&ward.clinic, ward.asked().await);
        let once = Once { key: Uuid::from_u128(77), request: [7; 32] };
        let asking = Actor { once: Some(once), ..ward.patient };
        send(clinic, &asking, id, text("Une fois")).await.unwrap();
        let again = send(clinic, &asking, id, text("Une fois")).await;
        assert!(matches!(again, Err(ThreadsError::Store(StoreError::Repeated))));
        assert_eq!(ward.words(&ward.doctor, id).await, ["Je tousse encore", "Une fois"]);
    }

    async fn a_refusal_is_talked_about_by_pharmacist_and_prescriber_without_the_patient(db) {
        let practice = Practice::open(db);
        let ward = Ward::open(&practice).await;
        let clinic = &ward.clinic;
        let sent = ward.transmitted().await;
        let why = |words: &str| (RefusalReason::Dosage, Prose::try_from(words).unwrap());
        let back = refuse(clinic, &ward.pharmacist, (sent.id, sent.version), why("Dose trop forte"));
        let back = back.await.unwrap();
        let mine = list(clinic, &ward.doctor, None).await.unwrap().items;
        assert_eq!(mine.len(), 1);
        let thread = &mine[0].listed.thread;
        assert_eq!((thread.prescription, thread.patient), (Some(sent.id), ward.record()));
        assert_eq!(names(&mine[0]), ["Person 1", "Person 5"]);
        assert_eq!(mine[0].listed.unread, 1);
        assert_eq!(ward.words(&ward.doctor, thread.id).await, ["Dose trop forte"]);
        assert!(list(clinic, &ward.patient, None).await.unwrap().items.is_empty());
        assert!(matches!(read(clinic, &ward.patient, thread.id).await, Err(ThreadsError::NotFound)));
        send(clinic, &ward.doctor, thread.id, text("Je corrige")).await.unwrap();
        assert_eq!(unread(clinic, &ward.pharmacist).await.unwrap(), 1);

        let stale = refuse(clinic, &ward.pharmacist, (sent.id, sent.version), why("Encore"));
        assert!(stale.await.is_err());
        assert_eq!(ward.words(&ward.doctor, thread.id).await.len(), 2, "a refusal that fails says nothing");
        assert!(back.version > sent.version);
    }

    async fn the_copy_for_the_patient_holds_the_threads_they_are_in(db) {
        let practice = Practice::open(db);
        let ward = Ward::open(&practice).await;
        let clinic = &ward.clinic;
        ward.asked().await;
        let among = question(Some(ward.record()), &[ward.pharmacist.user]);
        let among = BeginCommand { text: text("Entre nous"), ..among };
        begin(clinic, &ward.doctor, among).await.unwrap();
        let copy = export(clinic, &ward.patient, ward.record()).await.unwrap();
        assert_eq!(copy.threads.len(), 1);
        let said = &copy.threads[0].said;
        assert_eq!(said.len(), 1);
        assert_eq!((said[0].name.as_str(), &said[0].message.text), ("Person 2", &text("Je tousse encore")));
        assert_eq!(copy.threads[0].names, ["Person 1", "Person 2"]);
    }
}
