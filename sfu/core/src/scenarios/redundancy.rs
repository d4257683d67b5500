//! Redundant audio: added where packets get lost, taken away where nobody understands it.

use std::time::Duration;

use str0m::RtcConfig;
use str0m::format::{Codec, FormatParams};
use str0m::media::Frequency;
use str0m::rtp::{RedDecoder, RedEncoder, RedundantBlock, RtpPacket};

use super::sender::{Outgoing, assert_continuous};
use super::world::{Wishes, World};
use crate::Source;

const FRAME: Duration = Duration::from_millis(20);

fn with_red(config: RtcConfig) -> RtcConfig {
    config.enable_opus(true, true)
}

/// Opus alone, on the payload type that Firefox gives it.
fn opus_on_109(config: RtcConfig) -> RtcConfig {
    let mut config = config.clear_codecs().enable_vp8(true);
    config.codec_config().add_config(
        109.into(),
        None,
        Codec::Opus,
        Frequency::FORTY_EIGHT_KHZ,
        Some(2),
        FormatParams::default(),
    );
    config
}

fn wishes(setup: fn(RtcConfig) -> RtcConfig) -> Wishes {
    Wishes {
        setup,
        ..Wishes::default()
    }
}

fn speech(seq: u64) -> Vec<u8> {
    let mut sound = vec![0x78; 20];
    sound.extend(u32::try_from(seq).unwrap().to_be_bytes());
    sound
}

/// Says something in each of some packets.
fn talk(world: &mut World, who: usize, seqs: std::ops::Range<u64>, red: bool) {
    for seq in seqs {
        let now = world.now;
        let payload = if red {
            let before = RedundantBlock {
                pt: 111,
                timestamp_offset: 960,
                payload: speech(seq - 1),
            };
            RedEncoder::encode(111, &speech(seq), &[before])
        } else {
            speech(seq)
        };
        let mut out = Outgoing::new(Source::Microphone, Codec::Opus, seq, payload);
        out.red = red;
        world.clients[who].send_out(now, out);
        world.run(FRAME);
    }
}

fn is_red(packet: &RtpPacket) -> bool {
    *packet.header.payload_type == 63
}

#[test]
fn redundant_audio_goes_through_where_it_is_understood() {
    let mut world = World::new();
    let speaker = world.join(1, 10, &wishes(with_red));
    let listener = world.join(1, 11, &wishes(with_red));
    talk(&mut world, speaker, 100..150, true);
    let sounds = world.clients[listener].sounds();
    assert_continuous(&sounds, 1);
    for (n, packet) in sounds.iter().enumerate() {
        assert!(is_red(packet));
        let blocks = RedDecoder::decode(&packet.payload).unwrap();
        assert_eq!(blocks[0].payload, speech(99 + n as u64));
        assert_eq!(blocks[1].payload, speech(100 + n as u64));
    }
}

#[test]
fn who_does_not_understand_it_gets_the_sound_alone() {
    let mut world = World::new();
    let speaker = world.join(1, 10, &wishes(with_red));
    let plain = world.join(1, 11, &Wishes::default());
    let other = world.join(1, 12, &wishes(opus_on_109));
    talk(&mut world, speaker, 100..150, true);
    for listener in [plain, other] {
        let sounds = world.clients[listener].sounds();
        assert_continuous(&sounds, 1);
        assert_eq!(sounds.len(), 50);
        for (n, packet) in sounds.iter().enumerate() {
            assert_eq!(*packet.payload, *speech(100 + n as u64));
        }
    }
}

#[test]
fn a_lossy_path_gets_every_sound_twice_until_it_is_good_again() {
    let mut world = World::new();
    let speaker = world.join(1, 10, &Wishes::default());
    let near = world.join(1, 11, &wishes(with_red));
    let far = world.join(1, 12, &wishes(with_red));
    talk(&mut world, speaker, 100..200, false);
    assert!(
        world.clients[far]
            .sounds()
            .iter()
            .all(|packet| !is_red(packet))
    );
    for seq in 200..700 {
        world.clients[far].deaf = seq % 7 == 0;
        talk(&mut world, speaker, seq..seq + 1, false);
    }
    world.clients[far].deaf = false;
    let sounds = world.clients[far].sounds();
    let twice: Vec<_> = sounds.iter().filter(|packet| is_red(packet)).collect();
    assert!(twice.len() > 100, "{} of {}", twice.len(), sounds.len());
    for packet in twice {
        let blocks = RedDecoder::decode(&packet.payload).unwrap();
        let own = u32::from_be_bytes(blocks[1].payload[20..].try_into().unwrap());
        assert_eq!(blocks[0].payload, speech(u64::from(own) - 1));
        assert_eq!(blocks[0].timestamp_offset, 960);
    }
    assert!(
        world.clients[near]
            .sounds()
            .iter()
            .all(|packet| !is_red(packet))
    );
    talk(&mut world, speaker, 700..1300, false);
    let last = *world.clients[far].sounds().last().unwrap();
    assert!(!is_red(last));
}

#[test]
fn silence_between_words_passes_untouched() {
    let mut world = World::new();
    let speaker = world.join(1, 10, &Wishes::default());
    let listener = world.join(1, 11, &Wishes::default());
    // A word, a pause of 400 ms with one packet of silence in it, a word.
    let mut timestamp = 1000_u32;
    for (seq, (pause, bytes)) in [(960, 40), (960, 40), (960, 1), (19_200, 1), (960, 40)]
        .into_iter()
        .enumerate()
    {
        timestamp += pause;
        let mut out = Outgoing::new(
            Source::Microphone,
            Codec::Opus,
            seq as u64,
            vec![0x78; bytes],
        );
        out.timestamp = timestamp;
        let now = world.now;
        world.clients[speaker].send_out(now, out);
        world.run(Duration::from_micros(u64::from(pause) * 1000 / 48));
    }
    let sounds = world.clients[listener].sounds();
    let times: Vec<u32> = sounds
        .iter()
        .map(|packet| packet.header.timestamp)
        .collect();
    let steps: Vec<u32> = times.windows(2).map(|two| two[1] - two[0]).collect();
    assert_eq!(steps, [960, 960, 19_200, 960]);
}
