//! Programs at the standard doors (WHIP, WHEP), which know nothing of lobbies.

use crate::world::{World, connection, key, person, sdp, who};
use signaling_protocol::{
    Bye, ClientMessage, ErrorCode, Grants, Role, ServerMessage, Source, SourceMid, Sources, Stage,
};
use signaling_session::{CloseReason, Input, MediaCommand, SocketId};

const DOCTOR: u128 = 1;
const PATIENT: u128 = 2;

fn offer(offer_no: u32) -> ClientMessage {
    let source = |mid: &str, source| SourceMid {
        mid: mid.to_owned(),
        source,
    };
    ClientMessage::Offer {
        connection: connection(1),
        offer_no,
        sdp: sdp(),
        sources: vec![source("0", Source::Microphone), source("1", Source::Camera)],
    }
}

fn answered(offer_no: u32) -> Input {
    Input::Answered {
        participant: who(PATIENT),
        connection: connection(1),
        offer_no,
        result: Ok(sdp()),
    }
}

/// A doctor on a page, and a patient's program that has offered and waits.
fn waiting() -> (World, SocketId, SocketId) {
    let mut world = World::new();
    let doctor = world.enter(person(DOCTOR, Role::Clinician, false));
    let program = world.enter_door(person(PATIENT, Role::Patient, false));
    world.say(program, offer(1));
    (world, doctor, program)
}

fn admit() -> ClientMessage {
    ClientMessage::Admit {
        participant: who(PATIENT),
    }
}

fn sources(world: &World) -> Sources {
    let roster = world.room.roster();
    let member = roster.iter().find(|member| member.id == who(PATIENT));
    member.unwrap().sources
}

#[test]
fn a_program_that_waits_is_answered_and_granted_nothing_until_it_is_admitted() {
    let (mut world, doctor, program) = waiting();
    assert_eq!(world.page(program).stage, Some(Stage::Lobby));
    assert!(matches!(
        world.media.last(),
        Some(MediaCommand::Connect { grants, on, .. })
            if *grants == Grants::NONE && on.microphone && on.camera && !on.screen
    ));
    world.input(answered(1));
    let heard = world.page(program).heard.last().unwrap();
    assert!(matches!(heard, ServerMessage::Answer { offer_no: 1, .. }));

    world.say(doctor, admit());
    assert!(matches!(
        world.media.last(),
        Some(MediaCommand::SetGrants { grants, .. }) if *grants == Grants::ALL
    ));
    assert_eq!(world.page(program).stage, Some(Stage::Admitted));
}

#[test]
fn what_a_program_offers_is_shown_as_on() {
    let (world, doctor, _) = waiting();
    let on = sources(&world);
    assert!(on.microphone && on.camera && !on.screen);
    let seen = world.page(doctor).others[&who(PATIENT)].sources;
    assert_eq!(seen, on);
}

#[test]
fn an_ice_restart_lifts_no_mute() {
    let (mut world, doctor, program) = waiting();
    world.input(answered(1));
    world.say(doctor, admit());
    let mute = ClientMessage::Mute {
        participant: who(PATIENT),
    };
    world.say(doctor, mute);
    assert!(!sources(&world).microphone);
    world.say(program, offer(2));
    assert!(!sources(&world).microphone);
    assert!(matches!(
        world.media.last(),
        Some(MediaCommand::Connect { on, grants, .. })
            if !on.microphone && on.camera && *grants == Grants::ALL
    ));
}

#[test]
fn an_offer_that_is_answered_after_admission_is_granted_everything() {
    let (mut world, doctor, _) = waiting();
    world.say(doctor, admit());
    world.input(answered(1));
    // In this order: the media server answers, then it is told of the grants.
    let kinds: Vec<bool> = world
        .media
        .iter()
        .map(|command| matches!(command, MediaCommand::SetGrants { .. }))
        .collect();
    assert_eq!(kinds, [false, true]);
}

#[test]
fn a_program_may_do_nothing_but_offer_and_leave_while_it_waits() {
    let (mut world, _, program) = waiting();
    world.say(program, ClientMessage::ChatRead { seq: 1 });
    assert_eq!(world.last_error(program), Some(ErrorCode::NotAdmitted));
    world.say(program, ClientMessage::Leave);
    let closed = world.page(program).closed;
    assert_eq!(closed, Some(CloseReason::Bye(Bye::Left)));
    assert!(matches!(
        world.media.last(),
        Some(MediaCommand::Disconnect { .. })
    ));
}

#[test]
fn a_page_of_the_same_person_takes_the_seat_and_waits_without_media() {
    let (mut world, _, program) = waiting();
    let page = world.enter(person(PATIENT, Role::Patient, false));
    let closed = world.page(program).closed;
    assert_eq!(closed, Some(CloseReason::Bye(Bye::Replaced)));
    let before = world.media.len();
    world.say(page, offer(1));
    assert_eq!(world.last_error(page), Some(ErrorCode::NotAdmitted));
    assert_eq!(world.media.len(), before);
}

#[test]
fn a_program_has_no_place_where_people_encrypt() {
    let (mut world, doctor, program) = waiting();
    let public_key = ClientMessage::PublicKey { key: key("D") };
    world.say(doctor, public_key);
    world.say(doctor, ClientMessage::Encrypt { on: true });
    assert!(world.room.is_encrypted());
    world.say(doctor, admit());
    assert_eq!(world.last_error(doctor), Some(ErrorCode::OutOfOrder));
    assert_eq!(world.page(program).stage, Some(Stage::Lobby));

    let late = world.enter_door(person(7, Role::Guest, true));
    let closed = world.page(late).closed;
    assert_eq!(closed, Some(CloseReason::Refused(ErrorCode::OutOfOrder)));
}

#[test]
fn encryption_that_begins_while_an_admission_is_recorded_wins() {
    let (mut world, doctor, program) = waiting();
    world.say(doctor, ClientMessage::PublicKey { key: key("D") });
    world.prompt = false;
    world.say(doctor, admit());
    world.say(doctor, ClientMessage::Encrypt { on: true });
    world.keep(true);
    world.record(true);
    assert_eq!(world.page(program).stage, Some(Stage::Lobby));
}
