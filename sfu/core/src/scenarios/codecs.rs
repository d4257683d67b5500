//! What is negotiated, and what happens where two clients have nothing in common.

use std::time::Duration;

use str0m::RtcConfig;
use str0m::format::Codec;
use str0m::media::MediaTime;
use str0m::rtp::Extension;

use super::payloads::{vp8_delta, vp8_key};
use super::sender::Outgoing;
use super::world::{Wishes, World};
use crate::{Source, SourceSet};

const FRAME: Duration = Duration::from_millis(30);

fn h264_only(config: RtcConfig) -> RtcConfig {
    config
        .clear_codecs()
        .enable_opus(true, false)
        .enable_h264(true)
}

fn with_delays(config: RtcConfig) -> RtcConfig {
    config.set_extension(6, Extension::PlayoutDelay)
}

fn with_red(config: RtcConfig) -> RtcConfig {
    config.enable_opus(true, true)
}

fn wishes(setup: fn(RtcConfig) -> RtcConfig) -> Wishes {
    Wishes {
        setup,
        ..Wishes::default()
    }
}

fn show(world: &mut World, who: usize, source: Source, pictures: std::ops::Range<u16>) {
    for n in pictures {
        let now = world.now;
        let payload = if n % 10 == 0 {
            vp8_key(n, 360)
        } else {
            vp8_delta(n)
        };
        let out = Outgoing::new(source, Codec::Vp8, n.into(), payload);
        world.clients[who].send_out(now, out);
        world.run(FRAME);
    }
}

/// The answer to a new client's offer, by m-line: names of the payload types in their order.
fn answered(
    setup: fn(RtcConfig) -> RtcConfig,
    spoil: impl Fn(String) -> String,
) -> Vec<Vec<String>> {
    let mut world = World::new();
    let index = world.join(1, 10, &wishes(setup));
    let (offer, _pending) = world.clients[index].offer(&wishes(setup));
    let client = &world.clients[index];
    let request = crate::ConnectRequest {
        room: crate::RoomKey(7),
        participant: client.me,
        connection: client.connection,
        mode: client.mode,
        offer_sdp: spoil(offer.to_sdp_string()),
        sources: vec![],
        on: SourceSet::ALL,
        rank: crate::Rank::Other,
        grants: crate::Grants::ALL,
    };
    let answer = world.request(request).unwrap();
    let mut lines: Vec<Vec<String>> = Vec::new();
    for section in answer.split("\nm=").skip(1) {
        let mut names = Vec::new();
        for pt in section.lines().next().unwrap().split(' ').skip(3) {
            let map = format!("a=rtpmap:{} ", pt.trim());
            let name = section.lines().find_map(|line| line.strip_prefix(&map));
            names.extend(name.map(|name| name.split('/').next().unwrap().to_lowercase()));
        }
        lines.push(names);
    }
    lines
}

#[test]
fn answers_prefer_vp8_and_put_vp9_and_av1_before_h264() {
    let lines = answered(|config| config, |offer| offer);
    let video = lines
        .iter()
        .find(|names| names.contains(&"vp8".to_owned()))
        .unwrap();
    let video: Vec<_> = video.iter().filter(|name| *name != "rtx").collect();
    assert_eq!(video, ["vp8", "vp9", "av1", "h264"]);
}

#[test]
fn redundant_audio_stands_behind_opus_unless_the_client_prefers_it() {
    let lines = answered(with_red, |offer| {
        offer.replace("SAVPF 63 111", "SAVPF 111 63")
    });
    assert_eq!(lines[0], ["opus", "red"]);
    let lines = answered(with_red, |offer| offer);
    assert_eq!(lines[0], ["red", "opus"]);
    let lines = answered(|config| config, |offer| offer);
    assert_eq!(lines[0], ["opus"]);
}

#[test]
fn a_codec_that_a_client_cannot_play_is_withheld_and_counted() {
    let mut world = World::new();
    let a = world.join(1, 10, &Wishes::default());
    let b = world.join(1, 11, &wishes(h264_only));
    let c = world.join(1, 12, &Wishes::default());
    world.set_sources(b, SourceSet::NONE);
    world.set_sources(c, SourceSet::NONE);
    show(&mut world, a, Source::Camera, 0..100);
    assert_eq!(world.clients[b].pictures().len(), 0);
    assert_eq!(world.clients[c].pictures().len(), 100);
    assert_eq!(world.shard.counters().unplayable, 100);
    assert!(
        world.clients[a].keyframes_wanted.len() <= 2,
        "nobody asks in vain"
    );
}

#[test]
fn a_payload_that_no_path_carries_harms_nobody() {
    let mut world = World::new();
    let a = world.join(1, 10, &Wishes::default());
    let b = world.join(1, 11, &Wishes::default());
    show(&mut world, a, Source::Camera, 0..10);
    let mut huge = vp8_delta(10);
    huge.resize(1900, 0);
    let now = world.now;
    world.clients[a].send_out(now, Outgoing::new(Source::Camera, Codec::Vp8, 10, huge));
    world.run(FRAME);
    show(&mut world, a, Source::Camera, 11..20);
    assert_eq!(world.shard.counters().peer_panics, 0);
    assert_eq!(world.clients[b].pictures().len(), 19);
}

/// Minimum and maximum playout delay of each picture, in hundredths of a second.
fn delays(world: &World, index: usize) -> Vec<Option<(u64, u64)>> {
    let values = world.clients[index].pictures();
    let hundredths = |time: MediaTime| time.as_micros() / 10_000;
    let both = values.iter().map(|packet| {
        let values = &packet.header.ext_vals;
        values.play_delay_min.zip(values.play_delay_max)
    });
    both.map(|both| both.map(|(min, max)| (hundredths(min), hundredths(max))))
        .collect()
}

#[test]
fn a_screen_says_how_long_it_may_wait_and_a_camera_after_it_takes_it_back() {
    let mut world = World::new();
    let sharing = Wishes {
        sources: vec![Source::Screen],
        audio_slots: 0,
        video_slots: 0,
        setup: with_delays,
        ..Wishes::default()
    };
    let screen = world.join(1, 10, &sharing);
    let watching = |setup| Wishes {
        sources: vec![],
        setup,
        ..Wishes::default()
    };
    let hinted = world.join(1, 11, &watching(with_delays));
    let plain = world.join(1, 12, &watching(|config| config));
    show(&mut world, screen, Source::Screen, 0..10);
    assert_eq!(delays(&world, plain), [None; 10]);
    assert_eq!(delays(&world, hinted), [Some((0, 40)); 10]);
    // The clinician's face goes before a screen where slots are short.
    let clinician = Wishes {
        rank: crate::Rank::Clinician,
        ..Wishes::default()
    };
    let camera = world.join(1, 13, &clinician);
    show(&mut world, camera, Source::Camera, 0..10);
    assert_eq!(delays(&world, hinted)[10..], [Some((0, 1000)); 10]);
    assert_eq!(delays(&world, plain).len(), 20);
}

#[test]
fn what_a_publisher_says_about_its_delay_goes_through() {
    let mut world = World::new();
    let a = world.join(1, 10, &wishes(with_delays));
    let b = world.join(1, 11, &wishes(with_delays));
    show(&mut world, a, Source::Camera, 0..3);
    for n in 3..6_u16 {
        let mut out = Outgoing::new(Source::Camera, Codec::Vp8, n.into(), vp8_delta(n));
        out.values.play_delay_min = Some(MediaTime::from_hundredths(5));
        out.values.play_delay_max = Some(MediaTime::from_hundredths(20));
        let now = world.now;
        world.clients[a].send_out(now, out);
        world.run(FRAME);
    }
    show(&mut world, a, Source::Camera, 6..8);
    let told = delays(&world, b);
    let (silent, own, usual) = (None, Some((5, 20)), Some((0, 1000)));
    assert_eq!(told, [silent, silent, silent, own, own, own, usual, usual]);
}
