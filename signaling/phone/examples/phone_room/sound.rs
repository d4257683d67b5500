//! The sound of telephones, one task for each: prompts are short tones, and the room is a tone of 440 Hz.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use sfu_bridge::Srtp;
use sfu_phone::{Digit, LatchMode, Leg, LegConfig, LegEvent, Rate, Tone};
use signaling_phone::{MediaSeat, NoSound, OpenLeg, PlayId, Sound, SoundEvent, SoundLeg};
use signaling_sip::{Agreement, Flow, Language, Prompt};
use tokio::net::UdpSocket;
use tokio::sync::mpsc;

use crate::tell;

/// Orders and events that wait.
const LANE_MAX: usize = 64;
/// How long a prompt is, in frames of 20 ms.
const PROMPT_FRAMES: u32 = 5;
/// Frames with sound before it is told that somebody is heard.
const LOUD_FRAMES: u32 = 10;

pub(crate) struct TestSound;

#[async_trait]
impl Sound for TestSound {
    async fn open(&self, near: SocketAddr) -> Result<OpenLeg, NoSound> {
        let socket = UdpSocket::bind((near.ip(), 0))
            .await
            .map_err(|why| NoSound(why.into()))?;
        let local = socket.local_addr().map_err(|why| NoSound(why.into()))?;
        let (orders, ordered) = mpsc::channel(LANE_MAX);
        let (teller, events) = mpsc::channel(LANE_MAX);
        tokio::spawn(run(socket, ordered, teller));
        Ok(OpenLeg {
            leg: Box::new(Orders(orders)),
            local,
            events,
        })
    }
}

enum Order {
    Agree(Box<Agreement>),
    Play(PlayId, Prompt, Language),
    Hush,
    Join(bool),
    Mute(bool),
    Hold(bool),
    Press(Digit),
}

struct Orders(mpsc::Sender<Order>);

impl Orders {
    fn give(&self, order: Order) {
        if self.0.try_send(order).is_err() {
            tell("sound does not keep up");
        }
    }
}

impl SoundLeg for Orders {
    fn agree(&self, agreement: &Agreement) {
        self.give(Order::Agree(Box::new(agreement.clone())));
    }

    fn play(&self, id: PlayId, prompts: &[Prompt], language: Language) {
        if let Some(prompt) = prompts.first() {
            self.give(Order::Play(id, *prompt, language));
        }
    }

    fn hush(&self) {
        self.give(Order::Hush);
    }

    fn join(&self, _seat: &MediaSeat) {
        self.give(Order::Join(true));
    }

    fn leave(&self) {
        self.give(Order::Join(false));
    }

    fn mute(&self, on: bool) {
        self.give(Order::Mute(on));
    }

    fn hold(&self, on: bool) {
        self.give(Order::Hold(on));
    }

    fn press(&self, digit: Digit) {
        self.give(Order::Press(digit));
    }
}

struct Line {
    begun: Instant,
    leg: Option<(Leg, sfu_phone::Codec)>,
    /// The agreement that the keys are of, and the keys: theirs and ours.
    keys: Option<(Agreement, Srtp, Srtp)>,
    told_forged: bool,
    flow: Flow,
    tone: Tone,
    playing: Option<(PlayId, u32)>,
    in_room: bool,
    loud: u32,
    told: bool,
}

impl Line {
    fn now_us(&self) -> i64 {
        i64::try_from(self.begun.elapsed().as_micros()).unwrap_or(i64::MAX)
    }

    fn obey(&mut self, order: Order) {
        match order {
            Order::Agree(agreement) => self.agree(&agreement),
            Order::Play(id, prompt, language) => {
                tell(&format!("play {} {language:?}", prompt.name()));
                self.playing = Some((id, PROMPT_FRAMES));
            }
            Order::Hush => self.playing = None,
            Order::Join(on) => self.in_room = on,
            Order::Mute(on) => tell(&format!("sound mute {on}")),
            Order::Hold(on) => tell(&format!("sound hold {on}")),
            Order::Press(digit) => {
                if let Some((leg, _)) = &mut self.leg {
                    let _ = leg.press(digit);
                }
            }
        }
    }

    fn agree(&mut self, agreement: &Agreement) {
        self.flow = agreement.flow;
        self.agree_keys(agreement);
        let now_us = self.now_us();
        match &mut self.leg {
            Some((leg, codec)) if *codec == agreement.codec => {
                leg.resignal(agreement.remote, now_us);
            }
            _ => {
                let config = LegConfig {
                    codec: agreement.codec,
                    payload_types: agreement.payload_types,
                    remote: agreement.remote,
                    // baresip says the address of another interface than the one it sends from.
                    latch: LatchMode::Anywhere,
                    seed: rand::random(),
                    cname: "test".to_owned(),
                };
                self.leg = Leg::new(config, now_us)
                    .ok()
                    .map(|leg| (leg, agreement.codec));
                self.tone = Tone::new(agreement.codec.rate(), &[(440.0, -14.0)]);
            }
        }
    }

    /// Keys that stay keep their place in the stream.
    fn agree_keys(&mut self, agreement: &Agreement) {
        let same = self.keys.as_ref().map(|(before, ..)| &before.keys) == Some(&agreement.keys);
        if same {
            return;
        }
        self.keys = agreement.keys.as_ref().and_then(|(ours, theirs)| {
            let (theirs, ours) = (Srtp::new(theirs).ok()?, Srtp::new(ours).ok()?);
            Some((agreement.clone(), theirs, ours))
        });
        tell(&format!("encrypted {}", self.keys.is_some()));
    }

    /// What came, in clear; what is not authentic is told once and is nothing.
    fn open(&mut self, packet: &[u8]) -> Vec<u8> {
        let Some((_, theirs, _)) = &mut self.keys else {
            return packet.to_vec();
        };
        match theirs.open(packet) {
            Ok(clear) => clear,
            Err(_why) if self.told_forged => Vec::new(),
            Err(why) => {
                self.told_forged = true;
                tell(&format!("sound refused {why}"));
                Vec::new()
            }
        }
    }

    fn seal(&mut self, packet: Vec<u8>) -> Option<Vec<u8>> {
        match &mut self.keys {
            Some((_, _, ours)) => ours.seal(&packet).ok(),
            None => Some(packet),
        }
    }

    /// 20 ms: what is to be sent, and what has happened.
    fn tick(&mut self) -> (Option<(Vec<u8>, SocketAddr)>, Vec<SoundEvent>) {
        let now_us = self.now_us();
        let mut events = Vec::new();
        let Some((leg, _)) = &mut self.leg else {
            return (None, events);
        };
        let heard = leg.hear(now_us);
        while let Some(event) = leg.poll_event() {
            events.push(match event {
                LegEvent::Pressed(digit) => SoundEvent::Pressed(digit),
                LegEvent::Heard => SoundEvent::Heard,
                LegEvent::Gone => SoundEvent::Gone,
            });
        }
        if self.in_room && heard.iter().any(|sample| sample.unsigned_abs() > 1_000) {
            self.loud = self.loud.saturating_add(1);
            if self.loud >= LOUD_FRAMES && !self.told {
                self.told = true;
                tell("heard in the room");
            }
        }
        let mut frame = vec![0; leg.rate().frame()];
        if let Some((id, left)) = &mut self.playing {
            self.tone.fill(&mut frame);
            *left = left.saturating_sub(1);
            if *left == 0 {
                events.push(SoundEvent::Played(*id));
                self.playing = None;
            }
        } else if self.in_room {
            self.tone.fill(&mut frame);
        }
        let packet = leg.say(&frame).filter(|_| self.flow.sends());
        let to = leg.destination();
        let sealed = packet.and_then(|packet| self.seal(packet));
        (sealed.map(|packet| (packet, to)), events)
    }
}

async fn run(
    socket: UdpSocket,
    mut orders: mpsc::Receiver<Order>,
    events: mpsc::Sender<SoundEvent>,
) {
    let mut line = Line {
        begun: Instant::now(),
        leg: None,
        keys: None,
        told_forged: false,
        flow: Flow::Inactive,
        tone: Tone::new(Rate::Narrow, &[(440.0, -14.0)]),
        playing: None,
        in_room: false,
        loud: 0,
        told: false,
    };
    let mut tick = tokio::time::interval(Duration::from_millis(20));
    let mut datagram = vec![0; 2_048];
    loop {
        tokio::select! {
            order = orders.recv() => match order {
                Some(order) => line.obey(order),
                None => return,
            },
            came = socket.recv_from(&mut datagram) => {
                let now_us = line.now_us();
                if let Ok((length, from)) = came {
                    let clear = line.open(datagram.get(..length).unwrap_or_default());
                    if let Some((leg, _)) = &mut line.leg {
                        leg.handle(now_us, from, &clear);
                    }
                }
            }
            _ = tick.tick() => {
                let (packet, happened) = line.tick();
                if let Some((packet, to)) = packet {
                    // The other side may have gone; the call will be told.
                    let _ = socket.try_send_to(&packet, to);
                }
                for event in happened {
                    let _ = events.try_send(event);
                }
            }
        }
    }
}
