//! Telephones: alone, beside a page, in place of one that is gone.

use crate::world::{World, key, person, who};
use signaling_protocol::{
    Bye, CONSENT_WORDING, CallBack, ClientMessage, ConnectionId, ErrorCode, Grants, Participant,
    Purpose, RecordingPhase, Role, ServerMessage, Sources, Stage, WayIn,
};
use signaling_session::{
    CloseReason, Input, MediaCommand, PhoneAct, PhoneCommand, PhoneNews, PhoneSound, SEAT_KEPT_US,
    SocketId, VisitEvent,
};

const DOCTOR: u128 = 1;
const PATIENT: u128 = 2;

const OPEN: PhoneSound = PhoneSound {
    speaks: true,
    hears: true,
};
const DEAF: PhoneSound = PhoneSound {
    speaks: false,
    hears: false,
};

fn admit() -> ClientMessage {
    ClientMessage::Admit {
        participant: who(PATIENT),
    }
}

fn microphone(on: bool) -> ClientMessage {
    ClientMessage::Media {
        sources: Sources {
            microphone: on,
            camera: true,
            screen: false,
        },
    }
}

/// A doctor on a page, and a patient's telephone that waits.
fn waiting() -> (World, SocketId, SocketId) {
    let mut world = World::new();
    let doctor = world.enter(person(DOCTOR, Role::Clinician, false));
    let phone = world.call(person(PATIENT, Role::Patient, false), None);
    (world, doctor, phone)
}

/// The same, let in.
fn talking() -> (World, SocketId, SocketId) {
    let (mut world, doctor, phone) = waiting();
    world.say(doctor, admit());
    (world, doctor, phone)
}

fn seen_by(world: &World, socket: SocketId) -> Participant {
    world.page(socket).others[&who(PATIENT)].clone()
}

fn last_sound(world: &World, phone: SocketId) -> Option<PhoneSound> {
    let news = world.phone(phone).news.iter().rev();
    news.filter_map(|news| match news {
        PhoneNews::Admitted { sound, .. } | PhoneNews::Sound(sound) => Some(*sound),
        _ => None,
    })
    .next()
}

#[test]
fn a_caller_waits_is_let_in_and_is_seen_with_a_masked_number() {
    let (mut world, doctor, phone) = waiting();
    let told = PhoneNews::Waiting { host_present: true };
    assert_eq!(world.phone(phone).news, [told]);
    assert!(world.seated.is_empty());
    let seen = seen_by(&world, doctor);
    assert_eq!((seen.way, seen.stage), (WayIn::Phone, Stage::Lobby));
    assert_eq!(seen.phone.unwrap().number, "••• 78");

    world.say(doctor, admit());
    assert_eq!(last_sound(&world, phone), Some(OPEN));
    assert_eq!(world.seated[&who(PATIENT)], OPEN);
    assert!(seen_by(&world, doctor).sources.microphone);
    assert!(world.events.contains(&VisitEvent::Started));
}

#[test]
fn a_caller_hears_that_the_doctor_has_come() {
    let mut world = World::new();
    let phone = world.call(person(PATIENT, Role::Patient, false), None);
    world.enter(person(DOCTOR, Role::Clinician, false));
    let told = [false, true].map(|host_present| PhoneNews::Waiting { host_present });
    assert_eq!(world.phone(phone).news, told);
}

#[test]
fn who_is_not_let_in_taken_out_or_in_a_visit_that_ends_is_hung_up() {
    let (mut world, doctor, phone) = waiting();
    let participant = who(PATIENT);
    world.say(doctor, ClientMessage::Refuse { participant });
    assert_eq!(
        world.phone(phone).closed,
        Some(CloseReason::Bye(Bye::Refused))
    );

    let (mut world, doctor, phone) = talking();
    world.say(doctor, ClientMessage::Remove { participant });
    assert_eq!(
        world.phone(phone).closed,
        Some(CloseReason::Bye(Bye::Removed))
    );
    assert!(world.seated.is_empty());
    let again = world.call(person(PATIENT, Role::Patient, true), None);
    assert_eq!(world.member(PATIENT).unwrap().stage, Stage::Lobby);
    world.say(doctor, ClientMessage::End);
    assert_eq!(
        world.phone(again).closed,
        Some(CloseReason::Bye(Bye::Ended))
    );
}

#[test]
fn a_mute_of_the_doctor_is_told_and_lifted_by_a_key_only() {
    let (mut world, doctor, phone) = talking();
    let participant = who(PATIENT);
    world.say(doctor, ClientMessage::Mute { participant });
    assert_eq!(
        world.seated[&participant],
        PhoneSound {
            speaks: false,
            hears: true
        }
    );
    assert!(world.phone(phone).news.contains(&PhoneNews::Muted));
    assert!(!seen_by(&world, doctor).sources.microphone);
    world.press(phone, PhoneAct::Mute(false));
    assert_eq!(world.seated[&participant], OPEN);
    assert!(seen_by(&world, doctor).sources.microphone);
}

#[test]
fn what_is_not_granted_no_key_gives_back() {
    let (mut world, doctor, phone) = talking();
    let participant = who(PATIENT);
    let grants = Grants::NONE;
    world.say(
        doctor,
        ClientMessage::Grant {
            participant,
            grants,
        },
    );
    world.press(phone, PhoneAct::Mute(true));
    world.press(phone, PhoneAct::Mute(false));
    assert_eq!(world.seated[&participant], DEAF);
    // Nor does calling again.
    world.call(person(PATIENT, Role::Patient, true), None);
    assert_eq!(world.seated[&participant], DEAF);
}

#[test]
fn a_clinician_lowers_a_hand_and_its_person_is_told() {
    let (mut world, doctor, phone) = talking();
    let participant = who(PATIENT);
    let lower = ClientMessage::LowerHand { participant };
    world.say(doctor, lower.clone());
    assert!(!world.phone(phone).news.contains(&PhoneNews::HandLowered));
    world.press(phone, PhoneAct::Hand(true));
    assert!(seen_by(&world, doctor).hand);
    world.say(doctor, lower);
    assert!(!seen_by(&world, doctor).hand);
    assert!(world.phone(phone).news.contains(&PhoneNews::HandLowered));
}

#[test]
fn hold_and_hand_are_shown() {
    let (mut world, doctor, phone) = talking();
    world.press(phone, PhoneAct::Hold(true));
    let seen = seen_by(&world, doctor);
    assert!(seen.phone.unwrap().on_hold && !seen.sources.microphone);
    assert_eq!(last_sound(&world, phone), Some(DEAF));
    world.press(phone, PhoneAct::Hold(false));
    world.press(phone, PhoneAct::Hand(true));
    let seen = seen_by(&world, doctor);
    assert!(seen.hand && seen.sources.microphone);
    assert_eq!(last_sound(&world, phone), Some(OPEN));
}

#[test]
fn who_hangs_up_has_left_and_whose_call_breaks_off_has_a_minute() {
    let (mut world, doctor, phone) = talking();
    world.press(phone, PhoneAct::Leave);
    assert_eq!(world.phone(phone).closed, Some(CloseReason::Bye(Bye::Left)));
    assert!(world.page(doctor).others.is_empty());
    assert!(world.seated.is_empty());

    let (mut world, doctor, phone) = talking();
    world.lose(phone);
    assert!(!seen_by(&world, doctor).connected);
    let again = world.call(person(PATIENT, Role::Patient, false), None);
    assert_eq!(
        last_sound(&world, again),
        Some(OPEN),
        "they were let in before"
    );
    world.lose(again);
    world.wait(SEAT_KEPT_US);
    assert!(world.page(doctor).others.is_empty());
}

#[test]
fn a_second_telephone_of_the_same_person_replaces_the_first() {
    let (mut world, _, phone) = talking();
    let second = world.call(person(PATIENT, Role::Patient, false), None);
    assert_eq!(
        world.phone(phone).closed,
        Some(CloseReason::Bye(Bye::Replaced))
    );
    assert_eq!(last_sound(&world, second), Some(OPEN));
    world.lose(phone);
    assert!(world.member(PATIENT).unwrap().connected);
}

#[test]
fn page_and_telephone_are_one_person_and_the_page_s_microphone_goes_before() {
    let mut world = World::new();
    let doctor = world.enter(person(DOCTOR, Role::Clinician, false));
    let page = world.enter(person(PATIENT, Role::Patient, false));
    world.say(doctor, admit());
    world.say(page, microphone(true));
    let phone = world.call(person(PATIENT, Role::Patient, true), None);
    assert_eq!(world.page(doctor).others.len(), 1);
    assert_eq!(last_sound(&world, phone), Some(DEAF));
    let seen = seen_by(&world, doctor);
    assert_eq!(seen.way, WayIn::Page);
    assert!(!seen.phone.unwrap().has_sound);

    world.say(page, microphone(false));
    assert_eq!(last_sound(&world, phone), Some(OPEN));
    let seen = seen_by(&world, doctor);
    assert!(seen.phone.unwrap().has_sound && seen.sources.microphone && seen.sources.camera);
    let own = world
        .page(page)
        .heard
        .iter()
        .rev()
        .find_map(|heard| match heard {
            ServerMessage::Phone { phone } => phone.clone(),
            _ => None,
        });
    assert!(
        own.unwrap().has_sound,
        "the page knows that it has to be silent"
    );

    // A mute is one of the person, whichever way they speak.
    let participant = who(PATIENT);
    world.say(doctor, ClientMessage::Mute { participant });
    assert!(!seen_by(&world, doctor).sources.microphone);

    world.press(phone, PhoneAct::Leave);
    assert!(world.member(PATIENT).unwrap().phone.is_none());
    let gone = ServerMessage::Phone { phone: None };
    assert!(world.page(page).heard.contains(&gone));
    assert!(world.page(page).closed.is_none());
}

#[test]
fn a_telephone_takes_over_from_a_page_that_is_gone_until_it_returns() {
    let mut world = World::new();
    let doctor = world.enter(person(DOCTOR, Role::Clinician, false));
    let page = world.enter(person(PATIENT, Role::Patient, false));
    world.say(doctor, admit());
    world.say(page, microphone(true));
    world.lose(page);
    let phone = world.call(person(PATIENT, Role::Patient, true), None);
    assert_eq!(last_sound(&world, phone), Some(OPEN));
    let seen = seen_by(&world, doctor);
    assert!(seen.connected && seen.way == WayIn::Phone);
    // The page's place is given up; the person is here.
    world.wait(SEAT_KEPT_US);
    assert!(!world.events.contains(&VisitEvent::Left {
        participant: who(PATIENT)
    }));
    assert!(seen_by(&world, doctor).connected);

    let back = world.enter(person(PATIENT, Role::Patient, true));
    assert_eq!(world.page(back).stage, Some(Stage::Admitted));
    let me = &world.page(back).snapshot.as_ref().unwrap().me;
    assert!(me.phone.as_ref().unwrap().has_sound);
    assert_eq!(last_sound(&world, phone), Some(OPEN));
    world.say(back, microphone(true));
    assert_eq!(last_sound(&world, phone), Some(DEAF));
    // Who leaves with the page leaves altogether.
    world.say(back, ClientMessage::Leave);
    assert_eq!(world.phone(phone).closed, Some(CloseReason::Bye(Bye::Left)));
    assert!(world.page(doctor).others.is_empty());
}

#[test]
fn a_telephone_agrees_to_a_recording_by_key_or_before_it_came() {
    let (mut world, doctor, phone) = talking();
    world.say(doctor, ClientMessage::Record { on: true });
    let wording = CONSENT_WORDING;
    assert!(world.phone(phone).news.contains(&PhoneNews::ConsentAsked {
        purpose: Purpose::Recording,
        wording
    }));
    assert!(!world.taping);
    world.press(phone, PhoneAct::Consent(Purpose::Recording, true));
    assert!(world.taping);
    assert_eq!(
        world.phone(phone).news.last(),
        Some(&PhoneNews::Recording(Purpose::Recording, true))
    );
    world.press(phone, PhoneAct::Consent(Purpose::Recording, false));
    assert!(!world.taping);
    assert_eq!(
        world.phone(phone).news.last(),
        Some(&PhoneNews::Recording(Purpose::Recording, false))
    );

    let mut world = World::new();
    let doctor = world.enter(person(DOCTOR, Role::Clinician, false));
    let phone = world.call(person(PATIENT, Role::Patient, false), Some(true));
    world.say(doctor, admit());
    world.say(doctor, ClientMessage::Record { on: true });
    assert!(world.taping);
    let given = VisitEvent::ConsentGiven {
        purpose: Purpose::Recording,
        participant: who(PATIENT),
        wording,
    };
    assert!(world.events.contains(&given), "the clinic has it on record");
    assert!(!world.phone(phone).news.contains(&PhoneNews::ConsentAsked {
        purpose: Purpose::Recording,
        wording
    }));
}

#[test]
fn who_calls_into_a_recorded_visit_pauses_it_until_they_agree() {
    let mut world = World::new();
    let doctor = world.enter(person(DOCTOR, Role::Clinician, false));
    world.say(doctor, ClientMessage::Record { on: true });
    assert!(world.taping);
    let phone = world.call(person(PATIENT, Role::Patient, true), Some(false));
    assert!(!world.taping);
    assert_eq!(
        world.room.tape_state(Purpose::Recording).phase,
        RecordingPhase::Paused
    );
    assert_eq!(
        world.room.tape_state(Purpose::Recording).waiting_for,
        [who(PATIENT)]
    );
    world.press(phone, PhoneAct::Consent(Purpose::Recording, true));
    assert!(world.taping);
}

#[test]
fn a_telephone_has_no_place_where_people_encrypt() {
    let (mut world, doctor, phone) = waiting();
    world.say(doctor, ClientMessage::PublicKey { key: key("D") });
    world.say(doctor, ClientMessage::Encrypt { on: true });
    assert!(world.room.is_encrypted());
    let refused = Some(CloseReason::Refused(ErrorCode::OutOfOrder));
    assert_eq!(world.phone(phone).closed, refused);
    assert!(world.member(PATIENT).is_none());
    let late = world.call(person(PATIENT, Role::Patient, true), None);
    assert_eq!(world.phone(late).closed, refused);

    let (mut world, doctor, _) = talking();
    world.say(doctor, ClientMessage::PublicKey { key: key("D") });
    world.say(doctor, ClientMessage::Encrypt { on: true });
    assert_eq!(world.last_error(doctor), Some(ErrorCode::OutOfOrder));
    assert!(!world.room.is_encrypted());
}

#[test]
fn a_telephone_that_takes_no_news_is_hung_up_and_may_call_again() {
    let (mut world, doctor, phone) = talking();
    world.input(Input::Slow { socket: phone });
    assert_eq!(
        world.phone(phone).closed,
        Some(CloseReason::Bye(Bye::SlowReader))
    );
    assert!(!seen_by(&world, doctor).connected);
    let again = world.call(person(PATIENT, Role::Patient, false), None);
    assert_eq!(last_sound(&world, again), Some(OPEN));
}

/// A visit in which the patient's page was lost.
fn lost(automatic: bool) -> (World, SocketId, SocketId) {
    let mut world = World::with_call_back(automatic);
    let doctor = world.enter(person(DOCTOR, Role::Clinician, false));
    let page = world.enter(person(PATIENT, Role::Patient, false));
    world.say(doctor, admit());
    world.lose(page);
    (world, doctor, page)
}

#[test]
fn a_patient_whose_page_is_lost_is_called_and_is_in_the_same_visit() {
    let (mut world, doctor, _) = lost(true);
    world.wait(9_999_999);
    assert!(world.ringing.is_empty());
    world.wait(1);
    assert!(world.ringing.contains(&who(PATIENT)));
    assert_eq!(seen_by(&world, doctor).call_back, CallBack::Ringing);
    world.wait(44_000_000);
    let phone = world.call(person(PATIENT, Role::Patient, true), None);
    assert!(world.ringing.is_empty());
    assert_eq!(last_sound(&world, phone), Some(OPEN));
    assert_eq!(seen_by(&world, doctor).call_back, CallBack::Off);
    assert_eq!(world.page(doctor).others.len(), 1);
}

#[test]
fn the_doctor_is_asked_before_and_a_page_that_returns_ends_it() {
    let (mut world, doctor, page) = lost(false);
    world.wait(10_000_000);
    assert_eq!(seen_by(&world, doctor).call_back, CallBack::Offered);
    let participant = who(PATIENT);
    world.say(
        doctor,
        ClientMessage::CallBack {
            participant,
            on: true,
        },
    );
    assert!(world.ringing.contains(&participant));
    let asked = VisitEvent::CalledBack {
        participant,
        by: Some(who(DOCTOR)),
    };
    assert!(world.events.contains(&asked));
    let token = world.token(page);
    world.resume(&token);
    assert!(world.ringing.is_empty());
    assert_eq!(seen_by(&world, doctor).call_back, CallBack::Off);
}

#[test]
fn who_does_not_answer_may_be_called_again_and_who_left_is_not_called() {
    let (mut world, doctor, _) = lost(true);
    world.wait(10_000_000);
    world.no_answer(PATIENT);
    assert_eq!(seen_by(&world, doctor).call_back, CallBack::Failed);
    let participant = who(PATIENT);
    world.say(
        doctor,
        ClientMessage::CallBack {
            participant,
            on: true,
        },
    );
    assert!(world.ringing.contains(&participant));
    world.say(
        doctor,
        ClientMessage::CallBack {
            participant,
            on: false,
        },
    );
    assert!(world.ringing.is_empty());

    let mut world = World::with_call_back(true);
    let doctor = world.enter(person(DOCTOR, Role::Clinician, false));
    let page = world.enter(person(PATIENT, Role::Patient, false));
    world.say(doctor, admit());
    world.say(page, ClientMessage::Leave);
    world.wait(20_000_000);
    assert!(world.ringing.is_empty());
}

#[test]
fn a_telephone_that_is_seated_late_gets_what_is_true_by_then() {
    let (mut world, doctor, phone) = talking();
    let (participant, connection) = (who(PATIENT), connection_of(&world, phone));
    world.say(doctor, ClientMessage::Mute { participant });
    let muted = world.seated[&participant];
    world.media.clear();
    world.input(Input::PhoneSeated {
        participant,
        connection,
    });
    let turn = PhoneCommand::Turn {
        participant,
        sound: muted,
    };
    assert_eq!(world.media, [MediaCommand::Phone(turn)]);

    world.press(phone, PhoneAct::Leave);
    world.media.clear();
    world.input(Input::PhoneSeated {
        participant,
        connection,
    });
    let gone = PhoneCommand::Drop { participant };
    assert_eq!(world.media, [MediaCommand::Phone(gone)]);
}

fn connection_of(world: &World, phone: SocketId) -> ConnectionId {
    let mut news = world.phone(phone).news.iter();
    let admitted = news.find_map(|news| match news {
        PhoneNews::Admitted { connection, .. } => Some(*connection),
        _ => None,
    });
    admitted.unwrap()
}
