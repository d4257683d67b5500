//! Prints how many telephones a core carries, and how evenly they are sent packets.
//!
//! `cargo run --release -p sfu-bridge --example phone_cost [calls] [seconds]`
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "an example that measures"
)]

use std::net::{IpAddr, Ipv4Addr, UdpSocket};
use std::time::{Duration, Instant};

use sfu_bridge::{
    Agreed, BridgeConfig, Codec, Flow, LatchMode, LegOrder, PayloadTypes, ReportPath, measuring,
};
use sfu_net::SfuConfig;

/// Frames of one measurement: four seconds.
const FRAMES: usize = 200;
const FRAME_MS: f64 = 20.0;

fn main() {
    let mut args = std::env::args().skip(1);
    let calls: usize = args.next().map_or(50, |text| text.parse().unwrap());
    let seconds: u64 = args.next().map_or(10, |text| text.parse().unwrap());
    for (name, codec, wanted) in [
        ("narrowband, G.711", Codec::Pcmu, 150.0),
        ("wideband, G.722", Codec::G722, 60.0),
        ("wideband, Opus", Codec::Opus, 60.0),
    ] {
        let used = measuring::cost(codec, 20, FRAMES, cpu_time);
        let per_frame_ms = used.as_secs_f64() * 1e3 / f64::from(u32::try_from(FRAMES).unwrap());
        let per_core = 20.0 * FRAME_MS / per_frame_ms;
        println!(
            "{name}: {per_core:.0} calls per core with two speakers each (wanted {wanted}), \
             {:.0} us a call and frame",
            per_frame_ms * 1e3 / 20.0
        );
    }
    pacing(calls, Duration::from_secs(seconds));
}

/// Calls over real sockets: how far apart their packets come.
fn pacing(calls: usize, time: Duration) {
    let here = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let (sfu, _events) = sfu_net::start(SfuConfig {
        bind: here,
        udp_port: 0,
        shards: 1,
        loopback: true,
        ..SfuConfig::default()
    })
    .unwrap();
    let config = BridgeConfig {
        bind: here,
        legs_max: calls,
        ..BridgeConfig::default()
    };
    let bridge = sfu_bridge::start(config, sfu.clone()).unwrap();
    let handle = bridge.handle();
    let mut telephones = Vec::new();
    for _ in 0..calls {
        let open = handle.open().unwrap();
        let socket = UdpSocket::bind((here, 0)).unwrap();
        socket.set_nonblocking(true).unwrap();
        let agreed = Agreed {
            codec: Codec::Pcmu,
            payload_types: PayloadTypes {
                speech: 0,
                event: Some(101),
                noise: 13,
            },
            remote: socket.local_addr().unwrap(),
            latch: LatchMode::Signalled,
            reports: ReportPath::Nowhere,
            keys: None,
            flow: Flow::BOTH,
        };
        handle
            .order(open.leg, LegOrder::Agree(Box::new(agreed)))
            .unwrap();
        telephones.push((open, socket, None::<Instant>));
    }
    let begun = Instant::now();
    let mut gaps_us = Vec::new();
    let mut buffer = [0; 1500];
    while begun.elapsed() < time {
        for (_, socket, last) in &mut telephones {
            while socket.recv(&mut buffer).is_ok() {
                let now = Instant::now();
                if let Some(before) = last.replace(now) {
                    gaps_us.push((now - before).as_micros());
                }
            }
        }
        std::thread::yield_now();
    }
    gaps_us.sort_unstable();
    if gaps_us.is_empty() {
        println!("pacing: nothing came");
        return;
    }
    let at = |share: usize| gaps_us[(gaps_us.len() - 1) * share / 1000];
    println!(
        "pacing of {calls} calls over sockets, {} packets: p50 {} us, p99 {} us, p99.9 {} us, max {} us \
         (wanted: p99 <= 25000)",
        gaps_us.len(),
        at(500),
        at(990),
        at(999),
        at(1000)
    );
    bridge.shutdown();
    sfu.shutdown();
}

/// The processor time of this thread.
fn cpu_time() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanos = text
        .split_whitespace()
        .next()
        .and_then(|it| it.parse().ok());
    Duration::from_nanos(nanos.unwrap_or(0))
}
