//! Prints invitations in every zone of the IANA database around its changes of the clock, one JSON
//! object a line, for `tests/calendar/readers.py` to read with other parsers.

use std::error::Error;
use std::io::{self, BufWriter, Write};

use clinical_calendar::{Invitation, Method, Party};
use clinical_model::Micros;
use clinical_model::booking::Slot;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use uuid::Uuid;

/// Changes of each zone that are looked at, from 2025 on.
const CHANGES: usize = 4;

fn main() -> Result<(), Box<dyn Error>> {
    let mut out = BufWriter::new(io::stdout().lock());
    let begin: Timestamp = "2025-01-15T09:00:00Z".parse()?;
    let mut id = 0u128;
    for name in jiff::tz::db().available() {
        let zone = TimeZone::get(name.as_str())?;
        let mut around = vec![begin, "2026-07-01T12:00:00Z".parse()?];
        around.extend(zone.following(begin).take(CHANGES).map(|c| c.timestamp()));
        for middle in around {
            for minutes in [-20_160, -45, -15, 0, 45, 90] {
                id += 1;
                let start = Micros(middle.as_microsecond()).plus(minutes * Micros::MINUTE);
                let visit = Slot {
                    start,
                    end: start.plus(15 * Micros::MINUTE),
                };
                line(&mut out, name.as_str(), &zone, visit, id)?;
            }
        }
    }
    out.flush()?;
    Ok(())
}

fn line(
    out: &mut impl Write,
    name: &str,
    zone: &TimeZone,
    visit: Slot,
    id: u128,
) -> Result<(), Box<dyn Error>> {
    let method = match id % 3 {
        0 => Method::Request,
        1 => Method::Cancel,
        _ => Method::Publish,
    };
    let patient = Party {
        name: "Awa \"Mimi\" N'Diaye, née Sow; Douala",
        email: "awa@example.org",
    };
    let text = Invitation {
        id: Uuid::from_u128(id),
        host: "clinic.example",
        sequence: u32::try_from(id % 7)?,
        stamp: visit.start.plus(-Micros::DAY),
        visit,
        zone,
        title: "Clinique de l'Université, rendez-vous; à l'heure \\ et une ligne assez longue",
        place: Some("12, rue des Écoles; Douala"),
        organizer: Party {
            name: "Clinique de la Paix",
            email: "rdv@clinic.example",
        },
        attendees: std::slice::from_ref(&patient),
    }
    .text(method)?;
    // Rust and JSON write a string of printable text alike, except for what is escaped here.
    let quoted = text
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\r', "\\r")
        .replace('\n', "\\n");
    writeln!(
        out,
        "{{\"zone\":\"{name}\",\"id\":{id},\"method\":\"{method:?}\",\"start_s\":{},\"end_s\":{},\"text\":\"{quoted}\"}}",
        visit.start.0 / Micros::SECOND,
        visit.end.0 / Micros::SECOND,
    )?;
    Ok(())
}
