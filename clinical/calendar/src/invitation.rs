//! One appointment as an iCalendar text (RFC 5545, and RFC 5546 for its methods).
//!
//! These texts travel by e-mail and land in calendars that others can read. So there is no field
//! for a reason, a specialty or anything else that tells why somebody sees a doctor.

use std::fmt;

use clinical_model::Micros;
use clinical_model::booking::Slot;
use icalendar::Property;
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Timestamp, civil};
use uuid::Uuid;

use crate::observances::observances;

/// Who made the text, as RFC 5545 wants to know.
const PRODUCT: &str = "-//Telehealth Hub//Booking//EN";
/// Octets of a line without its end.
const LINE_OCTETS_MAX: usize = 75;

/// How often calendar programs are asked to look again (RFC 7986, 5.7).
const FEED_REFRESH: &str = "PT1H";

/// What the receiver shall do with a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Put it into the calendar, or replace what has the same UID and a lower sequence.
    Request,
    /// Take it out of the calendar.
    Cancel,
    /// Look at it: a file that somebody downloads. It names no attendees.
    Publish,
}

/// A person or clinic by name and e-mail address.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Party<'a> {
    /// Shown name.
    pub name: &'a str,
    /// E-mail address.
    pub email: &'a str,
}

impl fmt::Debug for Party<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Party")
    }
}

/// What a calendar learns about an appointment.
#[derive(Clone, Copy)]
pub struct Invitation<'a> {
    /// The appointment; the same in every text about it.
    pub id: Uuid,
    /// Host name of the clinic; makes the UID unique in the world.
    pub host: &'a str,
    /// 0 at first, one more with every change of time and with the cancellation.
    pub sequence: u32,
    /// When the text is made.
    pub stamp: Micros,
    /// When it takes place, whole seconds.
    pub visit: Slot,
    /// The zone in which its times are written.
    pub zone: &'a TimeZone,
    /// What the entry is called: the clinic's name, no clinical word.
    pub title: &'a str,
    /// Where: an address, or that it is a video visit.
    pub place: Option<&'a str>,
    /// The clinic.
    pub organizer: Party<'a>,
    /// Who is invited.
    pub attendees: &'a [Party<'a>],
}

impl fmt::Debug for Invitation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Invitation")
            .field("id", &self.id)
            .field("sequence", &self.sequence)
            .finish_non_exhaustive()
    }
}

/// Why no text can be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvitationError {
    /// An e-mail address or the host holds what would end its line.
    #[error("an address cannot be written into a calendar")]
    Address,
    /// The times lie outside the calendar.
    #[error("the time cannot be written into a calendar")]
    Time,
}

impl Invitation<'_> {
    /// The text, with lines of at most 75 octets that end in CR LF.
    ///
    /// Times are written on the wall clock of the zone, with a VTIMEZONE that says what it means.
    /// A wall time that comes twice always means its first occurrence there (RFC 5545, 3.3.5), so
    /// an appointment near such a time is written in UTC.
    ///
    /// # Errors
    /// [`InvitationError`] when an address or a time cannot be written.
    pub fn text(&self, method: Method) -> Result<String, InvitationError> {
        let times = Times::of(self.visit, self.zone)?;
        let mut lines = vec![
            Property::new("BEGIN", "VCALENDAR"),
            Property::new("VERSION", "2.0"),
            Property::new("PRODID", PRODUCT),
            Property::new("CALSCALE", "GREGORIAN"),
            Property::new(
                "METHOD",
                match method {
                    Method::Request => "REQUEST",
                    Method::Cancel => "CANCEL",
                    Method::Publish => "PUBLISH",
                },
            ),
        ];
        if let Times::Wall { name, .. } = &times {
            lines.extend(observances(self.zone, name, self.visit).ok_or(InvitationError::Time)?);
        }
        lines.extend(self.event(method, &times)?);
        lines.push(Property::new("END", "VCALENDAR"));
        Ok(written(lines))
    }

    fn event(&self, method: Method, times: &Times) -> Result<Vec<Property>, InvitationError> {
        let (status, transparency) = match method {
            Method::Request | Method::Publish => ("CONFIRMED", "OPAQUE"),
            Method::Cancel => ("CANCELLED", "TRANSPARENT"),
        };
        let mut lines = vec![
            Property::new("BEGIN", "VEVENT"),
            Property::new("UID", format!("{}@{}", self.id, address(self.host)?)),
            Property::new("SEQUENCE", self.sequence.to_string()),
            Property::new("DTSTAMP", utc(self.stamp)?),
            times.property("DTSTART", self.visit.start)?,
            times.property("DTEND", self.visit.end)?,
            Property::new("SUMMARY", one_line(self.title)),
            Property::new("STATUS", status),
            Property::new("TRANSP", transparency),
            // Others who see the calendar learn that the time is taken, and nothing else.
            Property::new("CLASS", "PRIVATE"),
        ];
        if let Some(place) = self.place {
            lines.push(Property::new("LOCATION", one_line(place)));
        }
        lines.push(party("ORGANIZER", self.organizer)?);
        match method {
            Method::Publish => {}
            Method::Request | Method::Cancel => {
                for attendee in self.attendees {
                    let mut line = party("ATTENDEE", *attendee)?;
                    line.add_parameter("ROLE", "REQ-PARTICIPANT");
                    line.add_parameter("PARTSTAT", "NEEDS-ACTION");
                    if method == Method::Request {
                        line.add_parameter("RSVP", "TRUE");
                    }
                    lines.push(line);
                }
            }
        }
        lines.push(Property::new("END", "VEVENT"));
        Ok(lines)
    }
}

/// Several appointments as one text that calendar programs read again and again. Times are in UTC,
/// so that it needs no zone; every program shows them on the wall clock of its owner.
///
/// # Errors
/// As [`Invitation::text`].
pub fn feed(title: &str, entries: &[Invitation<'_>]) -> Result<String, InvitationError> {
    let mut refresh = Property::new("REFRESH-INTERVAL", FEED_REFRESH);
    refresh.add_parameter("VALUE", "DURATION");
    let mut lines = vec![
        Property::new("BEGIN", "VCALENDAR"),
        Property::new("VERSION", "2.0"),
        Property::new("PRODID", PRODUCT),
        Property::new("CALSCALE", "GREGORIAN"),
        Property::new("METHOD", "PUBLISH"),
        Property::new("X-WR-CALNAME", one_line(title)),
        refresh,
        Property::new("X-PUBLISHED-TTL", FEED_REFRESH),
    ];
    for entry in entries {
        lines.extend(entry.event(Method::Publish, &Times::Utc)?);
    }
    lines.push(Property::new("END", "VCALENDAR"));
    Ok(written(lines))
}

fn written(lines: Vec<Property>) -> String {
    lines
        .into_iter()
        .filter_map(|line| TryInto::<String>::try_into(line).ok())
        .map(|line| folded(&line))
        .collect()
}

/// How the times of one appointment are written.
enum Times {
    Wall { name: String, zone: TimeZone },
    Utc,
}

impl Times {
    fn of(visit: Slot, zone: &TimeZone) -> Result<Self, InvitationError> {
        let Some(name) = zone.iana_name() else {
            return Ok(Self::Utc);
        };
        for at in [visit.start, visit.end] {
            let wall = zone.to_datetime(instant(at)?);
            match zone.to_ambiguous_timestamp(wall).offset() {
                AmbiguousOffset::Unambiguous { .. } => {}
                AmbiguousOffset::Fold { .. } | AmbiguousOffset::Gap { .. } => return Ok(Self::Utc),
            }
        }
        Ok(Self::Wall {
            name: name.to_owned(),
            zone: zone.clone(),
        })
    }

    fn property(&self, key: &str, at: Micros) -> Result<Property, InvitationError> {
        match self {
            Self::Utc => Ok(Property::new(key, utc(at)?)),
            Self::Wall { name, zone } => {
                let mut line = Property::new(key, wall(zone.to_datetime(instant(at)?)));
                line.add_parameter("TZID", name);
                Ok(line)
            }
        }
    }
}

fn instant(at: Micros) -> Result<Timestamp, InvitationError> {
    Timestamp::from_second(at.0.div_euclid(Micros::SECOND)).map_err(|_out_of_range| {
        // The number says nothing that the error does not.
        InvitationError::Time
    })
}

fn utc(at: Micros) -> Result<String, InvitationError> {
    let at = TimeZone::UTC.to_datetime(instant(at)?);
    Ok(format!("{}Z", wall(at)))
}

/// A wall time as RFC 5545 writes it.
pub(crate) fn wall(at: civil::DateTime) -> String {
    at.strftime("%Y%m%dT%H%M%S").to_string()
}

fn party(key: &str, party: Party<'_>) -> Result<Property, InvitationError> {
    if !party.email.contains('@') {
        return Err(InvitationError::Address);
    }
    let mut line = Property::new(key, format!("mailto:{}", address(party.email)?));
    // A double quote cannot be written into a parameter, and readers differ on how to escape it.
    let name = one_line(party.name).replace('"', "'");
    if !name.is_empty() {
        line.add_parameter("CN", &name);
    }
    Ok(line)
}

/// An address or host that ends neither its line nor its parameter.
fn address(text: &str) -> Result<&str, InvitationError> {
    let odd = |c: char| c.is_control() || c.is_whitespace() || matches!(c, '"' | '<' | '>' | '\\');
    if text.is_empty() || text.contains(odd) {
        return Err(InvitationError::Address);
    }
    Ok(text)
}

/// The text without anything that could begin a new line.
fn one_line(text: &str) -> String {
    let plain: String = text
        .chars()
        .map(|c| {
            if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') {
                ' '
            } else {
                c
            }
        })
        .collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The line in pieces of at most 75 octets (RFC 5545, 3.1), none of them cut inside a character.
///
/// The library folds too, but counts the space before a last piece as nothing.
fn folded(line: &str) -> String {
    let line = line.replace("\r\n ", "");
    let mut text = String::with_capacity(line.len() + 8);
    let mut octets = 0;
    for c in line.trim_end_matches("\r\n").chars() {
        if octets + c.len_utf8() > LINE_OCTETS_MAX {
            text.push_str("\r\n ");
            octets = 1;
        }
        text.push(c);
        octets += c.len_utf8();
    }
    text.push_str("\r\n");
    text
}
