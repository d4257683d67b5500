//! Recording with everybody's consent, and not without.

use crate::world::{World, chat_id, key, person, text, who};
use signaling_protocol::{
    CONSENT_WORDING, ClientMessage, ErrorCode, Purpose, Recording, RecordingEnd, RecordingPhase,
    Role, ServerMessage,
};
use signaling_session::{Input, MediaCommand, SocketId, TapCommand, VisitEvent};

const DOCTOR: u128 = 1;
const PATIENT: u128 = 2;
const RECORD: ClientMessage = ClientMessage::Record { on: true };
const AGREE: ClientMessage = ClientMessage::Consent {
    agree: true,
    wording: CONSENT_WORDING,
    purpose: Purpose::Recording,
};
const DECLINE: ClientMessage = ClientMessage::Consent {
    agree: false,
    wording: CONSENT_WORDING,
    purpose: Purpose::Recording,
};

fn visit() -> (World, SocketId, SocketId) {
    let mut world = World::new();
    let doctor = world.enter(person(DOCTOR, Role::Clinician, false));
    let patient = world.enter(person(PATIENT, Role::Patient, true));
    (world, doctor, patient)
}

/// A visit that is recorded.
fn recorded() -> (World, SocketId, SocketId) {
    let (mut world, doctor, patient) = visit();
    world.say(doctor, RECORD);
    world.say(patient, AGREE);
    assert!(world.taping);
    (world, doctor, patient)
}

fn told(world: &World, socket: SocketId) -> Recording {
    let heard = world.page(socket).heard.iter().rev();
    heard
        .filter_map(|message| match message {
            ServerMessage::Recording { recording } => Some(recording.clone()),
            _ => None,
        })
        .next()
        .unwrap()
}

#[test]
fn it_begins_when_everybody_has_agreed_and_all_of_it_is_on_record() {
    let (mut world, doctor, patient) = visit();
    world.say(doctor, RECORD);
    let asked = told(&world, patient);
    assert_eq!(asked.phase, RecordingPhase::Asking);
    assert_eq!(asked.asked_by, Some(who(DOCTOR)));
    assert_eq!(asked.waiting_for, [who(PATIENT)], "who asks agrees");
    assert!(!world.taping);
    world.say(patient, AGREE);
    assert!(world.taping);
    for socket in [doctor, patient] {
        assert_eq!(told(&world, socket).phase, RecordingPhase::Running);
    }
    world.say(doctor, ClientMessage::Record { on: false });
    assert!(!world.taping);
    assert_eq!(told(&world, patient).ended, Some(RecordingEnd::Stopped));
    let given = |n| VisitEvent::ConsentGiven {
        purpose: Purpose::Recording,
        participant: who(n),
        wording: CONSENT_WORDING,
    };
    let about: Vec<_> = world.events.iter().skip(2).copied().collect();
    let expected = [
        VisitEvent::ConsentAsked {
            purpose: Purpose::Recording,
            by: who(DOCTOR),
        },
        given(DOCTOR),
        given(PATIENT),
        VisitEvent::ConsentOver {
            purpose: Purpose::Recording,
            why: RecordingEnd::Stopped,
        },
    ];
    assert_eq!(about, expected);
}

#[test]
fn an_agreement_counts_when_the_clinic_has_it_and_not_before() {
    let (mut world, doctor, patient) = visit();
    world.say(doctor, RECORD);
    world.prompt = false;
    world.say(patient, AGREE);
    assert!(world.recorders.is_empty());
    world.record(false);
    assert_eq!(world.last_error(patient), Some(ErrorCode::Unavailable));
    assert!(world.recorders.is_empty());
    world.say(patient, AGREE);
    world.record(true);
    assert_eq!(told(&world, doctor).phase, RecordingPhase::Starting);
    assert!(!world.taping);
    world.open_recorder(true);
    assert!(world.taping);
}

#[test]
fn a_late_joiner_pauses_it_until_they_agree_or_have_gone() {
    let (mut world, doctor, _patient) = recorded();
    let late = world.enter(person(3, Role::Guest, true));
    assert!(!world.taping);
    let snapshot = world.page(late).snapshot.clone().unwrap();
    assert_eq!(snapshot.recording.waiting_for, [who(3)]);
    assert_eq!(told(&world, doctor).phase, RecordingPhase::Paused);
    world.say(late, AGREE);
    assert!(world.taping);
    let later = world.enter(person(4, Role::Guest, true));
    assert!(!world.taping);
    world.say(later, ClientMessage::Leave);
    assert!(world.taping);
}

#[test]
fn somebody_who_waits_in_the_lobby_stops_nothing_and_is_told_nothing() {
    let (mut world, doctor, _patient) = recorded();
    let waiting = world.enter(person(3, Role::Guest, false));
    assert!(world.taping);
    let snapshot = world.page(waiting).snapshot.clone().unwrap();
    assert_eq!(snapshot.recording, Recording::default());
    world.say(
        doctor,
        ClientMessage::Admit {
            participant: who(3),
        },
    );
    assert!(!world.taping);
}

#[test]
fn who_takes_their_agreement_back_ends_it_at_once() {
    let (mut world, doctor, patient) = recorded();
    world.prompt = false;
    world.say(patient, DECLINE);
    assert!(!world.taping);
    assert_eq!(told(&world, doctor).ended, Some(RecordingEnd::Declined));
    let refused = VisitEvent::ConsentRefused {
        purpose: Purpose::Recording,
        participant: who(PATIENT),
    };
    assert!(world.events.contains(&refused));
    world.say(patient, AGREE);
    assert_eq!(world.last_error(patient), Some(ErrorCode::OutOfOrder));
    assert!(!world.taping);
}

#[test]
fn an_agreement_on_its_way_is_older_than_its_withdrawal() {
    let (mut world, doctor, patient) = visit();
    world.say(doctor, RECORD);
    world.prompt = false;
    world.say(patient, AGREE);
    world.say(patient, DECLINE);
    world.prompt = true;
    world.say(doctor, RECORD);
    world.record(true);
    assert!(
        !world.taping,
        "the first agreement was to another recording"
    );
    assert_eq!(told(&world, doctor).waiting_for, [who(PATIENT)]);
}

#[test]
fn other_words_and_programs_do_not_count() {
    let (mut world, doctor, patient) = visit();
    world.say(doctor, RECORD);
    let other = ClientMessage::Consent {
        agree: true,
        wording: CONSENT_WORDING + 1,
        purpose: Purpose::Recording,
    };
    world.say(patient, other);
    assert_eq!(world.last_error(patient), Some(ErrorCode::OutOfOrder));
    world.say(patient, AGREE);
    assert!(world.taping);
    // The same person's program takes their seat.
    let program = world.enter_door(person(PATIENT, Role::Patient, true));
    assert!(!world.taping);
    world.say(program, AGREE);
    assert_eq!(world.last_error(program), Some(ErrorCode::Forbidden));
}

#[test]
fn nothing_is_recorded_that_people_encrypt() {
    let (mut world, doctor, patient) = recorded();
    for socket in [doctor, patient] {
        world.say(socket, ClientMessage::PublicKey { key: key("K") });
    }
    world.say(doctor, ClientMessage::Encrypt { on: true });
    assert!(!world.taping);
    assert_eq!(told(&world, patient).ended, Some(RecordingEnd::Encrypted));
    world.say(doctor, RECORD);
    assert_eq!(world.last_error(doctor), Some(ErrorCode::OutOfOrder));
}

#[test]
fn a_recorder_that_fails_is_told_to_everybody_and_the_visit_goes_on() {
    let (mut world, doctor, patient) = recorded();
    let why = RecordingEnd::NoSpace;
    world.input(Input::RecorderFailed {
        purpose: Purpose::Recording,
        why,
    });
    for socket in [doctor, patient] {
        assert_eq!(told(&world, socket).ended, Some(why));
        assert_eq!(world.page(socket).closed, None);
    }
    world.prompt = false;
    world.say(doctor, RECORD);
    world.record(true);
    world.say(patient, AGREE);
    world.record(true);
    world.open_recorder(false);
    assert_eq!(told(&world, patient).ended, Some(RecordingEnd::Failed));
}

#[test]
fn a_recorder_that_comes_too_late_is_closed_and_the_next_one_runs() {
    let (mut world, doctor, patient) = visit();
    world.say(doctor, RECORD);
    world.prompt = false;
    world.say(patient, AGREE);
    world.record(true);
    world.say(doctor, ClientMessage::Record { on: false });
    world.say(doctor, RECORD);
    world.record(true);
    world.say(patient, AGREE);
    world.record(true);
    assert_eq!(world.recorders.len(), 2);
    world.media.clear();
    world.open_recorder(true);
    let closed = MediaCommand::Tap(Purpose::Recording, TapCommand::Close);
    assert_eq!(world.media, [closed]);
    assert!(!world.taping);
    world.open_recorder(true);
    assert!(world.taping);
}

#[test]
fn what_is_written_meanwhile_is_on_the_tape() {
    let (mut world, _doctor, patient) = recorded();
    let chat = |n| ClientMessage::Chat {
        id: chat_id(n),
        text: text("Bonjour"),
    };
    world.say(patient, chat(1));
    assert_eq!(world.said, ["Person 2: Bonjour"]);
    world.say(patient, DECLINE);
    world.say(patient, chat(2));
    assert_eq!(world.said.len(), 1);
}

#[test]
fn the_end_of_the_visit_is_the_end_of_the_recording() {
    let (mut world, doctor, _patient) = recorded();
    world.say(doctor, ClientMessage::End);
    assert!(!world.taping);
    let ended = VisitEvent::ConsentOver {
        purpose: Purpose::Recording,
        why: RecordingEnd::Stopped,
    };
    assert!(world.events.contains(&ended));
}
