//! What a recorder of a room gets, or a scribe: values, in the order in which things happened.
//!
//! A tap belongs to the shard and not to the room, because a room in which nobody is connected for a
//! moment is forgotten, and the recording goes on. It holds nothing back and waits for nobody: what
//! the recorder's end has no room for is lost to the recording, not to the call.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use recordings_tap::{Codec, Packet, PersonKey, Report, SourceKind, TapEvent, TrackKey};
use str0m::rtp::rtcp::SenderInfo;

use crate::forward::{self, Unit};
use crate::ids::{ParticipantKey, RoomKey};
use crate::room::Room;
use crate::shard::{Outlet, Output, Shard};
use crate::source::Source;

/// Who is told what flows in a room. A room may have one of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TapKind {
    /// Gets everything.
    Recorder,
    /// Gets voices alone, as plain Opus, and asks nobody for a picture.
    Scribe,
}

impl TapKind {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Recorder, Self::Scribe];

    const fn takes(self, source: Source) -> bool {
        match self {
            Self::Recorder => true,
            Self::Scribe => matches!(source, Source::Microphone),
        }
    }
}

/// What a recorder asks of a shard, or is asked for.
#[derive(Clone, PartialEq, Eq)]
pub enum TapOrder {
    /// A recorder is there; it gets nothing yet. One that was there before is forgotten.
    Open,
    /// Everything from here on.
    Run,
    /// Nothing from here on.
    Pause,
    /// A text beside sound and pictures, while it runs.
    Say(String),
    /// A key frame of one encoding.
    KeyFrame(TrackKey, u8),
    /// The recording is complete.
    Close,
}

impl core::fmt::Debug for TapOrder {
    /// What people write never reaches a log.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Open => "Open",
            Self::Run => "Run",
            Self::Pause => "Pause",
            Self::Say(_) => "Say(..)",
            Self::KeyFrame(..) => "KeyFrame(..)",
            Self::Close => "Close",
        })
    }
}

/// One tap of a room.
#[derive(Debug)]
pub(crate) struct Tap {
    began: Instant,
    running: bool,
    /// Live sources, and what the recorder was told of them.
    tracks: BTreeMap<(ParticipantKey, Source), Track>,
    opened: u32,
}

#[derive(Debug)]
struct Track {
    key: TrackKey,
    on: bool,
    /// The NTP time of the latest report of each encoding.
    reported: BTreeMap<usize, SystemTime>,
}

impl Tap {
    fn new(now: Instant) -> Self {
        Self {
            began: now,
            running: false,
            tracks: BTreeMap::new(),
            opened: 0,
        }
    }

    fn at_us(&self, now: Instant) -> u64 {
        let since = now.saturating_duration_since(self.began);
        u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
    }

    /// Follows which sources there are and which of them are forwarded.
    fn follow(
        &mut self,
        now: Instant,
        sources: &BTreeMap<(ParticipantKey, Source), bool>,
    ) -> Vec<TapEvent> {
        let at_us = self.at_us(now);
        let mut news = Vec::new();
        self.tracks.retain(|name, track| {
            let stays = sources.contains_key(name);
            if !stays {
                let track = track.key;
                news.push(TapEvent::Closed { track, at_us });
            }
            stays
        });
        for (name, on) in sources {
            let track = self.tracks.entry(*name).or_insert_with(|| {
                self.opened = self.opened.saturating_add(1);
                let key = TrackKey(self.opened);
                news.push(TapEvent::Opened {
                    track: key,
                    person: PersonKey(name.0.0),
                    kind: kind_of(name.1),
                    at_us,
                });
                Track {
                    key,
                    on: true,
                    reported: BTreeMap::new(),
                }
            });
            if core::mem::replace(&mut track.on, *on) != *on {
                let track = track.key;
                news.push(if *on {
                    TapEvent::Unmuted { track, at_us }
                } else {
                    TapEvent::Muted { track, at_us }
                });
            }
        }
        news
    }
}

impl Shard {
    pub(crate) fn tap(&mut self, now: Instant, (key, kind): (RoomKey, TapKind), order: TapOrder) {
        let of = (key, kind);
        match order {
            TapOrder::Open => {
                self.outlet.taps.insert(of, Tap::new(now));
                self.outlet
                    .tell_tap(of, |at_us| TapEvent::Paused { at_us }, now);
            }
            TapOrder::Run => {
                self.outlet.run_tap(now, of, true);
                self.with_room(key, |room, outlet| {
                    room.follow_tap(now, kind, outlet);
                    if kind == TapKind::Recorder {
                        room.ask_for_tap(now, None, outlet);
                        room.replan = true;
                    }
                    room.pump(now, outlet);
                });
            }
            TapOrder::Pause => self.outlet.run_tap(now, of, false),
            TapOrder::Say(text) => {
                if self.outlet.taps.get(&of).is_some_and(|tap| tap.running) {
                    let said = |at_us| TapEvent::Said { at_us, text };
                    self.outlet.tell_tap(of, said, now);
                }
            }
            TapOrder::KeyFrame(track, layer) if kind == TapKind::Recorder => {
                self.with_room(key, |room, outlet| {
                    room.ask_for_tap(now, Some((track, layer)), outlet);
                    room.pump(now, outlet);
                });
            }
            TapOrder::KeyFrame(..) => {}
            TapOrder::Close => {
                if self.outlet.taps.remove(&of).is_some() {
                    self.outlet.outputs.push_back(Output::TapClosed(key, kind));
                }
            }
        }
    }
}

impl Outlet {
    fn run_tap(&mut self, now: Instant, of: (RoomKey, TapKind), run: bool) {
        let Some(tap) = self.taps.get_mut(&of) else {
            return;
        };
        if core::mem::replace(&mut tap.running, run) != run {
            let event = |at_us| match run {
                true => TapEvent::Resumed { at_us },
                false => TapEvent::Paused { at_us },
            };
            self.tell_tap(of, event, now);
        }
    }

    fn tell_tap(
        &mut self,
        of: (RoomKey, TapKind),
        event: impl FnOnce(u64) -> TapEvent,
        now: Instant,
    ) {
        if let Some(tap) = self.taps.get(&of) {
            let event = event(tap.at_us(now));
            self.outputs.push_back(Output::Tapped(of.0, of.1, event));
        }
    }

    /// Whether a recorder gets what flows in this room.
    pub(crate) fn records(&self, key: RoomKey) -> bool {
        self.is_told(key, TapKind::Recorder)
    }

    fn is_told(&self, key: RoomKey, kind: TapKind) -> bool {
        self.taps.get(&(key, kind)).is_some_and(|tap| tap.running)
    }
}

impl Room {
    /// Gives recorder and scribe one packet that is forwarded.
    pub(crate) fn record(
        &self,
        now: Instant,
        of: (ParticipantKey, Source),
        (unit, report): (&Unit, Option<SenderInfo>),
        outlet: &mut Outlet,
    ) {
        for kind in TapKind::ALL {
            if kind.takes(of.1) && outlet.is_told(self.key, kind) {
                self.record_for(now, (kind, of), (unit, report), outlet);
            }
        }
    }

    fn record_for(
        &self,
        now: Instant,
        (kind, (from, source)): (TapKind, (ParticipantKey, Source)),
        (unit, report): (&Unit, Option<SenderInfo>),
        outlet: &mut Outlet,
    ) {
        let of = (self.key, kind);
        let known = |tap: &Tap| tap.tracks.contains_key(&(from, source));
        if !outlet.taps.get(&of).is_some_and(known) {
            self.follow_tap(now, kind, outlet);
        }
        let Some(tap) = outlet.taps.get_mut(&of) else {
            return;
        };
        // A scribe needs no resends of its own: it hears the packet's sound alone.
        let (codec, payload) = match (kind, unit.codec) {
            (TapKind::Scribe, forward::Codec::Red) => match forward::primary(&unit.payload) {
                Some(sound) => (Codec::Opus, Arc::from(sound)),
                None => return,
            },
            (_, codec) => (codec_of(codec), unit.payload.clone()),
        };
        let arrival_us = tap.at_us(now);
        let Some(track) = tap.tracks.get_mut(&(from, source)) else {
            return;
        };
        let layer = u8::try_from(unit.stream).unwrap_or(u8::MAX);
        if let Some(info) = report
            && track.reported.insert(unit.stream, info.ntp_time) != Some(info.ntp_time)
        {
            let report = report_of(info, (track.key, layer, arrival_us));
            outlet
                .outputs
                .push_back(Output::Tapped(self.key, kind, report));
        }
        let packet = TapEvent::Packet(Packet {
            track: track.key,
            layer,
            codec,
            seq: u16::try_from(unit.seq & u64::from(u16::MAX)).unwrap_or(0),
            timestamp: unit.timestamp,
            marker: unit.marker,
            arrival_us,
            payload,
        });
        outlet
            .outputs
            .push_back(Output::Tapped(self.key, kind, packet));
    }

    /// Tells recorder and scribe which sources there are; with every tick, and when one changes.
    pub(crate) fn follow_taps(&self, now: Instant, outlet: &mut Outlet) {
        for kind in TapKind::ALL {
            self.follow_tap(now, kind, outlet);
        }
    }

    fn follow_tap(&self, now: Instant, kind: TapKind, outlet: &mut Outlet) {
        let tap = outlet.taps.get_mut(&(self.key, kind));
        let Some(tap) = tap.filter(|tap| tap.running) else {
            return;
        };
        let mut sources = BTreeMap::new();
        for (key, person) in self.people.iter().filter(|(_, person)| person.connected) {
            let published = person.publications.iter().map(|it| it.source);
            for source in published.filter(|source| kind.takes(*source)) {
                sources.insert((*key, source), person.forwards(source));
            }
        }
        let news = tap.follow(now, &sources);
        let told = news
            .into_iter()
            .map(|event| Output::Tapped(self.key, kind, event));
        outlet.outputs.extend(told);
    }

    /// Tells recorder and scribe that time passes.
    pub(crate) fn tick_taps(&self, now: Instant, outlet: &mut Outlet) {
        for kind in TapKind::ALL {
            if outlet.is_told(self.key, kind) {
                self.follow_tap(now, kind, outlet);
                outlet.tell_tap((self.key, kind), |at_us| TapEvent::Tick { at_us }, now);
            }
        }
    }

    /// Asks for key frames on behalf of the recorder: of one encoding, or of all.
    fn ask_for_tap(&mut self, now: Instant, of: Option<(TrackKey, u8)>, outlet: &mut Outlet) {
        let Some(tap) = outlet.taps.get(&(self.key, TapKind::Recorder)) else {
            return;
        };
        let mut asked: Vec<((ParticipantKey, Source), usize)> = Vec::new();
        for (name, track) in &tap.tracks {
            match of {
                Some((key, layer)) if key == track.key => asked.push((*name, layer.into())),
                Some(_) => {}
                None => {
                    let person = self.people.get(&name.0);
                    let publication = person.and_then(|person| person.publication(name.1));
                    let encodings = publication.map_or(0, |it| it.encodings());
                    asked.extend((0..encodings).map(|layer| (*name, layer)));
                }
            }
        }
        for (source, layer) in asked {
            self.request_keyframe(now, source, layer, outlet);
        }
    }
}

const fn kind_of(source: Source) -> SourceKind {
    match source {
        Source::Microphone => SourceKind::Microphone,
        Source::Camera => SourceKind::Camera,
        Source::Screen => SourceKind::Screen,
    }
}

const fn codec_of(codec: forward::Codec) -> Codec {
    match codec {
        forward::Codec::Opus => Codec::Opus,
        forward::Codec::Red => Codec::Red,
        forward::Codec::Vp8 => Codec::Vp8,
        forward::Codec::Vp9 => Codec::Vp9,
        forward::Codec::Av1 => Codec::Av1,
        forward::Codec::H264 => Codec::H264,
    }
}

/// Seconds between the epochs of NTP (RFC 5905 section 6) and Unix.
const NTP_UNIX_S: u64 = 2_208_988_800;

fn report_of(info: SenderInfo, (track, layer, arrival_us): (TrackKey, u8, u64)) -> TapEvent {
    let since = info
        .ntp_time
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    let fraction = (u64::from(since.subsec_nanos()) << 32) / 1_000_000_000;
    TapEvent::Report(Report {
        track,
        layer,
        ntp: (since.as_secs().wrapping_add(NTP_UNIX_S) << 32) | fraction,
        rtp: u32::try_from(info.rtp_time.numer() & u64::from(u32::MAX)).unwrap_or(0),
        arrival_us,
    })
}
