//! The clinic keeps how a room is, and whoever opens it anew finds it so.

use crate::world::{World, key, person, who};
use signaling_protocol::{ClientMessage, ErrorCode, Grants, Role};
use signaling_session::{Legacy, RoomRecord, SocketId};

const DOCTOR: u128 = 1;
const PATIENT: u128 = 2;
const AGAIN_US: i64 = 5_000_000;

fn come(world: &mut World) -> (SocketId, SocketId) {
    let doctor = world.enter(person(DOCTOR, Role::Clinician, true));
    let patient = world.enter(person(PATIENT, Role::Patient, true));
    for socket in [doctor, patient] {
        let key = key("K");
        world.say(socket, ClientMessage::PublicKey { key });
    }
    (doctor, patient)
}

fn unseen() -> Grants {
    let mut grants = Grants::ALL;
    grants.publish.camera = false;
    grants
}

fn encrypt(world: &mut World, by: SocketId, on: bool) {
    world.say(by, ClientMessage::Encrypt { on });
}

fn grant(world: &mut World, by: SocketId, grants: Grants) {
    let participant = who(PATIENT);
    world.say(
        by,
        ClientMessage::Grant {
            participant,
            grants,
        },
    );
}

/// The room is forgotten by its node, and opened from what the clinic has.
fn reopened(world: &World) -> World {
    World::with(RoomRecord {
        legacy: world.legacy.clone(),
        ..RoomRecord::default()
    })
}

#[test]
fn a_room_that_is_opened_anew_by_a_pass_is_as_it_was() {
    let mut world = World::new();
    let (doctor, _) = come(&mut world);
    encrypt(&mut world, doctor, true);
    grant(&mut world, doctor, unseen());
    let mut heir = reopened(&world);
    // The first who comes has a fresh pass, and nobody shows a ticket.
    let patient = heir.enter(person(PATIENT, Role::Patient, true));
    let snapshot = heir.page(patient).snapshot.clone().unwrap();
    assert!(snapshot.encrypted);
    assert_eq!(snapshot.me.grants, unseen());
    let late = heir.enter_door(person(3, Role::Guest, true));
    let refused = heir.page(late).closed;
    assert!(refused.is_some(), "a program cannot encrypt");
    // What was found is not written again.
    assert_eq!(heir.keeps, []);
    let doctor = heir.enter(person(DOCTOR, Role::Clinician, true));
    encrypt(&mut heir, doctor, false);
    grant(&mut heir, doctor, Grants::ALL);
    assert_eq!(heir.legacy, Legacy::default());
}

#[test]
fn nobody_encrypts_before_the_clinic_keeps_it() {
    let mut world = World::new();
    let (doctor, _) = come(&mut world);
    world.prompt = false;
    encrypt(&mut world, doctor, true);
    assert!(!world.room.is_encrypted());
    world.keep(false);
    assert!(!world.room.is_encrypted());
    assert_eq!(world.last_error(doctor), Some(ErrorCode::Unavailable));
    // Nobody knows whether it was written: the clinic is told how the room is.
    assert_eq!(world.keeps, []);
    world.wait(AGAIN_US);
    world.keep(true);
    assert_eq!(world.legacy, Legacy::default());
    encrypt(&mut world, doctor, true);
    world.keep(true);
    assert!(world.room.is_encrypted());
}

#[test]
fn who_comes_while_the_clinic_writes_is_not_left_out() {
    let mut world = World::new();
    let (doctor, _) = come(&mut world);
    world.prompt = false;
    encrypt(&mut world, doctor, true);
    world.enter(person(3, Role::Guest, true));
    world.keep(true);
    assert!(!world.room.is_encrypted());
    assert_eq!(world.last_error(doctor), Some(ErrorCode::OutOfOrder));
    world.keep(true);
    assert!(!world.legacy.encrypted);
}

#[test]
fn who_thinks_better_of_it_is_not_overtaken() {
    let mut world = World::new();
    let (doctor, _) = come(&mut world);
    world.prompt = false;
    encrypt(&mut world, doctor, true);
    encrypt(&mut world, doctor, false);
    world.keep(true);
    assert!(!world.room.is_encrypted());
    world.keep(true);
    assert_eq!(world.legacy, Legacy::default());
}

#[test]
fn a_restriction_holds_at_once_and_is_kept_when_the_clinic_can() {
    let mut world = World::new();
    let (doctor, patient) = come(&mut world);
    world.prompt = false;
    grant(&mut world, doctor, unseen());
    let me = world.member(PATIENT).unwrap();
    assert_eq!(me.grants, unseen());
    world.keep(false);
    for socket in [doctor, patient] {
        world.lose(socket);
    }
    // Longer than a room without people is kept otherwise.
    world.wait(200_000_000);
    world.keep(false);
    world.wait(200_000_000);
    assert!(!world.finished, "it goes when it is kept");
    world.keep(true);
    world.wait(AGAIN_US);
    assert!(world.finished);
    assert_eq!(world.legacy.curbed, [(who(PATIENT), unseen())]);
}
