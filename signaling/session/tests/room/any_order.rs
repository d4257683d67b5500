//! What must hold whatever people do, in whatever order. The checks are in `world`.

use crate::world::{World, chat_id, connection, key, person, sdp, text, who};
use proptest::prelude::*;
use signaling_protocol::{
    Bye, CONSENT_WORDING, Caption, ClientMessage, Grants, Purpose, Quality, RecordingEnd, Role,
    SlotView, Sources,
};
use signaling_session::{Input, OfferRefusal, PhoneAct, SocketId};

/// One thing that happens; small numbers choose among people, sockets and times.
#[derive(Debug, Clone)]
enum Step {
    Enter(u128, bool),
    Door(u128, bool),
    Call(u128, bool, Option<bool>),
    Press(u64, PhoneAct),
    NoAnswer(u128),
    Resume(usize),
    Lose(u64),
    Slow(u64),
    Say(u64, ClientMessage),
    Answer(u128, u128, u32, bool),
    MediaLost(u128, u128),
    Record(bool),
    Keep(bool),
    Recorder(bool),
    RecorderFailed(Purpose),
    Heard(u128, bool),
    Store(bool),
    AudioOnly(u128, u128, bool),
    Speakers(Vec<u128>),
    Drop(u128, Bye),
    Move,
    Wait(i64),
}

fn role(n: u128) -> Role {
    match n {
        0 | 1 => Role::Clinician,
        2 => Role::Patient,
        _ => Role::Guest,
    }
}

fn message() -> impl Strategy<Value = ClientMessage> {
    let target = (0..14_u128).prop_map(who);
    prop_oneof![
        (0..3_u128, 0..4_u32).prop_map(|(n, offer_no)| ClientMessage::Offer {
            connection: connection(n),
            offer_no,
            sdp: sdp(),
            sources: Vec::new(),
        }),
        any::<(bool, bool, bool)>().prop_map(|(microphone, camera, screen)| {
            ClientMessage::Media {
                sources: Sources {
                    microphone,
                    camera,
                    screen,
                },
            }
        }),
        (0..60_u8, any::<u16>()).prop_map(|(mid, height_px)| ClientMessage::View {
            slots: vec![SlotView {
                mid: mid.to_string(),
                height_px,
            }],
            pinned: (height_px % 3 == 0).then(|| who(u128::from(mid) % 14)),
        }),
        (target.clone(), any::<(bool, bool)>()).prop_map(|(participant, (camera, subscribe))| {
            let mut grants = Grants::ALL;
            grants.publish.camera = camera;
            grants.subscribe = subscribe;
            ClientMessage::Grant {
                participant,
                grants,
            }
        }),
        any::<bool>().prop_map(|on| ClientMessage::Encrypt { on }),
        proptest::bool::weighted(0.8).prop_map(|on| ClientMessage::Record { on }),
        proptest::bool::weighted(0.8).prop_map(|on| ClientMessage::Captions { on }),
        consent(),
        consent(),
        consent(),
        Just(ClientMessage::PublicKey { key: key("AAAA") }),
        target.clone().prop_map(|to| ClientMessage::SealedKey {
            to,
            key: key("BBBB"),
        }),
        (0..40_u128).prop_map(|n| ClientMessage::Chat {
            id: chat_id(n),
            text: text("hello"),
        }),
        (0..40_u64).prop_map(|seq| ClientMessage::ChatRead { seq }),
        target
            .clone()
            .prop_map(|participant| ClientMessage::Admit { participant }),
        target
            .clone()
            .prop_map(|participant| ClientMessage::Admit { participant }),
        target
            .clone()
            .prop_map(|participant| ClientMessage::Refuse { participant }),
        target
            .clone()
            .prop_map(|participant| ClientMessage::Mute { participant }),
        (target.clone(), any::<bool>())
            .prop_map(|(participant, on)| ClientMessage::CallBack { participant, on }),
        target
            .clone()
            .prop_map(|participant| ClientMessage::LowerHand { participant }),
        target.prop_map(|participant| ClientMessage::Remove { participant }),
        Just(ClientMessage::Quality {
            quality: Quality::Poor
        }),
        any::<bool>().prop_map(|up| ClientMessage::Hand { up }),
        Just(ClientMessage::Moved),
        Just(ClientMessage::Leave),
    ]
}

fn consent() -> impl Strategy<Value = ClientMessage> {
    let wording = prop_oneof![9 => Just(CONSENT_WORDING), 1 => any::<u16>()];
    (proptest::bool::weighted(0.9), wording, purpose()).prop_map(|(agree, wording, purpose)| {
        ClientMessage::Consent {
            agree,
            wording,
            purpose,
        }
    })
}

fn purpose() -> impl Strategy<Value = Purpose> {
    prop_oneof![Just(Purpose::Recording), Just(Purpose::Captions)]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..14_u128, any::<bool>()).prop_map(|(n, admitted)| Step::Enter(n, admitted)),
        2 => (0..14_u128, any::<bool>()).prop_map(|(n, admitted)| Step::Door(n, admitted)),
        4 => (0..14_u128, any::<bool>(), proptest::option::of(any::<bool>()))
            .prop_map(|(n, admitted, consent)| Step::Call(n, admitted, consent)),
        1 => (0..14_u128).prop_map(Step::NoAnswer),
        4 => (any::<u64>(), act()).prop_map(|(n, act)| Step::Press(n, act)),
        2 => any::<usize>().prop_map(Step::Resume),
        2 => any::<u64>().prop_map(Step::Lose),
        1 => any::<u64>().prop_map(Step::Slow),
        12 => (any::<u64>(), message()).prop_map(|(n, message)| Step::Say(n, message)),
        2 => (0..14_u128, 0..3_u128, 0..4_u32, any::<bool>())
            .prop_map(|(n, c, o, ok)| Step::Answer(n, c, o, ok)),
        1 => (0..14_u128, 0..3_u128).prop_map(|(n, c)| Step::MediaLost(n, c)),
        1 => (0..14_u128, 0..3_u128, any::<bool>())
            .prop_map(|(n, c, on)| Step::AudioOnly(n, c, on)),
        1 => proptest::collection::vec(0..14_u128, 0..4).prop_map(Step::Speakers),
        4 => any::<bool>().prop_map(Step::Record),
        4 => any::<bool>().prop_map(Step::Keep),
        4 => any::<bool>().prop_map(Step::Store),
        3 => proptest::bool::weighted(0.8).prop_map(Step::Recorder),
        1 => purpose().prop_map(Step::RecorderFailed),
        4 => (0..14_u128, any::<bool>()).prop_map(|(n, is_final)| Step::Heard(n, is_final)),
        1 => (0..14_u128, prop_oneof![Just(Bye::Removed), Just(Bye::Unauthorized)])
            .prop_map(|(n, bye)| Step::Drop(n, bye)),
        1 => Just(Step::Move),
        2 => (0..40_000_000_i64).prop_map(Step::Wait),
    ]
}

fn act() -> impl Strategy<Value = PhoneAct> {
    prop_oneof![
        any::<bool>().prop_map(PhoneAct::Mute),
        any::<bool>().prop_map(PhoneAct::Hand),
        any::<bool>().prop_map(PhoneAct::Hold),
        (purpose(), proptest::bool::weighted(0.8))
            .prop_map(|(purpose, agree)| PhoneAct::Consent(purpose, agree)),
        Just(PhoneAct::Leave),
    ]
}

fn any_phone(world: &World, n: u64) -> Option<SocketId> {
    let at = usize::try_from(n).unwrap_or(0) % world.phones.len().max(1);
    world.phones.keys().nth(at).copied()
}

fn any_socket(world: &World, n: u64) -> Option<SocketId> {
    let sockets = (world.pages.len() + world.phones.len()) as u64;
    (sockets > 0).then(|| SocketId(n % sockets + 1))
}

fn happen(world: &mut World, step: Step) {
    match step {
        Step::Enter(n, admitted) => {
            world.enter(person(n, role(n), admitted));
        }
        Step::Door(n, admitted) => {
            world.enter_door(person(n, role(n), admitted));
        }
        Step::Call(n, admitted, consent) => {
            world.call(person(n, role(n), admitted), consent);
        }
        Step::Press(n, act) => {
            if let Some(socket) = any_phone(world, n) {
                world.press(socket, act);
            }
        }
        Step::NoAnswer(n) => world.no_answer(n),
        Step::Resume(n) => {
            let tokens: Vec<_> = world
                .pages
                .values()
                .filter_map(|page| page.token.clone())
                .collect();
            if !tokens.is_empty() {
                world.resume(&tokens[n % tokens.len()]);
            }
        }
        Step::Lose(n) => {
            if let Some(socket) = any_socket(world, n) {
                world.lose(socket);
            }
        }
        Step::Slow(n) => {
            if let Some(socket) = any_socket(world, n) {
                world.input(Input::Slow { socket });
            }
        }
        Step::Say(n, message) => {
            if let Some(socket) = any_socket(world, n) {
                world.say(socket, message);
            }
        }
        other => happen_elsewhere(world, other),
    }
}

/// What no page does: media, the recorder, the clinic, and time.
fn happen_elsewhere(world: &mut World, step: Step) {
    match step {
        Step::Answer(n, c, offer_no, ok) => world.input(Input::Answered {
            participant: who(n),
            connection: connection(c),
            offer_no,
            result: if ok {
                Ok(sdp())
            } else {
                Err(OfferRefusal {
                    code: signaling_protocol::ErrorCode::BadOffer,
                    detail: String::new(),
                })
            },
        }),
        Step::MediaLost(n, c) => world.input(Input::MediaLost {
            participant: who(n),
            connection: connection(c),
        }),
        Step::AudioOnly(n, c, on) => world.input(Input::AudioOnly {
            participant: who(n),
            connection: connection(c),
            on,
        }),
        Step::Speakers(people) => world.input(Input::Speakers {
            participants: people.into_iter().map(who).collect(),
        }),
        Step::Record(ok) => world.record(ok),
        Step::Keep(ok) => world.keep(ok),
        Step::Recorder(ok) => world.open_recorder(ok),
        Step::Heard(n, is_final) => {
            let caption = Caption {
                participant: who(n),
                text: Some(text("Bonjour")),
                is_final,
                language: "fr".to_owned(),
            };
            world.input(Input::Heard { caption });
        }
        Step::RecorderFailed(purpose) => world.input(Input::RecorderFailed {
            purpose,
            why: RecordingEnd::NoSpace,
        }),
        Step::Store(ok) => world.store(ok),
        Step::Drop(n, reason) => world.input(Input::Drop {
            participant: who(n),
            reason,
        }),
        Step::Move => world.input(Input::Move {
            patience_us: 15_000_000,
        }),
        Step::Wait(us) => world.wait(us),
        page => happen(world, page),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    #[test]
    fn the_promises_of_a_room_hold_whatever_happens(
        steps in proptest::collection::vec(step(), 1..200), automatic: bool
    ) {
        let mut world = World::with_call_back(automatic);
        world.prompt = false;
        for step in steps {
            happen(&mut world, step);
        }
        // Everybody leaves the room alone; it lets go of everything in the end.
        let sockets: Vec<_> = world.pages.keys().chain(world.phones.keys()).copied().collect();
        for socket in sockets {
            world.lose(socket);
        }
        while !world.records.is_empty() || !world.posts.is_empty() {
            world.record(true);
            world.store(true);
        }
        world.wait(signaling_session::SEAT_KEPT_US);
        // What the clinic did not keep at first is asked for again.
        while !world.keeps.is_empty() {
            world.keep(true);
        }
        // A telephone that begins to ring now keeps its seat for a little longer.
        world.wait(signaling_session::SEAT_KEPT_US);
        world.wait(signaling_session::EMPTY_GRACE_US);
        prop_assert!(world.finished);
        prop_assert_eq!(world.room.poll_timeout(), None);
        prop_assert!(world.room.overview().is_none());
        prop_assert!(world.seated.is_empty() && world.ringing.is_empty());
    }
}
