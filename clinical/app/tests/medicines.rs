//! Reminders of medicines: off until they are switched on, each dose once, none too late, none after
//! the treatment.
#![expect(clippy::unwrap_used, reason = "tests")]

mod support;

use std::sync::{Arc, Mutex};

use clinical_app::notify::{LEASE_US, Mailroom, put_settings, remind_due, send_due};
use clinical_app::ports::{
    Accepted, Answer, DeliveryReport, IncomingSms, MailGateway, NotAMessage, NotAReport,
    OutgoingMail, OutgoingSms, SendError, SmsGateway,
};
use clinical_app::prescribing::{
    Checker, DraftCommand, LineCommand, PrescribingError, ReminderCommand, cancel, dispense,
    own_plan, plan_of, put_reminder, refuse, reminders, sign, sign_override, transmit, write_draft,
};
use clinical_app::{Actor, Clinic};
use clinical_model::access::Shift;
use clinical_model::notify::{DeliveryStage, Language, MessageKind, SuppressedFor};
use clinical_model::prescribing::{Fill, Prescription, RefusalReason};
use clinical_model::text::Prose;
use clinical_model::{AuditActor, AuditEntry, GrantId, Micros, PrescriptionId, Role};
use clinical_safety::{Dose, DoseUnit, Frequency, Report, Route, SubstanceId};
use clinical_store::on_both_engines;
use clinical_store::outbox::{self, Delivery, NotifySettings};
use support::{MONDAY, Practice, TENANT};
use uuid::Uuid;

/// A check that finds nothing.
const CLEAR: Checker = Checker::of(|_, chart| {
    Ok(Report {
        chart_version: chart.version,
        data_version: String::new(),
        findings: Vec::new(),
    })
});

/// A gateway that takes everything.
#[derive(Debug, Default)]
struct Gateway(Mutex<Vec<OutgoingMail>>);

impl MailGateway for Gateway {
    fn send<'a>(&'a self, mail: &'a OutgoingMail) -> Answer<'a, Result<Accepted, SendError>> {
        self.0.lock().unwrap().push(mail.clone());
        Box::pin(async { Ok(Accepted { reference: None }) })
    }
}

impl SmsGateway for Gateway {
    fn send<'a>(&'a self, _: &'a OutgoingSms) -> Answer<'a, Result<Accepted, SendError>> {
        Box::pin(async { Ok(Accepted { reference: None }) })
    }

    fn read_report(&self, _: &str) -> Result<DeliveryReport, NotAReport> {
        Err(NotAReport)
    }

    fn read_incoming(&self, _: &str) -> Result<IncomingSms, NotAMessage> {
        Err(NotAMessage)
    }
}

struct Ward {
    practice: Practice,
    clinic: Clinic,
    doctor: Actor,
    patient: Actor,
    pharmacist: Actor,
    gateway: Arc<Gateway>,
    room: Mailroom,
}

impl Ward {
    async fn open(practice: Practice) -> Self {
        let doctor = practice.doctor(1).await;
        let patient = practice.patient(2).await;
        let pharmacist = practice.person(3, Role::Pharmacist).await;
        practice.book(&patient, &doctor, 60).await.unwrap();
        let gateway = Arc::new(Gateway::default());
        let ward = Self {
            clinic: practice.desk.clinic().clone(),
            room: Mailroom::new(
                gateway.clone(),
                gateway.clone(),
                "https://clinic.test",
                None,
            )
            .unwrap(),
            practice,
            doctor,
            patient,
            pharmacist,
            gateway,
        };
        ward.tick().await;
        ward.gateway.0.lock().unwrap().clear();
        ward
    }

    /// Signed on Monday at 09:00 in Douala.
    async fn signed(&self, per_day: f64, days: u16, is_confidential: bool) -> Prescription {
        let line = LineCommand {
            medicine: SubstanceId::new("paracetamol"),
            dose: Dose::new(500.0, DoseUnit::Mg).unwrap(),
            frequency: Frequency::per_day(per_day).unwrap(),
            route: Route::Oral,
            duration_days: days,
            quantity: 10,
            repeats: 0,
            indication: None,
            directions: None,
        };
        let command = DraftCommand {
            lines: vec![line],
            is_confidential,
            valid_days: 30,
            prior: None,
        };
        let patient = self.patient.patient.unwrap();
        let draft = write_draft(&self.clinic, CLEAR, &self.doctor, patient, command);
        let draft = draft.await.unwrap();
        let place = (draft.id, draft.version);
        sign(&self.clinic, CLEAR, &self.doctor, place, Vec::new())
            .await
            .unwrap()
    }

    async fn on_duty(&self, person: &Actor) {
        let mut tx = self.clinic.db.begin().await.unwrap();
        let shift = Shift {
            id: GrantId::from_uuid(Uuid::from_u128(77)),
            tenant: TENANT,
            person: person.user,
            from: MONDAY,
            until: MONDAY.plus(Micros::DAY),
            created_by: person.user,
        };
        clinical_store::access::insert_shift(&mut tx, &shift)
            .await
            .unwrap();
        let entry = AuditEntry::done(AuditActor::System, "test.shift", MONDAY);
        tx.commit(entry).await.unwrap();
    }

    async fn transmitted(&self, it: &Prescription) -> Prescription {
        transmit(&self.clinic, &self.doctor, (it.id, it.version))
            .await
            .unwrap()
    }

    async fn remind(&self, id: PrescriptionId, times: Option<&[&str]>) {
        let known = reminders(&self.clinic, &self.patient).await.unwrap();
        let version = known
            .iter()
            .find(|it| it.prescription == id)
            .unwrap()
            .version;
        let times = times.map(|all| all.iter().map(|it| it.parse().unwrap()).collect());
        let command = ReminderCommand {
            is_on: true,
            times,
            version,
        };
        put_reminder(&self.clinic, &self.patient, (id, 0), command)
            .await
            .unwrap();
    }

    /// One round of the worker.
    async fn tick(&self) {
        remind_due(&self.clinic).await.unwrap();
        send_due(&self.clinic, &self.room).await.unwrap();
    }

    /// Hours after Monday, 09:00 in Douala.
    fn at(&self, hours: i64) {
        self.practice.clock.set(MONDAY.plus(hours * Micros::HOUR));
    }

    /// Lets the clock run, with a round every ten minutes.
    async fn run(&self, from_hour: i64, to_hour: i64) {
        for minutes in (from_hour * 60..to_hour * 60).step_by(10) {
            self.practice.at(minutes);
            self.tick().await;
        }
    }

    fn reminded(&self) -> Vec<OutgoingMail> {
        let mails = self.gateway.0.lock().unwrap();
        let all = mails.iter().filter(|it| it.subject == "Votre rappel");
        all.cloned().collect()
    }

    async fn queued(&self) -> Vec<Delivery> {
        let mut conn = self.clinic.db.read().await.unwrap();
        let all = outbox::list(&mut conn, TENANT, None, None).await.unwrap();
        let is_reminder = |it: &Delivery| it.kind == MessageKind::MedicationReminder;
        all.into_iter().filter(is_reminder).collect()
    }
}

fn hour(mail: &OutgoingMail) -> &str {
    let (_, after) = mail.body.split_once(" à ").unwrap();
    after.split(' ').next().unwrap()
}

on_both_engines! {
    async fn nothing_comes_until_it_is_switched_on_and_then_each_dose_once(db) {
        let ward = Ward::open(Practice::open(db)).await;
        let it = ward.signed(2.0, 2, false).await;
        ward.run(0, 14).await;
        assert!(ward.reminded().is_empty());
        let shown = reminders(&ward.clinic, &ward.patient).await.unwrap();
        assert!(shown[0].is_possible && !shown[0].is_on && shown[0].version == 0);
        ward.remind(it.id, None).await;
        ward.run(14, 100).await;
        // Begun on Monday at 09:00: Monday evening, Tuesday twice, Wednesday morning. The first of these
        // was past when it was switched on.
        let mails = ward.reminded();
        assert_eq!(mails.iter().map(hour).collect::<Vec<_>>(), ["08:00", "20:00", "08:00"]);
        assert!(mails.iter().all(|it| it.to == "p2@test.clinic"));
        assert!(mails.iter().all(|it| it.body.contains("https://clinic.test/my-medicines")));
        let whole = mails.iter().map(|it| it.body.to_lowercase());
        assert!(whole.clone().all(|it| !it.contains("paracétamol") && !it.contains("paracetamol")));
        assert!(own_plan(&ward.clinic, &ward.patient).await.unwrap().plan.prescribed[0].today.is_empty());
    }

    async fn a_worker_that_dies_between_planning_and_sending_sends_nothing_twice(db) {
        let ward = Ward::open(Practice::open(db)).await;
        let it = ward.signed(1.0, 3, false).await;
        ward.remind(it.id, None).await;
        // Tuesday, 08:00. It queues, claims, commits, and is gone.
        ward.at(23);
        assert_eq!(remind_due(&ward.clinic).await.unwrap(), 1);
        let now = MONDAY.plus(23 * Micros::HOUR);
        let mut tx = ward.clinic.db.begin().await.unwrap();
        let claim = Uuid::from_u128(99);
        let held = outbox::claim(&mut tx, claim, now, now.plus(LEASE_US)).await.unwrap();
        tx.commit(AuditEntry::done(AuditActor::System, "test", now)).await.unwrap();
        assert_eq!(held.len(), 1);
        ward.run(23, 24).await;
        assert!(ward.reminded().is_empty());
        assert_eq!(ward.queued().await.len(), 1);
        assert_eq!(ward.queued().await[0].stage, DeliveryStage::Unknown);
        // One that dies after queueing and before claiming: the next one sends it, once.
        ward.at(47);
        remind_due(&ward.clinic).await.unwrap();
        remind_due(&ward.clinic).await.unwrap();
        assert!(ward.reminded().is_empty());
        ward.run(47, 48).await;
        assert_eq!(ward.reminded().len(), 1);
    }

    async fn two_workers_queue_a_dose_once(db) {
        let ward = Ward::open(Practice::open(db)).await;
        let it = ward.signed(4.0, 3, false).await;
        ward.remind(it.id, None).await;
        for hours in 0..48 {
            ward.at(hours);
            let tasks: Vec<_> = (0..4)
                .map(|_| {
                    let clinic = ward.clinic.clone();
                    // One that finds the other at work tries again in its next round.
                    tokio::spawn(async move { remind_due(&clinic).await.is_ok() })
                })
                .collect();
            for task in tasks {
                task.await.unwrap();
            }
            ward.tick().await;
        }
        assert_eq!(ward.queued().await.len(), 8);
        assert_eq!(ward.reminded().len(), 8);
    }

    async fn a_dose_of_more_than_half_an_hour_ago_is_not_reminded_of(db) {
        let ward = Ward::open(Practice::open(db)).await;
        let it = ward.signed(1.0, 9, false).await;
        ward.remind(it.id, None).await;
        // Nobody was at work on Tuesday and until Wednesday, 08:29.
        ward.practice.at(47 * 60 + 29);
        ward.tick().await;
        assert_eq!(ward.reminded().len(), 1);
        // On Thursday until 08:30.
        ward.practice.at(71 * 60 + 30);
        ward.tick().await;
        // On Friday it was queued, and sending waited.
        ward.at(95);
        remind_due(&ward.clinic).await.unwrap();
        ward.practice.at(95 * 60 + 30);
        ward.tick().await;
        assert_eq!(ward.reminded().len(), 1);
        let late = ward.queued().await;
        assert_eq!(late[0].reason, Some(SuppressedFor::TooLate));
    }

    async fn reminders_end_with_the_prescription_and_go_on_with_it(db) {
        let ward = Ward::open(Practice::open(db)).await;
        let cancelled = ward.signed(1.0, 9, false).await;
        ward.remind(cancelled.id, None).await;
        let place = (cancelled.id, cancelled.version);
        cancel(&ward.clinic, &ward.doctor, place).await.unwrap();
        ward.run(0, 30).await;
        assert!(ward.reminded().is_empty());
        let it = ward.signed(1.0, 9, false).await;
        let sent = ward.transmitted(&it).await;
        ward.remind(it.id, None).await;
        // It is queued on Wednesday at 08:00, refused before it leaves, and taken back.
        ward.at(47);
        remind_due(&ward.clinic).await.unwrap();
        let why = (RefusalReason::Unclear, Prose::try_from("Posologie").unwrap());
        let back = refuse(&ward.clinic, &ward.pharmacist, (sent.id, sent.version), why).await.unwrap();
        ward.run(47, 80).await;
        assert!(ward.reminded().is_empty());
        assert_eq!(ward.queued().await[0].reason, Some(SuppressedFor::Superseded));
        // Two doctors let it through again.
        let colleague = ward.practice.doctor(4).await;
        ward.practice.book(&ward.patient, &colleague, 81 * 60).await.unwrap();
        let words = || clinical_app::prescribing::OverrideCommand {
            code: "monitored".to_owned(),
            text: Prose::try_from("Vu").unwrap(),
        };
        let place = (back.id, back.version);
        let once = sign_override(&ward.clinic, CLEAR, &ward.doctor, place, words()).await.unwrap();
        let place = (once.id, once.version);
        sign_override(&ward.clinic, CLEAR, &colleague, place, words()).await.unwrap();
        ward.run(80, 100).await;
        assert_eq!(ward.reminded().len(), 1);
    }

    async fn what_is_collected_late_is_taken_late(db) {
        let ward = Ward::open(Practice::open(db)).await;
        let it = ward.signed(1.0, 2, false).await;
        let sent = ward.transmitted(&it).await;
        ward.remind(it.id, None).await;
        ward.run(0, 72).await;
        assert_eq!(ward.reminded().len(), 2, "as it was signed");
        // Thursday, 09:00: it is handed out, and its two days begin.
        ward.at(72);
        let fills = [Fill { line: 0, quantity: 10 }];
        let place = (sent.id, sent.version);
        dispense(&ward.clinic, CLEAR, &ward.pharmacist, place, &fills).await.unwrap();
        ward.run(72, 200).await;
        assert_eq!(ward.reminded().len(), 4);
    }

    async fn the_patient_chooses_times_and_zone_and_may_decline_a_channel(db) {
        let ward = Ward::open(Practice::open(db)).await;
        let it = ward.signed(2.0, 9, false).await;
        ward.remind(it.id, Some(&["21:30", "06:45"])).await;
        let place = (it.id, 0);
        let wish = |times: &[&str], version| ReminderCommand {
            is_on: true,
            times: Some(times.iter().map(|it| it.parse().unwrap()).collect()),
            version,
        };
        let (clinic, patient) = (&ward.clinic, &ward.patient);
        let wrong = put_reminder(clinic, patient, place, wish(&["06:45"], 1)).await;
        assert!(matches!(wrong, Err(PrescribingError::Invalid("times"))));
        let stale = put_reminder(clinic, patient, place, wish(&["06:45", "07:45"], 0)).await;
        assert!(matches!(stale, Err(PrescribingError::Changed)));
        ward.run(0, 24).await;
        assert_eq!(ward.reminded().iter().map(hour).collect::<Vec<_>>(), ["21:30", "06:45"]);
        // They fly to Kolkata on Tuesday at 09:00 in Douala, 13:30 there.
        let mut settings = NotifySettings {
            language: Language::French,
            zone: Some("Asia/Kolkata".to_owned()),
            email: true,
            sms: true,
            phone: None,
            version: 0,
        };
        ward.at(24);
        put_settings(clinic, patient, &settings).await.unwrap();
        ward.run(24, 36).await;
        let last = ward.reminded().pop().unwrap();
        assert!(last.body.contains("21:30 (UTC+05:30)"), "{}", last.body);
        settings.email = false;
        settings.version = 1;
        put_settings(clinic, patient, &settings).await.unwrap();
        let before = ward.reminded().len();
        ward.run(36, 60).await;
        assert_eq!(ward.reminded().len(), before);
        assert_eq!(ward.queued().await[0].reason, Some(SuppressedFor::OptedOut));
    }

    async fn a_frequency_without_times_can_not_be_reminded_of_nor_somebody_elses_line(db) {
        let ward = Ward::open(Practice::open(db)).await;
        let weekly = ward.signed(0.25, 60, false).await;
        let on = |version| ReminderCommand { is_on: true, times: None, version };
        let (clinic, patient) = (&ward.clinic, &ward.patient);
        let refused = put_reminder(clinic, patient, (weekly.id, 0), on(0)).await;
        assert!(matches!(refused, Err(PrescribingError::Invalid("on"))));
        let shown = reminders(clinic, patient).await.unwrap();
        assert!(!shown[0].is_possible && shown[0].times.is_empty());
        let beyond = put_reminder(clinic, patient, (weekly.id, 1), on(0)).await;
        assert!(matches!(beyond, Err(PrescribingError::NotFound)));
        let it = ward.signed(1.0, 9, false).await;
        let stranger = ward.practice.patient(5).await;
        let foreign = put_reminder(clinic, &stranger, (it.id, 0), on(0)).await;
        assert!(matches!(foreign, Err(PrescribingError::NotFound)));
        let claimed = put_reminder(clinic, patient, (it.id, 0), on(7)).await;
        assert!(matches!(claimed, Err(PrescribingError::Changed)));
    }

    async fn a_confidential_line_is_in_the_plan_of_patient_and_doctor_alone(db) {
        let ward = Ward::open(Practice::open(db)).await;
        let open = ward.signed(1.0, 9, false).await;
        let hidden = ward.signed(1.0, 9, true).await;
        let nurse = ward.practice.person(6, Role::Nurse).await;
        let patient = ward.patient.patient.unwrap();
        let early = plan_of(&ward.clinic, &nurse, patient).await;
        assert!(matches!(early, Err(PrescribingError::NotFound)), "she is not on duty");
        ward.on_duty(&nurse).await;
        let ids = async |actor: &Actor| {
            let plan = plan_of(&ward.clinic, actor, patient).await.unwrap().plan;
            let mut ids: Vec<_> = plan.prescribed.iter().map(|it| it.prescription).collect();
            ids.sort_unstable();
            ids
        };
        let mut both = vec![open.id, hidden.id];
        both.sort_unstable();
        assert_eq!(ids(&nurse).await, [open.id]);
        assert_eq!(ids(&ward.doctor).await, both);
        assert_eq!(ids(&ward.patient).await, both);
    }
}
