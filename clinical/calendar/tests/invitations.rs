//! Texts for other people's calendars. `tests/calendar/readers.py` reads them with two parsers that
//! share no code with this one.
#![expect(clippy::unwrap_used, reason = "tests")]

use clinical_calendar::{Invitation, InvitationError, Method, Party};
use clinical_model::Micros;
use clinical_model::booking::Slot;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use uuid::Uuid;

fn at(text: &str) -> Micros {
    Micros(text.parse::<Timestamp>().unwrap().as_microsecond())
}

const PATIENT: Party<'_> = Party {
    name: "Awa \"Mimi\" N'Diaye; Sow",
    email: "awa@example.org",
};

fn invitation(zone: &TimeZone) -> Invitation<'_> {
    Invitation {
        id: Uuid::from_u128(7),
        host: "clinic.example",
        sequence: 2,
        stamp: at("2026-11-25T03:00:00Z"),
        visit: Slot {
            start: at("2026-11-30T13:00:00Z"),
            end: at("2026-11-30T13:30:00Z"),
        },
        zone,
        title: "Clinique de la Paix, rendez-vous",
        place: Some("12, rue des Écoles; Douala\r\nATTENDEE:mailto:evil@example.org"),
        organizer: Party {
            name: "Clinique de la Paix",
            email: "rdv@clinic.example",
        },
        attendees: std::slice::from_ref(&PATIENT),
    }
}

/// The lines as a reader puts them together again.
fn unfolded(text: &str) -> Vec<String> {
    assert!(text.ends_with("\r\n"));
    assert_eq!(text.matches('\n').count(), text.matches("\r\n").count());
    text.replace("\r\n ", "")
        .split_terminator("\r\n")
        .map(str::to_owned)
        .collect()
}

fn value<'a>(lines: &'a [String], key: &str) -> Vec<&'a str> {
    lines
        .iter()
        .filter_map(|line| {
            let rest = line.strip_prefix(key)?;
            rest.starts_with([':', ';']).then_some(rest)
        })
        .collect()
}

#[test]
fn an_invitation_says_when_where_and_who_and_nothing_else() {
    let zone = TimeZone::get("Europe/Paris").unwrap();
    let text = invitation(&zone).text(Method::Request).unwrap();
    let lines = unfolded(&text);
    let event: Vec<&str> = lines
        .iter()
        .map(String::as_str)
        .skip_while(|line| *line != "BEGIN:VEVENT")
        .collect();
    assert_eq!(
        event,
        [
            "BEGIN:VEVENT",
            "UID:00000000-0000-0000-0000-000000000007@clinic.example",
            "SEQUENCE:2",
            "DTSTAMP:20261125T030000Z",
            "DTSTART;TZID=Europe/Paris:20261130T140000",
            "DTEND;TZID=Europe/Paris:20261130T143000",
            r"SUMMARY:Clinique de la Paix\, rendez-vous",
            "STATUS:CONFIRMED",
            "TRANSP:OPAQUE",
            "CLASS:PRIVATE",
            r"LOCATION:12\, rue des Écoles\; Douala ATTENDEE:mailto:evil@example.org",
            "ORGANIZER;CN=Clinique de la Paix:mailto:rdv@clinic.example",
            "ATTENDEE;CN=\"Awa 'Mimi' N'Diaye; Sow\";PARTSTAT=NEEDS-ACTION;\
             ROLE=REQ-PARTICIPANT;RSVP=TRUE:mailto:awa@example.org",
            "END:VEVENT",
            "END:VCALENDAR",
        ]
    );
    assert_eq!(value(&lines, "METHOD"), [":REQUEST"]);
}

#[test]
fn a_cancellation_names_the_same_event_and_frees_the_time() {
    let zone = TimeZone::get("Africa/Douala").unwrap();
    let before = unfolded(&invitation(&zone).text(Method::Request).unwrap());
    let cancelled = Invitation {
        sequence: 3,
        ..invitation(&zone)
    };
    let after = unfolded(&cancelled.text(Method::Cancel).unwrap());
    assert_eq!(value(&before, "UID"), value(&after, "UID"));
    assert_eq!(value(&after, "SEQUENCE"), [":3"]);
    assert_eq!(value(&after, "METHOD"), [":CANCEL"]);
    assert_eq!(value(&after, "STATUS"), [":CANCELLED"]);
    assert_eq!(value(&after, "TRANSP"), [":TRANSPARENT"]);
}

#[test]
fn a_file_to_download_names_no_attendees() {
    let zone = TimeZone::get("Africa/Douala").unwrap();
    let text = invitation(&zone).text(Method::Publish).unwrap();
    let lines = unfolded(&text);
    assert!(value(&lines, "ATTENDEE").is_empty());
    assert_eq!(value(&lines, "METHOD"), [":PUBLISH"]);
}

#[test]
fn lines_are_folded_by_octets_and_never_inside_a_character() {
    let zone = TimeZone::get("Africa/Douala").unwrap();
    let titles = (0..40)
        .map(|extra| format!("{}{}", "x".repeat(extra), "é€𝕏".repeat(60)))
        .chain((50..250).map(|length| "x".repeat(length)))
        .chain((50..250).map(|length| "x ".repeat(length).trim().to_owned()));
    for title in titles {
        let text = Invitation {
            title: &title,
            ..invitation(&zone)
        }
        .text(Method::Request)
        .unwrap();
        assert!(text.split("\r\n").all(|line| line.len() <= 75), "{text}");
        let expected = format!(":{title}");
        assert_eq!(value(&unfolded(&text), "SUMMARY"), [expected.as_str()]);
    }
}

#[test]
fn an_appointment_in_the_repeated_hour_is_written_in_utc() {
    let zone = TimeZone::get("Europe/Paris").unwrap();
    let repeated = Invitation {
        visit: Slot {
            start: at("2026-10-25T01:30:00Z"),
            end: at("2026-10-25T02:00:00Z"),
        },
        ..invitation(&zone)
    };
    let lines = unfolded(&repeated.text(Method::Request).unwrap());
    assert_eq!(value(&lines, "DTSTART"), [":20261025T013000Z"]);
    assert!(!lines.iter().any(|line| line == "BEGIN:VTIMEZONE"));
}

#[test]
fn the_zone_of_dublin_is_one_hour_ahead_in_summer_only() {
    let zone = TimeZone::get("Europe/Dublin").unwrap();
    let lines = unfolded(&invitation(&zone).text(Method::Request).unwrap());
    assert!(value(&lines, "DTSTART").contains(&":20270328T010000"));
    assert!(value(&lines, "TZOFFSETTO").contains(&":+0100"));
    assert_eq!(
        value(&lines, "DTSTART").last(),
        Some(&";TZID=Europe/Dublin:20261130T130000")
    );
}

#[test]
fn an_address_that_would_end_its_line_is_refused() {
    let zone = TimeZone::get("Africa/Douala").unwrap();
    for email in [
        "",
        "a",
        "a b@c",
        "a@c\r\nX:1",
        "a@c\u{85}",
        "\"a\"@c",
        "<a@c>",
    ] {
        let organizer = Party { name: "x", email };
        let bad = Invitation {
            organizer,
            ..invitation(&zone)
        };
        assert_eq!(
            bad.text(Method::Request),
            Err(InvitationError::Address),
            "{email:?}"
        );
    }
    for host in ["", "a b", "a\r\nX:1"] {
        let bad = Invitation {
            host,
            ..invitation(&zone)
        };
        assert_eq!(
            bad.text(Method::Request),
            Err(InvitationError::Address),
            "{host:?}"
        );
    }
    for start in [i64::MIN, i64::MAX] {
        let start = Micros(start);
        let bad = Invitation {
            visit: Slot { start, end: start },
            ..invitation(&zone)
        };
        assert_eq!(bad.text(Method::Request), Err(InvitationError::Time));
    }
}

#[test]
fn a_printed_invitation_names_nobody() {
    let zone = TimeZone::get("Africa/Douala").unwrap();
    let printed = format!("{:?} {:?}", invitation(&zone), PATIENT);
    assert!(
        !printed.contains("Awa") && !printed.contains("example"),
        "{printed}"
    );
}
