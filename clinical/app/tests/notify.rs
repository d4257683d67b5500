//! Messages through the outbox: crashes, rivals, duplicates, changes, wishes.
#![expect(clippy::unwrap_used, reason = "tests")]

mod support;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use clinical_app::Clinic;
use clinical_app::booking::{cancel, reschedule};
use clinical_app::notify::{
    LEASE_US, Mailroom, ReportError, ReportSecret, SettingsError, SmsCommand, SmsError,
    SmsTemplate, deliveries, put_settings, send_due, send_sms, settings, take_report,
};
use clinical_app::ports::{
    Accepted, Answer, DeliveryReport, GatewayCause, IncomingSms, MailGateway, NotAMessage,
    NotAReport, OutgoingMail, OutgoingSms, ReportedOutcome, SendError, SmsGateway,
};
use clinical_app::visits::{PhoneNumbers, new_phone_pin};
use clinical_model::notify::{Channel, DeliveryStage, Language, MessageKind, SuppressedFor};
use clinical_model::{AuditActor, AuditEntry, Micros, Role};
use clinical_store::on_both_engines;
use clinical_store::outbox::{self, Delivery, NotifySettings};
use support::{MIN, MONDAY, Practice};
use uuid::Uuid;

/// How a gateway of the test answers.
#[derive(Debug, Clone, Copy)]
enum Mood {
    Busy,
    Never,
    Lost,
}

/// A gateway that keeps what it was given; it answers from a list, then takes everything.
#[derive(Debug, Default)]
struct Gateway {
    moods: Mutex<VecDeque<Mood>>,
    mails: Mutex<Vec<OutgoingMail>>,
    sms: Mutex<Vec<OutgoingSms>>,
}

impl Gateway {
    fn answer(&self, id: Uuid) -> Result<Accepted, SendError> {
        let cause = || GatewayCause::from("test");
        match self.moods.lock().unwrap().pop_front() {
            None => Ok(Accepted {
                reference: Some(format!("ref-{id}")),
            }),
            Some(Mood::Busy) => Err(SendError::Temporary(cause())),
            Some(Mood::Never) => Err(SendError::Permanent(cause())),
            Some(Mood::Lost) => Err(SendError::AnswerLost(cause())),
        }
    }

    fn mails(&self) -> Vec<OutgoingMail> {
        self.mails.lock().unwrap().clone()
    }
}

impl MailGateway for Gateway {
    fn send<'a>(&'a self, mail: &'a OutgoingMail) -> Answer<'a, Result<Accepted, SendError>> {
        self.mails.lock().unwrap().push(mail.clone());
        Box::pin(async move { self.answer(mail.id) })
    }
}

impl SmsGateway for Gateway {
    fn send<'a>(&'a self, sms: &'a OutgoingSms) -> Answer<'a, Result<Accepted, SendError>> {
        self.sms.lock().unwrap().push(sms.clone());
        Box::pin(async move { self.answer(sms.id) })
    }

    fn read_report(&self, body: &str) -> Result<DeliveryReport, NotAReport> {
        let (reference, word) = body.split_once(' ').ok_or(NotAReport)?;
        Ok(DeliveryReport {
            reference: reference.to_owned(),
            outcome: match word {
                "underway" => ReportedOutcome::Underway,
                "delivered" => ReportedOutcome::Delivered,
                _ => ReportedOutcome::Undeliverable,
            },
        })
    }

    fn read_incoming(&self, _: &str) -> Result<IncomingSms, NotAMessage> {
        Err(NotAMessage)
    }
}

const SECRET: &str = "a secret of the provider";

fn mailroom(gateway: &Arc<Gateway>) -> Mailroom {
    Mailroom::new(
        gateway.clone(),
        gateway.clone(),
        "https://clinic.test/",
        ReportSecret::new(SECRET.to_owned()),
    )
    .unwrap()
}

fn clinic(practice: &Practice) -> &Clinic {
    practice.desk.clinic()
}

async fn all(practice: &Practice) -> Vec<Delivery> {
    let mut conn = practice.db.read().await.unwrap();
    outbox::list(&mut conn, support::TENANT, None, None)
        .await
        .unwrap()
}

fn of(list: &[Delivery], kind: MessageKind) -> Vec<&Delivery> {
    list.iter().filter(|it| it.kind == kind).collect()
}

on_both_engines! {
    async fn the_patient_is_told_the_pin_of_now_where_there_is_a_number(db) {
        let mut practice = Practice::open(db);
        let numbers = PhoneNumbers::new(vec![("+33199001234".to_owned(), support::TENANT)]);
        practice.desk = practice.desk.with_phones(numbers.clone());
        let (doctor, patient) = (practice.doctor(1).await, practice.patient(2).await);
        let booked = practice.book(&patient, &doctor, 2 * 24 * 60).await.unwrap();
        let gateway = Arc::new(Gateway::default());
        let room = mailroom(&gateway).with_phones(numbers);
        // Between queueing and sending there is a new one.
        let id = booked.record.appointment.id;
        let way = new_phone_pin(&practice.desk, &doctor, id).await.unwrap();
        assert_eq!(send_due(clinic(&practice), &room).await.unwrap(), 2);
        let line = format!("appelez le +33199001234, code {}.", way.pin.grouped());
        for mail in gateway.mails() {
            let is_patient = mail.to == "p2@test.clinic";
            assert_eq!(mail.body.contains(&line), is_patient, "{}", mail.to);
            assert_eq!(mail.body.contains("+33199001234"), is_patient, "{}", mail.to);
        }
    }

    async fn a_booking_tells_both_sides_once_and_reminds_them(db) {
        let practice = Practice::open(db);
        let (doctor, patient) = (practice.doctor(1).await, practice.patient(2).await);
        practice.book(&patient, &doctor, 2 * 24 * 60).await.unwrap();
        let gateway = Arc::new(Gateway::default());
        let room = mailroom(&gateway);
        assert_eq!(send_due(clinic(&practice), &room).await.unwrap(), 2);
        assert_eq!(send_due(clinic(&practice), &room).await.unwrap(), 0);
        let mails = gateway.mails();
        let mut to: Vec<_> = mails.iter().map(|it| it.to.as_str()).collect();
        to.sort_unstable();
        assert_eq!(to, ["p1@test.clinic", "p2@test.clinic"]);
        // Wednesday 08:00 UTC is 09:00 in Douala.
        assert!(mails.iter().all(|it| it.body.contains("mercredi 25 novembre 2026 à 09:00 (UTC+01:00)")));
        assert!(mails.iter().all(|it| it.body.contains("https://clinic.test/")));
        practice.at(24 * 60);
        assert_eq!(send_due(clinic(&practice), &room).await.unwrap(), 2);
        practice.at(47 * 60);
        assert_eq!(send_due(clinic(&practice), &room).await.unwrap(), 2);
        practice.at(100 * 60);
        assert_eq!(send_due(clinic(&practice), &room).await.unwrap(), 0);
        assert_eq!(gateway.mails().len(), 6);
    }

    async fn a_moved_appointment_takes_its_reminders_along(db) {
        let practice = Practice::open(db);
        let (doctor, patient) = (practice.doctor(1).await, practice.patient(2).await);
        let booked = practice.book(&patient, &doctor, 2 * 24 * 60).await.unwrap();
        let id = booked.record.appointment.id;
        let later = MONDAY.plus(4 * 24 * 60 * MIN);
        reschedule(&practice.desk, &doctor, id, later).await.unwrap();
        let list = all(&practice).await;
        let reminders = of(&list, MessageKind::AppointmentInADay);
        let superseded = reminders.iter().filter(|it| it.reason == Some(SuppressedFor::Superseded));
        assert_eq!((reminders.len(), superseded.count()), (4, 2));
        let gateway = Arc::new(Gateway::default());
        let room = mailroom(&gateway);
        practice.at(24 * 60 + 1);
        send_due(clinic(&practice), &room).await.unwrap();
        let mails = gateway.mails();
        assert_eq!(mails.len(), 2, "only the news, no reminder of the old time");
        assert!(mails.iter().all(|it| it.body.contains("vendredi 27 novembre 2026 à 09:00")));
        practice.at(3 * 24 * 60);
        assert_eq!(send_due(clinic(&practice), &room).await.unwrap(), 2);
    }

    async fn a_cancelled_appointment_is_told_and_never_reminded_of(db) {
        let practice = Practice::open(db);
        let (doctor, patient) = (practice.doctor(1).await, practice.patient(2).await);
        let booked = practice.book(&patient, &doctor, 2 * 24 * 60).await.unwrap();
        cancel(&practice.desk, &doctor, booked.record.appointment.id).await.unwrap();
        let gateway = Arc::new(Gateway::default());
        let room = mailroom(&gateway);
        for minutes in [0, 24 * 60, 47 * 60] {
            practice.at(minutes);
            send_due(clinic(&practice), &room).await.unwrap();
        }
        let subjects: Vec<_> = gateway.mails().into_iter().map(|it| it.subject).collect();
        assert_eq!(subjects, ["Votre rendez-vous est annulé", "Votre rendez-vous est annulé"]);
    }

    async fn a_worker_that_dies_between_claim_and_answer_sends_nothing_twice(db) {
        let practice = Practice::open(db);
        let (doctor, patient) = (practice.doctor(1).await, practice.patient(2).await);
        practice.book(&patient, &doctor, 15).await.unwrap();
        // It claims, commits, and is gone.
        let mut tx = practice.db.begin().await.unwrap();
        let claim = Uuid::from_u128(99);
        let held = outbox::claim(&mut tx, claim, MONDAY, MONDAY.plus(LEASE_US)).await.unwrap();
        tx.commit(AuditEntry::done(AuditActor::System, "test", MONDAY)).await.unwrap();
        assert_eq!(held.len(), 2);
        let gateway = Arc::new(Gateway::default());
        let room = mailroom(&gateway);
        assert_eq!(send_due(clinic(&practice), &room).await.unwrap(), 0);
        practice.at(4);
        assert_eq!(send_due(clinic(&practice), &room).await.unwrap(), 0);
        assert!(gateway.mails().is_empty());
        let list = all(&practice).await;
        assert!(list.iter().all(|it| it.stage == DeliveryStage::Unknown));
    }

    async fn an_answer_that_is_lost_is_shown_and_not_sent_again(db) {
        let practice = Practice::open(db);
        let (doctor, patient) = (practice.doctor(1).await, practice.patient(2).await);
        practice.book(&patient, &doctor, 15).await.unwrap();
        let gateway = Arc::new(Gateway::default());
        gateway.moods.lock().unwrap().extend([Mood::Lost, Mood::Never]);
        let room = mailroom(&gateway);
        for minutes in 0..20 {
            practice.at(minutes);
            send_due(clinic(&practice), &room).await.unwrap();
        }
        assert_eq!(gateway.mails().len(), 2);
        let admin = practice.person(9, Role::Admin).await;
        let mut stages: Vec<_> = deliveries(clinic(&practice), &admin, None, None)
            .await
            .unwrap()
            .iter()
            .map(|it| it.stage)
            .collect();
        stages.sort_unstable();
        assert_eq!(stages, [DeliveryStage::Dead, DeliveryStage::Unknown]);
        assert!(deliveries(clinic(&practice), &patient, None, None).await.is_err());
    }

    async fn what_certainly_did_not_leave_is_tried_again_and_given_up_in_the_end(db) {
        let practice = Practice::open(db);
        let (doctor, patient) = (practice.doctor(1).await, practice.patient(2).await);
        practice.book(&patient, &doctor, 15).await.unwrap();
        let gateway = Arc::new(Gateway::default());
        gateway.moods.lock().unwrap().extend([Mood::Busy; 100]);
        let room = mailroom(&gateway);
        for minutes in (0..24 * 60).step_by(5) {
            practice.at(minutes);
            send_due(clinic(&practice), &room).await.unwrap();
        }
        assert_eq!(gateway.mails().len(), 2 * 6);
        assert!(all(&practice).await.iter().all(|it| it.stage == DeliveryStage::Dead));
    }

    async fn two_workers_share_the_work_and_repeat_nothing(db) {
        let practice = Practice::open(db);
        let doctor = practice.doctor(1).await;
        for n in 2..32 {
            let patient = practice.patient(n).await;
            let minutes = i64::try_from(n).unwrap() * 15;
            practice.book(&patient, &doctor, minutes).await.unwrap();
        }
        let gateway = Arc::new(Gateway::default());
        let workers: Vec<_> = (0..4)
            .map(|_| {
                let (clinic, room) = (clinic(&practice).clone(), mailroom(&gateway));
                tokio::spawn(async move {
                    while send_due(&clinic, &room).await.unwrap() > 0 {}
                })
            })
            .collect();
        for worker in workers {
            worker.await.unwrap();
        }
        let mails = gateway.mails();
        let mut ids: Vec<_> = mails.iter().map(|it| it.id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!((mails.len(), ids.len()), (60, 60));
    }

    async fn a_wish_is_honoured_on_each_channel_and_written_down(db) {
        let practice = Practice::open(db);
        let (doctor, patient) = (practice.doctor(1).await, practice.patient(2).await);
        assert_eq!(settings(clinic(&practice), &patient).await.unwrap(), None);
        let mut wish = NotifySettings {
            language: Language::English,
            zone: Some("Asia/Kolkata".to_owned()),
            email: false,
            sms: true,
            phone: Some("+237699123456".parse().unwrap()),
            version: 0,
        };
        put_settings(clinic(&practice), &patient, &wish).await.unwrap();
        assert!(matches!(
            put_settings(clinic(&practice), &patient, &wish).await,
            Err(SettingsError::Changed)
        ));
        wish.zone = Some("Mars/Olympus".to_owned());
        assert!(matches!(
            put_settings(clinic(&practice), &patient, &wish).await,
            Err(SettingsError::Zone)
        ));
        practice.book(&patient, &doctor, 15).await.unwrap();
        let gateway = Arc::new(Gateway::default());
        let room = mailroom(&gateway);
        send_due(clinic(&practice), &room).await.unwrap();
        let to: Vec<_> = gateway.mails().into_iter().map(|it| it.to).collect();
        assert_eq!(to, ["p1@test.clinic"]);
        let sms = gateway.sms.lock().unwrap().clone();
        assert_eq!(sms.len(), 1);
        assert_eq!(sms[0].to, "+237699123456");
        assert!(sms[0].text.contains("Monday 23 November 2026 at 13:45 (UTC+05:30)"), "{}", sms[0].text);
        let list = all(&practice).await;
        let declined: Vec<_> = list
            .iter()
            .filter(|it| it.reason == Some(SuppressedFor::OptedOut))
            .map(|it| (it.channel, it.recipient))
            .collect();
        assert_eq!(declined, [(Channel::Email, patient.user.as_uuid())]);
    }

    async fn a_delivery_report_needs_the_secret_and_settles_what_is_open(db) {
        let practice = Practice::open(db);
        let (doctor, patient) = (practice.doctor(1).await, practice.patient(2).await);
        practice.book(&patient, &doctor, 15).await.unwrap();
        let gateway = Arc::new(Gateway::default());
        let room = mailroom(&gateway);
        send_due(clinic(&practice), &room).await.unwrap();
        let ids: Vec<_> = gateway.mails().iter().map(|it| it.id).collect();
        let report = |id: Uuid, word: &str| format!("ref-{id} {word}");
        let clinic = clinic(&practice);
        let wrong = take_report(clinic, &room, "another secret", &report(ids[0], "delivered")).await;
        assert!(matches!(wrong, Err(ReportError::Unknown)));
        for word in ["underway", "delivered", "delivered", "failed"] {
            take_report(clinic, &room, SECRET, &report(ids[0], word)).await.unwrap();
        }
        take_report(clinic, &room, SECRET, &report(ids[1], "failed")).await.unwrap();
        take_report(clinic, &room, SECRET, "ref-nobody delivered").await.unwrap();
        let list = all(&practice).await;
        let stage = |id: Uuid| list.iter().find(|it| it.id == id).unwrap().stage;
        assert_eq!(stage(ids[0]), DeliveryStage::Delivered);
        assert_eq!(stage(ids[1]), DeliveryStage::Dead);
    }

    async fn a_short_message_by_hand_goes_to_ones_own_patients_once(db) {
        let practice = Practice::open(db);
        let (doctor, patient) = (practice.doctor(1).await, practice.patient(2).await);
        let stranger = practice.doctor(3).await;
        let booked = practice.book(&patient, &doctor, 24 * 60).await.unwrap();
        let command = SmsCommand {
            patient: patient.patient.unwrap(),
            template: SmsTemplate::AppointmentReminder(booked.record.appointment.id),
        };
        let clinic = clinic(&practice);
        assert!(matches!(send_sms(clinic, &stranger, command).await, Err(SmsError::NotFound)));
        assert!(matches!(send_sms(clinic, &doctor, command).await, Err(SmsError::Unreachable)));
        let wish = NotifySettings {
            language: Language::French,
            zone: None,
            email: true,
            sms: true,
            phone: Some("+237699123456".parse().unwrap()),
            version: 0,
        };
        put_settings(clinic, &patient, &wish).await.unwrap();
        send_sms(clinic, &doctor, command).await.unwrap();
        assert!(matches!(send_sms(clinic, &doctor, command).await, Err(SmsError::Unreachable)));
        practice.clock.advance(2 * Micros::DAY);
        assert!(matches!(send_sms(clinic, &doctor, command).await, Err(SmsError::Over)));
    }
}
