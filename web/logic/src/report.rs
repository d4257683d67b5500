//! The numbers of one room as a file, without anything that says who was in it.

use serde::Serialize;
use signaling_protocol::{GAP_BOUNDS_MS, MediaPoint, POINT_MS, Quality, Role, RoomOverview, Stage};

use crate::book::{Book, Entry, numbered};

/// Version of the report's form; higher when a field changes its meaning.
const VERSION: u16 = 1;

#[derive(Serialize)]
struct Report {
    form: &'static str,
    version: u16,
    point_ms: u32,
    gaps_from_ms: [u16; GAP_BOUNDS_MS.len()],
    people: Vec<Person>,
}

#[derive(Serialize)]
struct Person {
    person: String,
    role: &'static str,
    admitted: bool,
    connected: bool,
    said_quality: &'static str,
    media: Option<Media>,
}

#[derive(Serialize)]
struct Media {
    flows: bool,
    quality: &'static str,
    audio_only: bool,
    freezes: u64,
    gaps: [u64; GAP_BOUNDS_MS.len()],
    layer_switches: u64,
    keyframes_requested: u64,
    now: Point,
    /// Oldest first.
    past: Vec<Point>,
}

#[derive(Serialize)]
struct Point {
    loss_up_permille: Option<u16>,
    loss_down_permille: Option<u16>,
    rtt_ms: Option<u16>,
    jitter_ms: Option<u16>,
    up_kbps: u32,
    down_kbps: u32,
    estimate_kbps: Option<u32>,
    rating: Option<u8>,
}

impl From<&MediaPoint> for Point {
    fn from(point: &MediaPoint) -> Self {
        Self {
            loss_up_permille: point.loss_up_permille,
            loss_down_permille: point.loss_down_permille,
            rtt_ms: point.rtt_ms,
            jitter_ms: point.jitter_ms,
            up_kbps: point.up_kbps,
            down_kbps: point.down_kbps,
            estimate_kbps: point.estimate_kbps,
            rating: point.rating,
        }
    }
}

/// The report of a room as JSON.
#[must_use]
pub fn report(room: &RoomOverview, book: &Book) -> String {
    let people = numbered(room).into_iter().zip(1_u32..);
    let report = Report {
        form: "telehealth room report",
        version: VERSION,
        point_ms: POINT_MS,
        gaps_from_ms: GAP_BOUNDS_MS,
        people: people
            .map(|(one, number)| Person {
                person: format!("p{number}"),
                role: match one.role {
                    Role::Clinician => "clinician",
                    Role::Patient => "patient",
                    Role::Guest => "guest",
                },
                admitted: one.stage == Stage::Admitted,
                connected: one.connected,
                said_quality: quality(one.quality),
                media: book.entry(room.room, one.id).map(media),
            })
            .collect(),
    };
    // Numbers, words and lists: there is nothing that JSON cannot say.
    serde_json::to_string_pretty(&report).unwrap_or_default()
}

fn media(entry: &Entry) -> Media {
    let media = &entry.media;
    Media {
        flows: media.connected,
        quality: quality(media.quality),
        audio_only: media.audio_only,
        freezes: media.freezes,
        gaps: media.gaps,
        layer_switches: media.layer_switches,
        keyframes_requested: media.keyframes_requested,
        now: Point::from(&media.now),
        past: entry.points.iter().map(Point::from).collect(),
    }
}

/// The name of a quality in reports, and in pages for tests.
#[must_use]
pub const fn quality(quality: Quality) -> &'static str {
    match quality {
        Quality::Lost => "lost",
        Quality::Poor => "poor",
        Quality::Fair => "fair",
        Quality::Good => "good",
        Quality::Unknown => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::book::tests::{heard, room};

    fn text() -> String {
        let mut book = Book::default();
        book.hear(heard(100, 3));
        report(&room(), &book)
    }

    #[test]
    fn a_report_has_everybody_and_their_past() {
        let report: serde_json::Value = serde_json::from_str(&text()).unwrap();
        assert_eq!(report["version"], 1);
        // The clinician came a microsecond earlier.
        assert_eq!(report["people"][0]["person"], "p1");
        assert_eq!(report["people"][0]["role"], "clinician");
        assert_eq!(report["people"][0]["media"], serde_json::Value::Null);
        let patient = &report["people"][1];
        assert_eq!(patient["role"], "patient");
        assert_eq!(patient["media"]["freezes"], 2);
        assert_eq!(patient["media"]["now"]["up_kbps"], 700);
        assert_eq!(patient["media"]["past"][2]["up_kbps"], 2);
        assert_eq!(patient["media"]["past"][2]["loss_up_permille"], 12);
    }

    #[test]
    fn a_report_has_no_name_no_id_and_no_time_of_day() {
        let report = text();
        for marker in [
            "lodie", "Ngo", "cousine", "0000-", "000000", "179999", "since",
        ] {
            assert!(!report.contains(marker), "{marker} in {report}");
        }
    }
}
