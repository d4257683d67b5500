//! What telephones cost, for the example that prints it. No part of the interface.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sfu_net::{
    ConnectionKey, Grants, ParticipantKey, PhoneEvent, PhoneKey, PhonePacket, Rank, RoomKey,
    SeatRequest, SourceSet, Unseatable,
};
use sfu_phone::{Codec, LatchMode, Leg, LegConfig, PayloadTypes, Speech};

use crate::handle::LegId;
use crate::order::{Agreed, Flow, LegOrder, ReportPath, Seat};
use crate::switchboard::{Now, Out, Rooms, Switchboard};

/// A media server that takes everything.
struct Anybody;

impl Rooms for Anybody {
    fn seat(&mut self, _: SeatRequest) -> Result<(), Unseatable> {
        Ok(())
    }
    fn unseat(&mut self, _: PhoneKey) -> Result<(), Unseatable> {
        Ok(())
    }
    fn speak(&mut self, _: PhonePacket) -> bool {
        true
    }
}

/// Something like speech: a voice of three formants that comes and goes, and noise.
fn speech_like(frames: usize, samples: usize, seed: u64) -> Vec<Vec<i16>> {
    let mut state = seed | 1;
    let mut at = 0_u32;
    let rate = f64::from(u32::try_from(samples * 50).unwrap_or(8_000));
    let mut all = Vec::with_capacity(frames);
    for frame in 0..frames {
        let loud = if frame % 40 < 25 { 1.0 } else { 0.02 };
        let mut sound = Vec::with_capacity(samples);
        for _ in 0..samples {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let noise = f64::from(u8::try_from(state >> 56).unwrap_or(0)) - 128.0;
            let t = f64::from(at) / rate * core::f64::consts::TAU;
            at += 1;
            let pitch = 120.0 + f64::from(u32::try_from(frame % 17).unwrap_or(0));
            let voice: f64 = (1..12)
                .map(|n| (t * pitch * f64::from(n)).sin() / f64::from(n))
                .sum();
            #[expect(clippy::cast_possible_truncation, reason = "far below full scale")]
            sound.push((loud * (voice * 3_000.0 + noise * 4.0)) as i16);
        }
        all.push(sound);
    }
    all
}

/// Processor time for so many frames of calls, each in a room of its own with two others who speak.
///
/// # Panics
/// When a codec cannot be set up.
#[must_use]
#[expect(clippy::panic, reason = "a measurement that cannot be made")]
pub fn cost(codec: Codec, calls: u64, frames: usize, clock: fn() -> Duration) -> Duration {
    let mut board = Switchboard::default();
    let mut out = Out::default();
    let mut now = Now { us: 0, wall_us: 0 };
    let here = SocketAddr::from(([192, 0, 2, 1], 4_000));
    let types = PayloadTypes {
        speech: 0,
        event: Some(101),
        noise: 13,
    };
    let config = LegConfig {
        codec,
        payload_types: types,
        remote: here,
        latch: LatchMode::Signalled,
        seed: 5,
        cname: "telephone".to_owned(),
    };
    // All telephones say the same, and so do all speakers: what is measured is not their making.
    let Ok(mut telephone) = Leg::new(config, 0) else {
        panic!("no codec");
    };
    let Ok(mut coder) = Codec::Opus.open() else {
        panic!("no opus");
    };
    let said: Vec<Vec<u8>> = speech_like(frames, codec.rate().frame(), 3)
        .iter()
        .filter_map(|frame| telephone.say(frame))
        .collect();
    let spoken: Vec<Arc<[u8]>> = speech_like(frames, 320, 8)
        .iter()
        .map(|frame| encoded(coder.as_mut(), frame))
        .collect();
    sit_down(&mut board, calls, (codec, types, here), &mut out);
    let begun = clock();
    let at = Instant::now();
    for (step, (said, spoken)) in said.iter().zip(&spoken).enumerate() {
        now.us += 20_000;
        now.wall_us += 20_000;
        for id in 1..=calls {
            board.datagram(now, LegId(id), here, said);
            for from in [2, 3] {
                let sound = PhoneEvent::Sound {
                    room: RoomKey(id.into()),
                    from: ParticipantKey(from),
                    at,
                    timestamp: u32::try_from(step).unwrap_or(0).wrapping_mul(960),
                    payload: Arc::clone(spoken),
                };
                board.hear_room(now.us, sound, &mut out);
            }
        }
        board.tick(now, &mut Anybody, &mut out);
        out.datagrams.clear();
        out.events.clear();
    }
    clock().saturating_sub(begun)
}

/// Calls that were answered, each in a room of its own.
fn sit_down(
    board: &mut Switchboard,
    calls: u64,
    (codec, payload_types, remote): (Codec, PayloadTypes, SocketAddr),
    out: &mut Out,
) {
    let now = Now { us: 0, wall_us: 0 };
    for id in 1..=calls {
        board.open(now, LegId(id), id * 7_919);
        let agreed = Agreed {
            codec,
            payload_types,
            remote,
            latch: LatchMode::Signalled,
            reports: ReportPath::Muxed,
            keys: None,
            flow: Flow::BOTH,
        };
        board.order(now, LegId(id), LegOrder::Agree(Box::new(agreed)), out);
        let seat = Seat {
            room: RoomKey(id.into()),
            participant: ParticipantKey(1),
            connection: ConnectionKey(1),
            on: SourceSet::ALL,
            rank: Rank::Other,
            grants: Grants::ALL,
        };
        board.order(now, LegId(id), LegOrder::Join(Box::new(seat)), out);
    }
    board.tick(now, &mut Anybody, out);
    for id in 1..=calls {
        let phone = PhoneKey {
            room: RoomKey(id.into()),
            participant: ParticipantKey(1),
            connection: ConnectionKey(1),
        };
        board.hear_room(0, PhoneEvent::Seated(phone), out);
        let rights = PhoneEvent::Rights {
            phone,
            is_heard: true,
            hears: true,
        };
        board.hear_room(0, rights, out);
    }
}

fn encoded(coder: &mut dyn Speech, frame: &[i16]) -> Arc<[u8]> {
    let mut payload = Vec::new();
    // A frame that is refused is an empty packet, which nobody decodes.
    let _ = coder.encode(frame, &mut payload);
    Arc::from(payload)
}
