//! Free slots around every change of the clocks, in every zone of the IANA database.
#![expect(clippy::unwrap_used, reason = "tests")]

use clinical_model::Micros;
use clinical_model::booking::{Slot, Stretch, WeeklyHours, free_slots, slot_at};
use jiff::tz::TimeZone;
use jiff::{Timestamp, civil};
use proptest::prelude::*;

fn zones() -> Vec<TimeZone> {
    let zones: Vec<TimeZone> = jiff::tz::db()
        .available()
        .map(|name| TimeZone::get(name.as_str()).unwrap())
        .collect();
    assert!(zones.len() > 400, "only {} zones", zones.len());
    zones
}

fn round_the_clock(slot_min: u16) -> WeeklyHours {
    let stretches: Vec<Stretch> = (1..=7)
        .map(|weekday| Stretch {
            weekday,
            start_min: 0,
            end_min: 1440,
        })
        .collect();
    WeeklyHours::parse(slot_min, &stretches).unwrap()
}

fn at(text: &str) -> Micros {
    Micros(text.parse::<Timestamp>().unwrap().as_microsecond())
}

fn wall(zone: &TimeZone, at: Micros) -> civil::DateTime {
    zone.to_datetime(Timestamp::from_microsecond(at.0).unwrap())
}

/// What must be true of all slots of all hours in all zones.
fn check(hours: &WeeklyHours, zone: &TimeZone, from: Micros, to: Micros) -> Vec<Slot> {
    let slots = free_slots(hours, zone, (from, to), &[]);
    for pair in slots.windows(2) {
        assert!(pair[0].end <= pair[1].start, "{pair:?} overlap in {zone:?}");
    }
    for slot in &slots {
        assert!(from <= slot.start && slot.start < to);
        let (start, last) = (wall(zone, slot.start), wall(zone, slot.end.plus(-1)));
        let start_min = i64::from(start.hour()) * 60 + i64::from(start.minute());
        let weekday = start.weekday().to_monday_one_offset();
        let stretch = hours
            .stretches()
            .iter()
            .find(|s| {
                i64::from(s.weekday) == i64::from(weekday)
                    && i64::from(s.start_min) <= start_min
                    && start_min + i64::from(hours.slot_min()) <= i64::from(s.end_min)
            })
            .unwrap_or_else(|| unreachable!("{slot:?} is outside the hours in {zone:?}"));
        assert_eq!(
            (start_min - i64::from(stretch.start_min)) % i64::from(hours.slot_min()),
            0
        );
        assert_eq!((start.second(), start.subsec_nanosecond()), (0, 0));
        assert_eq!(
            start.date(),
            last.date(),
            "{slot:?} crosses midnight in {zone:?}"
        );
    }
    for slot in slots.first().into_iter().chain(slots.last()) {
        assert_eq!(slot_at(hours, zone, slot.start), Some(*slot));
    }
    slots
}

#[test]
fn slots_fill_the_clock_around_every_change_of_it() {
    let hours = round_the_clock(15);
    let uneven = [25, 50, 110].map(round_the_clock);
    for zone in zones() {
        let year = at("2026-01-01T00:00:00Z");
        let changes: Vec<Micros> = zone
            .following(Timestamp::from_microsecond(year.0).unwrap())
            .take(3)
            .map(|change| Micros(change.timestamp().as_microsecond()))
            .collect();
        for change in changes {
            let (from, to) = (change.plus(-Micros::DAY), change.plus(Micros::DAY));
            for uneven in &uneven {
                check(uneven, &zone, from, to);
            }
            let slots = check(&hours, &zone, from, to);
            // All zones of these years change by whole quarters, at whole quarters: no instant is lost.
            assert_eq!(slots.len(), 2 * 24 * 4, "{zone:?} at {change:?}");
        }
    }
}

#[test]
fn a_slot_in_the_gap_of_spring_does_not_exist() {
    let zone = TimeZone::get("Europe/Paris").unwrap();
    let (from, to) = (at("2026-03-29T00:00:00Z"), at("2026-03-29T03:00:00Z"));
    let walls: Vec<String> = check(&round_the_clock(60), &zone, from, to)
        .iter()
        .map(|slot| wall(&zone, slot.start).time().to_string())
        .collect();
    assert_eq!(walls, ["01:00:00", "03:00:00", "04:00:00"]);
}

#[test]
fn the_repeated_hour_of_autumn_appears_once_per_instant() {
    let zone = TimeZone::get("Europe/Paris").unwrap();
    let (from, to) = (at("2026-10-24T23:00:00Z"), at("2026-10-25T03:00:00Z"));
    let slots = check(&round_the_clock(60), &zone, from, to);
    let walls: Vec<String> = slots
        .iter()
        .map(|slot| wall(&zone, slot.start).time().to_string())
        .collect();
    assert_eq!(walls, ["01:00:00", "02:00:00", "02:00:00", "03:00:00"]);
    assert_eq!(slots[1].end, slots[2].start);
}

#[test]
fn a_slot_over_a_change_of_the_clocks_is_not_offered() {
    // 40 minutes from 01:20 end at 02:00 in winter time, which is 03:00 in summer time; the next
    // ones would begin at 02:00 and 02:40, inside the gap, and then at 03:20.
    let zone = TimeZone::get("Europe/Paris").unwrap();
    let (from, to) = (at("2026-03-28T23:00:00Z"), at("2026-03-29T02:30:00Z"));
    let walls: Vec<String> = check(&round_the_clock(40), &zone, from, to)
        .iter()
        .map(|slot| wall(&zone, slot.start).time().to_string())
        .collect();
    assert_eq!(
        walls,
        ["00:00:00", "00:40:00", "01:20:00", "03:20:00", "04:00:00"]
    );
    // 50 minutes from 01:40 would reach over the change.
    let walls: Vec<String> = check(&round_the_clock(50), &zone, from, to)
        .iter()
        .map(|slot| wall(&zone, slot.start).time().to_string())
        .collect();
    assert_eq!(walls, ["00:00:00", "00:50:00", "03:20:00", "04:10:00"]);
}

#[test]
fn a_day_that_a_zone_skipped_has_no_slots() {
    // Samoa went over the date line and had no 30 December 2011.
    let zone = TimeZone::get("Pacific/Apia").unwrap();
    let (from, to) = (at("2011-12-29T10:00:00Z"), at("2011-12-31T10:00:00Z"));
    let slots = check(&round_the_clock(60), &zone, from, to);
    assert_eq!(slots.len(), 48);
    assert!(slots.iter().all(|s| wall(&zone, s.start).day() != 30));
}

#[test]
fn a_busy_stretch_takes_every_slot_that_it_touches() {
    let zone = TimeZone::get("Africa/Douala").unwrap();
    let from = at("2026-11-21T08:00:00Z");
    let hour = (from, from.plus(Micros::HOUR));
    let hours = round_the_clock(15);
    let busy = |start_min: i64, end_min: i64| Slot {
        start: from.plus(start_min * Micros::MINUTE),
        end: from.plus(end_min * Micros::MINUTE),
    };
    let starts = |busy: &[Slot]| -> Vec<i64> {
        free_slots(&hours, &zone, hour, busy)
            .iter()
            .map(|slot| slot.start.since(from) / Micros::MINUTE)
            .collect()
    };
    assert_eq!(starts(&[]), [0, 15, 30, 45]);
    assert_eq!(starts(&[busy(15, 30)]), [0, 30, 45]);
    assert_eq!(starts(&[busy(29, 31)]), [0, 45]);
    assert_eq!(starts(&[busy(-60, 120), busy(-5, 0)]), [] as [i64; 0]);
    assert_eq!(starts(&[busy(60, 75), busy(-15, 0)]), [0, 15, 30, 45]);
}

#[test]
fn an_instant_between_two_slots_is_no_slot() {
    let zone = TimeZone::get("Africa/Douala").unwrap();
    let start = at("2026-11-21T08:00:00Z");
    let hours = round_the_clock(15);
    assert!(slot_at(&hours, &zone, start).is_some());
    assert_eq!(slot_at(&hours, &zone, start.plus(1)), None);
    assert_eq!(slot_at(&hours, &zone, start.plus(-1)), None);
    assert_eq!(slot_at(&hours, &zone, Micros(i64::MAX)), None);
    assert_eq!(slot_at(&hours, &zone, Micros(i64::MIN)), None);
}

prop_compose! {
    fn any_stretch()(weekday in 1u8..=7, a in 0u16..1440, length in 1u16..=1440) -> Stretch {
        Stretch { weekday, start_min: a, end_min: (a + length).min(1440) }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn slots_never_overlap_and_lie_in_the_hours(
        stretches in proptest::collection::vec(any_stretch(), 0..12),
        slot_min in 5u16..=120,
        zone in proptest::sample::select(zones()),
        // 1995 to 2037: also zones whose rules were odd.
        from_s in 788_918_400i64..2_114_380_800,
        days in 1i64..10,
    ) {
        let mut kept: Vec<Stretch> = Vec::new();
        for stretch in stretches {
            kept.push(stretch);
            if WeeklyHours::parse(slot_min, &kept).is_err() {
                kept.pop();
            }
        }
        let hours = WeeklyHours::parse(slot_min, &kept).unwrap();
        let from = Micros(from_s * Micros::SECOND);
        check(&hours, &zone, from, from.plus(days * Micros::DAY));
    }

    #[test]
    fn a_free_slot_shares_no_instant_with_a_busy_one(
        busy in proptest::collection::vec((0i64..2_000, 1i64..200), 0..30),
        slot_min in 5u16..=120,
    ) {
        let zone = TimeZone::get("America/New_York").unwrap();
        // Over the change of 8 March 2026.
        let from = at("2026-03-08T00:00:00Z");
        let to = from.plus(Micros::DAY);
        let busy: Vec<Slot> = busy
            .iter()
            .map(|(start, length)| {
                let start = from.plus(start * Micros::MINUTE);
                Slot { start, end: start.plus(length * Micros::MINUTE) }
            })
            .collect();
        let hours = round_the_clock(slot_min);
        let free = free_slots(&hours, &zone, (from, to), &busy);
        for slot in free_slots(&hours, &zone, (from, to), &[]) {
            let taken = busy.iter().any(|b| b.overlaps(slot));
            prop_assert_eq!(free.contains(&slot), !taken);
        }
    }
}
