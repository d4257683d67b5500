//! What the thread does with events, without thread or file: which file gets what.

use std::collections::BTreeMap;

use recordings_segments::Span;
use recordings_tap::{Codec, KeyFrameWanted, PersonKey, SourceKind, TapEvent, TrackKey};
use recordings_tracks::{Frame, Gap, Output, Timeline, TrackRecorder, Why};

use crate::record::Record;

/// Sources of a recording: a room has a dozen people with three each. More are not recorded.
const TRACKS_MAX: usize = 64;
/// Files of a recording: a source begins a new one when its codec changes. More are not recorded.
const FILES_MAX: u32 = 4_096;
/// Plain bytes that wait for the disk, for one file, so that with one more frame they still make a
/// segment. What is more is dropped as a gap: this is a second at 88 Mbit/s.
const WAITING_BYTES_MAX: usize = 11 * 1024 * 1024;
/// The file of what was said.
pub(crate) const SAID_FILE: u32 = 0;

/// A file that has to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NewFile {
    pub(crate) number: u32,
    pub(crate) content: String,
    pub(crate) person: Option<u128>,
}

/// Plain bytes for a segment of a file.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    pub(crate) span: Span,
    pub(crate) bytes: Vec<u8>,
}

impl Waiting {
    fn add(&mut self, record: &Record, end_us: u64) -> bool {
        if self.bytes.len() > WAITING_BYTES_MAX {
            return false;
        }
        if self.bytes.is_empty() {
            self.span = Span::at(record.at_us());
        }
        self.span.to_us = self.span.to_us.max(end_us);
        record.write(&mut self.bytes);
        true
    }
}

#[derive(Debug)]
struct Source {
    person: PersonKey,
    kind: SourceKind,
    recorder: TrackRecorder,
    /// The file that takes its frames, and what they have in common.
    file: Option<(u32, Codec, Option<Vec<u8>>)>,
    is_muted: bool,
}

/// Sorts what is tapped into files.
#[derive(Debug)]
pub(crate) struct Capture {
    timeline: Timeline,
    now_us: u64,
    sources: BTreeMap<TrackKey, Source>,
    next_file: u32,
    is_paused: bool,
    out: Vec<Output>,
    pub(crate) new_files: Vec<NewFile>,
    pub(crate) waiting: BTreeMap<u32, Waiting>,
    pub(crate) wanted: Vec<KeyFrameWanted>,
}

impl Capture {
    pub(crate) fn new(origin_us: u64) -> Self {
        Self {
            timeline: Timeline::new(origin_us),
            now_us: origin_us,
            sources: BTreeMap::new(),
            next_file: SAID_FILE + 1,
            is_paused: false,
            out: Vec::new(),
            new_files: vec![NewFile {
                number: SAID_FILE,
                content: "said".to_owned(),
                person: None,
            }],
            waiting: BTreeMap::new(),
            wanted: Vec::new(),
        }
    }

    /// Microseconds since the recording began.
    pub(crate) fn at_us(&self) -> u64 {
        self.timeline.since_origin(self.now_us)
    }

    pub(crate) fn take(&mut self, event: TapEvent) {
        self.now_us = self.now_us.max(event.at_us());
        match event {
            TapEvent::Opened {
                track,
                person,
                kind,
                ..
            } => self.open(track, person, kind),
            TapEvent::Packet(packet) => {
                let track = packet.track;
                if !self.is_paused {
                    self.with(track, |source, timeline, out| {
                        source.recorder.push(packet, timeline, out);
                    });
                }
            }
            TapEvent::Report(report) => self.timeline.reported(&report),
            TapEvent::Muted { track, .. } => self.with(track, |source, timeline, out| {
                source.is_muted = true;
                source.recorder.mute(Why::Muted, timeline, out);
            }),
            TapEvent::Unmuted { track, .. } => {
                let is_paused = self.is_paused;
                self.with(track, |source, _, _| {
                    source.is_muted = false;
                    if !is_paused {
                        source.recorder.unmute();
                    }
                });
            }
            TapEvent::Closed { track, .. } => {
                let now_us = self.now_us;
                self.with(track, |source, timeline, out| {
                    source.recorder.close(now_us, timeline, out);
                });
                self.sources.remove(&track);
            }
            TapEvent::Paused { .. } => self.pause(),
            TapEvent::Resumed { .. } => {
                self.is_paused = false;
                for source in self.sources.values_mut().filter(|it| !it.is_muted) {
                    source.recorder.unmute();
                }
            }
            TapEvent::Said { text, .. } => {
                let at_us = self.at_us();
                if !self.is_paused {
                    let said = Record::Said { at_us, text };
                    let waiting = self.waiting.entry(SAID_FILE).or_default();
                    waiting.add(&said, at_us);
                }
            }
            TapEvent::Tick { .. } => self.tick(),
        }
    }

    fn open(&mut self, track: TrackKey, person: PersonKey, kind: SourceKind) {
        if self.sources.len() >= TRACKS_MAX || self.sources.contains_key(&track) {
            return;
        }
        let mut source = Source {
            person,
            kind,
            recorder: TrackRecorder::new(track, person, kind),
            file: None,
            is_muted: false,
        };
        if self.is_paused {
            source
                .recorder
                .mute(Why::Paused, &mut self.timeline, &mut self.out);
        }
        self.sources.insert(track, source);
    }

    /// Nothing is kept from now on; also not what waits for an earlier packet.
    pub(crate) fn pause(&mut self) {
        if core::mem::replace(&mut self.is_paused, true) {
            return;
        }
        let tracks: Vec<TrackKey> = self.sources.keys().copied().collect();
        for track in tracks {
            self.with(track, |source, timeline, out| {
                source.recorder.mute(Why::Paused, timeline, out);
            });
        }
    }

    fn tick(&mut self) {
        let now_us = self.now_us;
        let tracks: Vec<TrackKey> = self.sources.keys().copied().collect();
        for track in tracks {
            self.with(track, |source, timeline, out| {
                source.recorder.tick(now_us, timeline, out);
            });
        }
    }

    /// The recording ends: everything that waits comes out.
    pub(crate) fn end(&mut self) {
        let now_us = self.now_us;
        let tracks: Vec<TrackKey> = self.sources.keys().copied().collect();
        for track in tracks {
            self.with(track, |source, timeline, out| {
                source.recorder.close(now_us, timeline, out);
            });
        }
    }

    fn with(
        &mut self,
        track: TrackKey,
        act: impl FnOnce(&mut Source, &mut Timeline, &mut Vec<Output>),
    ) {
        let Some(source) = self.sources.get_mut(&track) else {
            return;
        };
        let mut out = core::mem::take(&mut self.out);
        act(source, &mut self.timeline, &mut out);
        for item in out.drain(..) {
            match item {
                Output::KeyFrame(wanted) => self.wanted.push(wanted),
                Output::Gap(gap) => self.keep_gap(track, gap),
                Output::Frame(frame) => self.keep(track, frame),
            }
        }
        self.out = out;
    }

    fn keep_gap(&mut self, track: TrackKey, gap: Gap) {
        let file = self.sources.get(&track).and_then(|it| it.file.as_ref());
        if let Some((number, _, _)) = file {
            let waiting = self.waiting.entry(*number).or_default();
            waiting.add(&Record::Gap(gap), gap.to_us);
        }
    }

    fn keep(&mut self, track: TrackKey, frame: Frame) {
        let Some(source) = self.sources.get_mut(&track) else {
            return;
        };
        // What a decoder was given at the beginning of a file holds for the whole file.
        let fits = source.file.as_ref().is_some_and(|(_, codec, config)| {
            *codec == frame.codec && (frame.config.is_none() || *config == frame.config)
        });
        if !fits {
            if self.next_file >= FILES_MAX {
                return;
            }
            let number = self.next_file;
            self.next_file += 1;
            source.file = Some((number, frame.codec, frame.config.clone()));
            self.new_files.push(NewFile {
                number,
                content: format!("{}/{}", kind_word(source.kind), codec_word(frame.codec)),
                person: Some(source.person.0),
            });
        }
        if let Some((number, _, _)) = &source.file {
            let end_us = frame.at_us + frame.duration_us.unwrap_or(0);
            let waiting = self.waiting.entry(*number).or_default();
            if !waiting.add(&Record::Frame(frame), end_us) {
                // Goes on with a key frame, behind a gap.
                let source = &mut source.recorder;
                source.mute(Why::Loss, &mut self.timeline, &mut Vec::new());
                source.unmute();
            }
        }
    }
}

const fn kind_word(kind: SourceKind) -> &'static str {
    match kind {
        SourceKind::Microphone => "microphone",
        SourceKind::Camera => "camera",
        SourceKind::Screen => "screen",
    }
}

pub(crate) const fn codec_word(codec: Codec) -> &'static str {
    match codec {
        Codec::Opus | Codec::Red => "opus",
        Codec::Vp8 => "vp8",
        Codec::Vp9 => "vp9",
        Codec::H264 => "h264",
        Codec::Av1 => "av1",
    }
}
