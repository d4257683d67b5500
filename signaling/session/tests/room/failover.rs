//! Pages hold failover tickets, and come back with them when the node that had the room is gone.

use crate::world::{World, hash, key, person, who};
use signaling_protocol::{
    Bye, ClientMessage, FailoverTicket, Grants, Quality, Role, RoomId, ServerMessage, Stage,
};
use signaling_session::{CloseReason, Input, Limits, Room, RoomRecord, SocketId, Standing};
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
        Some(CloseReason::Bye(Bye::Restarting))
    );
    assert_eq!(world.page(again).stage, Some(Stage::Admitted));
    assert_eq!(world.events.len(), 1, "nobody arrived a second time");
}

fn standing(encrypted: bool, grants: Grants) -> Standing {
    Standing { encrypted, grants }
}

fn deaf() -> Grants {
    let mut grants = Grants::ALL;
    grants.publish.camera = false;
    grants.subscribe = false;
    grants
}

/// Speaks, so that its Welcome was read.
fn speak(world: &mut World, socket: SocketId) {
    let quality = Quality::default();
    world.say(socket, ClientMessage::Quality { quality });
}

#[test]
fn a_ticket_says_at_once_what_a_clinician_has_changed() {
    let mut world = world();
    let doctor = world.enter(person(DOCTOR, Role::Clinician, false));
    let patient = world.enter(person(PATIENT, Role::Patient, true));
    for socket in [doctor, patient] {
        let key = key("a");
        world.say(socket, ClientMessage::PublicKey { key });
    }
    assert_eq!(world.standings, [standing(false, Grants::ALL); 2]);
    let grant = |grants| ClientMessage::Grant {
        participant: who(PATIENT),
        grants,
    };
    world.say(doctor, grant(deaf()));
    let token = hash(&world.token(patient));
    assert_eq!(world.vouched.last(), Some(&(who(PATIENT), token)));
    assert_eq!(world.standings.last(), Some(&standing(false, deaf())));
    world.say(doctor, ClientMessage::Encrypt { on: true });
    let both = [standing(true, Grants::ALL), standing(true, deaf())];
    assert_eq!(world.standings[3..], both, "everybody");
    world.say(doctor, grant(Grants::ALL));
    world.say(doctor, ClientMessage::Encrypt { on: false });
    let none = standing(false, Grants::ALL);
    assert_eq!(
        world.standings[5..],
        [standing(true, Grants::ALL), none, none]
    );
    world.wait(EVERY_US);
    assert_eq!(world.standings[8..], [none; 2]);
}

#[test]
fn a_visit_in_which_people_encrypt_goes_on_so_whoever_comes_first() {
    let mut world = world();
    let doctor = person(DOCTOR, Role::Clinician, true);
    let doctor = world.return_with("a", doctor, standing(true, Grants::ALL));
    let snapshot = world.page(doctor).snapshot.clone().unwrap();
    assert!(snapshot.encrypted);
    // A ticket of the moment before switches nothing off.
    let patient = world.come_back("b", person(PATIENT, Role::Patient, true));
    assert!(world.page(patient).snapshot.clone().unwrap().encrypted);

    let mut world = self::world();
    let patient = world.come_back("b", person(PATIENT, Role::Patient, true));
    assert!(!world.page(patient).snapshot.clone().unwrap().encrypted);
    let doctor = person(DOCTOR, Role::Clinician, true);
    world.return_with("a", doctor, standing(true, Grants::ALL));
    let told = ServerMessage::Encryption { on: true };
    assert!(world.page(patient).heard.contains(&told));
}

#[test]
fn who_was_restricted_is_so_after_a_failure_and_a_clinician_never() {
    let mut world = world();
    let doctor = person(DOCTOR, Role::Clinician, true);
    let doctor = world.return_with("a", doctor, standing(false, deaf()));
    let me = world.page(doctor).snapshot.clone().unwrap().me;
    assert_eq!(me.grants, Grants::ALL);
    let patient = person(PATIENT, Role::Patient, true);
    let patient = world.return_with("b", patient, standing(false, deaf()));
    let me = world.page(patient).snapshot.clone().unwrap().me;
    assert_eq!(me.grants, deaf());
    // What a clinician says here counts more than a ticket of before.
    let mut grants = deaf();
    grants.publish.microphone = false;
    let participant = who(PATIENT);
    world.say(
        doctor,
        ClientMessage::Grant {
            participant,
            grants,
        },
    );
    let patient = world.come_back("c", person(PATIENT, Role::Patient, true));
    let me = world.page(patient).snapshot.clone().unwrap().me;
    assert_eq!(me.grants, grants);
}

#[test]
fn a_late_hello_sends_nobody_away_and_a_token_that_was_followed_is_over() {
    let mut world = world();
    let doctor = world.enter(person(DOCTOR, Role::Clinician, false));
    let first = world.token(doctor);
    // The page gave up a socket after its Hello, and that Hello comes last.
    let newer = world.resume(&first);
    let late = world.resume(&first);
    let back = Some(CloseReason::Bye(Bye::Restarting));
    assert_eq!(world.page(newer).closed, back, "it comes back");
    let newest = world.resume(&first);
    assert_eq!(world.page(late).closed, back);
    speak(&mut world, newest);
    let late = world.resume(&first);
    let refused = Some(CloseReason::Bye(Bye::Unauthorized));
    assert_eq!(world.page(late).closed, refused);
    assert_eq!(world.page(newest).closed, None);
}

#[test]
fn what_was_shown_stays_good_until_a_welcome_was_read() {
    let mut world = world();
    let doctor = person(DOCTOR, Role::Clinician, true);
    for _ in 0..4 {
        let socket = world.come_back("old", doctor.clone());
        assert_eq!(world.page(socket).stage, Some(Stage::Admitted));
        world.lose(socket);
    }
    let socket = world.come_back("old", doctor);
    let token = world.token(socket);
    for _ in 0..4 {
        let socket = world.resume(&token);
        assert_eq!(world.page(socket).stage, Some(Stage::Admitted));
        world.lose(socket);
    }
    assert_eq!(world.events.len(), 1, "nobody arrived a second time");
}
