//! What happens in a visit, told step by step.

use crate::world::{World, chat_id, connection, person, sdp, text, who};
use signaling_protocol::{
    Bye, ClientMessage, ErrorCode, PARTICIPANTS_MAX, Role, RoomId, ServerMessage, Source,
    SourceMid, Sources, Stage,
};
use signaling_session::{
    CloseReason, Complaint, EMPTY_GRACE_US, Input, Limits, MediaCommand, OfferRefusal, Room,
    RoomRecord, SEAT_KEPT_US, SocketId, VisitEvent,
};
use uuid::Uuid;

const DOCTOR: u128 = 1;
const PATIENT: u128 = 2;
const GUEST: u128 = 3;

/// A doctor and an admitted patient.
fn visit() -> (World, SocketId, SocketId) {
    let mut world = World::new();
    let doctor = world.enter(person(DOCTOR, Role::Clinician, false));
    let patient = world.enter(person(PATIENT, Role::Patient, false));
    world.say(doctor, admit(PATIENT));
    (world, doctor, patient)
}

fn admit(n: u128) -> ClientMessage {
    ClientMessage::Admit {
        participant: who(n),
    }
}

fn remove(n: u128) -> ClientMessage {
    ClientMessage::Remove {
        participant: who(n),
    }
}

fn offer(connection_no: u128, offer_no: u32) -> ClientMessage {
    ClientMessage::Offer {
        connection: connection(connection_no),
        offer_no,
        sdp: sdp(),
        sources: vec![SourceMid {
            mid: "0".to_owned(),
            source: Source::Microphone,
        }],
    }
}

fn chat(id: u128, words: &str) -> ClientMessage {
    ClientMessage::Chat {
        id: chat_id(id),
        text: text(words),
    }
}

fn on() -> Sources {
    Sources {
        microphone: true,
        camera: true,
        screen: false,
    }
}

fn answer(world: &mut World, n: u128, connection_no: u128, offer_no: u32) {
    world.input(Input::Answered {
        participant: who(n),
        connection: connection(connection_no),
        offer_no,
        result: Ok(sdp()),
    });
}

fn closed(world: &World, socket: SocketId) -> Option<CloseReason> {
    world.page(socket).closed
}

#[test]
fn nobody_in_the_lobby_can_do_anything_but_wait_and_leave() {
    let mut world = World::new();
    let patient = world.enter(person(PATIENT, Role::Patient, false));
    for message in [
        offer(1, 1),
        ClientMessage::Media { sources: on() },
        ClientMessage::View {
            slots: Vec::new(),
            pinned: None,
        },
        chat(1, "hello"),
        ClientMessage::ChatRead { seq: 1 },
        admit(PATIENT),
        ClientMessage::End,
    ] {
        let before = world.page(patient).heard.len();
        world.say(patient, message.clone());
        assert_eq!(world.page(patient).heard.len(), before + 1, "{message:?}");
        assert_eq!(world.last_error(patient), Some(ErrorCode::NotAdmitted));
    }
    assert!(world.media.is_empty());
    assert!(world.stored.is_empty());
    world.say(patient, ClientMessage::Leave);
    assert_eq!(closed(&world, patient), Some(CloseReason::Bye(Bye::Left)));
}

#[test]
fn a_patient_is_admitted_after_it_is_on_record() {
    let mut world = World::new();
    world.prompt = false;
    let doctor = world.enter(person(DOCTOR, Role::Clinician, false));
    let patient = world.enter(person(PATIENT, Role::Patient, false));
    world.say(doctor, admit(PATIENT));
    world.say(doctor, admit(PATIENT));
    assert_eq!(world.records.len(), 1, "asked once");
    assert_eq!(world.page(patient).stage, Some(Stage::Lobby));
    world.record(false);
    assert_eq!(world.page(patient).stage, Some(Stage::Lobby));
    assert_eq!(world.last_error(doctor), Some(ErrorCode::Unavailable));
    world.say(doctor, admit(PATIENT));
    world.record(true);
    assert_eq!(world.page(patient).stage, Some(Stage::Admitted));
    assert_eq!(
        world.events,
        [
            VisitEvent::Arrived {
                participant: who(DOCTOR),
                role: Role::Clinician
            },
            VisitEvent::Arrived {
                participant: who(PATIENT),
                role: Role::Patient
            },
            VisitEvent::Admitted {
                participant: who(PATIENT),
                by: who(DOCTOR)
            },
            VisitEvent::Started,
        ]
    );
}

#[test]
fn those_who_wait_hear_whether_a_clinician_is_there() {
    let mut world = World::new();
    let patient = world.enter(person(PATIENT, Role::Patient, false));
    let said = |world: &World| {
        let heard = world.page(patient).heard.iter();
        heard
            .filter_map(|message| match message {
                ServerMessage::HostPresent { present } => Some(*present),
                _ => None,
            })
            .collect::<Vec<_>>()
    };
    let doctor = world.enter(person(DOCTOR, Role::Clinician, false));
    assert_eq!(said(&world), [true]);
    world.lose(doctor);
    assert_eq!(said(&world), [true, false]);
}

#[test]
fn only_clinicians_moderate() {
    let (mut world, _, patient) = visit();
    let _guest = world.enter(person(GUEST, Role::Guest, false));
    for message in [
        admit(GUEST),
        ClientMessage::Refuse {
            participant: who(GUEST),
        },
        ClientMessage::Mute {
            participant: who(DOCTOR),
        },
        remove(DOCTOR),
        ClientMessage::End,
    ] {
        world.say(patient, message);
        assert_eq!(world.last_error(patient), Some(ErrorCode::Forbidden));
    }
    assert_eq!(world.room.roster().len(), 3);
}

#[test]
fn an_offer_is_answered_and_carries_what_is_switched_on() {
    let (mut world, _, patient) = visit();
    world.say(patient, ClientMessage::Media { sources: on() });
    world.say(patient, offer(1, 1));
    assert!(matches!(
        world.media.as_slice(),
        [MediaCommand::Connect { participant, on: sources, .. }]
            if *participant == who(PATIENT) && *sources == on()
    ));
    answer(&mut world, PATIENT, 1, 1);
    assert!(matches!(
        world.page(patient).heard.last(),
        Some(ServerMessage::Answer { offer_no: 1, .. })
    ));
}

#[test]
fn of_offers_that_wait_the_newest_is_taken() {
    let (mut world, _, patient) = visit();
    for offer_no in 1..=4 {
        world.say(patient, offer(1, offer_no));
    }
    assert_eq!(world.media.len(), 1);
    answer(&mut world, PATIENT, 1, 1);
    assert!(matches!(
        world.media.last(),
        Some(MediaCommand::Connect { offer_no: 4, .. })
    ));
    assert_eq!(world.media.len(), 2);
}

#[test]
fn a_refused_offer_is_told_and_changes_nothing() {
    let (mut world, _, patient) = visit();
    world.say(patient, offer(1, 1));
    world.input(Input::Answered {
        participant: who(PATIENT),
        connection: connection(1),
        offer_no: 1,
        result: Err(OfferRefusal {
            code: ErrorCode::BadOffer,
            detail: "no codec".to_owned(),
        }),
    });
    assert_eq!(world.last_error(patient), Some(ErrorCode::BadOffer));
    world.lose(patient);
    let token = world.token(patient);
    let back = world.resume(&token);
    assert_eq!(world.page(back).snapshot.as_ref().unwrap().connection, None);
}

#[test]
fn a_muted_person_is_dropped_at_the_server_and_told() {
    let (mut world, doctor, patient) = visit();
    world.say(patient, offer(1, 1));
    answer(&mut world, PATIENT, 1, 1);
    world.say(patient, ClientMessage::Media { sources: on() });
    world.say(
        doctor,
        ClientMessage::Mute {
            participant: who(PATIENT),
        },
    );
    assert!(matches!(
        world.media.last(),
        Some(MediaCommand::SetSources { on, .. }) if !on.microphone && on.camera
    ));
    assert_eq!(
        world.page(patient).heard.last(),
        Some(&ServerMessage::Muted)
    );
    let seen = &world.page(doctor).others[&who(PATIENT)];
    assert!(!seen.sources.microphone && seen.sources.camera);
}

#[test]
fn chat_is_shown_after_it_is_stored_and_once_for_each_id() {
    let (mut world, doctor, patient) = visit();
    world.prompt = false;
    world.say(patient, chat(1, "bonjour"));
    world.say(patient, chat(1, "bonjour"));
    assert!(world.page(doctor).chat.is_empty());
    world.store(false);
    assert_eq!(world.last_error(patient), Some(ErrorCode::Unavailable));
    world.say(patient, chat(1, "bonjour"));
    world.say(doctor, chat(2, "hello"));
    world.store(true);
    world.store(true);
    world.say(patient, chat(1, "bonjour"));
    assert!(world.posts.is_empty(), "known, so not stored again");
    for page in [doctor, patient] {
        let words: Vec<_> = world
            .page(page)
            .chat
            .iter()
            .map(|m| m.text.as_str())
            .collect();
        assert_eq!(words, ["bonjour", "hello"]);
    }
    let echoes = world.page(doctor).heard.iter();
    let echoes = echoes.filter(|heard| matches!(heard, ServerMessage::Chat { .. }));
    assert_eq!(echoes.count(), 2, "a repeat is shown to its author only");
}

#[test]
fn a_message_that_was_stored_although_the_answer_got_lost_is_shown_when_repeated() {
    let (mut world, doctor, patient) = visit();
    world.prompt = false;
    world.say(patient, chat(1, "first"));
    let (_, lost) = world.posts[0].clone();
    world.append(lost);
    world.store(false);
    world.say(doctor, chat(2, "second"));
    world.store(true);
    world.say(patient, chat(1, "first"));
    world.store(true);
    let shown = world.page(doctor).heard.iter();
    let shown = shown.filter_map(|heard| match heard {
        ServerMessage::Chat { message } => Some(message.seq),
        _ => None,
    });
    assert_eq!(shown.collect::<Vec<_>>(), [2, 1]);
    let late = world.enter(person(9, Role::Clinician, false));
    let seqs: Vec<_> = world.page(late).chat.iter().map(|m| m.seq).collect();
    assert_eq!(seqs, [1, 2]);
}

#[test]
fn the_id_of_another_authors_message_is_refused() {
    let (mut world, doctor, patient) = visit();
    world.say(patient, chat(1, "mine"));
    world.say(doctor, chat(1, "yours"));
    assert_eq!(world.last_error(doctor), Some(ErrorCode::Malformed));
    assert_eq!(world.stored.len(), 1);
}

#[test]
fn one_author_cannot_use_up_the_waiting_places() {
    let (mut world, doctor, patient) = visit();
    world.prompt = false;
    for n in 0..50 {
        world.say(patient, chat(100 + n, "flood"));
    }
    assert_eq!(world.last_error(patient), Some(ErrorCode::Unavailable));
    world.say(doctor, chat(1, "calm"));
    assert_eq!(world.last_error(doctor), None);
}

#[test]
fn a_snapshot_stays_within_the_size_of_a_message() {
    let (mut world, _, patient) = visit();
    let long = "\"".repeat(signaling_protocol::CHAT_CHARS_MAX);
    for n in 0..300 {
        world.say(patient, chat(n, &long));
    }
    let token = world.token(patient);
    let back = world.resume(&token);
    let welcome = world.page(back).heard.first().unwrap();
    let bytes = serde_json::to_string(welcome).unwrap().len();
    assert!(bytes < signaling_protocol::MESSAGE_BYTES_MAX, "{bytes}");
    let chat = &world.page(back).snapshot.as_ref().unwrap().chat;
    assert_eq!(chat.last().unwrap().seq, 300);
    assert!(chat.len() >= 3);
}

#[test]
fn a_read_mark_rises_only_and_not_beyond_the_last_message() {
    let (mut world, doctor, patient) = visit();
    world.say(patient, chat(1, "one"));
    world.say(patient, chat(2, "two"));
    for seq in [1, 99, 1] {
        world.say(doctor, ClientMessage::ChatRead { seq });
    }
    assert_eq!(world.marks, [(who(DOCTOR), 1), (who(DOCTOR), 2)]);
    world.lose(doctor);
    let back = world.enter(person(DOCTOR, Role::Clinician, false));
    assert_eq!(world.page(back).snapshot.as_ref().unwrap().chat_read, 2);
}

#[test]
fn a_lost_person_keeps_seat_and_media_and_comes_back_as_the_same() {
    let (mut world, doctor, patient) = visit();
    world.say(patient, ClientMessage::Media { sources: on() });
    world.say(patient, offer(1, 1));
    answer(&mut world, PATIENT, 1, 1);
    world.lose(patient);
    assert!(!world.page(doctor).others[&who(PATIENT)].connected);
    world.wait(SEAT_KEPT_US - 1);
    let token = world.token(patient);
    let back = world.resume(&token);
    let snapshot = world.page(back).snapshot.clone().unwrap();
    assert_eq!(snapshot.stage, Stage::Admitted);
    assert_eq!(snapshot.connection, Some(connection(1)));
    assert_eq!(snapshot.me.sources, on());
    let disconnects = world.media.iter();
    let mut disconnects = disconnects.filter(|m| matches!(m, MediaCommand::Disconnect { .. }));
    assert!(disconnects.next().is_none());
}

#[test]
fn a_seat_is_given_up_after_its_time() {
    let (mut world, doctor, patient) = visit();
    world.say(patient, offer(1, 1));
    answer(&mut world, PATIENT, 1, 1);
    world.lose(patient);
    world.wait(SEAT_KEPT_US);
    assert!(world.page(doctor).others.is_empty());
    assert!(matches!(
        world.media.last(),
        Some(MediaCommand::Disconnect { participant }) if *participant == who(PATIENT)
    ));
    let token = world.token(patient);
    let back = world.resume(&token);
    assert_eq!(
        closed(&world, back),
        Some(CloseReason::Bye(Bye::Unauthorized))
    );
}

#[test]
fn a_reload_replaces_the_window_and_keeps_admission() {
    let (mut world, _, patient) = visit();
    world.say(patient, ClientMessage::Media { sources: on() });
    world.say(patient, offer(1, 1));
    answer(&mut world, PATIENT, 1, 1);
    let old = world.token(patient);
    let again = world.enter(person(PATIENT, Role::Patient, false));
    assert_eq!(
        closed(&world, patient),
        Some(CloseReason::Bye(Bye::Replaced))
    );
    let snapshot = world.page(again).snapshot.clone().unwrap();
    assert_eq!(snapshot.stage, Stage::Admitted);
    assert_eq!(snapshot.me.sources, on());
    assert_eq!(snapshot.connection, None, "the old page's media is dropped");
    let fight = world.resume(&old);
    assert_eq!(
        closed(&world, fight),
        Some(CloseReason::Bye(Bye::Unauthorized)),
        "the replaced window cannot take over again"
    );
}

#[test]
fn an_earlier_token_works_when_the_welcome_with_the_newer_was_lost() {
    let (mut world, _, patient) = visit();
    let first = world.token(patient);
    world.lose(patient);
    let second = world.resume(&first);
    world.lose(second);
    let third = world.resume(&first);
    assert_eq!(closed(&world, third), None);
}

#[test]
fn a_removed_person_comes_back_to_the_lobby_only() {
    let (mut world, doctor, patient) = visit();
    world.say(patient, offer(1, 1));
    answer(&mut world, PATIENT, 1, 1);
    let token = world.token(patient);
    world.say(doctor, remove(PATIENT));
    assert_eq!(
        closed(&world, patient),
        Some(CloseReason::Bye(Bye::Removed))
    );
    assert!(matches!(
        world.media.last(),
        Some(MediaCommand::Disconnect { .. })
    ));
    let resumed = world.resume(&token);
    assert_eq!(
        closed(&world, resumed),
        Some(CloseReason::Bye(Bye::Unauthorized))
    );
    let fresh = world.enter(person(PATIENT, Role::Patient, true));
    assert_eq!(world.page(fresh).stage, Some(Stage::Lobby));
    world.say(doctor, admit(PATIENT));
    assert_eq!(world.page(fresh).stage, Some(Stage::Admitted));
}

#[test]
fn a_refused_person_is_told_and_gone() {
    let mut world = World::new();
    let doctor = world.enter(person(DOCTOR, Role::Clinician, false));
    let guest = world.enter(person(GUEST, Role::Guest, false));
    let token = world.token(guest);
    world.say(
        doctor,
        ClientMessage::Refuse {
            participant: who(GUEST),
        },
    );
    assert_eq!(closed(&world, guest), Some(CloseReason::Bye(Bye::Refused)));
    let back = world.resume(&token);
    assert_eq!(
        closed(&world, back),
        Some(CloseReason::Bye(Bye::Unauthorized))
    );
}

#[test]
fn whoever_was_admitted_before_a_restart_does_not_wait_again() {
    let mut world = World::new();
    let patient = world.enter(person(PATIENT, Role::Patient, true));
    assert_eq!(world.page(patient).stage, Some(Stage::Admitted));
}

#[test]
fn whoever_waits_and_was_let_in_by_the_clinic_enters_by_a_fresh_ticket() {
    let mut world = World::new();
    world.prompt = false;
    let doctor = world.enter(person(DOCTOR, Role::Clinician, false));
    world.enter(person(PATIENT, Role::Patient, false));
    world.say(doctor, admit(PATIENT));
    let fresh = world.enter(person(PATIENT, Role::Patient, true));
    assert_eq!(world.page(fresh).stage, Some(Stage::Admitted));
    let heard = world.page(fresh).heard.len();
    world.record(true);
    assert_eq!(world.page(fresh).heard.len(), heard, "let in once");
}

#[test]
fn a_revoked_link_takes_its_person_out() {
    let (mut world, _, patient) = visit();
    world.input(Input::Drop {
        participant: who(PATIENT),
        reason: Bye::Removed,
    });
    assert_eq!(
        closed(&world, patient),
        Some(CloseReason::Bye(Bye::Removed))
    );
    let fresh = world.enter(person(PATIENT, Role::Patient, true));
    assert_eq!(world.page(fresh).stage, Some(Stage::Lobby));
}

#[test]
fn an_admission_on_its_way_does_not_survive_a_revoked_link() {
    let mut world = World::new();
    world.prompt = false;
    let doctor = world.enter(person(DOCTOR, Role::Clinician, false));
    world.enter(person(GUEST, Role::Guest, false));
    world.say(doctor, admit(GUEST));
    world.input(Input::Drop {
        participant: who(GUEST),
        reason: Bye::Removed,
    });
    // With tickets from before the link was revoked.
    let again = world.enter(person(GUEST, Role::Guest, false));
    world.record(true);
    assert_eq!(world.page(again).stage, Some(Stage::Lobby));
    world.say(again, ClientMessage::Leave);
    let late = world.enter(person(GUEST, Role::Guest, true));
    assert_eq!(world.page(late).stage, Some(Stage::Lobby));
}

#[test]
fn a_room_that_is_over_says_so_again_to_whoever_knocks_late() {
    let (mut world, doctor, _) = visit();
    world.say(doctor, ClientMessage::End);
    assert!(world.finished);
    world.finished = false;
    let late = world.enter(person(PATIENT, Role::Patient, true));
    assert_eq!(closed(&world, late), Some(CloseReason::Bye(Bye::Ended)));
    assert!(world.finished, "the room would be kept for ever");

    let mut world = World::new();
    world.wait(EMPTY_GRACE_US);
    assert!(world.finished);
    world.finished = false;
    world.resume("of nobody");
    assert!(world.finished, "an empty room would be kept for ever");
    world.finished = false;
    let patient = world.enter(person(PATIENT, Role::Patient, false));
    assert_eq!(world.page(patient).stage, Some(Stage::Lobby));
    assert!(!world.finished);
}

#[test]
fn only_the_clinicians_end_ends_the_visit() {
    let (mut world, doctor, patient) = visit();
    world.say(patient, ClientMessage::Leave);
    world.say(doctor, ClientMessage::Leave);
    world.wait(EMPTY_GRACE_US);
    assert!(world.finished, "an empty room is dropped");
    let ended = world.events.iter();
    let mut ended = ended.filter(|event| matches!(event, VisitEvent::Ended { .. }));
    assert!(ended.next().is_none(), "and not ended");

    let (mut world, doctor, patient) = visit();
    world.say(patient, offer(1, 1));
    world.prompt = false;
    world.say(doctor, ClientMessage::End);
    assert_eq!(closed(&world, patient), None, "not before it is on record");
    world.record(true);
    for socket in [doctor, patient] {
        assert_eq!(closed(&world, socket), Some(CloseReason::Bye(Bye::Ended)));
    }
    assert_eq!(world.media.last(), Some(&MediaCommand::CloseRoom));
    assert!(world.finished);
    let late = world.enter(person(GUEST, Role::Guest, true));
    assert_eq!(closed(&world, late), Some(CloseReason::Bye(Bye::Ended)));
}

#[test]
fn nobody_comes_into_a_visit_that_was_ended_earlier() {
    let mut world = World::with(RoomRecord {
        ended: true,
        ..RoomRecord::default()
    });
    let doctor = world.enter(person(DOCTOR, Role::Clinician, false));
    assert_eq!(closed(&world, doctor), Some(CloseReason::Bye(Bye::Ended)));
    assert!(world.events.is_empty());
}

#[test]
fn a_full_lobby_does_not_lock_the_clinician_out() {
    let mut world = World::new();
    for n in 0..PARTICIPANTS_MAX as u128 + 2 {
        world.enter(person(100 + n, Role::Guest, false));
    }
    assert_eq!(world.room.roster().len(), PARTICIPANTS_MAX - 1);
    let doctor = world.enter(person(DOCTOR, Role::Clinician, false));
    assert_eq!(closed(&world, doctor), None);
    let late = world.enter(person(GUEST, Role::Guest, false));
    assert_eq!(
        closed(&world, late),
        Some(CloseReason::Refused(ErrorCode::Full))
    );
}

#[test]
fn a_silent_room_says_heartbeats() {
    let (mut world, doctor, _) = visit();
    let due = world.room.poll_timeout().unwrap();
    world.wait(due - world.now_us);
    assert_eq!(
        world.page(doctor).heard.last(),
        Some(&ServerMessage::Heartbeat)
    );
}

#[test]
fn a_socket_that_misbehaves_is_closed_and_its_person_keeps_the_seat() {
    let (mut world, doctor, patient) = visit();
    world.input(Input::Complain {
        socket: patient,
        complaint: Complaint {
            code: ErrorCode::Malformed,
            detail: "x".to_owned(),
            last: true,
        },
    });
    assert_eq!(
        closed(&world, patient),
        Some(CloseReason::Bye(Bye::Misbehaved))
    );
    assert!(!world.page(doctor).others[&who(PATIENT)].connected);
    world.input(Input::Slow { socket: doctor });
    assert_eq!(
        closed(&world, doctor),
        Some(CloseReason::Bye(Bye::SlowReader))
    );
}

#[test]
fn slots_reach_their_page_also_when_they_come_before_the_answer() {
    let (mut world, _, patient) = visit();
    let slots = vec![signaling_protocol::SlotBinding {
        mid: "1".to_owned(),
        participant: who(DOCTOR),
        source: Source::Camera,
    }];
    let input = |slots: &Vec<signaling_protocol::SlotBinding>| Input::Slots {
        participant: who(PATIENT),
        connection: connection(1),
        slots: slots.clone(),
    };
    world.say(patient, offer(1, 1));
    world.input(input(&slots));
    answer(&mut world, PATIENT, 1, 1);
    assert!(matches!(
        world.page(patient).heard.as_slice(),
        [.., ServerMessage::Answer { .. }, ServerMessage::Slots { slots: told, .. }]
            if *told == slots
    ));
    world.input(Input::MediaLost {
        participant: who(PATIENT),
        connection: connection(1),
    });
    assert!(matches!(
        world.page(patient).heard.last(),
        Some(ServerMessage::MediaLost { .. })
    ));
    let before = world.page(patient).heard.len();
    world.input(input(&slots));
    assert_eq!(
        world.page(patient).heard.len(),
        before,
        "of a dead connection"
    );
}

#[test]
fn a_connection_test_is_private_unrecorded_and_short() {
    let limits = Limits::default();
    let id = RoomId::from_uuid(Uuid::from_u128(5));
    let mut world = World::around(Room::connection_test(id, limits, 0));
    let tester = world.enter(person(PATIENT, Role::Guest, true));
    world.say(tester, offer(1, 1));
    answer(&mut world, PATIENT, 1, 1);
    world.say(tester, chat(1, "hello"));
    assert_eq!(world.last_error(tester), Some(ErrorCode::OutOfOrder));
    world.wait(limits.test_us);
    assert_eq!(
        closed(&world, tester),
        Some(CloseReason::Bye(Bye::TestOver))
    );
    assert_eq!(world.media.last(), Some(&MediaCommand::CloseRoom));
    assert!(world.finished && world.events.is_empty());

    let mut world = World::around(Room::connection_test(id, limits, 0));
    let tester = world.enter(person(PATIENT, Role::Guest, true));
    world.lose(tester);
    assert!(world.finished, "nobody comes back to a test");
}
