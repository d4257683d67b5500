//! All voices of one room.

use std::collections::BTreeMap;

use recordings_tap::{Codec, PersonKey, SourceKind, TapEvent, TrackKey};
use speech::{Order, Track};

use crate::voice::{Opened, Voice};

/// Voices of one room that are heard; those after them are not.
const VOICES_MAX: usize = 32;

/// A recogniser that hears. After it has begun anew it knows no voice any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ready {
    /// Which beginning of it.
    pub epoch: u32,
}

/// See the crate.
#[derive(Debug, Default)]
pub struct Scribe {
    voices: BTreeMap<TrackKey, (PersonKey, Voice)>,
}

impl Scribe {
    /// Takes what the tap says. `ready` is the recogniser, if it hears now; what is said meanwhile is lost.
    /// `number` gives the voice of a person a number that no other voice of any room has.
    pub fn hear(
        &mut self,
        event: &TapEvent,
        ready: Option<Ready>,
        number: &mut impl FnMut(PersonKey) -> Track,
    ) -> Vec<Order> {
        match event {
            TapEvent::Opened {
                track,
                person,
                kind: SourceKind::Microphone,
                ..
            } => {
                if self.voices.len() < VOICES_MAX
                    && let Some(voice) = Voice::open()
                {
                    self.voices.insert(*track, (*person, voice));
                }
                Vec::new()
            }
            TapEvent::Packet(packet) if packet.codec == Codec::Opus => {
                let Some((person, voice)) = self.voices.get_mut(&packet.track) else {
                    return Vec::new();
                };
                let Some(Ready { epoch }) = ready else {
                    voice.opened = None;
                    voice.hush();
                    return Vec::new();
                };
                let mut orders = Vec::new();
                let opened = match voice.opened.filter(|it| it.epoch == epoch) {
                    Some(opened) => opened,
                    None => {
                        let track = number(*person);
                        let language = None;
                        orders.push(Order::Open { track, language });
                        Opened { track, epoch }
                    }
                };
                voice.opened = Some(opened);
                orders.extend(voice.packet(opened.track, packet));
                orders
            }
            TapEvent::Muted { track, .. } => {
                let voice = self.voices.get_mut(track);
                let given = voice.and_then(|(_, voice)| {
                    let opened = voice.opened?;
                    voice.give(opened.track)
                });
                given.into_iter().collect()
            }
            TapEvent::Closed { track, .. } => {
                let gone = self.voices.remove(track);
                gone.map_or_else(Vec::new, |(_, voice)| closed(voice, ready))
            }
            // What was said before has been agreed to; what is not said yet stays unsaid.
            TapEvent::Paused { .. } => self.silence(ready),
            TapEvent::Tick { at_us } => {
                let voices = self.voices.values_mut();
                voices
                    .filter_map(|(_, voice)| {
                        let opened = voice.opened?;
                        voice.tick(opened.track, *at_us)
                    })
                    .collect()
            }
            TapEvent::Opened { .. }
            | TapEvent::Packet(_)
            | TapEvent::Report(_)
            | TapEvent::Unmuted { .. }
            | TapEvent::Resumed { .. }
            | TapEvent::Said { .. } => Vec::new(),
        }
    }

    /// The room is over.
    pub fn end(mut self, ready: Option<Ready>) -> Vec<Order> {
        self.silence(ready)
    }

    fn silence(&mut self, ready: Option<Ready>) -> Vec<Order> {
        let voices = self.voices.values_mut();
        voices
            .filter_map(|(_, voice)| {
                voice.hush();
                close(voice.opened.take(), ready)
            })
            .collect()
    }
}

/// What is left of a voice, and its end.
fn closed(mut voice: Voice, ready: Option<Ready>) -> Vec<Order> {
    let last = voice.opened.and_then(|opened| voice.give(opened.track));
    last.into_iter().chain(close(voice.opened, ready)).collect()
}

/// A recogniser that has begun anew since knows nothing of it.
fn close(opened: Option<Opened>, ready: Option<Ready>) -> Option<Order> {
    let opened = opened.filter(|it| ready.is_some_and(|ready| ready.epoch == it.epoch))?;
    Some(Order::Close {
        track: opened.track,
    })
}

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "tests")]
mod tests {
    use std::sync::Arc;

    use recordings_tap::Packet;
    use sfu_phone::{Rate, Tone, open_for_room};

    use super::*;

    const READY: Option<Ready> = Some(Ready { epoch: 1 });
    const VOICE: TrackKey = TrackKey(7);

    struct Room {
        scribe: Scribe,
        numbers: u32,
        ready: Option<Ready>,
    }

    impl Room {
        fn new() -> Self {
            let mut room = Self {
                scribe: Scribe::default(),
                numbers: 0,
                ready: READY,
            };
            let opened = |track, kind| TapEvent::Opened {
                track,
                person: PersonKey(5),
                kind,
                at_us: 0,
            };
            assert_eq!(room.hear(&opened(VOICE, SourceKind::Microphone)), []);
            assert_eq!(room.hear(&opened(TrackKey(8), SourceKind::Camera)), []);
            room
        }

        fn hear(&mut self, event: &TapEvent) -> Vec<Order> {
            let numbers = &mut self.numbers;
            self.scribe.hear(event, self.ready, &mut |person| {
                assert_eq!(person, PersonKey(5));
                *numbers += 1;
                Track(*numbers)
            })
        }
    }

    /// Packets of 20 ms of a tone; the first arrives at one second.
    fn packets(count: u32) -> Vec<TapEvent> {
        let mut speech = open_for_room(Rate::Wide).unwrap();
        let mut tone = Tone::new(Rate::Wide, &[(440.0, -6.0)]);
        let packet = |n: u32| {
            let mut sound = vec![0; 320];
            tone.fill(&mut sound);
            let mut payload = Vec::new();
            speech.encode(&sound, &mut payload).unwrap();
            TapEvent::Packet(Packet {
                track: VOICE,
                layer: 0,
                codec: Codec::Opus,
                seq: u16::try_from(n).unwrap(),
                // It wraps on the way.
                timestamp: (u32::MAX - 960).wrapping_add(960 * n),
                marker: false,
                arrival_us: 1_000_000 + 20_000 * u64::from(n),
                payload: Arc::from(payload),
            })
        };
        (0..count).map(packet).collect()
    }

    fn sounds(orders: &[Order]) -> Vec<(u32, u64, usize)> {
        let sounds = orders.iter().filter_map(|order| match order {
            Order::Sound(sound) => Some((sound.track.0, sound.at_ms, sound.pcm.len())),
            Order::Open { .. } | Order::Close { .. } => None,
        });
        sounds.collect()
    }

    #[test]
    fn a_voice_is_opened_once_and_its_sound_comes_in_tenths_of_a_second() {
        let mut room = Room::new();
        let orders: Vec<_> = packets(11).iter().flat_map(|it| room.hear(it)).collect();
        let (track, language) = (Track(1), None);
        assert_eq!(orders[0], Order::Open { track, language });
        assert_eq!(sounds(&orders), [(1, 1_000, 1_600), (1, 1_100, 1_600)]);
        let loud = orders.iter().any(|order| match order {
            Order::Sound(sound) => sound.pcm.iter().any(|it| it.unsigned_abs() > 5_000),
            Order::Open { .. } | Order::Close { .. } => false,
        });
        assert!(loud);
        let rest = room.hear(&TapEvent::Tick { at_us: 1_300_000 });
        assert_eq!(sounds(&rest), [(1, 1_200, 320)]);
        let closed = room.hear(&TapEvent::Closed {
            track: VOICE,
            at_us: 1_400_000,
        });
        assert_eq!(closed, [Order::Close { track }]);
    }

    #[test]
    fn what_is_lost_is_a_gap_and_what_comes_twice_or_late_is_said_once() {
        let mut room = Room::new();
        let all = packets(12);
        let kept = [0, 1, 2, 2, 7, 6, 8, 9, 10, 11].map(|n: usize| all[n].clone());
        let mut orders: Vec<_> = kept.iter().flat_map(|it| room.hear(it)).collect();
        orders.extend(room.hear(&TapEvent::Muted {
            track: VOICE,
            at_us: 0,
        }));
        assert_eq!(sounds(&orders), [(1, 1_000, 960), (1, 1_140, 1_600)]);
    }

    #[test]
    fn a_pause_ends_the_voice_and_what_was_not_given_is_never_said() {
        let mut room = Room::new();
        let all = packets(9);
        for packet in &all[..3] {
            room.hear(packet);
        }
        let paused = room.hear(&TapEvent::Paused { at_us: 0 });
        assert_eq!(paused, [Order::Close { track: Track(1) }], "and no sound");
        room.hear(&TapEvent::Resumed { at_us: 0 });
        let orders: Vec<_> = all[3..9].iter().flat_map(|it| room.hear(it)).collect();
        assert!(matches!(
            orders[0],
            Order::Open {
                track: Track(2),
                ..
            }
        ));
        assert_eq!(sounds(&orders), [(2, 1_060, 1_600)]);
        assert_eq!(room.scribe.end(READY), [Order::Close { track: Track(2) }]);
    }

    #[test]
    fn a_recogniser_that_does_not_hear_gets_nothing_and_one_that_begins_anew_gets_all_anew() {
        let mut room = Room::new();
        let all = packets(20);
        room.ready = None;
        for packet in &all[..4] {
            assert_eq!(room.hear(packet), []);
        }
        room.ready = READY;
        assert!(matches!(
            room.hear(&all[4])[..],
            [Order::Open {
                track: Track(1),
                ..
            }]
        ));
        room.ready = Some(Ready { epoch: 2 });
        assert!(matches!(
            room.hear(&all[5])[..],
            [Order::Open {
                track: Track(2),
                ..
            }]
        ));
        room.ready = Some(Ready { epoch: 3 });
        assert_eq!(
            room.scribe.end(room.ready),
            [],
            "it knows nothing of that voice"
        );
    }

    #[test]
    fn what_is_no_opus_costs_nothing_but_itself() {
        let mut room = Room::new();
        let mut all = packets(6);
        if let TapEvent::Packet(packet) = &mut all[2] {
            packet.payload = Arc::from(vec![0xff; 3]);
        }
        let orders: Vec<_> = all.iter().flat_map(|it| room.hear(it)).collect();
        assert!(sounds(&orders).len() <= 2);
    }
}
