//! Courses of medicines: never a dose outside their days, never one too many or too few, whatever the
//! clocks do.
#![expect(clippy::unwrap_used, reason = "tests")]

use clinical_model::Micros;
use clinical_model::prescribing::{ClockTime, Course, DoseTimes, DoseTimesError};
use clinical_safety::Frequency;
use jiff::civil::date;
use jiff::tz::TimeZone;
use proptest::prelude::*;

/// Monday, 23 November 2026, 08:00 UTC.
const MONDAY: Micros = Micros(1_795_420_800_000_000);

fn often(times: f64) -> Option<Frequency> {
    Some(Frequency::per_day(times).unwrap())
}

fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap()
}

fn at(text: &str) -> Micros {
    Micros(text.parse::<jiff::Timestamp>().unwrap().as_microsecond())
}

fn times(texts: &[&str]) -> DoseTimes {
    let all: Vec<ClockTime> = texts.iter().map(|it| it.parse().unwrap()).collect();
    let count = f64::from(u32::try_from(all.len()).unwrap());
    DoseTimes::chosen(all, often(count)).unwrap()
}

fn shown(times: &DoseTimes) -> Vec<String> {
    times.as_slice().iter().map(ToString::to_string).collect()
}

fn instants(course: &Course) -> Vec<Micros> {
    (0..)
        .map_while(|n| course.dose(n))
        .map(|it| it.at)
        .collect()
}

#[test]
fn one_to_four_doses_a_day_have_usual_times_and_others_have_none() {
    let usual = |n| DoseTimes::usual(often(n)).map(|it| shown(&it));
    assert_eq!(usual(1.0).unwrap(), ["08:00"]);
    assert_eq!(usual(2.0).unwrap(), ["08:00", "20:00"]);
    assert_eq!(usual(3.0).unwrap(), ["08:00", "14:00", "20:00"]);
    assert_eq!(usual(4.0).unwrap(), ["06:00", "12:00", "18:00", "22:00"]);
    for other in [0.25, 0.5, 1.5, 5.0, 24.0] {
        assert_eq!(usual(other), None);
    }
    assert_eq!(DoseTimes::usual(None), None);
}

#[test]
fn chosen_times_are_one_for_each_dose() {
    let chosen = |texts: &[&str], n| {
        let all = texts.iter().map(|it| it.parse().unwrap()).collect();
        DoseTimes::chosen(all, often(n)).map(|it| shown(&it))
    };
    assert_eq!(
        chosen(&["21:30", "07:15"], 2.0).unwrap(),
        ["07:15", "21:30"]
    );
    assert_eq!(chosen(&["07:15"], 2.0), Err(DoseTimesError::Count));
    assert_eq!(chosen(&["07:15", "07:15"], 2.0), Err(DoseTimesError::Count));
    assert_eq!(chosen(&["07:15"], 0.5), Err(DoseTimesError::Frequency));
    for bad in ["24:00", "8:00", "08:60", "+8:00", "08:00:00", "", "08"] {
        assert!(bad.parse::<ClockTime>().is_err(), "{bad}");
    }
}

#[test]
fn a_course_that_begins_at_noon_takes_its_last_dose_a_day_later() {
    let usual = DoseTimes::usual(often(2.0)).unwrap();
    let course = Course::new(MONDAY, Some(3), usual, zone("Africa/Douala")).unwrap();
    // 08:00 UTC is 09:00 in Douala: the morning's dose is past.
    assert_eq!(course.from(), date(2026, 11, 23));
    assert_eq!(course.until(), Some(date(2026, 11, 26)));
    let doses = instants(&course);
    assert_eq!(doses.len(), 6);
    assert_eq!(doses[0], at("2026-11-23T19:00:00Z"));
    assert_eq!(doses[5], at("2026-11-26T07:00:00Z"));
    assert_eq!(course.doses_on(date(2026, 11, 23)).len(), 1);
    assert_eq!(course.doses_on(date(2026, 11, 24)).len(), 2);
    assert_eq!(course.doses_on(date(2026, 11, 26)).len(), 1);
    assert!(course.doses_on(date(2026, 11, 22)).is_empty());
    assert!(course.doses_on(date(2026, 11, 27)).is_empty());
}

#[test]
fn a_dose_that_is_due_this_minute_is_the_first() {
    let usual = DoseTimes::usual(often(1.0)).unwrap();
    let course = Course::new(
        at("2026-11-23T07:00:00Z"),
        Some(2),
        usual,
        zone("Africa/Douala"),
    );
    assert_eq!(
        instants(&course.unwrap()),
        [at("2026-11-23T07:00:00Z"), at("2026-11-24T07:00:00Z")]
    );
}

#[test]
fn doses_keep_to_the_clock_of_paris_when_it_changes_and_of_douala_which_never_does() {
    let due = |place: &str, texts: &[&str], from: &str, days| {
        instants(&Course::new(at(from), Some(days), times(texts), zone(place)).unwrap())
    };
    // The clocks of Paris go forward in the night to 29 March 2026.
    assert_eq!(
        due("Europe/Paris", &["08:00"], "2026-03-28T00:00:00Z", 2),
        [at("2026-03-28T07:00:00Z"), at("2026-03-29T06:00:00Z")]
    );
    assert_eq!(
        due("Africa/Douala", &["08:00"], "2026-03-28T00:00:00Z", 2),
        [at("2026-03-28T07:00:00Z"), at("2026-03-29T07:00:00Z")]
    );
    // 02:30 does not exist that night: the first minute after it does. 03:00 is another dose.
    assert_eq!(
        due(
            "Europe/Paris",
            &["02:30", "03:00"],
            "2026-03-29T00:00:00Z",
            1
        ),
        [at("2026-03-29T01:00:00Z"), at("2026-03-29T01:00:00Z")]
    );
    // It comes twice in the night to 25 October 2026: one dose, at the earlier.
    assert_eq!(
        due("Europe/Paris", &["02:30"], "2026-10-24T12:00:00Z", 2),
        [at("2026-10-25T00:30:00Z"), at("2026-10-26T01:30:00Z")]
    );
}

fn any_course() -> impl Strategy<Value = (Course, i64)> {
    let places = [
        "Europe/Paris",
        "Africa/Douala",
        "America/St_Johns",
        "Pacific/Apia",
    ];
    let minutes = prop::collection::btree_set(0_u16..1440, 1..=4);
    // From 2011, when Apia skipped a day, to 2031.
    let begins = 1_293_840_000_i64..1_924_992_000;
    (
        prop::sample::select(places.to_vec()),
        minutes,
        1_u32..400,
        begins,
    )
        .prop_map(|(place, minutes, days, second)| {
            let texts: Vec<String> = minutes
                .iter()
                .map(|it| format!("{:02}:{:02}", it / 60, it % 60))
                .collect();
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            let begins = Micros(second * Micros::SECOND);
            let course = Course::new(begins, Some(days), times(&texts), zone(place));
            let count = i64::from(days) * i64::try_from(minutes.len()).unwrap();
            (course.unwrap(), count)
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn there_are_as_many_doses_as_times_a_day_in_all_days_and_none_outside((course, count) in any_course()) {
        let (from, until) = (course.from(), course.until().unwrap());
        let mut doses = Vec::new();
        let mut day = from;
        while day <= until {
            doses.extend(course.doses_on(day));
            day = day.tomorrow().unwrap();
        }
        prop_assert_eq!(i64::try_from(doses.len()).unwrap(), count);
        prop_assert!(doses.iter().all(|it| from <= it.date && it.date <= until));
        prop_assert!(course.doses_on(from.yesterday().unwrap()).is_empty());
        prop_assert!(course.doses_on(until.tomorrow().unwrap()).is_empty());
        prop_assert!(course.dose(-1).is_none() && course.dose(count).is_none());
        // In order, and each with a number of its own.
        prop_assert!(doses.windows(2).all(|pair| pair[0].at <= pair[1].at));
        prop_assert!(doses.windows(2).all(|pair| pair[0].number() < pair[1].number()));
    }

    #[test]
    fn the_doses_from_an_instant_are_those_that_are_not_past((course, _) in any_course(), share in 0.0_f64..1.2) {
        let all: Vec<_> = (0..).map_while(|n| course.dose(n)).collect();
        let (first, last) = (all[0].at, all[all.len() - 1].at);
        #[expect(clippy::cast_possible_truncation, reason = "a test's instant somewhere in the course")]
        #[expect(clippy::cast_precision_loss, reason = "a test's instant somewhere in the course")]
        let from = first.plus((last.since(first) as f64 * share) as i64);
        let left: Vec<_> = course.doses_from(from).collect();
        let wanted: Vec<_> = all.into_iter().filter(|it| it.at >= from).collect();
        prop_assert_eq!(left, wanted);
    }
}
