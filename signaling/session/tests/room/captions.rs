//! Captions with everybody's consent, apart from a recording, and not without.

use crate::world::{World, key, person, text, who};
use signaling_protocol::{
    CAPTIONS_WORDING, Caption, ClientMessage, ErrorCode, Purpose, Recording, RecordingEnd,
    RecordingPhase, Role, ServerMessage,
};
use signaling_session::{Input, PhoneAct, PhoneNews, RoomRecord, SocketId, VisitEvent};

const DOCTOR: u128 = 1;
const PATIENT: u128 = 2;
const ASK: ClientMessage = ClientMessage::Captions { on: true };

const fn answer(agree: bool) -> ClientMessage {
    ClientMessage::Consent {
        agree,
        wording: CAPTIONS_WORDING,
        purpose: Purpose::Captions,
    }
}

fn visit() -> (World, SocketId, SocketId) {
    let mut world = World::new();
    let doctor = world.enter(person(DOCTOR, Role::Clinician, false));
    let patient = world.enter(person(PATIENT, Role::Patient, true));
    (world, doctor, patient)
}

/// A visit that is written along.
fn written() -> (World, SocketId, SocketId) {
    let (mut world, doctor, patient) = visit();
    world.say(doctor, ASK);
    world.say(patient, answer(true));
    assert!(world.writing);
    (world, doctor, patient)
}

fn hear(world: &mut World, n: u128, words: &str, is_final: bool) {
    let caption = Caption {
        participant: who(n),
        text: (!words.is_empty()).then(|| text(words)),
        is_final,
        language: "fr".to_owned(),
    };
    world.input(Input::Heard { caption });
}

fn read(world: &World, socket: SocketId) -> Vec<String> {
    let heard = world.page(socket).heard.iter();
    let captions = heard.filter_map(|message| match message {
        ServerMessage::Caption { caption } => {
            let words = caption.text.as_ref();
            Some(words.map_or_else(String::new, |it| it.as_str().to_owned()))
        }
        _ => None,
    });
    captions.collect()
}

fn told(world: &World, socket: SocketId) -> Recording {
    let heard = world.page(socket).heard.iter().rev();
    let mut captions = heard.filter_map(|message| match message {
        ServerMessage::Captions { captions } => Some(captions.clone()),
        _ => None,
    });
    captions.next().unwrap()
}

#[test]
fn everybody_reads_what_is_said_and_the_clinic_keeps_what_stays() {
    let (mut world, doctor, patient) = written();
    assert!(!world.taping, "nobody agreed to a recording");
    hear(&mut world, PATIENT, "J'ai mal", false);
    hear(&mut world, PATIENT, "J'ai mal à la tête", true);
    for socket in [doctor, patient] {
        assert_eq!(read(&world, socket), ["J'ai mal", "J'ai mal à la tête"]);
    }
    assert_eq!(world.kept, ["Person 2: J'ai mal à la tête"]);
    hear(&mut world, PATIENT, "", true);
    assert_eq!(read(&world, doctor).last().unwrap(), "", "it was no speech");
    assert_eq!(world.kept.len(), 1);
}

#[test]
fn a_patient_may_ask_as_well_and_nothing_is_written_before_all_have_agreed() {
    let (mut world, doctor, patient) = visit();
    world.say(patient, ASK);
    assert_eq!(told(&world, doctor).asked_by, Some(who(PATIENT)));
    assert_eq!(told(&world, doctor).waiting_for, [who(DOCTOR)]);
    hear(&mut world, PATIENT, "Bonjour", true);
    assert!(!world.writing && world.kept.is_empty() && read(&world, doctor).is_empty());
    world.say(doctor, answer(true));
    assert!(world.writing);
}

#[test]
fn who_takes_their_agreement_back_ends_it_and_what_comes_late_is_shown_to_nobody() {
    let (mut world, doctor, patient) = written();
    world.say(patient, answer(false));
    assert!(!world.writing);
    assert_eq!(told(&world, doctor).ended, Some(RecordingEnd::Declined));
    hear(&mut world, DOCTOR, "too late", true);
    assert!(read(&world, doctor).is_empty() && world.kept.is_empty());
    let refused = VisitEvent::ConsentRefused {
        purpose: Purpose::Captions,
        participant: who(PATIENT),
    };
    assert!(world.events.contains(&refused));
}

#[test]
fn a_late_joiner_pauses_it_until_they_agree_and_a_recording_goes_on_by_its_own_rules() {
    let (mut world, doctor, patient) = written();
    world.say(doctor, ClientMessage::Record { on: true });
    let agree = ClientMessage::Consent {
        agree: true,
        wording: Purpose::Recording.wording(),
        purpose: Purpose::Recording,
    };
    world.say(patient, agree.clone());
    assert!(world.taping && world.writing);
    let late = world.enter(person(3, Role::Guest, true));
    let snapshot = world.page(late).snapshot.clone().unwrap();
    assert!(snapshot.captions_offered);
    assert_eq!(snapshot.captions.waiting_for, [who(3)]);
    assert_eq!(told(&world, doctor).phase, RecordingPhase::Paused);
    assert!(!world.taping && !world.writing);
    world.say(late, answer(true));
    assert!(!world.taping && world.writing, "the one is not the other");
    world.say(late, agree);
    assert!(world.taping);
    world.say(patient, answer(false));
    assert!(world.taping && !world.writing);
}

#[test]
fn there_are_none_where_people_encrypt_or_nobody_writes_them() {
    let (mut world, doctor, patient) = written();
    for socket in [doctor, patient] {
        world.say(socket, ClientMessage::PublicKey { key: key("K") });
    }
    world.say(doctor, ClientMessage::Encrypt { on: true });
    assert_eq!(told(&world, patient).ended, Some(RecordingEnd::Encrypted));
    world.say(patient, ASK);
    assert_eq!(world.last_error(patient), Some(ErrorCode::OutOfOrder));

    let mut world = World::with(RoomRecord::default());
    let doctor = world.enter(person(DOCTOR, Role::Clinician, false));
    world.say(doctor, ASK);
    assert_eq!(world.last_error(doctor), Some(ErrorCode::OutOfOrder));
    let snapshot = world.page(doctor).snapshot.clone().unwrap();
    assert!(!snapshot.captions_offered);
}

#[test]
fn a_scribe_that_fails_is_told_to_everybody_and_the_visit_goes_on() {
    let (mut world, doctor, patient) = written();
    world.input(Input::RecorderFailed {
        purpose: Purpose::Captions,
        why: RecordingEnd::Failed,
    });
    for socket in [doctor, patient] {
        assert_eq!(told(&world, socket).ended, Some(RecordingEnd::Failed));
        assert_eq!(world.page(socket).closed, None);
    }
}

#[test]
fn a_telephone_is_asked_hears_that_it_is_written_and_can_end_it() {
    let (mut world, doctor, patient) = visit();
    let phone = world.call(person(3, Role::Guest, true), None);
    world.say(doctor, ASK);
    let wording = CAPTIONS_WORDING;
    let purpose = Purpose::Captions;
    let asked = PhoneNews::ConsentAsked { purpose, wording };
    assert!(world.phone(phone).news.contains(&asked));
    world.press(phone, PhoneAct::Consent(purpose, true));
    world.say(patient, answer(true));
    let last = |world: &World| world.phone(phone).news.last().copied();
    assert_eq!(last(&world), Some(PhoneNews::Recording(purpose, true)));
    hear(&mut world, 3, "Allo", true);
    assert_eq!(world.kept, ["Person 3: Allo"]);
    world.press(phone, PhoneAct::Consent(purpose, false));
    assert_eq!(last(&world), Some(PhoneNews::Recording(purpose, false)));
    assert!(!world.writing);
}
