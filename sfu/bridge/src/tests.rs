//! Whole calls without a network, in virtual time: telephones are legs turned round, and the room is
//! what the media server would tell.

use std::net::SocketAddr;
use std::sync::Arc;

use sfu_net::{
    ConnectionKey, Grants, ParticipantKey, PhoneEvent, PhoneKey, PhonePacket, Rank, RoomKey,
    SeatError, SeatRequest, SourceSet, Unseatable,
};
use sfu_phone::{
    Codec, CryptoLine, CryptoSuite, Digit, Doubler, LatchMode, Leg, LegConfig, PayloadTypes, Rate,
    Speech, Tone,
};

use crate::handle::LegId;
use crate::order::{Agreed, Flow, Keys, LegEvent, LegOrder, Playing, ReportPath, Seat, Unseated};
use crate::prompt::Prompt;
use crate::srtp::Srtp;
use crate::switchboard::{Now, Out, Rooms, Switchboard};

mod faults;

const ROOM: RoomKey = RoomKey(7);
/// A tone below this is not there, in dB of full scale; speech codecs leave less than this of others.
const ABSENT_DB: f32 = -52.0;
const PRESENT_DB: f32 = -30.0;

/// What the media server was asked, and what it was given.
#[derive(Default)]
struct Stage {
    seats: Vec<SeatRequest>,
    unseated: Vec<PhoneKey>,
    spoken: Vec<PhonePacket>,
    busy: bool,
}

impl Rooms for Stage {
    fn seat(&mut self, request: SeatRequest) -> Result<(), Unseatable> {
        if self.busy {
            return Err(Unseatable::Busy);
        }
        self.seats.push(request);
        Ok(())
    }

    fn unseat(&mut self, phone: PhoneKey) -> Result<(), Unseatable> {
        if self.busy {
            return Err(Unseatable::Busy);
        }
        self.unseated.push(phone);
        Ok(())
    }

    fn speak(&mut self, packet: PhonePacket) -> bool {
        self.spoken.push(packet);
        true
    }
}

/// A telephone at the other end of the line.
struct Telephone {
    id: LegId,
    leg: Leg,
    keys: Option<(Srtp, Srtp)>,
    tone: Option<Tone>,
    heard: Vec<i16>,
    sends: bool,
    sent: usize,
    received: usize,
    reports: usize,
}

struct World {
    board: Switchboard,
    stage: Stage,
    out: Out,
    now: Now,
    telephones: Vec<Telephone>,
    events: Vec<(LegId, LegEvent)>,
    /// Somebody with a browser: the coder of their tone, the tone, and packets so far.
    browser: Option<(Box<dyn Speech>, Tone, u32)>,
}

fn ours() -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 1], 4000))
}

fn address(id: u64) -> SocketAddr {
    SocketAddr::from(([198, 51, 100, 1], 5000 + u16::try_from(id).unwrap() * 2))
}

fn types(codec: Codec) -> PayloadTypes {
    let speech = match codec {
        Codec::Pcmu => 0,
        Codec::Pcma => 8,
        Codec::G722 => 9,
        Codec::Opus => 111,
    };
    PayloadTypes {
        speech,
        event: Some(101),
        noise: 13,
    }
}

fn line(byte: u8) -> CryptoLine {
    let suite = CryptoSuite::AesCm128Sha1Tag80;
    CryptoLine::new(1, suite, vec![byte; suite.key_bytes()]).unwrap()
}

fn agreed(id: u64, codec: Codec, encrypted: bool) -> Agreed {
    Agreed {
        codec,
        payload_types: types(codec),
        remote: address(id),
        latch: LatchMode::Signalled,
        reports: ReportPath::Muxed,
        keys: encrypted.then(|| Keys {
            ours: line(1),
            theirs: line(2),
        }),
        flow: Flow::BOTH,
    }
}

fn seat(id: u64) -> Seat {
    Seat {
        room: ROOM,
        participant: ParticipantKey(u128::from(id)),
        connection: ConnectionKey(u128::from(id) + 100),
        on: SourceSet::ALL,
        rank: Rank::Other,
        grants: Grants::ALL,
    }
}

fn key(id: u64) -> PhoneKey {
    PhoneKey {
        room: ROOM,
        participant: ParticipantKey(u128::from(id)),
        connection: ConnectionKey(u128::from(id) + 100),
    }
}

/// How loud a tone is in a sound, in dB of full scale.
fn level(sound: &[i16], rate: Rate, hz: f32) -> f32 {
    let step = std::f32::consts::TAU * hz / f32::from(u16::try_from(rate.hz()).unwrap());
    let (mut re, mut im) = (0.0_f64, 0.0_f64);
    for (index, sample) in sound.iter().enumerate() {
        let at = f64::from(step) * f64::from(u32::try_from(index).unwrap());
        re += f64::from(*sample) * at.cos();
        im += f64::from(*sample) * at.sin();
    }
    let count = f64::from(u32::try_from(sound.len().max(1)).unwrap());
    let amplitude = 2.0 * re.hypot(im) / count / 32_768.0;
    #[expect(clippy::cast_possible_truncation, reason = "decibels")]
    let db = (20.0 * amplitude.max(1e-9).log10()) as f32;
    db
}

impl World {
    fn new() -> Self {
        Self {
            board: Switchboard::default(),
            stage: Stage::default(),
            out: Out::default(),
            now: Now { us: 0, wall_us: 0 },
            telephones: Vec::new(),
            events: Vec::new(),
            browser: None,
        }
    }

    /// A telephone whose call was answered, and that says a tone.
    fn call(&mut self, id: u64, codec: Codec, hz: f32) -> usize {
        self.call_with(id, codec, hz, false)
    }

    fn call_with(&mut self, id: u64, codec: Codec, hz: f32, encrypted: bool) -> usize {
        let config = LegConfig {
            codec,
            payload_types: types(codec),
            remote: ours(),
            latch: LatchMode::Signalled,
            seed: 1_000 + id,
            cname: "telephone".to_owned(),
        };
        let leg = Leg::new(config, self.now.us).unwrap();
        let rate = leg.rate();
        self.telephones.push(Telephone {
            id: LegId(id),
            leg,
            keys: encrypted.then(|| (Srtp::new(&line(1)).unwrap(), Srtp::new(&line(2)).unwrap())),
            tone: Some(Tone::new(rate, &[(hz, -20.0)])),
            heard: Vec::new(),
            sends: true,
            sent: 0,
            received: 0,
            reports: 0,
        });
        self.board.open(self.now, LegId(id), 77 + id);
        self.order(id, LegOrder::Agree(Box::new(agreed(id, codec, encrypted))));
        self.telephones.len() - 1
    }

    fn order(&mut self, id: u64, order: LegOrder) {
        self.board.order(self.now, LegId(id), order, &mut self.out);
    }

    /// The room says yes to a telephone.
    fn admit(&mut self, id: u64) {
        self.order(id, LegOrder::Join(Box::new(seat(id))));
        self.run(1);
        self.tell(PhoneEvent::Seated(key(id)));
        self.rights(id, true, true);
    }

    fn rights(&mut self, id: u64, is_heard: bool, hears: bool) {
        self.tell(PhoneEvent::Rights {
            phone: key(id),
            is_heard,
            hears,
        });
    }

    fn tell(&mut self, event: PhoneEvent) {
        self.board.hear_room(self.now.us, event, &mut self.out);
    }

    fn browser_says(&mut self, hz: f32) {
        let speech = Codec::Opus.open().unwrap();
        self.browser = Some((speech, Tone::new(Rate::Wide, &[(hz, -20.0)]), 0));
    }

    /// Lets so many times 20 ms pass.
    fn run(&mut self, frames: usize) {
        for _ in 0..frames {
            self.now.us += 20_000;
            self.now.wall_us += 20_000;
            for telephone in &mut self.telephones {
                let mut frame = vec![0; telephone.leg.rate().frame()];
                if let Some(tone) = &mut telephone.tone {
                    tone.fill(&mut frame);
                }
                let Some(packet) = telephone.leg.say(&frame).filter(|_| telephone.sends) else {
                    continue;
                };
                telephone.sent += 1;
                let bytes = match &mut telephone.keys {
                    Some((_, ours)) => ours.seal(&packet).unwrap(),
                    None => packet,
                };
                let from = address(telephone.id.0);
                self.board.datagram(self.now, telephone.id, from, &bytes);
            }
            self.browse();
            self.board.tick(self.now, &mut self.stage, &mut self.out);
            for datagram in self.out.datagrams.drain(..) {
                let Some(telephone) = self.telephones.iter_mut().find(|it| it.id == datagram.leg)
                else {
                    continue;
                };
                assert_eq!(datagram.to, address(telephone.id.0));
                let clear = match &mut telephone.keys {
                    Some((theirs, _)) => theirs.open(&datagram.bytes).unwrap(),
                    None => datagram.bytes,
                };
                telephone.received += 1;
                telephone.reports += usize::from(sfu_phone::is_rtcp(&clear));
                telephone.leg.handle(self.now.us, ours(), &clear);
            }
            self.events.append(&mut self.out.events);
            for telephone in &mut self.telephones {
                let frame = telephone.leg.hear(self.now.us);
                telephone.heard.extend(frame);
            }
        }
    }

    fn browse(&mut self) {
        let Some((speech, tone, packets)) = &mut self.browser else {
            return;
        };
        let mut frame = vec![0; 320];
        tone.fill(&mut frame);
        let mut payload = Vec::new();
        speech.encode(&frame, &mut payload).unwrap();
        *packets += 1;
        let event = PhoneEvent::Sound {
            room: ROOM,
            from: ParticipantKey(999),
            at: std::time::Instant::now(),
            timestamp: *packets * 960,
            payload: Arc::from(payload),
        };
        self.tell(event);
    }

    /// How loud these tones are in what a telephone heard in the last half second.
    fn heard(&self, index: usize, tones: [f32; 3]) -> [f32; 3] {
        let telephone = &self.telephones[index];
        let rate = telephone.leg.rate();
        let sound = &telephone.heard[telephone.heard.len() - rate.frame() * 25..];
        tones.map(|hz| level(sound, rate, hz))
    }

    fn is_told(&self, id: u64, event: &LegEvent) -> bool {
        self.events
            .iter()
            .any(|(leg, told)| *leg == LegId(id) && told == event)
    }

    fn count(&self, id: u64, event: &LegEvent) -> usize {
        let told = self.events.iter();
        told.filter(|(leg, told)| *leg == LegId(id) && told == event)
            .count()
    }
}

/// Which of the tones are there; every one has to be clearly there or clearly not.
fn is_there(levels: [f32; 3]) -> [bool; 3] {
    levels.map(|db| {
        assert!(!(ABSENT_DB..PRESENT_DB).contains(&db), "{levels:?}");
        db >= PRESENT_DB
    })
}

const TONES: [f32; 3] = [450.0, 1_130.0, 1_870.0];

/// A narrow and a wide telephone and a browser, each with its tone.
fn scene() -> World {
    let mut world = World::new();
    world.call(1, Codec::Pcmu, TONES[0]);
    world.call(2, Codec::G722, TONES[1]);
    world.browser_says(TONES[2]);
    world.admit(1);
    world.admit(2);
    world.run(75);
    world
}

#[test]
fn everybody_hears_everybody_but_themself() {
    let world = scene();
    assert_eq!(is_there(world.heard(0, TONES)), [false, true, true]);
    assert_eq!(is_there(world.heard(1, TONES)), [true, false, true]);
    assert!(world.is_told(1, &LegEvent::Joined) && world.is_told(2, &LegEvent::Joined));
    assert!(world.is_told(1, &LegEvent::Heard));
}

#[test]
fn what_the_room_gets_is_each_telephone_alone_on_one_clock() {
    let world = scene();
    for (id, own) in [(1, 0), (2, 1)] {
        let packets: Vec<&PhonePacket> = world
            .stage
            .spoken
            .iter()
            .filter(|packet| packet.participant == ParticipantKey(id))
            .collect();
        assert!(packets.len() >= 70);
        let mut decoder = Codec::Opus.open().unwrap();
        let mut sound = Vec::new();
        for pair in packets.windows(2) {
            assert_eq!(pair[1].seq, pair[0].seq + 1);
            assert_eq!(pair[1].timestamp.wrapping_sub(pair[0].timestamp), 960);
            decoder.decode(&pair[0].payload, &mut sound).unwrap();
        }
        let last = &sound[sound.len() - 8_000..];
        let levels = TONES.map(|hz| level(last, Rate::Wide, hz));
        let mut expected = [false; 3];
        expected[own] = true;
        assert_eq!(is_there(levels), expected);
        let loudness = packets.last().unwrap().level_dbov;
        assert!((-24..=-19).contains(&loudness), "{loudness}");
    }
}

#[test]
fn a_mute_of_the_room_acts_on_other_telephones_too() {
    let mut world = scene();
    world.rights(1, false, true);
    let before = world.stage.spoken.len();
    world.run(50);
    assert_eq!(is_there(world.heard(1, TONES)), [false, false, true]);
    assert_eq!(is_there(world.heard(0, TONES)), [false, true, true]);
    let one = |packet: &PhonePacket| packet.participant == ParticipantKey(1);
    assert!(!world.stage.spoken[before..].iter().any(one));
    world.rights(1, true, true);
    world.run(50);
    assert_eq!(is_there(world.heard(1, TONES)), [true, false, true]);
    // The gap stays in the timestamps and not in the numbers.
    let packets: Vec<_> = world
        .stage
        .spoken
        .iter()
        .filter(|packet| one(packet))
        .collect();
    assert!(
        packets
            .windows(2)
            .all(|pair| pair[1].seq == pair[0].seq + 1)
    );
    let jump = |pair: &[&PhonePacket]| pair[1].timestamp.wrapping_sub(pair[0].timestamp);
    assert_eq!(packets.windows(2).map(jump).max(), Some(51 * 960));
}

#[test]
fn ones_own_mute_acts_likewise_and_keys_still_count() {
    let mut world = scene();
    world.order(2, LegOrder::Mute(true));
    world.run(50);
    assert_eq!(is_there(world.heard(0, TONES)), [false, false, true]);
    world.telephones[1]
        .leg
        .press(Digit::try_from('5').unwrap())
        .unwrap();
    world.run(50);
    assert_eq!(
        world.count(2, &LegEvent::Pressed(Digit::try_from('5').unwrap())),
        1
    );
    world.order(2, LegOrder::Mute(false));
    world.run(50);
    assert_eq!(is_there(world.heard(0, TONES)), [false, true, true]);
}

#[test]
fn who_may_not_hear_hears_prompts_only() {
    let mut world = scene();
    world.rights(1, false, false);
    world.run(50);
    assert_eq!(is_there(world.heard(0, TONES)), [false, false, false]);
}

#[test]
fn hold_stops_both_ways_and_the_end_of_it_brings_all_back() {
    let mut world = scene();
    world.order(1, LegOrder::Flow(Flow::NONE));
    world.telephones[0].sends = false;
    world.run(10);
    let received = world.telephones[0].received;
    // Nobody waits for a telephone that is held; only reports go on.
    world.run(21 * 50);
    assert!(world.telephones[0].received - received <= 21 / 5 + 1);
    assert_eq!(world.count(1, &LegEvent::Silent), 0);
    assert_eq!(is_there(world.heard(1, TONES)), [false, false, true]);
    world.order(1, LegOrder::Flow(Flow::BOTH));
    world.telephones[0].sends = true;
    world.run(75);
    assert_eq!(is_there(world.heard(0, TONES)), [false, true, true]);
    assert_eq!(is_there(world.heard(1, TONES)), [true, false, true]);
    assert_eq!(world.count(1, &LegEvent::Silent), 0);
}

fn tone_of(hz: f32, frames: usize) -> Vec<i16> {
    let mut sound = vec![0; Rate::Narrow.frame() * frames];
    Tone::new(Rate::Narrow, &[(hz, -20.0)]).fill(&mut sound);
    sound
}

#[test]
fn prompts_are_heard_before_anybody_joins_and_their_end_is_told() {
    for (codec, rate) in [(Codec::Pcma, Rate::Narrow), (Codec::Opus, Rate::Wide)] {
        let mut world = World::new();
        world.call(1, codec, TONES[0]);
        let narrow = tone_of(TONES[1], 50);
        let wide = Doubler::default().double(&narrow);
        let clips = vec![Prompt::new(narrow, wide), Prompt::pause(10)];
        world.order(
            1,
            LegOrder::Play(Playing {
                ticket: 4,
                clips,
                endless: false,
            }),
        );
        world.run(48);
        assert_eq!(
            is_there(world.heard(0, TONES)),
            [false, true, false],
            "{rate:?}"
        );
        assert_eq!(world.count(1, &LegEvent::Played(4)), 0);
        world.run(4);
        assert_eq!(world.count(1, &LegEvent::Played(4)), 1);
        world.run(50);
        assert_eq!(is_there(world.heard(0, TONES)), [false, false, false]);
        assert_eq!(world.count(1, &LegEvent::Played(4)), 1);
        assert!(world.stage.spoken.is_empty());
    }
}

#[test]
fn in_a_room_a_prompt_is_above_what_the_others_say() {
    let mut world = scene();
    let clips = vec![Prompt::from_wide(
        Doubler::default().double(&tone_of(700.0, 100)),
    )];
    let before = world.heard(0, TONES);
    world.order(
        1,
        LegOrder::Play(Playing {
            ticket: 1,
            clips,
            endless: true,
        }),
    );
    world.run(50);
    let during = world.heard(0, [700.0, TONES[1], TONES[2]]);
    assert!((during[0] + 20.0).abs() < 2.0, "{during:?}");
    for tone in [1, 2] {
        assert!(
            (before[tone] - during[tone] - 12.0).abs() < 2.0,
            "{before:?} {during:?}"
        );
    }
    // It is for one telephone alone.
    assert!(world.heard(1, [700.0, 0.0, 0.0])[0] < ABSENT_DB);
    world.order(1, LegOrder::Stop);
    world.run(50);
    assert!(world.heard(0, [700.0, 0.0, 0.0])[0] < ABSENT_DB);
    assert_eq!(world.count(1, &LegEvent::Played(1)), 0);
}

#[test]
fn silence_is_told_once_after_thirty_seconds_and_later_after_twenty() {
    let mut world = World::new();
    world.call(1, Codec::Pcmu, TONES[0]);
    world.telephones[0].sends = false;
    world.run(50 * 30 - 1);
    assert_eq!(world.count(1, &LegEvent::Silent), 0);
    world.run(50 * 40);
    assert_eq!(world.count(1, &LegEvent::Silent), 1);
    world.telephones[0].sends = true;
    world.run(50);
    assert_eq!(world.count(1, &LegEvent::Heard), 1);
    world.telephones[0].sends = false;
    world.run(50 * 20 - 2);
    assert_eq!(world.count(1, &LegEvent::Silent), 1);
    world.run(4);
    assert_eq!(world.count(1, &LegEvent::Silent), 2);
}

#[test]
fn an_encrypted_call_is_heard_and_what_is_not_encrypted_is_not() {
    let mut world = World::new();
    world.call_with(1, Codec::Pcmu, TONES[0], true);
    world.call(2, Codec::Pcmu, TONES[1]);
    world.admit(1);
    world.admit(2);
    world.run(75);
    assert_eq!(is_there(world.heard(0, TONES)), [false, true, false]);
    assert_eq!(is_there(world.heard(1, TONES)), [true, false, false]);
    // Reports are encrypted as well: the telephone opened them.
    world.run(300);
    assert!(world.telephones[0].reports > 0);
    world.telephones[0].keys = None;
    world.telephones[0].leg = {
        let config = LegConfig {
            codec: Codec::Pcmu,
            payload_types: types(Codec::Pcmu),
            remote: ours(),
            latch: LatchMode::Signalled,
            seed: 3,
            cname: "telephone".to_owned(),
        };
        Leg::new(config, world.now.us).unwrap()
    };
    let sent = u64::try_from(world.telephones[0].sent).unwrap();
    world.run(75);
    world.order(1, LegOrder::Close);
    let closed = world.out.events.iter().find_map(|(_, event)| match event {
        LegEvent::Closed(summary) => Some(**summary),
        _ => None,
    });
    let closed = closed.unwrap();
    assert_eq!(
        (closed.forged, closed.heard.taken + closed.heard.refused),
        (75, sent)
    );
}

#[test]
fn a_seat_is_asked_for_until_the_room_takes_orders_and_given_up_likewise() {
    let mut world = World::new();
    world.call(1, Codec::Pcmu, TONES[0]);
    world.stage.busy = true;
    world.order(1, LegOrder::Join(Box::new(seat(1))));
    world.run(5);
    assert!(world.stage.seats.is_empty());
    world.stage.busy = false;
    world.run(5);
    assert_eq!(world.stage.seats.len(), 1, "and not again");
    world.tell(PhoneEvent::Seated(key(1)));
    // Said anew with other grants, it is the same seat.
    let mut louder = seat(1);
    louder.grants = Grants::LISTEN;
    world.order(1, LegOrder::Join(Box::new(louder)));
    world.run(2);
    assert_eq!(
        (world.stage.seats.len(), world.stage.unseated.len()),
        (2, 0)
    );
    world.tell(PhoneEvent::Seated(key(1)));
    world.run(1);
    assert_eq!(world.count(1, &LegEvent::Joined), 1);
    world.stage.busy = true;
    world.order(1, LegOrder::Close);
    world.run(5);
    assert!(world.stage.unseated.is_empty() && !world.board.is_empty());
    world.stage.busy = false;
    world.run(5);
    assert_eq!(world.stage.unseated, [key(1)]);
    assert!(world.board.is_empty());
}

#[test]
fn whoever_is_refused_or_removed_is_told_and_goes_on_with_the_call() {
    let mut world = scene();
    world.tell(PhoneEvent::Unseated(key(1)));
    world.run(50);
    assert_eq!(world.count(1, &LegEvent::Left(Unseated::Dropped)), 1);
    assert_eq!(is_there(world.heard(0, TONES)), [false, false, false]);
    assert_eq!(is_there(world.heard(1, TONES)), [false, false, true]);
    assert!(world.stage.unseated.is_empty(), "the room knows");
    let mut again = seat(1);
    again.connection = ConnectionKey(500);
    world.order(1, LegOrder::Join(Box::new(again)));
    world.run(1);
    let refused = PhoneKey {
        connection: ConnectionKey(500),
        ..key(1)
    };
    world.tell(PhoneEvent::Refused(refused, SeatError::RoomFull));
    world.run(1);
    assert_eq!(world.count(1, &LegEvent::Left(Unseated::Full)), 1);
    // What an older seat is told is not about this one.
    world.tell(PhoneEvent::Unseated(key(1)));
    world.run(1);
    assert_eq!(world.count(1, &LegEvent::Left(Unseated::Dropped)), 1);
}

#[test]
fn another_codec_in_the_middle_of_a_call_goes_on() {
    let mut world = scene();
    let config = LegConfig {
        codec: Codec::G722,
        payload_types: types(Codec::G722),
        remote: ours(),
        latch: LatchMode::Signalled,
        seed: 5,
        cname: "telephone".to_owned(),
    };
    world.telephones[0].leg = Leg::new(config, world.now.us).unwrap();
    world.telephones[0].tone = Some(Tone::new(Rate::Wide, &[(TONES[0], -20.0)]));
    world.telephones[0].heard.clear();
    world.order(1, LegOrder::Agree(Box::new(agreed(1, Codec::G722, false))));
    world.run(75);
    assert_eq!(is_there(world.heard(0, TONES)), [false, true, true]);
    assert_eq!(is_there(world.heard(1, TONES)), [true, false, true]);
    assert_eq!(world.count(1, &LegEvent::Heard), 1);
}

#[test]
fn of_many_speakers_who_begins_to_speak_is_heard() {
    let mut world = World::new();
    world.call(1, Codec::Pcmu, TONES[0]);
    world.admit(1);
    let mut quiet = Codec::Opus.open().unwrap();
    let mut payload = Vec::new();
    quiet.encode(&[0; 320], &mut payload).unwrap();
    let payload: Arc<[u8]> = Arc::from(payload);
    for step in 0..100_u32 {
        for from in 0..20_u128 {
            world.tell(PhoneEvent::Sound {
                room: ROOM,
                from: ParticipantKey(from),
                at: std::time::Instant::now(),
                timestamp: step * 960,
                payload: Arc::clone(&payload),
            });
        }
        if step == 40 {
            world.browser_says(TONES[2]);
        }
        world.run(1);
    }
    assert_eq!(is_there(world.heard(0, TONES)), [false, false, true]);
}
