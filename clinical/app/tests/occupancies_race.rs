//! Many book, hold, move and cancel the same doctors, rooms and devices at once: nothing is ever
//! kept twice. `RACES` says how many attempts are made per engine.
#![expect(clippy::unwrap_used, reason = "tests")]
#![expect(
    clippy::print_stdout,
    reason = "the figures of a race are for who runs it"
)]

mod support;

use std::collections::HashSet;

use clinical_app::Actor;
use clinical_app::booking::{
    BookCommand, BookError, CancelError, HoldCommand, OverbookCommand, OverbookReason,
    RescheduleError, ResourceRecord, ServiceRecord, appointments, book, book_held, cancel, hold,
    openings, overbook, put_resource, put_service, reschedule,
};
use clinical_model::booking::{AppointmentStage, Modality, Reason};
use clinical_model::{AppointmentId, Micros, Once, ResourceId, Role, ServiceId, UserId};
use clinical_store::{StoreError, on_both_engines};
use support::{MIN, MONDAY, Practice, TENANT};
use tokio::task::JoinSet;
use uuid::Uuid;

/// Attempts when `RACES` does not say.
const RACES: usize = 600;
const TASKS: usize = 16;
const DOCTORS: u128 = 4;
const PATIENTS: u128 = 48;
/// Slots that everybody wants, so that most attempts meet another one.
const SLOTS: u64 = 160;

#[expect(
    clippy::disallowed_methods,
    reason = "the length of a test run is no configuration"
)]
fn races() -> usize {
    std::env::var("RACES").map_or(RACES, |text| text.parse().unwrap())
}

/// Two rooms and one device for four doctors.
async fn scan(practice: &Practice, admin: &Actor) -> ServiceId {
    let mut ids = Vec::new();
    for (is_room, name) in [(true, "Salle 1"), (true, "Salle 2"), (false, "Echographe")] {
        let it = ResourceRecord {
            id: ResourceId::from_uuid(Uuid::nil()),
            tenant: TENANT,
            is_room,
            name: name.to_owned(),
            zone: "Africa/Douala".to_owned(),
            active: true,
            version: 0,
        };
        ids.push(put_resource(&practice.desk, admin, it).await.unwrap().id);
    }
    let (rooms, device) = ids.split_at(2);
    let it = ServiceRecord {
        id: ServiceId::from_uuid(Uuid::nil()),
        tenant: TENANT,
        code: "scan".to_owned(),
        length_min: 15,
        before_min: 0,
        after_min: 5,
        step_min: 15,
        modality: Modality::Video,
        active: true,
        version: 0,
        doctors: Vec::new(),
        needs: vec![rooms.to_vec(), device.to_vec()],
    };
    put_service(&practice.desk, admin, it).await.unwrap().id
}

/// Numbers that look like chance and are the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

#[derive(Default)]
struct Tally {
    booked: Vec<AppointmentId>,
    refused: usize,
    moved: usize,
    cancelled: usize,
    replayed: usize,
}

struct Racer {
    desk: clinical_app::Desk,
    doctors: Vec<UserId>,
    patients: Vec<Actor>,
    service: ServiceId,
    number: u64,
}

impl Racer {
    async fn run(self, attempts: usize) -> Tally {
        let mut dice = Dice(0x9e37_79b9_7f4a_7c15 ^ (self.number + 1));
        let mut tally = Tally::default();
        for attempt in 0..attempts {
            let at = usize::try_from(dice.below(self.patients.len() as u64)).unwrap();
            let doctor = usize::try_from(dice.below(self.doctors.len() as u64)).unwrap();
            let patient = self.patients[at];
            let doctor = self.doctors[doctor];
            let minutes = 15 * i64::try_from(dice.below(SLOTS)).unwrap();
            let start = MONDAY.plus(minutes * MIN);
            let service = (dice.below(2) == 0).then_some(self.service);
            match dice.below(8) {
                0 | 1 => {
                    self.hold_and_book(patient, (doctor, service, start), &mut tally)
                        .await;
                }
                2 => self.change(patient, (&mut dice, start), &mut tally).await,
                _ => {
                    let key = (attempt as u128) << 32 | u128::from(self.number);
                    self.book_twice(patient, (doctor, service, start), key, &mut tally)
                        .await;
                }
            }
        }
        tally
    }

    /// Sends the same request twice, as a phone with a bad connection does.
    async fn book_twice(
        &self,
        mut patient: Actor,
        (doctor, service, start): (UserId, Option<ServiceId>, Micros),
        key: u128,
        tally: &mut Tally,
    ) {
        patient.once = Some(Once {
            key: Uuid::from_u128(key | 1 << 127),
            request: [7; 32],
        });
        let command = BookCommand {
            doctor,
            service,
            start,
            reason: Reason::try_from("").unwrap(),
        };
        let (first, second) = tokio::join!(
            book(&self.desk, &patient, command.clone()),
            book(&self.desk, &patient, command)
        );
        let mut done = 0;
        for result in [first, second] {
            match result {
                Ok(booked) => {
                    done += 1;
                    tally.booked.push(booked.record.appointment.id);
                }
                Err(BookError::SlotTaken | BookError::OwnOverlap) => tally.refused += 1,
                Err(BookError::Store(StoreError::Repeated)) => tally.replayed += 1,
                // A machine that is busy elsewhere: nothing was done, and the person is told so.
                Err(BookError::Store(error)) if error.is_unavailable() => tally.refused += 1,
                Err(error) => unreachable!("{error:?}"),
            }
        }
        assert!(done <= 1, "one key booked twice");
    }

    async fn hold_and_book(
        &self,
        patient: Actor,
        (doctor, service, start): (UserId, Option<ServiceId>, Micros),
        tally: &mut Tally,
    ) {
        let command = HoldCommand {
            doctor,
            service,
            start,
        };
        let kept = match hold(&self.desk, &patient, command).await {
            Ok(kept) => kept,
            Err(BookError::SlotTaken) => {
                tally.refused += 1;
                return;
            }
            Err(BookError::Store(error)) if error.is_unavailable() => {
                tally.refused += 1;
                return;
            }
            Err(error) => unreachable!("{error:?}"),
        };
        let reason = Reason::try_from("").unwrap();
        match book_held(&self.desk, &patient, kept.id, reason).await {
            Ok(booked) => tally.booked.push(booked.record.appointment.id),
            // Another task of the same patient held something else meanwhile.
            Err(BookError::NoHold | BookError::OwnOverlap) => tally.refused += 1,
            Err(BookError::Store(error)) if error.is_unavailable() => tally.refused += 1,
            Err(error) => unreachable!("{error:?}"),
        }
    }

    async fn change(&self, patient: Actor, (dice, to): (&mut Dice, Micros), tally: &mut Tally) {
        let range = (MONDAY, MONDAY.plus(3 * Micros::DAY));
        let mine = appointments(&self.desk, &patient, range).await.unwrap();
        let booked: Vec<_> = mine
            .iter()
            .filter(|it| it.appointment.state.stage() == AppointmentStage::Booked)
            .collect();
        if booked.is_empty() {
            return;
        }
        let at = usize::try_from(dice.below(booked.len() as u64)).unwrap();
        let id = booked[at].appointment.id;
        if dice.below(3) == 0 {
            match reschedule(&self.desk, &patient, id, to).await {
                Ok(_) => tally.moved += 1,
                Err(
                    RescheduleError::SlotTaken
                    | RescheduleError::PatientTaken
                    | RescheduleError::Changed
                    | RescheduleError::State(_),
                ) => tally.refused += 1,
                Err(RescheduleError::Store(error)) if error.is_unavailable() => tally.refused += 1,
                Err(error) => unreachable!("{error:?}"),
            }
        } else {
            match cancel(&self.desk, &patient, id).await {
                Ok(_) => tally.cancelled += 1,
                Err(CancelError::Changed | CancelError::State(_)) => tally.refused += 1,
                Err(CancelError::Store(error)) if error.is_unavailable() => tally.refused += 1,
                Err(error) => unreachable!("{error:?}"),
            }
        }
    }
}

async fn people(practice: &Practice) -> (Vec<UserId>, Vec<Actor>) {
    let mut doctors = Vec::new();
    for n in 1..=DOCTORS {
        doctors.push(practice.doctor(n).await.user);
    }
    let mut patients = Vec::new();
    for n in 0..PATIENTS {
        patients.push(practice.patient(1_000 + n).await);
    }
    (doctors, patients)
}

on_both_engines! {
    async fn racing_for_doctors_rooms_and_devices_never_keeps_one_twice(db) {
        let mut practice = Practice::open(db);
        // Nobody is in a visit; what is told to visits would fill its queue.
        let (_, none) = tokio::sync::mpsc::channel(1);
        let mut told = std::mem::replace(&mut practice.effects, none);
        tokio::spawn(async move { while told.recv().await.is_some() {} });
        let admin = practice.person(900, Role::Admin).await;
        let service = scan(&practice, &admin).await;
        let (doctors, patients) = people(&practice).await;
        let begun = std::time::Instant::now();
        let mut tasks = JoinSet::new();
        for number in 0..TASKS as u64 {
            let racer = Racer {
                desk: practice.desk.clone(),
                doctors: doctors.clone(),
                patients: patients.clone(),
                service,
                number,
            };
            tasks.spawn(racer.run(races().div_ceil(TASKS)));
        }
        let mut total = Tally::default();
        while let Some(tally) = tasks.join_next().await {
            let tally = tally.unwrap();
            total.booked.extend(tally.booked);
            total.refused += tally.refused;
            total.moved += tally.moved;
            total.cancelled += tally.cancelled;
            total.replayed += tally.replayed;
        }
        let mut stored = HashSet::new();
        let mut standing = 0;
        for patient in &patients {
            let range = (MONDAY, MONDAY.plus(3 * Micros::DAY));
            // A list has at most 500; four hours of one patient are far below it.
            for part in 0..10 {
                let from = range.0.plus(part * 240 * MIN);
                let list = appointments(&practice.desk, patient, (from, from.plus(240 * MIN)));
                for record in list.await.unwrap() {
                    stored.insert(record.appointment.id);
                    let stage = record.appointment.state.stage();
                    standing += i64::from(stage == AppointmentStage::Booked);
                }
            }
        }
        let acknowledged: HashSet<_> = total.booked.iter().copied().collect();
        assert_eq!(acknowledged.len(), total.booked.len(), "an id was given twice");
        assert_eq!(acknowledged, stored, "what was acknowledged and what is stored differ");
        let mut tx = practice.db.read().await.unwrap();
        let twice = clinical_store::booking::overlaps(&mut tx, TENANT).await.unwrap();
        assert_eq!(twice, 0, "something is kept twice");
        let kept = clinical_store::booking::occupied(&mut tx, TENANT).await.unwrap();
        assert!((standing..=3 * standing).contains(&kept), "{kept} kept for {standing}");
        println!(
            "{} attempts: {} booked, {} refused, {} repeated keys, {} moved, {} cancelled, {standing} standing, {kept} kept, {twice} overlaps, {:.1} s",
            races(), total.booked.len(), total.refused, total.replayed, total.moved,
            total.cancelled, begun.elapsed().as_secs_f64()
        );
    }

    async fn a_room_is_booked_with_the_doctor_or_nothing_is(db) {
        let practice = Practice::open(db);
        let admin = practice.person(900, Role::Admin).await;
        let service = scan(&practice, &admin).await;
        let (doctors, patients) = people(&practice).await;
        let wish = |doctor: usize| BookCommand {
            doctor: doctors[doctor],
            service: Some(service),
            start: MONDAY,
            reason: Reason::try_from("").unwrap(),
        };
        book(&practice.desk, &patients[0], wish(0)).await.unwrap();
        // There is a second room, but only one device.
        let refused = book(&practice.desk, &patients[1], wish(1)).await;
        assert!(matches!(refused, Err(BookError::SlotTaken)), "{refused:?}");
        let plain = practice.book(&patients[1], &Actor { user: doctors[1], ..patients[1] }, 0).await;
        assert!(plain.is_ok(), "the second doctor stayed free: {plain:?}");
        // Five minutes of cleaning make the next quarter of an hour impossible too.
        let open = openings(&practice.desk, &patients[2], (service, Some(doctors[2])), (MONDAY, 1));
        let open = open.await.unwrap();
        assert_eq!(open[0].slot.start, MONDAY.plus(30 * MIN));
    }

    async fn a_hold_keeps_its_time_for_five_minutes_and_then_gives_way(db) {
        let practice = Practice::open(db);
        let (doctors, patients) = people(&practice).await;
        let doctor = Actor { user: doctors[0], ..patients[0] };
        let command = HoldCommand {
            doctor: doctors[0],
            service: None,
            start: MONDAY.plus(60 * MIN),
        };
        let kept = hold(&practice.desk, &patients[0], command).await.unwrap();
        let refused = practice.book(&patients[1], &doctor, 60).await;
        assert!(matches!(refused, Err(BookError::SlotTaken)), "{refused:?}");
        practice.at(5);
        practice.book(&patients[1], &doctor, 60).await.unwrap();
        let late = book_held(&practice.desk, &patients[0], kept.id, Reason::try_from("").unwrap());
        assert!(matches!(late.await, Err(BookError::NoHold)));
    }

    async fn only_staff_overbook_and_never_a_patient_twice(db) {
        let practice = Practice::open(db);
        let (_, patients) = people(&practice).await;
        let doctor = practice.doctor(50).await;
        practice.book(&patients[0], &doctor, 0).await.unwrap();
        practice.book(&patients[1], &doctor, 60).await.unwrap();
        let wish = |patient: &Actor| OverbookCommand {
            patient: patient.patient.unwrap(),
            doctor: doctor.user,
            service: None,
            start: MONDAY,
            reason: Reason::try_from("").unwrap(),
            because: OverbookReason::Urgent,
        };
        let refused = overbook(&practice.desk, &patients[1], wish(&patients[1])).await;
        assert!(matches!(refused, Err(BookError::Forbidden)), "{refused:?}");
        overbook(&practice.desk, &doctor, wish(&patients[1])).await.unwrap();
        let refused = overbook(&practice.desk, &doctor, wish(&patients[0])).await;
        assert!(matches!(refused, Err(BookError::OwnOverlap)), "{refused:?}");
    }
}
