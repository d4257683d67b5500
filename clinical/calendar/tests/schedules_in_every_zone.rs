//! Availability and offers around every change of the clocks, in every zone of the IANA database.
#![expect(clippy::unwrap_used, reason = "tests")]

use clinical_calendar::{
    AvailabilityError, Closure, Exception, Hours, HoursError, Resource, Rule, Schedule, Service,
    ServiceError, WallSpan, availability, intersect, merge, offer_at, offers, subtract,
};
use clinical_model::Micros;
use clinical_model::booking::{Slot, Stretch, WeeklyHours, free_slots};
use jiff::civil::{Date, DateTime, date};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use proptest::prelude::*;

fn zones() -> Vec<TimeZone> {
    let zones: Vec<TimeZone> = jiff::tz::db()
        .available()
        .map(|name| TimeZone::get(name.as_str()).unwrap())
        .collect();
    assert!(zones.len() > 400, "only {} zones", zones.len());
    zones
}

fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap()
}

fn at(text: &str) -> Micros {
    Micros(text.parse::<Timestamp>().unwrap().as_microsecond())
}

fn slot(start: &str, end: &str) -> Slot {
    Slot {
        start: at(start),
        end: at(end),
    }
}

fn wall(zone: &TimeZone, at: Micros) -> DateTime {
    zone.to_datetime(Timestamp::from_microsecond(at.0).unwrap())
}

fn daily(start_min: u16, length_min: u16) -> Schedule {
    on_days("FREQ=DAILY", date(1993, 12, 31), start_min, length_min)
}

fn on_days(rule: &str, anchor: Date, start_min: u16, length_min: u16) -> Schedule {
    let rule = Rule::parse(rule, anchor).unwrap();
    Schedule {
        hours: vec![Hours::parse(rule, start_min, length_min).unwrap()],
        ..Schedule::default()
    }
}

fn span(from: &str, to: &str) -> WallSpan {
    WallSpan::new(from.parse().unwrap(), to.parse().unwrap()).unwrap()
}

fn open(schedule: &Schedule, zone: &TimeZone, range: Slot) -> Vec<Slot> {
    let open = availability(schedule, zone, range).unwrap().open;
    assert_eq!(open, merge(open.clone()), "not merged");
    assert!(
        open.iter()
            .all(|s| range.start <= s.start && s.end <= range.end)
    );
    open
}

fn total_min(stretches: &[Slot]) -> i64 {
    stretches.iter().map(|s| s.length_us()).sum::<i64>() / Micros::MINUTE
}

/// The definition itself: is the schedule open at this instant?
fn is_open_at(start_min: i64, length_min: i64, wall: DateTime) -> bool {
    let minute = i64::from(wall.hour()) * 60 + i64::from(wall.minute());
    (minute >= start_min && minute < start_min + length_min)
        || minute + 1440 < start_min + length_min
}

#[test]
fn open_instants_are_those_whose_wall_time_lies_in_the_hours() {
    // Around each of three changes, minute by minute.
    let schedule = daily(90, 1_300);
    for zone in zones() {
        let year = at("2026-01-01T00:00:00Z");
        let changes: Vec<Micros> = zone
            .following(Timestamp::from_microsecond(year.0).unwrap())
            .take(2)
            .map(|change| Micros(change.timestamp().as_microsecond()))
            .collect();
        for change in changes {
            let range = Slot {
                start: change.plus(-3 * Micros::HOUR),
                end: change.plus(3 * Micros::HOUR),
            };
            let open = open(&schedule, &zone, range);
            for minute in 0..360 {
                let instant = range.start.plus(minute * Micros::MINUTE);
                let found = open.iter().any(|s| s.start <= instant && instant < s.end);
                assert_eq!(
                    found,
                    is_open_at(90, 1_300, wall(&zone, instant)),
                    "{zone:?} at {}",
                    wall(&zone, instant)
                );
            }
        }
    }
}

#[test]
fn round_the_clock_is_every_instant_in_every_zone() {
    let schedule = daily(0, 1_440);
    for zone in zones() {
        let range = slot("2026-03-01T00:00:00Z", "2026-04-15T00:00:00Z");
        assert_eq!(open(&schedule, &zone, range), [range], "{zone:?}");
    }
    // Over the day that Samoa skipped.
    let range = slot("2011-12-28T00:00:00Z", "2012-01-03T00:00:00Z");
    assert_eq!(open(&schedule, &zone("Pacific/Apia"), range), [range]);
}

#[test]
fn a_night_duty_is_an_hour_shorter_in_spring_and_longer_in_autumn() {
    let night = daily(22 * 60, 8 * 60);
    let paris = zone("Europe/Paris");
    let minutes = |start, end| total_min(&open(&night, &paris, slot(start, end)));
    assert_eq!(minutes("2026-03-21T12:00:00Z", "2026-03-22T12:00:00Z"), 480);
    assert_eq!(minutes("2026-03-28T12:00:00Z", "2026-03-29T12:00:00Z"), 420);
    assert_eq!(minutes("2026-10-24T12:00:00Z", "2026-10-25T12:00:00Z"), 540);
}

#[test]
fn offers_with_the_hours_of_before_are_the_slots_of_before() {
    // The weekly hours that the booking of the first version knows give the same slots as rules.
    let names = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];
    let weekly = |weekday: u8, start_min: u16, end_min: u16| {
        let rule = format!("FREQ=WEEKLY;BYDAY={}", names[usize::from(weekday) - 1]);
        let rule = Rule::parse(&rule, date(2020, 1, 1)).unwrap();
        Hours::parse(rule, start_min, end_min - start_min).unwrap()
    };
    let stretches: Vec<Stretch> = [(1, 0, 1440), (3, 485, 720), (3, 780, 1001), (7, 30, 1439)]
        .into_iter()
        .map(|(weekday, start_min, end_min)| Stretch {
            weekday,
            start_min,
            end_min,
        })
        .collect();
    let schedule = Schedule {
        hours: stretches
            .iter()
            .map(|s| weekly(s.weekday, s.start_min, s.end_min))
            .collect(),
        ..Schedule::default()
    };
    for slot_min in [15, 25, 40] {
        let service = Service::parse(slot_min, (0, 0), slot_min).unwrap();
        let hours = WeeklyHours::parse(slot_min, &stretches).unwrap();
        for zone in zones() {
            for range in [
                slot("2026-03-06T00:00:00Z", "2026-03-16T00:00:00Z"),
                slot("2026-10-23T00:00:00Z", "2026-11-02T00:00:00Z"),
            ] {
                let resource = Resource {
                    schedule: &schedule,
                    zone: &zone,
                    busy: &[],
                };
                let new: Vec<Slot> = offers(service, resource, &[], range)
                    .unwrap()
                    .iter()
                    .map(|o| o.visit)
                    .collect();
                let old = free_slots(&hours, &zone, (range.start, range.end), &[]);
                assert_eq!(new, old, "{zone:?}");
            }
        }
    }
}

#[test]
fn leave_beats_extra_hours_and_extra_hours_beat_holidays() {
    let douala = zone("Africa/Douala");
    let mut schedule = daily(8 * 60, 60);
    let range = slot("2026-05-18T23:00:00Z", "2026-05-22T23:00:00Z");
    let starts = |schedule: &Schedule| -> Vec<String> {
        open(schedule, &douala, range)
            .iter()
            .map(|s| wall(&douala, s.start).strftime("%d %H:%M").to_string())
            .collect()
    };
    assert_eq!(
        starts(&schedule),
        ["19 08:00", "20 08:00", "21 08:00", "22 08:00"]
    );
    schedule.holidays = vec![date(2026, 5, 20)];
    assert_eq!(starts(&schedule), ["19 08:00", "21 08:00", "22 08:00"]);
    schedule.exceptions.push(Exception::Extra(span(
        "2026-05-20T10:00",
        "2026-05-20T11:00",
    )));
    assert_eq!(
        starts(&schedule),
        ["19 08:00", "20 10:00", "21 08:00", "22 08:00"]
    );
    let leave = WallSpan::days(date(2026, 5, 20), date(2026, 5, 21)).unwrap();
    schedule
        .exceptions
        .push(Exception::Closed(Closure::Leave, leave));
    assert_eq!(starts(&schedule), ["19 08:00", "22 08:00"]);
    let training = span("2026-05-19T08:15", "2026-05-19T08:30");
    schedule
        .exceptions
        .push(Exception::Closed(Closure::Other, training));
    assert_eq!(starts(&schedule), ["19 08:00", "19 08:30", "22 08:00"]);
}

#[test]
fn who_is_away_is_away_for_a_reason() {
    let paris = zone("Europe/Paris");
    let training = span("2026-11-24T10:00", "2026-11-24T11:30");
    let schedule = Schedule {
        exceptions: vec![Exception::Closed(Closure::Other, training)],
        holidays: vec![date(2026, 11, 25)],
        ..daily(9 * 60, 180)
    };
    let range = slot("2026-11-23T23:00:00Z", "2026-11-26T23:00:00Z");
    let found = availability(&schedule, &paris, range).unwrap();
    let away = [
        (
            Closure::Other,
            slot("2026-11-24T09:00:00Z", "2026-11-24T10:30:00Z"),
        ),
        (
            Closure::Holiday,
            slot("2026-11-25T08:00:00Z", "2026-11-25T11:00:00Z"),
        ),
    ];
    assert_eq!(found.away, away);
    let both = intersect(&found.open, &away.map(|(_, slot)| slot));
    assert_eq!(both, []);
    let past = slot("2026-11-20T23:00:00Z", "2026-11-21T23:00:00Z");
    assert_eq!(availability(&schedule, &paris, past).unwrap().away, []);
}

#[test]
fn an_offer_needs_everything_that_the_service_needs() {
    let paris = zone("Europe/Paris");
    let (doctor, room) = (daily(9 * 60, 180), daily(10 * 60, 300));
    let broken = Exception::Closed(
        Closure::Maintenance,
        span("2026-11-25T10:30", "2026-11-25T11:00"),
    );
    let scanner = Schedule {
        exceptions: vec![broken],
        ..daily(0, 1_440)
    };
    let range = slot("2026-11-24T23:00:00Z", "2026-11-25T23:00:00Z");
    let busy = [slot("2026-11-25T10:30:00Z", "2026-11-25T10:45:00Z")];
    let walls = |buffers| -> Vec<String> {
        let service = Service::parse(15, buffers, 15).unwrap();
        let found = offers(
            service,
            Resource {
                schedule: &doctor,
                zone: &paris,
                busy: &[],
            },
            &[
                Resource {
                    schedule: &room,
                    zone: &paris,
                    busy: &busy,
                },
                Resource {
                    schedule: &scanner,
                    zone: &paris,
                    busy: &[],
                },
            ],
            range,
        );
        found
            .unwrap()
            .iter()
            .map(|o| wall(&paris, o.visit.start).strftime("%H:%M").to_string())
            .collect()
    };
    // 10:00 to 12:00 in common, the scanner broken until 11:00, the room taken at 11:30.
    assert_eq!(walls((0, 0)), ["10:00", "10:15", "11:00", "11:15", "11:45"]);
    // Buffers collide with what is booked, not with the end of the hours.
    assert_eq!(walls((0, 5)), ["10:00", "10:15", "11:00", "11:45"]);
    assert_eq!(walls((5, 0)), ["10:00", "10:15", "11:00", "11:15"]);
}

#[test]
fn an_instant_between_two_offers_is_no_offer() {
    let douala = zone("Africa/Douala");
    let schedule = daily(9 * 60, 60);
    let resource = Resource {
        schedule: &schedule,
        zone: &douala,
        busy: &[],
    };
    let service = Service::parse(20, (5, 10), 20).unwrap();
    let start = at("2026-11-25T08:20:00Z");
    let offer = offer_at(service, resource, &[], start).unwrap().unwrap();
    assert_eq!(offer, service.from(start));
    assert_eq!(
        offer.visit,
        slot("2026-11-25T08:20:00Z", "2026-11-25T08:40:00Z")
    );
    assert_eq!(
        offer.occupied,
        slot("2026-11-25T08:15:00Z", "2026-11-25T08:50:00Z")
    );
    assert_eq!(
        offer_at(service, resource, &[], start.plus(1)).unwrap(),
        None
    );
    assert_eq!(
        offer_at(service, resource, &[], start.plus(Micros::HOUR)).unwrap(),
        None
    );
    assert_eq!(
        offer_at(service, resource, &[], Micros(i64::MAX)).unwrap(),
        None
    );
}

#[test]
fn ranges_and_numbers_out_of_bounds_are_refused() {
    let douala = zone("Africa/Douala");
    let from = at("2026-01-01T00:00:00Z");
    for end in [
        from,
        from.plus(-1),
        from.plus(401 * Micros::DAY),
        Micros(i64::MAX),
    ] {
        let range = Slot { start: from, end };
        assert_eq!(
            availability(&daily(0, 60), &douala, range),
            Err(AvailabilityError::Range)
        );
    }
    let rule = Rule::parse("FREQ=DAILY", date(2026, 1, 1)).unwrap();
    assert_eq!(Hours::parse(rule.clone(), 1440, 1), Err(HoursError::Start));
    assert_eq!(Hours::parse(rule.clone(), 0, 0), Err(HoursError::Length));
    assert_eq!(Hours::parse(rule, 0, 1441), Err(HoursError::Length));
    assert_eq!(Service::parse(4, (0, 0), 15), Err(ServiceError::Length));
    assert_eq!(Service::parse(15, (0, 721), 15), Err(ServiceError::Buffer));
    assert_eq!(Service::parse(15, (0, 0), 0), Err(ServiceError::Step));
    assert_eq!(
        WallSpan::new(
            "2026-01-01T00:00".parse().unwrap(),
            "2026-01-01T00:00".parse().unwrap()
        ),
        None
    );
}

fn any_stretches() -> impl Strategy<Value = Vec<Slot>> {
    proptest::collection::vec((0i64..200, -2i64..30), 0..12).prop_map(|pairs| {
        pairs
            .into_iter()
            .map(|(start, length)| Slot {
                start: Micros(start),
                end: Micros(start + length),
            })
            .collect()
    })
}

fn instants(stretches: &[Slot]) -> std::collections::BTreeSet<i64> {
    stretches.iter().flat_map(|s| s.start.0..s.end.0).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn stretches_meet_like_sets_of_instants(a in any_stretches(), b in any_stretches()) {
        let (left, right) = (instants(&a), instants(&b));
        let (a, b) = (merge(a), merge(b));
        prop_assert_eq!(&instants(&a), &left);
        prop_assert!(a.windows(2).all(|pair| pair[0].end < pair[1].start));
        let both = intersect(&a, &b);
        prop_assert_eq!(instants(&both), left.intersection(&right).copied().collect());
        prop_assert_eq!(merge(both.clone()), both);
        let rest = subtract(&a, &b);
        prop_assert_eq!(instants(&rest), left.difference(&right).copied().collect());
        prop_assert_eq!(merge(rest.clone()), rest);
    }

    #[test]
    fn offers_lie_in_the_hours_of_all_and_touch_nothing_that_is_busy(
        zone in proptest::sample::select(zones()),
        // 1995 to 2037: also zones whose rules were odd.
        from_s in 788_918_400i64..2_114_380_800,
        (start_min, length_min) in (0u16..1440, 60u16..=1440),
        (other_start, other_length) in (0u16..1440, 60u16..=1440),
        (minutes, before, after, step) in (5u16..90, 0u16..20, 0u16..20, 5u16..60),
        busy in proptest::collection::vec((0i64..4_000, 1i64..300), 0..12),
    ) {
        let (doctor, room) = (daily(start_min, length_min), daily(other_start, other_length));
        let from = Micros(from_s * Micros::SECOND);
        let range = Slot { start: from, end: from.plus(2 * Micros::DAY) };
        let busy: Vec<Slot> = busy.iter().map(|(start, length)| {
            let start = from.plus(start * Micros::MINUTE);
            Slot { start, end: start.plus(length * Micros::MINUTE) }
        }).collect();
        let service = Service::parse(minutes, (before, after), step).unwrap();
        let primary = Resource { schedule: &doctor, zone: &zone, busy: &[] };
        let other = Resource { schedule: &room, zone: &zone, busy: &busy };
        let found = offers(service, primary, &[other], range).unwrap();
        for offer in &found {
            prop_assert!(range.start <= offer.visit.start && offer.visit.start < range.end);
            prop_assert!(!busy.iter().any(|b| b.overlaps(offer.occupied)));
            let (first, last) = (wall(&zone, offer.visit.start), wall(&zone, offer.visit.end.plus(-1)));
            // No change of the clocks inside the visit.
            let elapsed = first.until(last).unwrap().total(jiff::Unit::Minute).unwrap();
            prop_assert!((elapsed - f64::from(minutes)).abs() < 0.01, "{first} {last}");
            for (start, length) in [(start_min, length_min), (other_start, other_length)] {
                for point in [first, last] {
                    prop_assert!(is_open_at(start.into(), length.into(), point), "{point}");
                }
            }
            // On the grid of the doctor's wall clock.
            let begin = first.date().to_datetime(jiff::civil::Time::midnight())
                .checked_add(Span::new().minutes(start_min)).unwrap();
            let since = begin.until(first).unwrap().total(jiff::Unit::Second).unwrap();
            #[expect(clippy::cast_possible_truncation, reason = "whole seconds of a day")]
            let since_min = (since as i64).rem_euclid(86_400) / 60;
            prop_assert_eq!(since_min % i64::from(step), 0);
            prop_assert_eq!(offer_at(service, primary, &[other], offer.visit.start).unwrap(), Some(*offer));
        }
    }
}
