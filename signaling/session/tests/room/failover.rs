//! Pages hold failover tickets, and come back with them when the node that had the room is gone.

use crate::world::{World, hash, person, who};
use signaling_protocol::{Bye, FailoverTicket, Role, RoomId, ServerMessage, Stage};
use signaling_session::{CloseReason, Input, Limits, Room, RoomRecord};
use uuid::Uuid;

const DOCTOR: u128 = 1;
const PATIENT: u128 = 2;
const EVERY_US: i64 = 20_000_000;

fn limits() -> Limits {
    Limits {
        vouch_us: Some(EVERY_US),
        ..Limits::default()
    }
}

fn world() -> World {
    let id = RoomId::from_uuid(Uuid::from_u128(77));
    World::around(Room::visit(
        id,
        RoomRecord::default(),
        Vec::new(),
        limits(),
        0,
    ))
}

#[test]
fn every_page_gets_a_ticket_for_its_newest_token_and_a_new_one_in_time() {
    let mut world = world();
    let doctor = world.enter(person(DOCTOR, Role::Clinician, false));
    let first = hash(&world.token(doctor));
    assert_eq!(world.vouched, [(who(DOCTOR), first)]);
    let failover = FailoverTicket {
        ticket: "a.b.c".to_owned(),
        nodes: Vec::new(),
    };
    world.input(Input::Vouched {
        participant: who(DOCTOR),
        failover: failover.clone(),
    });
    let told = ServerMessage::Failover(failover);
    assert_eq!(world.page(doctor).heard.last(), Some(&told));

    world.wait(EVERY_US - 1);
    assert_eq!(world.vouched.len(), 1);
    world.wait(1);
    assert_eq!(world.vouched, [(who(DOCTOR), first); 2]);

    world.lose(doctor);
    let again = world.resume(&world.token(doctor));
    let second = hash(&world.token(again));
    assert_eq!(world.vouched.last(), Some(&(who(DOCTOR), second)));
    world.lose(again);
    world.wait(EVERY_US);
    assert_eq!(world.vouched.len(), 3, "who is away is told nothing");
}

#[test]
fn programs_telephones_tests_and_a_server_that_is_alone_have_none() {
    let mut world = world();
    world.enter_door(person(PATIENT, Role::Patient, true));
    world.call(person(3, Role::Patient, true), None);
    assert_eq!(world.vouched, []);
    let id = RoomId::from_uuid(Uuid::from_u128(78));
    let mut test = World::around(Room::connection_test(id, limits(), 0));
    test.enter(person(DOCTOR, Role::Clinician, false));
    assert_eq!(test.vouched, []);
    let mut alone = World::new();
    alone.enter(person(DOCTOR, Role::Clinician, false));
    alone.wait(EVERY_US);
    assert_eq!(alone.vouched, []);
}

#[test]
fn who_comes_back_is_who_the_clinic_says_and_waits_if_it_says_so() {
    let mut world = world();
    let doctor = world.come_back("old", person(DOCTOR, Role::Clinician, true));
    let patient = world.come_back("older", person(PATIENT, Role::Patient, false));
    assert_eq!(world.page(doctor).stage, Some(Stage::Admitted));
    assert_eq!(world.page(patient).stage, Some(Stage::Lobby));
    assert_eq!(world.vouched.len(), 2);
}

#[test]
fn who_was_welcomed_here_meanwhile_resumes() {
    let mut world = world();
    let doctor = world.come_back("old", person(DOCTOR, Role::Clinician, true));
    let token = world.token(doctor);
    let again = world.come_back(&token, person(DOCTOR, Role::Clinician, true));
    assert_eq!(
        world.page(doctor).closed,
        Some(CloseReason::Bye(Bye::Replaced))
    );
    assert_eq!(world.page(again).stage, Some(Stage::Admitted));
    assert_eq!(world.events.len(), 1, "nobody arrived a second time");
}
