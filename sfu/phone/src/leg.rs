//! One telephone: packets in, sound out, and back.

use std::collections::VecDeque;
use std::net::SocketAddr;

use crate::codec::{Codec, OpenError, Speech};
use crate::dtmf::{Detector, Heard};
use crate::event::{Event, EventReceiver, EventSender, EventSlot, QueueFull};
use crate::jitter::Content;
use crate::latch::{Latch, LatchMode, Verdict};
use crate::playout::{Playout, PlayoutStats};
use crate::rate::Rate;
use crate::rtcp::{self, Reception, RtcpPacket, SenderInfo};
use crate::rtp::{Header, RtpPacket, is_rtcp};
use crate::sample::Random;
use crate::tone::Digit;

/// Events that wait to be taken; nobody presses more keys in 20 ms. What is more is dropped.
const EVENTS_MAX: usize = 32;
/// Time between two reports, in microseconds (RFC 3550 section 6.2 wants 5 s or more).
const REPORT_EVERY_US: i64 = 5_000_000;
/// Bytes of a datagram that is looked at; sound needs less.
const DATAGRAM_BYTES_MAX: usize = 1_500;
/// Seconds between 1900, where NTP counts from, and 1970.
const NTP_OFFSET_S: i64 = 2_208_988_800;

/// The payload types that were agreed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PayloadTypes {
    /// The codec's.
    pub speech: u8,
    /// That of telephone-events, if the other side understands them. Without, keys are listened for in the sound.
    pub event: Option<u8>,
    /// That of comfort noise; 13 unless said otherwise.
    pub noise: u8,
}

/// What was agreed on with the other side.
#[derive(Debug, Clone)]
pub struct LegConfig {
    /// How sound is coded.
    pub codec: Codec,
    /// Payload types in both directions.
    pub payload_types: PayloadTypes,
    /// Where the SDP says that the telephone is.
    pub remote: SocketAddr,
    /// How much that is believed.
    pub latch: LatchMode,
    /// A random number for SSRC, sequence and timestamp (RFC 3550 section 5.1).
    pub seed: u64,
    /// The name in reports; it must tell nothing of anybody.
    pub cname: String,
}

/// Something that the person at the telephone did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LegEvent {
    /// A key was pressed.
    Pressed(Digit),
    /// The first sound has come; the way in is open.
    Heard,
    /// The telephone says that it has gone.
    Gone,
}

/// What has happened so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LegStats {
    /// Packets that were taken.
    pub taken: u64,
    /// Packets of somebody else, or that are none.
    pub refused: u64,
    /// When the last packet was taken, in microseconds; nothing before the first.
    pub heard_us: Option<i64>,
    /// What the sound went through.
    pub playout: PlayoutStats,
}

/// The machine of one telephone.
#[derive(Debug)]
pub struct Leg {
    config: LegConfig,
    speech: Box<dyn Speech>,
    latch: Latch,
    playout: Playout,
    keys_in: EventReceiver,
    keys_out: EventSender,
    listener: Option<Detector>,
    events: VecDeque<LegEvent>,
    reception: Reception,
    out: Header,
    sent: (u32, u32),
    last_report: Option<(u64, i64)>,
    next_report_us: i64,
    resumes: bool,
    stats: LegStats,
}

impl Leg {
    /// A telephone that has just been answered.
    ///
    /// # Errors
    /// When the codec cannot be set up.
    pub fn new(config: LegConfig, now_us: i64) -> Result<Self, OpenError> {
        let mut random = Random::new(config.seed);
        let out = Header {
            marker: true,
            payload_type: config.payload_types.speech,
            sequence: u16::try_from(random.word() & 0x7FFF).unwrap_or(0),
            timestamp: random.word(),
            ssrc: random.word(),
        };
        let rate = config.codec.rate();
        Ok(Self {
            speech: config.codec.open()?,
            latch: Latch::new(config.latch, config.remote, now_us),
            playout: Playout::new(config.codec, config.seed),
            keys_in: EventReceiver::new(config.codec.clock_hz()),
            keys_out: EventSender::new(config.codec.frame_ticks()),
            listener: config
                .payload_types
                .event
                .is_none()
                .then(|| Detector::new(rate)),
            events: VecDeque::new(),
            reception: Reception::default(),
            out,
            sent: (0, 0),
            last_report: None,
            next_report_us: now_us.saturating_add(REPORT_EVERY_US),
            resumes: true,
            stats: LegStats::default(),
            config,
        })
    }

    /// The rate of its sound in both directions.
    #[must_use]
    pub const fn rate(&self) -> Rate {
        self.config.codec.rate()
    }

    /// Where its packets go.
    #[must_use]
    pub fn destination(&self) -> SocketAddr {
        self.latch.destination()
    }

    /// What has happened so far.
    #[must_use]
    pub const fn stats(&self) -> LegStats {
        LegStats {
            playout: self.playout.stats(),
            ..self.stats
        }
    }

    /// How long after its arrival sound is played, now; nothing while the line is silent.
    #[must_use]
    pub fn delay_us(&self, now_us: i64) -> Option<i64> {
        self.playout.delay_us(now_us)
    }

    /// The next thing that the person did.
    pub fn poll_event(&mut self) -> Option<LegEvent> {
        self.events.pop_front()
    }

    /// Another description was agreed on with the same codec; the telephone may be elsewhere now.
    pub fn resignal(&mut self, remote: SocketAddr, now_us: i64) {
        self.latch.resignal(remote, now_us);
    }

    /// A datagram came. What is not of this telephone is counted and changes nothing.
    pub fn handle(&mut self, now_us: i64, from: SocketAddr, datagram: &[u8]) {
        if datagram.len() <= DATAGRAM_BYTES_MAX {
            if is_rtcp(datagram) {
                self.handle_report(now_us, from, datagram);
                return;
            }
            if let Ok(packet) = RtpPacket::parse(datagram) {
                self.handle_packet(now_us, from, packet);
                return;
            }
        }
        self.stats.refused += 1;
    }

    fn handle_packet(&mut self, now_us: i64, from: SocketAddr, packet: RtpPacket<'_>) {
        let RtpPacket { header, payload } = packet;
        let types = self.config.payload_types;
        let is_event = types.event == Some(header.payload_type);
        let is_ours = header.payload_type == types.speech || header.payload_type == types.noise;
        if !is_ours && !is_event {
            self.stats.refused += 1;
            return;
        }
        match self.latch.judge(now_us, from, &header) {
            Verdict::Drop => {
                self.stats.refused += 1;
                return;
            }
            Verdict::TakeAnew => {
                self.playout.restart();
                self.keys_in = EventReceiver::new(self.config.codec.clock_hz());
                if self.stats.heard_us.is_none() {
                    self.tell(LegEvent::Heard);
                }
            }
            Verdict::Take => {}
        }
        self.stats.taken += 1;
        self.stats.heard_us = Some(now_us);
        let arrival = now_us.saturating_mul(i64::from(self.config.codec.clock_hz())) / 1_000_000;
        self.reception.count(&header, arrival);
        if is_event {
            let event = Event::parse(payload).ok();
            let press = event.and_then(|event| self.keys_in.receive(header.timestamp, event));
            if let Some(press) = press {
                self.tell(LegEvent::Pressed(press.digit));
            }
        } else if header.payload_type == types.noise {
            self.playout
                .insert(now_us, header.timestamp, Content::Noise(payload.to_vec()));
        } else if !payload.is_empty() {
            self.playout
                .insert(now_us, header.timestamp, Content::Speech(payload.to_vec()));
        }
    }

    fn handle_report(&mut self, now_us: i64, from: SocketAddr, datagram: &[u8]) {
        let packets = match rtcp::parse(datagram) {
            Ok(packets) if self.latch.is_of(from) => packets,
            Ok(_) | Err(_) => {
                self.stats.refused += 1;
                return;
            }
        };
        for packet in packets {
            match packet {
                RtcpPacket::Sender { info, .. } => self.last_report = Some((info.ntp, now_us)),
                RtcpPacket::Goodbye { .. } => self.tell(LegEvent::Gone),
                RtcpPacket::Receiver { .. } => {}
            }
        }
    }

    fn tell(&mut self, event: LegEvent) {
        if self.events.len() < EVENTS_MAX {
            self.events.push_back(event);
        }
    }

    /// What the telephone says in the next 20 ms. Keys that are heard in it are cut out of it: they
    /// may be a PIN, and nobody else is to hear it.
    pub fn hear(&mut self, now_us: i64) -> Vec<i16> {
        let mut frame = vec![0; self.rate().frame()];
        self.playout.play(now_us, self.speech.as_mut(), &mut frame);
        let heard = self
            .listener
            .as_mut()
            .map(|listener| listener.listen(&frame));
        if let Some(Heard::Pressed(digit)) = heard {
            self.tell(LegEvent::Pressed(digit));
        }
        if matches!(heard, Some(Heard::Pressed(_) | Heard::Held)) {
            frame.iter_mut().for_each(|sample| *sample = 0);
        }
        frame
    }

    /// Presses a key at the other end, for menus of others.
    ///
    /// # Errors
    /// When too many wait already.
    pub fn press(&mut self, digit: Digit) -> Result<(), QueueFull> {
        self.keys_out.press(digit)
    }

    /// The packet with what the telephone hears in the next 20 ms; nothing where the codec refuses
    /// the frame. Without telephone-events the caller mixes the sound of keys itself.
    pub fn say(&mut self, frame: &[i16]) -> Option<Vec<u8>> {
        let slot = match self.config.payload_types.event {
            Some(_) => self.keys_out.next_slot(),
            None => EventSlot::Sound,
        };
        let frame_ticks = self.config.codec.frame_ticks();
        let mut payload = Vec::new();
        let mut header = self.out;
        match (slot, self.config.payload_types.event) {
            (
                EventSlot::Event {
                    frames_ago,
                    marker,
                    event,
                },
                Some(payload_type),
            ) => {
                header.marker = marker;
                header.payload_type = payload_type;
                header.timestamp = header
                    .timestamp
                    .wrapping_sub(frames_ago.wrapping_mul(frame_ticks));
                payload.extend(event.write());
                self.resumes = true;
            }
            (EventSlot::Silence, _) => {
                self.speech
                    .encode(&vec![0; frame.len()], &mut payload)
                    .ok()?;
                header.marker = core::mem::take(&mut self.resumes);
            }
            (EventSlot::Sound | EventSlot::Event { .. }, _) => {
                self.speech.encode(frame, &mut payload).ok()?;
                header.marker = core::mem::take(&mut self.resumes);
            }
        }
        self.out.sequence = self.out.sequence.wrapping_add(1);
        self.out.timestamp = self.out.timestamp.wrapping_add(frame_ticks);
        let bytes = u32::try_from(payload.len()).unwrap_or(0);
        self.sent = (self.sent.0.wrapping_add(1), self.sent.1.wrapping_add(bytes));
        Some(header.write(&payload))
    }

    /// The next 20 ms pass without a packet: the line is held.
    pub const fn pass(&mut self) {
        self.out.timestamp = self
            .out
            .timestamp
            .wrapping_add(self.config.codec.frame_ticks());
        self.resumes = true;
    }

    /// A report that is due, with the wall clock in microseconds since 1970.
    pub fn report(&mut self, now_us: i64, wall_us: i64) -> Option<Vec<u8>> {
        if now_us < self.next_report_us {
            return None;
        }
        self.next_report_us = now_us.saturating_add(REPORT_EVERY_US);
        Some(self.write_report(now_us, wall_us))
    }

    /// The last report, with a farewell.
    pub fn farewell(&mut self, now_us: i64, wall_us: i64) -> Vec<u8> {
        let mut bytes = self.write_report(now_us, wall_us);
        bytes.extend(rtcp::goodbye(self.out.ssrc));
        bytes
    }

    fn write_report(&mut self, now_us: i64, wall_us: i64) -> Vec<u8> {
        let (last, since) = self.last_report.map_or((0, 0), |(ntp, came_us)| {
            let since = now_us.saturating_sub(came_us).max(0).saturating_mul(65_536) / 1_000_000;
            let middle = u32::try_from(ntp >> 16 & 0xFFFF_FFFF).unwrap_or(0);
            (middle, u32::try_from(since).unwrap_or(u32::MAX))
        });
        let info = SenderInfo {
            ntp: ntp_of(wall_us),
            timestamp: self.out.timestamp,
            packets: self.sent.0,
            bytes: self.sent.1,
        };
        let report = self.reception.report(last, since);
        rtcp::write(self.out.ssrc, info, report, &self.config.cname)
    }
}

fn ntp_of(wall_us: i64) -> u64 {
    let seconds = wall_us.div_euclid(1_000_000).saturating_add(NTP_OFFSET_S);
    let part = wall_us.rem_euclid(1_000_000).saturating_mul(1 << 32) / 1_000_000;
    u64::try_from(seconds).unwrap_or(0) << 32 | u64::try_from(part).unwrap_or(0)
}
