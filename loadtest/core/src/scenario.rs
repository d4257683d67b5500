//! Who comes, what they send, when, and what must hold: a TOML file.

use serde::{Deserialize, Serialize};

use crate::identity::IDENTITY_BYTES;

/// Most people of one run. Each is a WebRTC engine of its own, and their addresses are counted in 16 bits.
const PEOPLE_MAX: u32 = 20_000;
/// Largest payload in bytes that fits every path.
const PACKET_BYTES_MAX: usize = 1_180;
/// Longest hold of a clinic in seconds: whoever signs in is signed in for ten minutes.
const CLINIC_S_MAX: u32 = 540;
/// Most visits with a caller: a waiting room opens half an hour early, and nobody has two visits at a time, so of
/// visits of five minutes these are surely open at once.
const CALLED_ROOMS_MAX: u32 = 5;
/// Longest part of a run in seconds: two days.
const SECONDS_MAX: u32 = 172_800;

/// Why a scenario cannot be played.
#[derive(Debug, thiserror::Error)]
pub enum Reading {
    /// Not TOML, or not these words.
    #[error("the scenario cannot be read")]
    Toml(#[source] toml::de::Error),
    /// A value that cannot be played.
    #[error("the scenario's {word}: {why}")]
    Value {
        /// Where.
        word: &'static str,
        /// What is wrong with it.
        why: &'static str,
    },
}

/// One run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// What it is called in reports.
    pub name: String,
    /// Where chance begins: the same seed has the same arrivals.
    #[serde(default)]
    pub seed: u64,
    /// Who comes.
    #[serde(default)]
    pub people: People,
    /// What they send.
    #[serde(default)]
    pub media: Media,
    /// What the clinic is asked while it is measured.
    #[serde(default)]
    pub clinic: Clinic,
    /// When.
    #[serde(default)]
    pub times: Times,
    /// What must hold, or the run has failed.
    #[serde(default)]
    pub gates: Gates,
}

/// Rooms and the people in each.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct People {
    /// Rooms.
    pub rooms: u32,
    /// People in each room who send, and receive all others.
    pub senders: u32,
    /// People in each room who only receive.
    pub viewers: u32,
    /// Of the senders of each room, so many are on another WebRTC stack (webrtc-rs) than the rest.
    pub independent: u32,
    /// People in each room who call by telephone. They hear the others and are heard.
    pub callers: u32,
    /// WebSockets that are connected and idle, in rooms of their own.
    pub idle_sockets: u32,
    /// Everything goes over TLS.
    pub tls: bool,
    /// Chat messages of everybody with media, per minute of the hold.
    pub chat_per_min: u32,
}

/// Requests over the HTTP interface, at a fixed rate whether or not earlier ones are answered in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Clinic {
    /// Requests a second; 0: the clinic is not asked.
    pub per_s: u32,
    /// Connections that they are spread over.
    pub connections: u32,
    /// Of all requests this share lists appointments, looks up people or reads a record.
    pub list: u32,
    /// This share books an appointment.
    pub book: u32,
    /// This share writes and signs a prescription, which takes two requests.
    pub prescribe: u32,
}

impl Clinic {
    /// Sum of all shares.
    #[must_use]
    pub const fn weight(&self) -> u32 {
        self.list + self.book + self.prescribe
    }
}

impl Default for Clinic {
    fn default() -> Self {
        Self {
            per_s: 0,
            connections: 16,
            list: 80,
            book: 10,
            prescribe: 10,
        }
    }
}

/// What every sender sends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Media {
    /// A picture; none when it is not named.
    pub video: Option<Video>,
    /// Speech; none when it is not named.
    pub audio: Option<Audio>,
    /// Whether senders receive too. A lecturer does not.
    pub one_way: bool,
}

/// A picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Video {
    /// Bits per second of payload.
    pub bps: u32,
    /// Pictures per second.
    pub fps: u32,
    /// Packets of one picture; they leave at once.
    pub packets_per_frame: u8,
    /// A key frame at least this often, in seconds.
    #[serde(default = "ten")]
    pub key_every_s: u32,
    /// How packets are shaped.
    #[serde(default)]
    pub codec: VideoCodec,
    /// Encodings that are sent side by side (simulcast), the best of which has `bps`, and each further one a
    /// quarter of the one before. What is counted is the best: everybody has to get it.
    #[serde(default = "one")]
    pub layers: u8,
}

/// The shape of pictures.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum VideoCodec {
    /// RFC 7741.
    #[default]
    Vp8,
    /// RFC 6184, constrained baseline, `packetization-mode=1`.
    H264,
}

/// Most encodings side by side.
pub(crate) const LAYERS_MAX: u8 = 3;

const fn one() -> u8 {
    1
}

const fn ten() -> u32 {
    10
}

impl Video {
    /// Payload bytes of each packet.
    #[must_use]
    pub fn packet_bytes(&self) -> usize {
        let packets = self.fps.saturating_mul(u32::from(self.packets_per_frame));
        usize::try_from(self.bps / 8 / packets.max(1)).unwrap_or(usize::MAX)
    }

    /// The encoding `steps` below the best one.
    #[must_use]
    pub fn layer(&self, steps: u8) -> Self {
        let share = 1 << (2 * u32::from(steps.min(LAYERS_MAX)));
        let packets = u32::from(self.packets_per_frame).div_ceil(share);
        Self {
            bps: self.bps / share,
            packets_per_frame: u8::try_from(packets).unwrap_or(1),
            ..*self
        }
    }
}

/// Speech.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Audio {
    /// Milliseconds in one packet.
    pub packet_ms: u32,
    /// Payload bytes of one packet.
    pub bytes: usize,
}

/// The parts of a run, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Times {
    /// Over which people come, evenly. 0: all at once.
    pub ramp_s: u32,
    /// Between the last arrival and the measured part, so that estimates have grown.
    pub settle_s: u32,
    /// The measured part.
    pub hold_s: u32,
    /// For what is still on its way.
    pub drain_s: u32,
    /// During the hold, a viewer leaves and another one comes this often per minute.
    pub churn_per_min: u32,
    /// Senders come without their picture and switch it on when they are in: a second offer.
    pub camera_later: bool,
    /// During the hold, everybody's connection is cut once and made anew.
    pub reconnect: bool,
}

impl Default for Times {
    fn default() -> Self {
        Self {
            ramp_s: 5,
            settle_s: 5,
            hold_s: 20,
            drain_s: 2,
            churn_per_min: 0,
            camera_later: false,
            reconnect: false,
        }
    }
}

/// What must hold. What is not named is not judged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Gates {
    /// Most packets that may be missing, in a million expected ones.
    pub lost_per_million_max: Option<f64>,
    /// Most packets that may come after a later one, in a million delivered ones. A resent packet
    /// does, so this sees losses that were repaired.
    pub reordered_per_million_max: Option<f64>,
    /// Median latency in milliseconds.
    pub p50_ms_max: Option<f64>,
    /// Latency of 99 in 100 in milliseconds.
    pub p99_ms_max: Option<f64>,
    /// Processor seconds of the server for a million delivered packets.
    pub cpu_s_per_million_max: Option<f64>,
    /// Resident memory of the server for each person, in kilobytes of 1,000 bytes.
    pub memory_kb_per_person_max: Option<f64>,
    /// Time from the first word to a connection, 99 in 100, in milliseconds.
    pub join_p99_ms_max: Option<f64>,
    /// People who may not get in.
    pub failed_joins_max: Option<u64>,
    /// Time of a WebSocket ping, 99 in 100, in milliseconds.
    pub ping_p99_ms_max: Option<f64>,
    /// Work beside media that may not succeed.
    pub work_failed_max: Option<u64>,
    /// Time of the slowest kind of work beside media, 99 in 100, in milliseconds.
    pub work_p99_ms_max: Option<f64>,
    /// Calls that may not come in, or may be cut off.
    pub failed_calls_max: Option<u64>,
    /// Time from the first INVITE until a caller is in the visit, 99 in 100, in milliseconds.
    pub call_p99_ms_max: Option<f64>,
    /// Most packets that may be missing in a million, to telephones or from them, whichever is worse.
    pub caller_lost_per_million_max: Option<f64>,
    /// Time from one packet to the next, to telephones or from them, 99 in 100, in milliseconds. 20 would be even.
    pub caller_gap_p99_ms_max: Option<f64>,
    /// Telephones that may not hear the others, and people who may not hear a telephone.
    pub callers_unheard_max: Option<u64>,
    /// Packets to telephones whose RTP time may not follow their number.
    pub caller_irregular_max: Option<u64>,
    /// Least estimated opinion of the speech, 1 to 4.5.
    pub mos_min: Option<f64>,
}

impl Scenario {
    /// Reads a scenario.
    ///
    /// # Errors
    /// When it is no TOML, has words that are not known, or values that cannot be played.
    pub fn read(text: &str) -> Result<Self, Reading> {
        let scenario: Self = toml::from_str(text).map_err(Reading::Toml)?;
        match scenario.mistake() {
            Some((word, why)) => Err(Reading::Value { word, why }),
            None => Ok(scenario),
        }
    }

    fn mistake(&self) -> Option<(&'static str, &'static str)> {
        let People {
            rooms,
            senders,
            viewers,
            independent,
            callers,
            idle_sockets,
            chat_per_min,
            tls: _,
        } = self.people;
        let each = u64::from(senders) + u64::from(viewers);
        let people = each * u64::from(rooms) + u64::from(idle_sockets);
        let asks = self.clinic.per_s > 0;
        if (people == 0 && !asks) || people > u64::from(PEOPLE_MAX) {
            return Some(("people", "1 to 20,000 of them can come"));
        }
        if asks && self.times.hold_s > CLINIC_S_MAX {
            return Some((
                "clinic",
                "people are signed in for ten minutes: hold nine at most",
            ));
        }
        if asks && (self.clinic.connections == 0 || self.clinic.weight() == 0) {
            return Some(("clinic", "there is nothing to ask, or no connection"));
        }
        if callers > 0
            && let Some(mistake) = self.mistake_of_callers()
        {
            return Some(mistake);
        }
        if independent > senders {
            return Some(("independent", "they are some of the senders"));
        }
        if senders > 0 && self.media.video.is_none() && self.media.audio.is_none() {
            return Some(("media", "the senders have nothing to send"));
        }
        if let Some(video) = self.media.video {
            if !(1..=LAYERS_MAX).contains(&video.layers) {
                return Some(("layers", "a picture has one to three encodings"));
            }
            let other = video.codec != VideoCodec::Vp8 || video.layers > 1;
            if other && independent > 0 {
                return Some(("independent", "the other stack sends VP8 without layers"));
            }
            let fits = (0..video.layers)
                .map(|steps| video.layer(steps).packet_bytes())
                .all(|bytes| (2 * IDENTITY_BYTES..=PACKET_BYTES_MAX).contains(&bytes));
            if video.fps == 0 || video.fps > 120 || video.packets_per_frame == 0 || !fits {
                return Some((
                    "video",
                    "packets have 64 to 1,180 bytes, pictures come up to 120 times a second",
                ));
            }
        }
        if let Some(audio) = self.media.audio {
            let fits = (2 * IDENTITY_BYTES..=PACKET_BYTES_MAX).contains(&audio.bytes);
            if !fits || !(10..=60).contains(&audio.packet_ms) {
                return Some(("audio", "packets have 64 to 1,180 bytes and 10 to 60 ms"));
            }
        }
        let times = self.times;
        let parts = [times.ramp_s, times.settle_s, times.hold_s, times.drain_s];
        if times.reconnect && times.churn_per_min > 0 {
            return Some(("times", "either all come again or some leave"));
        }
        if chat_per_min > 0 && times.churn_per_min > 0 {
            return Some((
                "chat_per_min",
                "who has to hear it is not known while people come and go",
            ));
        }
        if times.hold_s == 0 || parts.iter().any(|part| *part > SECONDS_MAX) {
            return Some((
                "times",
                "the hold lasts at least a second, and no part two days",
            ));
        }
        None
    }

    /// Why telephones cannot be played.
    fn mistake_of_callers(&self) -> Option<(&'static str, &'static str)> {
        let People {
            rooms,
            senders,
            callers,
            independent,
            idle_sockets,
            ..
        } = self.people;
        let times = self.times;
        if callers > 1 || rooms > CALLED_ROOMS_MAX || idle_sockets > 0 {
            return Some((
                "callers",
                "a visit has one PIN, and its patient calls: 1 in each of 5 rooms, and no idle sockets",
            ));
        }
        if senders == 0 || self.media.audio.is_none() || self.media.one_way || independent > 0 {
            return Some((
                "callers",
                "they need people on the light stack who speak and hear",
            ));
        }
        if times.reconnect || times.churn_per_min > 0 {
            return Some(("callers", "nobody lets them in while people come and go"));
        }
        None
    }

    /// How much of it there is: viewers where one room has some, otherwise rooms.
    #[must_use]
    pub const fn load(&self) -> u32 {
        match self.people {
            People {
                rooms: 1,
                viewers: 1..,
                ..
            } => self.people.viewers,
            People { rooms, .. } => rooms,
        }
    }

    /// The same with another [load](Self::load).
    ///
    /// # Errors
    /// When it cannot be played with so many.
    pub fn with_load(mut self, load: u32) -> Result<Self, Reading> {
        if self.people.rooms == 1 && self.people.viewers > 0 {
            self.people.viewers = load;
        } else {
            self.people.rooms = load;
        }
        match self.mistake() {
            Some((word, why)) => Err(Reading::Value { word, why }),
            None => Ok(self),
        }
    }

    /// People with media, all rooms together.
    #[must_use]
    pub const fn people(&self) -> u32 {
        (self.people.senders + self.people.viewers) * self.people.rooms
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LECTURE: &str = r#"
        name = "lecture"
        [people]
        rooms = 1
        senders = 1
        viewers = 50
        [media]
        video = { bps = 1500000, fps = 30, packets_per_frame = 6 }
        [gates]
        lost_per_million_max = 0
    "#;

    #[test]
    fn a_scenario_is_read_with_its_defaults() {
        let scenario = Scenario::read(LECTURE).unwrap();
        assert_eq!(scenario.people(), 51);
        assert_eq!(scenario.times, Times::default());
        assert_eq!(scenario.media.video.unwrap().packet_bytes(), 1041);
        assert_eq!(scenario.gates.lost_per_million_max, Some(0.0));
    }

    #[test]
    fn callers_need_somebody_who_lets_them_in_and_speaks() {
        let text = "name = \"x\"\n[people]\nrooms = 5\nsenders = 1\ncallers = 1\n[media]\n\
                    audio = { packet_ms = 20, bytes = 80 }\n";
        assert!(Scenario::read(text).is_ok());
        for (from, to) in [
            ("rooms = 5", "rooms = 6"),
            ("callers = 1", "callers = 2"),
            ("callers = 1", "callers = 1\nindependent = 1"),
            ("[media]", "[times]\nreconnect = true\n[media]"),
            ("[media]", "[media]\none_way = true"),
        ] {
            let refused = Scenario::read(&text.replace(from, to));
            assert!(matches!(refused, Err(Reading::Value { .. })), "{to}");
        }
    }

    #[test]
    fn more_load_is_more_viewers_or_more_rooms() {
        let lecture = Scenario::read(LECTURE).unwrap();
        assert_eq!(lecture.load(), 50);
        assert_eq!(lecture.with_load(70).unwrap().people(), 71);
        let visits = LECTURE.replace("viewers = 50", "viewers = 0");
        let visits = Scenario::read(&visits.replace("senders = 1", "senders = 2")).unwrap();
        assert_eq!(visits.load(), 1);
        assert_eq!(visits.clone().with_load(30).unwrap().people(), 60);
        let lectures = Scenario::read(&LECTURE.replace("rooms = 1", "rooms = 3")).unwrap();
        assert_eq!(lectures.load(), 3);
        assert_eq!(lectures.with_load(4).unwrap().people(), 204);
        assert!(visits.clone().with_load(0).is_err());
        assert!(visits.with_load(20_000).is_err());
    }

    #[test]
    fn what_is_not_known_or_cannot_be_played_is_refused() {
        let unknown = LECTURE.replace("rooms = 1", "rooms = 1\nchairs = 3");
        assert!(matches!(Scenario::read(&unknown), Err(Reading::Toml(_))));
        for (from, to) in [
            ("rooms = 1", "rooms = 0"),
            ("bps = 1500000", "bps = 15000000"),
            ("fps = 30", "fps = 0"),
            ("viewers = 50", "viewers = 4000000000"),
            ("viewers = 50", "independent = 2"),
            ("packets_per_frame = 6", "packets_per_frame = 6, layers = 4"),
            ("viewers = 50", "callers = 1"),
            (
                "[gates]",
                "[clinic]\nper_s = 1\nlist = 0\nbook = 0\nprescribe = 0\n[gates]",
            ),
        ] {
            let refused = Scenario::read(&LECTURE.replace(from, to));
            assert!(matches!(refused, Err(Reading::Value { .. })), "{to}");
        }
    }
}
