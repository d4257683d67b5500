//! What a person may give to somebody who helps them: how their connection was in the last minutes,
//! and nothing of who they are, whom they met or where they sit.
//!
//! Everything in a report is a number, a truth or a word that is written here. A text that came from
//! the browser, the server or a person cannot get in, because no type of a report holds one.

use std::collections::VecDeque;

use serde::Serialize;
use signaling_protocol::{ParticipantId, Quality, Role, Source};

use crate::browser::{InboundStats, OutboundStats, StatsReport, Way};
use crate::machine::CallView;

/// Version of the report's form; higher when a field changes its meaning.
const VERSION: u16 = 1;
/// Readings that are kept, two seconds apart: five minutes.
const READINGS_MAX: usize = 150;
/// People that get a number of their own; a visit has ten at a time.
const PEOPLE_MAX: usize = 30;

/// How a call was in its last minutes, in numbers.
#[derive(Debug, Default)]
pub struct CallHistory {
    people: Vec<ParticipantId>,
    roles: Vec<&'static str>,
    readings: VecDeque<(u64, Reading)>,
}

#[derive(Debug, Clone, Serialize)]
struct Reading {
    /// Seconds from this reading to the report.
    seconds_ago: u64,
    route: &'static str,
    quality: &'static str,
    pictures_withheld: bool,
    round_trip_ms: Option<u64>,
    sent_lost_permille: Option<u64>,
    bandwidth_kbps: Option<u64>,
    received: Vec<Received>,
    sent: Vec<Sent>,
}

#[derive(Debug, Clone, Serialize)]
struct Received {
    person: Option<Pseudonym>,
    source: &'static str,
    codec: &'static str,
    packets: u64,
    lost: u64,
    bytes: u64,
    jitter_ms: u64,
    frames: u64,
    freezes: u64,
    concealed_samples: u64,
    width_px: u64,
    height_px: u64,
}

#[derive(Debug, Clone, Serialize)]
struct Sent {
    kind: &'static str,
    layer: &'static str,
    codec: &'static str,
    packets: u64,
    bytes: u64,
    frames: u64,
    width_px: u64,
    height_px: u64,
}

/// `p1`, `p2` and so on, in the order in which they were heard of.
#[derive(Debug, Clone, Copy)]
struct Pseudonym(usize);

impl Serialize for Pseudonym {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("p{}", self.0))
    }
}

#[derive(Debug, Serialize)]
struct Person {
    person: Pseudonym,
    role: &'static str,
}

#[derive(Debug, Serialize)]
struct Report {
    form: &'static str,
    version: u16,
    browser: &'static str,
    browser_major: u16,
    me: Option<Pseudonym>,
    people: Vec<Person>,
    readings: Vec<Reading>,
}

impl CallHistory {
    /// Keeps a reading; the oldest leaves when there are enough.
    pub fn push(&mut self, at_us: u64, view: &CallView, stats: &StatsReport) {
        let me = view.me.iter();
        for one in me.chain(&view.others) {
            if self.people.len() < PEOPLE_MAX && !self.people.contains(&one.id) {
                self.people.push(one.id);
                self.roles.push(role(one.role));
            }
        }
        let reading = Reading {
            seconds_ago: 0,
            route: route(stats.way),
            quality: quality(view.quality),
            pictures_withheld: view.audio_only,
            round_trip_ms: stats.rtt_ms.map(whole),
            sent_lost_permille: stats.loss_sent.map(|share| whole(share * 1_000.0)),
            bandwidth_kbps: stats.bandwidth_bps.map(|bps| whole(bps / 1_000.0)),
            received: stats
                .inbound
                .iter()
                .map(|line| self.received(view, line))
                .collect(),
            sent: stats.outbound.iter().map(sent).collect(),
        };
        if self.readings.len() >= READINGS_MAX {
            self.readings.pop_front();
        }
        self.readings.push_back((at_us, reading));
    }

    /// The report as JSON. Of the browser's own description only its family and version get in.
    #[must_use]
    pub fn report(&self, now_us: u64, me: Option<ParticipantId>, user_agent: &str) -> String {
        let (browser, browser_major) = browser(user_agent);
        let people = self.roles.iter().enumerate();
        let report = Report {
            form: "telehealth call report",
            version: VERSION,
            browser,
            browser_major,
            me: me.and_then(|me| self.pseudonym(me)),
            people: people
                .map(|(index, role)| Person {
                    person: Pseudonym(index.saturating_add(1)),
                    role,
                })
                .collect(),
            readings: self
                .readings
                .iter()
                .map(|(at_us, reading)| Reading {
                    seconds_ago: now_us.saturating_sub(*at_us) / 1_000_000,
                    ..reading.clone()
                })
                .collect(),
        };
        // Numbers, words and lists: there is nothing that JSON cannot say.
        serde_json::to_string_pretty(&report).unwrap_or_default()
    }

    fn pseudonym(&self, id: ParticipantId) -> Option<Pseudonym> {
        let index = self.people.iter().position(|one| *one == id)?;
        Some(Pseudonym(index.saturating_add(1)))
    }

    fn received(&self, view: &CallView, line: &InboundStats) -> Received {
        let slot = view.slots.iter().find(|slot| slot.mid == line.mid);
        Received {
            person: slot.and_then(|slot| self.pseudonym(slot.participant)),
            source: slot.map_or("none", |slot| source(slot.source)),
            codec: codec(&line.codec),
            packets: line.packets,
            lost: line.lost,
            bytes: line.bytes,
            jitter_ms: whole(line.jitter_ms),
            frames: line.frames_decoded,
            freezes: line.freezes,
            concealed_samples: line.concealed_samples,
            width_px: line.width_px,
            height_px: line.height_px,
        }
    }
}

fn sent(line: &OutboundStats) -> Sent {
    Sent {
        kind: if line.video { "video" } else { "audio" },
        layer: match line.rid.as_str() {
            "q" => "small",
            "h" => "middle",
            "f" => "large",
            _ => "only",
        },
        codec: codec(&line.codec),
        packets: line.packets,
        bytes: line.bytes,
        frames: line.frames_encoded,
        width_px: line.width_px,
        height_px: line.height_px,
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "what is negative or no number becomes 0, what is too large the largest"
)]
const fn whole(value: f64) -> u64 {
    value.round() as u64
}

const fn role(role: Role) -> &'static str {
    match role {
        Role::Clinician => "clinician",
        Role::Patient => "patient",
        Role::Guest => "guest",
    }
}

const fn source(source: Source) -> &'static str {
    match source {
        Source::Microphone => "microphone",
        Source::Camera => "camera",
        Source::Screen => "screen",
    }
}

const fn quality(quality: Quality) -> &'static str {
    match quality {
        Quality::Lost => "lost",
        Quality::Poor => "poor",
        Quality::Fair => "fair",
        Quality::Good => "good",
        Quality::Unknown => "unknown",
    }
}

const fn route(way: Way) -> &'static str {
    match way {
        Way::Unknown => "unknown",
        Way::Udp => "udp",
        Way::Tcp => "tcp",
        Way::Relay => "relay",
    }
}

fn codec(name: &str) -> &'static str {
    let known = ["VP8", "VP9", "H264", "AV1", "opus", "red"];
    let found = known.into_iter().find(|it| it.eq_ignore_ascii_case(name));
    found.unwrap_or("other")
}

/// Family and major version, by the mark that each browser puts last into its description.
fn browser(user_agent: &str) -> (&'static str, u16) {
    let marks = [
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("SamsungBrowser/", "Samsung Internet"),
        ("FxiOS/", "Firefox"),
        ("Firefox/", "Firefox"),
        ("CriOS/", "Chrome"),
        ("Chrome/", "Chrome"),
        ("Version/", "Safari"),
    ];
    let found = marks.into_iter().find_map(|(mark, family)| {
        let (_, version) = user_agent.split_once(mark)?;
        let major = version.split(|c: char| !c.is_ascii_digit()).next()?;
        Some((family, major.parse().unwrap_or(0)))
    });
    found.unwrap_or(("other", 0))
}

#[cfg(test)]
mod tests {
    use signaling_protocol::{CallBack, Grants, Participant, SlotBinding, Sources, Stage, WayIn};
    use uuid::Uuid;

    use super::*;

    const CHROME: &str = "Mozilla/5.0 (X11; Linux x86_64; SECRET-DEVICE) AppleWebKit/537.36 \
                          (KHTML, like Gecko) Chrome/141.0.7390.54 Safari/537.36";

    fn person(n: u128, role: Role) -> Participant {
        Participant {
            id: ParticipantId::from_uuid(Uuid::from_u128((n << 64) | 0xabcd)),
            name: format!("Élodie Ngo {n}"),
            role,
            relation: Some("cousine".to_owned()),
            stage: Stage::Admitted,
            connected: true,
            sources: Sources::default(),
            grants: Grants::ALL,
            public_key: None,
            way: WayIn::Page,
            phone: None,
            call_back: CallBack::Off,
            hand: false,
            quality: Quality::Good,
            since_us: 1_800_000_000_000_000,
        }
    }

    fn view() -> CallView {
        let patient = person(2, Role::Patient);
        CallView {
            slots: vec![SlotBinding {
                mid: "3".to_owned(),
                participant: patient.id,
                source: Source::Camera,
            }],
            me: Some(person(1, Role::Clinician)),
            others: vec![patient],
            quality: Quality::Fair,
            ..CallView::idle()
        }
    }

    /// A reading whose every text is something that must not get out.
    fn stats(packets: u64) -> StatsReport {
        StatsReport {
            inbound: vec![
                InboundStats {
                    mid: "3".to_owned(),
                    video: true,
                    packets,
                    lost: 7,
                    codec: "VP8".to_owned(),
                    jitter_ms: 4.6,
                    ..InboundStats::default()
                },
                InboundStats {
                    mid: "mid-leak".to_owned(),
                    codec: "10.0.0.7".to_owned(),
                    ..InboundStats::default()
                },
            ],
            outbound: vec![OutboundStats {
                rid: "2001:db8::7".to_owned(),
                codec: "a=candidate".to_owned(),
                ..OutboundStats::default()
            }],
            rtt_ms: Some(41.7),
            loss_sent: Some(0.02),
            bandwidth_bps: Some(1_250_000.0),
            way: Way::Tcp,
            connected: true,
        }
    }

    fn value(history: &CallHistory, now_us: u64) -> serde_json::Value {
        let me = view().me.map(|me| me.id);
        serde_json::from_str(&history.report(now_us, me, CHROME)).unwrap()
    }

    #[test]
    fn a_report_says_how_it_was() {
        let mut history = CallHistory::default();
        history.push(5_000_000, &view(), &stats(100));
        let report = value(&history, 12_000_000);
        assert_eq!(report["version"], 1);
        assert_eq!(report["browser"], "Chrome");
        assert_eq!(report["browser_major"], 141);
        assert_eq!(report["me"], "p1");
        assert_eq!(report["people"][1]["person"], "p2");
        assert_eq!(report["people"][1]["role"], "patient");
        let reading = &report["readings"][0];
        assert_eq!(reading["seconds_ago"], 7);
        assert_eq!(reading["route"], "tcp");
        assert_eq!(reading["quality"], "fair");
        assert_eq!(reading["round_trip_ms"], 42);
        assert_eq!(reading["sent_lost_permille"], 20);
        assert_eq!(reading["bandwidth_kbps"], 1_250);
        let received = &reading["received"][0];
        assert_eq!(received["person"], "p2");
        assert_eq!(received["source"], "camera");
        assert_eq!(received["packets"], 100);
        assert_eq!(received["jitter_ms"], 5);
    }

    #[test]
    fn a_report_does_not_say_who_or_where() {
        let mut history = CallHistory::default();
        history.push(5_000_000, &view(), &stats(100));
        let me = view().me.map(|me| me.id);
        let report = history.report(6_000_000, me, CHROME);
        let markers = [
            "lodie",
            "Ngo",
            "cousine",
            "abcd",
            "0000-",
            "10.0.0",
            "2001:",
            "candidate",
            "a=",
            "SECRET",
            "Linux",
            "X11",
            "7390",
            "leak",
            "18000000",
        ];
        for marker in markers {
            assert!(!report.contains(marker), "{marker} in {report}");
        }
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let mut history = CallHistory::default();
        for n in 0..1_000_u64 {
            let mut view = view();
            view.others = vec![person(u128::from(n) + 2, Role::Guest)];
            history.push(n * 2_000_000, &view, &stats(n));
        }
        let report = value(&history, 2_000_000_000);
        let readings = report["readings"].as_array().unwrap();
        assert_eq!(readings.len(), READINGS_MAX);
        assert_eq!(readings[0]["received"][0]["packets"], 850);
        assert_eq!(report["people"].as_array().unwrap().len(), PEOPLE_MAX);
    }

    #[test]
    fn a_browser_is_known_by_its_mark() {
        let known = [
            ("Mozilla/5.0 Gecko/20100101 Firefox/144.0", ("Firefox", 144)),
            ("Chrome/141.0.0.0 Safari/537.36 Edg/141.0.3", ("Edge", 141)),
            ("Version/18.6 Mobile/15E148 Safari/604.1", ("Safari", 18)),
            ("curl/8.5", ("other", 0)),
            ("Firefox/", ("Firefox", 0)),
        ];
        for (text, expected) in known {
            assert_eq!(browser(text), expected, "{text}");
        }
    }
}
