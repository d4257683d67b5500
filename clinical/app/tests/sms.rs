//! Short messages of people: who may ask what, once, within what may be spent.
#![expect(clippy::unwrap_used, reason = "tests")]

mod support;

use std::sync::{Arc, Mutex};

use clinical_app::notify::{Mailroom, ReportSecret, send_due};
use clinical_app::ports::{
    Accepted, Answer, DeliveryReport, IncomingSms, MailGateway, NotAMessage, NotAReport,
    OutgoingMail, OutgoingSms, SendError, SmsGateway,
};
use clinical_app::sms::{DoorLimits, TakeError, answer_next, take_message};
use clinical_app::{Actor, Clinic};
use clinical_model::notify::{Channel, DeliveryStage, MessageKind, SuppressedFor, split_sms};
use clinical_model::{AuditActor, AuditEntry, Micros};
use clinical_store::testbed::TestDb;
use clinical_store::{on_both_engines, outbox, patients, sms};
use support::{MIN, MONDAY, Practice};

const SECRET: &str = "a secret of the provider";
const HERS: &str = "+237699000001";
const STRANGER: &str = "+237699000002";
const BORN: &str = "31/12/1980";
const LIMITS: DoorLimits = DoorLimits {
    answers_per_number: 40,
    parts_per_day: 1_000,
};

/// Takes everything; messages come as `REFERENCE NUMBER TEXT`.
#[derive(Debug, Default)]
struct Gateway(Mutex<Vec<OutgoingSms>>);

impl MailGateway for Gateway {
    fn send<'a>(&'a self, _: &'a OutgoingMail) -> Answer<'a, Result<Accepted, SendError>> {
        Box::pin(async { Ok(Accepted { reference: None }) })
    }
}

impl SmsGateway for Gateway {
    fn send<'a>(&'a self, sms: &'a OutgoingSms) -> Answer<'a, Result<Accepted, SendError>> {
        self.0.lock().unwrap().push(sms.clone());
        Box::pin(async { Ok(Accepted { reference: None }) })
    }

    fn read_report(&self, _: &str) -> Result<DeliveryReport, NotAReport> {
        Err(NotAReport)
    }

    fn read_incoming(&self, body: &str) -> Result<IncomingSms, NotAMessage> {
        let (reference, rest) = body.split_once(' ').ok_or(NotAMessage)?;
        let (from, text) = rest.split_once(' ').ok_or(NotAMessage)?;
        Ok(IncomingSms {
            reference: reference.to_owned(),
            from: from.to_owned(),
            text: text.to_owned(),
        })
    }
}

struct Village {
    practice: Practice,
    clinic: Clinic,
    gateway: Arc<Gateway>,
    room: Mailroom,
    patient: Actor,
    doctor: Actor,
    sent: Mutex<u32>,
}

impl Village {
    async fn open(db: TestDb, limits: DoorLimits) -> Self {
        let practice = Practice::open(db);
        let doctor = practice.doctor(1).await;
        let patient = practice.patient(2).await;
        let mut record = support::record(2);
        record.demographics.phones = vec![HERS.parse().unwrap()];
        record.demographics.birth = Some("1980-12-31".parse().unwrap());
        record.version = 2;
        let mut tx = practice.db.begin().await.unwrap();
        patients::update(&mut tx, &record, 1, MONDAY).await.unwrap();
        tx.commit(AuditEntry::done(AuditActor::System, "test", MONDAY))
            .await
            .unwrap();
        let gateway = Arc::new(Gateway::default());
        let secret = ReportSecret::new(SECRET.to_owned());
        let room = Mailroom::new(gateway.clone(), gateway.clone(), "https://c.test", secret);
        Self {
            clinic: practice.desk.clinic().clone(),
            room: room.unwrap().with_door(limits),
            practice,
            gateway,
            patient,
            doctor,
            sent: Mutex::new(0),
        }
    }

    async fn post(&self, body: &str) -> Result<(), TakeError> {
        take_message(&self.clinic, &self.room, (SECRET, body)).await
    }

    /// Everything that goes out now.
    async fn answers(&self) -> Vec<OutgoingSms> {
        while answer_next(&self.practice.desk, &self.room).await.unwrap() {}
        while send_due(&self.clinic, &self.room).await.unwrap() > 0 {}
        self.gateway.0.lock().unwrap().drain(..).collect()
    }

    /// The one answer to a message, which is never longer than three parts of the cheap alphabet.
    async fn says(&self, from: &str, text: &str) -> String {
        let all = self.all(from, text).await;
        assert_eq!(all.len(), 1, "{text}: {all:?}");
        all.into_iter().next().unwrap()
    }

    async fn all(&self, from: &str, text: &str) -> Vec<String> {
        let number = {
            let mut sent = self.sent.lock().unwrap();
            *sent += 1;
            *sent
        };
        self.post(&format!("m{number} {from} {text}"))
            .await
            .unwrap();
        let mut texts = Vec::new();
        for sms in self.answers().await {
            assert_eq!(sms.to, from);
            let cut = split_sms(&sms.text, 3).unwrap();
            assert_eq!(cut.alphabet, clinical_model::notify::SmsAlphabet::Gsm7);
            texts.push(sms.text);
        }
        texts
    }
}

on_both_engines! {
    async fn an_unknown_number_is_led_through_a_check_to_its_end(db) {
        let village = Village::open(db, LIMITS).await;
        let first = village.says(STRANGER, "j'ai mal à la gorge et le nez qui coule").await;
        assert!(first.contains("Age et sexe"), "{first}");
        let mut text = village.says(STRANGER, "34 F").await;
        let mut asked = 0;
        while text.contains("1 Oui 2 Non") {
            assert!(text.contains("0 Retour") && split_sms(&text, 1).is_ok(), "{text}");
            text = village.says(STRANGER, "non").await;
            asked += 1;
            assert!(asked <= 15);
        }
        assert!(asked > 0 && text.contains("diagnostic"), "{text}");
        let home = village.says(STRANGER, "0").await;
        assert!(home.contains("1=Je suis malade"), "{home}");
    }

    async fn a_language_is_asked_for_only_when_the_words_do_not_say_it(db) {
        let village = Village::open(db, LIMITS).await;
        let asked = village.says(STRANGER, "ok 12").await;
        assert!(asked.contains("1=English\n2=Francais"), "{asked}");
        let home = village.says(STRANGER, "1").await;
        assert!(home.contains("4=") && home.is_ascii(), "{home}");
        let french = village.says(STRANGER, "fr").await;
        assert!(french.contains("1=Je suis malade"), "{french}");
        assert!(village.says(STRANGER, "AIDE").await.contains("EN=English"));
        let other = village.says(HERS, "hello, I want to book a visit").await;
        assert!(!other.contains("1=English") && other.is_ascii(), "{other}");
    }

    async fn a_red_flag_is_answered_at_once_wherever_the_talk_stands(db) {
        let village = Village::open(db, DoorLimits { answers_per_number: 3, ..LIMITS }).await;
        let danger = "crushing chest pain going down my left arm, I am sweating";
        let number = "10177";
        for before in ["ok 12", "menu", "1", "STOP"] {
            village.all(STRANGER, before).await;
        }
        let alarm = village.says(STRANGER, danger).await;
        assert!(alarm.contains(number) || alarm.contains("112") || alarm.contains("119"), "{alarm}");
        // Nothing else is said in that talk, and beyond the limit of the day as well.
        let still = village.says(STRANGER, danger).await;
        assert_eq!(still, alarm);
        let new = village.says(HERS, danger).await;
        assert_eq!(new, alarm);
    }

    async fn the_same_message_of_the_provider_is_answered_once(db) {
        let village = Village::open(db, LIMITS).await;
        let body = format!("m1 {STRANGER} bonjour");
        village.post(&body).await.unwrap();
        village.post(&body).await.unwrap();
        assert_eq!(village.answers().await.len(), 1);
        village.post(&body).await.unwrap();
        assert_eq!(village.answers().await.len(), 0);
        village.post(&format!("m2 {STRANGER} bonjour")).await.unwrap();
        assert_eq!(village.answers().await.len(), 1);
    }

    async fn a_message_whose_worker_died_is_answered_once_by_another(db) {
        let village = Village::open(db, LIMITS).await;
        village.post(&format!("m1 {STRANGER} bonjour")).await.unwrap();
        let mut tx = village.clinic.db.begin().await.unwrap();
        let lease = MONDAY.plus(MIN);
        let held = sms::hold(&mut tx, MONDAY, lease).await.unwrap().unwrap();
        let held_by_another = sms::hold(&mut tx, MONDAY, lease).await.unwrap();
        assert!(held_by_another.is_none());
        tx.commit(AuditEntry::done(AuditActor::System, "test", MONDAY)).await.unwrap();
        // The next one of the same number waits behind it.
        village.practice.clock.set(MONDAY.plus(1));
        village.post(&format!("m2 {STRANGER} menu")).await.unwrap();
        assert_eq!(village.answers().await.len(), 0);
        village.practice.at(2);
        assert_eq!(village.answers().await.len(), 2);
        let mut tx = village.clinic.db.begin().await.unwrap();
        assert!(sms::finish(&mut tx, &held).await.is_err());
    }

    async fn nothing_of_a_person_is_told_without_their_number_and_birth_date(db) {
        let village = Village::open(db, LIMITS).await;
        village.practice.book(&village.patient, &village.doctor, 24 * 60).await.unwrap();
        village.answers().await;
        let wanted = "when is my appointment?";
        let asked = village.says(STRANGER, wanted).await;
        assert!(asked.contains("birth date"), "{asked}");
        assert_eq!(village.says(HERS, wanted).await, asked);
        // The right date from another number and a wrong one from the right number are answered alike.
        let refused = village.says(STRANGER, BORN).await;
        assert!(refused.contains("could not confirm"), "{refused}");
        assert_eq!(village.says(HERS, "01/01/1980").await, refused);
        // Another birth date is asked for anew.
        assert_eq!(village.says(HERS, wanted).await, asked);
        let visits = village.says(HERS, BORN).await;
        assert!(visits.contains("Person 1") && visits.contains("24 November"), "{visits}");
        // The proof holds for this number, and for half an hour.
        assert!(village.says(STRANGER, wanted).await.contains("birth date"));
        village.practice.at(25);
        assert!(village.says(HERS, wanted).await.contains("Person 1"));
        village.practice.at(60);
        assert!(village.says(HERS, wanted).await.contains("birth date"));
    }

    async fn three_wrong_birth_dates_shut_the_door_for_the_day_and_nobody_can_tell(db) {
        let village = Village::open(db, LIMITS).await;
        let wanted = "when is my appointment?";
        let mut refused = String::new();
        for _ in 0..3 {
            village.says(HERS, wanted).await;
            refused = village.says(HERS, "01/01/1980").await;
        }
        village.says(HERS, wanted).await;
        assert_eq!(village.says(HERS, BORN).await, refused);
        village.practice.at(24 * 60);
        village.says(HERS, wanted).await;
        assert!(village.says(HERS, BORN).await.contains("no visit"));
    }

    async fn a_visit_is_booked_after_a_proof_and_a_yes(db) {
        let village = Village::open(db, LIMITS).await;
        let asked = village.says(HERS, "I want to book a visit tomorrow at 10:00").await;
        assert!(asked.contains("birth date"), "{asked}");
        let offer = village.says(HERS, "31121980").await;
        assert!(offer.contains("1=Yes, confirm"), "{offer}");
        let done = village.all(HERS, "1").await;
        assert!(done.iter().any(|it| it.contains("It is booked")), "{done:?}");
        // The ordinary message about a booked visit goes out as well.
        assert_eq!(done.len(), 2, "{done:?}");
        assert!(village.says(HERS, "results").await.contains("Sign in"));
    }

    async fn stop_ends_what_may_be_declined_and_start_begins_it_again(db) {
        let village = Village::open(db, LIMITS).await;
        assert!(village.says(HERS, "STOP").await.contains("START"));
        assert!(village.all(HERS, "bonjour").await.is_empty());
        village.practice.book(&village.patient, &village.doctor, 24 * 60).await.unwrap();
        let mut conn = village.clinic.db.read().await.unwrap();
        let list = outbox::list(&mut conn, support::TENANT, None, None).await.unwrap();
        drop(conn);
        let told: Vec<_> = list
            .iter()
            .filter(|it| it.kind == MessageKind::AppointmentBooked && it.channel == Channel::Sms)
            .collect();
        assert_eq!(told.len(), 1);
        assert_eq!(told[0].stage, DeliveryStage::Suppressed);
        assert_eq!(told[0].reason, Some(SuppressedFor::OptedOut));
        assert!(village.says(HERS, "start").await.contains("1="));
        assert!(village.says(HERS, "menu").await.contains("1="));
    }

    async fn answers_end_where_the_day_has_cost_enough(db) {
        let village = Village::open(db, DoorLimits { answers_per_number: 2, parts_per_day: 5 }).await;
        village.says(STRANGER, "EN").await;
        village.says(STRANGER, "menu").await;
        let last = village.says(STRANGER, "menu").await;
        assert!(last.contains("today"), "{last}");
        assert!(village.all(STRANGER, "menu").await.is_empty());
        village.says("+237699000003", "EN").await;
        village.says("+237699000003", "menu").await;
        // The facility has spent its five parts.
        assert!(village.all("+237699000004", "EN").await.is_empty());
        village.practice.at(24 * 60);
        village.says(STRANGER, "menu").await;
    }

    async fn an_abandoned_talk_is_forgotten(db) {
        let village = Village::open(db, LIMITS).await;
        village.says(STRANGER, "I have a cough").await;
        village.practice.at(24 * 60 + 1);
        let now = MONDAY.plus(Micros::DAY + MIN);
        let mut tx = village.clinic.db.begin().await.unwrap();
        sms::delete_expired(&mut tx, now).await.unwrap();
        tx.commit(AuditEntry::done(AuditActor::System, "test", now)).await.unwrap();
        // "34 F" would have been the answer to a question.
        let text = village.says(STRANGER, "34 F").await;
        assert!(text.contains("1=English"), "{text}");
    }

    async fn only_the_provider_posts_and_only_numbers_are_answered(db) {
        let village = Village::open(db, LIMITS).await;
        let body = format!("m1 {STRANGER} bonjour");
        let wrong = take_message(&village.clinic, &village.room, ("a secret of nobody", &body)).await;
        assert!(matches!(wrong, Err(TakeError::Unknown)));
        assert!(matches!(village.post("rubbish").await, Err(TakeError::Malformed(_))));
        village.post("m2 MTN you have won").await.unwrap();
        assert!(village.answers().await.is_empty());
        let shut = Mailroom::new(
            village.gateway.clone(),
            village.gateway.clone(),
            "https://c.test",
            ReportSecret::new(SECRET.to_owned()),
        );
        let shut = take_message(&village.clinic, &shut.unwrap(), (SECRET, &body)).await;
        assert!(matches!(shut, Err(TakeError::Unknown)));
        for number in 0..9 {
            village.post(&format!("f{number} {STRANGER} bonjour {number}")).await.unwrap();
        }
        // Who writes faster than they are answered loses the rest.
        assert_eq!(village.answers().await.len(), 5);
    }
}
