//! A room that goes to another node.

use crate::world::{World, connection, key, person, sdp, who};
use signaling_protocol::{
    Bye, ClientMessage, Grants, Role, ServerMessage, Source, SourceMid, Stage,
};
use signaling_session::{CloseReason, Input, Legacy, MOVE_SETTLE_US, MediaCommand, SocketId};

const DOCTOR: u128 = 1;
const PATIENT: u128 = 2;
const PATIENCE_US: i64 = 15_000_000;

/// A doctor and a patient who talk.
fn visit() -> (World, SocketId, SocketId) {
    let mut world = World::new();
    let doctor = world.enter(person(DOCTOR, Role::Clinician, false));
    let patient = world.enter(person(PATIENT, Role::Patient, true));
    for (socket, n) in [(doctor, 1), (patient, 2)] {
        let offer = ClientMessage::Offer {
            connection: connection(n),
            offer_no: 1,
            sdp: sdp(),
            sources: vec![SourceMid {
                mid: "0".to_owned(),
                source: Source::Microphone,
            }],
        };
        world.say(socket, offer);
    }
    (world, doctor, patient)
}

fn go(world: &mut World) {
    world.input(Input::Move {
        patience_us: PATIENCE_US,
    });
}

fn closed(world: &World, socket: SocketId) -> Option<CloseReason> {
    world.page(socket).closed
}

const SENT_ON: Option<CloseReason> = Some(CloseReason::Bye(Bye::Restarting));

fn drops_media(world: &World) -> bool {
    world.media.contains(&MediaCommand::CloseRoom)
}

#[test]
fn a_room_that_moves_closes_a_moment_after_its_last_page_is_there() {
    let (mut world, doctor, patient) = visit();
    go(&mut world);
    for socket in [doctor, patient] {
        assert_eq!(world.page(socket).heard.last(), Some(&ServerMessage::Move));
    }
    world.say(doctor, ClientMessage::Moved);
    world.wait(2 * MOVE_SETTLE_US);
    assert_eq!(
        closed(&world, doctor),
        None,
        "the patient still hears the doctor here"
    );
    world.say(patient, ClientMessage::Moved);
    world.wait(MOVE_SETTLE_US - 1);
    assert_eq!(closed(&world, doctor), None);
    world.wait(1);
    assert_eq!(closed(&world, doctor), SENT_ON);
    assert_eq!(closed(&world, patient), SENT_ON);
    assert!(
        drops_media(&world),
        "what they send here is not forwarded any more"
    );
}

#[test]
fn who_cannot_move_is_sent_on_in_the_end() {
    let (mut world, doctor, patient) = visit();
    go(&mut world);
    world.say(doctor, ClientMessage::Moved);
    world.wait(PATIENCE_US - 1);
    assert_eq!(closed(&world, patient), None);
    world.wait(1);
    assert_eq!(closed(&world, patient), SENT_ON);
    assert_eq!(closed(&world, doctor), SENT_ON);
}

#[test]
fn nobody_waits_for_who_has_gone_or_has_no_page() {
    let (mut world, doctor, patient) = visit();
    let _telephone = world.call(person(7, Role::Guest, true), None);
    go(&mut world);
    world.say(doctor, ClientMessage::Moved);
    world.lose(patient);
    world.wait(MOVE_SETTLE_US);
    assert_eq!(closed(&world, doctor), SENT_ON);
}

#[test]
fn who_waits_in_the_lobby_moves_as_well() {
    let mut world = World::new();
    let patient = world.enter(person(PATIENT, Role::Patient, false));
    assert_eq!(world.page(patient).stage, Some(Stage::Lobby));
    go(&mut world);
    world.say(patient, ClientMessage::Moved);
    assert_eq!(world.last_error(patient), None);
    world.wait(MOVE_SETTLE_US);
    assert_eq!(closed(&world, patient), SENT_ON);
}

#[test]
fn moved_without_being_asked_does_nothing() {
    let (mut world, doctor, _) = visit();
    world.say(doctor, ClientMessage::Moved);
    world.wait(2 * MOVE_SETTLE_US);
    assert_eq!(closed(&world, doctor), None);
}

#[test]
fn the_end_of_a_visit_that_moves_is_its_end() {
    let (mut world, doctor, patient) = visit();
    go(&mut world);
    world.say(doctor, ClientMessage::End);
    let ended = Some(CloseReason::Bye(Bye::Ended));
    assert_eq!(closed(&world, patient), ended);
}

#[test]
fn who_encrypts_breaks_off_before_they_begin_elsewhere() {
    let (mut world, doctor, patient) = visit();
    for socket in [doctor, patient] {
        world.say(socket, ClientMessage::PublicKey { key: key("AAAA") });
    }
    world.say(doctor, ClientMessage::Encrypt { on: true });
    assert!(world.room.legacy().encrypted);
    go(&mut world);
    assert_eq!(closed(&world, patient), SENT_ON);
    assert!(!world.page(patient).heard.contains(&ServerMessage::Move));
}

#[test]
fn grants_and_encryption_go_with_the_room() {
    let (mut world, doctor, _) = visit();
    let mut silent = Grants::ALL;
    silent.publish.microphone = false;
    let grant = ClientMessage::Grant {
        participant: who(PATIENT),
        grants: silent,
    };
    world.say(doctor, grant);
    let mut legacy = world.room.legacy();
    assert_eq!(legacy.curbed, [(who(PATIENT), silent)]);

    let mut heir = World::new();
    legacy.encrypted = true;
    let early = heir.enter(person(PATIENT, Role::Patient, true));
    heir.input(Input::Inherit { legacy });
    assert!(heir.room.is_encrypted());
    let heard = &heir.page(early).heard;
    assert!(heard.contains(&ServerMessage::Granted { grants: silent }));
    assert!(heard.contains(&ServerMessage::Encryption { on: true }));

    let (mut open, _, _) = visit();
    open.input(Input::Inherit {
        legacy: Legacy::default(),
    });
    assert!(!open.room.is_encrypted());
}
