//! Visits in which people encrypt for each other.

use crate::world::{World, key, person, who};
use signaling_protocol::{ClientMessage, ErrorCode, Role, ServerMessage};
use signaling_session::SocketId;

const DOCTOR: u128 = 1;
const PATIENT: u128 = 2;
const ENCRYPT: ClientMessage = ClientMessage::Encrypt { on: true };

fn visit() -> (World, SocketId, SocketId) {
    let mut world = World::new();
    let doctor = world.enter(person(DOCTOR, Role::Clinician, false));
    let patient = world.enter(person(PATIENT, Role::Patient, true));
    (world, doctor, patient)
}

fn public_key(text: &str) -> ClientMessage {
    ClientMessage::PublicKey { key: key(text) }
}

#[test]
fn encryption_begins_when_everybody_in_the_visit_has_a_key() {
    let (mut world, doctor, patient) = visit();
    world.say(doctor, public_key("D"));
    world.say(doctor, ENCRYPT);
    assert_eq!(world.last_error(doctor), Some(ErrorCode::OutOfOrder));
    assert!(!world.room.is_encrypted());
    world.say(patient, public_key("P"));
    world.say(doctor, ENCRYPT);
    assert!(world.room.is_encrypted());
    for socket in [doctor, patient] {
        let told = ServerMessage::Encryption { on: true };
        assert_eq!(world.page(socket).heard.last(), Some(&told));
    }
    let late = world.enter(person(3, Role::Guest, true));
    assert!(world.page(late).snapshot.as_ref().unwrap().encrypted);
}

#[test]
fn keys_are_seen_by_the_others_and_another_window_has_none_of_the_first() {
    let (mut world, doctor, patient) = visit();
    world.say(patient, public_key("P"));
    let seen = |world: &World| world.page(doctor).others[&who(PATIENT)].public_key.clone();
    assert_eq!(seen(&world), Some(key("P")));
    world.enter(person(PATIENT, Role::Patient, true));
    assert_eq!(seen(&world), None);
}

#[test]
fn a_sealed_key_reaches_the_one_it_is_for() {
    let (mut world, doctor, patient) = visit();
    world.say(
        doctor,
        ClientMessage::SealedKey {
            to: who(PATIENT),
            key: key("S"),
        },
    );
    let passed = ServerMessage::SealedKey {
        from: who(DOCTOR),
        key: key("S"),
    };
    assert_eq!(world.page(patient).heard.last(), Some(&passed));
    world.enter(person(7, Role::Patient, false));
    world.say(
        doctor,
        ClientMessage::SealedKey {
            to: who(7),
            key: key("S"),
        },
    );
    let error = world.last_error(doctor);
    assert_eq!(error, Some(ErrorCode::UnknownParticipant));
}
