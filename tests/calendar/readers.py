"""Reads our iCalendar texts with two parsers that share no code with ours.

Standard input: what `cargo run -p clinical-calendar --example invitations` prints. Each text is
read by `icalendar` and by `vobject`, once as it is and once with a zone name that no library knows,
so that only the VTIMEZONE in the text says when the event is. All must find the same instants.
"""

import io
import json
import logging
import multiprocessing
import re
import sys
from collections import Counter
from datetime import timezone

import icalendar
import vobject
from dateutil import tz

METHODS = {"Request": "REQUEST", "Cancel": "CANCEL", "Publish": "PUBLISH"}
TITLE = "Clinique de l'Université, rendez-vous; à l'heure \\ et une ligne assez longue"
PLACE = "12, rue des Écoles; Douala"
PATIENT = "Awa 'Mimi' N'Diaye, née Sow; Douala"


def seconds(moment):
    """The instant of a time; one without a zone would not be an instant."""
    assert moment.tzinfo is not None, f"{moment} has no zone"
    return round(moment.astimezone(timezone.utc).timestamp())


def with_icalendar(text):
    calendar = icalendar.Calendar.from_ical(text)
    assert not calendar.errors, calendar.errors
    events = calendar.walk("VEVENT")
    assert len(events) == 1
    event = events[0]
    assert not event.errors, event.errors
    attendees = event.get("ATTENDEE", [])
    attendees = attendees if isinstance(attendees, list) else [attendees]
    return {
        "method": str(calendar["METHOD"]),
        "uid": str(event["UID"]),
        "sequence": int(event["SEQUENCE"]),
        "status": str(event["STATUS"]),
        "start": seconds(event["DTSTART"].dt),
        "end": seconds(event["DTEND"].dt),
        "title": str(event["SUMMARY"]),
        "place": str(event["LOCATION"]),
        "organizer": str(event["ORGANIZER"]),
        "attendees": [(str(a), str(a.params["CN"])) for a in attendees],
        "keys": sorted(set(event.keys())),
    }


def with_vobject(text):
    # It remembers a zone by its name, and none that was UTC from 2000 to 2020. Each text has to
    # speak for itself, so what its VTIMEZONE says is registered first.
    for zone in re.findall(r"BEGIN:VTIMEZONE.*?END:VTIMEZONE\r\n", text, re.DOTALL):
        read = tz.tzical(io.StringIO(zone))
        for name in read.keys():
            vobject.icalendar.registerTzid(name, read.get(name))
    calendar = vobject.readOne(text, validate=True)
    event = calendar.vevent
    attendees = event.contents.get("attendee", [])
    return {
        "method": calendar.method.value,
        "uid": event.uid.value,
        "sequence": int(event.sequence.value),
        "status": event.status.value,
        "start": seconds(event.dtstart.value),
        "end": seconds(event.dtend.value),
        "title": event.summary.value,
        "place": event.location.value,
        "organizer": event.organizer.value,
        "attendees": [(a.value, a.params["CN"][0]) for a in attendees],
        "keys": sorted(key.upper() for key in event.contents),
    }


def expected(case):
    cancelled = case["method"] == "Cancel"
    published = case["method"] == "Publish"
    keys = ["CLASS", "DTEND", "DTSTAMP", "DTSTART", "LOCATION", "ORGANIZER", "SEQUENCE", "STATUS"]
    keys += ["SUMMARY", "TRANSP", "UID"] + ([] if published else ["ATTENDEE"])
    return {
        "method": METHODS[case["method"]],
        "uid": f"00000000-0000-0000-0000-{case['id']:012x}@clinic.example",
        "sequence": case["id"] % 7,
        "status": "CANCELLED" if cancelled else "CONFIRMED",
        "start": case["start_s"],
        "end": case["end_s"],
        "title": TITLE,
        "place": PLACE,
        "organizer": "mailto:rdv@clinic.example",
        "attendees": [] if published else [("mailto:awa@example.org", PATIENT)],
        "keys": sorted(keys),
    }


def check(line):
    """What went wrong with one text, and what was counted."""
    case = json.loads(line)
    text = case["text"]
    for part in text.split("\r\n"):
        assert len(part.encode()) <= 75, part
    # A new name for every text, so that no library knows the zone or remembers it.
    whole = text.replace("\r\n ", "")
    unknown = re.sub(r"TZID([:=])[^:\r]+", rf"TZID\1X-Case-{case['id']}", whole)
    wrong = []
    for reader, name, version in (
        (with_icalendar, "known", text),
        (with_icalendar, "unknown", unknown),
        (with_vobject, "unknown", unknown),
    ):
        found, wanted = reader(version), expected(case)
        if found != wanted:
            differing = {key: (found[key], wanted[key]) for key in wanted if found[key] != wanted[key]}
            wrong.append(f"{case['zone']} {reader.__name__} {name} {differing}\n{version}")
    return wrong, Counter({"texts": 1, "with a zone": unknown != whole, "in UTC": "TZID" not in text, "readings": 3})


def main():
    logging.disable(logging.WARNING)
    counts, failed = Counter(), 0
    with multiprocessing.Pool() as pool:
        for wrong, counted in pool.imap_unordered(check, sys.stdin, chunksize=50):
            counts += counted
            failed += len(wrong)
            if wrong and failed <= 10:
                print(*wrong, sep="\n", file=sys.stderr)
    print(", ".join(f"{count} {what}" for what, count in counts.items()))
    assert counts["with a zone"] > 8_000 and counts["in UTC"] > 1_000
    print(f"{counts['readings'] - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
