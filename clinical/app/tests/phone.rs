//! Callers at the door: the PIN, its hours, guesses, and what is written down.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod support;

use clinical_app::Actor;
use clinical_app::booking::cancel;
use clinical_app::visits::{
    Desk, PhoneEntry, PhoneError, PhoneNumbers, PhoneWay, PhoneWayError, VisitEvent,
    admit_by_phone, new_phone_pin, phone_way, record_visit_event, redeem,
};
use clinical_model::booking::Appointment;
use clinical_model::{AuditActor, AuditEntry, AuditOutcome};
use clinical_store::on_both_engines;
use clinical_store::testbed::{TestDb, audit_outcomes};
use clinical_store::visits::count_phone_try;
use signaling_protocol::{ParticipantId, RoomId};
use signaling_ticket::Purpose;
use support::{MIN, MONDAY, Practice, TENANT, here};

const NUMBER: &str = "+33 1 99 00 12 34";
const CALLER: Option<&str> = Some("+33612345678");

/// One visit on Monday 08:00, seen at 07:45, at a practice that has a number.
struct Visit {
    practice: Practice,
    doctor: Actor,
    patient: Actor,
    appointment: Appointment,
    link: String,
}

impl Visit {
    async fn booked(db: TestDb) -> Self {
        let mut practice = Practice::open(db);
        let numbers = PhoneNumbers::new(vec![(NUMBER.to_owned(), TENANT)]);
        practice.desk = practice.desk.with_phones(numbers);
        let doctor = practice.doctor(1).await;
        let patient = practice.patient(2).await;
        practice.at(-15);
        let booked = practice.book(&patient, &doctor, 0).await.unwrap();
        Self {
            practice,
            doctor,
            patient,
            appointment: booked.record.appointment,
            link: booked.link.token.to_text(),
        }
    }

    fn desk(&self) -> &Desk {
        &self.practice.desk
    }

    async fn way(&self) -> Option<PhoneWay> {
        let id = self.appointment.id;
        phone_way(self.desk(), &self.patient, id).await.unwrap()
    }

    async fn pin(&self) -> String {
        self.way().await.unwrap().pin.expose().to_owned()
    }

    /// Six digits that are not the PIN.
    async fn wrong_pin(&self, n: u32) -> String {
        let pin: u32 = self.pin().await.parse().unwrap();
        format!("{:06}", (pin + 1 + n) % 1_000_000)
    }

    async fn call(&self, typed: &str, caller: Option<&str>) -> Result<PhoneEntry, PhoneError> {
        // As a carrier writes it.
        admit_by_phone(self.desk(), "33199001234", typed, caller).await
    }

    async fn tell(&self, event: VisitEvent) {
        let room = RoomId::from_uuid(self.appointment.room.as_uuid());
        record_visit_event(self.desk(), room, event).await.unwrap();
    }
}

fn is_refused(result: &Result<PhoneEntry, PhoneError>) -> bool {
    matches!(result, Err(PhoneError::NotAccepted))
}

on_both_engines! {
    async fn the_right_pin_gives_the_patients_pass(db) {
        let visit = Visit::booked(db).await;
        let entry = visit.call(&visit.pin().await, CALLER).await.unwrap();
        assert_eq!(entry.appointment, visit.appointment.id);
        let by_link = redeem(visit.desk(), here(), &visit.link).await.unwrap();
        let purpose = visit.practice.pass(&entry.ticket).purpose;
        assert_eq!(purpose, visit.practice.pass(&by_link.ticket).purpose);
        let Purpose::Visit { admitted, .. } = purpose else { panic!("{purpose:?}") };
        assert!(!admitted, "they wait until the doctor lets them in");
        assert_eq!(by_link.phone, visit.way().await, "whoever came by link reads it there");
        // A bad line: once more, and a number that is withheld.
        visit.call(&visit.pin().await, None).await.unwrap();
    }

    async fn a_pin_is_refused_at_another_number_and_wrong_ones_everywhere(db) {
        let visit = Visit::booked(db).await;
        let pin = visit.pin().await;
        let elsewhere = admit_by_phone(visit.desk(), "+33199001235", &pin, CALLER).await;
        assert!(is_refused(&elsewhere));
        for typed in ["", "12345", "1234567", "12a456"] {
            assert!(is_refused(&visit.call(typed, CALLER).await), "{typed}");
        }
        assert!(is_refused(&visit.call(&visit.wrong_pin(0).await, CALLER).await));
        assert!(visit.call(&pin, CALLER).await.is_ok());
    }

    async fn nine_wrong_ones_lock_a_caller_for_an_hour_and_nobody_else(db) {
        let visit = Visit::booked(db).await;
        let pin = visit.pin().await;
        for n in 0..9 {
            assert!(is_refused(&visit.call(&visit.wrong_pin(n).await, CALLER).await));
        }
        // The answer to a locked caller is that to a wrong PIN.
        assert!(is_refused(&visit.call(&pin, CALLER).await));
        assert!(visit.call(&pin, Some("+33612345679")).await.is_ok());
        assert!(visit.call(&pin, None).await.is_ok());
        // Trying on does not make it longer.
        visit.practice.at(44);
        assert!(is_refused(&visit.call(&pin, CALLER).await));
        visit.practice.at(45);
        assert!(visit.call(&pin, CALLER).await.is_ok());
    }

    async fn a_right_one_forgets_the_wrong_ones_before(db) {
        let visit = Visit::booked(db).await;
        let pin = visit.pin().await;
        for _ in 0..2 {
            for n in 0..8 {
                assert!(is_refused(&visit.call(&visit.wrong_pin(n).await, CALLER).await));
            }
            assert!(visit.call(&pin, CALLER).await.is_ok());
        }
    }

    async fn guessing_with_ever_new_numbers_ends_too(db) {
        let visit = Visit::booked(db).await;
        let pin = visit.pin().await;
        let mut tx = visit.practice.db.begin().await.unwrap();
        for n in 0..900 {
            let caller = format!("+336{n:08}");
            let now = MONDAY.plus(-15 * MIN);
            assert!(count_phone_try(&mut tx, TENANT, Some(&caller), now).await.unwrap());
        }
        let entry = AuditEntry::done(AuditActor::System, "test.guesses", MONDAY);
        tx.commit(entry).await.unwrap();
        assert!(is_refused(&visit.call(&pin, CALLER).await));
        visit.practice.at(46);
        assert!(visit.call(&pin, CALLER).await.is_ok());
    }

    async fn the_door_has_its_hours(db) {
        let visit = Visit::booked(db).await;
        let pin = visit.pin().await;
        let opens_at = MONDAY.plus(-30 * MIN);
        visit.practice.at(-31);
        let early = visit.call(&pin, CALLER).await;
        assert!(matches!(early, Err(PhoneError::TooEarly { opens_at: at }) if at == opens_at));
        visit.practice.at(-30 - 12 * 60);
        assert!(is_refused(&visit.call(&pin, CALLER).await), "half a day before it is unknown");
        visit.practice.at(15 + 3 * 60 - 1);
        assert!(visit.call(&pin, CALLER).await.is_ok());
        visit.practice.at(15 + 3 * 60);
        assert!(matches!(visit.call(&pin, CALLER).await, Err(PhoneError::Over)));
    }

    async fn a_visit_that_goes_on_is_open_and_one_that_ended_or_was_cancelled_is_over(db) {
        let visit = Visit::booked(db).await;
        let pin = visit.pin().await;
        visit.practice.at(5);
        visit.tell(VisitEvent::Started).await;
        visit.practice.at(15 + 4 * 60);
        assert!(visit.call(&pin, CALLER).await.is_ok());
        let by = ParticipantId::from_uuid(visit.appointment.doctor_participant.as_uuid());
        visit.tell(VisitEvent::Ended { by }).await;
        assert!(matches!(visit.call(&pin, CALLER).await, Err(PhoneError::Over)));
        assert_eq!(visit.way().await, None);

        visit.practice.at(60 * 24);
        let next = visit.practice.book(&visit.patient, &visit.doctor, 60 * 24 + 15).await.unwrap();
        let id = next.record.appointment.id;
        let way = phone_way(visit.desk(), &visit.patient, id).await.unwrap().unwrap();
        assert!(visit.call(way.pin.expose(), CALLER).await.is_ok());
        cancel(visit.desk(), &visit.patient, id).await.unwrap();
        let cancelled = visit.call(way.pin.expose(), CALLER).await;
        assert!(matches!(cancelled, Err(PhoneError::Over)));
    }

    async fn a_new_pin_replaces_the_old_one(db) {
        let visit = Visit::booked(db).await;
        let (old, id) = (visit.pin().await, visit.appointment.id);
        let made = new_phone_pin(visit.desk(), &visit.doctor, id).await.unwrap();
        assert_ne!(made.pin.expose(), old);
        assert_eq!(Some(&made), visit.way().await.as_ref());
        assert!(is_refused(&visit.call(&old, CALLER).await));
        assert!(visit.call(made.pin.expose(), CALLER).await.is_ok());
        let stranger = visit.practice.doctor(3).await;
        let refused = new_phone_pin(visit.desk(), &stranger, id).await;
        assert!(matches!(refused, Err(PhoneWayError::NotFound)));
    }

    async fn one_pin_lets_in_thirty_times(db) {
        let visit = Visit::booked(db).await;
        let pin = visit.pin().await;
        for _ in 0..30 {
            visit.call(&pin, CALLER).await.unwrap();
        }
        assert!(is_refused(&visit.call(&pin, CALLER).await));
    }

    async fn a_practice_without_a_number_has_no_way_in(db) {
        let mut visit = Visit::booked(db).await;
        visit.practice.desk = visit.practice.desk.with_phones(PhoneNumbers::default());
        assert_eq!(visit.way().await, None);
        let made = new_phone_pin(visit.desk(), &visit.doctor, visit.appointment.id).await;
        assert!(matches!(made, Err(PhoneWayError::Unreachable)));
        assert!(is_refused(&visit.call("123456", CALLER).await));
    }

    async fn every_try_is_written_down(db) {
        let visit = Visit::booked(db).await;
        let pin = visit.pin().await;
        assert!(is_refused(&visit.call(&visit.wrong_pin(0).await, CALLER).await));
        visit.call(&pin, CALLER).await.unwrap();
        let mut conn = visit.practice.db.read().await.unwrap();
        let tries = audit_outcomes(&mut conn, "visits.call_in").await.unwrap();
        assert_eq!(tries, [AuditOutcome::Refused.as_str(), AuditOutcome::Done.as_str()]);
    }
}

#[test]
fn a_number_is_found_however_it_is_written() {
    let numbers = PhoneNumbers::new(vec![(NUMBER.to_owned(), TENANT)]);
    assert_eq!(numbers.facility_of("+33199001234"), Some(TENANT));
    assert_eq!(numbers.facility_of("33199001234"), Some(TENANT));
    assert_eq!(numbers.facility_of("+33199001235"), None);
    assert_eq!(numbers.facility_of(""), None);
    assert_eq!(numbers.number_of(TENANT), Some(NUMBER));
}
